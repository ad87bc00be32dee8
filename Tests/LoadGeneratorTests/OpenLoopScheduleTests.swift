// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

@Suite("When requests of an open loop are due")
struct OpenLoopScheduleTests {
    @Test("Evenly, whatever the number of connections, which take turns")
    func turns() {
        let schedule = OpenLoopSchedule(rate: 1000, connections: 3)
        #expect((0..<4).map { schedule.due($0) } == [0, 1_000_000, 2_000_000, 3_000_000])
        #expect((0..<7).map { schedule.connection(of: $0) } == [0, 1, 2, 0, 1, 2, 0])
        for number in 0..<30 {
            #expect(schedule.due(turn: number / 3, of: number % 3) == schedule.due(number))
        }
    }

    @Test("As many are due within a time as the rate says, also after a day", arguments: [0.5, 1, 333, 1_000_000])
    func counts(_ rate: Double) {
        let schedule = OpenLoopSchedule(rate: rate, connections: 7)
        #expect(schedule.count(within: 10e9) == Int(rate * 10))
        let last = schedule.count(within: 86_400e9) - 1
        #expect(schedule.due(last) < 86_400_000_000_000)
        #expect(schedule.due(last + 1) >= 86_399_999_999_999)
    }
}
