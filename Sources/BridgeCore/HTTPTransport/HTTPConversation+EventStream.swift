// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// HTTP+SSE of revision 2024-11-05: one stream for all that the server says, an endpoint for all that it is told
/// (R63–R65).
struct EventStreamSession: Sendable {
    /// A first message that Streamable HTTP was refused for, and what is to become of it if there is no event stream
    /// either.
    struct Fallback: Sendable {
        var number: Int
        var status: Int
        var reply: ByteBuffer?
    }

    var stream: HTTPExchangeID?
    /// Where messages go; nil before the `endpoint` event.
    var endpoint: HTTPURL?
    /// Messages that wait for the endpoint or for their turn: one is under way at a time, so that they arrive in order
    /// (R29).
    var waiting: CircularBuffer<Outgoing> = CircularBuffer(initialCapacity: 1)
    var posting: HTTPExchangeID?
    var fallback: Fallback?

    mutating func moved(from old: HTTPExchangeID, to new: HTTPExchangeID) {
        if self.stream == old { self.stream = new }
        if self.posting == old { self.posting = new }
    }

}

extension HTTPConversation {
    /// Queues a message for the endpoint.
    mutating func post(_ kind: Outgoing.Kind, _ message: ByteBuffer?) {
        let outgoing = Outgoing(kind: kind, message: message)
        if case .call(let number) = kind { self.calls[number]?.phase = .inLine }
        self.eventStream.waiting.append(self.kept(outgoing))
        self.gatedBytes += self.size(outgoing)
        self.postNext()
    }

    private mutating func postNext() {
        guard self.eventStream.posting == nil, !self.eventStream.waiting.isEmpty, self.ending == nil else { return }
        guard let endpoint = self.eventStream.endpoint else { return self.openEventStream() }
        while let outgoing = self.eventStream.waiting.popFirst() {
            self.gatedBytes -= self.size(outgoing)
            var number: Int?
            var message = outgoing.message
            if case .call(let call) = outgoing.kind {
                guard let body = self.calls[call]?.message else { continue }
                number = call
                message = body
            }
            let request = UpstreamRequest(method: .post, url: endpoint, fields: Self.postFields, body: message)
            let id = self.start(.post(number), request)
            self.eventStream.posting = id
            if let number { self.calls[number]?.phase = .sent(id) }
            return
        }
    }

    private mutating func openEventStream() {
        guard self.eventStream.stream == nil else { return }
        let request = UpstreamRequest(
            method: .get,
            url: self.settings.url,
            fields: [("Accept", "text/event-stream")],
            body: nil
        )
        let id = self.start(.eventStream, request)
        self.eventStream.stream = id
        self.eventStreamGeneration += 1
        let timer = Timer.endpoint(generation: self.eventStreamGeneration)
        self.actions.append(.schedule(timer, after: self.settings.endpointTimeout))
    }

    /// Streamable HTTP is not what the server speaks: asks for an event stream (R65).
    ///
    /// - Parameter reply: what the server said, for the client, should there be no event stream either.
    mutating func tryEventStream(_ number: Int, _ response: UpstreamResponse, _ reply: ByteBuffer?) {
        guard let call = self.calls[number] else { return }
        if let exchange = call.exchange { self.linger(exchange) }
        // Nobody waits for it: let the next request find out.
        guard !call.isCancelled, self.ending == nil else { return self.remove(number) }
        self.calls[number]?.phase = .refused
        if call.holdsPlace {
            self.freePlace(of: call)
            self.calls[number]?.holdsPlace = false
        }
        self.eventStream.fallback = .init(number: number, status: response.status, reply: reply)
        self.openEventStream()
    }

    mutating func receivedEventStreamHead(_ response: UpstreamResponse, of id: HTTPExchangeID) -> OnUpstreamHead {
        response.isSuccess && response.content == .eventStream ? .events : .discard
    }

    mutating func receivedEventStreamEvent(_ event: EventStreamParser.Event, of id: HTTPExchangeID) {
        guard self.eventStream.stream == id else { return }
        switch event.name {
        case "endpoint" where self.eventStream.endpoint == nil:
            let base = self.exchanges[id]?.request.url ?? self.settings.url
            guard let endpoint = base.resolve(String(buffer: event.data)), endpoint.hasSameOrigin(as: base) else {
                self.abort(id)
                return self.eventStreamFailed(.badEndpoint)
            }
            self.foundEndpoint(endpoint)
        case "message" where event.data.readableBytes > 0 && self.eventStream.endpoint != nil:
            self.receivedMessage(event.data, ofCall: nil)
        default: break
        }
    }

    private mutating func foundEndpoint(_ endpoint: HTTPURL) {
        self.eventStream.endpoint = endpoint
        guard let fallback = self.eventStream.fallback else { return self.postNext() }
        self.eventStream.fallback = nil
        self.legacy = LegacySession()
        self.probe = nil
        self.transport = .eventStream
        if self.calls[fallback.number] != nil { self.post(.call(fallback.number), nil) }
        self.note(.transport("HTTP+SSE"))
        self.openGate()
    }

    /// There is no event stream: whoever waits for it is answered.
    private mutating func eventStreamFailed(_ fault: UpstreamFault) {
        self.eventStream.stream = nil
        if let fallback = self.eventStream.fallback {
            self.eventStream.fallback = nil
            if let reply = fallback.reply, self.calls[fallback.number]?.isCancelled == false {
                self.actions.append(.deliver(reply))
                let isInitialize = self.calls[fallback.number]?.role == .initialize
                self.probe = nil
                self.remove(fallback.number)
                if isInitialize { self.legacy.state = .none }
            } else {
                self.probe = nil
                self.fail(fallback.number, .status(fallback.status))
            }
            // A server that is neither is asked anew, unless it spoke JSON-RPC.
            if fallback.reply != nil { return self.found(.streamableHTTP) }
            self.transport = .unknown
            return self.openGate()
        }
        let waiting = self.eventStream.waiting
        self.eventStream.waiting = CircularBuffer(initialCapacity: 1)
        for outgoing in waiting {
            if case .call(let number) = outgoing.kind {
                // Its bytes leave with it.
                self.fail(number, fault)
            } else {
                self.gatedBytes -= self.size(outgoing)
                self.note(.unsent(fault.message))
            }
        }
    }

    mutating func endpointOverdue(_ generation: Int) {
        guard generation == self.eventStreamGeneration, let id = self.eventStream.stream,
            self.eventStream.endpoint == nil
        else { return }
        self.abort(id)
        self.eventStreamFailed(.noEndpoint)
    }

    mutating func eventStreamFinished(_ id: HTTPExchangeID, _ exchange: HTTPExchange, _ fault: UpstreamFault?) {
        guard self.eventStream.stream == id else { return }
        self.eventStream.stream = nil
        guard self.eventStream.endpoint == nil else {
            if self.ending == nil { self.actions.append(.end(.streamLost)) }
            return
        }
        if let response = exchange.response, !response.isSuccess {
            self.eventStreamFailed(response.isRedirect ? .redirect : .status(response.status))
        } else {
            self.eventStreamFailed(fault ?? .noEndpoint)
        }
    }

    mutating func receivedPostHead(_ response: UpstreamResponse, ofCall number: Int?, _ id: HTTPExchangeID) {
        if self.eventStream.posting == id { self.eventStream.posting = nil }
        self.linger(id)
        if let number {
            if response.isSuccess {
                if self.calls[number] != nil { self.calls[number]?.phase = .posted }
                self.calls[number]?.message = ByteBuffer()
            } else {
                self.fail(number, .status(response.status))
            }
        } else if !response.isSuccess {
            self.note(.refused(status: response.status))
        }
        self.postNext()
    }

    mutating func postFinished(
        _ id: HTTPExchangeID,
        _ number: Int?,
        _ exchange: HTTPExchange,
        _ fault: UpstreamFault?
    ) {
        if self.eventStream.posting == id { self.eventStream.posting = nil }
        if exchange.response == nil || exchange.response?.isRedirect == true {
            let fault = fault ?? (exchange.response == nil ? .noAnswer : .redirect)
            if let number { self.fail(number, fault) } else { self.note(.unsent(fault.message)) }
        }
        self.postNext()
    }

    /// A POST was cut because its request took too long: the next may go.
    mutating func postAborted(_ id: HTTPExchangeID) {
        guard self.eventStream.posting == id else { return }
        self.eventStream.posting = nil
        self.postNext()
    }
}
