// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Server → client: only the envelope matters (R26, R28, R40).
extension Session {
    /// What to do with one line of the server's.
    package enum OnServerLine: Sendable {
        /// It goes to the client as one message: the bytes of `range`, with `splice` put in place of its range.
        case forward(range: Range<Int>, splice: Splice?)
        /// It is an array, whose elements are lines of their own.
        case elements([Range<Int>])
        /// It belongs to nobody (R28).
        case dropped
        /// It is no message (R40).
        case skipped(String)
        /// The bridge has answered in its stead; the frame was written.
        case replaced(String)
        /// It had to be changed in more places than one; the frame was written.
        case rewritten
    }

    /// A byte range of a message and what stands in its place: the client's own spelling of an id (R22, R26).
    package struct Splice: Sendable, Equatable {
        package var range: Range<Int>
        package var replacement: [UInt8]
    }

    /// Judges one line of the server's, without its LF. Ranges are offsets into `line`.
    ///
    /// - Parameter replies: frames of the bridge's own answers are appended here.
    package mutating func receivedFromServer(
        _ line: UnsafeRawBufferPointer,
        replies: inout ByteBuffer
    ) -> OnServerLine {
        if self.settings.framing == .lines {
            guard UTF8Check.isValid(line) else { return self.skip("not UTF-8") }
            return self.forward(0..<line.count, splice: nil)
        }
        let range = Self.trim(line)
        guard !range.isEmpty else { return self.skip("blank") }
        let text = UnsafeRawBufferPointer(rebasing: line[range])
        guard UTF8Check.isValid(text) else {
            return self.salvage(text, "the server's answer is not UTF-8", "response_not_utf8", replies: &replies)
                ?? self.skip("not UTF-8")
        }
        let envelope: Envelope
        do {
            envelope = try EnvelopeScanner.scan(text)
        } catch {
            return self.salvage(text, "the server's answer is not JSON", "response_not_json", replies: &replies)
                ?? self.skip("not JSON")
        }
        guard envelope.isObject else {
            guard envelope.isArray else { return self.skip("not a message") }
            return .elements(ArrayElements(text).map { $0.shifted(by: range.lowerBound) })
        }
        let verdict =
            if let method = envelope.method {
                self.judgeCall(method, envelope, text, range)
            } else {
                self.judgeAnswer(envelope, text, range, replies: &replies)
            }
        guard envelope.hasLineBreak, case .forward(_, let splice) = verdict else { return verdict }
        Self.writeWithoutBreaks(line, range, splice, to: &replies)
        return .rewritten
    }

    /// A server's message with CR between its tokens: one line to the client all the same (R12).
    private static func writeWithoutBreaks(
        _ line: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        _ splice: Splice?,
        to frames: inout ByteBuffer
    ) {
        var message = Array(line[range])
        for index in message.indices where message[index] == 0x0D || message[index] == 0x0A { message[index] = 0x20 }
        if let splice {
            let place = splice.range.shifted(by: -range.lowerBound)
            message.replaceSubrange(place, with: splice.replacement)
        }
        message.withUnsafeBytes { FrameWriter.writeText($0, to: &frames) }
    }

    /// A line over `max_line` began with `prefix`: answers the request that it was for; false if none can be told.
    package mutating func receivedTooLong(
        _ prefix: UnsafeRawBufferPointer,
        limit: Int,
        replies: inout ByteBuffer
    ) -> Bool {
        let message = "the server's answer is longer than \(limit) bytes"
        return self.salvage(prefix, message, "line_too_long", replies: &replies) != nil
    }

    private mutating func judgeCall(
        _ method: Envelope.Value,
        _ envelope: Envelope,
        _ text: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) -> OnServerLine {
        if let id = envelope.id {
            if let key = RequestID(id, in: text) { self.noteServerRequest(key) }
        } else if method.names("notifications/progress", in: text) {
            guard let token = envelope.progressOf.flatMap({ RequestID(respelled: $0, in: text) }),
                self.inFlight.expectsProgress(token)
            else { return self.drop() }
        } else if method.names("notifications/cancelled", in: text) {
            if let id = envelope.cancelledID.flatMap({ RequestID($0, in: text) }) { self.serverRequests.remove(id) }
        }
        return self.forward(range, splice: nil)
    }

    private mutating func judgeAnswer(
        _ envelope: Envelope,
        _ text: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        replies: inout ByteBuffer
    ) -> OnServerLine {
        guard envelope.result != nil || envelope.error != nil else { return self.skip("not a message") }
        guard let idValue = envelope.id, let id = RequestID(respelled: idValue, in: text),
            let request = self.inFlight.answer(id, createsTask: envelope.concernsTask)
        else { return self.drop() }
        let verdict = self.judgeAnswer(idValue, id, request, envelope, text, range, replies: &replies)
        let outcome: RequestOutcome =
            if case .replaced = verdict { .failed } else { envelope.error == nil ? .ok : .error }
        self.note(request, outcome)
        return verdict
    }

    /// Likewise, of the answer to a request that was in flight.
    @inline(__always)
    private mutating func judgeAnswer(
        _ idValue: Envelope.Value,
        _ id: RequestID,
        _ request: InFlightRequest,
        _ envelope: Envelope,
        _ text: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        replies: inout ByteBuffer
    ) -> OnServerLine {
        let token = UnsafeRawBufferPointer(rebasing: text[idValue.range])
        if request.role != .other {
            if request.role == .initialize, let version = envelope.negotiatedVersion, version.kind == .string {
                self.negotiatedVersion = String(
                    decoding: UnsafeRawBufferPointer(rebasing: text[version.contents]),
                    as: UTF8.self
                )
            }
            if let listed = ListedKind(request.role),
                let verdict = self.filter(
                    listed,
                    envelope,
                    text,
                    splice: Self.splice(token, idValue, id, request),
                    id: request.spelling ?? id.spelling,
                    replies: &replies
                )
            {
                return verdict
            }
        }
        if self.settings.oversizeResponse > 0, let reply = self.oversizeReply(bytes: text.count) {
            self.send(reply, id: request.spelling ?? id.spelling, into: &replies)
            return .replaced(reply.message)
        }
        if let splice = Self.splice(token, idValue, id, request) {
            return self.forward(
                range,
                splice: Splice(range: splice.0.shifted(by: range.lowerBound), replacement: splice.1)
            )
        }
        return self.forward(range, splice: nil)
    }

    /// What a response of so many bytes is replaced by; nil where it is not too large (R17).
    func oversizeReply(bytes: Int) -> BridgeReply? {
        let limit = self.settings.oversizeResponse
        guard limit > 0, bytes > limit else { return nil }
        return BridgeReply(
            .internalError,
            "the server's answer of \(bytes) bytes is over the limit of \(limit)",
            cause: "response_too_large",
            data: [("bytes", .integer(bytes)), ("limit", .integer(limit))]
        )
    }

    /// The client's spelling of the id, where the server's differs.
    private static func splice(
        _ token: UnsafeRawBufferPointer,
        _ value: Envelope.Value,
        _ id: RequestID,
        _ request: InFlightRequest
    ) -> (Range<Int>, [UInt8])? {
        if let spelling = request.spelling {
            return token.elementsEqual(spelling) ? nil : (value.range, spelling)
        }
        // Neither side escaped anything: equal values are equal bytes.
        if value.kind == .string, !value.isEscaped { return nil }
        if value.kind == .integer, token.first != UInt8(ascii: "-") { return nil }
        let spelling = id.spelling
        return token.elementsEqual(spelling) ? nil : (value.range, spelling)
    }

    /// Answers for a line that cannot be forwarded, if its beginning tells which request it was to answer (R35).
    private mutating func salvage(
        _ text: UnsafeRawBufferPointer,
        _ message: String,
        _ cause: String,
        replies: inout ByteBuffer
    ) -> OnServerLine? {
        let envelope = EnvelopeScanner.scanPrefix(text)
        guard envelope.isObject, envelope.method == nil, envelope.result != nil || envelope.error != nil,
            let idValue = envelope.id, UTF8Check.isValid(UnsafeRawBufferPointer(rebasing: text[idValue.range])),
            let id = RequestID(respelled: idValue, in: text),
            let request = self.inFlight.answer(id, createsTask: false)
        else { return nil }
        let reply = BridgeReply(.internalError, message, cause: cause)
        self.note(request, .failed)
        self.send(reply, id: request.spelling ?? id.spelling, into: &replies)
        return .replaced(message)
    }

    private mutating func noteServerRequest(_ id: RequestID) {
        guard self.matchesServerRequests else { return }
        if self.serverRequests.count == Self.maxServerRequests {
            self.matchesServerRequests = false
            self.serverRequests = []
        } else {
            self.serverRequests.insert(id)
        }
    }

    private mutating func forward(_ range: Range<Int>, splice: Splice?) -> OnServerLine {
        self.counters.messagesToClient += 1
        self.counters.bytesToClient += range.count
        return .forward(range: range, splice: splice)
    }

    private mutating func drop() -> OnServerLine {
        self.counters.dropped += 1
        return .dropped
    }

    private mutating func skip(_ reason: String) -> OnServerLine {
        self.counters.skipped += 1
        return .skipped(reason)
    }

    /// The line without BOM and outer white space; CR of a CRLF among it.
    private static func trim(_ line: UnsafeRawBufferPointer) -> Range<Int> {
        var start = 0
        var end = line.count
        if end >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF { start = 3 }
        while start < end, line[start] == 0x20 || line[start] == 0x09 || line[start] == 0x0D { start += 1 }
        while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 || line[end - 1] == 0x0D { end -= 1 }
        return start..<end
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> {
        self.lowerBound + offset..<self.upperBound + offset
    }
}

extension UTF8Check {
    fileprivate static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if case .valid = UTF8Check(bytes) { true } else { false }
    }
}
