// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Bytes on their way out of the bridge, in order, in front of a channel (R46).
///
/// Small messages are gathered in one buffer, so that all of one wake-up go out in one system call; large ones keep
/// the buffer in which they came. The queue stands before the channel's own, so that a pong can pass it (R13), and is
/// taken out in pieces, so that progress can be seen while a large message drains.
package struct OutboundQueue: Sendable {
    /// Messages of this size and more are queued in their own buffer instead of being copied.
    package static let ownBufferSize = 16 << 10
    /// The most that is handed to the channel at once.
    package static let pieceSize = 256 << 10

    /// Where small messages are written to. Whoever writes here must not let go of the buffer.
    package var tail = ByteBuffer()
    private var chunks: CircularBuffer<ByteBuffer> = CircularBuffer(initialCapacity: 2)
    private var chunkBytes = 0

    package init() {}

    /// Bytes waiting.
    package var bytes: Int { self.chunkBytes + self.tail.readableBytes }
    package var isEmpty: Bool { self.chunks.isEmpty && self.tail.readableBytes == 0 }

    /// Queues a buffer behind all that is there, without copying it.
    package mutating func append(_ buffer: ByteBuffer) {
        self.seal()
        guard buffer.readableBytes > 0 else { return }
        self.chunkBytes += buffer.readableBytes
        self.chunks.append(buffer)
    }

    /// The next piece to write; nil when the queue is empty.
    package mutating func next() -> ByteBuffer? {
        if self.chunks.isEmpty {
            guard self.tail.readableBytes > 0 else {
                self.tail = ByteBuffer()
                return nil
            }
            guard self.tail.readableBytes > Self.pieceSize else {
                // An idle connection keeps no buffer.
                defer { self.tail = ByteBuffer() }
                return self.tail
            }
            self.seal()
        }
        if self.chunks[self.chunks.startIndex].readableBytes <= Self.pieceSize {
            let piece = self.chunks.removeFirst()
            self.chunkBytes -= piece.readableBytes
            return piece
        }
        self.chunkBytes -= Self.pieceSize
        return self.chunks[self.chunks.startIndex].readSlice(length: Self.pieceSize)
    }

    /// Forgets all that waits.
    package mutating func removeAll() {
        self = OutboundQueue()
    }

    private mutating func seal() {
        guard self.tail.readableBytes > 0 else { return }
        self.chunkBytes += self.tail.readableBytes
        self.chunks.append(self.tail)
        self.tail = ByteBuffer()
    }
}
