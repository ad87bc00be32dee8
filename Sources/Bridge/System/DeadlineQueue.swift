// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Things to do at a time, earliest first: a binary heap, O(log n) to add and to take.
///
/// Entries cannot be removed; whoever takes one asks its owner whether it still matters. Not in the
/// core: what is generic is made for its items only in the module that uses it, and costs several times as much elsewhere.
struct DeadlineQueue<Item: Sendable>: Sendable {
    private var heap: [(time: Int64, item: Item)] = []

    var count: Int { self.heap.count }

    /// The earliest time in the queue.
    var earliest: Int64? { self.heap.first?.time }

    mutating func add(_ item: Item, at time: Int64) {
        self.heap.append((time, item))
        var index = self.heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.heap[index].time < self.heap[parent].time else { break }
            self.heap.swapAt(index, parent)
            index = parent
        }
    }

    /// Takes the earliest item if its time has come.
    mutating func take(now: Int64) -> Item? {
        guard let first = self.heap.first, first.time <= now else { return nil }
        let last = self.heap.removeLast()
        guard !self.heap.isEmpty else {
            // An idle daemon keeps no memory of a burst.
            self.heap = []
            return first.item
        }
        self.heap[0] = last
        var index = 0
        while true {
            var least = index
            for child in 2 * index + 1...2 * index + 2
            where child < self.heap.count && self.heap[child].time < self.heap[least].time {
                least = child
            }
            guard least != index else { return first.item }
            self.heap.swapAt(index, least)
            index = least
        }
    }
}
