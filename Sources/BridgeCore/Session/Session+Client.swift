// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Client → server: untrusted, so validated in full (R24–R27).
extension Session {
    /// What became of a client's message.
    package enum OnClientMessage: Sendable {
        /// It, or the valid elements of a batch, stand in the buffer as lines for the server.
        case forwarded
        /// Nothing goes to the server; an answer may have been written.
        case consumed
        /// One invalid message too many: the session has to end (R24).
        case flood
    }

    private enum Verdict {
        case forward
        case drop
        case split
        case refuse(BridgeReply, id: [UInt8]?)
        /// The policy forbids it; the answer stands in ``Session/denials``. No payload: that would cost every message.
        case deny
    }

    /// Judges the message that stands in `lines` from index `start` to the writer index.
    ///
    /// What goes on to the server stays there, as whole lines; all else is taken out again. Answers of the bridge are
    /// appended to `replies` as frames. The bytes are valid UTF-8 already (R14).
    package mutating func receivedFromClient(
        _ lines: inout ByteBuffer,
        from start: Int,
        replies: inout ByteBuffer
    ) -> OnClientMessage {
        if self.settings.framing == .lines {
            self.forward(&lines, from: start)
            return .forwarded
        }
        var hasLineBreak = false
        let verdict = lines.withBytes(from: start) { text -> Verdict in
            do throws(JSONSyntaxError) {
                let envelope = try EnvelopeScanner.scan(text)
                hasLineBreak = envelope.hasLineBreak
                return self.judge(text, envelope, isInBatch: false)
            } catch {
                let message = "Parse error: \(error.explanation) at byte \(error.offset)"
                return .refuse(BridgeReply(.parseError, message, cause: "not_json"), id: nil)
            }
        }
        if hasLineBreak { lines.blankLineBreaks(from: start) }
        switch verdict {
        case .forward:
            self.invalidInARow = 0
            self.forward(&lines, from: start)
            return .forwarded
        case .drop:
            self.counters.dropped += 1
            lines.moveWriterIndex(to: start)
            return .consumed
        case .refuse(let reply, let id):
            lines.moveWriterIndex(to: start)
            return self.refuse(reply, id: id, replies: &replies) ? .consumed : .flood
        case .deny:
            lines.moveWriterIndex(to: start)
            self.answerDenied(into: &replies)
            return .consumed
        case .split:
            return self.split(&lines, from: start, replies: &replies)
        }
    }

    /// Closes the message at the end of `lines` with LF.
    private mutating func forward(_ lines: inout ByteBuffer, from start: Int) {
        self.counters.messagesFromClient += 1
        self.counters.bytesFromClient += lines.writerIndex - start
        lines.writeInteger(UInt8(ascii: "\n"))
    }

    /// Answers an invalid message; false if it was one too many.
    private mutating func refuse(_ reply: BridgeReply, id: [UInt8]?, replies: inout ByteBuffer) -> Bool {
        self.counters.refused += 1
        self.invalidInARow += 1
        guard self.invalidInARow <= self.settings.maxInvalid else { return false }
        self.send(reply, id: id, into: &replies)
        return true
    }

    /// Makes each element of a batch a message of its own (R25).
    private mutating func split(
        _ lines: inout ByteBuffer,
        from start: Int,
        replies: inout ByteBuffer
    ) -> OnClientMessage {
        let batch = lines.withBytes(from: start) { Array($0) }
        lines.moveWriterIndex(to: start)
        var outcome = OnClientMessage.consumed
        batch.withUnsafeBytes { bytes in
            for range in ArrayElements(bytes) {
                let element = UnsafeRawBufferPointer(rebasing: bytes[range])
                // The batch was valid JSON, so each of its elements is.
                guard let envelope = try? EnvelopeScanner.scan(element) else { continue }
                switch self.judge(element, envelope, isInBatch: true) {
                case .forward:
                    self.invalidInARow = 0
                    let begin = lines.writerIndex
                    lines.writeBytes(element)
                    self.forward(&lines, from: begin)
                    outcome = .forwarded
                case .drop, .split:
                    self.counters.dropped += 1
                case .refuse(let reply, let id):
                    guard self.refuse(reply, id: id, replies: &replies) else {
                        outcome = .flood
                        return
                    }
                case .deny: self.answerDenied(into: &replies)
                }
            }
        }
        return outcome
    }

    private mutating func judge(
        _ text: UnsafeRawBufferPointer,
        _ envelope: Envelope,
        isInBatch: Bool
    ) -> Verdict {
        guard envelope.isObject else { return self.judgeArray(text, envelope, isInBatch: isInBatch) }
        let id = envelope.hasDuplicateID ? nil : envelope.id.flatMap { RequestID($0, in: text) }
        func refuse(_ message: String, _ cause: String) -> Verdict {
            let token = id == nil ? nil : envelope.id.map { Array(text[$0.range]) }
            return .refuse(BridgeReply(.invalidRequest, "Invalid Request: " + message, cause: cause), id: token)
        }
        if envelope.hasDuplicateKey { return refuse("a key stands twice in one object", "duplicate_key") }
        if !envelope.isVersion2 { return refuse("jsonrpc must be \"2.0\"", "not_jsonrpc") }
        if envelope.id != nil, id == nil {
            return refuse("id must be a string or an integer", "bad_id")
        }
        var listed: ListedKind?
        if let policy = self.settings.policy {
            switch policy.judge(text, envelope) {
            case .passes: break
            case .lists(let kind): listed = kind
            case .denied(let denial):
                self.deny(denial.within(envelope.trace(in: text)), id: envelope.id.map { Array(text[$0.range]) })
                if envelope.id != nil, let method = envelope.method {
                    self.meter?.ended(RequestLabel(RequestMethod(method, in: text)), .denied)
                }
                return .deny
            case .ambiguous:
                return refuse("not all readers of JSON see the same key or method there", "ambiguous_key")
            }
        }
        guard let method = envelope.method else {
            return self.judgeResponse(envelope, id, refuse: refuse)
        }
        guard method.kind == .string else { return refuse("method must be a string", "bad_method") }
        if envelope.result != nil || envelope.error != nil {
            return refuse("a message has either a method or a result or error", "not_jsonrpc")
        }
        if let params = envelope.params, params.kind != .object, params.kind != .array, params.kind != .null {
            return refuse("params must be an object", "bad_params")
        }
        guard let id, let idValue = envelope.id else {
            if method.names("notifications/cancelled", in: text), let cancelled = envelope.cancelledID,
                let cancelledID = RequestID(cancelled, in: text)
            {
                if let cancelled = self.inFlight.cancel(cancelledID) { self.meter?.ended(cancelled, .cancelled) }
            }
            return .forward
        }
        let requestMethod = RequestMethod(method, in: text)
        let role = listed?.role ?? InFlightRequest.Role(requestMethod)
        let label = self.meter?.label(requestMethod, envelope.name, in: text) ?? RequestLabel(requestMethod)
        if isInBatch, role == .initialize { return refuse("initialize must not be part of a batch", "batch") }
        let outcome = self.inFlight.insert(
            id,
            spelling: idValue.isPlainlySpelled(in: text) ? nil : Array(text[idValue.range]),
            progressToken: envelope.progressToken.flatMap { RequestID($0, in: text) },
            label: label,
            time: self.now,
            role: role,
            concernsTask: envelope.concernsTask
        )
        switch outcome {
        case .accepted:
            self.note(isModern: envelope.isModern)
            if self.logsRequests { self.log(idValue, method, envelope, in: text) }
            return .forward
        case .duplicate: return refuse("a request with this id is in flight", "id_in_flight")
        case .full: return refuse("too many requests in flight", "too_many_in_flight")
        }
    }

    private func judgeArray(_ text: UnsafeRawBufferPointer, _ envelope: Envelope, isInBatch: Bool) -> Verdict {
        func refuse(_ message: String, _ cause: String) -> Verdict {
            .refuse(BridgeReply(.invalidRequest, "Invalid Request: " + message, cause: cause), id: nil)
        }
        guard envelope.isArray, !isInBatch else { return refuse("a message is an object", "not_jsonrpc") }
        guard self.negotiatedVersion == "2025-03-26" else {
            return refuse("batches exist in protocol revision 2025-03-26 only", "batch")
        }
        var elements = ArrayElements(text)
        return elements.next() == nil ? refuse("the batch is empty", "batch") : .split
    }

    private mutating func judgeResponse(
        _ envelope: Envelope,
        _ id: RequestID?,
        refuse: (String, String) -> Verdict
    ) -> Verdict {
        guard (envelope.result != nil) != (envelope.error != nil) else {
            return refuse("a response has either a result or an error, a request has a method", "not_jsonrpc")
        }
        guard let id else { return refuse("a response needs an id", "bad_id") }
        // Where the server's requests were too many to remember, its answers cannot be matched.
        guard self.matchesServerRequests else { return .forward }
        return self.serverRequests.remove(id) == nil ? .drop : .forward
    }
}

extension Envelope.Value {
    /// Whether the string token is the text `name`.
    func names(_ name: StaticString, in text: UnsafeRawBufferPointer) -> Bool {
        guard self.kind == .string else { return false }
        return JSONString.equals(UnsafeRawBufferPointer(rebasing: text[self.contents]), isEscaped: self.isEscaped, name)
    }

    /// Whether ``RequestID/spelling`` of the id gives this very token.
    func isPlainlySpelled(in text: UnsafeRawBufferPointer) -> Bool {
        switch self.kind {
        case .string: !self.isEscaped
        default: !(self.end - self.start == 2 && text[self.start] == UInt8(ascii: "-") && text[self.start + 1] == 0x30)
        }
    }
}

extension InFlightRequest.Role {
    init(_ method: RequestMethod) {
        switch method {
        case .initialize: self = .initialize
        case .listen: self = .listen
        default: self = .other
        }
    }
}

extension ByteBuffer {
    /// The bytes from index `start` to the writer index.
    @inline(__always)
    package func withBytes<Result>(from start: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.withUnsafeReadableBytes { readable in
            body(UnsafeRawBufferPointer(rebasing: readable[start - self.readerIndex..<readable.count]))
        }
    }

    /// Puts a space for each CR and LF: in valid JSON they stand between tokens only (R23).
    mutating func blankLineBreaks(from start: Int) {
        let offset = start - self.readerIndex
        self.withUnsafeMutableReadableBytes { bytes in
            for index in offset..<bytes.count where bytes[index] == 0x0A || bytes[index] == 0x0D {
                bytes[index] = 0x20
            }
        }
    }
}
