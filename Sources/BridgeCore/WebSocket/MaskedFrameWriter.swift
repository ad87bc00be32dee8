// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Writes the frames of a client: masked, never fragmented (RFC 6455 §5.1, §5.3).
///
/// It writes to raw memory, for a caller that gathers many frames in a place of its own.
package enum MaskedFrameWriter {
    /// The size of a whole frame in bytes, header and mask included.
    @inline(__always)
    package static func size(payload: Int) -> Int { FrameWriter.headerLength(payload: payload) + 4 + payload }

    /// Writes a whole text message. The bytes must be UTF-8, which is not checked.
    ///
    /// - Parameters:
    ///   - payload: Must not overlap the destination.
    ///   - mask: The masking key, a new one for each frame (RFC 6455 §5.3); byte `i` of it on the wire is bits
    ///     `8 * i ..< 8 * i + 8`.
    ///   - destination: Room for ``size(payload:)`` bytes.
    @inline(__always)
    package static func writeText(
        _ payload: UnsafeRawBufferPointer,
        mask: UInt32,
        to destination: UnsafeMutableRawPointer
    ) {
        self.write(.text, payload, mask: mask, to: destination)
    }

    /// Writes the pong to a ping, whose payload of at most 125 bytes it carries back (RFC 6455 §5.5.3).
    package static func writePong(
        _ payload: UnsafeRawBufferPointer,
        mask: UInt32,
        to destination: UnsafeMutableRawPointer
    ) {
        self.write(.pong, payload, mask: mask, to: destination)
    }

    /// Writes a close frame without a reason: ``size(payload:)`` of 2 bytes. The code must be one that may be sent.
    package static func writeClose(_ code: CloseCode, mask: UInt32, to destination: UnsafeMutableRawPointer) {
        withUnsafeBytes(of: code.rawValue.bigEndian) { self.write(.close, $0, mask: mask, to: destination) }
    }

    @inline(__always)
    private static func write(
        _ opcode: FrameHeader.Opcode,
        _ payload: UnsafeRawBufferPointer,
        mask: UInt32,
        to destination: UnsafeMutableRawPointer
    ) {
        let count = payload.count
        let header = FrameWriter.headerLength(payload: count)
        let first = UInt16(0x80 | opcode.rawValue) << 8 | 0x80
        switch header {
        case 2:
            destination.storeBytes(of: (first | UInt16(truncatingIfNeeded: count)).bigEndian, as: UInt16.self)
        case 4:
            destination.storeBytes(of: (first | 126).bigEndian, as: UInt16.self)
            let length = UInt16(truncatingIfNeeded: count).bigEndian
            destination.storeBytes(of: length, toByteOffset: 2, as: UInt16.self)
        default:
            destination.storeBytes(of: (first | 127).bigEndian, as: UInt16.self)
            destination.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
        }
        destination.storeBytes(of: mask.littleEndian, toByteOffset: header, as: UInt32.self)
        // Masking is its own inverse.
        _ = Unmasking.copy(payload, to: destination + header + 4, mask: mask, offset: 0)
    }
}
