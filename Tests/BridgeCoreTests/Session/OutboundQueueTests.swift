// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("Bytes on their way out")
struct OutboundQueueTests {
    private static let pattern: [UInt8] = {
        var random = SeededGenerator(state: 5)
        return (0..<(1 << 17)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }()

    /// Bytes of which no two stretches look alike.
    private static func bytes(_ count: Int, from start: Int = 0) -> [UInt8] {
        let begin = start % 100_003
        return Array(pattern[begin..<begin + count])
    }

    /// Takes everything; each piece is within bounds and the count of waiting bytes goes down with it.
    private static func drain(_ queue: inout OutboundQueue) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var left = queue.bytes
        while let piece = queue.next() {
            #expect(piece.readableBytes > 0 && piece.readableBytes <= OutboundQueue.pieceSize)
            left -= piece.readableBytes
            #expect(queue.bytes == left)
            pieces.append(Array(piece.readableBytesView))
        }
        #expect(queue.isEmpty && queue.bytes == 0 && left == 0)
        return pieces
    }

    @Test("R46: nothing is lost or reordered, whatever is queued how", arguments: 51...56)
    func order(_ seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var queue = OutboundQueue()
        var expected: [UInt8] = []
        var written: [UInt8] = []
        let sizes = [
            0, 1, 100, OutboundQueue.ownBufferSize, OutboundQueue.pieceSize, OutboundQueue.pieceSize + 1,
            3 * OutboundQueue.pieceSize,
        ]
        for _ in 0..<60 {
            let data = Self.bytes(sizes.randomElement(using: &random)!, from: expected.count)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: queue.append(ByteBuffer(bytes: data))
            case 1, 2: queue.tail.writeBytes(data)
            default:
                for _ in 0..<3 { if let piece = queue.next() { written += Array(piece.readableBytesView) } }
                continue
            }
            expected += data
            #expect(queue.bytes == expected.count - written.count)
            #expect(queue.isEmpty == (queue.bytes == 0))
        }
        written += Self.drain(&queue).joined()
        // Compared out of sight: showing how megabytes differ would take Swift Testing minutes.
        let isInOrder = written == expected
        #expect(isInOrder, "first difference at byte \(zip(written, expected).prefix { $0 == $1 }.count)")
    }

    @Test("R46: small messages go out as one piece, a large one in pieces that show progress")
    func pieces() {
        var queue = OutboundQueue()
        for index in 0..<10 { queue.tail.writeBytes(Self.bytes(100, from: index * 100)) }
        #expect(Self.drain(&queue) == [Self.bytes(1000)])
        let size = OutboundQueue.pieceSize
        queue.append(ByteBuffer(bytes: Self.bytes(2 * size + 5)))
        #expect(Self.drain(&queue).map(\.count) == [size, size, 5])
        queue.tail.writeBytes(Self.bytes(size + 1))
        #expect(Self.drain(&queue).map(\.count) == [size, 1])
        queue.append(ByteBuffer(bytes: Self.bytes(size)))
        #expect(Self.drain(&queue).map(\.count) == [size])
    }

    @Test("R13: what is written to the tail stands behind what was queued, and before what is queued later")
    func tail() {
        var queue = OutboundQueue()
        queue.tail.writeString("a")
        queue.append(ByteBuffer(string: "B"))
        queue.tail.writeString("c")
        queue.tail.writeString("d")
        queue.append(ByteBuffer())
        queue.append(ByteBuffer(string: "E"))
        queue.tail.writeString("f")
        #expect(queue.bytes == 6)
        #expect(Self.drain(&queue).map { String(decoding: $0, as: UTF8.self) } == ["a", "B", "cd", "E", "f"])
    }

    @Test("R46: a queue that has been emptied keeps no buffer")
    func released() {
        var queue = OutboundQueue()
        queue.tail.reserveCapacity(1 << 20)
        #expect(queue.next() == nil)
        #expect(queue.tail.capacity == 0)
        queue.tail.writeBytes(Self.bytes(OutboundQueue.pieceSize * 2))
        _ = Self.drain(&queue)
        #expect(queue.tail.capacity == 0)
        queue.tail.writeString("x")
        queue.append(ByteBuffer(string: "y"))
        queue.removeAll()
        #expect(queue.isEmpty && queue.bytes == 0 && queue.next() == nil && queue.tail.capacity == 0)
    }

    @Test("R46: a large message is queued in the buffer in which it came")
    func noCopy() {
        var queue = OutboundQueue()
        let buffer = ByteBuffer(bytes: Self.bytes(1000))
        queue.append(buffer)
        let piece = queue.next()
        let same = buffer.withUnsafeReadableBytes { one in
            piece?.withUnsafeReadableBytes { $0.baseAddress == one.baseAddress }
        }
        #expect(same == true)
    }

    /// The texts of all pieces.
    private static func texts(_ queue: inout OutboundQueue) -> [String] {
        var texts: [String] = []
        while let piece = queue.next() { texts.append(String(buffer: piece)) }
        #expect(queue.isEmpty == true)
        return texts
    }

    @Test("R13: a control frame passes every message that has not begun to go out")
    func urgent() {
        var queue = OutboundQueue()
        queue.append(ByteBuffer(string: "one"))
        queue.tail.writeString("two")
        queue.appendUrgent(ByteBuffer(string: "pong1"))
        queue.appendUrgent(ByteBuffer(string: "pong2"))
        #expect(queue.bytes == 6, "control frames are not counted")
        #expect(Self.texts(&queue) == ["pong1pong2", "one", "two"])
        queue.appendUrgent(ByteBuffer(string: "alone"))
        #expect(queue.isEmpty == false)
        #expect(Self.texts(&queue) == ["alone"])
    }

    @Test("R13: a control frame never stands inside a message")
    func urgentAtBoundary() throws {
        var queue = OutboundQueue()
        let size = OutboundQueue.pieceSize
        queue.append(ByteBuffer(bytes: Self.bytes(2 * size + 5)))
        queue.append(ByteBuffer(string: "next"))
        #expect(queue.next()?.readableBytes == size)
        queue.appendUrgent(ByteBuffer(string: "pong"))
        #expect(queue.next()?.readableBytes == size)
        #expect(queue.next()?.readableBytes == 5)
        #expect(Self.texts(&queue) == ["pong", "next"])
    }

    @Test("R13: a header in the tail and its message are one message")
    func prefixed() {
        var queue = OutboundQueue()
        queue.tail.writeString("small,header:")
        queue.append(ByteBuffer(bytes: Self.bytes(OutboundQueue.pieceSize + 1)), prefixed: true)
        queue.tail.writeString("last")
        #expect(queue.next().map { String(buffer: $0) } == "small,header:")
        queue.appendUrgent(ByteBuffer(string: "pong"))
        #expect(queue.next()?.readableBytes == OutboundQueue.pieceSize)
        #expect(queue.next()?.readableBytes == 1)
        #expect(Self.texts(&queue) == ["pong", "last"])
    }

    @Test("R13: small messages that gather while nothing is taken hold a control frame back for little of them")
    func settled() {
        var queue = OutboundQueue()
        for _ in 0..<40 {
            queue.tail.writeBytes(Self.bytes(OutboundQueue.pieceSize / 2))
            queue.settle()
        }
        _ = queue.next()
        queue.tail.writeBytes(Self.bytes(OutboundQueue.pieceSize + 1))
        queue.appendUrgent(ByteBuffer(string: "pong"))
        var before = 0
        while let piece = queue.next(), String(buffer: piece) != "pong" { before += piece.readableBytes }
        #expect(before < 2 * OutboundQueue.pieceSize, "\(before) bytes went out before the pong")
        #expect(Self.drain(&queue).count >= 20)
    }

    @Test("R13: a message that is its header alone holds no control frame back")
    func prefixedEmpty() {
        var queue = OutboundQueue()
        queue.tail.writeString("header")
        queue.append(ByteBuffer(), prefixed: true)
        #expect(Self.texts(&queue) == ["header"])
        queue.appendUrgent(ByteBuffer(string: "pong"))
        #expect(Self.texts(&queue) == ["pong"])
    }

    @Test("R46: control frames held for a peer that does not read are bounded, the newest kept")
    func urgentBound() {
        var queue = OutboundQueue()
        for index in 0..<10_000 { queue.appendUrgent(ByteBuffer(string: "pong \(index);")) }
        let held = queue.next().map { String(buffer: $0) } ?? ""
        #expect(held.utf8.count <= OutboundQueue.urgentSize && held.hasSuffix(";pong 9999;") && held.hasPrefix("pong "))
        #expect(queue.isEmpty == true)
    }
}
