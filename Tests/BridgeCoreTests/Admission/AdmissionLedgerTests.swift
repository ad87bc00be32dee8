// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("R43: who holds a place")
struct AdmissionLedgerTests {
    private static let free = ClientQuotas.Limits(
        connectionsPerPrincipal: nil,
        connectionsPerAddress: nil,
        childrenPerPrincipal: nil
    )

    private func share(_ connections: Int = .max, children: Int = .max, rate: Int = 0) -> AdmissionLimits.Share {
        AdmissionLimits.Share(maxConnections: connections, maxChildren: children, spawnRate: rate, clients: Self.free)
    }

    private func limits(
        _ whole: AdmissionLimits.Share? = nil,
        connectRate: Int = 0,
        _ servers: [String: AdmissionLimits.Share]
    ) -> AdmissionLimits {
        AdmissionLimits(whole: whole ?? share(), connectRate: connectRate, servers: servers)
    }

    private func request(
        _ ledger: inout AdmissionLedger,
        _ server: String = "a",
        startsChild: Bool = true,
        _ principal: Principal = .anonymous,
        now: Int64 = 0
    ) throws(HandshakeRejection) -> AdmissionLedger.Grant {
        try ledger.request(
            server,
            startsChild: startsChild,
            principal: principal,
            address: ClientAddress(bytes: [10, 0, 0, 1], port: 1),
            now: now
        )
    }

    /// Why a request is refused; nil where it is not.
    private func refusal(
        _ ledger: inout AdmissionLedger,
        _ server: String = "a",
        now: Int64 = 0
    ) -> HandshakeRejection.Code? {
        do throws(HandshakeRejection) {
            _ = try request(&ledger, server, now: now)
            return nil
        } catch {
            return error.code
        }
    }

    private func grantsAnother(_ ledger: inout AdmissionLedger, _ grant: AdmissionLedger.Grant, now: Int64 = 0) -> Bool
    {
        ledger.requestAnother(grant, now: now)
    }

    @Test(
        "R38, R43: a server that is started again needs a place, which the one before it has until its family is gone"
    )
    func another() throws {
        var ledger = AdmissionLedger(limits(share(), ["a": share(children: 1)]))
        let grant = try request(&ledger)
        #expect(!grantsAnother(&ledger, grant))
        ledger.childGone(grant)
        #expect(grantsAnother(&ledger, grant))
        #expect(!grantsAnother(&ledger, grant))
        #expect(refusal(&ledger) == .atCapacity)
        ledger.childGone(grant)
        ledger.connectionEnded(grant)
        #expect(ledger.connections == 0)
        #expect(refusal(&ledger) == nil)
    }

    @Test("R38, R43: and one of its client's, and one that all servers together may have")
    func anotherOfClient() throws {
        var own = share()
        own.clients.childrenPerPrincipal = 1
        let principal = Principal(kind: .token, name: "ci")
        for (whole, servers) in [(share(children: 1), share()), (own, share()), (share(), own)] {
            var ledger = AdmissionLedger(limits(whole, ["a": servers]))
            let grant = try request(&ledger, "a", startsChild: true, principal)
            #expect(!grantsAnother(&ledger, grant))
            ledger.childGone(grant)
            #expect(grantsAnother(&ledger, grant))
            ledger.spawnFailed(grant, now: 0)
            // That one failed a moment ago is another matter.
            #expect(!grantsAnother(&ledger, grant))
            #expect(grantsAnother(&ledger, grant, now: 10_000_000_000))
        }
    }

    @Test("R43: a server's limit binds it alone, that of all binds all, and what is given back is free")
    func places() throws {
        var ledger = AdmissionLedger(limits(share(3), ["a": share(2), "b": share()]))
        let first = try request(&ledger)
        _ = try request(&ledger)
        #expect(refusal(&ledger) == .atCapacity)
        _ = try request(&ledger, "b")
        #expect(refusal(&ledger, "b") == .atCapacity)
        #expect(ledger.connections == 3)
        ledger.connectionEnded(first)
        #expect(ledger.connections == 2)
        _ = try request(&ledger)
    }

    @Test("R43: a child holds its place until it is gone, also when its connection is over")
    func children() throws {
        var ledger = AdmissionLedger(limits(share(children: 2), ["a": share(children: 1), "b": share(), "c": share()]))
        let first = try request(&ledger)
        ledger.spawned(first)
        ledger.connectionEnded(first)
        #expect(refusal(&ledger) == .atCapacity)
        _ = try request(&ledger, "b")
        #expect(refusal(&ledger, "c") == .atCapacity)
        _ = try request(&ledger, "c", startsChild: false)
        ledger.childGone(first)
        _ = try request(&ledger)
    }

    @Test("R43: who is refused for the children of all has taken none of its server's")
    func noLeak() throws {
        var ledger = AdmissionLedger(limits(share(children: 1), ["a": share(), "b": share(children: 1)]))
        let first = try request(&ledger)
        for _ in 0..<3 { #expect(refusal(&ledger, "b") == .atCapacity) }
        ledger.childGone(first)
        _ = try request(&ledger, "b")
        #expect(ledger.connections == 2)
    }

    @Test("R39: a child that does not start gives its place back, and its server a pause")
    func backOff() throws {
        var ledger = AdmissionLedger(limits(share(children: 1), ["a": share(children: 1), "b": share()]))
        let first = try request(&ledger)
        ledger.spawnFailed(first, now: 0)
        ledger.connectionEnded(first)
        #expect(refusal(&ledger) == .backendUnavailable)
        let other = try request(&ledger, "b")
        ledger.childGone(other)
        _ = try request(&ledger, now: SpawnAdmission.shortestBackOff)
    }

    @Test("R3, R44: a drain refuses everybody, after the rate")
    func draining() throws {
        var ledger = AdmissionLedger(limits(connectRate: 1, ["a": share()]))
        ledger.startDraining()
        var codes: [HandshakeRejection.Code?] = []
        for _ in 0...ConnectRates.burst { codes.append(refusal(&ledger)) }
        #expect(codes.dropLast().allSatisfy { $0 == .draining })
        #expect(codes.last == HandshakeRejection.Code?.some(.rateLimited))
    }

    @Test("Reload: other limits hold for who comes next, and count who is there")
    func otherLimits() throws {
        var ledger = AdmissionLedger(limits(share(3), ["a": share(), "b": share()]))
        let grants = try (0..<3).map { _ in try request(&ledger) }
        ledger.limit(limits(share(5), ["a": share(3), "b": share(children: 0)]))
        #expect(refusal(&ledger) == .atCapacity)
        #expect(refusal(&ledger, "b") == .atCapacity)
        _ = try request(&ledger, "b", startsChild: false)
        #expect(ledger.connections == 4)
        for grant in grants { ledger.connectionEnded(grant) }
        #expect(ledger.connections == 1)
        _ = try request(&ledger)
    }

    @Test("Reload: a server that is no more takes nobody, and what it has is counted, also if it comes again")
    func removedServer() throws {
        var ledger = AdmissionLedger(limits(share(2), ["a": share(1), "b": share()]))
        let first = try request(&ledger)
        ledger.limit(limits(share(2), ["b": share()]))
        #expect(refusal(&ledger) == .atCapacity)
        _ = try request(&ledger, "b")
        #expect(refusal(&ledger, "b") == .atCapacity)
        // It is back before its last connection has ended.
        ledger.limit(limits(share(3), ["a": share(1), "b": share()]))
        #expect(refusal(&ledger) == .atCapacity)
        ledger.connectionEnded(first)
        let second = try request(&ledger)
        // And once more, until all is over: then nothing is left of it.
        ledger.limit(limits(share(3, children: 3), ["b": share()]))
        ledger.connectionEnded(second)
        ledger.childGone(first)
        ledger.childGone(second)
        ledger.limit(limits(share(3), ["a": share(1), "b": share()]))
        _ = try request(&ledger)
        #expect(ledger.connections == 2)
    }

    @Test("Reload: another connect_rate begins anew, the same goes on")
    func connectRate() throws {
        var ledger = AdmissionLedger(limits(connectRate: 1, ["a": share()]))
        for _ in 0..<ConnectRates.burst { _ = try request(&ledger) }
        #expect(refusal(&ledger) == .rateLimited)
        ledger.limit(limits(connectRate: 1, ["a": share()]))
        #expect(refusal(&ledger) == .rateLimited)
        ledger.limit(limits(connectRate: 2, ["a": share()]))
        _ = try request(&ledger)
        ledger.limit(limits(connectRate: 0, ["a": share()]))
        for _ in 0..<100 { _ = try request(&ledger) }
    }
}
