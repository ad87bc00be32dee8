// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Bridge

@Suite("R37: the timers of the ladders")
struct DeadlineQueueTests {
    @Test("R37: items come out when their time has come, earliest first", arguments: [0, 1, 2, 3, 10, 1000])
    func order(count: Int) {
        var queue = DeadlineQueue<Int64>()
        // A fixed permutation with repetitions.
        let times = (0..<Int64(count)).map { ($0 * 7919 + 13) % 509 }
        for time in times { queue.add(time, at: time) }
        #expect(queue.earliest == times.min())
        #expect(queue.take(now: -1) == nil)
        var taken: [Int64] = []
        for now in Int64(0)..<509 {
            while let item = queue.take(now: now) {
                #expect(item == now)
                taken.append(item)
            }
        }
        #expect(taken == times.sorted())
        #expect(queue.count == 0)
        #expect(queue.earliest == nil)
    }

    @Test("R37: adding and taking may alternate")
    func alternating() {
        var queue = DeadlineQueue<Int64>()
        for time in stride(from: Int64(100), to: 0, by: -10) {
            queue.add(time, at: time)
            queue.add(time + 1, at: time + 1)
            #expect(queue.take(now: .max) == time)
        }
        #expect(queue.count == 10)
        #expect(queue.take(now: .max) == 11)
    }
}
