// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How often something may happen: so many times a second on average, and at most so many at once (R43).
///
/// A token bucket in one number (GCRA): whoever is measured keeps a time, `due`, at which the next would come if they came
/// evenly. A bucket that is full is one whose time has passed, so that nothing needs to be kept of it. Times are nanoseconds
/// of one monotonic clock.
package struct Rate: Sendable, Equatable {
    /// The `due` of a bucket that nobody has taken from.
    package static let full = Int64.min

    private static let second: Int64 = 1_000_000_000

    /// Between two at the full rate.
    private let interval: Int64
    /// How far `due` may run ahead of the clock.
    private let slack: Int64
    /// The time that a bucket takes from empty to full.
    package var filling: Int64 { self.slack + self.interval }

    /// - Parameters:
    ///   - perSecond: on average; nil is returned for 0, which stands for no limit.
    ///   - burst: how many seconds' worth may come at once.
    package init?(perSecond: Int, burst: Int = 1) {
        guard perSecond > 0, burst > 0 else { return nil }
        self.interval = max(1, Self.second / Int64(perSecond))
        self.slack = self.interval * (Int64(perSecond) * Int64(burst) - 1)
    }

    /// How long to wait until there is a token; 0 where there is one.
    package func wait(_ due: Int64, now: Int64) -> Int64 {
        max(0, max(due, now) - now - self.slack)
    }

    /// How long to wait until there are as many tokens as come within `time`, one at least and a whole bucket at most; for
    /// who would rather not be woken for each.
    package func wait(_ due: Int64, gathering time: Int64, now: Int64) -> Int64 {
        let more = min(max(0, time - self.interval), self.slack)
        return max(0, max(due, now) - now - self.slack + more)
    }

    /// Takes a token, whether there is one or not; returns the new `due`.
    package func taken(_ due: Int64, now: Int64) -> Int64 {
        max(due, now) + self.interval
    }
}

extension Rate {
    /// Nanoseconds as the seconds of a `Retry-After` (RFC 9110 section 10.2.3): rounded up, and 1 at least.
    static func retryAfter(_ wait: Int64) -> Int {
        max(1, Int((wait + self.second - 1) / self.second))
    }
}
