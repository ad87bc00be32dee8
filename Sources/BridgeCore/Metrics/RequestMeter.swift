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

/// What a request is counted as.
package struct RequestLabel: Sendable, Equatable {
    package var method: RequestMethod
    /// The number of its tool in the ``RequestMeter``.
    package var tool: UInt16

    @inline(__always)
    package init(_ method: RequestMethod, tool: UInt16 = ToolTable.none) {
        self.method = method
        self.tool = tool
    }
}

/// Counts the requests of all clients of one server on one event loop, and how long they took.
///
/// Made once per loop and server; confined to that loop. A request costs two additions and the search for its bucket, a call of
/// a tool four and that for its name.
package final class RequestMeter {
    /// Upper ends of the buckets, in nanoseconds, from a quarter of a millisecond to a minute; one more has all that is longer.
    package static let bounds: [Int64] = [
        250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
    ]
    /// Tools of one server that are counted by their names.
    package static let mostTools = 64
    /// Of one method: outcomes, buckets, and the sum of all durations.
    static let width = RequestOutcome.allCases.count + RequestMeter.bounds.count + 2
    private static let sum = RequestMeter.width - 1
    private static let firstBucket = RequestOutcome.allCases.count
    private static let count = RequestMethod.allCases.count * RequestMeter.width
    /// ``ToolTable/other`` and the names; ``ToolTable/none`` has a row that stays empty.
    private static let toolCount = (RequestMeter.mostTools + 2) * RequestMeter.width

    // SAFETY: owned by this object alone, and freed with it; all indices are below `count`.
    private let cells: UnsafeMutablePointer<Int64>
    // SAFETY: a copy of `bounds` without its count of references; likewise.
    private let bounds: UnsafeMutablePointer<Int64>
    private var tools = ToolTable()
    // SAFETY: like `cells`, with indices below `toolCount`. Nil before a tool was called.
    private var toolCells: UnsafeMutablePointer<Int64>?
    private let isAdmitted: (_ tool: String) -> Bool

    /// - Parameter isAdmitted: whether a tool that the server has answered for may be counted by its name; asked once for each
    ///   name on this event loop.
    package init(isAdmitted: @escaping (_ tool: String) -> Bool = { _ in true }) {
        self.isAdmitted = isAdmitted
        self.cells = .allocate(capacity: Self.count)
        self.cells.initialize(repeating: 0, count: Self.count)
        self.bounds = .allocate(capacity: Self.bounds.count)
        self.bounds.initialize(from: Self.bounds, count: Self.bounds.count)
    }

    deinit {
        self.cells.deallocate()
        self.bounds.deallocate()
        self.toolCells?.deallocate()
    }

    /// What a request is counted as.
    ///
    /// - Parameter name: `params.name`.
    @inline(__always)
    func label(_ method: RequestMethod, _ name: Envelope.Value?, in text: UnsafeRawBufferPointer) -> RequestLabel {
        guard method == .callTool else { return RequestLabel(method) }
        guard let name, name.kind == .string, !name.isEscaped else {
            return RequestLabel(method, tool: ToolTable.other)
        }
        let tool = self.tools.number(of: UnsafeRawBufferPointer(rebasing: text[name.contents]))
        return RequestLabel(method, tool: tool)
    }

    /// The number of a tool that the server has answered for.
    func learn(_ tool: UInt16) -> UInt16 {
        self.tools.learn(tool, isAdmitted: self.isAdmitted)
    }

    /// A request that was answered, after so many nanoseconds.
    @inline(__always)
    func answered(_ label: RequestLabel, _ outcome: RequestOutcome, nanoseconds: Int64) {
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > self.bounds[bucket] { bucket += 1 }
        self.add(self.cells + Int(label.method.rawValue) &* Self.width, outcome, bucket, nanoseconds)
        if label.tool != ToolTable.none { self.add(self.row(ofTool: label.tool), outcome, bucket, nanoseconds) }
    }

    @inline(__always)
    private func add(_ row: UnsafeMutablePointer<Int64>, _ outcome: RequestOutcome, _ bucket: Int, _ nanoseconds: Int64)
    {
        row[Int(outcome.rawValue)] &+= 1
        row[Self.firstBucket + bucket] &+= 1
        row[Self.sum] &+= max(0, nanoseconds)
    }

    /// A request that has no answer, or none that took time.
    func ended(_ label: RequestLabel, _ outcome: RequestOutcome) {
        self.cells[Int(label.method.rawValue) * Self.width + Int(outcome.rawValue)] &+= 1
        if label.tool != ToolTable.none { self.row(ofTool: label.tool)[Int(outcome.rawValue)] &+= 1 }
    }

    @inline(__always)
    private func row(ofTool tool: UInt16) -> UnsafeMutablePointer<Int64> {
        let cells = self.toolCells ?? self.makeToolCells()
        return cells + Int(tool >= ToolTable.firstCandidate ? ToolTable.other : tool) &* Self.width
    }

    private func makeToolCells() -> UnsafeMutablePointer<Int64> {
        let cells = UnsafeMutablePointer<Int64>.allocate(capacity: Self.toolCount)
        cells.initialize(repeating: 0, count: Self.toolCount)
        self.toolCells = cells
        return cells
    }

    /// What was counted so far.
    package var counts: RequestCounts {
        var counts = RequestCounts(cells: Array(UnsafeBufferPointer(start: self.cells, count: Self.count)))
        guard let toolCells = self.toolCells else { return counts }
        for number in ToolTable.other..<ToolTable.other + 1 + UInt16(self.tools.names.count) {
            let row = UnsafeBufferPointer(start: toolCells + Int(number) * Self.width, count: Self.width)
            if row.contains(where: { $0 != 0 }) {
                counts.tools[self.tools.name(of: number)] = ToolCounts(row: Array(row))
            }
        }
        return counts
    }
}

@available(*, unavailable)
extension RequestMeter: Sendable {}

/// What one ``RequestMeter``, or several together, have counted.
package struct RequestCounts: Sendable, Equatable {
    fileprivate var cells: [Int64]
    /// Calls of tools by their names; of all others together under an empty one.
    package fileprivate(set) var tools: [String: ToolCounts] = [:]

    fileprivate init(cells: [Int64]) {
        self.cells = cells
    }

    package init() {
        self.cells = RequestMeter().counts.cells
    }

    package static func += (left: inout RequestCounts, right: RequestCounts) {
        for index in left.cells.indices { left.cells[index] &+= right.cells[index] }
        left.tools.merge(right.tools, uniquingKeysWith: +)
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
        DurationHistogram(row: self.row(method))
    }
}

/// What was counted of the calls of one tool.
package struct ToolCounts: Sendable, Equatable {
    fileprivate var row: [Int64]

    package func count(_ outcome: RequestOutcome) -> Int64 { self.row[Int(outcome.rawValue)] }

    /// How long calls took that were answered.
    package var durations: DurationHistogram { DurationHistogram(row: self.row[...]) }

    fileprivate static func + (left: ToolCounts, right: ToolCounts) -> ToolCounts {
        ToolCounts(row: zip(left.row, right.row).map { $0 &+ $1 })
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

    /// - Parameter row: of a ``RequestMeter``: outcomes, buckets, sum.
    fileprivate init(row: ArraySlice<Int64>) {
        let row = row.dropFirst(RequestOutcome.allCases.count)
        self.init(counts: Array(row.dropLast()), nanoseconds: row.last ?? 0)
    }

    package var count: Int64 { self.counts.reduce(0, +) }

    package mutating func add(nanoseconds: Int64) {
        let bucket = RequestMeter.bounds.firstIndex { nanoseconds <= $0 } ?? RequestMeter.bounds.count
        self.counts[bucket] &+= 1
        self.nanoseconds &+= max(0, nanoseconds)
    }
}
