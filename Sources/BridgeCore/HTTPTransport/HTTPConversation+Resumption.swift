// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Event streams of calls that end before the answer and are taken up again (R51).
extension HTTPConversation {
    /// The stream of a call ended before its answer: it will be taken up again.
    mutating func pause(_ number: Int) {
        guard let call = self.calls[number] else { return }
        guard !call.isCancelled, self.ending == nil, call.attempts < Self.maxResumptions else {
            return self.fail(number, .streamEnded)
        }
        self.calls[number]?.phase = .paused
        let delay = Self.backOff(call.reconnectionTime, attempts: call.attempts)
        self.actions.append(.schedule(.resumption(number), after: delay))
    }

    /// Nanoseconds until an attempt: what the server asked for, and longer with every attempt that brought nothing.
    static func backOff(_ reconnectionTime: Int?, attempts: Int) -> Int64 {
        let base = max(reconnectionTime ?? Self.defaultReconnection, Self.shortestReconnection)
        var milliseconds = base
        for _ in 0..<min(attempts, 16) { milliseconds = milliseconds * 3 / 2 }
        return Int64(max(base, min(milliseconds, Self.longestReconnection))) * 1_000_000
    }

    mutating func resume(_ number: Int) {
        guard let call = self.calls[number], call.phase == .paused, let lastEventID = call.lastEventID else { return }
        self.calls[number]?.attempts += 1
        let id = self.start(.resumption(number), self.get(lastEventID: lastEventID), sessionID: self.legacy.sessionID)
        self.calls[number]?.phase = .sent(id)
    }

    /// An id that a header can take back: no control characters (RFC 9110 §5.5).
    static func sendable(_ lastEventID: String?) -> String? {
        lastEventID.flatMap { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? $0 : nil }
    }

    /// A GET of the endpoint (legacy revisions).
    func get(lastEventID: String?) -> UpstreamRequest {
        var fields: [(name: String, value: String)] = [("Accept", "text/event-stream")]
        fields += self.legacy.fields
        if let lastEventID { fields.append(("Last-Event-ID", lastEventID)) }
        return UpstreamRequest(method: .get, url: self.settings.url, fields: fields, body: nil)
    }

    mutating func resumptionFinished(_ number: Int, _ fault: UpstreamFault?) {
        if let fault, case .tooLarge = fault { return self.fail(number, fault) }
        if self.calls[number] != nil { self.pause(number) }
    }

    mutating func resumptionRefused(_ number: Int, _ response: UpstreamResponse) {
        switch response.status {
        case 429, 500...599: self.pause(number)
        case 404: self.fail(number, .sessionLost)
        default: self.fail(number, .streamEnded)
        }
    }
}
