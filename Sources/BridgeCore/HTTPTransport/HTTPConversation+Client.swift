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
        } else if envelope.isCancellation, routing != nil || self.modernFields(envelope) != nil {
            // It names no request: in the modern era there is nobody to tell (R60).
        } else if let fields = routing?.fields ?? self.modernFields(envelope) {
            self.receivedOther(.notification(modern: fields), message)
        } else {
            self.receivedOther(envelope.isInitialized ? .initialized : .notification(modern: nil), message)
        }
    }

    /// What of an envelope matters here.
    private struct Summary {
        var isResponse = false
        var isInitialized = false
        /// Decoded, of a notification.
        var method: [UInt8] = []
        var isCancellation = false
        /// The request that a cancellation names.
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
            summary.isCancellation = true
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
        return [
            ("MCP-Protocol-Version", FieldValue.encode(version.utf8)),
            ("Mcp-Method", FieldValue.encode(envelope.method)),
        ]
    }

    // MARK: Turns

    private mutating func receivedCall(_ call: UpstreamCall) {
        let number = self.takeNumber()
        self.numbers[call.id] = number
        self.calls[number] = call
        if let routing = call.routing { self.modernVersion = routing.version }
        if self.settings.requestTimeout > 0, call.role != .listen {
            self.expect(number)
        }
        if self.isGated(isModern: call.isModern) {
            self.gate(Outgoing(kind: .call(number), message: nil), bytes: call.message.readableBytes)
        } else {
            self.admit(number)
        }
    }

    mutating func receivedOther(_ kind: Outgoing.Kind, _ message: ByteBuffer) {
        let outgoing = Outgoing(kind: kind, message: message)
        if self.isGated(isModern: self.isModern(outgoing)) {
            self.gate(outgoing, bytes: message.readableBytes)
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
        self.gated.append(self.kept(outgoing))
        self.gatedBytes += bytes
        if case .call(let number) = outgoing.kind { self.calls[number]?.phase = .gated }
    }

    /// A message that begins to wait: it may have come in a read that is much larger than what is counted of it (R46).
    mutating func kept(_ outgoing: Outgoing) -> Outgoing {
        if case .call(let number) = outgoing.kind, let message = self.calls[number]?.message {
            self.calls[number]?.message = message.kept
        }
        return Outgoing(kind: outgoing.kind, message: outgoing.message?.kept)
    }

    /// Lets pass what waited and need not wait any more, in order of arrival.
    mutating func openGate() {
        // What waits for a place came before the gate was closed.
        self.admitQueued()
        var kept: CircularBuffer<Outgoing> = CircularBuffer(initialCapacity: 1)
        // While the transport is being found out, all that is left waits on.
        while self.transport != .probing, let outgoing = self.gated.popFirst() {
            if self.isGated(isModern: self.isModern(outgoing)) {
                kept.append(outgoing)
                continue
            }
            self.gatedBytes -= self.size(outgoing)
            if case .call(let number) = outgoing.kind {
                self.calls[number]?.phase = .arriving
                self.admit(number)
            } else if let message = outgoing.message {
                self.dispatch(outgoing.kind, message)
            }
        }
        for outgoing in kept.reversed() { self.gated.prepend(outgoing) }
    }

    /// A call that is gone may pass: it comes to nothing.
    private func isModern(_ outgoing: Outgoing) -> Bool {
        switch outgoing.kind {
        case .call(let number): self.calls[number]?.isModern ?? true
        case .notification(let fields): fields != nil
        case .initialized, .response: false
        }
    }

    /// Bytes of a message that waits; none if its call is gone.
    func size(_ outgoing: Outgoing) -> Int {
        if case .call(let number) = outgoing.kind { return self.calls[number]?.message.readableBytes ?? 0 }
        return outgoing.message?.readableBytes ?? 0
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
        self.calls[number]?.message = call.message.kept
        self.calls[number]?.phase = .queued
    }

    /// A place is free. A request that is first in the queue and has to wait for a handshake holds up the others.
    mutating func admitQueued() {
        while self.placesTaken < self.settings.maxParallel, let number = self.queued.first {
            if let call = self.calls[number], self.isGated(isModern: call.isModern) { return }
            self.queued.removeFirst()
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
        if self.transport == .unknown {
            self.transport = .probing
            self.probe = number
        }
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
        let request = UpstreamRequest(method: .post, url: self.settings.url, fields: fields, body: call.message)
        let exchange = self.start(.call(number), request, sessionID: sessionID)
        self.calls[number]?.phase = .sent(exchange)
    }

    /// POSTs a message that is no request.
    mutating func dispatch(_ kind: Outgoing.Kind, _ message: ByteBuffer) {
        if self.transport == .eventStream { return self.post(kind, message) }
        var purpose = HTTPExchange.Purpose.notification
        var sessionID = self.legacy.sessionID
        var fields = self.legacy.fields
        switch kind {
        case .initialized:
            purpose = .initialized
            self.legacy.initialized = message.compact
            self.legacy.acceptGeneration += 1
            let timer = Timer.acceptance(generation: self.legacy.acceptGeneration)
            self.actions.append(.schedule(timer, after: Self.replayTime))
        case .response: purpose = .response
        case .notification(.some(let modern)):
            sessionID = nil
            fields = modern
        case .notification(nil), .call: break
        }
        let request = UpstreamRequest(
            method: .post,
            url: self.settings.url,
            fields: Self.postFields + fields,
            body: message
        )
        let id = self.start(purpose, request, sessionID: sessionID)
        if case .initialized = kind { self.legacy.accepting = id }
    }

    static let postFields: [(name: String, value: String)] = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ]
}
