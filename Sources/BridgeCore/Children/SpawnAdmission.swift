// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Whether a child may be started now: how many there are, how fast they come, and how the last attempts went.
///
/// A pure value; times are nanoseconds of one monotonic clock. Every ``Verdict/granted`` holds a place until
/// ``failed(server:now:)`` or ``gone(server:)`` gives it back.
package struct SpawnAdmission: Sendable {
    package enum Refusal: Sendable, Hashable {
        /// `max_children`.
        case children
        /// `spawn_rate`.
        case rate
        /// The last attempts to start this server's program failed.
        case backingOff
    }

    package enum Verdict: Sendable, Hashable {
        case granted
        /// - Parameter retryAfterSeconds: at least 1, for `Retry-After` (RFC 9110 section 10.2.3).
        case refused(Refusal, retryAfterSeconds: Int)
    }

    private struct Server: Sendable {
        var children = 0
        /// Consecutive windows of failure.
        var failures = 0
        /// No attempt before this time; 0 when the last one went well.
        var notBefore: Int64 = 0
    }

    private static let second: Int64 = 1_000_000_000
    /// The first pause after a failure.
    package static let shortestBackOff: Int64 = 250_000_000
    package static let longestBackOff: Int64 = 10_000_000_000

    private var maximum: Int
    /// Between two spawns at the full rate; 0 for no limit.
    private var interval: Int64 = 0
    /// How far the schedule may run ahead of the clock: one second's worth less one.
    private var burst: Int64 = 0
    /// When the next spawn would be due if they came evenly (GCRA: a token bucket in one number).
    private var due = Int64.min
    private var servers: [String: Server] = [:]

    /// Children that hold a place.
    package private(set) var children = 0

    /// - Parameter spawnRate: per second, with a burst of one second's worth; 0 for no limit.
    package init(maxChildren: Int, spawnRate: Int) {
        self.maximum = maxChildren
        self.limit(maxChildren: maxChildren, spawnRate: spawnRate)
    }

    /// From now on there are other limits. Who has a place keeps it, also where there are more than the new limit allows.
    package mutating func limit(maxChildren: Int, spawnRate: Int) {
        self.maximum = maxChildren
        let interval = spawnRate > 0 ? max(1, Self.second / Int64(spawnRate)) : 0
        guard interval != self.interval else { return }
        self.interval = interval
        self.burst = spawnRate > 0 ? interval * Int64(spawnRate - 1) : 0
        // What was due at another rate may be far off.
        self.due = .min
    }

    /// A connection asks for a child. Granted, it holds a place and has used up its share of the rate.
    package mutating func request(server name: String, now: Int64) -> Verdict {
        guard self.children < self.maximum else { return .refused(.children, retryAfterSeconds: 1) }
        var server = self.servers[name] ?? Server()
        guard server.notBefore <= now else {
            return .refused(.backingOff, retryAfterSeconds: Self.secondsUp(server.notBefore - now))
        }
        if self.interval > 0 {
            let base = max(self.due, now)
            guard base - now <= self.burst else {
                return .refused(.rate, retryAfterSeconds: Self.secondsUp(base - now - self.burst))
            }
            self.due = base + self.interval
        }
        server.children += 1
        self.children += 1
        self.servers[name] = server
        return .granted
    }

    /// The granted child runs.
    package mutating func spawned(server name: String) {
        self.servers[name]?.failures = 0
        self.servers[name]?.notBefore = 0
    }

    /// The granted child could not be started; its place is free again.
    package mutating func failed(server name: String, now: Int64) {
        self.gone(server: name)
        // Attempts that were under way together fail together: they count once.
        guard var server = self.servers[name], server.notBefore <= now else { return }
        let pause = Self.shortestBackOff << min(server.failures, 10)
        server.failures += 1
        server.notBefore = now + min(pause, Self.longestBackOff)
        self.servers[name] = server
    }

    /// A child that ran and its whole family are gone; its place is free again.
    package mutating func gone(server name: String) {
        guard let server = self.servers[name], server.children > 0 else { return }
        self.servers[name]?.children -= 1
        self.children -= 1
    }

    private static func secondsUp(_ nanoseconds: Int64) -> Int {
        max(1, Int((nanoseconds + self.second - 1) / self.second))
    }
}
