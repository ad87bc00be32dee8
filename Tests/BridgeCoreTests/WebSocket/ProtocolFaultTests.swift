// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

/// A run of frames that must fail the connection, and how.
struct Fault: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var failure: ProtocolFailure
    /// What is told before the failure.
    var before: [Told] = []

    init(_ name: String, _ bytes: [UInt8], _ failure: ProtocolFailure, after before: [Told] = []) {
        self.name = name
        self.bytes = bytes
        self.failure = failure
        self.before = before
    }

    init(_ name: String, _ frames: [ClientFrame], _ failure: ProtocolFailure, after before: [Told] = []) {
        self.init(name, frames.flatMap(\.bytes), failure, after: before)
    }

    var testDescription: String { name }

    static let all: [Fault] = headers + lengths + sequences

    private static let headers: [Fault] = {
        var faults: [Fault] = []
        for bits: UInt8 in 1...7 {
            for first: UInt8 in [0x80, 0x81, 0x88, 0x89, 0x01] {
                let frame = ClientFrame(first: first | bits << 4, [])
                faults.append(Fault("reserved bits \(bits) on \(first)", [frame], .reservedBits))
            }
        }
        for opcode: UInt8 in [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            for final: UInt8 in [0x80, 0] {
                let frame = ClientFrame(first: final | opcode, [])
                faults.append(Fault("opcode \(opcode), final \(final)", [frame], .reservedOpcode))
            }
        }
        for first: UInt8 in [0x80, 0x81, 0x88, 0x89, 0x8A, 0x01] {
            faults.append(Fault("unmasked \(first)", [first, 0x00], .unmasked))
        }
        for opcode: UInt8 in [0x8, 0x9, 0xA] {
            let fragment = ClientFrame(first: opcode, [])
            faults.append(Fault("fragmented control \(opcode)", [fragment], .fragmentedControl))
            for count in [126, 70_000] {
                let frame = ClientFrame(first: 0x80 | opcode, [UInt8](repeating: 0x61, count: count))
                faults.append(Fault("control \(opcode) of \(count)", [frame], .longControl))
            }
        }
        return faults
    }()

    private static let lengths: [Fault] = {
        var faults: [Fault] = []
        for length: UInt8 in [0, 1, 125] {
            faults.append(Fault("16 bits for \(length)", [0x81, 0xFE, 0, length, 1, 2, 3, 4], .overlongLength))
        }
        for low: [UInt8] in [[0, 0], [0, 126], [0xFF, 0xFF]] {
            let bytes: [UInt8] = [0x81, 0xFF, 0, 0, 0, 0, 0, 0] + low + [1, 2, 3, 4]
            faults.append(Fault("64 bits for \(low)", bytes, .overlongLength))
        }
        let ones = [UInt8](repeating: 0xFF, count: 12)
        let largest: [UInt8] = [0xFF, 0x7F] + ones.dropFirst()
        let tooBig = ProtocolFailure.messageTooBig(limit: 4_194_304)
        let fragment = ClientFrame.text("a", final: false).bytes
        faults.append(Fault("top bit", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4], .negativeLength))
        faults.append(Fault("all ones", [0x81, 0xFF] + ones, .negativeLength))
        faults.append(Fault("largest length", [0x81] + largest, tooBig))
        faults.append(Fault("largest length in a continuation", fragment + [0x80] + largest, tooBig))
        return faults
    }()

    private static let sequences: [Fault] = [
        Fault("continuation first", [.continuation([])], .strayContinuation),
        Fault(
            "continuation after the end",
            [.text("a", final: false), .continuation([0x62]), .continuation([0x63])],
            .strayContinuation,
            after: [.message("ab")]
        ),
        Fault(
            "continuation after a whole message",
            [.text("a"), .continuation([0x63])],
            .strayContinuation,
            after: [.message("a")]
        ),
        Fault("text inside a message", [.text("a", final: false), .text("b")], .interruptedMessage),
        Fault("text inside an empty message", [.text("", final: false), .text("")], .interruptedMessage),
        Fault("binary inside a message", [.text("a", final: false), .binary([])], .interruptedMessage),
        Fault("binary", [.binary([0x61])], .binary),
        Fault("binary, empty", [.binary([])], .binary),
        Fault("binary, fragmented", [.binary([0x61], final: false)], .binary),
        Fault("close with one byte", [.close([0x03])], .truncatedClose),
        Fault("close reason not UTF-8", [.close([0x03, 0xE8, 0xFF])], .invalidCloseReason),
        Fault("close reason cut off", [.close([0x03, 0xE8, 0x61, 0xC3])], .invalidCloseReason),
        Fault("close code 1005", [.close(1005)], .invalidCloseCode),
        Fault(
            "bad text behind a good one",
            [.text("ok"), .textBytes([0xFF])],
            .invalidText,
            after: [.message("ok")]
        ),
    ]
}

@Suite("What breaks RFC 6455 fails the connection")
struct ProtocolFaultTests {
    @Test("R14: each fault with its code, and nothing is told after it", arguments: Fault.all)
    func faults(_ fault: Fault) {
        var rig = ReaderRig()
        rig.read(fault.bytes)
        rig.read([ClientFrame.text("late"), .ping(), .close(1000)].flatMap(\.bytes))
        #expect(rig.told == fault.before + [.failure(fault.failure.code.rawValue)])
        #expect(rig.failure == fault.failure)
        #expect(rig.reader.heldBytes == 0)
        #expect(rig.reader.heldCapacity == 0)
        #expect(fault.failure.reason.utf8.count <= 123)
    }

    @Test("R14: each fault byte by byte and at each split", arguments: Fault.all)
    func faultsSplit(_ fault: Fault) {
        let expected = fault.before + [.failure(fault.failure.code.rawValue)]
        var rig = ReaderRig()
        for byte in fault.bytes { rig.read([byte]) }
        #expect(rig.told == expected)
        for cut in 0...min(fault.bytes.count, 64) {
            var rig = ReaderRig()
            rig.read(fault.bytes[..<cut])
            rig.read(fault.bytes[cut...])
            #expect(rig.told == expected, "cut at \(cut)")
        }
    }

    @Test("R14: a fault in the first two bytes is told without waiting for more")
    func earlyFault() {
        #expect(ReaderRig.told(by: [0x81, 0x01]) == [.failure(1002)])
        #expect(ReaderRig.told(by: [0xF1, 0x81]) == [.failure(1002)])
        #expect(ReaderRig.told(by: [0x83, 0x80]) == [.failure(1002)])
    }

    @Test("R14: accept_binary takes UTF-8 binary as text, and other binary is 1007")
    func acceptBinary() {
        let limits = MessageReader.Limits(acceptBinary: true)
        let good: [ClientFrame] = [
            .binary(Array("h\u{E9}".utf8)), .binary([0xC3], final: false), .continuation([0xA9]),
        ]
        #expect(ReaderRig.told(by: good, limits: limits) == [.message("h\u{E9}"), .message("\u{E9}")])
        #expect(ReaderRig.told(by: [.binary([0xFF])], limits: limits) == [.failure(1007)])
        #expect(ReaderRig.told(by: [.binary([0xFF], final: false)], limits: limits) == [.failure(1007)])
    }

    @Test("R14: what a refused message had put into the outbox is taken back")
    func rollback() throws {
        var reader = MessageReader(limits: .init())
        var outbox = ByteBuffer(string: "kept")
        var input = ByteBuffer(bytes: ClientFrame.textBytes([UInt8](repeating: 0x61, count: 1000) + [0xFF]).bytes)
        guard case .failure(let failure) = reader.next(from: &input, into: &outbox) else { throw Unexpected() }
        #expect(failure.code == .invalidPayload)
        #expect(String(buffer: outbox) == "kept")
        #expect(input.readableBytes == 0)
    }
}
