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
        self.sent(id)
        self.exchanges[id]?.response = response
        if response.isRedirect { return self.redirected(id, exchange, response) }
        switch exchange.purpose {
        case .call(let number): return self.receivedHead(response, ofCall: number, exchange)
        case .resumption(let number):
            if response.isSuccess, response.content == .eventStream { return .events }
            self.exchanges[id]?.purpose = .answered
            self.resumptionRefused(number, response)
            return .discard
        case .stream: return self.receivedStreamHead(response, of: id)
        case .eventStream: return self.receivedEventStreamHead(response, of: id)
        case .replay(let step): return self.receivedReplayHead(response, step)
        case .initialized:
            self.initializedAccepted(response, exchange)
            return .discard
        case .notification, .response:
            self.receivedOtherHead(response, exchange)
            return .discard
        case .list:
            return response.isSuccess ? self.bodyKind(response) : .discard
        case .post(let number):
            self.receivedPostHead(response, ofCall: number, id)
            return .discard
        case .answered, .farewell, .delete: return .discard
        }
    }

    private mutating func receivedHead(
        _ response: UpstreamResponse,
        ofCall number: Int,
        _ exchange: HTTPExchange
    ) -> OnUpstreamHead {
        guard let call = self.calls[number] else { return .discard }
        if self.transport == .probing {
            if [400, 404, 405].contains(response.status) { return .collect(limit: Self.maxErrorBody) }
            self.found(.streamableHTTP)
        }
        guard response.isSuccess else {
            // A session that the server has forgotten (Streamable HTTP, session management): nothing was processed.
            if response.status == 404, !call.isModern, exchange.sessionID != nil { return .discard }
            return [401, 403].contains(response.status) ? .discard : .collect(limit: Self.maxErrorBody)
        }
        if call.role == .initialize { self.legacy.offeredSessionID = response.sessionID }
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
        let keepsMethod = exchange.request.method == .get || [307, 308].contains(response.status)
        guard keepsMethod, exchange.hops < Self.maxHops,
            let target = response.location.flatMap({ exchange.request.url.resolve($0) }),
            target.hasSameOrigin(as: exchange.request.url)
        else { return .discard }
        var request = exchange.request
        request.url = target
        self.exchanges[id]?.purpose = .answered
        let next = self.start(exchange.purpose, request, sessionID: exchange.sessionID, hops: exchange.hops + 1)
        switch exchange.purpose {
        case .call(let number), .resumption(let number), .post(let number?): self.calls[number]?.phase = .sent(next)
        default: break
        }
        self.moved(from: id, to: next)
        return .discard
    }

    /// What knew an exchange by its number learns the new one.
    private mutating func moved(from old: HTTPExchangeID, to new: HTTPExchangeID) {
        if self.legacy.accepting == old { self.legacy.accepting = new }
        if self.legacy.stream == old { self.legacy.stream = new }
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
                self.receivedMessage(body, ofCall: number, isWhole: true)
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
        self.exchanges[id]?.hasEvents = true
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
                self.calls[number]?.lastEventID = lastEventID
                self.calls[number]?.attempts = 0
            }
            if isReplay { return }
        case .stream: self.receivedStreamEvent(event, lastEventID: lastEventID, reconnectionTime: reconnectionTime)
        case .eventStream: return self.receivedEventStreamEvent(event, of: id)
        default: break
        }
        guard event.name == "message", event.data.readableBytes > 0 else { return }
        switch exchange.purpose {
        case .call(let number), .resumption(let number):
            self.receivedMessage(event.data, ofCall: number, isWhole: false)
        case .stream, .answered: self.receivedMessage(event.data, ofCall: nil, isWhole: false)
        case .replay: self.receivedReplayMessage(event.data, of: id)
        case .list: self.receivedTools(event.data, of: id)
        default: break
        }
    }

    // MARK: End

    /// An exchange is over: its response has come to its end, or `fault` says why not.
    package mutating func finished(_ id: HTTPExchangeID, _ fault: UpstreamFault?) {
        guard let exchange = self.exchanges.removeValue(forKey: id) else { return }
        if exchange.isUploading { self.uploadingBytes -= exchange.bodyBytes }
        defer { self.endIfOver() }
        switch exchange.purpose {
        case .call(let number): self.callFinished(number, exchange, fault)
        case .resumption(let number): self.resumptionFinished(number, fault)
        case .answered: self.lingering.removeAll { $0 == id }
        case .initialized: self.initializedFinished(id, fault)
        case .notification, .response: if let fault { self.note(.unsent(fault.message)) }
        case .stream: self.streamFinished(id, fault)
        case .replay(let step): self.replayFinished(id, step, fault)
        case .list: self.toolsFinished(id)
        case .eventStream: self.eventStreamFinished(id, exchange, fault)
        case .post(let number): self.postFinished(id, number, exchange, fault)
        case .farewell, .delete: break
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

    // MARK: Resumption (R51)

    /// The stream of a call ended before its answer: it will be taken up again.
    private mutating func pause(_ number: Int) {
        guard let call = self.calls[number] else { return }
        guard !call.isCancelled, self.ending == nil, call.attempts < Self.maxResumptions else {
            return self.fail(number, .streamEnded)
        }
        self.calls[number]?.phase = .paused
        let delay = Self.backOff(call.reconnectionTime, attempts: call.attempts)
        self.actions.append(.schedule(.resumption(number), after: delay))
    }

    /// Nanoseconds until an attempt: what the server asked for, and longer with every attempt that brought nothing.
    static func backOff(_ reconnectionTime: Int?, attempts: Int) -> Int64 {
        let base = reconnectionTime ?? Self.defaultReconnection
        var milliseconds = base
        for _ in 0..<min(attempts, 16) { milliseconds = milliseconds * 3 / 2 }
        return Int64(max(base, min(milliseconds, Self.longestReconnection))) * 1_000_000
    }

    mutating func resume(_ number: Int) {
        guard let call = self.calls[number], call.phase == .paused, let lastEventID = call.lastEventID else { return }
        self.calls[number]?.attempts += 1
        let id = self.start(.resumption(number), self.get(lastEventID: lastEventID), sessionID: self.legacy.sessionID)
        self.calls[number]?.phase = .sent(id)
    }

    /// A GET of the endpoint (legacy revisions).
    func get(lastEventID: String?) -> UpstreamRequest {
        var fields: [(name: String, value: String)] = [("Accept", "text/event-stream")]
        fields += self.legacy.fields
        if let lastEventID { fields.append(("Last-Event-ID", lastEventID)) }
        return UpstreamRequest(method: .get, url: self.settings.url, fields: fields, body: nil)
    }

    private mutating func resumptionFinished(_ number: Int, _ fault: UpstreamFault?) {
        if let fault, case .tooLarge = fault { return self.fail(number, fault) }
        if self.calls[number] != nil { self.pause(number) }
    }

    private mutating func resumptionRefused(_ number: Int, _ response: UpstreamResponse) {
        switch response.status {
        case 429, 500...599: self.pause(number)
        case 404: self.fail(number, .sessionLost)
        default: self.fail(number, .streamEnded)
        }
    }

    // MARK: Messages

    /// A message of the server's that came in the exchange of a call, or in no call's.
    ///
    /// - Parameter isWhole: it is all that the exchange brings.
    mutating func receivedMessage(_ message: ByteBuffer, ofCall number: Int?, isWhole: Bool) {
        let call = number.flatMap { self.calls[$0] }
        var answered: [Int] = []
        var restamp: Envelope?
        var isToolsChange = false
        message.withUnsafeReadableBytes { text in
            guard let envelope = try? EnvelopeScanner.scan(text) else { return }
            if envelope.isArray {
                for range in ArrayElements(text) {
                    let element = UnsafeRawBufferPointer(rebasing: text[range])
                    guard let envelope = try? EnvelopeScanner.scan(element) else { continue }
                    if let number = self.answers(envelope, element, number) { answered.append(number) }
                }
                return
            }
            if let method = envelope.method {
                isToolsChange = method.names("notifications/tools/list_changed", in: text)
            } else if let number = self.answers(envelope, text, number) {
                answered.append(number)
            } else if call != nil, envelope.error != nil, envelope.id.map({ $0.kind == .null }) ?? true {
                restamp = envelope
            }
        }
        if isToolsChange { self.tools.forget() }
        if let restamp, let number, let call {
            guard !call.isCancelled else { return self.remove(number) }
            self.actions.append(.deliver(Self.restamped(message, restamp, call.token)))
            return self.answered(number, message)
        }
        // What a cancelled request still brings is nobody's.
        let isNobodys = call?.isCancelled == true
        if isNobodys {
            // Nothing to pass on.
        } else if answered.count == 1, let number = answered.first, let role = self.calls[number]?.role,
            case .listTools(let isFirstPage) = role, self.calls[number]?.isModern == true
        {
            self.actions.append(.deliver(self.learnTools(message, isFirstPage: isFirstPage)))
        } else {
            self.actions.append(.deliver(message))
        }
        for number in answered { self.answered(number, message) }
    }

    /// The call that a response answers: that of its exchange before all others.
    private func answers(_ envelope: Envelope, _ text: UnsafeRawBufferPointer, _ number: Int?) -> Int? {
        guard envelope.method == nil, envelope.result != nil || envelope.error != nil, let idValue = envelope.id,
            let id = RequestID(respelled: idValue, in: text)
        else { return nil }
        if let number, self.calls[number]?.id == id { return number }
        return self.numbers[id]
    }

    /// A call has its answer; its exchange may go on for a moment.
    private mutating func answered(_ number: Int, _ message: ByteBuffer) {
        guard let call = self.calls[number] else { return }
        if let exchange = call.exchange, self.exchanges[exchange] != nil, self.transport != .eventStream {
            self.exchanges[exchange]?.purpose = .answered
            self.lingering.append(exchange)
            // A server that never ends its streams does not get to keep all of them.
            if self.lingering.count > self.settings.maxParallel, let oldest = self.lingering.popFirst() {
                self.abort(oldest)
            }
        }
        self.remove(number)
        self.stateAnswered(call, number, message)
    }

    /// A status that says no, with its body: the server's own JSON-RPC error goes on, with the request's id (R54, R62).
    private mutating func receivedErrorBody(_ body: ByteBuffer, _ response: UpstreamResponse, ofCall number: Int) {
        guard let call = self.calls[number] else { return }
        let error = body.withUnsafeReadableBytes { text -> (Envelope, Int?)? in
            guard let envelope = try? EnvelopeScanner.scan(text), envelope.isObject, envelope.method == nil,
                envelope.result == nil, let error = envelope.error, error.kind == .object
            else { return nil }
            let object = UnsafeRawBufferPointer(rebasing: text[error.range])
            let code = ObjectMembers.value(of: "code", in: object).flatMap {
                Int(String(decoding: UnsafeRawBufferPointer(rebasing: object[$0]), as: UTF8.self))
            }
            return (envelope, code)
        }
        if self.transport == .probing {
            guard self.isStreamable(error?.1, response, call) else {
                let reply = error.map { Self.restamped(body, $0.0, call.token) }
                return self.tryEventStream(number, response, reply)
            }
            self.found(.streamableHTTP)
        }
        guard let (envelope, code) = error else { return }
        if code == -32_020, call.isModern, call.role == .callTool, !call.isRelisted { return self.relist(number) }
        if call.isCancelled { return self.remove(number) }
        self.actions.append(.deliver(Self.restamped(body, envelope, call.token)))
        self.answered(number, body)
        if call.role == .initialize { self.initializeEnded(number) }
    }

    /// Whether a server that said no at the first message knows Streamable HTTP all the same (R65): it says so by an
    /// error that only revision 2026-07-28 has, and by knowing methods.
    private func isStreamable(_ code: Int?, _ response: UpstreamResponse, _ call: UpstreamCall) -> Bool {
        guard let code else { return false }
        return (-32_099 ... -32_020).contains(code) || (response.status == 404 && code == -32_601)
    }

    /// The message with the id `token`.
    static func restamped(_ message: ByteBuffer, _ envelope: Envelope, _ token: [UInt8]) -> ByteBuffer {
        message.withUnsafeReadableBytes { text in
            var output = ByteBuffer()
            output.reserveCapacity(text.count + token.count + 8)
            if let id = envelope.id {
                output.writeBytes(text[..<id.start])
                output.writeBytes(token)
                output.writeBytes(text[id.end...])
            } else {
                let start = (text.firstIndex(of: UInt8(ascii: "{")) ?? -1) + 1
                output.writeBytes(text[..<start])
                output.writeString("\"id\":")
                output.writeBytes(token)
                output.writeString(",")
                output.writeBytes(text[start...])
            }
            return output
        }
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
