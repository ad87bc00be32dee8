// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What /proc tells about processes.
enum ProcessTable {
    struct Entry {
        let pid: pid_t
        let parent: pid_t
        let group: pid_t
        let session: pid_t
        /// The letter of proc(5): `Z` is a zombie.
        let state: Character
    }

    /// All processes that can be read.
    static func entries() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.compactMap(entry)
    }

    static func entry(_ pid: pid_t) -> Entry? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The name in parentheses may hold anything, parentheses too.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 3, let state = fields[0].first, let parent = pid_t(fields[1]),
            let group = pid_t(fields[2]), let session = pid_t(fields[3])
        else { return nil }
        return Entry(pid: pid, parent: parent, group: group, session: session, state: state)
    }

    static func exists(_ pid: pid_t) -> Bool { entry(pid) != nil }

    /// The direct children of a process, zombies included.
    static func children(of pid: pid_t) -> [Entry] { entries().filter { $0.parent == pid } }

    /// How many descriptors a process has open; nil once it is gone.
    static func descriptors(of pid: pid_t) -> Int? {
        try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
    }

    /// Bytes that a process has written so far; 0 once it is gone.
    static func bytesWritten(by pid: pid_t) -> Int {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/io") ?? Data()
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("wchar") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    /// A line `NAME: VALUE` of /proc/PID/status.
    static func status(of pid: pid_t, _ name: String) -> String? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/status") else { return nil }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
        return nil
    }

    /// Kibibytes from such a line: `VmRSS` is what it has resident, `VmHWM` the most it ever had.
    static func kibibytes(of pid: pid_t, _ name: String) throws -> Int {
        guard let text = status(of: pid, name), let count = text.split(separator: " ").first.flatMap({ Int($0) }) else {
            throw Surprise("no \(name) of process \(pid)")
        }
        return count
    }

    /// Waits until the process is gone and reaped, so that a zombie counts as there.
    static func waitGone(_ pid: pid_t, within seconds: Double = Deadline.patience) throws {
        try eventually("process \(pid) to be gone", within: seconds) { !exists(pid) }
    }
}

/// The lines that a process writes to a pipe, gathered by a thread of their own.
// SAFETY: everything mutable is touched under `condition` only.
final class LineCollector: @unchecked Sendable {
    private let condition = NSCondition()
    private var complete: [String] = []
    private var partial: [UInt8] = []
    private var ended = false

    /// Takes over `descriptor` and closes it at its end.
    init(descriptor: CInt) {
        let thread = Thread { [self] in collect(descriptor) }
        thread.stackSize = 256 * 1024
        thread.start()
    }

    private func collect(_ descriptor: CInt) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            condition.lock()
            if count > 0 {
                partial.append(contentsOf: chunk[..<count])
                while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
                    complete.append(String(decoding: partial[..<end], as: UTF8.self))
                    partial.removeSubrange(...end)
                }
            } else {
                if !partial.isEmpty { complete.append(String(decoding: partial, as: UTF8.self)) }
                ended = true
            }
            condition.broadcast()
            condition.unlock()
            guard count > 0 else { break }
        }
        close(descriptor)
    }

    /// All complete lines so far.
    var lines: [String] {
        condition.lock()
        defer { condition.unlock() }
        return complete
    }

    /// The first line that satisfies `predicate`, as soon as it is there; nil if the process ends without.
    func wait(
        for what: String,
        within seconds: Double = Deadline.patience,
        _ predicate: (String) -> Bool
    ) throws -> String? {
        let deadline = Deadline(seconds: seconds).date
        var seen = 0
        condition.lock()
        defer { condition.unlock() }
        while true {
            while seen < complete.count {
                if predicate(complete[seen]) { return complete[seen] }
                seen += 1
            }
            if ended { return nil }
            guard condition.wait(until: deadline) else {
                throw DeadlineExceeded("\(what); there was: \(complete.suffix(20).joined(separator: "\n"))")
            }
        }
    }

    /// Waits until nobody can write any more.
    func waitEnd(within seconds: Double = Deadline.patience) throws {
        _ = try wait(for: "the end of the output", within: seconds) { _ in false }
    }
}

/// A started program, its output gathered. Ended by SIGKILL at the latest when nobody holds this any more.
final class RunningProgram {
    let pid: pid_t
    let output: LineCollector
    let errors: LineCollector
    private var status: CInt?

    /// - Parameters:
    ///   - environment: the whole environment; nil for that of the test.
    init(_ command: [String], environment: [String: String]? = nil) throws {
        // pipe2(2) is out of Swift's reach, so between pipe(2) and fcntl(2) no other test may start a program: its copies
        // of the descriptors would keep the pipe open.
        Self.starting.lock()
        defer { Self.starting.unlock() }
        let (outputRead, outputWrite) = try Self.pipe()
        let (errorRead, errorWrite) = try Self.pipe()
        defer {
            close(outputWrite)
            close(errorWrite)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite, 1)
        posix_spawn_file_actions_adddup2(&actions, errorWrite, 2)
        // What the test program lets be inherited would count against the program's limit. One that is closed meanwhile
        // does no harm.
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ CInt($0) }) where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        let entries = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
        var arguments = command.map { strdup($0) } + [nil]
        var environment = entries.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, nil, &arguments, &environment)
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
        self.pid = pid
        output = LineCollector(descriptor: outputRead)
        errors = LineCollector(descriptor: errorRead)
    }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            var ignored: CInt = 0
            waitpid(pid, &ignored, 0)
        }
    }

    private static let starting = NSLock()

    /// Makes a descriptor that no program must inherit and that cannot be made so at once.
    static func whileNothingStarts<Value>(_ body: () -> Value) -> Value {
        starting.lock()
        defer { starting.unlock() }
        return body()
    }

    private static func pipe() throws -> (CInt, CInt) {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    func signal(_ number: CInt) { kill(pid, number) }

    /// Waits for the end of the process: the exit status, or minus the signal.
    @discardableResult
    func wait(within seconds: Double = Deadline.patience) throws -> CInt {
        if let status { return status }
        var raw: CInt = 0
        try eventually("the end of \(pid)", within: seconds) { waitpid(pid, &raw, WNOHANG) == pid }
        let result = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
        status = result
        return result
    }
}
