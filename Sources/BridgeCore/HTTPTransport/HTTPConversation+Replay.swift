// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// A session that the server has forgotten, and the one that takes its place (R52).
extension HTTPConversation {
    /// The server does not know the session any more, and has processed nothing of what was sent in it.
    ///
    /// - Parameters:
    ///   - number: the call that found it out.
    ///   - sessionID: the session in which it was sent.
    mutating func sessionLost(resending number: Int?, _ sessionID: String? = nil) {
        if let number {
            guard let call = self.calls[number], !call.isCancelled, self.ending == nil else {
                return self.remove(number)
            }
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
        guard !self.legacy.isLost else { return }
        self.legacy.isLost = true
        self.note(.sessionLost(why))
        self.actions.append(.end(.sessionLost))
    }

    private mutating func replay(
        _ step: HTTPExchange.Replay,
        _ message: ByteBuffer,
        fields: [(name: String, value: String)]
    ) {
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
        guard self.exchanges[id]?.purpose == .replay(.initialize), self.legacy.state == .replaying,
            !self.legacy.isLost
        else { return }
        let envelope = message.withUnsafeReadableBytes { try? EnvelopeScanner.scan($0) }
        guard let envelope, envelope.method == nil, envelope.result != nil || envelope.error != nil else { return }
        self.linger(id)
        let agreement = message.withUnsafeReadableBytes { LegacySession.Agreement(envelope, $0) }
        guard let agreement, let old = self.legacy.agreement else {
            return self.endLost("the server refuses a new one")
        }
        if let difference = old.difference(from: agreement) { return self.endLost(difference) }
        self.legacy.sessionID = self.legacy.offeredSessionID
        guard let initialized = self.legacy.initialized else { return self.replayDone() }
        self.replay(.initialized, initialized, fields: Self.postFields + self.legacy.fields)
    }

    /// - Parameter exchange: as it was at its end.
    mutating func replayFinished(_ step: HTTPExchange.Replay, _ exchange: HTTPExchange) {
        guard self.legacy.state == .replaying, !self.legacy.isLost else { return }
        switch step {
        case .initialize: self.replayFailed()
        case .initialized:
            guard exchange.response?.isSuccess == true else { return self.replayFailed() }
            self.legacy.replaying.append(contentsOf: self.legacy.setLevel.map { [$0] } ?? [])
            self.legacy.replaying.append(contentsOf: self.legacy.subscriptions.values)
            self.replayState()
        // What the server does not want any more it does not get.
        case .state: self.replayState()
        }
    }

    /// One after the other: a client may have subscribed to thousands.
    private mutating func replayState() {
        guard let message = self.legacy.replaying.popFirst() else { return self.replayDone() }
        self.replay(.state, message, fields: Self.postFields + self.legacy.fields)
    }

    private mutating func replayDone() {
        self.note(.reinitialized)
        self.legacy.state = .established
        let resending = self.legacy.resending
        self.legacy.resending = []
        for number in resending { self.send(number) }
        self.openStream()
        self.openGate()
    }

    /// The server cannot be asked now: what waited gets errors, and the next message is the next attempt.
    private mutating func replayFailed() {
        self.legacy.state = .established
        self.legacy.replaying = []
        let resending = self.legacy.resending
        self.legacy.resending = []
        for number in resending { self.fail(number, .sessionLost) }
        self.openGate()
    }

    mutating func replayOverdue(_ generation: Int) {
        guard self.legacy.state == .replaying, !self.legacy.isLost, generation == self.legacy.replayGeneration else {
            return
        }
        for (id, exchange) in self.exchanges {
            if case .replay = exchange.purpose { self.abort(id) }
        }
        self.replayFailed()
    }
}
