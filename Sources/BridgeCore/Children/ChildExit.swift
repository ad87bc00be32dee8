// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How a child ended.
package enum ChildExit: Sendable, Hashable {
    /// - Parameter status: 0 ... 255, or -1 where the kernel no longer knew it.
    case exited(Int32)
    case signaled(Int32, coreDumped: Bool)
    /// The kernel killed it at the memory limit of its sandbox.
    case outOfMemory
}

extension ChildExit {
    /// SIGKILL, whoever sent it.
    package var isKill: Bool { if case .signaled(9, _) = self { true } else { false } }
}

extension ChildExit: CustomStringConvertible {
    /// As it stands in errors and in the log: `exit status 3`, `signal 9 (SIGKILL)`.
    package var description: String {
        switch self {
        case .exited(-1):
            return "exit status unknown"
        case .exited(let status):
            return "exit status \(status)"
        case .signaled(let number, let coreDumped):
            let name = Self.signalNames[number].map { " (\($0))" } ?? ""
            return "signal \(number)\(name)\(coreDumped ? ", core dumped" : "")"
        case .outOfMemory:
            return "killed at its memory limit"
        }
    }

    /// Those with the same number on every Linux architecture that Swift runs on.
    private static let signalNames: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
        9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
        24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
    ]
}
