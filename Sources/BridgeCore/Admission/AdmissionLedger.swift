// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How many connections and children there may be, in all and of each server (R43).
package struct AdmissionLimits: Sendable {
    /// What the bridge as a whole, or one server of it, may have.
    package struct Share: Sendable {
        /// Connections at once.
        package var maxConnections: Int
        /// Children at once, those included that are still ending.
        package var maxChildren: Int
        /// Per second; 0 for no limit.
        package var spawnRate: Int
        /// What one client may have of it.
        package var clients: ClientQuotas.Limits

        package init(maxConnections: Int, maxChildren: Int, spawnRate: Int, clients: ClientQuotas.Limits) {
            self.maxConnections = maxConnections
            self.maxChildren = maxChildren
            self.spawnRate = spawnRate
            self.clients = clients
        }
    }

    /// Of all servers together.
    package var whole: Share
    /// Handshakes per second from one address; 0 for no limit.
    package var connectRate: Int
    /// By the names of the servers: all that are served.
    package var servers: [String: Share]

    package init(whole: Share, connectRate: Int, servers: [String: Share]) {
        self.whole = whole
        self.connectRate = connectRate
        self.servers = servers
    }
}

/// Who holds a place (R43): connections, children, how many of them are of one client, and how fast they come.
///
/// A value; times are nanoseconds of one monotonic clock. What ``request(_:startsChild:principal:address:now:)`` grants is to
/// be given back with ``connectionEnded(_:)``, and its child with ``childGone(_:)`` or ``spawnFailed(_:now:)``. Servers are
/// known by their names, so that counts outlive a change of the configuration.
package struct AdmissionLedger: Sendable {
    /// What a handshake was granted: a place at a server, and one for its child where it starts one.
    package struct Grant: Sendable, Hashable {
        /// The server's name.
        package let server: String
        /// Whose it is, where anybody counts that.
        fileprivate let client: CountedClient
    }

    private struct Counts {
        var limits: AdmissionLimits.Share
        /// Not one that has been taken out of the configuration.
        var isServed = true
        var connections = 0
        var children: SpawnAdmission
        var quotas: ClientQuotas

        init(_ limits: AdmissionLimits.Share) {
            self.limits = limits
            self.children = SpawnAdmission(maxChildren: limits.maxChildren, spawnRate: limits.spawnRate)
            self.quotas = ClientQuotas(limits.clients)
        }

        mutating func took(_ client: CountedClient, takesChild: Bool) {
            self.connections += 1
            self.quotas.took(client, takesChild: takesChild)
        }

        mutating func limit(_ limits: AdmissionLimits.Share) {
            self.limits = limits
            self.children.limit(maxChildren: limits.maxChildren, spawnRate: limits.spawnRate)
            self.quotas.limit(limits.clients)
        }
    }

    /// What a client is told to wait whose own connections have to end first.
    private static let quotaRetry = 5

    private var whole: Counts
    private var servers: [String: Counts]
    /// Nil without `connect_rate`.
    private var rates: ConnectRates?
    private var connectRate: Int
    /// Every handshake gets 503 (R44).
    package private(set) var isDraining = false

    package init(_ limits: AdmissionLimits) {
        self.whole = Counts(limits.whole)
        self.servers = limits.servers.mapValues(Counts.init)
        self.connectRate = limits.connectRate
        self.rates = ConnectRates(perSecond: limits.connectRate)
    }

    /// Connections that hold a place.
    package var connections: Int { self.whole.connections }

    /// From now on there are other limits, and perhaps other servers. Who has a place keeps it; a server that is not served any
    /// more is forgotten with the last of its connections and children.
    package mutating func limit(_ limits: AdmissionLimits) {
        self.whole.limit(limits.whole)
        for (name, share) in limits.servers { self.servers[name, default: Counts(share)].limit(share) }
        for name in self.servers.keys {
            self.servers[name]?.isServed = limits.servers[name] != nil
            self.forget(name)
        }
        guard limits.connectRate != self.connectRate else { return }
        self.connectRate = limits.connectRate
        self.rates = ConnectRates(perSecond: limits.connectRate)
    }

    private mutating func forget(_ name: String) {
        guard let counts = self.servers[name], !counts.isServed, counts.connections == 0, counts.children.children == 0
        else { return }
        self.servers[name] = nil
    }

    /// From now on every handshake gets 503 (R44).
    package mutating func startDraining() {
        self.isDraining = true
    }

    // MARK: Rate

    /// Whether handshakes from this address are judged by their credential and path now; the refusal if not.
    package mutating func pause(of address: ClientAddress, now: Int64) -> HandshakeRejection? {
        guard self.rates != nil, let network = ClientNetwork(address) else { return nil }
        return self.rates?.pause(of: network, now: now).map(HandshakeRejection.tooFast)
    }

    /// A handshake from this address was refused for what it presented or asked for.
    package mutating func failed(at address: ClientAddress, now: Int64) {
        guard self.rates != nil, let network = ClientNetwork(address) else { return }
        self.rates?.failed(network, now: now)
    }

    // MARK: Places

    /// Asks for a connection to a server, and for its child where it starts one.
    ///
    /// Judged in the order of R3: rate, then the client's own quotas, then the drain and the capacity of all.
    package mutating func request(
        _ server: String,
        startsChild: Bool,
        principal: Principal,
        address: ClientAddress,
        now: Int64
    ) throws(HandshakeRejection) -> Grant {
        let client = CountedClient(principal, at: address)
        if let network = client.network, let seconds = self.rates?.request(network, now: now) {
            throw .tooFast(retryAfter: seconds)
        }
        // Who asks for a server that is not served any more holds an old configuration.
        guard let own = self.servers.index(forKey: server), self.servers.values[own].isServed else { throw Self.full }
        let refusal =
            self.whole.quotas.refusal(of: client, startsChild: startsChild)
            ?? self.servers.values[own].quotas.refusal(of: client, startsChild: startsChild)
        if let refusal { throw .quotaExceeded(refusal.message, by: principal, retryAfter: Self.quotaRetry) }
        if self.isDraining { throw .unavailable(.draining, "The bridge is shutting down.", retryAfter: 5) }
        guard self.whole.connections < self.whole.limits.maxConnections,
            self.servers.values[own].connections < self.servers.values[own].limits.maxConnections
        else { throw Self.full }
        if startsChild { try self.takeChild(of: own, server, now) }
        self.whole.took(client, takesChild: startsChild)
        // In place: a copy of the counts would copy an entry for each client.
        self.servers.values[own].took(client, takesChild: startsChild)
        return Grant(server: server, client: client)
    }

    /// Asks for one more child of a grant, in the place of one that has ended (R38); false where there is none now.
    package mutating func requestAnother(_ grant: Grant, now: Int64) -> Bool {
        guard let own = self.servers.index(forKey: grant.server),
            !self.whole.quotas.isFullOfChildren(grant.client),
            !self.servers.values[own].quotas.isFullOfChildren(grant.client),
            (try? self.takeChild(of: own, grant.server, now)) != nil
        else { return false }
        self.whole.quotas.tookChild(grant.client)
        self.servers.values[own].quotas.tookChild(grant.client)
        return true
    }

    private mutating func takeChild(
        of own: Dictionary<String, Counts>.Index,
        _ server: String,
        _ now: Int64
    ) throws(HandshakeRejection) {
        try Self.take(&self.servers.values[own].children, server, now)
        do throws(HandshakeRejection) {
            try Self.take(&self.whole.children, server, now)
        } catch {
            self.servers.values[own].children.gone(server: server)
            throw error
        }
    }

    private static var full: HandshakeRejection {
        .unavailable(.atCapacity, "Too many connections.", retryAfter: 5)
    }

    private static func take(
        _ children: inout SpawnAdmission,
        _ server: String,
        _ now: Int64
    ) throws(HandshakeRejection) {
        guard case .refused(let refusal, let seconds) = children.request(server: server, now: now) else { return }
        throw .unavailable(refusal.code, refusal.message, retryAfter: seconds)
    }

    /// The child of a grant runs.
    package mutating func spawned(_ grant: Grant) {
        self.whole.children.spawned(server: grant.server)
        self.servers[grant.server]?.children.spawned(server: grant.server)
    }

    /// The child of a grant could not be started.
    package mutating func spawnFailed(_ grant: Grant, now: Int64) {
        self.whole.children.failed(server: grant.server, now: now)
        self.giveBackChild(grant)
    }

    /// The child of a grant and its whole family are gone.
    package mutating func childGone(_ grant: Grant) {
        self.whole.children.gone(server: grant.server)
        self.giveBackChild(grant)
    }

    private mutating func giveBackChild(_ grant: Grant) {
        self.whole.quotas.childGone(grant.client)
        self.servers[grant.server]?.children.gone(server: grant.server)
        self.servers[grant.server]?.quotas.childGone(grant.client)
        self.forget(grant.server)
    }

    /// The connection of a grant is over.
    package mutating func connectionEnded(_ grant: Grant) {
        self.whole.connections -= 1
        self.whole.quotas.connectionEnded(grant.client)
        self.servers[grant.server]?.connections -= 1
        self.servers[grant.server]?.quotas.connectionEnded(grant.client)
        self.forget(grant.server)
    }
}

extension SpawnAdmission.Refusal {
    fileprivate var code: HandshakeRejection.Code {
        switch self {
        case .children, .rate: .atCapacity
        case .backingOff: .backendUnavailable
        }
    }

    /// What the client is told.
    fileprivate var message: String {
        switch self {
        case .children: "Too many MCP servers are running."
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
