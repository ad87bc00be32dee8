// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What the server's side of an exchange means (R51, R54, R55, R61, R62).
extension HTTPConversation {
    // MARK: Head

    /// The head of a response has come; says what to do with its body.
    package mutating func receivedHead(_ response: UpstreamResponse, of id: HTTPExchangeID) -> OnUpstreamHead {
        guard let exchange = self.exchanges[id] else { return .discard }
        defer { self.endIfOver() }
        self.sent(id)
        self.exchanges[id]?.response = response
        if response.isRedirect { return self.redirected(id, exchange, response) }
        // It will not be sent again: nothing of the client's is kept for it.
        self.exchanges[id]?.request.body = nil
        switch exchange.purpose {
        case .call(let number): return self.receivedHead(response, ofCall: number, exchange)
        case .resumption(let number):
            if response.isSuccess, response.content == .eventStream { return .events }
            self.linger(id)
            self.resumptionRefused(number, response)
            return .discard
        case .stream: return self.receivedStreamHead(response, of: id)
        case .eventStream: return self.receivedEventStreamHead(response, of: id)
        case .replay(let step): return self.receivedReplayHead(response, step)
        case .initialized:
            self.linger(id)
            self.initializedAccepted(response, id)
            return .discard
        case .notification, .response:
            self.linger(id)
            self.receivedOtherHead(response, exchange)
            return .discard
        case .list:
            return response.isSuccess ? self.bodyKind(response) : .discard
        case .post(let number):
            self.receivedPostHead(response, ofCall: number, id)
            return .discard
        case .farewell, .delete:
            self.linger(id)
            return .discard
        case .answered: return .discard
        }
    }

    private mutating func receivedHead(
        _ response: UpstreamResponse,
        ofCall number: Int,
        _ exchange: HTTPExchange
    ) -> OnUpstreamHead {
        guard let call = self.calls[number] else { return .discard }
        if self.probe == number, self.transport == .probing {
            if [400, 404, 405].contains(response.status) { return .collect(limit: Self.maxErrorBody) }
            self.found(.streamableHTTP)
        }
        guard response.isSuccess else {
            // A session that the server has forgotten (Streamable HTTP, session management): nothing was processed.
            if response.status == 404, !call.isModern, exchange.sessionID != nil { return .discard }
            return [401, 403].contains(response.status) ? .discard : .collect(limit: Self.maxErrorBody)
        }
        if call.role == .initialize, !call.isModern { self.legacy.offeredSessionID = response.sessionID }
        // It was processed: it will not be sent again.
        if !call.keepsMessage { self.calls[number]?.message = ByteBuffer() }
        return self.bodyKind(response)
    }

    func bodyKind(_ response: UpstreamResponse) -> OnUpstreamHead {
        switch response.content {
        case .json where response.status != 202: .collect(limit: self.settings.maxEvent)
        case .eventStream: .events
        case .json, .other: .discard
        }
    }

    /// Only within the origin, and only where the method stays what it is (R55).
    private mutating func redirected(
        _ id: HTTPExchangeID,
        _ exchange: HTTPExchange,
        _ response: UpstreamResponse
    ) -> OnUpstreamHead {
        if exchange.purpose.callNumber.map({ self.calls[$0]?.isCancelled ?? true }) == true { return .discard }
        let keepsMethod = exchange.request.method == .get || [307, 308].contains(response.status)
        guard keepsMethod, exchange.hops < Self.maxHops,
            let target = response.location.flatMap({ exchange.request.url.resolve($0) }),
            target.hasSameOrigin(as: exchange.request.url)
        else {
            self.notFollowed(id, exchange, response)
            return .discard
        }
        var request = exchange.request
        request.url = target
        self.linger(id)
        let next = self.start(exchange.purpose, request, sessionID: exchange.sessionID, hops: exchange.hops + 1)
        if let number = exchange.purpose.callNumber { self.calls[number]?.phase = .sent(next) }
        self.moved(from: id, to: next)
        return .discard
    }

    /// A redirect is as good as a refusal; calls are answered at the end of the exchange.
    private mutating func notFollowed(_ id: HTTPExchangeID, _ exchange: HTTPExchange, _ response: UpstreamResponse) {
        switch exchange.purpose {
        case .notification, .response:
            self.linger(id)
            self.note(.refused(status: response.status))
        case .initialized:
            self.linger(id)
            self.initializedAccepted(response, id)
        case .stream: self.legacy.isStreamOff = true
        default: break
        }
    }

    /// What knew an exchange by its number learns the new one.
    private mutating func moved(from old: HTTPExchangeID, to new: HTTPExchangeID) {
        if self.legacy.accepting == old { self.legacy.accepting = new }
        if self.legacy.stream == old { self.legacy.stream = new }
        if self.listing == old { self.listing = new }
        self.eventStream.moved(from: old, to: new)
        self.ending?.moved(from: old, to: new)
    }

    private mutating func receivedOtherHead(_ response: UpstreamResponse, _ exchange: HTTPExchange) {
        guard !response.isSuccess else { return }
        if response.status == 404, exchange.sessionID != nil, exchange.sessionID == self.legacy.sessionID,
            exchange.purpose == .notification, self.ending == nil
        {
            return self.sessionLost(resending: nil)
        }
        self.note(.refused(status: response.status))
    }

    // MARK: Body

    /// The whole body of a response that was to be collected.
    package mutating func receivedBody(_ body: ByteBuffer, of id: HTTPExchangeID) {
        guard let exchange = self.exchanges[id], let response = exchange.response else { return }
        switch exchange.purpose {
        case .call(let number):
            if response.isSuccess {
                self.receivedAnswerBody(body, ofCall: number)
            } else {
                self.receivedErrorBody(body, response, ofCall: number)
            }
        case .replay: self.receivedReplayMessage(body, of: id)
        case .list: self.receivedTools(body, of: id)
        default: break
        }
    }

    /// One event of a stream.
    ///
    /// - Parameters:
    ///   - lastEventID: where the stream stands now; nil if its events have no ids.
    ///   - reconnectionTime: milliseconds, if the server has said so.
    package mutating func received(
        _ event: EventStreamParser.Event,
        lastEventID: String?,
        reconnectionTime: Int?,
        of id: HTTPExchangeID
    ) {
        guard let exchange = self.exchanges[id] else { return }
        defer { self.endIfOver() }
        switch exchange.purpose {
        case .call(let number), .resumption(let number):
            guard let call = self.calls[number] else { return }
            if let reconnectionTime { self.calls[number]?.reconnectionTime = reconnectionTime }
            guard !call.isModern else { break }
            // A server that replays the event it was asked to go on behind says nothing new (R51).
            let isReplay =
                exchange.purpose == .resumption(number) && event.hasID && lastEventID == call.lastEventID
                && call.attempts > 0
            if event.hasID, !isReplay {
                self.calls[number]?.lastEventID = Self.sendable(lastEventID)
                self.calls[number]?.attempts = 0
            }
            if isReplay { return }
        case .stream:
            guard self.receivedStreamEvent(event, lastEventID: lastEventID, reconnectionTime: reconnectionTime) else {
                return
            }
        case .eventStream: return self.receivedEventStreamEvent(event, of: id)
        default: break
        }
        guard event.name == "message", event.data.readableBytes > 0 else { return }
        switch exchange.purpose {
        case .call(let number), .resumption(let number):
            self.receivedMessage(event.data, ofCall: number)
        case .stream, .answered: self.receivedMessage(event.data, ofCall: nil)
        case .replay: self.receivedReplayMessage(event.data, of: id)
        case .list: self.receivedTools(event.data, of: id)
        default: break
        }
    }

    // MARK: End

    /// An exchange is over: its response has come to its end, or `fault` says why not.
    package mutating func finished(_ id: HTTPExchangeID, _ fault: UpstreamFault?) {
        guard let exchange = self.takeOut(id) else { return }
        defer { self.endIfOver() }
        switch exchange.purpose {
        case .call(let number): self.callFinished(number, exchange, fault)
        case .resumption(let number): self.resumptionFinished(number, fault)
        case .initialized: self.initializedFinished(id, fault)
        case .notification, .response: if let fault { self.note(.unsent(fault.message)) }
        case .stream: self.streamFinished(id, fault)
        case .replay(let step): self.replayFinished(step, exchange)
        case .list: self.toolsFinished(id)
        case .eventStream: self.eventStreamFinished(id, exchange, fault)
        case .post(let number): self.postFinished(id, number, exchange, fault)
        case .answered, .farewell, .delete: break
        }
    }

    private mutating func callFinished(_ number: Int, _ exchange: HTTPExchange, _ fault: UpstreamFault?) {
        guard let call = self.calls[number] else { return }
        guard let response = exchange.response else { return self.fail(number, fault ?? .noAnswer) }
        if response.status == 404, !call.isModern, let sessionID = exchange.sessionID {
            return self.sessionLost(resending: number, sessionID)
        }
        if response.isRedirect { return self.fail(number, .redirect) }
        guard response.isSuccess else { return self.fail(number, .status(response.status)) }
        if let fault, case .tooLarge = fault { return self.fail(number, fault) }
        if response.content == .eventStream {
            if !call.isModern, call.lastEventID != nil { return self.pause(number) }
            return self.fail(number, fault ?? .streamEnded)
        }
        if let fault { return self.fail(number, fault) }
        let isEmpty = response.status == 202 || response.status == 204
        self.fail(number, response.content == .other && !isEmpty ? .contentType : .noAnswer)
    }

    /// The transport is known now: what waited for it may go.
    mutating func found(_ transport: FoundTransport) {
        guard self.transport == .probing || self.transport == .unknown else { return }
        self.probe = nil
        self.transport = transport
        if let name = transport.name { self.note(.transport(name)) }
        self.openGate()
    }
}

extension UpstreamCall {
    /// Its message is part of what a new session has to be told.
    fileprivate var keepsMessage: Bool {
        switch self.role {
        case .initialize, .setLevel, .subscribe: true
        default: false
        }
    }
}
