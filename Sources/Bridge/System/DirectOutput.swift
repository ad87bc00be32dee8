// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore
internal import NIOSSL

/// Writes to a channel's descriptor past the channel, as long as the channel itself has nothing to write.
///
/// The kernel takes nearly all that is written at once, and then a channel's queue of pending writes, its promises and
/// its pipeline cost more than a small message itself. With ``LoopBuffers`` and a cheaper look into messages this took a
/// round trip of 200 bytes from 36,000 instructions and four allocations to 19,000 and none. What the kernel does not
/// take goes through the channel, which waits for room. Never for a channel with a handler that changes the bytes on
/// their way out, as TLS does: ``init(past:)`` sees to that.
struct DirectOutput {
    /// What became of a write.
    enum Outcome {
        /// All is written.
        case all
        /// The rest has to wait, and to be handed to the channel.
        case full
        /// Nobody reads any more, or the descriptor is of no use.
        case broken
    }

    private let descriptor: CInt
    /// Writes that the channel has not completed.
    private var handedOver = 0

    /// For a client's channel; nil with TLS, whose plaintext the descriptor would show to everybody, and without a socket.
    ///
    /// The only way from a channel to its descriptor. A handler in front of the WebSocket that changes what is written has
    /// to be asked for here.
    init?(past pipeline: ChannelPipeline.SynchronousOperations) {
        guard (try? pipeline.context(handlerType: NIOSSLHandler.self)) == nil else { return nil }
        let descriptor = try? pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        guard let descriptor else { return nil }
        self.init(descriptor: descriptor)
    }

    /// - Parameter descriptor: non-blocking; stays the channel's, or the caller's.
    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// The channel has nothing to write: the descriptor may be written to.
    var isClear: Bool { self.handedOver == 0 }

    /// Takes out of `buffer` what the kernel has room for. To be called while ``isClear`` is true.
    @inline(__always)
    func write(_ buffer: inout ByteBuffer) -> Outcome {
        while true {
            let count = buffer.withUnsafeReadableBytes { Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
            if count == buffer.readableBytes {
                buffer.moveReaderIndex(forwardBy: count)
                return .all
            }
            if count >= 0 {
                buffer.moveReaderIndex(forwardBy: count)
                return .full
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .full
            default: return .broken
            }
        }
    }

    /// Something goes through the channel.
    mutating func handOver() {
        self.handedOver += 1
    }

    /// The channel is done with one write.
    mutating func completed() {
        self.handedOver -= 1
    }
}
