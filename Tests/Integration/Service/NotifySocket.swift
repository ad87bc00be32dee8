// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A service manager that listens to what its service says (sd_notify(3)).
final class NotifySocket {
    let folder: TemporaryFolder
    private let descriptor: CInt
    var path: String { folder.path + "/notify" }

    init() throws {
        folder = try TemporaryFolder()
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = path
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRINUSE) }
    }

    deinit { close(descriptor) }

    /// The assignments of the next notice; nil if none comes in time.
    func next(within seconds: Double = Deadline.patience) throws -> [String: String]? {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, CInt(seconds * 1_000)) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { throw POSIXError(.EIO) }
        var fields: [String: String] = [:]
        for line in String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw Surprise("no assignment: \(line)") }
            fields[String(parts[0])] = String(parts[1])
        }
        return fields
    }

    /// The next notice that satisfies `predicate`; others are passed over.
    @discardableResult
    func wait(for what: String, _ predicate: ([String: String]) -> Bool) throws -> [String: String] {
        let deadline = Deadline(seconds: Deadline.patience)
        while deadline.date > Date() {
            guard let notice = try next(within: max(0, deadline.date.timeIntervalSinceNow)) else { break }
            if predicate(notice) { return notice }
        }
        throw DeadlineExceeded("the notice: \(what)")
    }
}
