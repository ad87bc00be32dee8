// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// The client's side of a connection: frames to messages and back (RFC 6455), behind the opening handshake.
///
/// The last handler of the client's channel. Lives on its event loop; decides nothing that ``MessageReader``,
/// ``CloseHandshake`` or the ``Connection`` can decide.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a close handshake may take without progress (R19).
    private static let closeTimeout = TimeAmount.seconds(5)
    /// How long it may take in all, however slowly the client takes what is queued before the close frame.
    private static let longestClose = TimeAmount.seconds(30)

    /// Let go of when the channel is closed: what the channel still says then is nobody's business.
    private var connection: Connection?
    private var reader: MessageReader
    private var handshake = CloseHandshake()
    private var context: ChannelHandlerContext?
    /// Frames on their way to the client.
    var outbound = OutboundQueue()
    /// Nil while the handler is in no channel of a socket, and with TLS.
    private var output: DirectOutput?
    private var isWritable = true
    private var isPumping = false
    private var isReading = true
    private var isReadHeld = false
    /// Nil without `message_rate`.
    private let pace: MessagePace?
    private var closeTimer: Scheduled<Void>?
    private var closeDeadline = NIODeadline.distantFuture
    /// What is to be done with the channel once all that is queued has gone out.
    private var whenDrained: WhenDrained?

    private enum WhenDrained {
        case shutDownOutput
        case close
    }

    init(connection: Connection, limits: MessageReader.Limits, pace: MessagePace?) {
        self.connection = connection
        self.pace = pace
        self.reader = MessageReader(limits: limits)
    }

    var framesFromClient: Int { self.reader.frames }
    /// Those of the bridge's; pings among them.
    private(set) var controlFrames = 0
    private(set) var pings = 0

    /// The code that the log shows for the connection (RFC 6455 §7.1.5).
    var closeCode: CloseCode { self.handshake.recordedCode ?? .abnormal }
    /// Bytes wait for a client that takes none.
    var isStalled: Bool { !self.outbound.isEmpty || !self.isWritable }

    // MARK: Towards the client

    /// Writes out what is queued, as far as the socket takes it; returns whether anything was written.
    @discardableResult
    func flush() -> Bool {
        // Writability changes during the flush below; the loop sees to it.
        guard !self.isPumping, let context = self.context else { return false }
        self.isPumping = true
        defer { self.isPumping = false }
        var hasWritten = false
        if self.outbound.isInTail, let output = self.output, output.isClear {
            // Nearly always all that there is to do.
            guard self.outbound.tail.readableBytes > 0 else { return false }
            if case .all = output.write(&self.outbound.tail) { return true }
            // Its beginning may be out, so that nothing may come between.
            if let rest = self.outbound.next() { self.handOver(rest, context) }
            hasWritten = true
        }
        while self.isWritable, var piece = self.outbound.next() {
            hasWritten = true
            if let output = self.output, output.isClear, case .all = output.write(&piece) { continue }
            self.handOver(piece, context)
        }
        self.outbound.settle()
        return hasWritten
    }

    /// Has the channel write what the socket does not take now, or what shows the channel that the socket is broken.
    private func handOver(_ piece: ByteBuffer, _ context: ChannelHandlerContext) {
        self.output?.handOver()
        // No weak reference: an object that ever had one pays for it with every count of its references from then on.
        context.writeAndFlush(self.wrapOutboundOut(piece)).assumeIsolated().whenComplete { _ in
            self.output?.completed()
        }
    }

    func sendPing() {
        var ping = ByteBuffer()
        FrameWriter.writePing(to: &ping)
        self.pings += 1
        self.controlFrames += 1
        self.outbound.appendUrgent(ping)
        self.flush()
    }

    /// Begins the close handshake from this side (R19, R21), behind all that is queued.
    func close(_ code: CloseCode, reason: String, readerHasFailed: Bool) {
        switch self.handshake.localClose(code, readerHasFailed: readerHasFailed) {
        case .ignore: return
        case .sendAndWait(let code):
            self.writeClose(code, reason: reason)
            self.flush()
        case .sendAndShutDownOutput(let code):
            self.writeClose(code, reason: reason)
            self.finish(.shutDownOutput)
        }
        self.setReading(true)
        self.armCloseTimer()
    }

    private func writeClose(_ code: CloseCode?, reason: String = "") {
        FrameWriter.writeClose(code, reason: reason, to: &self.outbound.tail)
        self.controlFrames += 1
    }

    /// Cuts the connection without a close frame.
    func cut() {
        _ = self.handshake.timeout()
        self.context?.close(promise: nil)
    }

    /// Writes out what is queued and then closes the channel, or its output; at the latest when the close timer fires.
    private func finish(_ action: WhenDrained) {
        self.whenDrained = action
        self.flush()
        self.finishIfDrained()
    }

    private func finishIfDrained() {
        guard let action = self.whenDrained, self.outbound.isEmpty, let context = self.context else { return }
        self.whenDrained = nil
        // Closing drops what the channel has not written yet; this completes behind it.
        let written = context.writeAndFlush(self.wrapOutboundOut(ByteBuffer())).assumeIsolated()
        written.whenComplete { _ in
            switch action {
            case .shutDownOutput: context.close(mode: .output, promise: nil)
            case .close: context.close(promise: nil)
            }
        }
    }

    /// Waits for the client's part of the close handshake, from the last progress on.
    private func armCloseTimer() {
        guard let context = self.context else { return }
        let now = NIODeadline.now()
        self.closeDeadline = min(self.closeDeadline, now + Self.longestClose)
        self.closeTimer?.cancel()
        self.closeTimer = context.eventLoop.assumeIsolated().scheduleTask(
            deadline: min(now + Self.closeTimeout, self.closeDeadline)
        ) { [weak self] in
            self?.cut()
        }
    }

    // MARK: Back-pressure

    /// Stops or resumes reading from the client (R46).
    func setReading(_ isOn: Bool) {
        guard self.isReading != isOn else { return }
        self.isReading = isOn
        guard isOn else { return }
        if let pace, pace.isHolding, let context {
            // The connection ends: what is held comes before what is read, and the client's close frame may be in it.
            return pace.soon(on: context.eventLoop) { self.takeHeld() }
        }
        self.readIfHeld()
    }

    private func readIfHeld() {
        guard self.isReadHeld else { return }
        self.isReadHeld = false
        self.context?.read()
    }

    func read(context: ChannelHandlerContext) {
        if self.isReading { context.read() } else { self.isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        if self.isWritable {
            self.flush()
            self.finishIfDrained()
            if self.closeTimer != nil { self.armCloseTimer() }
            self.connection?.clientDrained()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: From the client

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.isWritable = context.channel.isWritable
        self.output = DirectOutput(past: context.pipeline.syncOperations)
        // The answer to the handshake may still be on its way.
        self.handOver(ByteBuffer(), context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.output = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let connection = self.connection else { return }
        var input = self.unwrapInboundIn(data)
        connection.receivedBytes()
        if let pace { return self.take(&input, pace, connection) }
        var pieces = ReadPieces(of: input.readableBytes)
        while self.takeNext(&input, connection) {
            if pieces.isComplete(left: input.readableBytes) { connection.receivedPiece() }
        }
        connection.buffers.takeBack(input: input)
    }

    /// Takes the next message or control frame out of what was read; false if it has no more.
    @inline(__always)
    private func takeNext(_ input: inout ByteBuffer, _ connection: Connection) -> Bool {
        switch self.reader.next(from: &input, into: &connection.toServer.tail) {
        case .needMoreData: return false
        case .text(let start): connection.receivedMessage(at: start)
        case .assembled(let message): connection.receivedWhole(message)
        case .ping(let payload):
            guard self.handshake.maySend else { return true }
            var pong = ByteBuffer()
            FrameWriter.writePong(payload, to: &pong)
            self.controlFrames += 1
            self.outbound.appendUrgent(pong)
            self.flush()
        case .pong: break
        case .close(let code, _): self.receivedClose(code)
        case .failure(let failure): connection.end(.protocolFailure(failure))
        }
        return true
    }

    // MARK: The rate of messages

    /// Takes what the rate allows; holds the rest, and the client with it.
    private func take(_ input: inout ByteBuffer, _ pace: MessagePace, _ connection: Connection) {
        // What one read has brought may come in several pieces.
        if pace.isHolding { return pace.hold(input) }
        let now = Connection.now()
        while input.readableBytes > 0 {
            // Of a connection that ends only the client's close frame is of interest.
            if connection.isOpen, !pace.mayTake(now: now), let context {
                pace.hold(input)
                pace.whenDue(on: context.eventLoop, now: now) { self.takeHeld() }
                connection.clientHeld(true)
                break
            }
            guard self.takeNext(&input, connection) else { break }
            pace.took(now: now)
        }
        connection.buffers.takeBack(input: input)
    }

    /// Goes on with what was held, in a wake-up of its own.
    private func takeHeld() {
        guard let pace, let connection, pace.isHolding else { return }
        if connection.isOpen, connection.isFull { return pace.waitForPeer() }
        var input = pace.release()
        connection.resumed()
        self.take(&input, pace, connection)
        connection.receivedAll()
        guard !pace.isHolding else { return }
        connection.clientHeld(false)
        // One that ends was to be read before.
        if self.isReading { self.readIfHeld() }
    }

    /// Nothing but its rate keeps the client from being read any more.
    func peerTakes() {
        guard let pace, pace.waitsForPeer, let context else { return }
        pace.soon(on: context.eventLoop) { self.takeHeld() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.connection?.receivedAll()
        context.fireChannelReadComplete()
    }

    private func receivedClose(_ code: CloseCode?) {
        switch self.handshake.receivedClose(code) {
        case .ignore: return
        case .closeTCP: self.finish(.close)
        case .replyAndCloseTCP(let code):
            self.connection?.end(.clientClosed(code))
            self.writeClose(code)
            self.finish(.close)
            self.armCloseTimer()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.inputClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client has shut its side down: without a close frame before, nothing can come of the connection any more.
    private func inputClosed() {
        // What the rate kept from being taken is lost with a client that is gone, as what it would have sent.
        _ = self.pace?.release()
        _ = self.handshake.peerEOF()
        self.connection?.end(.clientGone)
        self.finish(.close)
        self.armCloseTimer()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // The descriptor is closed, and may be another's soon.
        self.output = nil
        self.closeTimer?.cancel()
        _ = self.pace?.release()
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
