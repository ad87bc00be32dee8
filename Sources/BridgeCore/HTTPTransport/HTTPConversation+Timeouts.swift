// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Which calls are overdue when. Time goes in steps of a sixteenth of `request_timeout`, and one timer runs at a time, so
/// that a thousand short calls a second do not leave a thousand timers a second behind. A call is given up at most one
/// step late, and never early.
struct RequestTimeouts: Sendable {
    static let steps = 16

    private var step = 0
    private var isRunning = false
    /// In order of arrival, so of time.
    private(set) var due: CircularBuffer<(number: Int, step: Int)> = CircularBuffer(initialCapacity: 1)

    /// Notes a call; true if the timer has to be set.
    mutating func append(_ number: Int) -> Bool {
        self.due.append((number, self.step + Self.steps + 1))
        defer { self.isRunning = true }
        return !self.isRunning
    }

    /// Forgets calls that are over, once they are the most of what is kept: a slow call must not keep for as long as it
    /// runs the traces of all that came after it.
    ///
    /// - Parameter open: how many calls are not over.
    mutating func sweep(open: Int, _ isOpen: (Int) -> Bool) {
        if self.due.count > 2 * open + 64 { self.due.removeAll { !isOpen($0.number) } }
    }

    /// A step has passed: the calls that are overdue, and whether the timer has to be set again.
    ///
    /// - Parameter isOpen: false for a call that is over, which need not be kept.
    mutating func advance(_ isOpen: (Int) -> Bool) -> (overdue: [Int], goesOn: Bool) {
        self.step += 1
        var overdue: [Int] = []
        while let first = self.due.first, first.step <= self.step || !isOpen(first.number) {
            self.due.removeFirst()
            if isOpen(first.number) { overdue.append(first.number) }
        }
        self.isRunning = !self.due.isEmpty
        return (overdue, self.isRunning)
    }
}

extension HTTPConversation {
    /// Gives a call `request_timeout` from now.
    mutating func expect(_ number: Int) {
        let calls = self.calls
        self.timeouts.sweep(open: calls.count) { calls[$0] != nil }
        if self.timeouts.append(number) { self.scheduleTimeouts() }
    }

    private mutating func scheduleTimeouts() {
        let step = max(self.settings.requestTimeout / Int64(RequestTimeouts.steps), 1)
        self.actions.append(.schedule(.requestTimeouts, after: step))
    }

    mutating func requestTimeoutsStepped() {
        let calls = self.calls
        let (overdue, goesOn) = self.timeouts.advance { calls[$0] != nil }
        for number in overdue { self.timedOut(number) }
        if goesOn { self.scheduleTimeouts() }
    }
}
