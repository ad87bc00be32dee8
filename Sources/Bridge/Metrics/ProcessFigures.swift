// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the kernel says of this process.
struct ProcessFigures: Sendable {
    /// Open file descriptors, and the most there may be.
    let descriptors: Int
    let maxDescriptors: Int
    let residentBytes: Int
    let cpuSeconds: Double

    /// Reads /proc. Blocks for as long as that takes.
    static func now() -> ProcessFigures {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }
        return ProcessFigures(
            descriptors: Self.openDescriptors(),
            maxDescriptors: Int(clamping: Self.descriptorLimit()),
            residentBytes: Self.residentPages() * Int(sysconf(CInt(_SC_PAGESIZE))),
            cpuSeconds: times.reduce(0, +)
        )
    }

    private static func descriptorLimit() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return UInt64(limit.rlim_cur)
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.`, `..` and the folder's own.
        return max(0, count - 3)
    }

    private static func residentPages() -> Int {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
