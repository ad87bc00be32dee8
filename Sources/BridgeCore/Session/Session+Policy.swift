// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// What an operator's policy forbids: denied calls never reach the server, lists come without what is forbidden.
extension Session {
    /// The denials since this was last asked, as many as the log may have.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of a monotonic clock.
    ///   - isEnd: the session is over.
    package mutating func takeDenials(now: Int64, isEnd: Bool = false) -> (denials: [Denial], suppressed: Int) {
        self.denials.take(now: now, isEnd: isEnd)
    }

    /// Notes a denied message and the answer to it; a notification has none, as JSON-RPC has it.
    ///
    /// It is a valid message, so that it does not count among those that end the connection (R24).
    mutating func deny(_ denial: Denial, id: [UInt8]?) {
        self.invalidInARow = 0
        self.counters.refused += 1
        self.counters.denied += 1
        self.denials.note(denial)
        guard let id else { return }
        // The name is the client's, and may be long: it is not repeated.
        let reason =
            denial.name.isEmpty
            ? "the policy for \(denial.kind)s cannot be applied to this request"
            : "the policy does not allow this \(denial.kind)"
        let reply = BridgeReply(.forbidden, "Forbidden: \(reason)", cause: "denied")
        self.denials.answer = reply.encoded(id: id, connection: self.settings.connection)
    }

    /// Appends the answer to the message that was denied last, if it has one, as a text frame.
    mutating func answerDenied(into frames: inout ByteBuffer) {
        guard !self.denials.answer.isEmpty else { return }
        self.denials.answer.withUnsafeBytes { FrameWriter.writeText($0, to: &frames) }
        self.counters.messagesToClient += 1
        self.counters.bytesToClient += self.denials.answer.count
        self.denials.answer = []
    }

    /// The answer to a list request under a policy; nil if it goes on as it is.
    mutating func filter(
        _ listed: ListedKind,
        _ envelope: Envelope,
        _ text: UnsafeRawBufferPointer,
        splice: (Range<Int>, [UInt8])?,
        id: [UInt8],
        replies: inout ByteBuffer
    ) -> OnServerLine? {
        guard let policy = self.settings.policy, let result = envelope.result else { return nil }
        let cuts: [Range<Int>]
        do throws(ListFilter.Unreadable) {
            guard result.kind == .object, !envelope.hasDuplicateKey, !LikeKey.stands(in: text, ["result"]) else {
                throw .init()
            }
            let object = UnsafeRawBufferPointer(rebasing: text[result.range])
            cuts = try ListFilter.cuts(object, listed, policy)
        } catch {
            let reply = BridgeReply(
                .internalError,
                "the server's list is not as MCP has it, so that what the policy forbids cannot be taken out",
                cause: "list_unreadable"
            )
            self.send(reply, id: id, into: &replies)
            return .replaced(reply.message)
        }
        guard !cuts.isEmpty else { return nil }
        var changes = cuts.map { cut in
            (range: cut.lowerBound + result.start..<cut.upperBound + result.start, bytes: [UInt8]())
        }
        if let splice { changes.append((range: splice.0, bytes: splice.1)) }
        let message = Self.changed(text, changes, hasLineBreak: envelope.hasLineBreak)
        if let reply = self.oversizeReply(bytes: message.count) {
            self.send(reply, id: id, into: &replies)
            return .replaced(reply.message)
        }
        message.withUnsafeBytes { FrameWriter.writeText($0, to: &replies) }
        self.counters.messagesToClient += 1
        self.counters.bytesToClient += message.count
        return .rewritten
    }

    /// A message with some of its ranges, which do not overlap, replaced; one line (R12).
    private static func changed(
        _ text: UnsafeRawBufferPointer,
        _ changes: [(range: Range<Int>, bytes: [UInt8])],
        hasLineBreak: Bool
    ) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(text.count)
        var at = 0
        for change in changes.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            message.append(contentsOf: text[at..<change.range.lowerBound])
            message.append(contentsOf: change.bytes)
            at = change.range.upperBound
        }
        message.append(contentsOf: text[at...])
        guard hasLineBreak else { return message }
        for index in message.indices where message[index] == 0x0D || message[index] == 0x0A { message[index] = 0x20 }
        return message
    }
}

extension ListedKind {
    /// Nil for requests whose answer is no list, or is not to be filtered.
    init?(_ role: InFlightRequest.Role) {
        switch role {
        case .listTools: self = .tools
        case .listPrompts: self = .prompts
        case .listResources: self = .resources
        case .listTemplates: self = .templates
        case .initialize, .listen, .other: return nil
        }
    }

    /// What a request for it is noted as.
    var role: InFlightRequest.Role {
        switch self {
        case .tools: .listTools
        case .prompts: .listPrompts
        case .resources: .listResources
        case .templates: .listTemplates
        }
    }
}
