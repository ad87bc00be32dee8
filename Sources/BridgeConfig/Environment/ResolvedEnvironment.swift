// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a child gets as its environment, secrets in plain text: for exec and for the redactor only.
package struct ResolvedEnvironment: Sendable {
    /// Each name once, in a stable order.
    package let variables: [(name: String, value: String)]
    /// Values that came from a file or a named variable of the daemon, to be redacted in everything that is written (R73).
    /// No empty ones. Of those with several lines, such as keys, each longer line is listed too: logs are redacted by line.
    package let secrets: [String]
}

extension ResolvedEnvironment: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names only.
    package var description: String { "environment of " + variables.map(\.name).joined(separator: ", ") }

    package var debugDescription: String { description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the values.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
