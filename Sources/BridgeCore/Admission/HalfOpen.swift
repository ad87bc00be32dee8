// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The handshakes that are not done, in the order in which they began, and which of them are too many (R74).
///
/// A value that knows only numbers, which it gives out.
package struct HalfOpen: Sendable {
    package typealias Number = UInt64

    /// At least 1.
    private var limit: Int
    private var next: Number = 0
    private var open: Set<Number> = []
    /// By age, the oldest first. Holds also some that are done.
    private var order: [Number] = []
    /// Where the oldest stands in `order`.
    private var head = 0

    package var count: Int { self.open.count }
    /// There are more than the limit allows.
    package var isOver: Bool { self.open.count > self.limit }
    /// What `order` holds, for tests of its bound.
    var length: Int { self.order.count }

    /// - Parameter limit: at least 1.
    package init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// From now on there is another limit.
    package mutating func limit(_ limit: Int) {
        self.limit = max(1, limit)
    }

    /// A handshake begins.
    package mutating func began() -> Number {
        defer { self.next += 1 }
        self.open.insert(self.next)
        self.order.append(self.next)
        return self.next
    }

    /// A handshake is done, well or badly. One that is not there does no harm.
    package mutating func ended(_ number: Number) {
        guard self.open.remove(number) != nil else { return }
        if self.open.isEmpty {
            self.order = []
            self.head = 0
        } else if self.order.count > 2 * self.open.count + 64 {
            // Those that are done are dropped together, so that each costs little.
            self.order = self.order[self.head...].filter(self.open.contains)
            self.head = 0
        }
    }

    /// Takes the oldest one out if there are too many.
    package mutating func takeExcess() -> Number? {
        guard self.isOver else { return nil }
        while self.head < self.order.count {
            let oldest = self.order[self.head]
            self.head += 1
            guard self.open.contains(oldest) else { continue }
            self.ended(oldest)
            return oldest
        }
        return nil
    }
}
