// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import CSpawn
import Glibc

/// The re-execution of the bridge in a sandboxed child's place: what it is told, and what it reports.
///
/// The kernel's name for the running program finds it also after another version was put in its place on the disk, so
/// that both ends of this are always of one version.
struct SandboxedStart {
    static let executable = "/proc/self/exe"
    /// argv[0], for whoever looks at the processes in that millisecond.
    private static let name = "mcp-wsbridge"

    /// The words before the path of the program and its argv.
    let words: [String]

    init(_ sandbox: ChildSandbox, group: String?, hasDirectory: Bool) {
        self.words = sandbox.words(program: Self.name, parent: getpid(), group: group, hasDirectory: hasDirectory)
    }

    /// A variable of the server as exec-child carries it.
    static func variable(_ entry: String) -> String {
        CSPAWN_VARIABLE_PREFIX + entry
    }

    /// Waits until the server's program runs, or has failed to: then with what stopped it.
    ///
    /// - Parameter descriptor: the end to read from; nobody in this process holds the other one.
    func report(from descriptor: CInt) -> cspawn_sandbox_report? {
        var report = cspawn_sandbox_report()
        let size = MemoryLayout.size(ofValue: report)
        while true {
            // Far below PIPE_BUF: it comes whole or not at all.
            let count = withUnsafeMutableBytes(of: &report) { read(descriptor, $0.baseAddress, size) }
            if count < 0, errno == EINTR { continue }
            return count == size ? report : nil
        }
    }

    /// - Parameters:
    ///   - path: of the program.
    ///   - ordinary: what the same failure is called without a sandbox.
    func error(
        _ report: cspawn_sandbox_report,
        path: String,
        restrictsPaths: Bool,
        ordinary: (cspawn_stage) -> SpawnError
    ) -> SpawnError {
        let step = cspawn_sandbox_step(UInt32(truncatingIfNeeded: report.step))
        switch step {
        case CSPAWN_SANDBOX_INTERPRETER: return ordinary(CSPAWN_STAGE_INTERPRETER)
        // Its mode may well allow it.
        case CSPAWN_SANDBOX_EXEC where restrictsPaths && report.error == EACCES:
            return SpawnError(
                code: .sandbox("program \(path)", errno: report.error),
                message: "cannot execute \(path): it, or what it names as its interpreter, is not below a path of "
                    + "read_only or read_write, or its mode forbids it"
            )
        case CSPAWN_SANDBOX_EXEC: return ordinary(CSPAWN_STAGE_EXEC)
        case CSPAWN_SANDBOX_DIRECTORY where restrictsPaths && report.error == EACCES:
            return SpawnError(
                code: .sandbox("cwd", errno: report.error),
                message: "the working directory is not below a path of read_only or read_write, or its mode forbids it"
            )
        case CSPAWN_SANDBOX_DIRECTORY: return ordinary(CSPAWN_STAGE_DIRECTORY)
        default: break
        }
        let what = self.name(of: step, report.argument)
        return SpawnError(
            code: .sandbox(what, errno: report.error),
            message: "sandbox: \(what): \(SpawnError.text(report.error))"
        )
    }

    /// A step as the configuration calls it.
    private func name(of step: cspawn_sandbox_step, _ argument: CInt) -> String {
        switch step {
        case CSPAWN_SANDBOX_CGROUP: "control group"
        case CSPAWN_SANDBOX_FILES: "files"
        case CSPAWN_SANDBOX_MEMORY: "memory"
        case CSPAWN_SANDBOX_USER: "user"
        case CSPAWN_SANDBOX_PRIVILEGES: "no_new_privileges"
        case CSPAWN_SANDBOX_LANDLOCK: "Landlock"
        case CSPAWN_SANDBOX_PATH where self.words.indices.contains(Int(argument)):
            ChildSandbox.setting(of: self.words[Int(argument)])
        case CSPAWN_SANDBOX_PARENT: "parent-death signal"
        default: "exec-child"
        }
    }
}
