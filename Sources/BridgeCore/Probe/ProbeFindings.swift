// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a probe finds out about a server. Texts are the server's own, unchecked.
package struct ProbeFindings: Sendable, Equatable {
    /// `serverInfo.name`; nil where the server does not say.
    package var serverName: String?
    /// `serverInfo.version`.
    package var serverVersion: String?
    /// The protocol revision that server and probe agreed on.
    package var revision = ""
    /// Names of the tools in the server's order; nil where it offers no tools at all.
    package var tools: [String]?
    /// There are more than were read.
    package var hasMoreTools = false

    package init() {}

    mutating func note(_ info: (name: String?, version: String?)) {
        self.serverName = info.name
        self.serverVersion = info.version
    }
}
