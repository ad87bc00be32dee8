// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// When keys are fetched.
@Suite struct KeyCacheTests {
    private static let second: Int64 = 1_000_000_000
    private static let minute = 60 * second

    /// A cache that can be asked within an expectation.
    private final class Rig {
        private var cache: KeyCache

        /// - Parameter isFilled: it has got keys at time 0.
        init(_ policy: KeyCache.Policy, isFilled: Bool) {
            self.cache = KeyCache(policy)
            if isFilled { _ = self.cache.succeeded(maxAge: nil, now: 0) }
        }

        func received(isKeyKnown: Bool, now: Int64) -> KeyCache.OnToken {
            self.cache.received(isKeyKnown: isKeyKnown, now: now)
        }
        func requested(now: Int64) -> KeyCache.OnRequest { self.cache.requested(now: now) }
        func refresh() -> Bool { self.cache.refresh() }
        func succeeded(maxAge: Int64?, now: Int64) -> Int64 { self.cache.succeeded(maxAge: maxAge, now: now) }
        func failed(now: Int64) -> Int64 { self.cache.failed(now: now) }
        func hasKeys(now: Int64) -> Bool { self.cache.hasKeys(now: now) }
        func pause(now: Int64) -> Int64 { self.cache.pause(now: now) }
    }

    @Test("R8: a known key is used at once, whatever is under way")
    func known() {
        let cache = Rig(.url, isFilled: true)
        #expect(cache.received(isKeyKnown: true, now: Self.minute) == .use)
        #expect(cache.refresh())
        #expect(cache.received(isKeyKnown: true, now: Self.minute) == .use)
    }

    @Test("R8: an unknown key is asked for, by one fetch for all, and not again for 30 seconds")
    func unknown() {
        let cache = Rig(.url, isFilled: true)
        #expect(cache.received(isKeyKnown: false, now: 29 * Self.second) == .use, "the keys are that new")
        #expect(cache.requested(now: 29 * Self.second) == .tooEarly)
        #expect(cache.received(isKeyKnown: false, now: 30 * Self.second) == .fetch)
        #expect(cache.requested(now: 30 * Self.second) == .begin)
        #expect(cache.received(isKeyKnown: false, now: 31 * Self.second) == .fetch)
        #expect(cache.requested(now: 31 * Self.second) == .join)
        #expect(!cache.refresh(), "one at a time")
        _ = cache.failed(now: 35 * Self.second)
        #expect(cache.received(isKeyKnown: false, now: 64 * Self.second) == .use)
        #expect(cache.pause(now: 64 * Self.second) == Self.second)
        #expect(cache.received(isKeyKnown: false, now: 65 * Self.second) == .fetch)
    }

    @Test("R8: a flood of unknown keys is one request in 30 seconds")
    func flood() {
        let cache = Rig(.url, isFilled: true)
        var fetches = 0
        for millisecond in stride(from: Int64(0), to: 600_000, by: 10) {
            let now = millisecond * 1_000_000
            guard cache.received(isKeyKnown: false, now: now) == .fetch else { continue }
            #expect(cache.requested(now: now) == .begin)
            fetches += 1
            _ = cache.succeeded(maxAge: nil, now: now)
        }
        #expect(fetches == 19)
    }

    @Test("R8: without keys a client is told to come again, and they are asked for every two seconds")
    func empty() {
        let cache = Rig(.url, isFilled: false)
        #expect(cache.received(isKeyKnown: false, now: 0) == .fetch)
        #expect(cache.requested(now: 0) == .begin)
        #expect(cache.failed(now: 5 * Self.second) == 2 * Self.second)
        #expect(cache.received(isKeyKnown: false, now: 6 * Self.second) == .unavailable)
        #expect(cache.received(isKeyKnown: false, now: 7 * Self.second) == .fetch)
    }

    @Test("R8: keys are fetched anew when the issuer says, within one minute and one hour; by default after 15 minutes")
    func lifetimes() {
        let cache = Rig(.url, isFilled: true)
        let times: [(said: Int64?, waits: Int64)] = [
            (nil, 15 * Self.minute), (10 * Self.minute, 10 * Self.minute), (0, Self.minute),
            (30 * Self.second, Self.minute),
            (24 * 60 * Self.minute, 60 * Self.minute),
        ]
        for (said, waits) in times {
            #expect(cache.refresh())
            #expect(cache.succeeded(maxAge: said, now: 0) == waits)
        }
    }

    @Test("R8: the issuer's outage leaves the old keys good for a day, and no longer")
    func outage() {
        let cache = Rig(.url, isFilled: true)
        var now: Int64 = 0
        for _ in 0..<10 {
            #expect(cache.refresh())
            now += 140 * Self.minute
            #expect(cache.failed(now: now) == 30 * Self.second)
            #expect(cache.received(isKeyKnown: true, now: now) == .use)
        }
        #expect(cache.received(isKeyKnown: true, now: 24 * 60 * Self.minute - 1) == .use)
        #expect(!cache.hasKeys(now: 24 * 60 * Self.minute))
        #expect(cache.received(isKeyKnown: true, now: 24 * 60 * Self.minute) == .fetch)
        #expect(cache.requested(now: 24 * 60 * Self.minute) == .begin)
        #expect(cache.failed(now: 24 * 60 * Self.minute) == 2 * Self.second)
        #expect(cache.received(isKeyKnown: true, now: 24 * 60 * Self.minute) == .unavailable)
    }

    @Test("R8: a file is looked at before its keys are used, once a second at the most, and is good for ever")
    func file() {
        let cache = Rig(.file, isFilled: true)
        #expect(cache.received(isKeyKnown: true, now: Self.second - 1) == .use)
        #expect(cache.received(isKeyKnown: true, now: Self.second) == .fetch)
        #expect(cache.requested(now: Self.second) == .begin)
        _ = cache.failed(now: Self.second)
        #expect(cache.received(isKeyKnown: true, now: Self.second + 1) == .use)
        #expect(cache.hasKeys(now: 1000 * 24 * 60 * Self.minute))
    }

    @Test("R8: Cache-Control is read for how long keys are good")
    func cacheControl() {
        #expect(CacheControl.maxAge([]) == nil)
        #expect(CacheControl.maxAge(["public, max-age=600, must-revalidate"]) == 600 * Self.second)
        #expect(CacheControl.maxAge(["public", "MAX-AGE = \"60\""]) == 60 * Self.second)
        #expect(CacheControl.maxAge(["max-age=60, no-store"]) == 0)
        #expect(CacheControl.maxAge(["no-cache"]) == 0)
        for text in ["max-age", "max-age=", "max-age=-1", "max-age=abc", "s-maxage=5", "", ",,=,"] {
            #expect(CacheControl.maxAge([text]) == nil, "\(text)")
        }
        #expect(CacheControl.maxAge(["max-age=9999999999"]) == 31_536_000 * Self.second)
        #expect(CacheControl.maxAge(["max-age=99999999999999999999999"]) == nil)
    }
}
