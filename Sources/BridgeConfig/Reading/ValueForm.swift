// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One way to write a value in TOML: how it is read, checked and written back.
struct ValueForm<Value: Sendable>: Sendable {
    /// Reads a node, or reports what is wrong with it and gives nil. The string is the name of the key, for messages.
    let read: @Sendable (TOMLNode, String, inout Diagnostics) -> Value?
    /// The value as TOML, without secrets.
    let write: @Sendable (Value) -> String
}

extension ValueForm {
    /// A string that `parse` turns into the value.
    ///
    /// - Parameter expected: what is asked for, as in "must be …, not an integer".
    static func text(
        _ expected: String,
        write: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (String) throws(BadValue) -> Value
    ) -> Self {
        ValueForm(
            read: { node, key, diagnostics in
                guard let text = node.string(key, expected: expected, &diagnostics) else { return nil }
                do throws(BadValue) {
                    return try parse(text)
                } catch {
                    diagnostics.report("`\(key)` \(error.message)", at: node.position)
                    return nil
                }
            },
            write: write
        )
    }

    /// An array whose elements are of another form. Every bad element is reported at its own place.
    static func list<Element: Sendable>(_ expected: String, of element: ValueForm<Element>) -> Self
    where Value == [Element] {
        ValueForm(
            read: { node, key, diagnostics in
                guard case .array(let nodes) = node.value else {
                    diagnostics.reportType(of: node, key, expected: expected)
                    return nil
                }
                let elements = nodes.map { element.read($0, key, &diagnostics) }
                return elements.contains { $0 == nil } ? nil : elements.compactMap(\.self)
            },
            write: { "[" + $0.map(element.write).joined(separator: ", ") + "]" }
        )
    }
}

extension TOMLNode {
    /// The text of a string node. Another type, and `{{`, which stands only where a template may, are reported.
    func string(_ key: String, expected: String, _ diagnostics: inout Diagnostics) -> String? {
        guard case .string(let text) = value else {
            diagnostics.reportType(of: self, key, expected: expected)
            return nil
        }
        guard !TemplateText.isTemplate(text) else {
            // The text itself is not quoted: this may be a variable that holds a secret.
            diagnostics.report(
                "`\(key)` holds `{{`: \(TemplateText.places)",
                at: position
            )
            return nil
        }
        return text
    }
}

extension Diagnostics {
    mutating func reportType(of node: TOMLNode, _ key: String, expected: String) {
        report("`\(key)` must be \(expected), not \(node.kind)", at: node.position)
    }
}

/// A text of the operator's as it may stand in a message: quoted, escaped, and cut where it is long.
func quoted(_ text: String) -> String {
    let longest = 80
    let shown = text.unicodeScalars.prefix(longest).map { scalar in
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        default: visible(scalar)
        }
    }
    return "\"\(shown.joined())\(text.unicodeScalars.count > longest ? "…" : "")\""
}

/// A scalar as it may stand in a message of one line: escaped if it would end the line or not be seen.
func visible(_ scalar: Unicode.Scalar) -> String {
    switch (scalar, scalar.properties.generalCategory) {
    case ("\n", _): return "\\n"
    case ("\t", _): return "\\t"
    case (_, .control), (_, .format), (_, .lineSeparator), (_, .paragraphSeparator):
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    default: return String(scalar)
    }
}
