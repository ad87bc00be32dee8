// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Requests with nothing but an integer id")
struct PlainRequestsTests {
    /// Ids that follow on each other, that share their lowest bits, and the ends of their range.
    private static let ids: [Int64] =
        Array(0..<40) + (0..<20).map { $0 * 1_024 } + (0..<20).map { -$0 * 8 } + [.min, .max]

    @Test("R26: what was noted is found once, whatever ids meet at one place", arguments: 1...20)
    func model(_ seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var requests = PlainRequests()
        var model: [Int64: UInt64] = [:]
        for order in 0..<2_000 {
            let id = Self.ids.randomElement(using: &random)!
            if model[id] == nil, Bool.random(using: &random) {
                // A place may be taken; then the request is for somebody else to keep.
                if requests.insert(id, order: UInt64(order), time: 0 &- id) { model[id] = UInt64(order) }
            } else {
                let (removed, expected) = (requests.remove(id), model.removeValue(forKey: id))
                #expect(removed?.order == expected)
                #expect(removed.map { $0.time == 0 &- id } != false)
            }
            #expect(requests.count == model.count)
            #expect(requests.contains(id) == (model[id] != nil))
        }
        let all = Dictionary(uniqueKeysWithValues: requests.all.map { ($0.id, $0.order) })
        #expect(all == model)
    }

    @Test("R74: a thousand requests that follow on each other all have a place, beyond that some have none")
    func room() {
        var requests = PlainRequests()
        let accepted = (0..<Int64(3_000)).count { requests.insert($0, order: UInt64($0), time: 0) }
        #expect(accepted == 1_024 && requests.count == 1_024)
        let orders = (0..<Int64(1_024)).map { requests.remove($0)?.order }
        #expect(orders == (0..<1_024).map { UInt64($0) })
        #expect(requests.count == 0 && requests.all.isEmpty)
        let isAccepted = requests.insert(7, order: 0, time: 0)
        #expect(isAccepted)
    }
}
