// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The tool `attempt`: something that a sandbox may forbid. Arguments: `op`, `path`, `to`, `n`.
struct Attempt {
    private let operation: String
    private let path: String
    private let target: String
    private let count: Int

    init(_ arguments: JSONText) {
        operation = arguments["op"]?.unquoted ?? ""
        path = arguments["path"]?.unquoted ?? ""
        target = arguments["to"]?.unquoted ?? ""
        count = arguments["n"]?.number ?? 0
    }

    /// A result with `errno`, 0 for success, and what there is to tell.
    func make() -> String {
        errno = 0
        var text: [UInt8] = []
        let isDone = attempt(&text)
        let number = isDone ? 0 : errno
        return #"{"content":[],"errno":\#(number),"text":\#(JSONText.quote(text))}"#
    }

    private func attempt(_ text: inout [UInt8]) -> Bool {
        switch operation {
        case "read": open(O_RDONLY) { text = Self.contents($0) }
        case "list": open(O_RDONLY | O_DIRECTORY) { _ in }
        case "write": open(O_WRONLY | O_CREAT) { Output.write("written\n".utf8, to: $0) }
        case "write-existing": open(O_RDWR) { _ in }
        case "truncate": truncate(path, 0) == 0
        case "link": link(path, target) == 0
        case "rename": rename(path, target) == 0
        case "unlink": unlink(path) == 0
        case "symlink": symlink(path, target) == 0
        case "signal": kill(pid_t(count), 0) == 0
        case "become-root": setuid(0) == 0
        case "run": run(&text)
        case "start": start(&text)
        case "allocate": allocate()
        case "abstract-socket": connectAbstract()
        default: false
        }
    }

    private func open(_ flags: CInt, _ body: (CInt) -> Void) -> Bool {
        let descriptor = Self.opened(path, flags)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        body(descriptor)
        return true
    }

    private static func opened(_ path: String, _ flags: CInt) -> CInt {
        #if canImport(Glibc)
        Glibc.open(path, flags | O_CLOEXEC, 0o666)
        #elseif canImport(Musl)
        Musl.open(path, flags | O_CLOEXEC, 0o666)
        #endif
    }

    private static func contents(_ descriptor: CInt) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while all.count < 65_536 {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            all += chunk[..<count]
        }
        return all
    }

    /// Runs the program at `path` with the argument `to`; its output is the text.
    private func run(_ text: inout [UInt8]) -> Bool {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { return false }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        let words: [String] = [path, target]
        var arguments = words.map { strdup($0) } + [nil]
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, path, &actions, nil, &arguments, nil)
        close(ends[1])
        defer { close(ends[0]) }
        guard failure == 0 else {
            errno = failure
            return false
        }
        text = Self.contents(ends[0])
        var status: CInt = 0
        waitpid(pid, &status, 0)
        return true
    }

    /// Starts `n` processes that wait; the text is how many there were before the first that failed.
    private func start(_ text: inout [UInt8]) -> Bool {
        var started: [pid_t] = []
        var failure: CInt = 0
        for _ in 0..<count {
            let words: [String] = ["FixtureServer", Grandchild.flag, "wait"]
            var arguments = words.map { strdup($0) } + [nil]
            var pid: pid_t = 0
            failure = posix_spawn(&pid, "/proc/self/exe", nil, nil, &arguments, nil)
            guard failure == 0 else { break }
            started.append(pid)
        }
        for pid in started { kill(pid, SIGKILL) }
        for pid in started { waitpid(pid, nil, 0) }
        text = Array("\(started.count)".utf8)
        errno = failure
        return failure == 0
    }

    /// Takes `n` MiB, touches each page, and gives it back.
    private func allocate() -> Bool {
        let size = count << 20
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED else {
            return false
        }
        for offset in stride(from: 0, to: size, by: 4096) {
            memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
        munmap(memory, size)
        return true
    }

    /// Connects to the abstract Unix socket that `path` names.
    private func connectAbstract() -> Bool {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = [0] + Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
        }
    }
}
