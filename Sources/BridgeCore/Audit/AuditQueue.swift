// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Audit records on their way to where they are kept (R77): bounded in bytes, refusals also in their rate; what is left
/// out is counted, and the count becomes a record of its own.
///
/// A value without clock or I/O. `now` is nanoseconds of a monotonic clock.
package struct AuditQueue: Sendable {
    /// The most that waits, in bytes; records that find no room are left out.
    package static let limit = 1 << 20
    /// Refusals that are kept in one second: anybody can cause them, as fast as the machine answers.
    package static let refusalsPerSecond = 100

    /// Why records were left out.
    fileprivate enum Omission: String, CaseIterable, Sendable {
        /// More refusals than ``refusalsPerSecond``.
        case rate
        /// The queue was full.
        case full
        /// They could not be written.
        case error
    }

    /// What is to be written at once, in whole lines.
    package struct Batch: Sendable {
        package fileprivate(set) var bytes: [UInt8] = []
        /// Counts that it tells of, and where their lines end.
        fileprivate var told: [(omission: Omission, count: Int, end: Int)] = []
    }

    private var pending: [UInt8] = []
    private var omitted: [Omission: Int] = [:]
    private var windowStart: Int64 = .min
    private var inWindow = 0

    package init() {}

    /// Nothing waits, no count either.
    package var isEmpty: Bool { self.pending.isEmpty && self.omitted.isEmpty }

    /// Adds a record, or counts it where it is left out.
    ///
    /// - Returns: whether there is something to be taken, or to be told a second later, that was not there before.
    package mutating func add(_ record: AuditRecord, now: Int64) -> Bool {
        let (hadRecords, hadCounts) = (!self.pending.isEmpty, !self.omitted.isEmpty)
        self.keep(record, now: now)
        return !hadRecords && !self.pending.isEmpty || !hadCounts && !self.omitted.isEmpty
    }

    private mutating func keep(_ record: AuditRecord, now: Int64) {
        if record.isRefusal {
            self.turnWindow(now)
            guard self.inWindow < Self.refusalsPerSecond else { return self.omit(.rate, 1) }
            self.inWindow += 1
        }
        let before = self.pending.count
        record.append(to: &self.pending)
        guard self.pending.count > Self.limit else { return }
        self.pending.removeSubrange(before...)
        self.omit(.full, 1)
    }

    /// Takes what is to be written now. Refusals beyond the rate are told of once a second.
    ///
    /// - Parameter isEnd: nothing comes after this.
    package mutating func take(now: Int64, time: Timestamp, isEnd: Bool = false) -> Batch {
        self.turnWindow(now)
        var batch = Batch()
        for omission in Omission.allCases {
            if omission == .rate, self.inWindow >= Self.refusalsPerSecond, !isEnd { continue }
            guard let count = self.omitted.removeValue(forKey: omission) else { continue }
            var line = AuditLine(time, "omitted")
            line.append("of", omission == .rate ? "refused" : "records")
            line.append("cause", omission.rawValue)
            line.append("count", count)
            line.finish(into: &batch.bytes)
            batch.told.append((omission, count, batch.bytes.count))
        }
        if batch.bytes.isEmpty {
            swap(&batch.bytes, &self.pending)
        } else {
            batch.bytes.append(contentsOf: self.pending)
            self.pending = []
        }
        return batch
    }

    /// A batch was written only up to a byte: counts the records that are not whole, and remembers the counts of those
    /// that tell of others.
    ///
    /// - Returns: how many records are lost with it.
    @discardableResult
    package mutating func failed(_ batch: Batch, written: Int) -> Int {
        for told in batch.told where told.end > written { self.omit(told.omission, told.count) }
        let records = batch.bytes[max(written, batch.told.last?.end ?? 0)...].count { $0 == UInt8(ascii: "\n") }
        if records > 0 { self.omit(.error, records) }
        return records
    }

    private mutating func omit(_ omission: Omission, _ count: Int) {
        self.omitted[omission, default: 0] += count
    }

    private mutating func turnWindow(_ now: Int64) {
        guard self.windowStart == .min || now - self.windowStart >= 1_000_000_000 else { return }
        self.windowStart = now
        self.inWindow = 0
    }
}
