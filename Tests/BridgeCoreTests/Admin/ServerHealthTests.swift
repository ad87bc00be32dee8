// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Servers that die, and how they are")
struct ServerHealthTests {
    private static let second: Int64 = 1_000_000_000

    @Test("R38: the first restart comes at once, each further one later, and the sixth not at all")
    func schedule() {
        var schedule = RestartSchedule()
        let pauses: [Int64] = [0, 250_000_000, 500_000_000, 1_000_000_000, 2_000_000_000]
        for pause in pauses { #expect(schedule.ended(lived: 0, now: 7) == .restart(notBefore: 7 + pause)) }
        #expect(schedule.ended(lived: 59 * Self.second, now: 7) == .giveUp)
    }

    @Test("R38: a server that has lived for a minute begins anew")
    func steady() {
        var schedule = RestartSchedule()
        for _ in 0..<20 { #expect(schedule.ended(lived: 60 * Self.second, now: 7) == .restart(notBefore: 7)) }
        for _ in 0..<4 { #expect(schedule.ended(lived: 60 * Self.second - 1, now: 7) != .giveUp) }
        #expect(schedule.ended(lived: 60 * Self.second - 1, now: 7) == .giveUp)
        #expect(schedule.ended(lived: 60 * Self.second, now: 7) == .restart(notBefore: 7))
    }

    @Test("R38: a server that ends by itself now and then, because nobody asks it anything, is no crash loop")
    func idle() {
        var schedule = RestartSchedule()
        for round in 0..<20 {
            let now = Int64(round) * 60 * Self.second
            #expect(schedule.ended(lived: Self.second, now: now) == .restart(notBefore: now))
        }
    }

    @Test("Admin: what was tried last says how a server is, for as long as it is young enough")
    func known() {
        var health = ServerHealth()
        #expect(
            health.state == .unknown && health.isDue(now: .min, after: 1) && health.isDue(now: .max, after: .max)
        )
        health.started(now: 100)
        #expect(health.state == .well)
        #expect(!health.isDue(now: 109, after: 10) && health.isDue(now: 110, after: 10))
        health.failed("no program", now: 200)
        #expect(health.state == .unwell("no program") && !health.isDue(now: 209, after: 10))
        health.answered(now: 300)
        #expect(health.state == .well)
        #expect(health.isDue(now: .max, after: 10))
    }

    @Test("Admin: five programs in a row that die soon make a crash loop, which a start alone does not end")
    func crashLoop() {
        var health = ServerHealth()
        for _ in 0..<4 {
            health.started(now: 0)
            health.ended(.exited(3), isWanted: false, lived: 1, now: 1)
            #expect(health.state == .well)
        }
        health.ended(.exited(3), isWanted: false, lived: 1, now: 2)
        guard case .unwell(let reason) = health.state else { return #expect(Bool(false)) }
        #expect(reason.contains("exit status 3") && health.isCrashLooping)
        // It may be one client's doing: the bridge has to look itself, once, before it counts.
        #expect(health.reason == nil && health.isDue(now: 3, after: 10))
        health.asked(now: 3)
        #expect(!health.isDue(now: 12, after: 10) && health.isDue(now: 13, after: 10))
        health.started(now: 3)
        #expect(health.state == .unwell(reason))
        var probed = health
        probed.answered(now: 4)
        #expect(probed.state == .well && !probed.isCrashLooping)
        probed = health
        probed.failed("it ended", now: 4)
        #expect(probed.reason == "it ended" && !probed.isCrashLooping)
        // One that the bridge ended, or that lived on, shows that it is not the server.
        for (isWanted, lived) in [(true, Int64(1)), (false, ServerHealth.soon)] {
            var other = health
            other.ended(.exited(3), isWanted: isWanted, lived: lived, now: 5)
            #expect(other.state == .well && !other.isCrashLooping)
        }
    }

    @Test(
        "Admin: one that did not say who it is stays unwell until it does, or a program of its lives on, however many start"
    )
    func silent() {
        var health = ServerHealth()
        health.failed("it ended", wasAsked: true, now: 0)
        health.started(now: 5)
        health.ended(.exited(0), isWanted: true, lived: 1, now: 6)
        #expect(health.reason == "it ended" && health.isDue(now: 10, after: 10))
        var answered = health
        answered.answered(now: 7)
        answered.failed("no program", now: 8)
        answered.started(now: 9)
        #expect(answered.state == .well)
        health.ended(.exited(0), isWanted: true, lived: ServerHealth.soon, now: 8)
        #expect(health.state == .well)
    }

    @Test("Admin: a failure to start is not forgotten when a program of before ends")
    func failure() {
        var health = ServerHealth()
        health.failed("no program", now: 0)
        health.ended(.exited(0), isWanted: true, lived: 1, now: 1)
        #expect(health.state == .unwell("no program"))
    }

    @Test(
        "R76: what the kernel counts of a control group",
        arguments: [
            ("low 0\nhigh 0\nmax 31\noom 4\noom_kill 2\noom_group_kill 1\n", 2), ("oom_kill 0\n", 0), ("", 0),
            ("oom_kill\n", 0), ("oom_kill x\n", 0), ("oom_kill 18446744073709551616\n", 0), ("xoom_kill 3", 0),
        ]
    )
    func oomKills(text: String, count: Int) {
        #expect(ControlGroupEvents.oomKills(in: text) == count)
    }
}
