// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

extension LineReader {
    /// Bytes held of an incomplete line.
    fileprivate var heldBytes: Int { self.partial?.readableBytes ?? 0 }
}

@Suite("A child's output in lines")
struct LineReaderTests {
    /// What a reader told, comparable.
    private enum Told: Equatable, CustomStringConvertible {
        case line(String)
        case tooLong
        case last(String)

        var description: String {
            switch self {
            case .line(let text): "line(\(text.count): \(text.prefix(20)))"
            case .tooLong: "tooLong"
            case .last(let text): "last(\(text.prefix(20)))"
            }
        }
    }

    /// Feeds the pieces as reads; each may still have been in one buffer with the next (`glued`).
    private static func told(_ pieces: [[UInt8]], limit: Int) -> (events: [Told], prefixes: [[UInt8]]) {
        var reader = LineReader(limit: limit)
        var events: [Told] = []
        var prefixes: [[UInt8]] = []
        for piece in pieces {
            var input = ByteBuffer(bytes: piece)
            loop: while true {
                #expect(reader.heldBytes <= limit)
                switch reader.next(from: &input) {
                case .needMoreData:
                    #expect(input.readableBytes == 0)
                    break loop
                case .line(let count):
                    events.append(.line(input.readString(length: count) ?? "missing"))
                    #expect(input.readInteger(as: UInt8.self) == 0x0A)
                case .assembled(let line): events.append(.line(String(buffer: line)))
                case .tooLong(let prefix):
                    events.append(.tooLong)
                    prefixes.append(Array(prefix.readableBytesView))
                }
            }
        }
        if let last = reader.finish() { events.append(.last(String(buffer: last))) }
        #expect(reader.heldBytes == 0)
        return (events, prefixes)
    }

    @Test(
        "R40: however reads divide the output, the lines are the same",
        arguments: [
            "one\ntwo\nthree\n", "one\r\ntwo\r\n", "\n\n\na\n\n", "no end", "a\nno end", "é😀\u{2028}x\nü\n", "\n", "",
            "a", "abcdefgh\ni\n",
            "exactly8\n12345678\n", "twelve bytes\nshort\n", "long one without an end",
            "a\nlong long long\n\nlong long long\nb",
        ]
    )
    func everySplit(_ text: String) {
        let bytes = Array(text.utf8)
        for limit in [8, 1000] {
            var expected: [Told] = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
                line.count > limit ? .tooLong : .line(String(decoding: line, as: UTF8.self))
            }
            if case .line(let rest) = expected.removeLast() {
                if !rest.isEmpty { expected.append(.last(rest)) }
            } else {
                expected.append(.tooLong)
            }
            #expect(Self.told([bytes], limit: limit).events == expected)
            #expect(Self.told(bytes.map { [$0] }, limit: limit).events == expected)
            for first in 0...bytes.count {
                for second in first...bytes.count {
                    let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
                    let (events, prefixes) = Self.told(pieces, limit: limit)
                    #expect(events == expected, "limit \(limit), split at \(first) and \(second)")
                    #expect(prefixes.allSatisfy { $0.count >= limit })
                }
            }
        }
    }

    @Test(
        "R40: a line of the limit passes, one byte more does not, and the next line is whole",
        arguments: [1, 2, 3, 64, 4096]
    )
    func limits(_ limit: Int) {
        for extra in [0, 1, 2, limit, 10 * limit] {
            let line = String(repeating: "x", count: limit + extra)
            let bytes = Array((line + "\n" + "b\n").utf8)
            let expected: [Told] = [extra == 0 ? .line(line) : .tooLong, .line("b")]
            #expect(Self.told([bytes], limit: limit).events == expected)
            for size in [1, 2, limit - 1, limit, limit + 1, limit + extra] where size > 0 && bytes.count / size < 5000 {
                let pieces = stride(from: 0, to: bytes.count, by: size).map {
                    Array(bytes[$0..<min($0 + size, bytes.count)])
                }
                #expect(
                    Self.told(pieces, limit: limit).events == expected,
                    "limit \(limit) + \(extra) in reads of \(size)"
                )
            }
        }
    }

    @Test("R35: what is told of a line too long is its beginning, of at least the limit, however reads divide it")
    func prefixes() {
        let begin = #"{"jsonrpc":"2.0","id":7,"result":{"#
        let line = Array((begin + String(repeating: "x", count: 100) + "\n").utf8)
        for first in 0...line.count {
            let pieces = [Array(line[..<first]), Array(line[first...])]
            let (events, prefixes) = Self.told(pieces, limit: 64)
            #expect(events == [.tooLong])
            #expect(prefixes.count == 1 && prefixes[0].starts(with: begin.utf8))
        }
    }

    @Test("R40: the end of a line too long without LF is not told as a last line")
    func tooLongWithoutEnd() {
        #expect(Self.told([Array("123456789".utf8)], limit: 8).events == [.tooLong])
        #expect(Self.told([Array("123456789".utf8), Array("rest".utf8)], limit: 8).events == [.tooLong])
    }

    @Test("R40: nothing is held between whole lines")
    func holdsNothing() {
        var reader = LineReader(limit: 100)
        var input = ByteBuffer(string: "part")
        guard case .needMoreData = reader.next(from: &input) else {
            Issue.record("a line without LF was told")
            return
        }
        #expect(reader.heldBytes == 4)
        input = ByteBuffer(string: "ed\n")
        guard case .assembled(let line) = reader.next(from: &input) else {
            Issue.record("no line was told")
            return
        }
        #expect(String(buffer: line) == "parted")
        #expect(reader.heldBytes == 0 && reader.finish() == nil)
    }
}
