// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

/// A frame as a server writes it, encoded naively: the reference for the client's reader.
struct ServerFrame: Sendable {
    var first: UInt8
    var payload: [UInt8]

    init(_ first: UInt8, _ payload: [UInt8] = []) {
        self.first = first
        self.payload = payload
    }

    init(_ first: UInt8, _ text: String) {
        self.init(first, Array(text.utf8))
    }

    var bytes: [UInt8] {
        let length: [UInt8] =
            switch payload.count {
            case ...125: [UInt8(payload.count)]
            case ...0xFFFF: [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
            default: [127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
            }
        return [first] + length + payload
    }
}

/// Reads as the generator does: what is no whole frame is shown again with more behind it, fragments are put together.
struct ServerFramesRig {
    var frames: ServerFrames
    private var held: [UInt8] = []
    private var assembly: [UInt8] = []
    private var missing = 0
    private(set) var told: [Told] = []
    private(set) var hasEnded = false
    /// Whether a frame was ever whole before, or not whole after, as many bytes as were asked for.
    private(set) var askedWrongly = false

    init(maxMessage: Int = 1 << 30) {
        frames = ServerFrames(maxMessage: maxMessage)
    }

    mutating func read(_ bytes: some Sequence<UInt8>) {
        let before = held.count
        held += bytes
        guard !hasEnded else { return }
        let arrived = held.count - before
        let wasEnough = arrived >= missing
        let count = told.count
        let used = held.withUnsafeBytes { drain($0) }
        if !wasEnough, used > 0 || told.count > count { askedWrongly = true }
        held.removeFirst(used)
    }

    private mutating func drain(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while true {
            switch frames.next(in: bytes, from: &offset) {
            case .needMoreData(let missing):
                self.missing = missing
                if missing < 1 { askedWrongly = true }
                return offset
            case .text(let range): told.append(.message(Array(bytes[range])))
            case .fragment(let range, let isFinal):
                assembly += bytes[range]
                guard isFinal else { continue }
                told.append(.message(assembly))
                assembly = []
            case .ping(let range): told.append(.ping(Array(bytes[range])))
            case .pong: told.append(.pong)
            case .close(let code, let reason):
                told.append(.close(code?.rawValue, String(decoding: bytes[reason], as: UTF8.self)))
                hasEnded = true
                return offset
            case .failed:
                told.append(.failure(frames.failure?.code.rawValue ?? 0))
                hasEnded = true
                return offset
            }
        }
    }

    static func told(by frames: [ServerFrame], maxMessage: Int = 1 << 30) -> [Told] {
        var rig = ServerFramesRig(maxMessage: maxMessage)
        rig.read(frames.flatMap(\.bytes))
        return rig.told
    }
}

@Suite("Frames of a server, as the load generator reads them")
struct ServerFramesTests {
    private static let long = [UInt8](repeating: 0x7A, count: 200)

    private static let sample: [ServerFrame] = [
        ServerFrame(0x81, "Hello"), ServerFrame(0x81), ServerFrame(0x89, "p"), ServerFrame(0x01, "a"),
        ServerFrame(0x00), ServerFrame(0x8A, "x"), ServerFrame(0x00, "b"), ServerFrame(0x80, "c"),
        ServerFrame(0x81, Self.long), ServerFrame(0x01, Self.long), ServerFrame(0x80), ServerFrame(0x89),
        ServerFrame(0x88, [0x03, 0xE8] + Array("bye".utf8)),
    ]
    private static let sampleTold: [Told] = [
        .message("Hello"), .message(""), .ping([0x70]), .pong, .message("abc"), .message(Self.long),
        .message(Self.long), .ping([]), .close(1000, "bye"),
    ]

    @Test("Messages, fragments and control frames are told in the order of the wire")
    func whole() {
        #expect(ServerFramesRig.told(by: Self.sample) == Self.sampleTold)
    }

    @Test("However the bytes are cut, the same is told: byte by byte, and at each split")
    func eachSplit() {
        let bytes = Self.sample.flatMap(\.bytes)
        var single = ServerFramesRig()
        for byte in bytes { single.read([byte]) }
        #expect(single.told == Self.sampleTold)
        #expect(!single.askedWrongly)
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 7) {
                var rig = ServerFramesRig()
                rig.read(bytes[..<first])
                rig.read(bytes[first..<second])
                rig.read(bytes[second...])
                if rig.told != Self.sampleTold || rig.askedWrongly { Issue.record("cut at \(first) and \(second)") }
            }
        }
    }

    @Test("Each length encoding", arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20])
    func lengths(_ count: Int) {
        let payload = (0..<count).map { UInt8(0x20 + $0 % 90) }
        let told = ServerFramesRig.told(by: [ServerFrame(0x81, payload), ServerFrame(0x81, "end")])
        #expect(told == [.message(payload), .message("end")])
    }

    @Test("What the bridge writes is what the client reads", arguments: [0, 5, 125, 126, 65_536])
    func bridgesFrames(_ count: Int) {
        let payload = [UInt8](repeating: 0x61, count: count)
        var buffer = ByteBuffer()
        payload.withUnsafeBytes { FrameWriter.writeText($0, to: &buffer) }
        FrameWriter.writePing(ByteBuffer(string: "p"), to: &buffer)
        FrameWriter.writeClose(.goingAway, reason: "bye", to: &buffer)
        var rig = ServerFramesRig()
        rig.read(buffer.readableBytesView)
        #expect(rig.told == [.message(payload), .ping([0x70]), .close(1001, "bye")])
    }

    @Test("Where a frame is not whole, as many bytes are asked for as it lacks")
    func missing() {
        let bytes = ServerFrame(0x81, Self.long).bytes
        var frames = ServerFrames(maxMessage: 1000)
        for count in 0..<bytes.count {
            var offset = 0
            let event = bytes[..<count].withUnsafeBytes { frames.next(in: $0, from: &offset) }
            #expect(event == .needMoreData(missing: count < 4 ? 1 : bytes.count - count))
            #expect(offset == 0)
        }
    }

    @Test(
        "What a client must not accept fails the connection",
        arguments: [
            ("masked", [0x81, 0x85, 1, 2, 3, 4, 0, 0, 0, 0, 0], 1002),
            ("a reserved bit", [0xC1, 0], 1002),
            ("a reserved opcode", [0x83, 0], 1002),
            ("a fragmented control frame", [0x09, 0], 1002),
            ("a long control frame", [0x89, 126, 0, 126], 1002),
            ("an overlong length", [0x81, 126, 0, 1, 0x61], 1002),
            ("a negative length", [0x81, 127, 255, 0, 0, 0, 0, 0, 0, 0], 1002),
            ("a stray continuation", [0x80, 0], 1002),
            ("a message inside another", [0x01, 0, 0x81, 0], 1002),
            ("a fragmented message inside another", [0x01, 0, 0x01, 0], 1002),
            ("binary", [0x82, 0], 1003),
            ("a close frame of one byte", [0x88, 1, 3], 1002),
            ("a close code that may not be sent", [0x88, 2, 3, 0xED], 1002),
            ("too big", [0x81, 126, 0x03, 0xE9], 1009),
            ("too big together", [0x01, 1, 0x61, 0x80, 126, 0x03, 0xE8], 1009),
        ] as [(String, [UInt8], UInt16)]
    )
    func faults(_ name: String, _ bytes: [UInt8], _ code: UInt16) {
        var rig = ServerFramesRig(maxMessage: 1000)
        rig.read(bytes)
        #expect(rig.told == [.failure(code)])
    }

    @Test("Junk never traps, and at most one end is told", arguments: 0..<200)
    func junk(_ seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed) &* 104_729)
        var rig = ServerFramesRig(maxMessage: 1000)
        for _ in 0..<100 where !rig.hasEnded {
            rig.read((0..<3).map { _ in UInt8.random(in: 0...255, using: &generator) })
            let likely: [UInt8] = [0x81, 0x01, 0x80, 0x00, 0x89]
            rig.read([likely.randomElement(using: &generator)!, UInt8.random(in: 0...5, using: &generator)])
        }
        #expect(!rig.askedWrongly)
    }
}
