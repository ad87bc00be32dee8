// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The times that a connection keeps")
struct DeadlinesTests {
    private static let begin: Int64 = 1_000_000

    private static func deadlines(
        idle: Int64 = 0,
        age: Int64 = 0,
        retirement: Int64 = 0,
        ping: Int64 = 0,
        pong: Int64 = 0,
        write: Int64 = 0,
        spread: UInt16 = 0
    ) -> Deadlines {
        let settings = Deadlines.Settings(
            idleTimeout: idle,
            maxConnectionAge: age,
            retirement: retirement,
            pingInterval: ping,
            pongTimeout: pong,
            writeTimeout: write
        )
        return Deadlines(settings, spread: spread, now: begin)
    }

    @Test("R9: a connection ends when its credential expires, before anything else that is due then")
    func expiry() {
        let settings = Deadlines.Settings(
            idleTimeout: 0,
            maxConnectionAge: 50,
            retirement: 0,
            pingInterval: 20,
            pongTimeout: 0,
            writeTimeout: 0
        )
        for (expiry, expected) in [
            (30, ["20 ping", "30 credential_expired"]), (50, ["20 ping", "40 ping", "50 credential_expired"]),
            (60, ["20 ping", "40 ping", "50 max_connection_age"]),
        ] as [(Int64, [String])] {
            var deadlines = Deadlines(settings, expiry: Self.begin + expiry, now: Self.begin)
            #expect(Self.run(&deadlines, until: 100, isWaiting: true) == expected)
        }
        var past = Deadlines(settings, expiry: Self.begin - 1, now: Self.begin)
        #expect(past.next() == Self.begin - 1)
        #expect(past.fire(at: Self.begin, isWaiting: true) == .end(.credentialExpired))
    }

    /// What falls due until `until`, by a timer that is always armed for `next()`: the times after the beginning.
    private static func run(_ deadlines: inout Deadlines, until: Int64, isWaiting: Bool = false) -> [String] {
        var told: [String] = []
        while let next = deadlines.next(), next <= begin + until, told.count < 100 {
            // One nanosecond early nothing may happen.
            var early = deadlines
            #expect(early.fire(at: next - 1, isWaiting: isWaiting) == .nothing)
            switch deadlines.fire(at: next, isWaiting: isWaiting) {
            case .nothing: #expect((deadlines.next() ?? .max) > next, "the timer would spin")
            case .sendPing:
                told.append("\(next - begin) ping")
                #expect((deadlines.next() ?? .max) > next, "the timer would spin")
            case .retire: told.append("\(next - begin) retire")
            case .end(let end): return told + ["\(next - begin) \(end.cause)"]
            }
        }
        return told
    }

    @Test("R43: where nothing is set nothing falls due")
    func never() {
        var deadlines = Self.deadlines()
        deadlines.clientStalled(at: Self.begin)
        deadlines.serverStalled(at: Self.begin)
        #expect(deadlines.next() == nil)
        #expect(deadlines.fire(at: .max, isWaiting: false) == .nothing)
    }

    @Test("R43: idle is when no message has passed for the idle time")
    func idle() {
        var deadlines = Self.deadlines(idle: 100)
        #expect(deadlines.next() == Self.begin + 100)
        deadlines.passedMessage(at: Self.begin + 60)
        deadlines.receivedBytes(at: Self.begin + 150)
        #expect(Self.run(&deadlines, until: 1000) == ["160 idle_timeout"])
    }

    @Test("R43: a connection that waits for an answer is not idle, however long")
    func idleWaiting() {
        var deadlines = Self.deadlines(idle: 100)
        #expect(Self.run(&deadlines, until: 1050, isWaiting: true).isEmpty)
        #expect(deadlines.next() == Self.begin + 1100)
        deadlines.passedMessage(at: Self.begin + 1060)
        #expect(Self.run(&deadlines, until: 5000) == ["1160 idle_timeout"])
    }

    @Test("R43: a connection ends at its maximum age, also while it waits or is paused")
    func age() {
        for isWaiting in [true, false] {
            var deadlines = Self.deadlines(age: 500, ping: 10_000, pong: 10)
            deadlines.passedMessage(at: Self.begin + 499)
            deadlines.clientPaused(true, at: Self.begin + 1)
            #expect(Self.run(&deadlines, until: 1000, isWaiting: isWaiting) == ["500 max_connection_age"])
        }
    }

    @Test("R43: an old connection may finish what it has begun, for as long as a drain lasts")
    func retirement() {
        var deadlines = Self.deadlines(age: 500, retirement: 30)
        #expect(Self.run(&deadlines, until: 1000, isWaiting: true) == ["500 retire", "530 max_connection_age"])
        var pinged = Self.deadlines(age: 500, retirement: 300, ping: 400, pong: 10)
        #expect(Self.run(&pinged, until: 505) == ["400 ping", "410 peer_dead"])
        var alive = Self.deadlines(age: 500, retirement: 300, ping: 400, pong: 0)
        #expect(Self.run(&alive, until: 2000) == ["400 ping", "500 retire", "800 max_connection_age"])
        var forever = Self.deadlines(age: 500, retirement: .max)
        #expect(Self.run(&forever, until: 5000) == ["500 retire"] && forever.next() == nil)
    }

    @Test("R43: connections of the same beginning are old at different times, up to a tenth sooner")
    func spread() {
        let ends = [0, 1, 1 << 15, .max].map { spread in
            Self.deadlines(age: 6_553_600, spread: spread).next().map { $0 - Self.begin }
        }
        #expect(ends == [6_553_600, 6_553_590, 6_225_920, 5_898_250])
        #expect(Self.deadlines(age: .max, spread: .max).next().map { $0 < .max } == true)
    }

    @Test("R18: a silent peer is pinged, and dead when no pong comes")
    func ping() {
        var deadlines = Self.deadlines(ping: 20, pong: 15)
        #expect(Self.run(&deadlines, until: 1000) == ["20 ping", "35 peer_dead"])
    }

    @Test("R18: any inbound bytes count as life")
    func life() {
        var deadlines = Self.deadlines(ping: 20, pong: 15)
        #expect(Self.run(&deadlines, until: 30) == ["20 ping"])
        deadlines.receivedBytes(at: Self.begin + 34)
        #expect(Self.run(&deadlines, until: 60) == ["54 ping"])
        for time in stride(from: Int64(60), to: 200, by: 10) { deadlines.receivedBytes(at: Self.begin + time) }
        #expect(Self.run(&deadlines, until: 1000) == ["210 ping", "225 peer_dead"])
    }

    @Test("R18: messages to the client are no sign of its life")
    func outboundIsNoLife() {
        var deadlines = Self.deadlines(ping: 20, pong: 15)
        deadlines.passedMessage(at: Self.begin + 19)
        #expect(Self.run(&deadlines, until: 1000) == ["20 ping", "35 peer_dead"])
    }

    @Test("R18: with no ping interval there are no pings, with no pong timeout no pong is waited for")
    func pingSettings() {
        var none = Self.deadlines(ping: 0, pong: 15)
        #expect(Self.run(&none, until: 1000).isEmpty && none.next() == nil)
        var patient = Self.deadlines(ping: 20, pong: 0)
        #expect(Self.run(&patient, until: 85) == ["20 ping", "40 ping", "60 ping", "80 ping"])
    }

    @Test("R18, R46: while the bridge does not read, no pong is expected; reading again begins anew")
    func paused() {
        var deadlines = Self.deadlines(ping: 20, pong: 15)
        #expect(Self.run(&deadlines, until: 25) == ["20 ping"])
        deadlines.clientPaused(true, at: Self.begin + 25)
        #expect(deadlines.next() == nil)
        #expect(deadlines.fire(at: Self.begin + 10_000, isWaiting: false) == .nothing)
        deadlines.clientPaused(false, at: Self.begin + 10_000)
        #expect(Self.run(&deadlines, until: 20_000) == ["10020 ping", "10035 peer_dead"])
    }

    @Test("R46: a side that takes nothing for the write timeout ends the connection; what it takes sets it back")
    func stalled() {
        var deadlines = Self.deadlines(write: 30)
        #expect(deadlines.next() == nil)
        deadlines.clientStalled(at: Self.begin + 5)
        deadlines.clientStalled(at: Self.begin + 25)
        #expect(deadlines.next() == Self.begin + 35)
        deadlines.clientTook()
        #expect(deadlines.next() == nil)
        deadlines.clientStalled(at: Self.begin + 40)
        var other = deadlines
        #expect(Self.run(&deadlines, until: 1000) == ["70 client_write_timeout"])
        other.serverStalled(at: Self.begin + 10)
        #expect(Self.run(&other, until: 1000) == ["40 server_write_timeout"])
        other.serverTook()
        #expect(Self.run(&other, until: 1000) == ["70 client_write_timeout"])
    }

    @Test("R46: the write timeout runs also while the bridge does not read from the client")
    func stalledWhilePaused() {
        var deadlines = Self.deadlines(ping: 20, pong: 15, write: 30)
        deadlines.clientPaused(true, at: Self.begin)
        deadlines.serverStalled(at: Self.begin)
        #expect(Self.run(&deadlines, until: 1000) == ["30 server_write_timeout"])
    }

    @Test("R43: of what falls due together the end comes before the ping, and neither is lost")
    func together() {
        var ending = Self.deadlines(idle: 20, ping: 20, pong: 15)
        #expect(Self.run(&ending, until: 1000) == ["20 idle_timeout"])
        var waiting = Self.deadlines(idle: 20, ping: 20, pong: 15)
        #expect(Self.run(&waiting, until: 1000, isWaiting: true) == ["20 ping", "35 peer_dead"])
    }

    @Test("R18: a timer that goes off late is no harm")
    func late() {
        var deadlines = Self.deadlines(idle: 1000, ping: 20, pong: 15)
        #expect(deadlines.fire(at: Self.begin + 500, isWaiting: false) == .sendPing)
        #expect(deadlines.next() == Self.begin + 515)
        #expect(deadlines.fire(at: Self.begin + 600, isWaiting: false) == .end(.peerDead))
    }

    @Test("R43: durations of any length are no harm")
    func huge() {
        var deadlines = Self.deadlines(idle: .max, age: .max, ping: .max, pong: .max, write: .max)
        deadlines.clientStalled(at: Self.begin)
        #expect(deadlines.next() == .max || deadlines.next() == nil)
        #expect(deadlines.fire(at: Self.begin + 1_000_000, isWaiting: false) == .nothing)
    }
}
