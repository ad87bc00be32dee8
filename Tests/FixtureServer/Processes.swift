// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Blocking writes to standard output and error.
enum Output {
    /// Writes everything; false once nobody reads.
    @discardableResult
    static func write(_ bytes: some Collection<UInt8>, to descriptor: CInt = 1) -> Bool {
        let all = Array(bytes)
        var written = 0
        while written < all.count {
            let count = all.withUnsafeBytes { writeSome(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0 {
                guard errno == EINTR else { return false }
                continue
            }
            written += count
        }
        return true
    }

    static func writeError(_ text: String) {
        write(text.utf8, to: 2)
    }

    /// Appends to a file in one write(2), so that several processes can share it.
    static func append(_ bytes: some Collection<UInt8>, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        write(bytes, to: descriptor)
        close(descriptor)
    }

    /// Everything in a small file, such as those of /proc.
    static func contents(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return all }
            all.append(contentsOf: chunk[..<count])
        }
    }

    static func pause(milliseconds: Int) {
        var length = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        var rest = timespec()
        while nanosleep(&length, &rest) != 0 { length = rest }
    }
}

/// Processes that the server leaves behind.
enum Grandchild {
    /// First argument of such a process.
    static let flag = "--grandchild"

    /// Starts this program again with `arguments`, in the same group or in a session of its own.
    static func start(_ arguments: [String], newSession: Bool) {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID of <spawn.h>, hidden behind _GNU_SOURCE.
        if newSession { posix_spawnattr_setflags(&attributes, 0x80) }
        var argv = (["FixtureServer", flag] + arguments).map { strdup($0) } + [nil]
        // `environ` is a variable that Swift 6 does not let near; the kernel's copy is the environment at the start.
        var environment =
            Output.contents(of: "/proc/self/environ").split(separator: 0)
            .map { strdup(String(decoding: $0, as: UTF8.self)) } + [nil]
        var pid: pid_t = 0
        let status = posix_spawn(&pid, "/proc/self/exe", nil, &attributes, &argv, &environment)
        if status != 0 { Output.writeError("FixtureServer: no grandchild, error \(status)\n") }
    }

    /// What such a process does: `wait|wait-hard|daemon|daemon-pipes PIDFILE`.
    static func run(_ arguments: [String]) -> Never {
        let pidfile = arguments.count > 1 ? arguments[1] : ""
        switch arguments.first {
        case "fork":
            start(["daemon", pidfile], newSession: false)
            exit(0)
        case "fork-pipes":
            start(["wait", pidfile], newSession: false)
            exit(0)
        case "daemon":
            for descriptor: CInt in 0...2 {
                close(descriptor)
                _ = open("/dev/null", O_RDWR)
            }
        case "wait-hard":
            signal(SIGTERM, SIG_IGN)
        default:
            break
        }
        if !pidfile.isEmpty { Output.append("\(getpid())\n".utf8, to: pidfile) }
        while true { pause() }
    }
}

/// write(2), named apart from `Output.write`.
private func writeSome(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
