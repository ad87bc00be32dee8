// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The requests in flight of which nothing need be known but an integer id: nearly all of them.
///
/// Each id has one place, its lowest bits, so that noting and finding a request is one look: a tenth of the
/// instructions of a dictionary, whose hashing withstands chosen ids. Here a place that is taken is simply refused, and
/// the caller keeps the request elsewhere.
struct PlainRequests: Sendable {
    private struct Place: Sendable {
        var id: Int64
        /// Position in arrival order; ``nobody`` where the place is free.
        var order: UInt64
        var time: Int64
    }

    private static let nobody = UInt64.max
    /// Who has one request in flight at a time needs no more.
    private static let smallest = 2
    /// Twenty-four bytes each: what an idle connection may keep, and what a busy one may.
    private static let largestIdle = 128
    private static let largest = 1_024

    /// A power of two of them, or none.
    private var places: [Place] = []
    private(set) var count = 0

    func contains(_ id: Int64) -> Bool {
        guard self.count > 0 else { return false }
        let place = self.places[self.index(id)]
        return place.id == id && place.order != Self.nobody
    }

    /// Notes a request whose id is not in flight; false if there is no place for it.
    ///
    /// - Parameters:
    ///   - order: less than that of those that come later.
    ///   - time: when it came.
    mutating func insert(_ id: Int64, order: UInt64, time: Int64) -> Bool {
        if self.places.isEmpty { self.makePlaces(Self.smallest) }
        // Ids that follow on each other meet only when there are more of them than places.
        while self.places[self.index(id)].order != Self.nobody {
            guard self.count * 2 >= self.places.count, self.places.count < Self.largest else { return false }
            self.makePlaces(self.places.count * 2)
        }
        self.places[self.index(id)] = Place(id: id, order: order, time: time)
        self.count += 1
        return true
    }

    /// Takes a request out; what was noted of it, or nil if it is not here.
    mutating func remove(_ id: Int64) -> (order: UInt64, time: Int64)? {
        guard self.contains(id) else { return nil }
        let index = self.index(id)
        let (order, time) = (self.places[index].order, self.places[index].time)
        self.places[index].order = Self.nobody
        self.count -= 1
        if self.count == 0, self.places.count > Self.largestIdle { self.places = [] }
        return (order, time)
    }

    /// All of them, in no order.
    var all: [(id: Int64, order: UInt64, time: Int64)] {
        self.places.lazy.filter { $0.order != Self.nobody }.map { ($0.id, $0.order, $0.time) }
    }

    @inline(__always)
    private func index(_ id: Int64) -> Int {
        Int(truncatingIfNeeded: id) & (self.places.count - 1)
    }

    private mutating func makePlaces(_ count: Int) {
        let old = self.all
        self.places = Array(repeating: Place(id: 0, order: Self.nobody, time: 0), count: count)
        for (id, order, time) in old { self.places[self.index(id)] = Place(id: id, order: order, time: time) }
    }
}
