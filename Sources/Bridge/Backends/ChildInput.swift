// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore
internal import NIOPosix

/// A child's stdin (R36, R46): written to directly, and through a channel from the first time on that the pipe is full.
///
/// Most children never see a full pipe, so that most connections make do without that channel and its memory. A channel
/// apart from stdout's: NIO closes a channel that it cannot write to, and a server that takes no input any more may
/// still have something to say. Lives on its client's event loop.
final class ChildInput {
    /// What becomes of the input. All calls come on the event loop.
    protocol Delegate: AnyObject {
        /// ``ChildInput/isWritable`` is true again.
        func inputBecameWritable()
        /// The child reads no more, and something that was written is lost.
        func inputRefused()
    }

    private enum State {
        /// The descriptor belongs to nobody else.
        case bare
        /// The channel is being made; what was handed over meanwhile, and whether the end was.
        case opening(backlog: ByteBuffer, isEnding: Bool)
        case channel(any Channel)
        case closed
    }

    private let descriptor: CInt
    private let eventLoop: any EventLoop
    /// Kept until the input is closed.
    private var delegate: (any Delegate)?
    private var output: DirectOutput
    private var state = State.bare
    private var isChannelWritable = true
    /// Something that the channel was to write is lost.
    private var hasLost = false

    /// - Parameter descriptor: the pipe's end for writing, non-blocking; owned from here on.
    init(descriptor: CInt, eventLoop: any EventLoop, delegate: any Delegate) {
        self.descriptor = descriptor
        self.eventLoop = eventLoop
        self.delegate = delegate
        self.output = DirectOutput(descriptor: descriptor)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        if case .bare = self.state { Glibc.close(self.descriptor) }
    }

    var isWritable: Bool {
        switch self.state {
        case .bare, .closed: true
        case .opening: false
        case .channel: self.isChannelWritable
        }
    }

    /// Writes all of `bytes` now; false if the rest has to be handed over.
    func writeNow(_ bytes: inout ByteBuffer) -> Bool {
        switch self.state {
        case .bare: break
        case .channel: guard self.output.isClear else { return false }
        case .opening, .closed: return false
        }
        return self.output.write(&bytes) == .all
    }

    /// Takes over `bytes`, to be written when the pipe has room.
    func write(_ bytes: ByteBuffer) {
        var bytes = bytes
        switch self.state {
        case .closed: return
        case .opening(var backlog, let isEnding):
            backlog.writeBuffer(&bytes)
            self.state = .opening(backlog: backlog, isEnding: isEnding)
        case .channel(let channel):
            if self.output.isClear, self.output.write(&bytes) == .all { return }
            self.handOver(bytes, to: channel)
        case .bare:
            switch self.output.write(&bytes) {
            case .all: return
            case .broken: self.closeBroken()
            case .full: self.open(backlog: bytes)
            }
        }
    }

    /// Whether the child can still read.
    var isOpen: Bool {
        switch self.state {
        case .bare, .opening: true
        case .channel(let channel): channel.isActive
        case .closed: false
        }
    }

    /// Closes the input behind all that was written, and `farewell`.
    func end(_ farewell: ByteBuffer) {
        if farewell.readableBytes > 0 { self.write(farewell) }
        switch self.state {
        case .bare: self.close()
        case .opening(let backlog, _): self.state = .opening(backlog: backlog, isEnding: true)
        case .channel(let channel): channel.close(mode: .output, promise: nil)
        case .closed: break
        }
    }

    /// Closes the input at once.
    func close() {
        switch self.state {
        case .bare:
            self.state = .closed
            self.delegate = nil
            Glibc.close(self.descriptor)
        case .channel(let channel): channel.close(promise: nil)
        case .opening: self.state = .opening(backlog: ByteBuffer(), isEnding: true)
        case .closed: break
        }
    }

    private func closeBroken() {
        let delegate = self.delegate
        self.close()
        delegate?.inputRefused()
    }

    // MARK: The channel

    private func open(backlog: ByteBuffer) {
        self.state = .opening(backlog: backlog, isEnding: false)
        let this = NIOLoopBound(self, eventLoop: self.eventLoop)
        let channel = NIOPipeBootstrap(group: self.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.optionsNow.setOption(.writeBufferWaterMark, value: ChannelBuffers.unwritten)
                    try channel.pipeline.syncOperations.addHandler(ChildInputHandler(this.value))
                }
            }
            .takingOwnershipOfDescriptor(output: self.descriptor)
        channel.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel): self.opened(channel)
            case .failure:
                self.state = .bare
                self.closeBroken()
            }
        }
    }

    private func opened(_ channel: any Channel) {
        guard case .opening(let backlog, let isEnding) = self.state else { return }
        self.state = .channel(channel)
        self.handOver(backlog, to: channel)
        if isEnding {
            channel.close(mode: .output, promise: nil)
        } else if self.isChannelWritable {
            self.delegate?.inputBecameWritable()
        }
    }

    private func handOver(_ bytes: ByteBuffer, to channel: any Channel) {
        self.output.handOver()
        channel.writeAndFlush(bytes).assumeIsolated().whenComplete { result in
            if case .failure = result { self.hasLost = true }
            self.output.completed()
        }
    }

    fileprivate func writabilityChanged(_ isWritable: Bool) {
        self.isChannelWritable = isWritable
        if isWritable { self.delegate?.inputBecameWritable() }
    }

    /// The channel has failed what it had not written by now.
    fileprivate func channelClosed() {
        self.state = .closed
        let delegate = self.delegate
        self.delegate = nil
        guard self.hasLost else { return }
        delegate?.inputRefused()
        delegate?.inputBecameWritable()
    }
}

/// The end of ``ChildInput``'s channel.
private final class ChildInputHandler: ChannelInboundHandler {
    typealias InboundIn = Never

    private let input: ChildInput

    init(_ input: ChildInput) {
        self.input = input
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.input.writabilityChanged(context.channel.isWritable)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // All that was queued is written and the descriptor is closed; the channel is not.
        if case ChannelEvent.outputClosed = event { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.input.channelClosed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A server that closed its stdin (EPIPE): the channel goes inactive next.
    }
}

@available(*, unavailable)
extension ChildInput: Sendable {}
