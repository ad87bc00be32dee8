// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Synchronization

/// Who may come in, counted over all event loops (R43): connections, children, spawn rate, drain.
///
/// Taken once per handshake and once per end, never on the data path.
package final class Admission: Sendable {
    private struct State {
        var isDraining = false
        var connections = 0
        var serverConnections: [Int]
        var children: SpawnAdmission
        /// Who waits for the last connection to end.
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// A server's own `max_children` and `spawn_rate`, where it has any.
        var serverChildren: [SpawnAdmission?]
    }

    private let maxConnections: Int
    private let servers: [Server]
    // Invariant: the counts are those of handshakes granted and not yet given back.
    private let state: Mutex<State>

    package init(_ configuration: Configuration) {
        self.maxConnections = configuration.limits.maxConnections
        self.servers = configuration.servers
        self.state = Mutex(
            State(
                serverConnections: configuration.servers.map { _ in 0 },
                children: SpawnAdmission(
                    maxChildren: configuration.limits.maxChildren,
                    spawnRate: configuration.limits.spawnRate
                ),
                serverChildren: configuration.servers.map { server in
                    guard server.ownCaps.maxChildren != nil || server.ownCaps.spawnRate != nil else { return nil }
                    return SpawnAdmission(
                        maxChildren: server.ownCaps.maxChildren ?? .max,
                        spawnRate: server.ownCaps.spawnRate ?? 0
                    )
                }
            )
        )
    }

    /// From now on every handshake gets 503 (R44).
    package func startDraining() {
        self.state.withLock { $0.isDraining = true }
    }

    /// Connections that hold a place.
    package var connections: Int { self.state.withLock { $0.connections } }

    /// Asks for a connection to server number `index`, and for its child where it is one.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    /// - Returns: nil if granted; then connectionEnded(server:) and childGone(server:), or
    ///   spawnFailed(server:now:), have to give the places back.
    func request(server index: Int, now: Int64) -> HandshakeRejection? {
        let name = self.servers[index].name
        return self.state.withLock { state in
            if state.isDraining {
                return .unavailable(.draining, "The bridge is shutting down.", retryAfter: 5)
            }
            guard state.connections < self.maxConnections,
                state.serverConnections[index] < self.servers[index].ownCaps.maxConnections ?? .max
            else { return .unavailable(.atCapacity, "Too many connections.", retryAfter: 5) }
            if !self.servers[index].isStarted {
                state.connections += 1
                state.serverConnections[index] += 1
                return nil
            }
            let own = state.serverChildren[index]?.request(server: name, now: now) ?? .granted
            if case .refused(let refusal, let seconds) = own {
                return .unavailable(refusal.code, refusal.message, retryAfter: seconds)
            }
            if case .refused(let refusal, let seconds) = state.children.request(server: name, now: now) {
                state.serverChildren[index]?.gone(server: name)
                return .unavailable(refusal.code, refusal.message, retryAfter: seconds)
            }
            state.connections += 1
            state.serverConnections[index] += 1
            return nil
        }
    }

    func spawned(server index: Int) {
        self.state.withLock { state in
            state.children.spawned(server: self.servers[index].name)
            state.serverChildren[index]?.spawned(server: self.servers[index].name)
        }
    }

    func spawnFailed(server index: Int, now: Int64) {
        self.state.withLock { state in
            state.children.failed(server: self.servers[index].name, now: now)
            state.serverChildren[index]?.gone(server: self.servers[index].name)
        }
    }

    func childGone(server index: Int) {
        self.state.withLock { state in
            state.children.gone(server: self.servers[index].name)
            state.serverChildren[index]?.gone(server: self.servers[index].name)
        }
    }

    func connectionEnded(server index: Int) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.connections -= 1
            state.serverConnections[index] -= 1
            guard state.connections == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when no connection holds a place, or at once when the task is cancelled. To be called after
    /// ``startDraining()``.
    func whenEmpty() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = self.state.withLock { state in
                    guard state.connections > 0, !Task.isCancelled else { return false }
                    state.waiters.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            for waiter in self.takeWaiters() { waiter.resume() }
        }
    }

    private func takeWaiters() -> [CheckedContinuation<Void, Never>] {
        self.state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
    }
}

extension SpawnAdmission.Refusal {
    fileprivate var code: HandshakeRejection.Code {
        switch self {
        case .children, .serverChildren, .rate: .atCapacity
        case .backingOff: .backendUnavailable
        }
    }

    /// What the client is told.
    fileprivate var message: String {
        switch self {
        case .children, .serverChildren: "Too many MCP servers are running."
        case .rate: "MCP servers are being started too fast."
        case .backingOff: "The MCP server could not be started a moment ago."
        }
    }
}
