// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// The client's side of a connection: frames to messages and back (RFC 6455), behind the opening handshake.
///
/// The last handler of the client's channel. Lives on its event loop; decides nothing that MessageReader,
/// CloseHandshake or the Connection can decide.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a close handshake may take (R19).
    private static let closeTimeout = TimeAmount.seconds(5)
    /// The same for a client that has not read for long already.
    private static let stalledCloseTimeout = TimeAmount.seconds(1)

    /// Let go of when the channel is closed: what the channel still says then is nobody's business.
    private var connection: Connection?
    private var reader: MessageReader
    private var handshake = CloseHandshake()
    private var context: ChannelHandlerContext?
    /// Frames on their way to the client.
    var outbound = OutboundQueue()
    private var isPumping = false
    private var isReading = true
    private var isReadHeld = false
    private var closeTimer: Scheduled<Void>?

    init(connection: Connection, limits: MessageReader.Limits) {
        self.connection = connection
        self.reader = MessageReader(limits: limits)
    }

    /// The code that the log shows for the connection (RFC 6455 §7.1.5).
    var closeCode: CloseCode { self.handshake.recordedCode ?? .abnormal }
    /// Bytes wait for a client that takes none.
    var isStalled: Bool { !self.outbound.isEmpty || self.context?.channel.isWritable == false }

    // MARK: Towards the client

    /// Writes out what is queued, as far as the socket takes it; returns whether anything was written.
    @discardableResult
    func flush() -> Bool {
        // Writability changes during the flush below; the loop sees to it.
        guard !self.isPumping, let context = self.context else { return false }
        self.isPumping = true
        defer { self.isPumping = false }
        var hasWritten = false
        while context.channel.isWritable, !self.outbound.isEmpty {
            while context.channel.isWritable, let piece = self.outbound.next() {
                context.write(self.wrapOutboundOut(piece), promise: nil)
            }
            context.flush()
            hasWritten = true
        }
        return hasWritten
    }

    func sendPing() {
        var ping = ByteBuffer()
        FrameWriter.writePing(to: &ping)
        self.outbound.appendUrgent(ping)
        self.flush()
    }

    /// Begins the close handshake from this side (R19, R21), behind all that is queued.
    func close(_ code: CloseCode, reason: String, readerHasFailed: Bool) {
        let isStalled = self.isStalled
        switch self.handshake.localClose(code, readerHasFailed: readerHasFailed) {
        case .ignore: return
        case .sendAndWait(let code):
            FrameWriter.writeClose(code, reason: reason, to: &self.outbound.tail)
            self.flush()
        case .sendAndShutDownOutput(let code):
            FrameWriter.writeClose(code, reason: reason, to: &self.outbound.tail)
            self.flush()
            self.shutDownOutputWhenEmpty()
        }
        self.setReading(true)
        self.armCloseTimer(isStalled ? Self.stalledCloseTimeout : Self.closeTimeout)
    }

    /// Cuts the connection without a close frame.
    func cut() {
        _ = self.handshake.timeout()
        self.closeTCP()
    }

    private var mustShutDownOutput = false

    private func shutDownOutputWhenEmpty() {
        self.mustShutDownOutput = true
        guard self.outbound.isEmpty, let context = self.context else { return }
        context.channel.close(mode: .output, promise: nil)
    }

    private func armCloseTimer(_ timeout: TimeAmount) {
        guard let context = self.context, self.closeTimer == nil else { return }
        self.closeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            self?.cut()
        }
    }

    private func closeTCP() {
        self.flush()
        self.context?.close(promise: nil)
    }

    // MARK: Back-pressure

    /// Stops or resumes reading from the client (R46).
    func setReading(_ isOn: Bool) {
        guard self.isReading != isOn else { return }
        self.isReading = isOn
        if isOn, self.isReadHeld {
            self.isReadHeld = false
            self.context?.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        if self.isReading { context.read() } else { self.isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.flush()
            if self.mustShutDownOutput { self.shutDownOutputWhenEmpty() }
            self.connection?.clientDrained()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: From the client

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let connection = self.connection else { return }
        var input = self.unwrapInboundIn(data)
        connection.receivedBytes()
        while true {
            switch self.reader.next(from: &input, into: &connection.toServer.tail) {
            case .needMoreData: return
            case .text(let start): connection.receivedMessage(at: start)
            case .assembled(let message): connection.receivedWhole(message)
            case .ping(let payload):
                guard self.handshake.maySend else { continue }
                var pong = ByteBuffer()
                FrameWriter.writePong(payload, to: &pong)
                self.outbound.appendUrgent(pong)
                self.flush()
            case .pong: continue
            case .close(let code, _): self.receivedClose(code)
            case .failure(let failure): connection.end(.protocolFailure(failure))
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.connection?.receivedAll()
        context.fireChannelReadComplete()
    }

    private func receivedClose(_ code: CloseCode?) {
        switch self.handshake.receivedClose(code) {
        case .ignore: return
        case .closeTCP: self.closeTCP()
        case .replyAndCloseTCP(let code):
            self.connection?.end(.clientClosed(code))
            FrameWriter.writeClose(code, to: &self.outbound.tail)
            self.flush()
            // A client that does not read cannot get the answer: the wait is bounded.
            self.outbound.isEmpty ? self.closeTCP() : self.armCloseTimer(Self.stalledCloseTimeout)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.inputClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client has shut its side down: without a close frame before, nothing can come of the connection any more.
    private func inputClosed() {
        _ = self.handshake.peerEOF()
        self.connection?.end(.clientGone)
        self.closeTCP()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.closeTimer?.cancel()
        _ = self.handshake.peerEOF()
        self.connection?.end(.clientGone)
        self.connection?.clientChannelClosed()
        self.connection = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Resets and broken pipes: the channel goes inactive next, which says all there is to say.
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension WebSocketHandler: Sendable {}
