// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Client → server: the era of each message, its headers, and its turn (R30, R47–R49, R56, R57, R60).
extension HTTPConversation {
    /// A client's message, one whole JSON-RPC request, notification or response, which the session has validated.
    package mutating func receivedFromClient(_ message: ByteBuffer) {
        guard self.ending == nil else { return }
        let (envelope, call, routing) = message.withUnsafeReadableBytes { text in
            Self.classify(text, message)
        }
        guard let envelope else { return }
        if let call {
            self.receivedCall(call)
        } else if envelope.isResponse {
            self.receivedOther(.response, message)
        } else if let cancelled = envelope.cancelled {
            self.receivedCancellation(of: cancelled, message)
        } else if let fields = routing?.fields ?? self.modernFields(envelope) {
            self.postModern(fields, message)
        } else {
            self.receivedOther(envelope.isInitialized ? .initialized : .notification, message)
        }
    }

    /// What of an envelope matters here.
    private struct Summary {
        var isResponse = false
        var isInitialized = false
        /// Decoded, of a notification.
        var method: [UInt8] = []
        var cancelled: RequestID?
    }

    private static func classify(
        _ text: UnsafeRawBufferPointer,
        _ message: ByteBuffer
    ) -> (Summary?, UpstreamCall?, RoutingFields?) {
        guard let envelope = try? EnvelopeScanner.scan(text) else { return (nil, nil, nil) }
        guard let method = envelope.method else { return (Summary(isResponse: true), nil, nil) }
        let routing = envelope.isModern ? RoutingFields(text) : nil
        if let idValue = envelope.id, let id = RequestID(idValue, in: text) {
            let call = UpstreamCall(
                id: id,
                token: Array(text[idValue.range]),
                role: Self.role(method, envelope, text),
                routing: routing,
                message: message
            )
            return (Summary(), call, routing)
        }
        var summary = Summary()
        if method.kind == .string {
            summary.method = JSONString.decode(UnsafeRawBufferPointer(rebasing: text[method.contents])) ?? []
        }
        summary.isInitialized = method.names("notifications/initialized", in: text)
        if method.names("notifications/cancelled", in: text) {
            summary.cancelled = envelope.cancelledID.flatMap { RequestID($0, in: text) }
        }
        return (summary, nil, routing)
    }

    private static func role(
        _ method: Envelope.Value,
        _ envelope: Envelope,
        _ text: UnsafeRawBufferPointer
    ) -> UpstreamCall.Role {
        func member(_ name: StaticString) -> [UInt8]? {
            guard let params = envelope.params, params.kind == .object else { return nil }
            let object = UnsafeRawBufferPointer(rebasing: text[params.range])
            return ObjectMembers.value(of: name, in: object).map { Array(object[$0]) }
        }
        if method.names("tools/call", in: text) { return .callTool }
        if method.names("initialize", in: text) { return .initialize }
        if method.names("tools/list", in: text) { return .listTools(isFirstPage: member("cursor") == nil) }
        if method.names("subscriptions/listen", in: text) { return .listen }
        if method.names("logging/setLevel", in: text) { return .setLevel }
        if method.names("resources/subscribe", in: text) { return member("uri").map { .subscribe($0) } ?? .other }
        if method.names("resources/unsubscribe", in: text) { return member("uri").map { .unsubscribe($0) } ?? .other }
        return .other
    }

    /// A notification without an envelope belongs to the modern era where the connection has known no other (R56).
    private func modernFields(_ envelope: Summary) -> [(name: String, value: String)]? {
        guard self.legacy.state == .none, let version = self.modernVersion else { return nil }
        return [("MCP-Protocol-Version", version), ("Mcp-Method", FieldValue.encode(envelope.method))]
    }

    // MARK: Turns

    private mutating func receivedCall(_ call: UpstreamCall) {
        let number = self.takeNumber()
        self.numbers[call.id] = number
        self.calls[number] = call
        if let routing = call.routing { self.modernVersion = routing.version }
        if self.settings.requestTimeout > 0, call.role != .listen {
            self.actions.append(.schedule(.requestTimeout(number), after: self.settings.requestTimeout))
        }
        if self.isGated(isModern: call.isModern) {
            self.gate(Outgoing(kind: .call(number), message: nil), bytes: call.message.readableBytes)
        } else {
            self.admit(number)
        }
    }

    mutating func receivedOther(_ kind: Outgoing.Kind, _ message: ByteBuffer) {
        if self.isGated(isModern: false) {
            self.gate(Outgoing(kind: kind, message: message), bytes: message.readableBytes)
        } else {
            self.dispatch(kind, message)
        }
    }

    /// Whether a message has to wait for the handshake, or for the transport to be found.
    private func isGated(isModern: Bool) -> Bool {
        switch self.transport {
        case .probing: true
        case .unknown, .eventStream: false
        case .streamableHTTP: !isModern && self.legacy.isGating
        }
    }

    private mutating func gate(_ outgoing: Outgoing, bytes: Int) {
        self.gated.append(outgoing)
        self.gatedBytes += bytes
    }

    /// Lets pass what waited and need not wait any more, in order of arrival.
    mutating func openGate() {
        let waiting = self.gated
        self.gated = CircularBuffer(initialCapacity: 1)
        self.gatedBytes = 0
        for outgoing in waiting {
            switch outgoing.kind {
            case .call(let number):
                guard let call = self.calls[number] else { continue }
                if self.isGated(isModern: call.isModern) {
                    self.gate(outgoing, bytes: call.message.readableBytes)
                } else {
                    self.admit(number)
                }
            case .notification, .initialized, .response:
                if let message = outgoing.message { self.receivedOther(outgoing.kind, message) }
            }
        }
    }

    /// Sends a request, or has it wait for a place; the queue behind `max_parallel` is bounded (R30).
    private mutating func admit(_ number: Int) {
        guard let call = self.calls[number] else { return }
        if self.transport == .eventStream { return self.post(.call(number), nil) }
        if call.role == .listen {
            guard self.listens < self.settings.maxParallel else { return self.fail(number, .queueFull) }
            self.listens += 1
            self.calls[number]?.holdsPlace = true
            return self.send(number)
        }
        if self.placesTaken < self.settings.maxParallel {
            self.placesTaken += 1
            self.calls[number]?.holdsPlace = true
            return self.send(number)
        }
        guard self.queuedBytes + call.message.readableBytes <= self.settings.queue else {
            return self.fail(number, .queueFull)
        }
        self.queued.append(number)
        self.queuedBytes += call.message.readableBytes
    }

    /// A place is free.
    mutating func admitQueued() {
        while self.placesTaken < self.settings.maxParallel, let number = self.queued.popFirst() {
            // One that was cancelled meanwhile has left the books, and its bytes with it.
            guard let call = self.calls[number] else { continue }
            self.queuedBytes -= call.message.readableBytes
            self.placesTaken += 1
            self.calls[number]?.holdsPlace = true
            self.send(number)
        }
    }

    // MARK: Sending

    /// POSTs a request that has its place.
    mutating func send(_ number: Int) {
        guard let call = self.calls[number] else { return }
        if call.isModern, call.role == .callTool, self.mustLearnTools(for: number) { return }
        var fields = Self.postFields
        var sessionID: String?
        if let routing = call.routing {
            fields += routing.fields
            if call.role == .callTool {
                fields += call.message.withUnsafeReadableBytes { self.tools.fields(forCall: $0) } ?? []
            }
        } else if call.role == .initialize {
            self.startInitialize(number)
        } else {
            sessionID = self.legacy.sessionID
            fields += self.legacy.fields
        }
        if self.transport == .unknown {
            self.transport = .probing
            self.probe = number
        }
        let request = UpstreamRequest(method: .post, url: self.settings.url, fields: fields, body: call.message)
        let exchange = self.start(.call(number), request, sessionID: sessionID)
        self.calls[number]?.phase = .sent(exchange)
    }

    /// POSTs a message that is no request.
    mutating func dispatch(_ kind: Outgoing.Kind, _ message: ByteBuffer) {
        if self.transport == .eventStream { return self.post(kind, message) }
        let purpose: HTTPExchange.Purpose
        switch kind {
        case .initialized:
            purpose = .initialized
            self.legacy.initialized = message
        case .response: purpose = .response
        case .notification, .call: purpose = .notification
        }
        let fields = Self.postFields + self.legacy.fields
        let request = UpstreamRequest(method: .post, url: self.settings.url, fields: fields, body: message)
        let id = self.start(purpose, request, sessionID: self.legacy.sessionID)
        if case .initialized = kind { self.legacy.accepting = id }
    }

    private mutating func postModern(_ routing: [(name: String, value: String)], _ message: ByteBuffer) {
        if self.transport == .eventStream { return self.post(.notification, message) }
        let fields = Self.postFields + routing
        self.start(
            .notification,
            UpstreamRequest(method: .post, url: self.settings.url, fields: fields, body: message)
        )
    }

    static let postFields: [(name: String, value: String)] = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ]
}
