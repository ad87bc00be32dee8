// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How a client's request ended.
package enum RequestOutcome: UInt8, Sendable, CaseIterable {
    /// The server answered with a result.
    case ok
    /// The server answered with an error.
    case error
    /// The bridge answered in the server's stead: it could not, or its answer was of no use.
    case failed
    /// The client cancelled it.
    case cancelled
    /// The client was gone before the answer came.
    case abandoned
    /// A policy forbids it.
    case denied

    package var name: String { "\(self)" }
}

/// Counts the requests of all clients of one server on one event loop, and how long they took.
///
/// Made once per loop and server; confined to that loop. A request costs two additions and the search for its bucket.
package final class RequestMeter {
    /// Upper ends of the buckets, in nanoseconds, from a quarter of a millisecond to a minute; one more has all that is longer.
    package static let bounds: [Int64] = [
        250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
    ]
    /// Of one method: outcomes, buckets, and the sum of all durations.
    static let width = RequestOutcome.allCases.count + RequestMeter.bounds.count + 2
    private static let sum = RequestMeter.width - 1
    private static let firstBucket = RequestOutcome.allCases.count
    private static let count = RequestMethod.allCases.count * RequestMeter.width

    // SAFETY: owned by this object alone, and freed with it; all indices are below `count`.
    private let cells: UnsafeMutablePointer<Int64>
    // SAFETY: a copy of `bounds` without its count of references; likewise.
    private let bounds: UnsafeMutablePointer<Int64>

    package init() {
        self.cells = .allocate(capacity: Self.count)
        self.cells.initialize(repeating: 0, count: Self.count)
        self.bounds = .allocate(capacity: Self.bounds.count)
        self.bounds.initialize(from: Self.bounds, count: Self.bounds.count)
    }

    deinit {
        self.cells.deallocate()
        self.bounds.deallocate()
    }

    /// A request that was answered, after so many nanoseconds.
    @inline(__always)
    func answered(_ method: RequestMethod, _ outcome: RequestOutcome, nanoseconds: Int64) {
        let row = self.cells + Int(method.rawValue) * Self.width
        row[Int(outcome.rawValue)] &+= 1
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > self.bounds[bucket] { bucket += 1 }
        row[Self.firstBucket + bucket] &+= 1
        row[Self.sum] &+= max(0, nanoseconds)
    }

    /// A request that has no answer, or none that took time.
    func ended(_ method: RequestMethod, _ outcome: RequestOutcome) {
        self.cells[Int(method.rawValue) * Self.width + Int(outcome.rawValue)] &+= 1
    }

    /// What was counted so far.
    package var counts: RequestCounts {
        RequestCounts(cells: Array(UnsafeBufferPointer(start: self.cells, count: Self.count)))
    }
}

@available(*, unavailable)
extension RequestMeter: Sendable {}

/// What one ``RequestMeter``, or several together, have counted.
package struct RequestCounts: Sendable, Equatable {
    fileprivate var cells: [Int64]

    fileprivate init(cells: [Int64]) {
        self.cells = cells
    }

    package init() {
        self.cells = RequestMeter().counts.cells
    }

    package static func += (left: inout RequestCounts, right: RequestCounts) {
        for index in left.cells.indices { left.cells[index] &+= right.cells[index] }
    }

    private func row(_ method: RequestMethod) -> ArraySlice<Int64> {
        let start = Int(method.rawValue) * RequestMeter.width
        return self.cells[start..<start + RequestMeter.width]
    }

    package func count(_ method: RequestMethod, _ outcome: RequestOutcome) -> Int64 {
        self.row(method).dropFirst(Int(outcome.rawValue)).first ?? 0
    }

    /// How long requests took that were answered.
    package func durations(_ method: RequestMethod) -> DurationHistogram {
        let row = self.row(method).dropFirst(RequestOutcome.allCases.count)
        return DurationHistogram(counts: Array(row.dropLast()), nanoseconds: row.last ?? 0)
    }
}

/// Durations in the buckets of ``RequestMeter/bounds``.
package struct DurationHistogram: Sendable, Equatable {
    /// Of each bucket, and of what is longer than all.
    package var counts: [Int64]
    /// All durations together.
    package var nanoseconds: Int64

    package init(counts: [Int64], nanoseconds: Int64) {
        self.counts = counts
        self.nanoseconds = nanoseconds
    }

    package init() {
        self.init(counts: Array(repeating: 0, count: RequestMeter.bounds.count + 1), nanoseconds: 0)
    }

    package var count: Int64 { self.counts.reduce(0, +) }

    package mutating func add(nanoseconds: Int64) {
        let bucket = RequestMeter.bounds.firstIndex { nanoseconds <= $0 } ?? RequestMeter.bounds.count
        self.counts[bucket] &+= 1
        self.nanoseconds &+= max(0, nanoseconds)
    }
}
