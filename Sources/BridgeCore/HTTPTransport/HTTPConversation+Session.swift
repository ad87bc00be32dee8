// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The handshake of the legacy revisions, the general GET stream, and the DELETE (R48–R50, R53).
extension HTTPConversation {
    // MARK: Handshake

    /// `initialize` is about to be sent. A second one begins a second session.
    mutating func startInitialize(_ number: Int) {
        if let stream = self.legacy.stream { self.abort(stream) }
        if let delete = self.deleteSession() { self.linger(delete) }
        let old = self.legacy
        self.legacy = LegacySession()
        self.legacy.streamGeneration = old.streamGeneration + 1
        self.legacy.replayGeneration = old.replayGeneration + 1
        self.legacy.acceptGeneration = old.acceptGeneration + 1
        self.legacy.state = .initializing(number)
        self.legacy.initialize = self.calls[number]?.message.compact
    }

    /// A call whose answer changes what is known of the session has it.
    mutating func stateAnswered(_ call: UpstreamCall, _ number: Int, _ message: ByteBuffer) {
        guard !call.isModern, self.transport != .eventStream else { return }
        if call.role == .initialize { return self.initializeAnswered(number, message) }
        let isSuccess = message.withUnsafeReadableBytes { (try? EnvelopeScanner.scan($0))?.result != nil }
        guard isSuccess else { return }
        switch call.role {
        case .setLevel: self.legacy.setLevel = call.message.compact
        case .subscribe(let uri): self.legacy.subscribe(uri, call.message.compact)
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

    mutating func initializedAccepted(_ response: UpstreamResponse, _ id: HTTPExchangeID) {
        guard self.legacy.accepting == id else { return }
        self.legacy.accepting = nil
        if response.isSuccess {
            self.openStream()
        } else {
            self.note(.refused(status: response.status))
        }
        self.openGate()
    }

    /// A server that does not even acknowledge does not keep the client waiting for ever.
    mutating func acceptanceOverdue(_ generation: Int) {
        guard generation == self.legacy.acceptGeneration, self.legacy.accepting != nil else { return }
        self.legacy.accepting = nil
        self.note(.unsent(UpstreamFault.timedOut.message))
        self.openStream()
        self.openGate()
    }

    mutating func initializedFinished(_ id: HTTPExchangeID, _ fault: UpstreamFault?) {
        guard self.legacy.accepting == id else { return }
        self.legacy.accepting = nil
        self.note(.unsent((fault ?? .noAnswer).message))
        self.openGate()
    }

    // MARK: The general stream (R50)

    mutating func openStream() {
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
            self.linger(id)
            self.sessionLost(resending: nil)
        default: self.legacy.isStreamOff = true
        }
        return .discard
    }

    /// Notes where the general stream stands; false for the event that it was asked to go on behind.
    mutating func receivedStreamEvent(
        _ event: EventStreamParser.Event,
        lastEventID: String?,
        reconnectionTime: Int?
    ) -> Bool {
        if let reconnectionTime { self.legacy.streamReconnectionTime = reconnectionTime }
        let isReplay = event.hasID && lastEventID == self.legacy.streamLastEventID && self.legacy.streamAttempts > 0
        self.legacy.streamAttempts = 0
        if event.hasID { self.legacy.streamLastEventID = Self.sendable(lastEventID) }
        return !isReplay
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

    // MARK: DELETE

    /// Tells the server that the session is over (R53); 404 and 405 are as good as any answer.
    @discardableResult
    mutating func deleteSession() -> HTTPExchangeID? {
        guard self.legacy.sessionID != nil else { return nil }
        let request = UpstreamRequest(
            method: .delete,
            url: self.settings.url,
            fields: self.legacy.fields,
            body: nil
        )
        return self.start(.delete, request, sessionID: self.legacy.sessionID)
    }
}

extension LegacySession.Agreement {
    /// The negotiated revision as text; nil where it is no string of visible ASCII.
    fileprivate var versionText: String? {
        guard self.version.count >= 2, self.version.first == UInt8(ascii: "\"") else { return nil }
        return self.version.withUnsafeBytes { token in
            // It goes into a header.
            JSONString.decode(UnsafeRawBufferPointer(rebasing: token[1..<token.count - 1]))
                .flatMap { $0.allSatisfy { 0x21...0x7E ~= $0 } ? String(decoding: $0, as: UTF8.self) : nil }
        }
    }
}
