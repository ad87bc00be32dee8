// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `[limits]`: what one client, one server or the whole daemon may use. Sizes are in bytes.
///
/// As ``Configuration/limits`` these are the daemon's; as ``Server/limits`` those of one server, overrides applied.
package struct Limits: Sendable, Equatable {
    /// Largest message from a client to a server (R15).
    package var maxMessage = 4 << 20
    /// Most WebSocket fragments in one message (R16).
    package var maxFragments = 65_536
    /// Longest line from a server, which is its largest message (R40).
    package var maxLine = 16 << 20
    /// Most invalid messages in a row (R24).
    package var maxInvalid = 100
    /// Most open connections of the whole daemon; see ``Server/ownCaps`` for those of one server.
    package var maxConnections = 1024
    /// Most child processes of the whole daemon, those included that are still ending.
    package var maxChildren = 1024
    /// Most child processes started per second, daemon-wide.
    package var spawnRate = 100
    /// Most open connections, and child processes, of one principal and from one address; 0 = as many as there are (R43).
    package var maxConnectionsPerPrincipal = 0
    package var maxConnectionsPerAddress = 0
    package var maxChildrenPerPrincipal = 0
    /// Most handshakes per second from one address, on average; 0 = any number (R43).
    package var connectRate = 0
    /// Most handshakes that are not done, daemon-wide (R74).
    package var maxHandshakes = 1024
    /// Most messages per second from one client, on average; 0 = any number (R74).
    package var messageRate = 0
    /// How long a connection may carry nothing while nothing is in flight; zero = for ever (R43).
    package var idleTimeout: Duration = .zero
    /// How old a connection may grow; zero = as old as it likes (R43).
    package var maxConnectionAge: Duration = .zero
    /// How long a client may take for its HTTP request; of the listener only, and never zero (R74).
    package var handshakeTimeout: Duration = .seconds(10)
    /// How long a client may refuse to take data; never zero (R46, R74).
    package var writeTimeout: Duration = .seconds(30)
    /// How often a ping goes out; zero = never (R18).
    package var pingInterval: Duration = .seconds(20)
    /// How long a pinged client may stay silent; zero = for ever (R18).
    package var pongTimeout: Duration = .seconds(20)
    /// High-water mark of each direction of a connection (R46).
    package var queue = 1 << 20

    package init() {}
}

/// A server's own share of the daemon-wide caps, in addition to them. Nil = only the daemon-wide one holds.
package struct OwnCaps: Sendable, Equatable {
    package var maxConnections: Int?
    package var maxChildren: Int?
    package var spawnRate: Int?
    package var maxConnectionsPerPrincipal: Int?
    package var maxConnectionsPerAddress: Int?
    package var maxChildrenPerPrincipal: Int?

    package init() {}
}
