// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The buffers of one event loop, lent to whichever of its connections is at work, one at a time.
///
/// A connection needs room only while one of its wake-ups is handled, unless its peer is slow. Buffers of its own would
/// be allocated for each wake-up, or stay with ten thousand idle connections; these stay in the cache. Confined to the
/// loop.
final class LoopBuffers {
    /// Larger ones are not kept.
    static let size = 64 << 10

    /// What is read into next, from a client or a child. None, not an empty one, where it is in use: all empty buffers
    /// share one storage, and with it a count of references that all event loops would write to.
    fileprivate var input: ByteBuffer?
    /// What is being handed to a server; empty at all other times.
    var leaving = ByteBuffer()
    private var toServer = ByteBuffer()
    private var toClient = ByteBuffer()

    /// Lends the room in which messages gather, until ``takeBack(toServer:toClient:)``; what has room of its own keeps it.
    @inline(__always)
    func lend(toServer: inout ByteBuffer, toClient: inout ByteBuffer) {
        if toServer.capacity == 0 { swap(&toServer, &self.toServer) }
        if toClient.capacity == 0 { swap(&toClient, &self.toClient) }
    }

    /// Moves what is to leave out of its place to ``leaving``, and back: a server that answers at once has the connection
    /// use its buffers meanwhile.
    @inline(__always)
    func exchangeLeaving(_ lines: inout ByteBuffer) {
        swap(&lines, &self.leaving)
    }

    /// Takes back what is empty. Swapped, since a new empty buffer is one that all event loops share.
    @inline(__always)
    func takeBack(toServer: inout ByteBuffer, toClient: inout ByteBuffer) {
        if toServer.readableBytes == 0 { Self.takeBack(&toServer, &self.toServer) }
        if toClient.readableBytes == 0 { Self.takeBack(&toClient, &self.toClient) }
    }

    @inline(__always)
    private static func takeBack(_ lent: inout ByteBuffer, _ own: inout ByteBuffer) {
        guard lent.capacity > 0 else { return }
        guard own.capacity == 0, lent.capacity <= Self.size else {
            lent = ByteBuffer()
            return
        }
        lent.moveReaderIndex(to: 0)
        lent.moveWriterIndex(to: 0)
        swap(&lent, &own)
    }

    /// Takes back what was read, once all of it has been handled. Whoever kept a part of it has its reference, and the
    /// next read its own copy then.
    @inline(__always)
    func takeBack(input: consuming ByteBuffer) {
        // The first buffer of a channel stays the channel's.
        guard input.capacity >= Self.size else { return }
        input.moveReaderIndex(to: 0)
        input.moveWriterIndex(to: 0)
        self.input = input
    }
}

@available(*, unavailable)
extension LoopBuffers: Sendable {}

/// Has a channel read into the buffer of its event loop.
///
/// NIO pools buffers per channel for allocators that tell the size of the next one, and keeps the first of an allocator
/// that does not: a small one here, unless the channel has had one from ``HandshakeReadAllocator``.
// SAFETY: a channel asks its allocator for buffers on its own event loop alone, where the buffers are confined.
struct LoopReadAllocator: RecvByteBufferAllocator, @unchecked Sendable {
    /// What NIO keeps for the life of the channel, in bytes.
    static let first = 64

    private let buffers: LoopBuffers
    private var isFirst: Bool

    /// - Parameter isFirst: the channel has read nothing so far, so that NIO keeps what it reads into next.
    init(_ buffers: LoopBuffers, isFirst: Bool = true) {
        self.buffers = buffers
        self.isFirst = isFirst
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        if self.isFirst { return allocator.buffer(capacity: Self.first) }
        return self.buffers.input.take() ?? allocator.buffer(capacity: LoopBuffers.size)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        self.isFirst = false
        // Without this NIO would read into the first buffer for ever.
        return true
    }
}

/// Has a channel read the opening handshake, a line or so first: a buffer for all of it would stay with each connection for
/// ever, a twentieth of what an idle one costs.
struct HandshakeReadAllocator: RecvByteBufferAllocator {
    /// More than most handshakes are long, in bytes.
    private static let usual = 2_048

    private var isFirst = true

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: self.isFirst ? LoopReadAllocator.first : Self.usual)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        self.isFirst = false
        // As for ``LoopReadAllocator``.
        return true
    }
}
