// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What every request to a server carries beside the headers of MCP and HTTP, secrets in plain text: for requests and
/// for the redactor only.
package struct ResolvedHeaders: Sendable {
    /// In the order of the file; no name comes twice, whatever its case. Each value is fit for a header.
    package let fields: [(name: String, value: String)]
    /// To be redacted in everything that is written (R73): values from files and variables, without their prefix,
    /// and texts of headers that are credentials by their name. No empty ones.
    package let secrets: [String]

    package init(fields: [(name: String, value: String)], secrets: [String]) {
        self.fields = fields
        self.secrets = secrets
    }
}

extension ResolvedHeaders: Equatable {
    /// Whether a file that was read again made a difference.
    package static func == (left: Self, right: Self) -> Bool {
        left.secrets == right.secrets && left.fields.elementsEqual(right.fields, by: ==)
    }
}

extension ResolvedHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names only.
    package var description: String { "headers " + fields.map(\.name).joined(separator: ", ") }

    package var debugDescription: String { description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the values.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
