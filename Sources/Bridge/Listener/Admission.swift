// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Synchronization

/// Who may come in, counted over all event loops (R43): the one ``AdmissionLedger`` of the process.
///
/// Taken once per handshake and once per end, never on the data path.
package final class Admission: Sendable {
    private struct State {
        var ledger: AdmissionLedger
        /// Who waits for the last connection to end.
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    typealias Grant = AdmissionLedger.Grant

    // Invariant: the ledger's counts are those of handshakes granted and not yet given back.
    private let state: Mutex<State>

    package init(_ configuration: Configuration) {
        self.state = Mutex(State(ledger: AdmissionLedger(AdmissionLimits(configuration))))
    }

    /// From now on the limits of another configuration hold. Who is in stays in.
    func limit(by configuration: Configuration) {
        let limits = AdmissionLimits(configuration)
        self.state.withLock { $0.ledger.limit(limits) }
    }

    /// From now on every handshake gets 503 (R44).
    package func startDraining() {
        self.state.withLock { $0.ledger.startDraining() }
    }

    /// Whether every handshake gets 503 (R44).
    var isDraining: Bool { self.state.withLock { $0.ledger.isDraining } }

    /// Connections that hold a place.
    package var connections: Int { self.state.withLock { $0.ledger.connections } }

    // MARK: Rate

    /// ``AdmissionLedger/pause(of:now:)``.
    func pause(of address: ClientAddress, now: Int64) -> HandshakeRejection? {
        self.state.withLock { $0.ledger.pause(of: address, now: now) }
    }

    /// ``AdmissionLedger/failed(at:now:)``.
    func failed(at address: ClientAddress, now: Int64) {
        self.state.withLock { $0.ledger.failed(at: address, now: now) }
    }

    // MARK: Places

    /// ``AdmissionLedger/request(_:startsChild:principal:address:now:)``.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    func request(
        _ server: Server,
        principal: Principal,
        address: ClientAddress,
        now: Int64
    ) throws(HandshakeRejection) -> Grant {
        let result = self.state.withLock { state in
            Result { () throws(HandshakeRejection) in
                try state.ledger.request(
                    server.name,
                    startsChild: server.isStarted,
                    principal: principal,
                    address: address,
                    now: now
                )
            }
        }
        return try result.get()
    }

    /// ``AdmissionLedger/requestAnother(_:now:)``.
    func requestAnother(_ grant: Grant, now: Int64) -> Bool {
        self.state.withLock { $0.ledger.requestAnother(grant, now: now) }
    }

    func spawned(_ grant: Grant) {
        self.state.withLock { $0.ledger.spawned(grant) }
    }

    func spawnFailed(_ grant: Grant, now: Int64) {
        self.state.withLock { $0.ledger.spawnFailed(grant, now: now) }
    }

    func childGone(_ grant: Grant) {
        self.state.withLock { $0.ledger.childGone(grant) }
    }

    func connectionEnded(_ grant: Grant) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.ledger.connectionEnded(grant)
            guard state.ledger.connections == 0 else { return [] }
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
                    guard state.ledger.connections > 0, !Task.isCancelled else { return false }
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

extension AdmissionLimits {
    init(_ configuration: Configuration) {
        let limits = configuration.limits
        self.init(
            whole: Share(
                maxConnections: limits.maxConnections,
                maxChildren: limits.maxChildren,
                spawnRate: limits.spawnRate,
                clients: ClientQuotas.Limits(
                    connectionsPerPrincipal: limits.maxConnectionsPerPrincipal.nilIfZero,
                    connectionsPerAddress: limits.maxConnectionsPerAddress.nilIfZero,
                    childrenPerPrincipal: limits.maxChildrenPerPrincipal.nilIfZero
                )
            ),
            connectRate: limits.connectRate,
            servers: Dictionary(
                configuration.servers.map { ($0.name, Share($0.ownCaps)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }
}

extension AdmissionLimits.Share {
    /// What a server may have by its own settings.
    fileprivate init(_ caps: OwnCaps) {
        self.init(
            maxConnections: caps.maxConnections ?? .max,
            maxChildren: caps.maxChildren ?? .max,
            spawnRate: caps.spawnRate ?? 0,
            clients: ClientQuotas.Limits(
                connectionsPerPrincipal: caps.maxConnectionsPerPrincipal,
                connectionsPerAddress: caps.maxConnectionsPerAddress,
                childrenPerPrincipal: caps.maxChildrenPerPrincipal
            )
        )
    }
}

extension Int {
    fileprivate var nilIfZero: Int? { self == 0 ? nil : self }
}
