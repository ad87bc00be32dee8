// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The client is gone: what the server is still told, in bounded time (R53, R60).
struct Ending: Sendable {
    /// What still has to be said before the session is deleted.
    var farewells: Set<HTTPExchangeID> = []
    var isDeleting = false
    var isOver = false

    mutating func moved(from old: HTTPExchangeID, to new: HTTPExchangeID) {
        if self.farewells.remove(old) != nil { self.farewells.insert(new) }
    }
}

extension HTTPConversation {
    /// The session is over.
    ///
    /// - Parameter farewell: `notifications/cancelled` for the requests in flight, one a line. Modern requests are
    ///   cancelled by the end of their exchange instead.
    package mutating func end(farewell: ByteBuffer) {
        guard self.ending == nil else { return }
        let cancellations = self.cancellations(farewell)
        self.ending = Ending()
        for (id, exchange) in self.exchanges {
            if self.isWorthFinishing(exchange) {
                self.ending?.farewells.insert(id)
            } else if !self.staysForFarewell(exchange) {
                self.abort(id)
            }
        }
        for (number, message) in cancellations {
            // Never before the request itself.
            if let id = self.calls[number]?.exchange, self.exchanges[id]?.isUploading == true {
                self.calls[number]?.heldCancellation = message
            } else {
                self.sayFarewell(message)
            }
        }
        self.forgetCalls()
        if !self.exchanges.isEmpty { self.actions.append(.schedule(.farewell, after: Self.farewell)) }
        self.endIfOver()
    }

    /// Whatever waits will not be sent. What remains of the calls is an `initialize` whose answer names the session to
    /// delete, and requests that are cancelled as soon as they are sent.
    private mutating func forgetCalls() {
        self.gated.removeAll()
        self.queued.removeAll()
        self.eventStream.waiting.removeAll()
        self.legacy.resending = []
        for (number, call) in self.calls {
            let isHeld = call.heldCancellation != nil
            if isHeld, let exchange = call.exchange { self.ending?.farewells.insert(exchange) }
            if !isHeld, call.role != .initialize || call.exchange == nil { _ = self.takeOut(number) }
        }
        self.gatedBytes = 0
    }

    /// Tells the server that a request is cancelled, when the client is gone (R53).
    mutating func sayFarewell(_ message: ByteBuffer) {
        guard self.ending?.isDeleting == false else { return }
        let request = UpstreamRequest(
            method: .post,
            url: self.eventStream.endpoint ?? self.settings.url,
            fields: Self.postFields + self.legacy.fields,
            body: message
        )
        let id = self.start(.farewell, request, sessionID: self.legacy.sessionID)
        self.ending?.farewells.insert(id)
    }

    /// The cancellations of those requests that the server knows and that are no modern ones. Over HTTP+SSE, where the
    /// end of the stream ends the session and any number may be in flight, not of all.
    private func cancellations(_ farewell: ByteBuffer) -> [(number: Int, message: ByteBuffer)] {
        guard self.transport != .eventStream || self.eventStream.endpoint != nil else { return [] }
        var rest = farewell
        var messages: [(number: Int, message: ByteBuffer)] = []
        while messages.count < 2 * self.settings.maxParallel,
            let length = rest.readableBytesView.firstIndex(of: 0x0A).map({ $0 - rest.readerIndex }),
            let line = rest.readSlice(length: length)
        {
            rest.moveReaderIndex(forwardBy: 1)
            let id = line.withUnsafeReadableBytes { text in
                (try? EnvelopeScanner.scan(text))?.cancelledID.flatMap { RequestID($0, in: text) }
            }
            guard let number = id.flatMap({ self.numbers[$0] }), let call = self.calls[number] else { continue }
            switch call.phase {
            case .sent where !call.isModern || self.transport == .eventStream: messages.append((number, line))
            case .paused, .posted: messages.append((number, line))
            case .sent, .arriving, .gated, .queued, .inLine, .refused, .learning, .resending: break
            }
        }
        return messages
    }

    /// What the client said before it went is still delivered; the answer to `initialize` names the session to delete.
    private func isWorthFinishing(_ exchange: HTTPExchange) -> Bool {
        switch exchange.purpose {
        case .notification, .response, .initialized, .post: true
        case .call(let number): self.calls[number]?.role == .initialize && self.calls[number]?.isModern == false
        default: false
        }
    }

    /// A disconnect is no cancellation in the legacy revisions: their exchanges end when the cancellations are through.
    private func staysForFarewell(_ exchange: HTTPExchange) -> Bool {
        switch exchange.purpose {
        case .call(let number): self.calls[number]?.isModern == false
        case .eventStream: true
        default: false
        }
    }

    mutating func farewellOverdue() {
        guard let ending = self.ending, !ending.isDeleting else { return }
        self.ending?.farewells = []
        self.endIfOver()
    }

    mutating func deleteOverdue() {
        guard self.ending?.isDeleting == true else { return }
        for id in self.exchanges.keys { self.abort(id) }
        self.endIfOver()
    }

    /// Goes on to the DELETE when the farewells are through, and says when nothing is left.
    mutating func endIfOver() {
        guard let ending = self.ending, !ending.isOver else { return }
        if !ending.isDeleting {
            // Whoever has answered a farewell has heard it.
            guard ending.farewells.allSatisfy({ (self.exchanges[$0]?.purpose ?? .answered) == .answered }) else {
                return
            }
            self.ending?.isDeleting = true
            for id in self.exchanges.keys { self.abort(id) }
            // Of an answer to `initialize` that came in part.
            if self.legacy.sessionID == nil || self.legacy.state == .replaying, let id = self.legacy.offeredSessionID {
                self.legacy.sessionID = id
            }
            self.deleteSession()
            if !self.exchanges.isEmpty { self.actions.append(.schedule(.delete, after: Self.farewell)) }
        }
        guard self.exchanges.isEmpty else { return }
        for number in self.calls.keys { _ = self.takeOut(number) }
        self.ending?.isOver = true
        self.actions.append(.over)
    }
}
