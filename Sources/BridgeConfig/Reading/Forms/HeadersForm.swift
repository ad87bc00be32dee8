// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension ValueForm where Value == [UpstreamHeader] {
    /// `{ NAME = "text", OTHER = { file = "/path", prefix = "Bearer " }, THIRD = { env = "NAME" } }`.
    ///
    /// No message of this form shows a value.
    static var headers: Self {
        ValueForm(
            read: { node, key, diagnostics in
                guard case .table(let entries) = node.value else {
                    let expected =
                        "a table such as { X-Team = \"agents\", Authorization = { file = \"/run/secrets/token\", "
                        + "prefix = \"Bearer \" } }"
                    diagnostics.reportType(of: node, key, expected: expected)
                    return nil
                }
                reportRepeated(entries, in: key, &diagnostics)
                return entries.compactMap { read($0, in: key, &diagnostics) }
            },
            write: { headers in
                headers.isEmpty ? "{}" : "{ " + headers.map { "\($0.name) = …" }.joined(separator: ", ") + " }"
            }
        )
    }

    // TOML tells `X-Team` from `x-team`, HTTP does not.
    private static func reportRepeated(_ entries: [TOMLEntry], in key: String, _ diagnostics: inout Diagnostics) {
        var lines: [String: Int] = [:]
        // What is no name is reported as such, and not quoted.
        for entry in entries where HeaderField.isName(entry.key) {
            let name = entry.key.lowercased()
            if let line = lines[name] {
                let message =
                    "`\(key)` sets `\(entry.key)` twice, first in line \(line): the case of a name does not count"
                diagnostics.report(message, at: entry.keyPosition)
            } else {
                lines[name] = entry.keyPosition.line
            }
        }
    }

    private static func read(_ entry: TOMLEntry, in key: String, _ diagnostics: inout Diagnostics) -> UpstreamHeader? {
        do throws(BadValue) {
            try HeaderField.checkName(entry.key)
        } catch {
            diagnostics.report("`\(key)` \(error.message)", at: entry.keyPosition)
            return nil
        }
        let source: HeaderSource?
        if case .table(let fields) = entry.node.value {
            source = reference(fields, entry.node, "\(key).\(entry.key)", &diagnostics)
        } else {
            source = text(entry.node, "\(key).\(entry.key)", &diagnostics)
        }
        guard let source, let value = source.value else { return nil }
        let place = diagnostics.place(entry.keyPosition)
        return UpstreamHeader(name: entry.key, prefix: source.prefix, value: value, place: place)
    }

    private static func text(_ node: TOMLNode, _ key: String, _ diagnostics: inout Diagnostics) -> HeaderSource? {
        let expected =
            "a string in quotes, { file = \"/path\", prefix = \"Bearer \" }, { env = \"NAME\" } or { credential = \"name\" }"
        let value = TemplateText.read(node, key, expected: expected, &diagnostics) { text throws(BadValue) in
            try HeaderField.checkValue(text)
        }
        return value.map { HeaderSource(value: $0) }
    }

    private static func reference(
        _ fields: [TOMLEntry],
        _ node: TOMLNode,
        _ key: String,
        _ diagnostics: inout Diagnostics
    ) -> HeaderSource? {
        var source = HeaderSource()
        let before = diagnostics.problems.count
        HeaderSource.schema.read(fields, name: "servers.\(KnownKeys.anyServer).\(key)", into: &source, &diagnostics)
        source.value = source.reference.value
        if source.value == nil, diagnostics.problems.count == before {
            diagnostics.report("`\(key)` \(ValueReference.advice)", at: node.position)
        }
        return source
    }
}

extension ValueForm where Value == String {
    /// Text that goes into a header as it is.
    fileprivate static func headerText(_ expected: String, isPrefix: Bool = false) -> Self {
        .text(expected, write: quoted) { text throws(BadValue) in
            try HeaderField.checkValue(text, isPrefix: isPrefix)
            return text
        }
    }
}

/// The value of a header while it is read.
private struct HeaderSource: Sendable {
    var value: EnvironmentValue?
    var reference = ValueReference()
    var prefix = ""

    /// Of the table form.
    static let schema = TableSchema<HeaderSource>(
        keys: ValueReference.schema.keys.map { $0.lifted(\.reference) } + [
            Key("prefix", .headerText("a string such as \"Bearer \"", isPrefix: true), \.prefix)
        ]
    )
}
