// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How fast handshakes come from each address (R43, R74): `connect_rate`.
///
/// Counted are handshakes that got as far as to be judged by their credential or path: what a web page can have a browser
/// send, a request without `Upgrade` or with an Origin that is refused, uses up nobody's share. An address has two buckets:
///
/// - one for all of them, from which a handshake takes that would become a connection, so that its 429 comes after 401, 404
///   and 403 (R3);
/// - one for those that failed. While it is empty nothing more of this address is judged: it gets 429 whatever it presents,
///   so that guessing is slowed down, and a right guess looks like a wrong one.
///
/// A failed one takes from both. A value without a clock; times are nanoseconds of one monotonic clock. It remembers two
/// generations of addresses, each as long as a bucket takes to fill: who was not seen for so long has full buckets, and is
/// forgotten with its generation.
package struct ConnectRates: Sendable {
    /// Seconds' worth of handshakes that may come at once: clients open several connections when they start.
    package static let burst = 10
    /// Addresses in one generation. Those that come on top are not measured: who has so many has as many shares anyway, and to
    /// refuse them would let it lock out everybody else.
    package static let capacity = 65_536

    private struct Buckets {
        var all = Rate.full
        var failed = Rate.full
    }

    private let rate: Rate
    private let capacity: Int
    private var recent: [ClientNetwork: Buckets] = [:]
    private var former: [ClientNetwork: Buckets] = [:]
    /// When `recent` began; nil before the first handshake.
    private var began: Int64?

    /// Addresses that are remembered.
    package var count: Int { self.recent.count + self.former.count }

    /// Nil for no limit.
    package init?(perSecond: Int, capacity: Int = ConnectRates.capacity) {
        guard let rate = Rate(perSecond: perSecond, burst: Self.burst) else { return nil }
        self.rate = rate
        self.capacity = capacity
    }

    /// Seconds after which a handshake of this address is judged again; nil: it is judged now.
    package mutating func pause(of network: ClientNetwork, now: Int64) -> Int? {
        self.turn(now)
        let wait = self.rate.wait(self.buckets(network).failed, now: now)
        return wait > 0 ? Rate.retryAfter(wait) : nil
    }

    /// A handshake that was judged has failed.
    package mutating func failed(_ network: ClientNetwork, now: Int64) {
        self.turn(now)
        var buckets = self.buckets(network)
        // No bucket is ever emptier than empty, also where many were judged together: it would take longer to fill.
        if self.rate.wait(buckets.failed, now: now) == 0 { buckets.failed = self.rate.taken(buckets.failed, now: now) }
        if self.rate.wait(buckets.all, now: now) == 0 { buckets.all = self.rate.taken(buckets.all, now: now) }
        self.keep(buckets, network)
    }

    /// A handshake that would become a connection: nil if it may, else the seconds to wait.
    package mutating func request(_ network: ClientNetwork, now: Int64) -> Int? {
        self.turn(now)
        var buckets = self.buckets(network)
        let wait = self.rate.wait(buckets.all, now: now)
        guard wait == 0 else { return Rate.retryAfter(wait) }
        buckets.all = self.rate.taken(buckets.all, now: now)
        self.keep(buckets, network)
        return nil
    }

    private func buckets(_ network: ClientNetwork) -> Buckets {
        self.recent[network] ?? self.former[network] ?? Buckets()
    }

    private mutating func keep(_ buckets: Buckets, _ network: ClientNetwork) {
        if self.recent[network] != nil || self.recent.count < self.capacity {
            self.recent[network] = buckets
            self.former[network] = nil
        } else if self.former[network] != nil {
            self.former[network] = buckets
        }
    }

    /// Begins a new generation once this one is as old as a bucket takes to fill.
    private mutating func turn(_ now: Int64) {
        guard let began = self.began else {
            self.began = now
            return
        }
        let age = now - began
        guard age >= self.rate.filling else { return }
        self.former = age < 2 * self.rate.filling ? self.recent : [:]
        self.recent = [:]
        self.began = now
    }
}
