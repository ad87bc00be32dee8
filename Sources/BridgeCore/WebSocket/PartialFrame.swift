// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A frame whose header has been read and whose payload arrives bit by bit.
struct PartialFrame: Sendable {
    let header: FrameHeader
    private var received = 0

    init(header: FrameHeader) {
        self.header = header
    }

    var isComplete: Bool { received == header.length }

    /// Appends what `input` holds of the payload to `buffer`, unmasked; true if all of that was ASCII.
    mutating func movePayload(from input: inout ByteBuffer, to buffer: inout ByteBuffer) -> Bool {
        let count = min(header.length - received, input.readableBytes)
        guard count > 0 else { return true }
        let mask = header.mask
        let offset = received
        var isASCII = true
        input.readWithUnsafeReadableBytes { source in
            let payload = UnsafeRawBufferPointer(start: source.baseAddress, count: count)
            return buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
                guard let destination = room.baseAddress else { return 0 }
                isASCII = Unmasking.copy(payload, to: destination, mask: mask, offset: offset)
                return count
            }
        }
        received += count
        return isASCII
    }
}
