// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What templates have made of one client's handshake, for the server of that client alone (R72). Secrets in plain text: for
/// exec, for requests and for the redactor only.
package struct ExpandedValues: Sendable {
    /// Most parts of a value that are redacted each by itself.
    private static let maxParts = 8

    package let variables: [(name: String, value: String)]
    /// With their places in the command.
    package let arguments: [(index: Int, value: String)]
    /// For every request upstream.
    package let fields: [(name: String, value: String)]
    /// To be redacted in everything that is written (R73). No empty ones.
    package let secrets: [String]

    /// What to redact of a value: the whole, and what servers are likely to take out of it, as the token behind a scheme or
    /// within a cookie. Only the longest parts of many: each costs time with every line.
    static func redactable(_ value: String) -> [String] {
        guard !value.isEmpty else { return [] }
        let separators = " \t,;=\"".utf8
        var parts = value.utf8.split { separators.contains($0) }.map { Substring($0) }.filter { $0.utf8.count >= 8 }
        for part in parts where part.utf8.starts(with: Credential.subprotocolPrefix.utf8) {
            parts.append(part.dropFirst(Credential.subprotocolPrefix.count))
        }
        let longest = parts.filter { $0 != value }.sorted { $0.utf8.count > $1.utf8.count }.prefix(Self.maxParts)
        return [value] + longest.map(String.init)
    }
}

extension ExpandedValues: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names only.
    package var description: String {
        "values of " + (self.variables.map(\.name) + self.fields.map(\.name)).joined(separator: ", ")
            + (self.arguments.isEmpty ? "" : " and \(self.arguments.count) arguments")
    }

    package var debugDescription: String { self.description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the values.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
