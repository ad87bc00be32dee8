// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How a server is, as far as the bridge has seen: by the last program that was started for it, or the last time it was
/// dialled, for a client or to find out.
///
/// A value without a clock; times are nanoseconds of one monotonic clock.
package struct ServerHealth: Sendable {
    package enum State: Sendable, Equatable {
        /// Nothing has been tried yet.
        case unknown
        case well
        /// In words, without secrets.
        case unwell(String)
    }

    /// Programs in a row that ended by themselves soon after their start before the bridge itself looks whether it is the server.
    package static let crashLoop = 5
    /// A program that has lived as long as this is no sign of one.
    package static let soon: Int64 = 10_000_000_000

    package private(set) var state = State.unknown
    private var knownSince = Int64.min
    /// When the bridge itself has asked it last.
    private var askedAt = Int64.min
    private var crashes = 0
    /// The bridge has asked it, and it has not said who it is: that a program starts is no news then.
    private var isSilent = false

    package init() {}

    /// Whether the bridge itself has to look: nothing was tried for so long, or its programs crash again and again. That may be
    /// the doing of one client, so that they alone are no reason to send nobody here.
    package func isDue(now: Int64, after interval: Int64) -> Bool {
        guard self.state != .unknown else { return true }
        func isOld(_ time: Int64) -> Bool {
            let (age, isFar) = now.subtractingReportingOverflow(time)
            return isFar || age >= interval
        }
        return isOld(self.isCrashLooping ? self.askedAt : self.knownSince)
    }

    /// Why clients should not be sent to it; nil where nothing is known against it. What is known is what the bridge has seen itself.
    package var reason: String? {
        if case .unwell(let reason) = self.state, !self.isCrashLooping { reason } else { nil }
    }

    /// The bridge begins to ask it.
    package mutating func asked(now: Int64) {
        self.askedAt = now
    }

    /// Whether its programs end again and again.
    package var isCrashLooping: Bool { self.crashes >= Self.crashLoop }

    /// A program was started for it. That alone does not end a row of crashes.
    package mutating func started(now: Int64) {
        guard !self.isCrashLooping, !self.isSilent else { return }
        self.knownSince = now
        self.state = .well
    }

    /// It was dialled, or asked who it is, and answered.
    package mutating func answered(now: Int64) {
        self.knownSince = now
        self.crashes = 0
        self.isSilent = false
        self.state = .well
    }

    /// It could not be started or reached, or did not say who it is.
    ///
    /// - Parameter wasAsked: the bridge itself has asked it.
    package mutating func failed(_ reason: String, wasAsked: Bool = false, now: Int64) {
        self.knownSince = now
        self.isSilent = wasAsked
        self.crashes = 0
        self.state = .unwell(reason)
    }

    /// A program of its has ended.
    ///
    /// - Parameters:
    ///   - isWanted: the bridge had ended it. One that ends by itself is of no use to its client, whatever its status.
    ///   - lived: how long it has run.
    package mutating func ended(_ exit: ChildExit, isWanted: Bool, lived: Int64, now: Int64) {
        guard !isWanted, lived < Self.soon else {
            // Others that ran as long as that show that it is not the server.
            let wasSilent = self.isSilent
            if lived >= Self.soon { self.isSilent = false }
            if self.isCrashLooping || wasSilent != self.isSilent { self.state = .well }
            self.crashes = 0
            return
        }
        self.crashes += 1
        if self.isCrashLooping { self.state = .unwell("it ends soon after its start, again and again: \(exit)") }
    }
}
