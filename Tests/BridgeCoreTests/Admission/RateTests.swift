// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

private let second: Int64 = 1_000_000_000

/// A token bucket as one would draw it: a count that grows with time.
private struct SlowBucket {
    let interval: Int64
    let capacity: Int64
    /// Tokens times `interval`, so that no fraction is lost.
    var level: Int64
    var last: Int64 = 0

    init(interval: Int64, capacity: Int64) {
        self.interval = interval
        self.capacity = capacity
        level = interval * capacity
    }

    mutating func take(_ now: Int64) -> Bool {
        level = min(interval * capacity, level + now - last)
        last = now
        guard level >= interval else { return false }
        level -= interval
        return true
    }
}

@Suite("R43: token buckets")
struct RateTests {
    @Test("R43: a rate of 0 is none")
    func none() {
        #expect(Rate(perSecond: 0) == nil)
    }

    @Test(
        "R43: a burst at once, then one at each interval",
        arguments: [(1, 1), (1, 10), (50, 1), (7, 3), (1_000_000, 2)]
    )
    func burst(perSecond: Int, seconds: Int) throws {
        let rate = try #require(Rate(perSecond: perSecond, burst: seconds))
        let now = 3 * second
        var due = Rate.full
        for _ in 0..<perSecond * seconds {
            #expect(rate.wait(due, now: now) == 0)
            due = rate.taken(due, now: now)
        }
        let interval = second / Int64(perSecond)
        #expect(rate.wait(due, now: now) == interval)
        #expect(rate.wait(due, now: now + interval - 1) == 1)
        #expect(rate.wait(due, now: now + interval) == 0)
        // Full again after its time, and no fuller later.
        #expect(rate.filling == interval * Int64(perSecond * seconds))
        for later in [now + rate.filling, now + 1_000 * second] {
            var due = due
            var taken = 0
            while rate.wait(due, now: later) == 0, taken <= perSecond * seconds {
                due = rate.taken(due, now: later)
                taken += 1
            }
            #expect(taken == perSecond * seconds)
        }
    }

    @Test("R43: random times and attempts: it grants what a count of tokens would", arguments: 0..<20)
    func model(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let perSecond = [1, 3, 10, 1000][seed % 4]
        let rate = try #require(Rate(perSecond: perSecond, burst: 1 + seed % 3))
        var slow = SlowBucket(interval: second / Int64(perSecond), capacity: Int64(perSecond * (1 + seed % 3)))
        var due = Rate.full
        var now: Int64 = 0
        for _ in 0..<5_000 {
            now +=
                Int64.random(in: 0...(2 * second / Int64(perSecond)), using: &random)
                * (Bool.random(using: &random) ? 1 : 0)
            let granted = rate.wait(due, now: now) == 0
            if granted { due = rate.taken(due, now: now) }
            #expect(granted == slow.take(now))
        }
    }

    @Test("R74: who gathers tokens is woken when several are there, and never waits for more than a full bucket")
    func gathering() throws {
        let fast = try #require(Rate(perSecond: 1_000))
        var due = Rate.full
        for _ in 0..<1_000 { due = fast.taken(due, now: 0) }
        #expect(fast.wait(due, now: 0) == 1_000_000)
        #expect(fast.wait(due, gathering: 50_000_000, now: 0) == 50_000_000)
        let slow = try #require(Rate(perSecond: 1))
        due = slow.taken(Rate.full, now: 0)
        #expect(slow.wait(due, gathering: 50_000_000, now: 0) == second)
        #expect(slow.wait(due, gathering: 100 * second, now: 0) == second)
        #expect(slow.wait(Rate.full, gathering: 0, now: 5) == 0)
    }
}
