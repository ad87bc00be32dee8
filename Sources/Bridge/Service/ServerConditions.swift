// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Synchronization

/// What is known of each server's health, by its name: so it outlives a change of the configuration.
///
/// Taken when a program starts or ends and when a server is dialled, never on the data path.
final class ServerConditions: Sendable {
    // Invariant: one entry for each server that was ever tried.
    private let servers = Mutex<[String: ServerHealth]>([:])

    func of(_ server: String) -> ServerHealth {
        self.servers.withLock { $0[server] ?? ServerHealth() }
    }

    private func change(_ server: String, _ body: (inout ServerHealth) -> Void) {
        self.servers.withLock { body(&$0[server, default: ServerHealth()]) }
    }

    func asked(_ server: String) {
        self.change(server) { $0.asked(now: Connection.now()) }
    }

    func started(_ server: String) {
        self.change(server) { $0.started(now: Connection.now()) }
    }

    func answered(_ server: String) {
        self.change(server) { $0.answered(now: Connection.now()) }
    }

    /// - Parameter wasAsked: the bridge itself has asked it.
    func failed(_ server: String, _ reason: String, wasAsked: Bool = false) {
        self.change(server) { $0.failed(reason, wasAsked: wasAsked, now: Connection.now()) }
    }

    /// - Parameter began: when its program was started.
    func ended(_ server: String, _ exit: ChildExit, isWanted: Bool, began: Int64) {
        let now = Connection.now()
        self.change(server) { $0.ended(exit, isWanted: isWanted, lived: now - began, now: now) }
    }
}
