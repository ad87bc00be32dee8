// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// The client's requests as long as they are not answered, and the timers (R28, R35).
extension HTTPConversation {
    /// Takes a call that is answered, or owed no answer, out of the books.
    mutating func remove(_ number: Int) {
        guard self.takeOut(number) else { return }
        if self.probe == number { self.probeEnded() }
        self.admitQueued()
    }

    /// The same, without the consequences; false if it was not there.
    mutating func takeOut(_ number: Int) -> Bool {
        guard let call = self.calls.removeValue(forKey: number) else { return false }
        if self.numbers[call.id] == number { self.numbers[call.id] = nil }
        if call.holdsPlace { self.freePlace(of: call) }
        switch call.phase {
        case .gated, .inLine:
            self.gatedBytes -= call.message.readableBytes
            self.compactQueues()
        case .queued:
            self.queuedBytes -= call.message.readableBytes
            self.compactQueues()
        case .learning: self.awaitingTools.removeAll { $0 == number }
        case .arriving, .refused, .sent, .paused, .resending, .posted: break
        }
        return true
    }

    mutating func freePlace(of call: UpstreamCall) {
        if call.role == .listen { self.listens -= 1 } else { self.placesTaken -= 1 }
    }

    /// A call that is gone leaves its number in the queue that it waited in; whoever takes it out finds nothing behind it.
    /// When such numbers are the most of what waits, they are swept out.
    private mutating func compactQueues() {
        self.withdrawn += 1
        let waiting = self.gated.count + self.queued.count + self.eventStream.waiting.count
        guard self.withdrawn > 32, self.withdrawn * 2 > waiting else { return }
        self.withdrawn = 0
        let calls = self.calls
        func isGone(_ outgoing: Outgoing) -> Bool {
            if case .call(let number) = outgoing.kind { calls[number] == nil } else { false }
        }
        self.queued.removeAll { calls[$0] == nil }
        self.gated.removeAll(where: isGone)
        self.eventStream.waiting.removeAll(where: isGone)
    }

    /// Answers a call with an error of the bridge's own, unless it was cancelled (R35).
    mutating func fail(_ number: Int, _ fault: UpstreamFault) {
        guard let call = self.calls[number] else { return }
        if !call.isCancelled, self.numbers[call.id] == number { self.actions.append(.fail(call.id, fault)) }
        self.remove(number)
        if call.role == .initialize { self.initializeEnded(number) }
    }

    /// The request that was to find the transport out is gone, and nothing is known of the server: the next one tries.
    mutating func probeEnded() {
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
        self.fail(number, .timedOut)
        guard let exchange = call.exchange else { return }
        self.abort(exchange)
        self.postAborted(exchange)
    }

    /// A timer has come due.
    package mutating func fired(_ timer: Timer) {
        // Behind the end, only its own bounds matter.
        guard self.ending == nil || timer == .farewell || timer == .delete else { return }
        switch timer {
        case .requestTimeouts: self.requestTimeoutsStepped()
        case .abandonment(let number): self.timedOut(number)
        case .resumption(let number): self.resume(number)
        case .stream(let generation): self.reopenStream(generation)
        case .replay(let generation): self.replayOverdue(generation)
        case .list(let generation): self.listOverdue(generation)
        case .acceptance(let generation): self.acceptanceOverdue(generation)
        case .endpoint(let generation): self.endpointOverdue(generation)
        case .farewell: self.farewellOverdue()
        case .delete: self.deleteOverdue()
        }
    }
}
