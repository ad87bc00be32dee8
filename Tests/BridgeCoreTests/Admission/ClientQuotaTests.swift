// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

private func client(_ name: String?, _ last: UInt8?) -> CountedClient {
    CountedClient(
        name.map { Principal(kind: .token, name: $0) } ?? .anonymous,
        at: last.map { ClientAddress(bytes: [10, 0, 0, $0], port: 1) } ?? .local
    )
}

@Suite("R43: what one client may take of the whole")
struct ClientQuotaTests {
    private func limits(principal: Int? = nil, address: Int? = nil, children: Int? = nil) -> ClientQuotas.Limits {
        .init(connectionsPerPrincipal: principal, connectionsPerAddress: address, childrenPerPrincipal: children)
    }

    private func quotas(principal: Int? = nil, address: Int? = nil, children: Int? = nil) -> ClientQuotas {
        ClientQuotas(limits(principal: principal, address: address, children: children))
    }

    @Test("R43: without limits nobody is refused, and a limit that comes later counts who is there already")
    func later() {
        var quotas = quotas()
        for _ in 0..<3 { quotas.took(client("a", 1), takesChild: true) }
        #expect(quotas.refusal(of: client("a", 1), startsChild: true) == nil)
        quotas.limit(limits(children: 3))
        #expect(quotas.refusal(of: client("a", 1), startsChild: true) == .childrenOfPrincipal)
        quotas.limit(limits(address: 3))
        #expect(quotas.refusal(of: client("a", 1), startsChild: true) == .connectionsOfAddress)
        quotas.limit(limits(principal: 2))
        #expect(quotas.refusal(of: client("a", 1), startsChild: false) == .connectionsOfPrincipal)
        quotas.connectionEnded(client("a", 1))
        quotas.connectionEnded(client("a", 1))
        #expect(quotas.refusal(of: client("a", 1), startsChild: false) == nil)
    }

    @Test("R43: connections of a principal are counted over all its addresses, and a place given back is free")
    func principal() throws {
        var quotas = quotas(principal: 2)
        quotas.took(client("a", 1), takesChild: false)
        quotas.took(client("a", nil), takesChild: false)
        #expect(quotas.refusal(of: client("a", 2), startsChild: false) == .connectionsOfPrincipal)
        #expect(quotas.refusal(of: client("b", 1), startsChild: false) == nil)
        quotas.connectionEnded(client("a", 1))
        #expect(quotas.refusal(of: client("a", 2), startsChild: false) == nil)
    }

    @Test("R43: connections from an address are counted over all its principals")
    func address() throws {
        var quotas = quotas(address: 2)
        quotas.took(client("a", 1), takesChild: false)
        quotas.took(client(nil, 1), takesChild: false)
        #expect(quotas.refusal(of: client("b", 1), startsChild: false) == .connectionsOfAddress)
        #expect(quotas.refusal(of: client("b", 2), startsChild: false) == nil)
    }

    @Test("R43: anonymous clients are not one principal, and those of a Unix socket not one address")
    func nobody() throws {
        var quotas = quotas(principal: 1, address: 1, children: 1)
        for _ in 0..<5 {
            #expect(quotas.refusal(of: client(nil, nil), startsChild: true) == nil)
            quotas.took(client(nil, nil), takesChild: true)
        }
        #expect(quotas.count == 0)
    }

    @Test("R43: a child that is still ending counts, also when its connection is gone")
    func children() throws {
        var quotas = quotas(children: 1)
        quotas.took(client("a", 1), takesChild: true)
        quotas.connectionEnded(client("a", 1))
        #expect(quotas.refusal(of: client("a", 1), startsChild: true) == .childrenOfPrincipal)
        #expect(quotas.refusal(of: client("a", 1), startsChild: false) == nil)
        quotas.childGone(client("a", 1))
        #expect(quotas.refusal(of: client("a", 1), startsChild: true) == nil)
        #expect(quotas.count == 0)
    }

    @Test(
        "R43, R74: random comings and goings: as a list of them would count, and nothing stays of who is gone",
        arguments: 0..<20
    )
    func model(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let limits = (0..<3).map { _ in Bool.random(using: &random) ? Int.random(in: 1...4, using: &random) : nil }
        guard limits.contains(where: { $0 != nil }) else { return }
        var quotas = quotas(principal: limits[0], address: limits[1], children: limits[2])
        var connections: [CountedClient] = []
        var children: [CountedClient] = []
        for _ in 0..<3_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let one = client(
                    ["a", "b", nil].randomElement(using: &random) ?? nil,
                    [1, 2, nil].randomElement(using: &random) ?? nil
                )
                let startsChild = Bool.random(using: &random)
                let expected: ClientQuotas.Refusal? =
                    if let limit = limits[0], one.principal != nil,
                        connections.count(where: { $0.principal == one.principal }) >= limit
                    {
                        .connectionsOfPrincipal
                    } else if let limit = limits[1], one.network != nil,
                        connections.count(where: { $0.network == one.network }) >= limit
                    {
                        .connectionsOfAddress
                    } else if let limit = limits[2], startsChild, one.principal != nil,
                        children.count(where: { $0.principal == one.principal }) >= limit
                    {
                        .childrenOfPrincipal
                    } else {
                        nil
                    }
                #expect(quotas.refusal(of: one, startsChild: startsChild) == expected)
                guard expected == nil else { continue }
                quotas.took(one, takesChild: startsChild)
                connections.append(one)
                if startsChild { children.append(one) }
            case 2:
                guard let index = connections.indices.randomElement(using: &random) else { continue }
                quotas.connectionEnded(connections.remove(at: index))
            default:
                guard let index = children.indices.randomElement(using: &random) else { continue }
                quotas.childGone(children.remove(at: index))
            }
        }
        for one in connections { quotas.connectionEnded(one) }
        for one in children { quotas.childGone(one) }
        #expect(quotas.count == 0)
    }
}
