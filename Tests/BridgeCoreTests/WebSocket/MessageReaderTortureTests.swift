// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

/// A run of frames and what it must tell, however it is cut.
struct Sample: Sendable, CustomTestStringConvertible {
    var name: String
    var frames: [ClientFrame]
    var told: [Told]

    var testDescription: String { name }
    var bytes: [UInt8] { frames.flatMap(\.bytes) }

    static let all: [Sample] = [
        Sample(name: "one message", frames: [.text("Hello")], told: [.message("Hello")]),
        Sample(
            name: "three messages",
            frames: [.text("{}"), .text(""), .text("[1,2]")],
            told: [.message("{}"), .message(""), .message("[1,2]")]
        ),
        Sample(
            name: "fragments, empty ones among them",
            frames: [
                .text("", final: false), .continuation([], final: false), .continuation(Array("ab".utf8), final: false),
                .continuation([], final: false), .continuation(Array("c".utf8)), .text("d"),
            ],
            told: [.message("abc"), .message("d")]
        ),
        Sample(
            name: "control frames between fragments",
            frames: [
                .ping("1"), .text("a", final: false), .ping("22"), .pong(), .continuation([0x62], final: false),
                .ping(), .continuation([0x63]), .pong("x"), .close(1000, "bye"),
            ],
            told: [.ping([0x31]), .ping([0x32, 0x32]), .pong, .ping([]), .message("abc"), .pong, .close(1000, "bye")]
        ),
        Sample(
            name: "scalar values across fragments",
            frames: [
                .textBytes([0xF0], final: false), .continuation([0x9F], final: false), .ping(),
                .continuation([0x98], final: false), .continuation([0x80, 0xC3], final: false),
                .continuation([0xA9]), .text("\u{1F600}"),
            ],
            told: [.ping([]), .message("\u{1F600}\u{E9}"), .message("\u{1F600}")]
        ),
        Sample(
            name: "16-bit length",
            frames: [
                .textBytes([UInt8](repeating: 0x7A, count: 200)), .text("a", final: false),
                .continuation([UInt8](repeating: 0x79, count: 130)),
            ],
            told: [
                .message([UInt8](repeating: 0x7A, count: 200)), .message([0x61] + [UInt8](repeating: 0x79, count: 130)),
            ]
        ),
        Sample(name: "empty close", frames: [.text("x"), .close([])], told: [.message("x"), .close(nil, "")]),
        Sample(
            name: "a mask of zeros and one of ones",
            frames: [
                ClientFrame(first: 0x81, Array("zero".utf8), mask: [0, 0, 0, 0]),
                ClientFrame(first: 0x81, Array("ones".utf8), mask: [255, 255, 255, 255]),
            ],
            told: [.message("zero"), .message("ones")]
        ),
    ]
}

@Suite("However the bytes are cut, the same is told")
struct MessageReaderTortureTests {
    @Test("R13: in one piece", arguments: Sample.all)
    func whole(_ sample: Sample) {
        #expect(ReaderRig.told(by: sample.bytes) == sample.told)
    }

    @Test("R13: byte by byte", arguments: Sample.all)
    func byteByByte(_ sample: Sample) {
        var rig = ReaderRig()
        for byte in sample.bytes { rig.read([byte]) }
        #expect(rig.told == sample.told)
        #expect(rig.reader.heldBytes == 0)
    }

    @Test("R13: at each split, and at each pair of splits of the short ones", arguments: Sample.all)
    func eachSplit(_ sample: Sample) {
        let bytes = sample.bytes
        for first in 0...bytes.count {
            let seconds = bytes.count <= 120 ? Array(first...bytes.count) : [bytes.count]
            for second in seconds {
                var rig = ReaderRig()
                rig.read(bytes[..<first])
                rig.read(bytes[first..<second])
                rig.read(bytes[second...])
                if rig.told != sample.told { Issue.record("cut at \(first) and \(second): \(rig.told)") }
            }
        }
    }

    @Test("R13, R14: random messages, cuts, fragments and masks against the reference", arguments: 0..<40)
    func random(_ seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        var frames: [ClientFrame] = []
        var expected: [Told] = []
        for _ in 0..<20 { Self.addRandomMessage(&frames, &expected, &generator) }
        let bytes = frames.flatMap(\.bytes)
        let longest = [1, 7, 100, 5000, 200_000].randomElement(using: &generator)!
        var rig = ReaderRig()
        var index = 0
        while index < bytes.count {
            let end = min(bytes.count, index + Int.random(in: 1...longest, using: &generator))
            rig.read(bytes[index..<end])
            index = end
        }
        #expect(rig.told == expected)
        #expect(rig.reader.heldBytes == 0)
        #expect(rig.reader.heldCapacity == 0)
    }

    private static func addRandomMessage(
        _ frames: inout [ClientFrame],
        _ told: inout [Told],
        _ generator: inout SeededGenerator
    ) {
        let alphabet: [String] = [
            "a", "Z", "{\"", "\u{E9}", "\u{6F22}", "\u{1F600}", "\u{0}", "\u{10FFFF}", " plain ascii ",
        ]
        let length = [0, 1, 30, 300, 5000].randomElement(using: &generator)!
        var text = ""
        for _ in 0..<length { text += alphabet.randomElement(using: &generator)! }
        let payload = Array(text.utf8)
        var cuts = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            Int.random(in: 0...payload.count, using: &generator)
        }
        cuts = [0] + cuts.sorted() + [payload.count]
        for (index, (start, end)) in zip(cuts, cuts.dropFirst()).enumerated() {
            let isFinal = index == cuts.count - 2
            let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let first: UInt8 = (isFinal ? 0x80 : 0) | (index == 0 ? 1 : 0)
            if Bool.random(using: &generator) {
                let ping = [UInt8](repeating: 0x70, count: Int.random(in: 0...125, using: &generator))
                frames.append(ClientFrame(first: 0x89, ping, mask: mask))
                told.append(.ping(ping))
            }
            frames.append(ClientFrame(first: first, Array(payload[start..<end]), mask: mask))
        }
        told.append(.message(payload))
    }

    @Test("R14: junk never traps, and at most one failure or close ends it", arguments: 0..<200)
    func junk(_ seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed) &* 7919)
        var rig = ReaderRig(.init(maxMessage: 1000, maxFragments: 10))
        var bytes = (0..<400).map { _ in UInt8.random(in: 0...255, using: &generator) }
        // Likely first bytes, so that some of it gets past the first header.
        for index in stride(from: 0, to: 400, by: 7) where Bool.random(using: &generator) {
            bytes[index] = [0x81, 0x01, 0x80, 0x00, 0x89, 0x8A].randomElement(using: &generator)!
            if index + 1 < 400 { bytes[index + 1] = 0x80 | UInt8.random(in: 0...6, using: &generator) }
        }
        for chunk in stride(from: 0, to: 400, by: 3) { rig.read(bytes[chunk..<min(400, chunk + 3)]) }
        let ends = rig.told.indices.filter { index in
            switch rig.told[index] {
            case .failure, .close: true
            default: false
            }
        }
        #expect(ends.isEmpty || ends == [rig.told.count - 1])
        var whole = ReaderRig(.init(maxMessage: 1000, maxFragments: 10))
        whole.read(bytes)
        #expect(whole.told == rig.told)
    }

    @Test("R13: unmasking at each length, offset and alignment is what a naive loop makes of it", arguments: 0...3)
    func unmasking(_ offset: Int) {
        let mask: UInt32 = 0x8421_C3A5
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> (8 * $0)) }
        for alignment in [0, 1, 5] {
            for count in 0...200 {
                for highAt in [nil, 0, count / 2, count - 1] where highAt.map({ 0..<count ~= $0 }) ?? true {
                    var plain = (0..<count).map { UInt8(($0 &* 31 &+ 7) & 0x7F) }
                    if let highAt { plain[highAt] |= 0x80 }
                    let masked =
                        [UInt8](repeating: 0, count: alignment)
                        + plain.enumerated().map { $1 ^ key[($0 + offset) % 4] }
                    var result = [UInt8](repeating: 0xEE, count: count + 1)
                    let isASCII = masked.withUnsafeBytes { source in
                        result.withUnsafeMutableBytes {
                            let source = UnsafeRawBufferPointer(rebasing: source[alignment...])
                            return Unmasking.copy(source, to: $0.baseAddress!, mask: mask, offset: offset)
                        }
                    }
                    let isRight = result == plain + [0xEE] && isASCII == (highAt == nil)
                    if !isRight { Issue.record("offset \(offset), alignment \(alignment), \(count) bytes") }
                }
            }
        }
    }
}
