// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

@Suite("Bytes that wait")
struct ByteStoreTests {
    @Test("A queue of bytes is what an array makes of it", arguments: 0..<20)
    func random(_ seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func number(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var store = ByteStore()
        defer { store.free() }
        var reference: [UInt8] = []
        for step in 0..<300 {
            let count = number(below: [3, 700, 5000][number(below: 3)])
            if number(below: 2) == 0 {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: step &+ $0) }
                bytes.withUnsafeBytes { store.append($0) }
                reference += bytes
            } else {
                let used = min(count, reference.count)
                store.consume(used)
                reference.removeFirst(used)
            }
            #expect(store.count == reference.count)
            #expect(store.isEmpty == reference.isEmpty)
            if Array(store.bytes) != reference { Issue.record("step \(step)") }
        }
    }
}
