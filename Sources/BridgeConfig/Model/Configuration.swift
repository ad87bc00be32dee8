// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Everything that an operator decides about the bridge, validated.
///
/// Made by ``load(path:sockets:)``, ``parse(_:file:sockets:)`` or ``oneLiner(listen:command:sockets:insecurePublic:inheritEnv:)``; the memberwise initializer
/// checks nothing and is for tests.
package struct Configuration: Sendable, Equatable {
    /// In the order of the file. Never empty, and no two with the same address, when it comes from a reader.
    package var listeners: [Listen]
    /// `event_loops` of the first listener: number of event loops of the daemon; 0 stands for one per core.
    package var eventLoops: Int
    /// Nil without `[auth]`: nobody is asked for credentials.
    package var auth: Auth?
    package var limits: Limits
    package var drain: Drain
    package var log: Log
    package var audit: Audit
    /// Nil without `[admin]`.
    package var admin: Admin?
    /// In the order of the file. Never empty, and no two with the same path, when it comes from a reader.
    package var servers: [Server]

    package init(
        listeners: [Listen] = [Listen()],
        eventLoops: Int = 0,
        auth: Auth? = nil,
        limits: Limits = Limits(),
        drain: Drain = Drain(),
        log: Log = Log(),
        audit: Audit = .off,
        admin: Admin? = nil,
        servers: [Server] = []
    ) {
        self.listeners = listeners
        self.eventLoops = eventLoops
        self.auth = auth
        self.limits = limits
        self.drain = drain
        self.log = log
        self.audit = audit
        self.admin = admin
        self.servers = servers
    }
}

extension Configuration {
    /// Whether there is a listener where every client has to show a certificate.
    package var asksForCertificates: Bool { self.listeners.contains(where: \.authenticatesClients) }
}

/// `[drain]`: how the daemon stops (R44).
package struct Drain: Sendable, Equatable {
    /// How long new handshakes are refused with 503 before the listener closes, so that load balancers notice.
    package var delay: Duration = .zero
    /// How long busy connections may take to finish.
    package var timeout: Duration = .seconds(30)

    package init() {}
}

/// `[log]`: what the daemon writes to its standard error.
package struct Log: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable {
        /// Entries of the journal where standard error leads there, text on a terminal, JSON otherwise.
        case auto
        case text
        case json
        case journal
    }

    /// The levels of swift-log under the same names.
    package enum Level: String, Sendable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
    }

    package var format: Format = .auto
    package var level: Level = .info

    package init() {}
}
