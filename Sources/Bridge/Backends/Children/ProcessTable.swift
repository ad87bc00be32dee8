// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads `/proc`: about 5 microseconds for each process of the machine, so callers batch.
///
/// `/proc/PID/task/TID/children` would be cheaper, but is missing where the kernel lacks CONFIG_PROC_CHILDREN.
/// Confined to one thread.
struct ProcessTable: ~Copyable {
    private let directory: OpaquePointer
    private let descriptor: CInt
    private let buffer: UnsafeMutableRawBufferPointer

    /// Longer environments are searched up to here. The mark stands first unless a descendant rebuilt its environment.
    private static let environmentLimit = 256 * 1024

    /// Nil, with errno, where there is no readable `/proc`.
    init?() {
        guard let directory = opendir("/proc") else { return nil }
        self.directory = directory
        self.descriptor = dirfd(directory)
        self.buffer = .allocate(byteCount: 4096, alignment: 16)
    }

    deinit {
        closedir(self.directory)
        self.buffer.deallocate()
    }

    /// Every process that can be seen and that `isWanted` does not pass over by its number, in the order of the numbers.
    func visit(where isWanted: (Int32) -> Bool, _ body: (ProcessStat) -> Void) {
        rewinddir(self.directory)
        while let entry = readdir(self.directory) {
            let pid = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: UInt8.self, capacity: 256) { Self.number($0) }
            }
            guard let pid, isWanted(pid), let stat = self.stat(of: pid) else { continue }
            body(stat)
        }
    }

    /// Nil when there is no such process (any more).
    func stat(of pid: Int32) -> ProcessStat? {
        let file = self.open(pid, "stat")
        guard file >= 0 else { return nil }
        defer { close(file) }
        let count = read(file, self.buffer.baseAddress, self.buffer.count)
        guard count > 0 else { return nil }
        return ProcessStat(parsing: UnsafeRawBufferPointer(rebasing: self.buffer[..<count]))
    }

    enum Mark {
        case none
        case found(String)
        /// No environment at all: a program that is just being started, or one that has cleared it.
        case blank
    }

    /// The connection's mark in the environment with which the process was started.
    func mark(of pid: Int32) -> Mark {
        let file = self.open(pid, "environ")
        guard file >= 0 else { return .none }
        defer { close(file) }
        var count = read(file, self.buffer.baseAddress, self.buffer.count)
        guard count > 0 else { return count == 0 ? .blank : .none }
        var block = Array(self.buffer[..<count])
        while count > 0, block.count < Self.environmentLimit {
            count = read(file, self.buffer.baseAddress, self.buffer.count)
            if count > 0 { block.append(contentsOf: self.buffer[..<count]) }
        }
        return block.withUnsafeBytes { ConnectionMark.find(in: $0) }.map { .found($0) } ?? .none
    }

    private func open(_ pid: Int32, _ file: String) -> CInt {
        openat(self.descriptor, "\(pid)/\(file)", O_RDONLY | O_CLOEXEC)
    }

    private static func number(_ name: UnsafePointer<UInt8>) -> Int32? {
        var value: Int32 = 0
        var index = 0
        while name[index] != 0 {
            guard index < 9, case UInt8(ascii: "0")...UInt8(ascii: "9") = name[index] else { return nil }
            value = value * 10 + Int32(name[index] - UInt8(ascii: "0"))
            index += 1
        }
        return index > 0 ? value : nil
    }
}
