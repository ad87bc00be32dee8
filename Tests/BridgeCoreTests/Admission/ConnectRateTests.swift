// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

private let second: Int64 = 1_000_000_000

private func network(_ bytes: UInt8...) throws -> ClientNetwork {
    try #require(ClientNetwork(ClientAddress(bytes: bytes, port: 1)))
}

@Suite("R43: what counts as one address")
struct ClientNetworkTests {
    private static let one: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 1, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9]

    @Test("R43: an IPv4 address counts alone, whatever its port")
    func ipv4() throws {
        #expect(try network(192, 0, 2, 1) == network(192, 0, 2, 1))
        #expect(try network(192, 0, 2, 1) != network(192, 0, 2, 2))
        #expect(
            ClientNetwork(ClientAddress(bytes: [192, 0, 2, 1], port: 7))
                == ClientNetwork(ClientAddress(bytes: [192, 0, 2, 1], port: nil))
        )
    }

    @Test("R43: IPv6 addresses with the same first 64 bits count together, all others apart")
    func ipv6() {
        func network(_ bytes: [UInt8]) -> ClientNetwork? { ClientNetwork(ClientAddress(bytes: bytes, port: 1)) }
        for index in 0..<16 {
            var other = Self.one
            other[index] ^= 1
            #expect((network(other) == network(Self.one)) == (index >= 8), "byte \(index)")
        }
    }

    @Test("R43: an IPv4 address in the clothes of IPv6 counts as itself, not as all of IPv4 together")
    func mapped() throws {
        func mapped(_ last: UInt8) throws -> ClientNetwork {
            try network(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, last)
        }
        #expect(try mapped(1) == network(192, 0, 2, 1))
        #expect(try mapped(1) != mapped(2))
        // 0.0.0.1 is not ::1.
        #expect(try network(0, 0, 0, 1) != network(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
    }

    @Test("R43: a client behind a Unix socket has no address, and an anonymous one no principal, to be counted by")
    func none() {
        #expect(ClientNetwork(.local) == nil)
        let nobody = CountedClient(.anonymous, at: .local)
        #expect(nobody.principal == nil && nobody.network == nil)
        // What one may do and until when does not make another principal of it; the kind does.
        let bob = CountedClient(Principal(kind: .jwt, name: "bob", servers: ["a"], expiry: 9), at: .local)
        #expect(bob == CountedClient(Principal(kind: .jwt, name: "bob"), at: .local))
        #expect(bob != CountedClient(Principal(kind: .token, name: "bob"), at: .local))
    }
}

@Suite("R43: how fast handshakes may come from one address")
struct ConnectRateTests {
    @Test("R43: a burst of ten seconds' worth, then the rate, for each address on its own")
    func rate() throws {
        var rates = try #require(ConnectRates(perSecond: 2))
        let (one, other) = (try network(10, 0, 0, 1), try network(10, 0, 0, 2))
        for _ in 0..<20 { #expect(rates.request(one, now: second) == nil) }
        #expect(rates.request(one, now: second) == 1)
        #expect(rates.request(other, now: second) == nil)
        #expect(rates.request(one, now: second + second / 2) == nil)
        #expect(rates.request(one, now: second + second / 2) == 1)
        #expect(ConnectRates(perSecond: 0) == nil)
    }

    @Test(
        "R43: handshakes that fail take from the share of those that do not, and in the end nothing is judged any more"
    )
    func failures() throws {
        var rates = try #require(ConnectRates(perSecond: 1))
        let one = try network(10, 0, 0, 1)
        for _ in 0..<10 {
            #expect(rates.pause(of: one, now: second) == nil)
            rates.failed(one, now: second)
        }
        #expect(rates.pause(of: one, now: second) == 1)
        #expect(rates.request(one, now: second) == 1)
        let other = try network(10, 0, 0, 2)
        #expect(rates.pause(of: other, now: second) == nil)
        #expect(rates.pause(of: one, now: 2 * second) == nil)
        // The guess of this second.
        rates.failed(one, now: 2 * second)
        #expect(rates.pause(of: one, now: 2 * second) == 1)
    }

    @Test("R3, R43: who connects too fast, but has not failed, is still judged: 429 comes after 401, 404 and 403")
    func order() throws {
        var rates = try #require(ConnectRates(perSecond: 1))
        let one = try network(10, 0, 0, 1)
        for _ in 0..<10 { #expect(rates.request(one, now: second) == nil) }
        #expect(rates.request(one, now: second) == 1)
        #expect(rates.pause(of: one, now: second) == nil)
    }

    @Test("R43: failures that were judged together do not put an address off for longer than a bucket takes to fill")
    func together() throws {
        var rates = try #require(ConnectRates(perSecond: 1))
        let one = try network(10, 0, 0, 1)
        for _ in 0..<1_000 { rates.failed(one, now: second) }
        #expect(rates.pause(of: one, now: 2 * second) == nil)
        #expect(rates.request(one, now: 2 * second) == nil)
    }

    @Test("R74: addresses whose buckets are full again are forgotten")
    func forgets() throws {
        var rates = try #require(ConnectRates(perSecond: 100))
        for index in 0..<200 {
            let one = try network(10, 0, 1, UInt8(index))
            #expect(rates.request(one, now: second) == nil)
        }
        #expect(rates.count == 200)
        let last = try network(10, 0, 2, 1)
        #expect(rates.request(last, now: 12 * second) == nil)
        #expect(rates.count == 201)
        #expect(rates.request(last, now: 23 * second) == nil)
        #expect(rates.count == 1)
        // After a long silence at once.
        #expect(rates.request(last, now: 1_000 * second) == nil)
        #expect(rates.count == 1)
    }

    @Test("R74: a flood of addresses takes bounded room; who is remembered stays bound, who is not is let in")
    func bounded() throws {
        var rates = try #require(ConnectRates(perSecond: 1, capacity: 8))
        let known = try network(10, 0, 0, 1)
        for _ in 0..<10 { #expect(rates.request(known, now: second) == nil) }
        for index in 0..<200 {
            let one = try network(10, 1, 0, UInt8(index))
            #expect(rates.request(one, now: second) == nil)
        }
        #expect(rates.count == 8)
        #expect(rates.request(known, now: second) == 1)
        // Over many generations, too.
        for time in 1..<100 {
            for index in 0..<20 {
                _ = try rates.request(network(10, 2, UInt8(time), UInt8(index)), now: Int64(time) * 3 * second)
            }
            #expect(rates.count <= 16)
        }
    }

    /// What stands in the documentation of the type, with everything remembered for ever.
    private struct SlowRates {
        let rate: Rate
        var all: [ClientNetwork: Int64] = [:]
        var failed: [ClientNetwork: Int64] = [:]

        func due(_ buckets: [ClientNetwork: Int64], _ network: ClientNetwork) -> Int64 {
            buckets[network] ?? Rate.full
        }

        func isEmpty(_ buckets: [ClientNetwork: Int64], _ network: ClientNetwork, _ now: Int64) -> Bool {
            rate.wait(due(buckets, network), now: now) > 0
        }

        mutating func failed(_ network: ClientNetwork, _ now: Int64) {
            if !isEmpty(failed, network, now) { failed[network] = rate.taken(due(failed, network), now: now) }
            if !isEmpty(all, network, now) { all[network] = rate.taken(due(all, network), now: now) }
        }

        mutating func request(_ network: ClientNetwork, _ now: Int64) -> Bool {
            guard !isEmpty(all, network, now) else { return false }
            all[network] = rate.taken(due(all, network), now: now)
            return true
        }
    }

    @Test("R43, R74: random handshakes: what is forgotten makes no difference", arguments: 0..<20)
    func model(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let perSecond = [1, 2, 10, 100][seed % 4]
        var rates = try #require(ConnectRates(perSecond: perSecond))
        var slow = SlowRates(rate: try #require(Rate(perSecond: perSecond, burst: ConnectRates.burst)))
        var now: Int64 = second
        for _ in 0..<5_000 {
            if Int.random(in: 0..<4, using: &random) == 0 {
                now += Int64.random(in: 0...(second / Int64(perSecond)), using: &random)
            }
            if Int.random(in: 0..<500, using: &random) == 0 {
                now += Int64.random(in: 0...(25 * second), using: &random)
            }
            let one = try network(10, 0, 0, UInt8.random(in: 0..<4, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: #expect((rates.pause(of: one, now: now) != nil) == slow.isEmpty(slow.failed, one, now))
            case 1:
                rates.failed(one, now: now)
                slow.failed(one, now)
            default: #expect((rates.request(one, now: now) == nil) == slow.request(one, now))
            }
            #expect(rates.count <= 4)
        }
    }
}
