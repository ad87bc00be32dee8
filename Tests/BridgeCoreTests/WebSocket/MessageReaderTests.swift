// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("Frames of a client become messages")
struct MessageReaderTests {
    // MARK: RFC 6455 §5.7

    @Test("R13: the masked Hello of RFC 6455 §5.7")
    func exampleHello() {
        let bytes: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(ReaderRig.told(by: bytes) == [.message("Hello")])
    }

    @Test("R14: the unmasked Hello of RFC 6455 §5.7 is refused")
    func exampleUnmasked() {
        let bytes: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(ReaderRig.told(by: bytes) == [.failure(1002)])
    }

    @Test("R13: the fragmented Hello of RFC 6455 §5.7, masked, and its ping between the fragments")
    func exampleFragments() {
        var rig = ReaderRig()
        rig.read([0x01, 0x83, 0x01, 0x02, 0x03, 0x04, 0x48 ^ 1, 0x65 ^ 2, 0x6C ^ 3])
        #expect(rig.reader.heldBytes == 3)
        rig.read([0x89, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        rig.read([0x80, 0x82, 0x01, 0x02, 0x03, 0x04, 0x6C ^ 1, 0x6F ^ 2])
        #expect(rig.told == [.ping(Array("Hello".utf8)), .message("Hello")])
        #expect(rig.reader.heldBytes == 0)
    }

    @Test("R13: each length encoding", arguments: [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 65_537, 1 << 20])
    func lengths(_ count: Int) {
        let payload = (0..<count).map { UInt8(0x20 + $0 % 90) }
        #expect(ReaderRig.told(by: [.textBytes(payload), .text("end")]) == [.message(payload), .message("end")])
    }

    @Test("R13: an empty message is a message")
    func emptyMessage() {
        #expect(
            ReaderRig.told(by: [.text(""), .text("", final: false), .continuation([])]) == [.message(""), .message("")]
        )
    }

    @Test("R13: a message whole in the input goes to the outbox behind what is there, others are assembled")
    func fastPath() throws {
        var reader = MessageReader(limits: .init())
        var outbox = ByteBuffer(string: "before")
        var input = ByteBuffer(bytes: [ClientFrame.text("one"), .text("two")].flatMap(\.bytes))
        guard case .text(let first) = reader.next(from: &input, into: &outbox) else { throw Unexpected() }
        #expect(first == 6)
        guard case .text(let second) = reader.next(from: &input, into: &outbox) else { throw Unexpected() }
        #expect(second == 9)
        #expect(String(buffer: outbox) == "beforeonetwo")
        guard case .needMoreData = reader.next(from: &input, into: &outbox) else { throw Unexpected() }

        var rig = ReaderRig()
        let bytes = ClientFrame.text("split").bytes
        rig.read(bytes.prefix(8))
        rig.read(bytes.dropFirst(8))
        #expect(rig.told == [.message("split")])
        #expect(rig.assembledCount == 1)
    }

    // MARK: Control frames

    @Test("R13: control frames between and after fragments, in the order of the wire")
    func controlFramesInterleave() {
        let frames: [ClientFrame] = [
            .ping("a"), .text("He", final: false), .ping(""), .pong("x"), .continuation(Array("l".utf8), final: false),
            .ping("b"), .continuation(Array("lo".utf8)), .pong(), .ping("c"),
        ]
        #expect(
            ReaderRig.told(by: frames) == [
                .ping([0x61]), .ping([]), .pong, .ping([0x62]), .message("Hello"), .pong, .ping([0x63]),
            ]
        )
    }

    @Test("R14: control payload of 125 bytes passes, 126 does not", arguments: [UInt8(0x88), 0x89, 0x8A])
    func controlLimit(_ first: UInt8) {
        let code: [UInt8] = first == 0x88 ? [0x03, 0xE8] : []
        let fits = ClientFrame(first: first, code + Array(repeating: 0x61, count: 125 - code.count))
        let over = ClientFrame(first: first, code + Array(repeating: 0x61, count: 126 - code.count))
        #expect(ReaderRig.told(by: [fits]).first != .failure(1002))
        #expect(ReaderRig.told(by: [fits]).count == 1)
        #expect(ReaderRig.told(by: [over]) == [.failure(1002)])
    }

    // MARK: Close frames

    @Test("R14, R19: an empty close frame, one with a code, one with a reason")
    func closeFrames() {
        #expect(ReaderRig.told(by: [.close([])]) == [.close(nil, "")])
        #expect(ReaderRig.told(by: [.close(1000)]) == [.close(1000, "")])
        #expect(ReaderRig.told(by: [.close(4004, "Gr\u{FC}\u{DF}e")]) == [.close(4004, "Gr\u{FC}\u{DF}e")])
    }

    @Test("R14: nothing is read behind a close frame")
    func nothingAfterClose() {
        var rig = ReaderRig()
        rig.read([ClientFrame.close(1001), .text("late"), .ping()].flatMap(\.bytes))
        rig.read(ClientFrame.text("later").bytes)
        #expect(rig.told == [.close(1001, "")])
    }

    @Test("R13: a close frame amid a message is told, and the message's bytes are let go")
    func closeAmidMessage() {
        var rig = ReaderRig()
        rig.read([ClientFrame.text("half", final: false), .close(1000)].flatMap(\.bytes))
        #expect(rig.told == [.close(1000, "")])
        #expect(rig.reader.heldBytes == 0)
    }

    @Test("R14: each close code that may not be sent is a protocol error, each other passes")
    func closeCodes() {
        let valid = Set((1000...1003).map { $0 } + (1007...1014).map { $0 } + (3000...4999).map { $0 })
        for code in 0...0xFFFF where code < 5100 || code % 251 == 0 || code == 0xFFFF {
            let expected: Told = valid.contains(code) ? .close(UInt16(code), "") : .failure(1002)
            #expect(ReaderRig.told(by: [.close(UInt16(code))]) == [expected], "\(code)")
        }
    }

    // MARK: Limits

    @Test("R15: a message at the limit passes, one byte more is 1009", arguments: [0, 1, 125, 126, 65_536, 1 << 20])
    func messageLimit(_ limit: Int) {
        let limits = MessageReader.Limits(maxMessage: limit)
        let payload = [UInt8](repeating: 0x61, count: limit + 1)
        let fits = ClientFrame.textBytes(Array(payload.dropLast()))
        #expect(ReaderRig.told(by: [fits], limits: limits) == [.message(fits.payload)])
        #expect(ReaderRig.told(by: [.textBytes(payload)], limits: limits) == [.failure(1009)])
    }

    @Test("R15: the default limit is 4 MiB, and a message over it is refused at its header")
    func limitAtHeader() {
        let claimed = MessageReader.Limits().maxMessage
        #expect(claimed == 4_194_304)
        for (length, expected) in [(claimed, []), (claimed + 1, [Told.failure(1009)])] {
            let big = (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
            #expect(ReaderRig.told(by: [0x81, 0xFF] + big + [1, 2, 3, 4]) == expected)
        }
    }

    @Test("R16: the limit counts over all fragments, and speaks at the header that breaks it")
    func cumulativeLimit() {
        let limits = MessageReader.Limits(maxMessage: 10)
        let six = [UInt8](repeating: 0x61, count: 6)
        let four = ClientFrame.continuation([UInt8](repeating: 0x62, count: 4))
        let five = ClientFrame.continuation([UInt8](repeating: 0x62, count: 5))
        #expect(
            ReaderRig.told(by: [.textBytes(six, final: false), four], limits: limits) == [.message("aaaaaabbbb")]
        )
        #expect(ReaderRig.told(by: [.textBytes(six, final: false), five], limits: limits) == [.failure(1009)])
        let headerOnly = ClientFrame.textBytes(six, final: false).bytes + five.bytes.prefix(6)
        #expect(ReaderRig.told(by: headerOnly, limits: limits) == [.failure(1009)])
        // The next message starts from nothing again.
        let twice: [ClientFrame] = [.textBytes(six, final: false), four, .textBytes(six, final: false), four]
        #expect(ReaderRig.told(by: twice, limits: limits).count == 2)
    }

    @Test("R16: 65,536 fragments make a message, one more is refused; empty ones count", arguments: [[0x61], []])
    func fragmentLimit(_ payload: [UInt8]) {
        let middle = ClientFrame.continuation(payload, final: false).bytes
        for (count, passes) in [(65_536, true), (65_537, false)] {
            var bytes = ClientFrame.textBytes(payload, final: false).bytes
            for _ in 0..<(count - 2) { bytes += middle }
            bytes += ClientFrame.continuation(payload).bytes
            let whole = [UInt8](repeating: 0x61, count: payload.count * count)
            #expect(ReaderRig.told(by: bytes) == [passes ? .message(whole) : .failure(1009)])
        }
    }

    @Test("R16: control frames do not count as fragments")
    func controlFramesAreNoFragments() {
        let frames: [ClientFrame] = [.text("a", final: false), .ping(), .ping(), .ping(), .continuation([0x62])]
        #expect(ReaderRig.told(by: frames, limits: .init(maxFragments: 2)).last == .message("ab"))
    }

    @Test("R16: what a header claims takes no memory, what arrived takes its own size")
    func claimsTakeNoMemory() {
        var rig = ReaderRig()
        rig.read([0x81, 0xFF, 0, 0, 0, 0, 0, 0x40, 0, 0, 1, 2, 3, 4])
        #expect(rig.reader.heldBytes == 0)
        #expect(rig.reader.heldCapacity == 0)
        rig.read([UInt8](repeating: 0x61 ^ 1, count: 1))
        #expect(rig.reader.heldBytes == 1)
        #expect(rig.reader.heldCapacity < 1024)
    }

    @Test("R16: a finished message leaves nothing held")
    func nothingHeldAfterMessage() {
        var rig = ReaderRig()
        rig.read([ClientFrame.text("a", final: false), .continuation([0x62])].flatMap(\.bytes))
        #expect(rig.told == [.message("ab")])
        #expect(rig.reader.heldBytes == 0)
        #expect(rig.reader.heldCapacity == 0)
    }
}

struct Unexpected: Error {}
