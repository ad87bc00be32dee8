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

/// Makes the pipes and starts the program. Leaves no descriptor and no process behind when it throws.
///
/// Used on one thread at a time; whoever made it closes it.
struct ChildLauncher: Sendable {
    struct Launched {
        var pid: Int32
        var pidfd: CInt
        var stdin: CInt
        var stdout: CInt
        var stderr: CInt
        /// The directory of its control group, where it has one of its own; whoever takes this removes it.
        var group: String?

        /// Kills the child, waits for it and closes everything: it never was.
        func undo() {
            cspawn_kill_and_reap(self.pid)
            if let group = self.group { _ = ControlGroups.remove(group) }
            for descriptor in [self.pidfd, self.stdin, self.stdout, self.stderr] { close(descriptor) }
        }
    }

    /// RLIMIT_NOFILE of the children; nil: the daemon's.
    private let descriptorLimit: DescriptorLimit?
    /// Nil: there is none for the children.
    private let groups: ControlGroups?
    /// Three descriptors reserved while the daemon was young, so that their numbers are low. The child's ends of the
    /// pipes stand in for them during a spawn: the child then copies a handful of the daemon's thousands of descriptors
    /// (at 6,000 open ones a spawn costs a quarter of a millisecond less).
    private let slots: [CInt]
    /// What the slots are kept open with in between.
    private let placeholder: CInt

    init(descriptorLimit: DescriptorLimit?, groups: ControlGroups? = nil) throws(SpawnError) {
        self.descriptorLimit = descriptorLimit
        self.groups = groups
        var reserved: [CInt] = []
        for _ in 0..<4 {
            let descriptor = cspawn_bell_open()
            guard descriptor >= 0 else {
                let error = errno
                for descriptor in reserved { Self.close(descriptor) }
                throw .resources("no descriptors for the children", errno: error)
            }
            reserved.append(descriptor)
        }
        self.placeholder = reserved[3]
        self.slots = Array(reserved[..<3])
    }

    func close() {
        for descriptor in self.slots + [self.placeholder] { Self.close(descriptor) }
    }

    private static func close(_ descriptor: CInt) {
        closeDescriptor(descriptor)
    }

    /// Blocks for the time of an exec, with a sandbox of two; the calling thread must outlive the child (PR_SET_PDEATHSIG).
    func launch(_ command: ChildCommand) throws(SpawnError) -> Launched {
        let path = try ProgramSearch.resolve(command.arguments.first ?? "", environment: command.environment)
        let group = try self.makeGroup(command)
        do throws(SpawnError) {
            var launched = try self.launch(command, path, group)
            launched.group = group
            return launched
        } catch {
            if let group { _ = ControlGroups.remove(group) }
            throw error
        }
    }

    /// The control group of a child with limits that take one.
    private func makeGroup(_ command: ChildCommand) throws(SpawnError) -> String? {
        guard let limits = command.sandbox?.groupLimits, !limits.isEmpty else { return nil }
        let message: String
        do throws(ControlGroups.Problem) {
            if let groups = self.groups { return try groups.make(command.mark, limits) }
            message = "the bridge has none to give children groups of their own"
        } catch {
            message = error.description
        }
        throw SpawnError(code: .sandbox("control group", errno: 0), message: "sandbox: control group: \(message)")
    }

    private func launch(_ command: ChildCommand, _ path: String, _ group: String?) throws(SpawnError) -> Launched {
        let sandboxed = command.sandbox.map {
            SandboxedStart($0, group: group, hasDirectory: command.workingDirectory != nil)
        }
        var arguments = CStringBlock()
        if let sandboxed {
            for word in sandboxed.words + [path] { try arguments.append(word) }
        }
        for argument in command.arguments { try arguments.append(argument) }
        var environment = CStringBlock()
        func add(_ entry: String) throws(SpawnError) {
            try environment.append(sandboxed == nil ? entry : SandboxedStart.variable(entry))
        }
        // First, so that who looks for it in /proc finds it at once.
        try add("\(ConnectionMark.variable)=\(command.mark)")
        for (name, value) in command.environment where name != ConnectionMark.variable {
            try add("\(name)=\(value)")
        }

        var pipes = PipeSet()
        defer { pipes.closeAll() }
        for _ in 0..<(sandboxed == nil ? 3 : 4) { try pipes.add() }

        let outcome = (sandboxed == nil ? path : SandboxedStart.executable).withCString { path in
            arguments.withPointers { arguments in
                environment.withPointers { environment in
                    guard let directory = command.workingDirectory else {
                        return self.spawn(path, arguments, environment, nil, pipes)
                    }
                    return directory.withCString { self.spawn(path, arguments, environment, $0, pipes) }
                }
            }
        }
        guard outcome.stage == CSPAWN_STAGE_NONE else {
            guard sandboxed == nil || outcome.stage != CSPAWN_STAGE_EXEC else {
                throw SpawnError(
                    code: .sandbox("exec-child", errno: outcome.error),
                    message: "sandbox: cannot execute \(SandboxedStart.executable): \(SpawnError.text(outcome.error))"
                )
            }
            throw self.error(outcome, command: command, path: path)
        }
        if let sandbox = command.sandbox, let sandboxed {
            pipes.close(7)
            if let report = sandboxed.report(from: pipes.descriptors[6]) {
                cspawn_kill_and_reap(outcome.pid)
                Self.close(outcome.pidfd)
                throw sandboxed.error(report, path: path, restrictsPaths: sandbox.restrictsPaths) { stage in
                    var outcome = outcome
                    outcome.stage = stage
                    outcome.error = report.error
                    return self.error(outcome, command: command, path: path)
                }
            }
        }
        return Launched(
            pid: outcome.pid,
            pidfd: outcome.pidfd,
            stdin: pipes.keep(1),
            stdout: pipes.keep(2),
            stderr: pipes.keep(4)
        )
    }

    private func spawn(
        _ path: UnsafePointer<CChar>,
        _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafePointer<UnsafeMutablePointer<CChar>?>,
        _ directory: UnsafePointer<CChar>?,
        _ pipes: borrowing PipeSet
    ) -> cspawn_result {
        var request = cspawn_request()
        request.path = path
        request.argv = arguments
        request.envp = environment
        request.directory = directory
        request.descriptors = (self.slots[0], self.slots[1], self.slots[2])
        request.report = pipes.descriptors.count > 7 ? pipes.descriptors[7] : -1
        request.death_signal = SIGTERM
        if let limit = self.descriptorLimit {
            request.sets_descriptor_limit = 1
            request.soft_descriptor_limit = limit.soft
            request.hard_descriptor_limit = limit.hard
        }
        var result = cspawn_result()
        defer {
            // The daemon must not hold the child's ends, or nobody would ever see the pipes' end.
            for slot in self.slots { _ = cspawn_move(self.placeholder, slot) }
        }
        for (slot, end) in zip(self.slots, [0, 3, 5]) where cspawn_move(pipes.descriptors[end], slot) < 0 {
            result.stage = CSPAWN_STAGE_DESCRIPTORS
            result.error = errno
            return result
        }
        _ = cspawn_spawn(&request, &result)
        return result
    }

    private func error(_ outcome: cspawn_result, command: ChildCommand, path: String) -> SpawnError {
        let error = outcome.error
        let text = SpawnError.text(error)
        let place = path.hasPrefix("/") ? "" : command.workingDirectory.map { " in \($0)" } ?? ""
        let program = path + place
        switch outcome.stage {
        case CSPAWN_STAGE_DIRECTORY:
            let directory = command.workingDirectory ?? ""
            return SpawnError(
                code: .workingDirectory(directory, errno: error),
                message: "working directory \(directory): \(text)"
            )
        case CSPAWN_STAGE_INTERPRETER:
            return SpawnError(
                code: .interpreterMissing(path),
                message: "\(program) exists, but the interpreter that it names does not"
            )
        case CSPAWN_STAGE_EXEC:
            switch error {
            case ENOENT, ENOTDIR:
                return SpawnError(code: .programNotFound(path), message: "no such program: \(program)")
            case EACCES, EPERM, ENOEXEC:
                return SpawnError(code: .notExecutable(path), message: "cannot execute \(program): \(text)")
            case EAGAIN, ENOMEM, EMFILE, ENFILE:
                return .resources("cannot execute \(program)", errno: error)
            default:
                return SpawnError(
                    code: .other(stage: "exec", errno: error),
                    message: "cannot execute \(program): \(text)"
                )
            }
        case CSPAWN_STAGE_CLONE:
            return .resources("no process for \(program)", errno: error)
        default:
            let stage = Self.stageName(outcome.stage)
            return SpawnError(
                code: .other(stage: stage, errno: error),
                message: "cannot start \(program) (\(stage)): \(text)"
            )
        }
    }

    private static func stageName(_ stage: cspawn_stage) -> String {
        switch stage {
        case CSPAWN_STAGE_SESSION: "session"
        case CSPAWN_STAGE_DESCRIPTORS: "descriptors"
        case CSPAWN_STAGE_LIMITS: "limits"
        case CSPAWN_STAGE_ORPHANED: "orphaned"
        default: "unknown"
        }
    }
}

/// close(2), for types that have a `close` of their own.
private func closeDescriptor(_ descriptor: CInt) {
    close(descriptor)
}

/// Pipes: [0, 1] stdin, [2, 3] stdout, [4, 5] stderr, with a sandbox [6, 7] its report; even is the end to read from.
private struct PipeSet {
    private(set) var descriptors: [CInt] = []

    mutating func add() throws(SpawnError) {
        var ends: (CInt, CInt) = (-1, -1)
        let made = withUnsafeMutablePointer(to: &ends) { ends in
            ends.withMemoryRebound(to: CInt.self, capacity: 2) { cspawn_pipe($0) }
        }
        guard made == 0 else { throw .resources("no pipe for a child", errno: errno) }
        self.descriptors.append(ends.0)
        self.descriptors.append(ends.1)
    }

    /// Exempts one from ``closeAll()``.
    mutating func keep(_ index: Int) -> CInt {
        defer { self.descriptors[index] = -1 }
        return self.descriptors[index]
    }

    mutating func close(_ index: Int) {
        closeDescriptor(self.keep(index))
    }

    mutating func closeAll() {
        for descriptor in self.descriptors where descriptor >= 0 { closeDescriptor(descriptor) }
        self.descriptors = []
    }
}

/// Strings as execve(2) wants them, in one allocation.
private struct CStringBlock {
    private var bytes: [CChar] = []
    private var starts: [Int] = []

    mutating func append(_ string: String) throws(SpawnError) {
        self.starts.append(self.bytes.count)
        for byte in string.utf8 {
            guard byte != 0 else {
                throw SpawnError(
                    code: .other(stage: "arguments", errno: EINVAL),
                    message: "a NUL byte in an argument or variable of the command"
                )
            }
            self.bytes.append(CChar(bitPattern: byte))
        }
        self.bytes.append(0)
    }

    mutating func withPointers<Value>(
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let starts = self.starts
        return self.bytes.withUnsafeMutableBufferPointer { bytes in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<CChar>?.self, capacity: starts.count + 1) {
                pointers in
                for (index, start) in starts.enumerated() {
                    pointers.initializeElement(at: index, to: bytes.baseAddress.map { $0 + start })
                }
                pointers.initializeElement(at: starts.count, to: nil)
                guard let base = pointers.baseAddress else { preconditionFailure("a temporary allocation has a base") }
                return body(base)
            }
        }
    }
}
