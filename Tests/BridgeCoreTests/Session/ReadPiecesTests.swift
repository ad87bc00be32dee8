// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Where what was read is cut")
struct ReadPiecesTests {
    /// The sizes of the pieces, the last one too, of messages of these sizes that were read at once.
    private func pieces(of messages: [Int], rest: Int = 0) -> [Int] {
        var left = messages.reduce(rest, +)
        var pieces = ReadPieces(of: left)
        var sizes = [0]
        for message in messages {
            left -= message
            sizes[sizes.count - 1] += message
            if pieces.isComplete(left: left) { sizes.append(0) }
        }
        return sizes
    }

    @Test("Of much, four pieces of about one size", arguments: [1, 7, 200, 213, 900])
    func four(_ size: Int) {
        let messages = Array(repeating: size, count: 16_384 / size)
        let quarter = messages.count * size / 4
        let sizes = self.pieces(of: messages)
        #expect(sizes.count == 4)
        #expect(sizes.dropLast().allSatisfy { (quarter..<quarter + size).contains($0) }, "\(sizes)")
    }

    @Test("Less than 4 KiB is one piece, and so is what ends with the read")
    func one() {
        #expect(self.pieces(of: Array(repeating: 65, count: 63)) == [4_095])
        #expect(self.pieces(of: Array(repeating: 64, count: 64)) == [1_024, 1_024, 1_024, 1_024])
        #expect(self.pieces(of: [65_536]) == [65_536])
        #expect(self.pieces(of: [1, 65_535]) == [65_536])
        #expect(self.pieces(of: []) == [0])
    }

    @Test("A piece ends with a message, however large, and the beginning of another may follow")
    func uneven() {
        #expect(self.pieces(of: [10_000, 10, 10, 6_000]) == [10_000, 6_020])
        #expect(self.pieces(of: [5_000, 5_000], rest: 3_000) == [5_000, 5_000, 0])
    }
}
