// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging
internal import NIOCore
internal import Synchronization

/// The keys of an issuer as they are now: fetched, kept and fetched again as ``KeyCache`` says.
///
/// Shared by all event loops; asked once per handshake, never on the data path. One event loop has the timer and the
/// fetches.
final class IssuerKeys: Sendable {
    private struct State {
        var cache: KeyCache
        var keys: VerificationKeys?
        var waiting: [@Sendable () -> Void] = []
        var timer: Scheduled<Void>?
        var isShutDown = false
        /// The last fetch failed, and the log says so.
        var isFailing = false
    }

    private let loader: any KeyLoader
    private let eventLoop: any EventLoop
    private let logger: Logger
    // Invariant: `waiting` is empty unless the cache has a fetch under way.
    private let state: Mutex<State>

    /// - Parameters:
    ///   - first: keys that are there already.
    ///   - eventLoop: which the fetches are on.
    init(_ loader: any KeyLoader, first: VerificationKeys?, on eventLoop: any EventLoop, logger: Logger) {
        self.loader = loader
        self.eventLoop = eventLoop
        self.logger = logger
        var cache = KeyCache(loader.policy)
        if first != nil { _ = cache.succeeded(maxAge: nil, now: Connection.now()) }
        self.state = Mutex(State(cache: cache, keys: first))
    }

    /// What to do with a token, and the keys at hand.
    ///
    /// - Parameter isKnown: whether these keys have the one that the token names.
    func received(_ isKnown: (VerificationKeys) -> Bool) -> (KeyCache.OnToken, VerificationKeys?) {
        let now = Connection.now()
        let (cache, keys) = self.state.withLock { ($0.cache, $0.keys) }
        return (cache.received(isKeyKnown: keys.map(isKnown) ?? false, now: now), keys)
    }

    /// Seconds until new keys may be asked for, for a client that is told to come again.
    var retryAfter: Int {
        let pause = self.state.withLock { $0.cache }.pause(now: Connection.now())
        return Int(pause / 1_000_000_000) + 1
    }

    /// How many wait for a fetch.
    var waiting: Int { self.state.withLock { $0.waiting.count } }

    /// Fetches new keys unless that was done just now; callers share one fetch.
    ///
    /// - Parameter done: called once, on any thread, whatever comes of it.
    func request(_ done: @escaping @Sendable () -> Void) {
        let now = Connection.now()
        let decision = self.state.withLock { state in
            guard !state.isShutDown else { return KeyCache.OnRequest.tooEarly }
            let decision = state.cache.requested(now: now)
            if decision != .tooEarly { state.waiting.append(done) }
            return decision
        }
        switch decision {
        case .begin: self.load()
        case .join: break
        case .tooEarly: done()
        }
    }

    /// Fetches new keys now: at the start, when they are due, and when the operator says so.
    func refresh() {
        let isFree = self.state.withLock { !$0.isShutDown && $0.cache.refresh() }
        if isFree { self.load() }
    }

    private func load() {
        self.loader.load(on: self.eventLoop).whenSuccess { self.loaded($0) }
    }

    private func loaded(_ load: KeyLoad) {
        let now = Connection.now()
        let (waiting, before) = self.state.withLock { state in
            let next: Int64
            let before = (isFailing: state.isFailing, hasKeys: state.keys != nil)
            switch load {
            case .keys(let keys, let maxAge):
                state.keys = keys
                next = state.cache.succeeded(maxAge: maxAge, now: now)
                state.isFailing = false
            case .unchanged:
                next = state.cache.succeeded(maxAge: nil, now: now)
            case .failed:
                next = state.cache.failed(now: now)
                state.isFailing = true
            }
            // A file is looked at when it is needed.
            if !state.isShutDown, !self.loader.policy.revalidates {
                state.timer?.cancel()
                state.timer = self.eventLoop.scheduleTask(in: .nanoseconds(next)) { [weak self] in self?.refresh() }
            }
            let waiting = state.waiting
            state.waiting = []
            return (waiting, before)
        }
        self.log(load, wasFailing: before.isFailing, hadKeys: before.hasKeys)
        for done in waiting { done() }
    }

    private func log(_ load: KeyLoad, wasFailing: Bool, hadKeys: Bool) {
        let metadata: Logger.Metadata = [LogKey.url: "\(self.loader.name)"]
        switch load {
        case .keys(let keys, _):
            // A file has changed; what a URL gives is news at first, and after an outage.
            let isNews = wasFailing || !hadKeys || self.loader.policy.revalidates
            self.logger.log(
                level: isNews ? .info : .debug,
                "read the keys of the issuer",
                metadata: metadata.merging([LogKey.count: "\(keys.count)"]) { _, new in new }
            )
            guard keys.refused > 0 else { return }
            self.logger.warning(
                "the issuer has keys that are malformed or too weak, which are left out",
                metadata: metadata.merging([LogKey.count: "\(keys.refused)"]) { _, new in new }
            )
        case .unchanged: break
        case .failed(let why):
            let hasKeys = self.state.withLock { $0.cache.hasKeys(now: Connection.now()) }
            let message: Logger.Message =
                hasKeys
                ? "cannot read the keys of the issuer again and goes on with the old ones"
                : "cannot read the keys of the issuer: no signed token can be verified"
            // An outage may last for hours: said once in full, and then for who looks for it.
            self.logger.log(
                level: !hasKeys ? .error : wasFailing ? .debug : .warning,
                message,
                metadata: metadata.merging([LogKey.error: "\(why)"]) { _, new in new }
            )
        }
    }

    /// Ends the timer; who waits still gets told. To be called once.
    func shutdown() async {
        let timer = self.state.withLock { state in
            state.isShutDown = true
            return state.timer
        }
        timer?.cancel()
        await self.loader.shutdown()
    }
}
