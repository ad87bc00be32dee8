// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// One client's connection: joins its WebSocket, its session and its backend (R36).
///
/// Lives on the client channel's event loop and is never touched from elsewhere. The ways of a message:
/// client → `receivedMessage` → Session → `toServer` → backend, and back: backend → `received(line:)` →
/// Session → the WebSocket's outbound queue → client. Nothing is copied into another shape on the way.
final class Connection {
    private enum State {
        case open
        /// The server ended before the client said a word: the first message is answered with the reason (R38).
        case awaitingFirstMessage(SessionEnd, stderr: [String])
        case ending(SessionEnd)
        case closed
    }

    /// So many bytes go out at once, wherever they come from; what was read in one go, in pieces before that
    /// (``ReadPieces``).
    static let earlyFlush = 64 << 10
    /// How long a client may take to say its first word to a server that has ended already.
    private static let firstMessagePatience = TimeAmount.seconds(10)
    /// How long after the handshake a client that has said nothing is not idle but about to speak.
    private static let beginning = Int64(2_000_000_000)

    let id: ConnectionID
    let server: ServedServer
    let eventLoop: any EventLoop
    let backend: any Backend
    let client: Client
    /// What the connection gives back at its end.
    let grant: Admission.Grant
    let buffers: LoopBuffers
    let worker: Worker
    private let log: SessionLog
    var logger: Logger { self.log.logger }
    private(set) var webSocket: WebSocketHandler!
    var session: Session
    /// Messages on their way to the server.
    var toServer = OutboundQueue()
    private var state = State.open
    var deadlines: Deadlines
    /// When the worker is to look after the deadlines; the end of time while it need not.
    private var wakeTime: Int64 = .max
    private var patience: Scheduled<Void>?
    let began: Int64
    /// Bytes that may wait for either side before the other is paused (R46).
    private let queueLimit: Int
    /// How the connection ends as soon as nothing is in flight; nil while it need not.
    private(set) var drainEnd: SessionEnd?
    /// That is so from now on: to look at ``drainEnd`` itself, at every message, costs a copy of it.
    private var isDraining = false
    private var isClientPaused = false
    private var isServerPaused = false
    /// More than `queue` waits for the server.
    private var isServerFull = false
    /// More than `queue` waits for the client, and it goes on causing answers of the bridge's own.
    private var owesAnswers = false
    /// Messages of the client's wait for `message_rate`.
    private var isClientHeld = false
    /// The refused messages that ``owesAnswers`` has seen.
    private var refusedSeen = 0
    /// How often each side was stopped because the other takes nothing (R46).
    private(set) var pauses = Pauses()
    /// The session knows what time it is, until the end of the server's wake-up.
    private var hasServerTime = false
    var loggedSkips = 0
    /// Nil while no operator looks at the messages.
    var tap: Tap?

    /// - Parameter worker: that of `eventLoop`; told when the client's channel is closed.
    init(
        id: ConnectionID,
        server: ServedServer,
        backend: any Backend,
        client: Client,
        grant: Admission.Grant,
        worker: Worker,
        eventLoop: any EventLoop,
        log: SessionLog
    ) {
        let now = Self.now()
        self.id = id
        self.server = server
        self.backend = backend
        self.client = client
        self.grant = grant
        self.buffers = worker.buffers
        self.worker = worker
        self.eventLoop = eventLoop
        self.log = log
        self.session = Session(
            server.sessionSettings(id),
            meter: worker.tally(of: server.name).requests,
            logsRequests: log.isDebug
        )
        self.deadlines = Deadlines(
            server.deadlines,
            expiry: client.principal.expiry.map { Self.time(at: $0, now: now) },
            spread: server.configuration.limits.maxConnectionAge > .zero ? .random(in: 0 ... .max) : 0,
            now: now
        )
        self.began = now
        self.queueLimit = server.configuration.limits.queue
        self.webSocket = WebSocketHandler(
            connection: self,
            limits: server.readerLimits,
            pace: server.messageRate.map(MessagePace.init)
        )
    }

    /// The frames so far. A message to the client is one.
    var frames: FrameCounts {
        FrameCounts(
            fromClient: self.webSocket.framesFromClient,
            toClient: self.session.counters.messagesToClient + self.webSocket.controlFrames,
            pings: self.webSocket.pings
        )
    }

    static func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    /// The time of ``now()`` at which it will be so many seconds since 1970, as far as the clocks tell today.
    private static func time(at seconds: Int64, now: Int64) -> Int64 {
        let clock = WallClock.now()
        let (nanoseconds, isFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (wait, isFarther) = nanoseconds.subtractingReportingOverflow(
            clock.seconds * 1_000_000_000 + clock.nanoseconds
        )
        let (time, isFarthest) = now.addingReportingOverflow(max(0, wait))
        return isFar || isFarther || isFarthest ? .max : time
    }

    var isOpen: Bool { if case .open = self.state { true } else { false } }
    /// The client has said at least one thing.
    var hasHeardClient: Bool { self.session.counters.messagesFromClient + self.session.counters.refused > 0 }

    /// The handshake is done and the WebSocket handler is in place.
    func start() {
        self.backend.setReading(true)
        self.armTimer()
    }

    // MARK: Client → server

    /// Anything came from the client.
    func receivedBytes() {
        self.lendBuffers()
        self.session.now = Self.now()
        if self.deadlines.receivedBytes(at: self.session.now), self.isOpen { self.armTimer() }
    }

    /// What was held of the client's is taken now.
    func resumed() {
        self.lendBuffers()
        self.session.now = Self.now()
    }

    /// The first of what a wake-up brings from the server.
    @inline(__always)
    func noteServerTime() {
        guard !self.hasServerTime else { return }
        self.hasServerTime = true
        self.session.now = Self.now()
    }

    /// When the server's wake-up began that is over now.
    @inline(__always)
    func takeServerTime() -> Int64 {
        guard self.hasServerTime else { return Self.now() }
        self.hasServerTime = false
        return self.session.now
    }

    /// A message stands at the end of `toServer.tail`.
    func receivedMessage(at start: Int) {
        guard self.isOpen else {
            let message = self.toServer.tail.getSlice(at: start, length: self.toServer.tail.writerIndex - start)
            self.toServer.tail.moveWriterIndex(to: start)
            return self.receivedLate(message ?? ByteBuffer())
        }
        let replies = self.tap == nil ? 0 : self.show(self.toServer.tail, from: start)
        let outcome = self.session.receivedFromClient(
            &self.toServer.tail,
            from: start,
            replies: &self.webSocket.outbound.tail
        )
        if self.tap != nil { self.showReplies(since: replies) }
        if case .flood = outcome { self.end(.invalidFlood) }
        if self.toServer.bytes >= Self.earlyFlush { self.flushToServer() }
    }

    /// A message that came in pieces, in a buffer of its own.
    func receivedWhole(_ message: ByteBuffer) {
        guard self.isOpen else { return self.receivedLate(message) }
        let replies = self.tap == nil ? 0 : self.show(message, from: message.readerIndex)
        var message = message
        let outcome = self.session.receivedFromClient(
            &message,
            from: message.readerIndex,
            replies: &self.webSocket.outbound.tail
        )
        if self.tap != nil { self.showReplies(since: replies) }
        switch outcome {
        case .consumed: return
        case .flood: self.end(.invalidFlood)
        case .forwarded:
            if message.readableBytes >= OutboundQueue.ownBufferSize {
                self.toServer.append(message)
            } else {
                self.toServer.tail.writeBuffer(&message)
            }
        }
    }

    /// A message for a server that is over: the first one is still answered (R38), the rest come too late.
    private func receivedLate(_ message: ByteBuffer) {
        guard case .awaitingFirstMessage(let end, let stderr) = self.state else { return }
        var message = message
        _ = self.session.receivedFromClient(
            &message,
            from: message.readerIndex,
            replies: &self.webSocket.outbound.tail
        )
        self.state = .open
        self.end(end, stderr: stderr)
    }

    /// A piece of a wake-up's input has been taken, and more follows at once.
    func receivedPiece() {
        if self.isOpen { self.flushToServer() }
    }

    /// One wake-up's worth of input has been taken.
    func receivedAll() {
        defer { self.takeBackBuffers() }
        guard self.isOpen else { return }
        self.flushToServer()
        self.flushToClient()
        self.holdRefused()
        if self.session.logsRequests { self.logRequests() }
        // What was in flight may have been cancelled.
        self.endIfDrained()
    }

    /// Room for what a wake-up brings, until ``takeBackBuffers()``.
    @inline(__always)
    func lendBuffers() {
        self.buffers.lend(toServer: &self.toServer.tail, toClient: &self.webSocket.outbound.tail)
    }

    /// The end of a wake-up.
    @inline(__always)
    func takeBackBuffers() {
        self.buffers.takeBack(toServer: &self.toServer.tail, toClient: &self.webSocket.outbound.tail)
    }

    /// Writes what is queued for the server, and stops the client while too much is left (R46).
    func flushToServer() {
        if self.toServer.isInTail, self.toServer.tail.readableBytes > 0 {
            self.buffers.exchangeLeaving(&self.toServer.tail)
            let isAll = self.backend.writeNow(&self.buffers.leaving)
            self.buffers.exchangeLeaving(&self.toServer.tail)
            // Nearly always all that there is to do.
            if isAll {
                self.deadlines.passedMessage(at: Self.now())
                self.deadlines.serverTook()
            }
        }
        while !self.toServer.isEmpty, self.backend.isWritable {
            while self.backend.isWritable, let piece = self.toServer.next() { self.backend.write(piece) }
            self.backend.flush()
            let now = Self.now()
            self.deadlines.passedMessage(at: now)
            self.deadlines.serverTook()
        }
        if !self.toServer.isEmpty || !self.backend.isWritable {
            self.deadlines.serverStalled(at: Self.now())
            self.armTimer()
        }
        let queued = self.toServer.bytes
        let limit = self.queueLimit
        // Half the mark below, so that a slow server does not make the bridge stop and go at every message.
        self.isServerFull = self.isServerFull ? queued > limit / 2 : queued > limit
        self.pauseClient()
    }

    /// A client that reads no answers gets no more of them: each refused message makes one, many times its size, and
    /// the server, which back-pressure would stop otherwise, has no part in it (R46, R74).
    private func holdRefused() {
        let refused = self.session.counters.refused
        guard refused != self.refusedSeen else { return }
        self.refusedSeen = refused
        self.logDenials()
        guard self.webSocket.outbound.bytes > self.queueLimit else { return }
        self.owesAnswers = true
        self.pauseClient()
    }

    /// Nothing more is to be taken from the client, whatever its rate.
    var isFull: Bool { self.isServerFull || self.owesAnswers }

    /// Messages of the client's begin, or have ceased, to wait for `message_rate`.
    func clientHeld(_ isHeld: Bool) {
        self.isClientHeld = isHeld
        self.pauseClient()
    }

    /// Stops or resumes reading from the client (R46).
    private func pauseClient() {
        let mustPause = self.isFull || self.isClientHeld
        if self.isClientHeld, !self.isFull { self.webSocket.peerTakes() }
        guard mustPause != self.isClientPaused else { return }
        self.isClientPaused = mustPause
        if mustPause { self.pauses.client += 1 }
        self.deadlines.clientPaused(mustPause, at: Self.now())
        self.webSocket.setReading(!mustPause)
        if !mustPause { self.armTimer() }
    }

    // MARK: Server → client

    /// The socket has taken something: progress.
    func clientDrained() {
        self.deadlines.clientTook()
        self.flushToClient()
    }

    /// Writes what is queued for the client, and stops the server while too much is left (R46).
    func flushToClient() {
        let hasWritten = self.webSocket.flush()
        guard self.isOpen else { return }
        let isStalled = self.webSocket.isStalled
        // Also without a write of its own: a ping or pong may have taken the queue along.
        if hasWritten || !isStalled { self.deadlines.clientTook() }
        if isStalled {
            self.deadlines.clientStalled(at: Self.now())
            self.armTimer()
        }
        let queued = self.webSocket.outbound.bytes
        let limit = self.queueLimit
        if self.owesAnswers, queued <= limit / 2 {
            self.owesAnswers = false
            self.pauseClient()
        }
        let mustPause = self.isServerPaused ? queued > limit / 2 : queued > limit
        guard mustPause != self.isServerPaused else { return }
        self.isServerPaused = mustPause
        if mustPause { self.pauses.server += 1 }
        self.backend.setReading(!mustPause)
    }

    // MARK: Time

    /// Has the worker wake this connection at its earliest deadline, unless that will be so or sooner.
    private func armTimer() {
        guard let next = self.deadlines.next(), next < self.wakeTime else { return }
        self.wakeTime = next
        self.worker.wake(self.id, at: next)
    }

    /// A time has come that was asked for, if nothing sooner was asked for since.
    func woken(at now: Int64) {
        guard self.isOpen, now >= self.wakeTime else { return }
        self.wakeTime = .max
        switch self.deadlines.fire(at: now, isWaiting: self.session.isWaiting) {
        case .nothing: break
        case .sendPing: self.webSocket.sendPing()
        case .retire: if self.drainEnd == nil { self.drain(.tooOld) }
        case .end(let end): return self.end(end)
        }
        self.armTimer()
    }

    // MARK: The end

    /// Ends at once if idle, else as soon as the last request is answered (R44). Who has just come is heard first.
    func drain(_ end: SessionEnd) {
        self.drainEnd = end
        let beginning = self.began + Self.beginning - Self.now()
        guard !self.hasHeardClient, beginning > 0 else { return self.endWhenIdle() }
        self.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(beginning)) { [weak self] in self?.endWhenIdle() }
    }

    private func endWhenIdle() {
        self.isDraining = true
        self.endIfDrained()
    }

    /// To be called whenever something may have been the last that was in flight.
    @inline(__always)
    func endIfDrained() {
        if self.isDraining, let end = self.drainEnd, !self.session.isBusy { self.end(end) }
    }

    /// Ends the session: every request in flight is answered first, then the close (R21, R35, R37).
    func end(_ end: SessionEnd, stderr: [String] = []) {
        switch self.state {
        case .open, .awaitingFirstMessage: self.state = .ending(end)
        case .ending, .closed: return
        }
        self.patience?.cancel()
        self.session.now = Self.now()
        let replies = self.webSocket.outbound.tail.writerIndex
        let farewell = self.session.finish(end.reply(stderr: stderr), into: &self.webSocket.outbound.tail)
        self.showReplies(since: replies)
        self.tap?.ended(end)
        self.tap = nil
        self.backend.end(farewell: end.isServerGone ? ByteBuffer() : farewell)
        self.toServer.removeAll()
        switch end {
        case .clientClosed, .clientGone: break
        case .peerDead: self.webSocket.cut()
        case .protocolFailure(let failure):
            self.webSocket.close(failure.code, reason: failure.reason, readerHasFailed: true)
        default:
            if let code = end.closeCode { self.webSocket.close(code, reason: end.reason, readerHasFailed: false) }
        }
    }

    /// The server was over before the client said a word: the first message is to be answered with the reason (R38).
    func awaitFirstMessage(_ end: SessionEnd, stderr: [String]) {
        self.state = .awaitingFirstMessage(end, stderr: stderr)
        self.patience = self.eventLoop.assumeIsolated().scheduleTask(in: Self.firstMessagePatience) { [weak self] in
            self?.end(end, stderr: stderr)
        }
    }

    /// Cuts what is left of the connection: its time is over.
    func cut() {
        self.webSocket.cut()
    }

    /// The client's channel is closed for good.
    func clientChannelClosed() {
        guard case .ending(let end) = self.state else { return }
        self.state = .closed
        self.worker.tally(of: self.server.name).ended(self, end)
        self.tell(end)
        self.worker.site.audit?.ended(
            self.id,
            self.server,
            pid: self.backend.pid,
            self.client,
            end,
            closeCode: self.webSocket.closeCode,
            nanoseconds: Self.now() - self.began,
            counters: self.session.counters
        )
        self.worker.remove(self)
    }
}

@available(*, unavailable)
extension Connection: Sendable {}
