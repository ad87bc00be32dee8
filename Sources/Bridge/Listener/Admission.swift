// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Synchronization

/// Who may come in, counted over all event loops (R43): connections, children, and how many of them are of one client, spawn
/// rate, connect rate, drain.
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
        /// What one client may take of the whole, and of a server; nil where it may take all.
        var quotas: ClientQuotas?
        var serverQuotas: [ClientQuotas?]
        /// Nil without `connect_rate`.
        var rates: ConnectRates?
    }

    /// What a handshake was granted, to be given back: who holds a place, and at which server.
    struct Grant: Sendable {
        let server: ServerIndex
        fileprivate let client: CountedClient
    }

    /// What a client is told to wait whose own connections have to end first.
    private static let quotaRetry = 5

    private let maxConnections: Int
    private let servers: [Server]
    /// Whether there is a `connect_rate`: without one no lock is taken for it.
    private let measuresRate: Bool
    // Invariant: the counts are those of handshakes granted and not yet given back.
    private let state: Mutex<State>

    package init(_ configuration: Configuration) {
        self.maxConnections = configuration.limits.maxConnections
        self.servers = configuration.servers
        let limits = configuration.limits
        let rates = ConnectRates(perSecond: limits.connectRate)
        self.measuresRate = rates != nil
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
                },
                quotas: ClientQuotas(
                    ClientQuotas.Limits(
                        connectionsPerPrincipal: limits.maxConnectionsPerPrincipal.nilIfZero,
                        connectionsPerAddress: limits.maxConnectionsPerAddress.nilIfZero,
                        childrenPerPrincipal: limits.maxChildrenPerPrincipal.nilIfZero
                    )
                ),
                serverQuotas: configuration.servers.map { server in
                    ClientQuotas(
                        ClientQuotas.Limits(
                            connectionsPerPrincipal: server.ownCaps.maxConnectionsPerPrincipal,
                            connectionsPerAddress: server.ownCaps.maxConnectionsPerAddress,
                            childrenPerPrincipal: server.ownCaps.maxChildrenPerPrincipal
                        )
                    )
                },
                rates: rates
            )
        )
    }

    /// From now on every handshake gets 503 (R44).
    package func startDraining() {
        self.state.withLock { $0.isDraining = true }
    }

    /// Connections that hold a place.
    package var connections: Int { self.state.withLock { $0.connections } }

    // MARK: Rate

    /// Whether handshakes from this address are judged by their credential and path now; the refusal if not.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    func pause(of address: ClientAddress, now: Int64) -> HandshakeRejection? {
        guard self.measuresRate, let network = ClientNetwork(address) else { return nil }
        let seconds = self.state.withLock { $0.rates?.pause(of: network, now: now) }
        return seconds.map(HandshakeRejection.tooFast)
    }

    /// A handshake from this address was refused for what it presented or asked for.
    func failed(at address: ClientAddress, now: Int64) {
        guard self.measuresRate, let network = ClientNetwork(address) else { return }
        self.state.withLock { $0.rates?.failed(network, now: now) }
    }

    // MARK: Places

    /// Asks for a connection to server number `index`, and for its child where it is one.
    ///
    /// Judged in the order of R3: rate, then the client's own quotas, then the drain and the capacity of all.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    /// - Returns: what ``connectionEnded(_:)`` and ``childGone(_:)``, or ``spawnFailed(_:now:)``, have to give back.
    func request(
        server index: ServerIndex,
        principal: Principal,
        address: ClientAddress,
        now: Int64
    ) throws(HandshakeRejection) -> Grant {
        let grant = Grant(server: index, client: CountedClient(principal, at: address))
        let rejection = self.state.withLock { self.reject(grant, principal, now, &$0) }
        if let rejection { throw rejection }
        return grant
    }

    /// Takes the places, or says why not.
    private func reject(
        _ grant: Grant,
        _ principal: Principal,
        _ now: Int64,
        _ state: inout State
    ) -> HandshakeRejection? {
        let (client, index) = (grant.client, grant.server)
        let server = self.servers[index]
        if let network = client.network, let seconds = state.rates?.request(network, now: now) {
            return .tooFast(retryAfter: seconds)
        }
        let refusal =
            state.quotas?.refusal(of: client, startsChild: server.isStarted)
            ?? state.serverQuotas[index]?.refusal(of: client, startsChild: server.isStarted)
        if let refusal { return .quotaExceeded(refusal.message, by: principal, retryAfter: Self.quotaRetry) }
        if state.isDraining {
            return .unavailable(.draining, "The bridge is shutting down.", retryAfter: 5)
        }
        guard state.connections < self.maxConnections,
            state.serverConnections[index] < server.ownCaps.maxConnections ?? .max
        else { return .unavailable(.atCapacity, "Too many connections.", retryAfter: 5) }
        if server.isStarted {
            let own = state.serverChildren[index]?.request(server: server.name, now: now) ?? .granted
            if case .refused(let refusal, let seconds) = own {
                return .unavailable(refusal.code, refusal.message, retryAfter: seconds)
            }
            if case .refused(let refusal, let seconds) = state.children.request(server: server.name, now: now) {
                state.serverChildren[index]?.gone(server: server.name)
                return .unavailable(refusal.code, refusal.message, retryAfter: seconds)
            }
        }
        state.connections += 1
        state.serverConnections[index] += 1
        state.quotas?.took(client, takesChild: server.isStarted)
        state.serverQuotas[index]?.took(client, takesChild: server.isStarted)
        return nil
    }

    func spawned(_ grant: Grant) {
        let name = self.servers[grant.server].name
        self.state.withLock { state in
            state.children.spawned(server: name)
            state.serverChildren[grant.server]?.spawned(server: name)
        }
    }

    func spawnFailed(_ grant: Grant, now: Int64) {
        let name = self.servers[grant.server].name
        self.state.withLock { state in
            state.children.failed(server: name, now: now)
            state.serverChildren[grant.server]?.gone(server: name)
            Self.giveBackChild(grant, &state)
        }
    }

    func childGone(_ grant: Grant) {
        let name = self.servers[grant.server].name
        self.state.withLock { state in
            state.children.gone(server: name)
            state.serverChildren[grant.server]?.gone(server: name)
            Self.giveBackChild(grant, &state)
        }
    }

    private static func giveBackChild(_ grant: Grant, _ state: inout State) {
        state.quotas?.childGone(grant.client)
        state.serverQuotas[grant.server]?.childGone(grant.client)
    }

    func connectionEnded(_ grant: Grant) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.connections -= 1
            state.serverConnections[grant.server] -= 1
            state.quotas?.connectionEnded(grant.client)
            state.serverQuotas[grant.server]?.connectionEnded(grant.client)
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

extension ClientQuotas.Refusal {
    /// What the client is told.
    fileprivate var message: String {
        switch self {
        case .connectionsOfPrincipal: "Too many connections are open with this credential."
        case .connectionsOfAddress: "Too many connections are open from this address."
        case .childrenOfPrincipal: "Too many MCP servers are running for this credential."
        }
    }
}

extension Int {
    fileprivate var nilIfZero: Int? { self == 0 ? nil : self }
}
