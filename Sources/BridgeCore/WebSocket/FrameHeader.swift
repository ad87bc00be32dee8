// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The frame header of RFC 6455 §5.2: every frame from a client is masked, none from a server is (§5.1).
struct FrameHeader: Sendable {
    /// Who wrote the frame.
    enum Sender: Sendable {
        case client
        case server
    }

    enum Opcode: UInt8, Sendable {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        var isControl: Bool { rawValue & 0x8 != 0 }
    }

    enum Parsed {
        /// The bytes end before the header does; nothing was wrong so far.
        case incomplete
        /// A whole header, `size` bytes long.
        case header(FrameHeader, size: Int)
        case failure(ProtocolFailure)
    }

    /// Two bytes, eight bytes of extended length, four bytes of mask.
    static let maximumSize = 14

    var isFinal: Bool
    var opcode: Opcode
    /// The payload's length in bytes.
    var length: Int
    /// The masking key; byte `i` of it on the wire is bits `8 * i ..< 8 * i + 8`. 0 in a frame from a server.
    var mask: UInt32

    /// Parses a header at the start of `bytes` and judges what needs no knowledge of the frames before it.
    ///
    /// A fault is told as soon as the bytes that show it are there. The sender is a constant at each call, so that the
    /// other role costs nothing.
    @inline(__always)
    static func parse(_ bytes: UnsafeRawBufferPointer, from sender: Sender = .client) -> Parsed {
        guard bytes.count >= 2 else { return .incomplete }
        let first = bytes[0]
        let second = bytes[1]
        guard first & 0x70 == 0 else { return .failure(.reservedBits) }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { return .failure(.reservedOpcode) }
        switch sender {
        case .client: guard second & 0x80 != 0 else { return .failure(.unmasked) }
        case .server: guard second & 0x80 == 0 else { return .failure(.masked) }
        }
        let isFinal = first & 0x80 != 0
        let shortLength = Int(second & 0x7F)
        if opcode.isControl {
            guard isFinal else { return .failure(.fragmentedControl) }
            guard shortLength <= 125 else { return .failure(.longControl) }
        }

        let length: Int
        let maskOffset: Int
        switch shortLength {
        case 126:
            guard bytes.count >= 4 else { return .incomplete }
            length = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length > 125 else { return .failure(.overlongLength) }
            maskOffset = 4
        case 127:
            guard bytes.count >= 10 else { return .incomplete }
            let wide = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard wide > 0xFFFF else { return .failure(.overlongLength) }
            guard let narrow = Int(exactly: wide) else { return .failure(.negativeLength) }
            length = narrow
            maskOffset = 10
        default:
            length = shortLength
            maskOffset = 2
        }
        guard case .client = sender else {
            return .header(FrameHeader(isFinal: isFinal, opcode: opcode, length: length, mask: 0), size: maskOffset)
        }
        guard bytes.count >= maskOffset + 4 else { return .incomplete }
        let mask = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: maskOffset, as: UInt32.self))
        let header = FrameHeader(isFinal: isFinal, opcode: opcode, length: length, mask: mask)
        return .header(header, size: maskOffset + 4)
    }
}
