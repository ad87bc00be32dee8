// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Frames that a client sends")
struct MaskedFrameWriterTests {
    private static let mask: UInt32 = 0x3D21_FA37

    private static func written(payload: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
        let size = MaskedFrameWriter.size(payload: payload)
        var bytes = [UInt8](repeating: 0xEE, count: size + 1)
        bytes.withUnsafeMutableBytes { write($0.baseAddress!) }
        #expect(bytes.last == 0xEE)
        return bytes.dropLast()
    }

    @Test("The masked Hello of RFC 6455 §5.7")
    func hello() {
        let payload = Array("Hello".utf8)
        let bytes = Self.written(payload: 5) { place in
            payload.withUnsafeBytes { MaskedFrameWriter.writeText($0, mask: Self.mask, to: place) }
        }
        #expect(bytes == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test("Each length is what a naive encoder makes of it, and the bridge reads it back", arguments: [0, 60_000])
    func lengths(_ from: Int) {
        let counts = from == 0 ? Array(0...300) : [65_534, 65_535, 65_536, 65_600, 1 << 20]
        for count in counts {
            let payload = (0..<count).map { UInt8(0x20 + $0 % 90) }
            let bytes = Self.written(payload: count) { place in
                payload.withUnsafeBytes { MaskedFrameWriter.writeText($0, mask: Self.mask, to: place) }
            }
            if bytes != ClientFrame.textBytes(payload).bytes { Issue.record("\(count) bytes") }
            if ReaderRig.told(by: bytes) != [.message(payload)] { Issue.record("\(count) bytes read back") }
        }
    }

    @Test("A pong carries the payload back, a close frame its code")
    func controlFrames() {
        let payload = [UInt8](repeating: 0x70, count: 125)
        let pong = Self.written(payload: 125) { place in
            payload.withUnsafeBytes { MaskedFrameWriter.writePong($0, mask: Self.mask, to: place) }
        }
        #expect(pong == ClientFrame(first: 0x8A, payload).bytes)
        let close = Self.written(payload: 2) { MaskedFrameWriter.writeClose(.normal, mask: Self.mask, to: $0) }
        #expect(close == ClientFrame.close(1000).bytes)
    }
}
