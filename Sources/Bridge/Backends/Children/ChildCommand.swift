// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// A child of one supervisor; never reused within the process.
package struct ChildID: Sendable, Hashable {
    let number: UInt64
}

/// A program to start, complete: nothing is added to it but the mark.
package struct ChildCommand: Sendable {
    /// The program and its arguments. A program with a slash is taken as it is, relative to the working directory;
    /// one without is looked for in the `PATH` of ``environment``. No shell is involved.
    package var arguments: [String]
    /// All of the child's environment (R42).
    package var environment: [(name: String, value: String)]
    /// Nil: the daemon's.
    package var workingDirectory: String?
    package var stop: StopGraces
    /// The connection's id, given to the child as ``ConnectionMark/variable``; unique among the supervisor's children.
    package var mark: String
    /// Nil: nothing is done to the child.
    package var sandbox: ChildSandbox?

    package init(
        arguments: [String],
        environment: [(name: String, value: String)],
        workingDirectory: String? = nil,
        stop: StopGraces = StopGraces(),
        mark: String
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.stop = stop
        self.mark = mark
    }
}

/// A child that runs.
package struct Child: Sendable {
    package let id: ChildID
    /// For the log; signals go through ``ChildSupervisor/end(_:)`` only.
    package let pid: Int32
    /// The write end of the child's standard input. This and the next two are close-on-exec and blocking, and belong to
    /// the receiver, who closes them.
    package let stdin: CInt
    /// The read end of the child's standard output.
    package let stdout: CInt
    /// The read end of the child's standard error.
    package let stderr: CInt
}

/// RLIMIT_NOFILE.
package struct DescriptorLimit: Sendable, Hashable {
    package var soft: UInt64
    package var hard: UInt64

    package init(soft: UInt64, hard: UInt64) {
        self.soft = soft
        self.hard = hard
    }
}

/// What a supervisor has to say; for the log.
package enum ChildNotice: Sendable, Hashable {
    /// Processes that outlived their leader are sent a signal.
    case survivors(mark: String, leader: Int32, count: Int, signal: EndLadder.Signal)
    /// Processes outlasted SIGKILL and are left alone. An error.
    case abandoned(mark: String, leader: Int32, count: Int)
    /// Something else in this process took the child's exit status. An error.
    case statusLost(mark: String, pid: Int32, errno: Int32)
    /// `/proc` cannot be read: descendants that left their group cannot be found. An error.
    case processTableUnreadable(errno: Int32)
}
