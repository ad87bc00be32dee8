// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// All the times that one connection has to keep (R18, R43, R46), behind a single timer.
///
/// A value without a clock: the shell passes the time in nanoseconds of a monotonic clock, arms one timer for
/// ``next()``, and calls ``fire(at:isWaiting:)`` when it goes off. What happens on the data path costs one
/// store.
package struct Deadlines: Sendable {
    /// Durations in nanoseconds; 0 = never.
    package struct Settings: Sendable {
        package var idleTimeout: Int64
        package var maxConnectionAge: Int64
        /// How long a connection of that age may still wait for its answers; 0 = not at all.
        package var retirement: Int64
        package var pingInterval: Int64
        package var pongTimeout: Int64
        package var writeTimeout: Int64

        package init(
            idleTimeout: Int64,
            maxConnectionAge: Int64,
            retirement: Int64,
            pingInterval: Int64,
            pongTimeout: Int64,
            writeTimeout: Int64
        ) {
            self.idleTimeout = idleTimeout
            self.maxConnectionAge = maxConnectionAge
            self.retirement = retirement
            self.pingInterval = pingInterval
            self.pongTimeout = pongTimeout
            self.writeTimeout = writeTimeout
        }
    }

    /// What has come due.
    package enum Due: Sendable, Equatable {
        case nothing
        case sendPing
        /// The connection is old: it ends as soon as nothing is in flight.
        case retire
        case end(SessionEnd)
    }

    private let settings: Settings
    /// When the client's credential expires (R9); the end of time for never.
    private let expiry: Int64
    /// When the connection is old, and once it is, when its retirement is over; the end of time for never.
    private var lifeTime: Int64
    private var isRetired = false
    /// When a message last passed, either way.
    private var lastMessage: Int64
    /// When anything last came from the client.
    private var lastInbound: Int64
    private var pingSent: Int64?
    /// Since when bytes wait for a client, or a server, that takes none.
    private var clientStalledSince: Int64?
    private var serverStalledSince: Int64?
    /// The bridge itself does not read from the client: no pong can come.
    private var isClientPaused = false

    /// - Parameters:
    ///   - expiry: when the client's credential expires (R9), by the same clock as `now`; nil for never.
    ///   - spread: how much sooner than at `maxConnectionAge` the connection is old, up to a tenth: at random, so that those
    ///     that came together do not go together.
    package init(_ settings: Settings, expiry: Int64? = nil, spread: UInt16 = 0, now: Int64) {
        self.settings = settings
        let age = settings.maxConnectionAge
        self.lifeTime = age > 0 ? Self.time(now, age - age / 10 / (Int64(UInt16.max) + 1) * Int64(spread)) : .max
        self.expiry = expiry ?? .max
        self.lastMessage = now
        self.lastInbound = now
    }

    /// Bytes came from the client: any of them count as life (R18).
    ///
    /// - Returns: whether a ping was answered by them, so that the next one may be due sooner than its pong was.
    @discardableResult
    package mutating func receivedBytes(at now: Int64) -> Bool {
        self.lastInbound = now
        defer { self.pingSent = nil }
        return self.pingSent != nil
    }

    /// A message passed, either way.
    package mutating func passedMessage(at now: Int64) {
        self.lastMessage = now
    }

    /// The client's socket takes nothing more.
    package mutating func clientStalled(at now: Int64) {
        if self.clientStalledSince == nil { self.clientStalledSince = now }
    }

    /// The client's socket has taken something.
    package mutating func clientTook() {
        self.clientStalledSince = nil
    }

    /// The server's input takes nothing more.
    package mutating func serverStalled(at now: Int64) {
        if self.serverStalledSince == nil { self.serverStalledSince = now }
    }

    /// The server's input has taken something.
    package mutating func serverTook() {
        self.serverStalledSince = nil
    }

    /// The bridge stopped or resumed reading from the client (R46).
    package mutating func clientPaused(_ isPaused: Bool, at now: Int64) {
        self.isClientPaused = isPaused
        if !isPaused { self.receivedBytes(at: now) }
    }

    /// When the next thing may come due, in nanoseconds; nil for never.
    package func next() -> Int64? {
        let end = min(self.expiry, self.lifeTime)
        var earliest = end < .max ? end : nil
        func consider(_ from: Int64?, _ after: Int64) {
            guard let from, after > 0 else { return }
            earliest = min(earliest ?? .max, Self.time(from, after))
        }
        consider(self.lastMessage, self.settings.idleTimeout)
        consider(self.clientStalledSince, self.settings.writeTimeout)
        consider(self.serverStalledSince, self.settings.writeTimeout)
        if !self.isClientPaused {
            if let pingSent = self.pingSent {
                consider(pingSent, self.settings.pongTimeout)
            } else {
                consider(self.lastInbound, self.settings.pingInterval)
            }
        }
        return earliest
    }

    /// What has come due by `now`. To be called again at the new ``next()``.
    ///
    /// - Parameter isWaiting: requests are in flight or listens open, so that the connection is not idle (R43).
    package mutating func fire(at now: Int64, isWaiting: Bool) -> Due {
        func isDue(_ from: Int64?, _ after: Int64) -> Bool {
            guard let from, after > 0 else { return false }
            return Self.time(from, after) <= now
        }
        if isDue(self.clientStalledSince, self.settings.writeTimeout) { return .end(.clientStalled) }
        if isDue(self.serverStalledSince, self.settings.writeTimeout) { return .end(.serverStalled) }
        if self.expiry <= now, self.expiry < .max { return .end(.credentialExpired) }
        if self.lifeTime <= now, self.lifeTime < .max {
            guard !self.isRetired, self.settings.retirement > 0 else { return .end(.tooOld) }
            self.isRetired = true
            self.lifeTime = Self.time(now, self.settings.retirement)
            return .retire
        }
        if isDue(self.lastMessage, self.settings.idleTimeout) {
            guard isWaiting else { return .end(.idle) }
            // Looked at again one whole idle time later, or that long after the answer.
            self.lastMessage = now
        }
        guard !self.isClientPaused else { return .nothing }
        if self.pingSent != nil {
            return isDue(self.pingSent, self.settings.pongTimeout) ? .end(.peerDead) : .nothing
        }
        guard isDue(self.lastInbound, self.settings.pingInterval) else { return .nothing }
        // With a pong timeout of 0 the next ping simply follows one interval later.
        if self.settings.pongTimeout > 0 { self.pingSent = now } else { self.lastInbound = now }
        return .sendPing
    }

    /// The time `after` nanoseconds behind `from`; the end of time for what lies beyond.
    private static func time(_ from: Int64, _ after: Int64) -> Int64 {
        let (time, isBeyond) = from.addingReportingOverflow(after)
        return isBeyond ? .max : time
    }
}
