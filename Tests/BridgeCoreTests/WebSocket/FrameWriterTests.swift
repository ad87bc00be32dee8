// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("Frames that the bridge sends")
struct FrameWriterTests {
    private static func written(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        write(&buffer)
        return Array(buffer.readableBytesView)
    }

    @Test("R12: the unmasked Hello of RFC 6455 §5.7")
    func hello() {
        let payload = Array("Hello".utf8)
        let expected: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(
            Self.written { buffer in payload.withUnsafeBytes { FrameWriter.writeText($0, to: &buffer) } } == expected
        )
        let source = ByteBuffer(bytes: payload)
        #expect(Self.written { FrameWriter.writeText(source.readableBytesView, to: &$0) } == expected)
    }

    @Test(
        "R12: the shortest length that fits, and the header's size is known beforehand",
        arguments: [
            (0, [0x81, 0]), (1, [0x81, 1]), (125, [0x81, 125]), (126, [0x81, 126, 0, 126]), (256, [0x81, 126, 1, 0]),
            (65_535, [0x81, 126, 255, 255]), (65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (1 << 32, [0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]),
        ] as [(Int, [UInt8])]
    )
    func headers(_ payload: Int, _ expected: [UInt8]) {
        #expect(Self.written { FrameWriter.writeTextHeader(payload: payload, to: &$0) } == expected)
        #expect(FrameWriter.headerLength(payload: payload) == expected.count)
    }

    @Test("R12: a message is appended whole behind what is there", arguments: [0, 125, 126, 65_535, 65_536, 100_000])
    func wholeMessages(_ count: Int) {
        let payload = (0..<count).map { UInt8(0x20 + $0 % 90) }
        var buffer = ByteBuffer(string: "x")
        payload.withUnsafeBytes { FrameWriter.writeText($0, to: &buffer) }
        let header = FrameWriter.headerLength(payload: count)
        #expect(buffer.readableBytes == 1 + header + count)
        #expect(buffer.getBytes(at: 1 + header, length: count) == payload)
    }

    @Test("R13: the pong carries the ping's payload")
    func pingAndPong() {
        let payload = ByteBuffer(string: "Hello")
        #expect(Self.written { FrameWriter.writePong(payload, to: &$0) } == [0x8A, 5, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(Self.written { FrameWriter.writePing(payload, to: &$0) } == [0x89, 5, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(Self.written { FrameWriter.writePing(to: &$0) } == [0x89, 0])
        let long = ByteBuffer(repeating: 1, count: 200)
        #expect(
            Self.written { FrameWriter.writePong(long, to: &$0) } == [0x8A, 125] + [UInt8](repeating: 1, count: 125)
        )
    }

    @Test("R19: code and reason of a close frame")
    func close() {
        #expect(Self.written { FrameWriter.writeClose(.normal, to: &$0) } == [0x88, 2, 0x03, 0xE8])
        #expect(
            Self.written { FrameWriter.writeClose(.goingAway, reason: "bye", to: &$0) } == [
                0x88, 5, 3, 0xE9, 98, 121, 101,
            ]
        )
        #expect(Self.written { FrameWriter.writeClose(nil, reason: "no code", to: &$0) } == [0x88, 0])
    }

    @Test(
        "R19: codes that must not be on the wire never are",
        arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]
    )
    func reservedCodes(_ code: UInt16) {
        let frame = Self.written { FrameWriter.writeClose(CloseCode(rawValue: code), reason: "reason", to: &$0) }
        #expect(frame == [0x88, 0])
    }

    @Test(
        "R19: a reason is cut to 123 bytes between scalar values",
        arguments: [("a", 1), ("\u{E9}", 2), ("\u{6F22}", 3), ("\u{1F600}", 4)]
    )
    func longReasons(_ unit: String, _ size: Int) {
        for lead in 0..<size {
            for count in 0..<200 {
                let reason = String(repeating: "x", count: lead) + String(repeating: unit, count: count)
                let frame = Self.written { FrameWriter.writeClose(.normal, reason: reason, to: &$0) }
                let kept = lead + min(count, (123 - lead) / size) * size
                let expected: [UInt8] = [0x88, UInt8(2 + kept), 0x03, 0xE8] + Array(reason.utf8.prefix(kept))
                if frame != expected { Issue.record("\(lead) + \(count) × \(size) bytes: \(frame.count)") }
            }
        }
    }

    @Test("R19: what a reader takes for a valid close code is what may be sent")
    func closeCodesAgree() {
        for code in UInt16.min...UInt16.max {
            let frame = Self.written { FrameWriter.writeClose(CloseCode(rawValue: code), to: &$0) }
            if (frame.count == 4) != CloseCode(rawValue: code).mayBeSent { Issue.record("\(code)") }
        }
        let named: [CloseCode] = [
            .normal, .goingAway, .protocolError, .unsupportedData, .invalidPayload, .policyViolation, .messageTooBig,
            .internalError, .serviceRestart, .tryAgainLater,
        ]
        #expect(named.map(\.rawValue) == [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013])
        #expect(named.map(\.mayBeSent) == named.map { _ in true })
        #expect(!CloseCode.noStatus.mayBeSent)
        #expect(!CloseCode.abnormal.mayBeSent)
    }
}
