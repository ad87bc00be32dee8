// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The handshake of the legacy revisions, the general GET stream, and the session that is forgotten (R48–R50, R52).
extension HTTPConversation {
    // MARK: Handshake

    /// `initialize` is about to be sent. A second one begins a second session.
    mutating func startInitialize(_ number: Int) {
        if let stream = self.legacy.stream { self.abort(stream) }
        self.deleteSession(.answered)
        let generation = self.legacy.streamGeneration + 1
        self.legacy = LegacySession()
        self.legacy.streamGeneration = generation
        self.legacy.state = .initializing(number)
        self.legacy.initialize = self.calls[number]?.message
    }

    /// A call whose answer changes what is known of the session has it.
    mutating func stateAnswered(_ call: UpstreamCall, _ number: Int, _ message: ByteBuffer) {
        guard !call.isModern, self.transport != .eventStream else { return }
        if call.role == .initialize { return self.initializeAnswered(number, message) }
        let isSuccess = message.withUnsafeReadableBytes { (try? EnvelopeScanner.scan($0))?.result != nil }
        guard isSuccess else { return }
        switch call.role {
        case .setLevel: self.legacy.setLevel = call.message
        case .subscribe(let uri): self.legacy.subscribe(uri, call.message)
        case .unsubscribe(let uri): self.legacy.unsubscribe(uri)
        default: break
        }
    }

    private mutating func initializeAnswered(_ number: Int, _ message: ByteBuffer) {
        guard self.legacy.state == .initializing(number) else { return }
        let agreement = message.withUnsafeReadableBytes { text in
            (try? EnvelopeScanner.scan(text)).flatMap { LegacySession.Agreement($0, text) }
        }
        guard let agreement else { return self.initializeEnded(number) }
        self.legacy.sessionID = self.legacy.offeredSessionID
        self.legacy.agreement = agreement
        self.legacy.version = agreement.versionText
        self.legacy.state = .established
        self.openGate()
    }

    /// The handshake came to nothing.
    mutating func initializeEnded(_ number: Int) {
        guard self.legacy.state == .initializing(number) else { return }
        self.legacy.state = .none
        self.openGate()
    }

    mutating func initializedAccepted(_ response: UpstreamResponse, _ exchange: HTTPExchange) {
        self.legacy.accepting = nil
        if response.isSuccess {
            self.openStream()
        } else {
            self.note(.refused(status: response.status))
        }
        self.openGate()
    }

    mutating func initializedFinished(_ id: HTTPExchangeID, _ fault: UpstreamFault?) {
        guard self.legacy.accepting == id else { return }
        self.legacy.accepting = nil
        self.note(.unsent((fault ?? .redirect).message))
        self.openGate()
    }

    // MARK: The general stream (R50)

    private mutating func openStream() {
        guard self.legacy.state == .established, self.legacy.stream == nil, !self.legacy.isStreamOff,
            self.ending == nil
        else { return }
        let request = self.get(lastEventID: self.legacy.streamLastEventID)
        self.legacy.stream = self.start(.stream, request, sessionID: self.legacy.sessionID)
    }

    mutating func receivedStreamHead(_ response: UpstreamResponse, of id: HTTPExchangeID) -> OnUpstreamHead {
        guard self.legacy.stream == id else { return .discard }
        if response.isSuccess, response.content == .eventStream {
            self.legacy.hasHadStream = true
            return .events
        }
        switch response.status {
        case 429, 500...599: break
        case 404 where self.legacy.hasHadStream && self.legacy.sessionID != nil:
            self.legacy.stream = nil
            self.exchanges[id]?.purpose = .answered
            self.sessionLost(resending: nil)
        default: self.legacy.isStreamOff = true
        }
        return .discard
    }

    mutating func receivedStreamEvent(
        _ event: EventStreamParser.Event,
        lastEventID: String?,
        reconnectionTime: Int?
    ) {
        self.legacy.streamAttempts = 0
        self.legacy.streamLastEventID = lastEventID
        if let reconnectionTime { self.legacy.streamReconnectionTime = reconnectionTime }
    }

    mutating func streamFinished(_ id: HTTPExchangeID, _ fault: UpstreamFault?) {
        guard self.legacy.stream == id else { return }
        self.legacy.stream = nil
        guard !self.legacy.isStreamOff, self.ending == nil else { return }
        let delay = Self.backOff(self.legacy.streamReconnectionTime, attempts: self.legacy.streamAttempts)
        self.legacy.streamAttempts += 1
        self.actions.append(.schedule(.stream(generation: self.legacy.streamGeneration), after: delay))
    }

    mutating func reopenStream(_ generation: Int) {
        if generation == self.legacy.streamGeneration { self.openStream() }
    }

    // MARK: A forgotten session (R52)

    /// The server does not know the session any more, and has processed nothing of what was sent in it.
    ///
    /// - Parameters:
    ///   - number: the call that found it out.
    ///   - sessionID: the session in which it was sent.
    mutating func sessionLost(resending number: Int?, _ sessionID: String? = nil) {
        if let number {
            guard let call = self.calls[number], !call.isCancelled else { return self.remove(number) }
            guard !call.isResent, self.legacy.state == .established || self.legacy.state == .replaying else {
                return self.fail(number, .sessionLost)
            }
            self.calls[number]?.isResent = true
            // Another call has found it out before, and the new session is there.
            if self.legacy.state == .established, sessionID != self.legacy.sessionID { return self.send(number) }
            self.calls[number]?.phase = .resending
            self.legacy.resending.append(number)
        }
        guard self.legacy.state == .established, self.ending == nil else { return }
        guard self.settings.reinitializes else { return self.endLost("by configuration") }
        guard self.legacy.isReplayable, let initialize = self.legacy.initialize else {
            return self.endLost("there is too much to replay")
        }
        self.legacy.state = .replaying
        self.legacy.streamGeneration += 1
        self.legacy.streamLastEventID = nil
        self.legacy.replayGeneration += 1
        if let stream = self.legacy.stream { self.abort(stream) }
        self.legacy.stream = nil
        self.legacy.offeredSessionID = nil
        self.replay(.initialize, initialize, fields: Self.postFields)
        self.actions.append(.schedule(.replay(generation: self.legacy.replayGeneration), after: Self.replayTime))
    }

    private mutating func endLost(_ why: String) {
        self.note(.sessionLost(why))
        self.actions.append(.end(.sessionLost))
    }

    private mutating func replay(
        _ step: HTTPExchange.Replay,
        _ message: ByteBuffer,
        fields: [(name: String, value: String)]
    ) {
        self.legacy.replaysLeft += 1
        let request = UpstreamRequest(method: .post, url: self.settings.url, fields: fields, body: message)
        self.start(.replay(step), request, sessionID: step == .initialize ? nil : self.legacy.sessionID)
    }

    mutating func receivedReplayHead(_ response: UpstreamResponse, _ step: HTTPExchange.Replay) -> OnUpstreamHead {
        guard step == .initialize, response.isSuccess else { return .discard }
        self.legacy.offeredSessionID = response.sessionID
        return self.bodyKind(response)
    }

    /// The answer to the replayed `initialize`; the client never sees it.
    mutating func receivedReplayMessage(_ message: ByteBuffer, of id: HTTPExchangeID) {
        guard self.exchanges[id]?.purpose == .replay(.initialize), self.legacy.state == .replaying else { return }
        let envelope = message.withUnsafeReadableBytes { try? EnvelopeScanner.scan($0) }
        guard let envelope, envelope.method == nil, envelope.result != nil || envelope.error != nil else { return }
        self.exchanges[id]?.purpose = .answered
        self.legacy.replaysLeft -= 1
        let agreement = message.withUnsafeReadableBytes { LegacySession.Agreement(envelope, $0) }
        guard let agreement, let old = self.legacy.agreement else {
            return self.endLost("the server refuses a new one")
        }
        if let difference = old.difference(from: agreement) { return self.endLost(difference) }
        self.legacy.sessionID = self.legacy.offeredSessionID
        guard let initialized = self.legacy.initialized else { return self.replayDone() }
        self.replay(.initialized, initialized, fields: Self.postFields + self.legacy.fields)
    }

    mutating func replayFinished(_ id: HTTPExchangeID, _ step: HTTPExchange.Replay, _ fault: UpstreamFault?) {
        guard self.legacy.state == .replaying else { return }
        self.legacy.replaysLeft -= 1
        switch step {
        case .initialize: self.replayFailed()
        case .initialized where fault != nil: self.replayFailed()
        case .initialized: self.replayState()
        case .state: if self.legacy.replaysLeft == 0 { self.replayDone() }
        }
    }

    private mutating func replayState() {
        let fields = Self.postFields + self.legacy.fields
        if let setLevel = self.legacy.setLevel { self.replay(.state, setLevel, fields: fields) }
        for message in self.legacy.subscriptions.values { self.replay(.state, message, fields: fields) }
        if self.legacy.replaysLeft == 0 { self.replayDone() }
    }

    private mutating func replayDone() {
        self.note(.reinitialized)
        self.legacy.state = .established
        self.legacy.replayGeneration += 1
        let resending = self.legacy.resending
        self.legacy.resending = []
        for number in resending { self.send(number) }
        self.openStream()
        self.openGate()
    }

    /// The server cannot be asked now: what waited gets errors, and the next message is the next attempt.
    private mutating func replayFailed() {
        self.legacy.state = .established
        self.legacy.replayGeneration += 1
        self.legacy.replaysLeft = 0
        let resending = self.legacy.resending
        self.legacy.resending = []
        for number in resending { self.fail(number, .sessionLost) }
        self.openGate()
    }

    mutating func replayOverdue(_ generation: Int) {
        guard self.legacy.state == .replaying, generation == self.legacy.replayGeneration else { return }
        for (id, exchange) in self.exchanges {
            if case .replay = exchange.purpose { self.abort(id) }
        }
        self.replayFailed()
    }

    // MARK: DELETE

    /// Tells the server that the session is over (R53); 404 and 405 are as good as any answer.
    mutating func deleteSession(_ purpose: HTTPExchange.Purpose) {
        guard self.legacy.sessionID != nil else { return }
        let request = UpstreamRequest(
            method: .delete,
            url: self.settings.url,
            fields: self.legacy.fields,
            body: nil
        )
        self.start(purpose, request, sessionID: self.legacy.sessionID)
    }
}

extension LegacySession.Agreement {
    /// The negotiated revision as text; nil where it is no string.
    fileprivate var versionText: String? {
        guard self.version.count >= 2, self.version.first == UInt8(ascii: "\"") else { return nil }
        return self.version.withUnsafeBytes { token in
            JSONString.decode(UnsafeRawBufferPointer(rebasing: token[1..<token.count - 1]))
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
