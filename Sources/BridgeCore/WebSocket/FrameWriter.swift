// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Writes the frames of a server: unmasked, never fragmented (RFC 6455 §5.1, §5.2).
package enum FrameWriter {
    /// The largest payload of a control frame in bytes (RFC 6455 §5.5).
    package static let maxControlPayload = 125

    /// The size of the header for a payload of so many bytes: 2, 4 or 10.
    package static func headerLength(payload: Int) -> Int {
        switch payload {
        case ...125: 2
        case ...0xFFFF: 4
        default: 10
        }
    }

    /// Appends the header of a text message; exactly `payload` bytes must follow it to the peer.
    package static func writeTextHeader(payload: Int, to buffer: inout ByteBuffer) {
        writeHeader(.text, payload: payload, to: &buffer)
    }

    /// Appends a whole text message. The bytes must be UTF-8, which is not checked.
    package static func writeText(_ payload: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
        let size = headerLength(payload: payload.count) + payload.count
        // At once: ByteBuffer sees to its room and its storage at each write.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { room in
            let count = writeHeader(.text, payload: payload.count, to: room)
            UnsafeMutableRawBufferPointer(rebasing: room[count..<size]).copyMemory(from: payload)
            return size
        }
    }

    /// Appends a whole text message. The bytes must be UTF-8, which is not checked.
    package static func writeText(_ payload: ByteBufferView, to buffer: inout ByteBuffer) {
        payload.withUnsafeBytes { writeText($0, to: &buffer) }
    }

    /// Appends a ping; of the payload at most 125 bytes.
    package static func writePing(_ payload: ByteBuffer = ByteBuffer(), to buffer: inout ByteBuffer) {
        writeControl(.ping, payload, to: &buffer)
    }

    /// Appends the pong to a ping, whose payload it carries back (RFC 6455 §5.5.3).
    package static func writePong(_ payload: ByteBuffer, to buffer: inout ByteBuffer) {
        writeControl(.pong, payload, to: &buffer)
    }

    /// Appends a close frame.
    ///
    /// - Parameters:
    ///   - code: A code that must not stand on the wire (1005, 1006, 1015 and other reserved ones) is treated as none.
    ///   - reason: Cut to 123 bytes at the boundary of a scalar value; left out where there is no code.
    ///   - buffer: Where the frame goes.
    package static func writeClose(_ code: CloseCode?, reason: String = "", to buffer: inout ByteBuffer) {
        guard let code, code.mayBeSent else { return writeHeader(.close, payload: 0, to: &buffer) }
        let length = truncatedLength(reason.utf8, limit: maxControlPayload - 2)
        writeHeader(.close, payload: 2 + length, to: &buffer)
        buffer.writeInteger(code.rawValue)
        buffer.writeBytes(reason.utf8.prefix(length))
    }

    /// The largest length up to `limit` that does not split a scalar value.
    private static func truncatedLength(_ bytes: String.UTF8View, limit: Int) -> Int {
        guard var cut = bytes.index(bytes.startIndex, offsetBy: limit + 1, limitedBy: bytes.endIndex) else {
            return bytes.count
        }
        var length = limit + 1
        repeat {
            cut = bytes.index(before: cut)
            length -= 1
        } while length > 0 && bytes[cut] & 0xC0 == 0x80
        return length
    }

    private static func writeControl(
        _ opcode: FrameHeader.Opcode,
        _ payload: ByteBuffer,
        to buffer: inout ByteBuffer
    ) {
        let view = payload.readableBytesView.prefix(maxControlPayload)
        writeHeader(opcode, payload: view.count, to: &buffer)
        buffer.writeBytes(view)
    }

    private static func writeHeader(_ opcode: FrameHeader.Opcode, payload: Int, to buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: headerLength(payload: payload)) {
            writeHeader(opcode, payload: payload, to: $0)
        }
    }

    /// Writes a header, for which there is room; returns its size.
    @inline(__always)
    private static func writeHeader(
        _ opcode: FrameHeader.Opcode,
        payload: Int,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int {
        let first = 0x80 | opcode.rawValue
        switch payload {
        case ...125:
            let header = UInt16(first) << 8 | UInt16(truncatingIfNeeded: payload)
            room.storeBytes(of: header.bigEndian, as: UInt16.self)
            return 2
        case ...0xFFFF:
            let header = UInt32(first) << 24 | 126 << 16 | UInt32(truncatingIfNeeded: payload)
            room.storeBytes(of: header.bigEndian, as: UInt32.self)
            return 4
        default:
            room.storeBytes(of: (UInt16(first) << 8 | 127).bigEndian, as: UInt16.self)
            room.storeBytes(of: UInt64(payload).bigEndian, toByteOffset: 2, as: UInt64.self)
            return 10
        }
    }
}
