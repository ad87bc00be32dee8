// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// A server that is dialled over HTTP (R47–R66). Lives on its client's event loop, and so do its exchanges.
///
/// What to do is decided by HTTPConversation; this class does it: starts and cuts exchanges, sets timers, passes
/// messages on.
final class HTTPBackend: Backend {
    /// Notes of one connection that go to the log in a minute: a client, or its server, can cause one with every message
    /// (R74).
    private static let maxNotes = 20

    /// Who gets the output; nil before the handshake is done and after the end.
    private var receiver: (any BackendReceiver)?
    let pid: Int32? = nil
    private let upstream: UpstreamServer
    /// Headers that this client alone brought for the server's templates.
    private let fields: [(name: String, value: String)]
    /// What must never be shown of them.
    private let secrets: [String]
    private let client: UpstreamClient
    private let eventLoop: any EventLoop
    private let log: SessionLog
    /// That of `log`, kept: each exchange takes one.
    private lazy var exchangeLogger = self.log.logger
    private var conversation: HTTPConversation
    /// Cuts the outbound queue's pieces into messages again.
    private var lines = LineReader(limit: .max)
    private var exchanges: [HTTPExchangeID: UpstreamExchange] = [:]
    /// Bodies that wait for the client to read (R46).
    private var heldReads: [EventLoopPromise<Void>] = []
    private var isReading = false
    private var isActing = false
    private var wasWritable = true
    /// Something was passed on since the receiver was last told that this is all.
    private var hasOutput = false
    private var isFlushing = false
    private var isOver = false
    /// Notes since the minute began, in nanoseconds of the monotonic clock, that counts them.
    private var notes = 0
    private var notesSince: Int64 = 0
    /// Keeps the backend until the server has been told of the end: by then its connection is gone.
    private var untilOver: HTTPBackend?
    private let gone: () -> Void
    /// Whoever wants to know whether the server can be reached, with the words for why not; and what was told last.
    private let dialled: (_ problem: String?) -> Void
    private var toldReachable: Bool?

    /// - Parameters:
    ///   - values: what the client brought for the server's templates; nil where there are none.
    ///   - dialled: called when that has become known, or otherwise than before.
    ///   - gone: called once, on the event loop, when the server has been told that the session is over.
    init(
        _ upstream: UpstreamServer,
        values: ExpandedValues? = nil,
        client: UpstreamClient,
        queue: Int,
        eventLoop: any EventLoop,
        log: SessionLog,
        dialled: @escaping (_ problem: String?) -> Void = { _ in },
        gone: @escaping () -> Void
    ) {
        self.upstream = upstream
        self.fields = values?.fields ?? []
        self.secrets = values?.secrets ?? []
        self.client = client
        self.eventLoop = eventLoop
        self.log = log
        self.conversation = HTTPConversation(upstream.conversationSettings(queue: queue))
        self.dialled = dialled
        self.gone = gone
    }

    // MARK: Backend

    var isWritable: Bool { self.conversation.isWritable }

    var transportName: String? { self.conversation.transportName }

    func write(_ lines: ByteBuffer) {
        var lines = lines
        while true {
            switch self.lines.next(from: &lines) {
            case .needMoreData: return
            case .line(let count):
                guard let message = lines.readSlice(length: count) else { return }
                lines.moveReaderIndex(forwardBy: 1)
                self.conversation.receivedFromClient(message)
            case .assembled(let message): self.conversation.receivedFromClient(message)
            case .tooLong: continue
            }
        }
    }

    func flush() {
        self.act()
    }

    func setReading(_ isOn: Bool) {
        guard self.isReading != isOn else { return }
        self.isReading = isOn
        if isOn { self.resumeReads() }
    }

    private func resumeReads() {
        let held = self.heldReads
        self.heldReads = []
        for promise in held { promise.succeed() }
    }

    func attach(_ receiver: any BackendReceiver) {
        guard !self.isOver else { return }
        self.receiver = receiver
    }

    func end(farewell: ByteBuffer) {
        self.receiver = nil
        if !self.isOver { self.untilOver = self }
        // What still comes is read into nothing.
        self.setReading(true)
        self.conversation.end(farewell: farewell)
        self.act()
    }

    // MARK: Acting

    /// Does what the conversation wants done. Whatever that leads to at once is done in its turn.
    ///
    /// - Parameter isAll: nothing more comes in this wake-up; otherwise flushOutput() is to be called.
    private func act(isAll: Bool = true) {
        guard !self.isActing else { return }
        self.isActing = true
        while let action = self.conversation.nextAction() { self.perform(action) }
        self.isActing = false
        let wasWritable = self.wasWritable
        self.wasWritable = self.conversation.isWritable
        // Last, since the receiver writes at once, and that may well be too much again.
        if self.wasWritable, !wasWritable { self.receiver?.becameWritable() }
        if isAll { self.flushOutput() }
    }

    /// Tells the receiver that this is all, once for all exchanges that this wake-up brought something of.
    private func flushOutput() {
        guard self.hasOutput, !self.isFlushing else { return }
        self.isFlushing = true
        self.eventLoop.assumeIsolated().execute {
            self.isFlushing = false
            guard self.hasOutput else { return }
            self.hasOutput = false
            self.receiver?.receivedAllOutput()
        }
    }

    private func perform(_ action: HTTPConversation.Action) {
        switch action {
        case .send(let id, let request): self.start(id, request)
        case .abort(let id): self.exchanges.removeValue(forKey: id)?.cut()
        case .deliver(let message):
            self.hasOutput = true
            self.receiver?.received(assembled: message)
        case .fail(let id, let fault):
            self.hasOutput = true
            self.receiver?.failed(id, fault.reply)
            if self.mayLog() {
                self.log.logger.warning(
                    "the server did not answer a request",
                    metadata: [LogKey.cause: "\(fault.cause)", LogKey.reason: "\(fault.message)"]
                )
            }
        case .schedule(let timer, let nanoseconds):
            self.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds)) { [weak self] in
                self?.conversation.fired(timer)
                self?.act()
            }
        case .end(let end): self.receiver?.ended(end, stderr: [])
        case .note(let note):
            if self.mayLog() { note.log(to: self.log.logger, hiding: self.upstream.secrets + self.secrets) }
        case .over:
            self.isOver = true
            self.untilOver = nil
            self.gone()
        }
    }

    /// Counts what goes to the log.
    private func mayLog() -> Bool {
        let now = Connection.now()
        if now - self.notesSince >= 60_000_000_000 {
            self.notesSince = now
            self.notes = 0
        }
        self.notes += 1
        if self.notes == Self.maxNotes + 1 {
            self.log.logger.warning("what more this server does is not logged for the rest of a minute")
        }
        return self.notes <= Self.maxNotes
    }

    private func start(_ id: HTTPExchangeID, _ request: UpstreamRequest) {
        let exchange = UpstreamExchange(id, backend: self, maxEvent: self.upstream.configuration.maxEvent)
        self.exchanges[id] = exchange
        do {
            try self.client.execute(
                request,
                of: self.upstream,
                with: self.fields,
                on: self.eventLoop,
                exchange,
                self.exchangeLogger
            )
        } catch {
            self.exchanges[id] = nil
            self.conversation.finished(id, .unsendable("its headers or its URL are not acceptable"))
        }
    }

    // MARK: What exchanges tell

    func sent(_ id: HTTPExchangeID) {
        self.conversation.sent(id)
        self.act()
    }

    func receivedHead(_ response: UpstreamResponse, of id: HTTPExchangeID) -> OnUpstreamHead {
        self.tell(problem: nil)
        let verdict = self.conversation.receivedHead(response, of: id)
        self.act()
        return verdict
    }

    func receivedBody(_ body: ByteBuffer, of id: HTTPExchangeID) {
        self.conversation.receivedBody(body, of: id)
        self.act()
    }

    func received(_ event: EventStreamParser.Event, _ parser: EventStreamParser, of id: HTTPExchangeID) {
        self.conversation.received(
            event,
            lastEventID: parser.lastEventID,
            reconnectionTime: parser.reconnectionTime,
            of: id
        )
        self.act(isAll: false)
    }

    /// All events of one read have been passed on.
    func receivedAllEvents() {
        self.flushOutput()
    }

    private func tell(problem: String?) {
        guard self.toldReachable != (problem == nil) else { return }
        self.toldReachable = problem == nil
        self.dialled(problem)
    }

    func finished(_ id: HTTPExchangeID, _ fault: UpstreamFault?) {
        if case .unreachable = fault { self.tell(problem: fault?.message) }
        self.exchanges[id] = nil
        self.conversation.finished(id, fault)
        self.act()
    }

    /// The future that lets an exchange read on: at once, or when the client reads again (R46).
    func whenReading() -> EventLoopFuture<Void> {
        if self.isReading { return self.eventLoop.makeSucceededVoidFuture() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.heldReads.append(promise)
        return promise.futureResult
    }
}

extension HTTPConversation.Note {
    /// - Parameter secrets: what a server may have repeated of the headers that it was sent (R73).
    fileprivate func log(to logger: Logger, hiding secrets: [String]) {
        switch self {
        case .transport(let name):
            logger.debug("the server speaks \(name)")
        case .reinitialized:
            logger.notice("the server had forgotten the session: a new one took its place")
        case .sessionLost(let why):
            logger.warning("the server has forgotten the session", metadata: [LogKey.reason: "\(why)"])
        case .toolRemoved(let tool, let reason):
            // A single character can be a megabyte of accents.
            let name = String(String.UnicodeScalarView(tool.unicodeScalars.prefix(100)))
            logger.warning(
                "a tool was taken out of tools/list: its x-mcp-header marks break the rules",
                metadata: [
                    LogKey.tool: "\(StandardErrorLines.redacted(name, secrets: secrets))",
                    LogKey.reason: "\(StandardErrorLines.redacted(reason, secrets: secrets))",
                ]
            )
        case .refused(let status):
            logger.warning("the server refused a message that is no request", metadata: [LogKey.status: "\(status)"])
        case .unsent(let why):
            logger.warning("a message that is no request was lost", metadata: [LogKey.reason: "\(why)"])
        }
    }
}

@available(*, unavailable)
extension HTTPBackend: Sendable {}
