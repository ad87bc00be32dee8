// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import CSpawn

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A spawned process, the leader, and what descends from it; confined to the supervisor's thread.
///
/// The leader stays an unreaped zombie until the family is gone. So its number, which is also that of the group and the
/// session, cannot be given to anyone else, and a signal to the group can only reach the family.
final class ChildFamily {
    let id: ChildID
    let pid: Int32
    /// -1 once the leader has exited.
    var pidfd: CInt
    let mark: String
    /// The directory of its control group, where it has one of its own.
    let group: String?
    var ladder: EndLadder
    let onExit: @Sendable (ChildExit) -> Void
    let onGone: @Sendable () -> Void

    /// The strongest signal that the group was sent.
    private var groupSignal: EndLadder.Signal?
    /// Strays that were sent SIGTERM.
    private var warned: [ProcessStat] = []

    init(
        id: ChildID,
        pid: Int32,
        pidfd: CInt,
        group: String? = nil,
        command: ChildCommand,
        onExit: @escaping @Sendable (ChildExit) -> Void,
        onGone: @escaping @Sendable () -> Void
    ) {
        self.id = id
        self.pid = pid
        self.pidfd = pidfd
        self.mark = command.mark
        self.group = group
        self.ladder = EndLadder(graces: command.stop)
        self.onExit = onExit
        self.onGone = onGone
    }

    /// - Parameter strays: living members outside the group, of the last look.
    func send(_ signal: EndLadder.Signal, strays: [ProcessStat], table: borrowing ProcessTable?) {
        switch signal {
        case .terminate:
            if self.groupSignal == nil { self.signalGroup(SIGTERM) }
            for stray in strays {
                let isWarned = self.warned.contains { $0.pid == stray.pid && $0.startTime == stray.startTime }
                guard !isWarned else { continue }
                self.warned.append(stray)
                Self.signal(stray, SIGTERM, table)
            }
        case .kill:
            self.signalGroup(SIGKILL)
            if let group = self.group { ControlGroups.kill(group) }
            for stray in strays { Self.signal(stray, SIGKILL, table) }
        }
        if self.groupSignal != .kill { self.groupSignal = signal }
    }

    private func signalGroup(_ number: CInt) {
        precondition(self.pid > 1, "0 is our own group and -1 everybody")
        _ = kill(-self.pid, number)
    }

    /// Signals the process that was seen, not another one that has got its number since.
    static func signal(_ stray: ProcessStat, _ number: CInt, _ table: borrowing ProcessTable?) {
        let pidfd = cspawn_pidfd_open(stray.pid)
        guard pidfd >= 0 else { return }
        defer { close(pidfd) }
        switch table {
        case .some(let table):
            guard let current = table.stat(of: stray.pid), current.startTime == stray.startTime else { return }
            _ = cspawn_pidfd_send_signal(pidfd, number)
        case .none:
            return
        }
    }
}
