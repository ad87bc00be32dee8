// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

private let second: Int64 = 1_000_000_000

@Suite("R43: how many children and how fast")
struct SpawnAdmissionTests {
    @Test("R43: children are counted over all servers, and a place given back is free")
    func total() {
        var admission = SpawnAdmission(maxChildren: 2, spawnRate: 0)
        #expect(admission.request(server: "a", now: 0) == .granted)
        #expect(admission.request(server: "b", now: 0) == .granted)
        #expect(admission.request(server: "c", now: 0) == .refused(.children, retryAfterSeconds: 1))
        admission.spawned(server: "a")
        #expect(admission.request(server: "a", now: 0) == .refused(.children, retryAfterSeconds: 1))
        admission.gone(server: "a")
        #expect(admission.children == 1)
        #expect(admission.request(server: "c", now: 0) == .granted)
    }

    @Test("R43: limits that change hold for who comes next, and take nobody's place away")
    func otherLimits() {
        var admission = SpawnAdmission(maxChildren: 3, spawnRate: 0)
        for _ in 0..<3 { #expect(admission.request(server: "a", now: 0) == .granted) }
        admission.limit(maxChildren: 2, spawnRate: 1)
        #expect(admission.children == 3)
        admission.gone(server: "a")
        #expect(admission.request(server: "a", now: 0) == .refused(.children, retryAfterSeconds: 1))
        admission.gone(server: "a")
        #expect(admission.request(server: "a", now: 0) == .granted)
        admission.gone(server: "a")
        #expect(admission.request(server: "a", now: 0) == .refused(.rate, retryAfterSeconds: 1))
        // The same rate again gives nobody a burst more, another one does.
        admission.limit(maxChildren: 2, spawnRate: 1)
        #expect(admission.request(server: "a", now: 0) == .refused(.rate, retryAfterSeconds: 1))
        admission.limit(maxChildren: 2, spawnRate: 2)
        #expect(admission.request(server: "a", now: 0) == .granted)
    }

    @Test("R43: a refused request takes no place, and a place is given back only once")
    func noLeak() {
        var admission = SpawnAdmission(maxChildren: 1, spawnRate: 0)
        #expect(admission.request(server: "a", now: 0) == .granted)
        for _ in 0..<5 { _ = admission.request(server: "a", now: 0) }
        #expect(admission.children == 1)
        admission.gone(server: "a")
        admission.gone(server: "a")
        admission.gone(server: "never seen")
        #expect(admission.children == 0)
    }

    @Test("R43: a burst of one second's worth, then the rate", arguments: [1, 2, 100, 1000])
    func rate(perSecond: Int) {
        var admission = SpawnAdmission(maxChildren: .max, spawnRate: perSecond)
        let start = 5 * second
        for _ in 0..<perSecond { #expect(admission.request(server: "a", now: start) == .granted) }
        #expect(admission.request(server: "a", now: start) == .refused(.rate, retryAfterSeconds: 1))
        let interval = second / Int64(perSecond)
        #expect(admission.request(server: "a", now: start + interval - 1) == .refused(.rate, retryAfterSeconds: 1))
        #expect(admission.request(server: "a", now: start + interval) == .granted)
        #expect(admission.request(server: "a", now: start + interval) == .refused(.rate, retryAfterSeconds: 1))
    }

    @Test("R43: over ten seconds the rate holds, and idle time saves up no more than one burst")
    func longRun() {
        var admission = SpawnAdmission(maxChildren: .max, spawnRate: 50)
        var granted = 0
        for tick in 0..<10_000
        where admission.request(server: "a", now: 100 * second + Int64(tick) * 1_000_000) == .granted {
            granted += 1
        }
        #expect((548...550).contains(granted))
        granted = 0
        for _ in 0..<1_000 where admission.request(server: "a", now: 10_000 * second) == .granted { granted += 1 }
        #expect(granted == 50)
    }

    @Test("R39: the back-off doubles from 250 ms to 10 s")
    func backOff() {
        var admission = SpawnAdmission(maxChildren: 10, spawnRate: 0)
        var now = second
        for pause: Int64 in [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000] {
            #expect(admission.request(server: "a", now: now) == .granted)
            admission.failed(server: "a", now: now)
            let end = now + pause * 1_000_000
            let seconds = max(1, Int(pause / 1000))
            #expect(admission.request(server: "a", now: now) == .refused(.backingOff, retryAfterSeconds: seconds))
            #expect(admission.request(server: "a", now: end - 1) == .refused(.backingOff, retryAfterSeconds: 1))
            now = end
        }
        #expect(admission.children == 0)
    }

    @Test("R39: a success ends the back-off")
    func success() {
        var admission = SpawnAdmission(maxChildren: 10, spawnRate: 0)
        var now = second
        for _ in 0..<4 {
            #expect(admission.request(server: "a", now: now) == .granted)
            admission.failed(server: "a", now: now)
            now += 20 * second
        }
        #expect(admission.request(server: "a", now: now) == .granted)
        admission.spawned(server: "a")
        #expect(admission.request(server: "a", now: now) == .granted)
        admission.failed(server: "a", now: now)
        #expect(admission.request(server: "a", now: now + 250_000_000) == .granted)
    }

    @Test("R39: attempts that fail together count once, and other servers notice nothing")
    func together() {
        var admission = SpawnAdmission(maxChildren: 100, spawnRate: 0)
        for _ in 0..<50 { #expect(admission.request(server: "a", now: 0) == .granted) }
        for _ in 0..<50 { admission.failed(server: "a", now: 1) }
        #expect(admission.request(server: "b", now: 1) == .granted)
        #expect(admission.request(server: "a", now: 1) == .refused(.backingOff, retryAfterSeconds: 1))
        #expect(admission.request(server: "a", now: 1 + 250_000_000) == .granted)
    }
}
