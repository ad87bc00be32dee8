// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `[audit]`: where the audit record goes (R77).
package enum Audit: Sendable, Equatable {
    /// Nowhere.
    case off
    /// To standard error, among the lines of the log, whatever its level and format.
    case log
    /// To a file of its own. The path is absolute.
    case file(path: String, place: Place)
}

extension Audit {
    /// Whether both ask for the same, wherever they stand.
    package static func == (one: Self, other: Self) -> Bool {
        switch (one, other) {
        case (.off, .off), (.log, .log): true
        case (.file(let path, _), .file(let otherPath, _)): path == otherPath
        default: false
        }
    }
}
