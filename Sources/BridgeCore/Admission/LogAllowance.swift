// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How many lines of one kind may go to the log: so many a second, the rest is counted (R74).
///
/// A value without clock; times are nanoseconds of one monotonic clock.
package struct LogAllowance: Sendable {
    private static let second: Int64 = 1_000_000_000

    private let perSecond: Int
    private var windowStart: Int64?
    private var inWindow = 0
    /// Lines that were not written since ``takeLeftOut()``.
    package private(set) var leftOut = 0

    /// - Parameter perSecond: at least 1.
    package init(perSecond: Int) {
        self.perSecond = max(1, perSecond)
    }

    /// Whether a line may be written now; if not, it is counted.
    package mutating func take(now: Int64) -> Bool {
        if self.windowStart.map({ now - $0 >= Self.second }) ?? true {
            self.windowStart = now
            self.inWindow = 0
        }
        guard self.inWindow < self.perSecond else {
            self.leftOut += 1
            return false
        }
        self.inWindow += 1
        return true
    }

    /// How many lines were left out, to be told once.
    package mutating func takeLeftOut() -> Int {
        defer { self.leftOut = 0 }
        return self.leftOut
    }
}
