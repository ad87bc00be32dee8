// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How long a child may take over each step of its end.
package struct StopGraces: Sendable, Hashable {
    /// From the closing of its stdin to SIGTERM.
    package var stdin: Duration
    /// From SIGTERM to SIGKILL.
    package var term: Duration

    /// - Parameters:
    ///   - stdin: from the closing of its stdin to SIGTERM; zero sends it at once.
    ///   - term: from SIGTERM to SIGKILL; zero sends it at once.
    package init(stdin: Duration = .seconds(2), term: Duration = .seconds(3)) {
        self.stdin = stdin
        self.term = term
    }
}

/// The end of one child and its descendants: stdin closed, grace, SIGTERM to the group, grace, SIGKILL, and a sweep
/// after what is left, until nothing is.
///
/// The MCP specification's stdio shutdown ("close stdin, wait, SIGTERM, wait, SIGKILL") for a whole family. A pure
/// value: it neither signals nor looks; whoever owns it does what the returned ``Step`` says and tells what happened.
/// All times are nanoseconds of one monotonic clock.
///
/// The leader is the process that was spawned. It leaves `running` by ``begin(now:)`` or by ending on its own, and
/// in both cases what remains of its family gets the same SIGTERM, grace, SIGKILL.
package struct EndLadder: Sendable {
    package enum Signal: Sendable, Hashable {
        /// SIGTERM, to the group and to every stray that was not sent one before.
        case terminate
        /// SIGKILL, to the group and to every stray.
        case kill
    }

    package enum Next: Sendable, Hashable {
        /// Nothing to do until the leader exits or is asked to end.
        case rest
        /// Call ``woke(now:)`` at this time.
        case wake(at: Int64)
        /// Look for survivors at this time or soon after, then call ``swept(survivors:now:)``.
        case sweep(at: Int64)
        /// No process of the family is left. Final.
        case gone
        /// Processes outlasted SIGKILL for ``Self/patience`` (uninterruptible, or not ours to signal). Final.
        case abandoned
    }

    /// What the owner does now: the signal first, then what comes next.
    package struct Step: Sendable, Hashable {
        package var signal: Signal?
        package var next: Next

        package init(signal: Signal? = nil, next: Next) {
            self.signal = signal
            self.next = next
        }
    }

    private enum State: Sendable {
        case running
        case closing(until: Int64)
        case terminating(until: Int64)
        case killing
        case sweeping(Sweep)
        case over(Next)
    }

    /// The leader has exited.
    private struct Sweep: Sendable {
        /// When the survivors' time after SIGTERM is over; nil until survivors were seen.
        var until: Int64?
        /// When to give up; nil until SIGKILL.
        var killUntil: Int64?
        /// Before the next look.
        var pause: Int64 = EndLadder.shortestPause
    }

    /// Between the leader's exit and the first look: descendants that end with it are spared a signal.
    package static let settle: Int64 = 10_000_000
    /// Between the first looks at survivors; doubled each time.
    package static let shortestPause: Int64 = 50_000_000
    package static let longestPause: Int64 = 400_000_000
    /// From the first SIGKILL of a sweep until the family is given up.
    package static let patience: Int64 = 10_000_000_000

    private let stdinGrace: Int64
    private let termGrace: Int64
    private var hurried = false
    private var state = State.running

    package init(graces: StopGraces) {
        self.stdinGrace = graces.stdin.ladderNanoseconds
        self.termGrace = graces.term.ladderNanoseconds
    }

    /// The child's stdin was closed: it is to end. A second call changes nothing.
    package mutating func begin(now: Int64) -> Step {
        guard case .running = self.state else { return self.unchanged }
        self.state = .closing(until: now + self.stdinGrace)
        return self.woke(now: now)
    }

    /// A time asked for by ``Next/wake(at:)`` may have come; too early or too late a call does no harm.
    package mutating func woke(now: Int64) -> Step {
        switch self.state {
        case .closing(let until) where now >= until:
            guard self.termGrace > 0 else { return self.killLeader() }
            self.state = .terminating(until: now + self.termGrace)
            return Step(signal: .terminate, next: .wake(at: now + self.termGrace))
        case .terminating(let until) where now >= until:
            return self.killLeader()
        case .running, .closing, .terminating, .killing, .sweeping, .over:
            return self.unchanged
        }
    }

    /// The leader has exited, by itself or not.
    package mutating func leaderExited(now: Int64) -> Step {
        switch self.state {
        case .running, .closing:
            self.state = .sweeping(Sweep(until: self.hurried ? now : nil))
        case .terminating(let until):
            self.state = .sweeping(Sweep(until: until))
        case .killing:
            self.state = .sweeping(Sweep(until: self.hurried ? now : nil))
        case .sweeping, .over:
            return self.unchanged
        }
        return Step(next: .sweep(at: now + Self.settle))
    }

    /// The family was looked for.
    ///
    /// - Parameter survivors: live processes in the leader's group or session, or bearing the family's mark.
    package mutating func swept(survivors: Int, now: Int64) -> Step {
        guard case .sweeping(var sweep) = self.state else { return self.unchanged }
        guard survivors > 0 else {
            self.state = .over(.gone)
            return Step(next: .gone)
        }
        if let killUntil = sweep.killUntil, now >= killUntil {
            self.state = .over(.abandoned)
            return Step(next: .abandoned)
        }
        let until = sweep.until ?? (now + self.termGrace)
        sweep.until = until
        let signal: Signal
        var wake = now + sweep.pause
        if now < until {
            signal = .terminate
            wake = min(wake, until)
        } else {
            signal = .kill
            if sweep.killUntil == nil {
                sweep.killUntil = now + Self.patience
                sweep.pause = Self.shortestPause
                wake = now + sweep.pause
            }
        }
        sweep.pause = min(sweep.pause * 2, Self.longestPause)
        self.state = .sweeping(sweep)
        return Step(signal: signal, next: .sweep(at: wake))
    }

    /// No more patience: SIGKILL now, and to whatever turns up later.
    package mutating func hurry(now: Int64) -> Step {
        self.hurried = true
        switch self.state {
        case .running, .closing, .terminating:
            return self.killLeader()
        case .sweeping(var sweep):
            sweep.until = now
            self.state = .sweeping(sweep)
            return Step(signal: .kill, next: .sweep(at: now))
        case .killing, .over:
            return self.unchanged
        }
    }

    private mutating func killLeader() -> Step {
        self.state = .killing
        return Step(signal: .kill, next: .rest)
    }

    private var unchanged: Step {
        switch self.state {
        case .running, .killing, .sweeping:
            Step(next: .rest)
        case .closing(let until), .terminating(let until):
            Step(next: .wake(at: until))
        case .over(let next):
            Step(next: next)
        }
    }
}

extension Duration {
    /// Clamped to 0 ... 100 years, so that sums of a few of them and a clock cannot overflow.
    fileprivate var ladderNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return min(seconds, 3_155_760_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
