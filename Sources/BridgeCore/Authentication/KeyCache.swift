// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// When the keys of an issuer are fetched, and how long they are good for. Holds no keys, only times.
///
/// All times are nanoseconds of the monotonic clock. There is one fetch at a time; whoever waits for keys waits for that.
package struct KeyCache: Sendable {
    /// What holds for one kind of source, nanoseconds.
    package struct Policy: Sendable {
        /// From the end of one fetch to the next, at the least: what clients send must not become a flood of requests to
        /// the issuer.
        package var pause: Int64
        /// The same while there are no keys and nobody gets in.
        package var pauseWithoutKeys: Int64
        /// When keys are fetched anew if the issuer does not say.
        package var lifetime: Int64
        /// The bounds of what the issuer says.
        package var lifetimes: ClosedRange<Int64>
        /// How long keys are good when no new ones can be had; nil = for ever.
        package var maxAge: Int64?
        /// Keys are used only after a look for new ones, unless that was less than ``pause`` ago. Otherwise a timer
        /// fetches them.
        package var revalidates: Bool

        /// Keys behind a URL: 15 minutes, or from one minute to an hour as the issuer says; a day without the issuer.
        package static let url = Self(
            pause: 30 * second,
            pauseWithoutKeys: 2 * second,
            lifetime: 900 * second,
            lifetimes: 60 * second...3600 * second,
            maxAge: 86_400 * second,
            revalidates: false
        )
        /// Keys in a file: looking whether it has changed costs little.
        package static let file = Self(
            pause: second,
            pauseWithoutKeys: second,
            lifetime: second,
            lifetimes: second...second,
            maxAge: nil,
            revalidates: true
        )

        private static let second: Int64 = 1_000_000_000
    }

    /// What to do with a token.
    package enum OnToken: Sendable, Equatable {
        /// The keys at hand decide.
        case use
        /// New keys may decide otherwise: ask for them, and once they are there again.
        case fetch
        /// No keys, and too early to ask for any.
        case unavailable
    }

    /// What to do with somebody who wants new keys.
    package enum OnRequest: Sendable, Equatable {
        /// A fetch is to be begun now.
        case begin
        /// One is under way.
        case join
        /// The last one is too recent: it goes on with what there is.
        case tooEarly
    }

    private let policy: Policy
    private var fetched: Int64?
    /// The end of the last fetch, whatever came of it.
    private var attempted: Int64?
    private var isFetching = false

    package init(_ policy: Policy) {
        self.policy = policy
    }

    /// Whether there are keys that are not too old.
    package func hasKeys(now: Int64) -> Bool {
        guard let fetched = self.fetched else { return false }
        return self.policy.maxAge.map { now - fetched < $0 } ?? true
    }

    /// How long until the next fetch is allowed.
    package func pause(now: Int64) -> Int64 {
        guard let attempted = self.attempted else { return 0 }
        let pause = self.hasKeys(now: now) ? self.policy.pause : self.policy.pauseWithoutKeys
        return max(0, attempted + pause - now)
    }

    /// A token is to be verified.
    ///
    /// - Parameter isKeyKnown: whether the keys at hand have the one that it names.
    package func received(isKeyKnown: Bool, now: Int64) -> OnToken {
        let hasKeys = self.hasKeys(now: now)
        if hasKeys, isKeyKnown, !self.policy.revalidates { return .use }
        if self.isFetching || self.pause(now: now) == 0 { return .fetch }
        return hasKeys ? .use : .unavailable
    }

    /// Somebody was told to ``OnToken/fetch``.
    package mutating func requested(now: Int64) -> OnRequest {
        if self.isFetching { return .join }
        guard self.pause(now: now) == 0 else { return .tooEarly }
        self.isFetching = true
        return .begin
    }

    /// The keys are due, or the operator asks for new ones; false if a fetch is under way already.
    package mutating func refresh() -> Bool {
        guard !self.isFetching else { return false }
        self.isFetching = true
        return true
    }

    /// New keys have come, or the old ones were found to be the newest.
    ///
    /// - Parameter maxAge: how long the issuer says that they are good, nanoseconds.
    /// - Returns: how long to wait before the next ``refresh()``, nanoseconds.
    package mutating func succeeded(maxAge: Int64?, now: Int64) -> Int64 {
        self.isFetching = false
        self.attempted = now
        self.fetched = now
        let lifetime = maxAge ?? self.policy.lifetime
        return min(max(lifetime, self.policy.lifetimes.lowerBound), self.policy.lifetimes.upperBound)
    }

    /// No new keys could be had; the old ones stay.
    ///
    /// - Returns: how long to wait before the next ``refresh()``, nanoseconds.
    package mutating func failed(now: Int64) -> Int64 {
        self.isFetching = false
        self.attempted = now
        return self.pause(now: now)
    }
}
