// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Bytes on their way out of the bridge, in order, in front of a channel (R46).
///
/// Small messages are gathered in one buffer, so that all of one wake-up go out in one system call; large ones keep
/// the buffer in which they came. The queue stands before the channel's own, so that a pong can pass it at the next
/// boundary between messages (R13), and is taken out in pieces, so that progress shows while a large message drains.
/// Not copyable: asked for a count, a connection would copy the queue and count the references of its buffers, 36 of the
/// 123 references counted in a round trip with one message in flight.
package struct OutboundQueue: ~Copyable, Sendable {
    /// Messages of this size and more are queued in their own buffer instead of being copied.
    package static let ownBufferSize = 16 << 10
    /// The most that is handed to the channel at once: a peer that takes less than this within the write timeout passes
    /// for one that takes nothing.
    package static let pieceSize = 64 << 10
    /// Control frames held for a peer that does not read; beyond, only the newest are kept (RFC 6455 §5.5.3).
    package static let urgentSize = 4 << 10

    private struct Chunk: Sendable {
        var buffer: ByteBuffer
        /// Behind this chunk a message ends.
        var endsMessage: Bool
    }

    /// Where whole small messages are written to. Whoever writes here must not keep a reference to the buffer.
    package var tail = ByteBuffer()
    /// Few, since each is large: an array, which takes no memory while it is empty.
    private var chunks: [Chunk] = []
    private var chunkBytes = 0
    private var urgent = ByteBuffer()
    /// What was taken out last ended a message.
    private var isAtBoundary = true

    package init() {}

    /// Bytes waiting, control frames aside.
    package var bytes: Int { self.chunkBytes + self.tail.readableBytes }
    package var isEmpty: Bool {
        self.chunkBytes == 0 && self.tail.readableBytes == 0 && self.urgent.readableBytes == 0
    }

    /// All that waits are whole small messages, in ``tail``, which may be written out and emptied in place.
    package var isInTail: Bool {
        self.chunkBytes == 0 && self.isAtBoundary && self.urgent.readableBytes == 0
    }

    /// Queues a whole message in its own buffer behind all that is there, without copying it.
    ///
    /// - Parameter prefixed: the message's beginning, a frame header, say, stands at the end of ``tail`` already.
    package mutating func append(_ message: ByteBuffer, prefixed: Bool = false) {
        self.seal(endsMessage: !prefixed || message.readableBytes == 0)
        guard message.readableBytes > 0 else { return }
        self.chunkBytes += message.readableBytes
        self.chunks.append(Chunk(buffer: message, endsMessage: true))
    }

    /// Queues control frames, which pass every message that has not begun to go out.
    package mutating func appendUrgent(_ frames: ByteBuffer) {
        if self.urgent.readableBytes + frames.readableBytes > Self.urgentSize { self.urgent = ByteBuffer() }
        self.urgent.writeImmutableBuffer(frames)
    }

    /// The next piece to write; nil when the queue is empty.
    package mutating func next() -> ByteBuffer? {
        if self.isAtBoundary, self.urgent.readableBytes > 0 {
            defer { self.urgent = ByteBuffer() }
            return self.urgent
        }
        if self.chunks.isEmpty {
            guard self.tail.readableBytes > 0 else {
                // An idle connection keeps no buffer.
                self.tail = ByteBuffer()
                return nil
            }
            if self.tail.readableBytes <= Self.pieceSize {
                defer { self.tail = ByteBuffer() }
                return self.tail
            }
            self.seal(endsMessage: true)
        }
        if self.chunks[0].buffer.readableBytes <= Self.pieceSize {
            let chunk = self.chunks.removeFirst()
            if self.chunks.isEmpty { self.chunks = [] }
            self.chunkBytes -= chunk.buffer.readableBytes
            self.isAtBoundary = chunk.endsMessage
            return chunk.buffer
        }
        self.chunkBytes -= Self.pieceSize
        self.isAtBoundary = false
        return self.chunks[0].buffer.readSlice(length: Self.pieceSize)
    }

    /// Keeps what has gathered in ``tail`` apart from what comes, once it is a piece long, so that control frames find
    /// an end of a message behind it (R13). To be called between messages while nothing can be taken out.
    package mutating func settle() {
        if self.tail.readableBytes >= Self.pieceSize { self.seal(endsMessage: true) }
    }

    /// Forgets all that waits.
    package mutating func removeAll() {
        self = OutboundQueue()
    }

    private mutating func seal(endsMessage: Bool) {
        guard self.tail.readableBytes > 0 else { return }
        self.chunkBytes += self.tail.readableBytes
        self.chunks.append(Chunk(buffer: self.tail, endsMessage: endsMessage))
        self.tail = ByteBuffer()
    }
}
