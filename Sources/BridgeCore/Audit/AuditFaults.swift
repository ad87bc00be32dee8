// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What the log is told of audit records that cannot be written: the first time, then once a minute, and the end of it.
///
/// A value without clock. `now` is nanoseconds of a monotonic clock.
package struct AuditFaults: Sendable {
    /// How often the log is told of a fault that lasts.
    package static let interval: Int64 = 60_000_000_000

    /// Nil while records are written.
    private var toldAt: Int64?
    private var lost = 0

    package init() {}

    /// So many records could not be written.
    ///
    /// - Returns: how many it were since this began, where the log is to be told; else nil.
    package mutating func failed(_ records: Int, now: Int64) -> Int? {
        self.lost += records
        if let toldAt, now - toldAt < Self.interval { return nil }
        self.toldAt = now
        return self.lost
    }

    /// Records were written.
    ///
    /// - Returns: how many could not be before, where this ends a fault; else nil.
    package mutating func succeeded() -> Int? {
        guard self.toldAt != nil else { return nil }
        defer { self = Self() }
        return self.lost
    }
}
