// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import CSpawn
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The supervisor's thread: an epoll on the mailbox and on a pidfd for each child, timers, and the batched sweep.
///
/// Confined to that thread; made and used in ``run()``'s caller only.
final class ChildLoop {
    private let mailbox: ChildMailbox
    private let poll: CInt
    private let launcher: ChildLauncher
    private let adoptsOrphans: Bool
    private let notice: @Sendable (ChildNotice) -> Void
    private let ownPid = getpid()

    private var families: [ChildID: ChildFamily] = [:]
    /// By the number of the leader, which is the number of its group and session; zombies included.
    private var leaders: [Int32: ChildFamily] = [:]
    private var deadlines = DeadlineQueue<ChildID>()
    private var nextNumber: UInt64 = 1
    private var isStopping = false
    private var isKilling = false
    /// Control groups of families that are gone: removed as soon as the kernel agrees.
    private var emptyGroups: [String] = []
    private var onEmpty: [@Sendable () -> Void] = []
    private var onStopped: [@Sendable () -> Void] = []

    private var table: ProcessTable?
    /// Families whose leader has exited.
    private var sweeping: [ChildID: ChildFamily] = [:]
    /// When the first of them wants to be looked for.
    private var sweepAt: Int64?
    /// Not before this: a scan costs, so one serves all.
    private var scanNotBefore: Int64 = 0
    /// A scan for its own sake, to reap orphans that ended by themselves.
    private var patrolAt: Int64?
    /// Of the families that are gone, the last ones: the oldest first. Not simply all marks but those of living families, for a
    /// child that is just being started has none yet.
    private var goneMarks: [String] = []
    /// More than can begin and end within ``patrolInterval``.
    private static let rememberedMarks = 1_024
    /// Orphans without an environment at the last scan.
    private var blankOrphans: Set<Int32> = []

    /// Between two scans at least, and at least ten times as long as one took.
    static let scanSpacing: Int64 = 50_000_000
    static let patrolInterval: Int64 = 5_000_000_000
    /// A spawn takes about a millisecond: so many before exits are looked at again.
    private static let spawnsPerTurn = 8
    private static let eventsPerTurn = 64

    init(
        mailbox: ChildMailbox,
        poll: CInt,
        launcher: ChildLauncher,
        adoptsOrphans: Bool,
        notice: @escaping @Sendable (ChildNotice) -> Void
    ) {
        self.mailbox = mailbox
        self.poll = poll
        self.launcher = launcher
        self.adoptsOrphans = adoptsOrphans
        self.notice = notice
        self.table = ProcessTable()
        if self.table == nil { notice(.processTableUnreadable(errno: errno)) }
    }

    /// Returns when it was told to stop and no family is left.
    func run() {
        _ = cspawn_poll_add(self.poll, self.mailbox.event, 0)
        var ready = [UInt64](repeating: 0, count: Self.eventsPerTurn)
        while true {
            let batch = self.mailbox.take(spawns: Self.spawnsPerTurn)
            self.follow(batch.orders)
            for request in batch.spawns { self.spawn(request) }
            if self.families.isEmpty, !batch.hasMoreSpawns {
                let callbacks = self.onEmpty
                self.onEmpty = []
                for callback in callbacks { callback() }
                if self.isStopping { break }
            }
            let wait = batch.hasMoreSpawns ? 0 : self.millisecondsToWait()
            let count = cspawn_poll_wait(self.poll, &ready, CInt(Self.eventsPerTurn), wait)
            for number in ready.prefix(Int(count)) {
                if number == 0 {
                    cspawn_bell_clear(self.mailbox.event)
                } else if let family = self.families[ChildID(number: number)] {
                    self.leaderMayHaveExited(family)
                }
            }
            self.runTimers()
        }
        self.emptyGroups.removeAll(where: ControlGroups.remove)
        self.table = nil
        close(self.poll)
        self.launcher.close()
        let rest = self.mailbox.close()
        for request in rest.spawns { request.completion(.failure(.stopping)) }
        for callback in rest.orders.onEmpty + self.onStopped + rest.orders.onStopped { callback() }
    }

    // MARK: Orders

    private func follow(_ orders: ChildMailbox.Orders) {
        for id in orders.ends {
            guard let family = self.families[id] else { continue }
            self.take(family.ladder.begin(now: Self.now()), for: family)
        }
        if orders.kill, !self.isKilling {
            self.isKilling = true
            for family in Array(self.families.values) {
                self.take(family.ladder.hurry(now: Self.now()), for: family)
            }
        }
        if orders.stop { self.isStopping = true }
        self.onEmpty += orders.onEmpty
        self.onStopped += orders.onStopped
    }

    private func spawn(_ request: SpawnRequest) {
        guard !self.isStopping, !self.isKilling else {
            request.completion(.failure(.stopping))
            return
        }
        let launched: ChildLauncher.Launched
        do {
            launched = try self.launcher.launch(request.command)
        } catch {
            request.completion(.failure(error))
            return
        }
        let id = ChildID(number: self.nextNumber)
        guard cspawn_poll_add(self.poll, launched.pidfd, id.number) == 0 else {
            let error = errno
            launched.undo()
            request.completion(.failure(.resources("no watch for a child", errno: error)))
            return
        }
        self.nextNumber += 1
        let family = ChildFamily(
            id: id,
            pid: launched.pid,
            pidfd: launched.pidfd,
            group: launched.group,
            command: request.command,
            onExit: request.onExit,
            onGone: request.onGone
        )
        self.families[id] = family
        self.leaders[family.pid] = family
        self.mailbox.liveCount.add(1, ordering: .relaxed)
        if self.adoptsOrphans, self.patrolAt == nil { self.patrolAt = Self.now() + Self.patrolInterval }
        let child = Child(
            id: id,
            pid: launched.pid,
            stdin: launched.stdin,
            stdout: launched.stdout,
            stderr: launched.stderr
        )
        request.completion(.success(child))
    }

    // MARK: Exits

    private func leaderMayHaveExited(_ family: ChildFamily) {
        guard family.pidfd >= 0 else { return }
        var status = cspawn_exit()
        let answer = cspawn_peek_exit(family.pidfd, &status)
        guard answer != 0 else { return }
        let error = errno
        cspawn_poll_remove(self.poll, family.pidfd)
        close(family.pidfd)
        family.pidfd = -1
        guard answer > 0 else {
            // Reaped by somebody else: the numbers are no longer pinned, so nothing may be signalled by them.
            self.notice(.statusLost(mark: family.mark, pid: family.pid, errno: error))
            family.onExit(.exited(-1))
            self.forget(family)
            return
        }
        var exit: ChildExit =
            status.signaled != 0
            ? .signaled(status.value, coreDumped: status.core_dumped != 0)
            : .exited(status.value)
        if let group = family.group, exit.isKill, ControlGroups.wasOutOfMemory(group) { exit = .outOfMemory }
        self.sweeping[family.id] = family
        self.take(family.ladder.leaderExited(now: Self.now()), for: family)
        family.onExit(exit)
    }

    private func forget(_ family: ChildFamily) {
        _ = cspawn_reap(family.pid)
        self.families[family.id] = nil
        self.leaders[family.pid] = nil
        self.sweeping[family.id] = nil
        if self.goneMarks.count == Self.rememberedMarks { self.goneMarks.removeFirst() }
        self.goneMarks.append(family.mark)
        if let group = family.group { self.emptyGroups.append(group) }
        self.emptyGroups.removeAll(where: ControlGroups.remove)
        self.mailbox.liveCount.subtract(1, ordering: .relaxed)
        family.onGone()
    }

    // MARK: Ladders

    /// Does what a ladder asks for.
    private func take(_ step: EndLadder.Step, for family: ChildFamily, survivors: Survivors = Survivors()) {
        if let signal = step.signal { family.send(signal, strays: survivors.strays, table: self.table) }
        switch step.next {
        case .rest:
            break
        case .wake(let time):
            self.deadlines.add(family.id, at: time)
        case .sweep(let time):
            self.sweepAt = min(self.sweepAt ?? .max, time)
        case .gone:
            self.forget(family)
        case .abandoned:
            self.notice(.abandoned(mark: family.mark, leader: family.pid, count: survivors.count))
            self.forget(family)
        }
    }

    private func runTimers() {
        let now = Self.now()
        while let id = self.deadlines.take(now: now) {
            guard let family = self.families[id] else { continue }
            self.take(family.ladder.woke(now: now), for: family)
        }
        guard now >= self.scanNotBefore else { return }
        if let sweepAt = self.sweepAt, now >= sweepAt {
            self.scan()
        } else if let patrolAt = self.patrolAt, now >= patrolAt {
            self.scan()
        }
    }

    private func millisecondsToWait() -> CInt {
        var next = self.deadlines.earliest ?? .max
        if let sweepAt = self.sweepAt { next = min(next, max(sweepAt, self.scanNotBefore)) }
        if let patrolAt = self.patrolAt { next = min(next, max(patrolAt, self.scanNotBefore)) }
        guard next != .max else { return -1 }
        let milliseconds = (next - Self.now() + 999_999) / 1_000_000
        return CInt(clamping: max(0, milliseconds))
    }

    // MARK: The sweep

    struct Survivors {
        var count = 0
        /// Those outside the leader's group.
        var strays: [ProcessStat] = []
    }

    private func scan() {
        let start = Self.now()
        self.sweepAt = nil
        guard let found = self.look() else {
            // Without /proc nobody can tell who is left: the groups, whose numbers are still pinned, end at once.
            for family in Array(self.sweeping.values) {
                family.send(.kill, strays: [], table: nil)
                self.forget(family)
            }
            self.patrolAt = nil
            return
        }
        let end = Self.now()
        self.scanNotBefore = end + max(Self.scanSpacing, 10 * (end - start))
        for family in Array(self.sweeping.values) {
            let survivors = found.survivors[family.id] ?? Survivors()
            if survivors.count == 0, found.isUnsure {
                self.sweepAt = self.scanNotBefore
                continue
            }
            let step = family.ladder.swept(survivors: survivors.count, now: end)
            if let signal = step.signal {
                self.notice(
                    .survivors(mark: family.mark, leader: family.pid, count: survivors.count, signal: signal)
                )
            }
            self.take(step, for: family, survivors: survivors)
        }
        self.emptyGroups.removeAll(where: ControlGroups.remove)
        let isPatrolled = self.adoptsOrphans && (!self.families.isEmpty || found.hasOrphans)
        self.patrolAt = isPatrolled || !self.emptyGroups.isEmpty ? end + Self.patrolInterval : nil
    }

    fileprivate struct Findings {
        var survivors: [ChildID: Survivors] = [:]
        /// Orphans that belong to nobody in particular, and may need reaping some day.
        var hasOrphans = false
        /// An orphan could not be assigned yet: no family may be called gone.
        var isUnsure = false
    }

    /// One pass over all processes: reaps orphans, and finds the members of the families that have lost their leader.
    private func look() -> Findings? {
        guard self.table != nil else { return nil }
        var findings = Findings()
        var orphans: [ProcessStat] = []
        let isUnknown = { (pid: Int32) in pid != self.ownPid && self.leaders[pid] == nil }
        self.table?.visit(where: isUnknown) { stat in
            let isOrphan = self.adoptsOrphans && stat.parent == self.ownPid
            if stat.isDead {
                // A dead main thread with others alive looks dead too, but cannot be reaped yet.
                guard isOrphan, cspawn_reap(stat.pid) == 0 else { return }
            }
            if let family = self.leaders[stat.group] {
                findings.survivors[family.id, default: Survivors()].count += 1
            } else if let family = self.leaders[stat.session] {
                findings.add(stat, to: family)
            } else if isOrphan {
                orphans.append(stat)
            }
        }
        self.assign(orphans, &findings)
        return findings
    }

    private func assign(_ orphans: [ProcessStat], _ findings: inout Findings) {
        guard !orphans.isEmpty else {
            self.blankOrphans = []
            return
        }
        findings.hasOrphans = true
        var marks: [String: ChildFamily] = [:]
        for family in self.sweeping.values { marks[family.mark] = family }
        var blank: Set<Int32> = []
        for orphan in orphans {
            switch self.table?.mark(of: orphan.pid) {
            case .found(let mark):
                if let family = marks[mark] {
                    findings.add(orphan, to: family)
                } else if self.goneMarks.contains(mark) {
                    self.endLeftover(orphan, mark)
                }
            case .blank:
                blank.insert(orphan.pid)
                if !self.blankOrphans.contains(orphan.pid) { findings.isUnsure = true }
            case .some(.none), nil:
                break
            }
        }
        self.blankOrphans = blank
    }

    /// Ends a descendant of a family that is gone: the looks have missed it. A look goes through the processes by their numbers;
    /// one that is begun meanwhile, with a lower number, by one that is gone when its turn comes, is not seen.
    private func endLeftover(_ orphan: ProcessStat, _ mark: String) {
        self.notice(.survivors(mark: mark, leader: orphan.pid, count: 1, signal: .kill))
        ChildFamily.signal(orphan, SIGKILL, self.table)
    }

    // MARK: System

    /// Nanoseconds of CLOCK_MONOTONIC.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension ChildLoop.Findings {
    fileprivate mutating func add(_ stray: ProcessStat, to family: ChildFamily) {
        self.survivors[family.id, default: ChildLoop.Survivors()].count += 1
        self.survivors[family.id, default: ChildLoop.Survivors()].strays.append(stray)
    }
}
