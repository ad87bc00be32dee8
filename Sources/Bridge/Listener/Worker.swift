// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging
internal import NIOCore

/// What every handshake needs to know; the same for all event loops.
struct Site: Sendable {
    let rules: HandshakeRules
    let servers: [ServedServer]
    let admission: Admission
    let supervisor: ChildSupervisor
    let logger: Logger
    let handshakeTimeout: TimeAmount
}

/// One event loop's connections. Confined to that loop.
final class Worker {
    let site: Site
    private var connections: [ConnectionID: Connection] = [:]
    private var isDraining = false

    init(site: Site) {
        self.site = site
    }

    func add(_ connection: Connection) {
        self.connections[connection.id] = connection
        if self.isDraining { connection.drain() }
    }

    func remove(_ connection: Connection) {
        self.connections[connection.id] = nil
        self.site.admission.connectionEnded(server: connection.server.index)
    }

    /// Ends idle connections now and busy ones as they are answered (R44).
    func drain() {
        self.isDraining = true
        for connection in self.connections.values { connection.drain() }
    }

    /// Ends all connections now, requests in flight answered with errors (R44).
    func endAll() {
        self.isDraining = true
        for connection in self.connections.values { connection.end(.draining) }
    }
}

@available(*, unavailable)
extension Worker: Sendable {}
