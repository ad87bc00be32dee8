// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// What the server says, and whose answer it is (R28, R54, R62).
extension HTTPConversation {
    /// A message of the server's that came in the exchange of a call, or in no call's.
    mutating func receivedMessage(_ message: ByteBuffer, ofCall number: Int?) {
        let call = number.flatMap { self.calls[$0] }
        var answered: [(number: Int, message: ByteBuffer)] = []
        var restamp: Envelope?
        var isResponse = false
        var isToolsChange = false
        var isForeign = false
        message.withUnsafeReadableBytes { text in
            guard let envelope = try? EnvelopeScanner.scan(text) else { return }
            if envelope.isArray {
                for range in ArrayElements(text) {
                    let element = UnsafeRawBufferPointer(rebasing: text[range])
                    guard let envelope = try? EnvelopeScanner.scan(element), envelope.isVersion2,
                        let number = self.answers(envelope, element, number),
                        let slice = message.getSlice(at: message.readerIndex + range.lowerBound, length: range.count)
                    else { continue }
                    isResponse = true
                    answered.append((number, slice))
                }
                return
            }
            guard envelope.isVersion2 else {
                isForeign = true
                return
            }
            if let method = envelope.method {
                isToolsChange = method.names("notifications/tools/list_changed", in: text)
                return
            }
            isResponse = true
            if let number = self.answers(envelope, text, number) {
                answered.append((number, message))
            } else if envelope.error?.kind == .object, envelope.id.map({ $0.kind == .null }) ?? true {
                restamp = envelope
            }
        }
        // Clients take no notice of what is not JSON-RPC 2.0, and would wait for ever for a better answer.
        if isForeign { return }
        if isToolsChange { self.tools.forget() }
        if let call, call.isCancelled, isResponse {
            // The answer to a cancelled request is nobody's.
            let isOwn = restamp != nil || answered.contains { $0.number == number }
            if let number, isOwn { self.answered(number, message) }
            return
        }
        if let restamp, let number, let call {
            self.actions.append(.deliver(Self.restamped(message, restamp, call.token)))
            return self.answered(number, message)
        }
        if let (number, _) = answered.first, answered.count == 1, let call = self.calls[number], call.isModern,
            case .listTools(let isFirstPage) = call.role
        {
            self.actions.append(.deliver(self.learnTools(message, isFirstPage: isFirstPage)))
        } else {
            self.actions.append(.deliver(message))
        }
        for (number, message) in answered { self.answered(number, message) }
    }

    /// The whole body of a response that says yes.
    mutating func receivedAnswerBody(_ body: ByteBuffer, ofCall number: Int) {
        guard let call = self.calls[number] else { return }
        let isMessage = body.withUnsafeReadableBytes { text in
            guard let envelope = try? EnvelopeScanner.scan(text) else { return false }
            return envelope.isArray
                || envelope.isVersion2
                    && (envelope.method != nil || envelope.result != nil || envelope.error?.kind == .object)
        }
        if isMessage { return self.receivedMessage(body, ofCall: number) }
        if let exchange = call.exchange { self.linger(exchange) }
        self.fail(number, body.readableBytes == 0 ? .noAnswer : .notJSON)
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
            self.linger(exchange)
        }
        guard self.takeOut(number) else { return }
        self.stateAnswered(call, number, message)
        if self.probe == number { self.probeEnded() }
        self.admitQueued()
    }

    /// A status that says no, with its body: the server's own JSON-RPC error goes on, with the request's id (R54, R62).
    mutating func receivedErrorBody(_ body: ByteBuffer, _ response: UpstreamResponse, ofCall number: Int) {
        guard let call = self.calls[number] else { return }
        let error = body.withUnsafeReadableBytes { text -> (Envelope, Int?)? in
            guard let envelope = try? EnvelopeScanner.scan(text), envelope.isObject, envelope.isVersion2,
                envelope.method == nil, envelope.result == nil, let error = envelope.error, error.kind == .object
            else { return nil }
            let object = UnsafeRawBufferPointer(rebasing: text[error.range])
            let code = ObjectMembers.value(of: "code", in: object).flatMap {
                Int(String(decoding: UnsafeRawBufferPointer(rebasing: object[$0]), as: UTF8.self))
            }
            return (envelope, code)
        }
        if self.probe == number, self.transport == .probing {
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
}
