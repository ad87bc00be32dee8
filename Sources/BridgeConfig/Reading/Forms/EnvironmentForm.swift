// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension ValueForm where Value == [EnvironmentEntry] {
    /// `{ NAME = "text", OTHER = { file = "/path" }, THIRD = { env = "NAME" } }`.
    ///
    /// No message of this form shows a value.
    static var environment: Self {
        ValueForm(
            read: { node, key, diagnostics in
                guard case .table(let entries) = node.value else {
                    let expected = "a table such as { TZ = \"UTC\", TOKEN = { file = \"/run/secrets/token\" } }"
                    diagnostics.reportType(of: node, key, expected: expected)
                    return nil
                }
                return entries.compactMap { read($0, in: key, &diagnostics) }
            },
            write: { variables in
                variables.isEmpty ? "{}" : "{ " + variables.map { "\($0.name) = …" }.joined(separator: ", ") + " }"
            }
        )
    }

    private static func read(
        _ entry: TOMLEntry,
        in key: String,
        _ diagnostics: inout Diagnostics
    ) -> EnvironmentEntry? {
        do throws(BadValue) {
            try entry.key.checkVariableName()
        } catch {
            diagnostics.report("`\(key)` \(error.message)", at: entry.keyPosition)
            return nil
        }
        let name = quoted(entry.key).dropFirst().dropLast()
        let value =
            switch entry.node.value {
            case .table(let source): reference(source, entry.node, "\(key).\(name)", &diagnostics)
            default: text(entry.node, "\(key).\(name)", of: entry.key, &diagnostics)
            }
        return value.map {
            EnvironmentEntry(name: entry.key, value: $0, place: diagnostics.place(entry.keyPosition))
        }
    }

    private static func text(
        _ node: TOMLNode,
        _ key: String,
        of variable: String,
        _ diagnostics: inout Diagnostics
    ) -> EnvironmentValue? {
        let value = TemplateText.read(
            node,
            key,
            expected: "a string in quotes, { file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" }",
            &diagnostics
        ) { text throws(BadValue) in _ = try text.withoutNUL() }
        guard case .template? = value else { return value }
        do throws(BadValue) {
            try TemplateText.checkVariable(variable)
            return value
        } catch {
            diagnostics.report("`\(key)` \(error.message)", at: node.position)
            return nil
        }
    }

    private static func reference(
        _ source: [TOMLEntry],
        _ node: TOMLNode,
        _ key: String,
        _ diagnostics: inout Diagnostics
    ) -> EnvironmentValue? {
        var reference = ValueReference()
        let before = diagnostics.problems.count
        let table = "servers.\(KnownKeys.anyServer).\(key)"
        ValueReference.schema.read(source, name: table, into: &reference, &diagnostics)
        if reference.value == nil, diagnostics.problems.count == before {
            diagnostics.report("`\(key)` \(ValueReference.advice)", at: node.position)
        }
        return reference.value
    }
}

/// The table form of a value, which says where to find it.
struct ValueReference: Sendable {
    /// What is to be written.
    static let forms = "{ file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" }"
    /// Said where there is none of them, or several.
    static let advice = "must have one of `file`, `env` and `credential`: write \(forms)"

    var file: String?
    var env: String?
    var credential: String?

    /// Nil unless exactly one of the three is given.
    var value: EnvironmentValue? {
        switch (file, env, credential) {
        case (let path?, nil, nil): .file(path: path)
        case (nil, let name?, nil): .environment(name: name)
        case (nil, nil, let name?): .credential(name: name)
        default: nil
        }
    }

    static let schema = TableSchema<ValueReference>(keys: [
        Key(
            optional: "file",
            .text("a string with an absolute path", write: quoted) { text throws(BadValue) in
                guard text.hasPrefix("/") else {
                    throw BadValue("must be an absolute path, one that starts with a slash")
                }
                return try text.withoutNUL()
            },
            \.file
        ),
        Key(
            optional: "env",
            .text("a string with the name of a variable of the daemon", write: quoted) { text throws(BadValue) in
                try text.checkVariableName()
                return text
            },
            \.env
        ),
        Key(
            optional: "credential",
            .text("a string with the name of a credential of the service", write: quoted) { text throws(BadValue) in
                // It becomes the name of a file.
                guard !text.isEmpty, text.utf8.count <= 255, text != ".", text != "..", !text.contains("/") else {
                    throw BadValue(
                        "must be the name of a credential, as LoadCredential= of the service has it before the colon"
                    )
                }
                return try text.withoutNUL()
            },
            \.credential
        ),
    ])
}
