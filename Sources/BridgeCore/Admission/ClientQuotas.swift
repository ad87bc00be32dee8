// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How many connections and children one principal, and how many connections one address, has and may have (R43).
///
/// A value: whoever lets a client in asks ``refusal(of:startsChild:)`` and then says ``took(_:takesChild:)``, and gives both
/// places back. Nothing is kept of who has no place, so that there are never more entries than places. What has no limit is
/// counted too: it may get one while there are connections.
package struct ClientQuotas: Sendable {
    /// Nil for no limit.
    package struct Limits: Sendable {
        package var connectionsPerPrincipal: Int?
        package var connectionsPerAddress: Int?
        package var childrenPerPrincipal: Int?

        package init(connectionsPerPrincipal: Int?, connectionsPerAddress: Int?, childrenPerPrincipal: Int?) {
            self.connectionsPerPrincipal = connectionsPerPrincipal
            self.connectionsPerAddress = connectionsPerAddress
            self.childrenPerPrincipal = childrenPerPrincipal
        }
    }

    package enum Refusal: Sendable, Hashable {
        case connectionsOfPrincipal
        case connectionsOfAddress
        case childrenOfPrincipal
    }

    private var limits: Limits
    private var connections = Places<Principal.Identity>()
    private var addresses = Places<ClientNetwork>()
    private var children = Places<Principal.Identity>()

    /// Who holds a place, counted once for each limit.
    package var count: Int { self.connections.count + self.addresses.count + self.children.count }

    package init(_ limits: Limits) {
        self.limits = limits
    }

    /// From now on there are other limits. Who has a place keeps it, also where there are more than the new limit allows.
    package mutating func limit(_ limits: Limits) {
        self.limits = limits
    }

    /// Which limit a further connection would exceed; nil for none.
    package func refusal(of client: CountedClient, startsChild: Bool) -> Refusal? {
        if self.connections.isFull(client.principal, self.limits.connectionsPerPrincipal) {
            return .connectionsOfPrincipal
        }
        if self.addresses.isFull(client.network, self.limits.connectionsPerAddress) { return .connectionsOfAddress }
        return startsChild && self.isFullOfChildren(client) ? .childrenOfPrincipal : nil
    }

    /// Whether a further child of the client's exceeds its limit.
    package func isFullOfChildren(_ client: CountedClient) -> Bool {
        self.children.isFull(client.principal, self.limits.childrenPerPrincipal)
    }

    package mutating func tookChild(_ client: CountedClient) {
        self.children.add(client.principal)
    }

    /// The client got a place for a connection, and one for a child where it takes one.
    package mutating func took(_ client: CountedClient, takesChild: Bool) {
        self.connections.add(client.principal)
        self.addresses.add(client.network)
        if takesChild { self.tookChild(client) }
    }

    package mutating func connectionEnded(_ client: CountedClient) {
        self.connections.remove(client.principal)
        self.addresses.remove(client.network)
    }

    package mutating func childGone(_ client: CountedClient) {
        self.children.remove(client.principal)
    }
}

/// How many places each of some holders has.
private struct Places<Holder: Hashable & Sendable>: Sendable {
    private var taken: [Holder: Int] = [:]

    var count: Int { self.taken.count }

    /// - Parameter limit: nil for none.
    func isFull(_ holder: Holder?, _ limit: Int?) -> Bool {
        guard let limit, let holder else { return false }
        return self.taken[holder, default: 0] >= limit
    }

    mutating func add(_ holder: Holder?) {
        guard let holder else { return }
        self.taken[holder, default: 0] += 1
    }

    mutating func remove(_ holder: Holder?) {
        guard let holder, let count = self.taken[holder] else { return }
        self.taken[holder] = count > 1 ? count - 1 : nil
    }
}
