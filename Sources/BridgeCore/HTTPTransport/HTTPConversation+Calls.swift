// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The client's requests as long as they are not answered, and the timers (R28, R35).
extension HTTPConversation {
    /// Takes a call that is answered, or owed no answer, out of the books.
    mutating func remove(_ number: Int) {
        guard let call = self.calls.removeValue(forKey: number) else { return }
        if self.numbers[call.id] == number { self.numbers[call.id] = nil }
        if call.holdsPlace {
            if call.role == .listen { self.listens -= 1 } else { self.placesTaken -= 1 }
        }
        self.awaitingTools.removeAll { $0 == number }
        if self.probe == number { self.probeEnded() }
        self.admitQueued()
    }

    /// Answers a call with an error of the bridge's own, unless it was cancelled (R35).
    mutating func fail(_ number: Int, _ fault: UpstreamFault) {
        guard let call = self.calls[number] else { return }
        if !call.isCancelled, self.numbers[call.id] == number { self.actions.append(.fail(call.id, fault)) }
        self.remove(number)
        if call.role == .initialize { self.initializeEnded(number) }
    }

    /// The request that was to find the transport out is gone, and nothing is known of the server: the next one tries.
    private mutating func probeEnded() {
        self.probe = nil
        guard self.transport == .probing else { return }
        self.transport = .unknown
        if let stream = self.eventStream.stream { self.abort(stream) }
        self.eventStream = EventStreamSession()
        self.openGate()
    }

    /// `request_timeout` has passed, or a cancelled call has gone on for too long: its exchange is cut.
    mutating func timedOut(_ number: Int) {
        guard let call = self.calls[number] else { return }
        if let exchange = call.exchange, self.transport != .eventStream { self.abort(exchange) }
        self.withdraw(number, bytes: call.message.readableBytes)
        self.fail(number, .timedOut)
    }

    /// A timer has come due.
    package mutating func fired(_ timer: Timer) {
        switch timer {
        case .requestTimeout(let number): self.timedOut(number)
        case .abandonment(let number): self.timedOut(number)
        case .resumption(let number): self.resume(number)
        case .stream(let generation): self.reopenStream(generation)
        case .replay(let generation): self.replayOverdue(generation)
        case .list(let id): self.listOverdue(id)
        case .endpoint: self.endpointOverdue()
        case .farewell: self.farewellOverdue()
        case .delete: self.deleteOverdue()
        }
    }
}
