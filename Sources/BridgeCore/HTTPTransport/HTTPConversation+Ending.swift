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
        self.ending = Ending()
        let cancellations = self.cancellations(farewell)
        self.gated.removeAll()
        self.queued.removeAll()
        for (id, exchange) in self.exchanges {
            if self.isWorthFinishing(exchange) {
                self.ending?.farewells.insert(id)
            } else if !self.staysForFarewell(exchange) {
                self.abort(id)
            }
        }
        for message in cancellations {
            let url = self.eventStream.endpoint ?? self.settings.url
            let request = UpstreamRequest(
                method: .post,
                url: url,
                fields: Self.postFields + self.legacy.fields,
                body: message
            )
            let id = self.start(.farewell, request, sessionID: self.legacy.sessionID)
            self.ending?.farewells.insert(id)
        }
        self.actions.append(.schedule(.farewell, after: Self.farewell))
        self.endIfOver()
    }

    /// The cancellations of those requests that the server knows and that are no modern ones.
    private func cancellations(_ farewell: ByteBuffer) -> [ByteBuffer] {
        guard self.transport != .eventStream || self.eventStream.endpoint != nil else { return [] }
        var rest = farewell
        var messages: [ByteBuffer] = []
        while let length = rest.readableBytesView.firstIndex(of: 0x0A).map({ $0 - rest.readerIndex }),
            let line = rest.readSlice(length: length)
        {
            rest.moveReaderIndex(forwardBy: 1)
            let id = line.withUnsafeReadableBytes { text in
                (try? EnvelopeScanner.scan(text))?.cancelledID.flatMap { RequestID($0, in: text) }
            }
            guard let number = id.flatMap({ self.numbers[$0] }), let call = self.calls[number] else { continue }
            switch call.phase {
            case .sent where !call.isModern || self.transport == .eventStream: messages.append(line)
            case .paused, .posted: messages.append(line)
            case .sent, .waiting, .learning, .resending: break
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
            guard !ending.farewells.contains(where: { self.exchanges[$0] != nil }) else { return }
            self.ending?.isDeleting = true
            for id in self.exchanges.keys { self.abort(id) }
            if self.legacy.sessionID == nil { self.legacy.sessionID = self.legacy.offeredSessionID }
            self.deleteSession(.delete)
            if !self.exchanges.isEmpty { self.actions.append(.schedule(.delete, after: Self.farewell)) }
        }
        guard self.exchanges.isEmpty else { return }
        self.ending?.isOver = true
        self.actions.append(.over)
    }
}
