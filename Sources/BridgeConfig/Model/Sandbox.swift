// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `[servers.NAME.sandbox]`: what a child is confined to, as the operator wrote it.
package struct Sandbox: Sendable, Equatable {
    /// Bytes that the child and its descendants may have; nil = no limit.
    package var memory: Int?
    /// Processes and threads, the child's own included; nil = no limit.
    package var processes: Int?
    /// Open descriptors of each process; nil = the daemon's limit.
    package var files: Int?
    /// Whether setuid programs and file capabilities do nothing.
    package var noNewPrivileges = true
    /// By name; nil = the daemon's own.
    package var user: String?
    /// By name; nil = the user's primary one.
    package var group: String?
    /// nil = the daemon's.
    package var umask: Int?
    /// Absolute. Where either list is there, nothing but these and what every program needs can be reached.
    package var readOnly: [String]?
    package var readWrite: [String]?
    @NotCompared package var place: Place

    package init(place: Place) {
        self.place = place
    }

    package var restrictsPaths: Bool { readOnly != nil || readWrite != nil }
}
