// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// When a server that ended is started again for the connection that has outlived it (R38): at once, then later and later, and
/// in the end not any more.
///
/// A value without a clock; times are nanoseconds of one monotonic clock.
package struct RestartSchedule: Sendable {
    package enum Verdict: Sendable, Equatable {
        case restart(notBefore: Int64)
        /// It is a crash loop.
        case giveUp
    }

    /// The pause before the second restart in a row; each further one is twice as long.
    package static let shortestBackOff: Int64 = 250_000_000
    /// Restarts in a row before it is given up.
    package static let maxRestarts = 5
    /// A server that has lived as long as this begins a new row, and so does one that ends so long after the one before: it may
    /// end because nobody asks it anything.
    package static let steadyLife: Int64 = 60_000_000_000

    private var restarts = 0
    private var lastEnd = Int64.min

    package init() {}

    /// The server has ended, or did not start.
    ///
    /// - Parameter lived: how long it has run; 0 where it did not start.
    package mutating func ended(lived: Int64, now: Int64) -> Verdict {
        let (sinceLast, isFar) = now.subtractingReportingOverflow(self.lastEnd)
        if lived >= Self.steadyLife || isFar || sinceLast >= Self.steadyLife { self.restarts = 0 }
        self.lastEnd = now
        guard self.restarts < Self.maxRestarts else { return .giveUp }
        let pause = self.restarts == 0 ? 0 : Self.shortestBackOff << (self.restarts - 1)
        self.restarts += 1
        return .restart(notBefore: now + pause)
    }
}
