// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Testing

@testable import Bridge
@testable import BridgeConfig

/// Sockets whose file is given to others.
@Suite struct UnixSocketFileTests {
    /// A directory that is gone when nobody holds this any more.
    private final class Directory {
        let path: String

        init() throws {
            var name = Array("/tmp/wsbridge-XXXXXX".utf8CString)
            self.path = try #require(mkdtemp(&name).map { String(cString: $0) })
        }

        deinit {
            for name in ["s", "t", "victim"] { unlink("\(self.path)/\(name)") }
            rmdir(self.path)
        }

        func status(_ name: String) throws -> stat {
            var status = stat()
            try #require(lstat("\(self.path)/\(name)", &status) == 0)
            return status
        }

        func has(_ name: String) -> Bool {
            var status = stat()
            return lstat("\(self.path)/\(name)", &status) == 0
        }

        /// A file with a mode, which nobody may change.
        func makeVictim() throws {
            let descriptor = open("\(self.path)/victim", O_CREAT | O_WRONLY, 0o400)
            try #require(descriptor >= 0)
            close(descriptor)
        }

        func connect(_ name: String) throws -> CInt {
            let address = try SocketAddress(unixDomainSocketPath: "\(self.path)/\(name)")
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            return address.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) } == 0 ? 0 : errno
        }
    }

    private func access(_ mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil) -> ResolvedAccess {
        ResolvedAccess(mode: .init(bits: mode), owner: owner, group: group)
    }

    @Test("R6: a socket has its final mode before anybody can connect")
    func bound() throws {
        let directory = try Directory()
        for mode: UInt32 in [0o600, 0o660, 0o666, 0o200] {
            let (file, descriptor) = try UnixSocketFile.bind("\(directory.path)/s", access(mode))
            #expect(try directory.status("s").st_mode & 0o7777 == mode_t(mode))
            #expect(try directory.connect("s") == ECONNREFUSED)
            listen(descriptor, 1)
            #expect(try directory.connect("s") == 0)
            close(descriptor)
            file.remove()
            #expect(!directory.has("s"))
        }
    }

    @Test("R6: a socket is given to owner and group", .enabled(if: geteuid() == 0, "SKIPPED: needs root"))
    func given() throws {
        let directory = try Directory()
        let (file, descriptor) = try UnixSocketFile.bind("\(directory.path)/s", access(0o660, owner: 4242, group: 4343))
        defer { close(descriptor) }
        let status = try directory.status("s")
        #expect(status.st_uid == 4242 && status.st_gid == 4343 && status.st_mode & 0o7777 == 0o660)
        file.remove()
        #expect(!directory.has("s"))
    }

    @Test("R6: a link, a file or a socket of two names in the place of the socket is given to nobody")
    func replaced() throws {
        let directory = try Directory()
        try directory.makeVictim()
        let before = try directory.status("victim")
        let path = "\(directory.path)/s"
        let wide = access(0o666, owner: geteuid(), group: getegid())
        try #require(symlink("\(directory.path)/victim", path) == 0)
        #expect(throws: (any Error).self) { try UnixSocketFile.give(path, wide) }
        unlink(path)
        try #require(link("\(directory.path)/victim", path) == 0)
        #expect(throws: (any Error).self) { try UnixSocketFile.give(path, wide) }
        unlink(path)
        let after = try directory.status("victim")
        #expect(after.st_mode == before.st_mode && after.st_ctim.tv_sec - before.st_ctim.tv_sec < 60)
        let (file, descriptor) = try UnixSocketFile.bind(path, access(0o600))
        defer { close(descriptor) }
        try #require(link(path, "\(directory.path)/t") == 0)
        #expect(throws: (any Error).self) { try UnixSocketFile.give(path, wide) }
        #expect(try directory.status("t").st_mode & 0o7777 == 0o600)
        file.remove()
    }

    @Test("R6: at the end only the daemon's own socket is removed, nothing that has taken its place")
    func removed() throws {
        let directory = try Directory()
        let path = "\(directory.path)/s"
        let (first, one) = try UnixSocketFile.bind(path, access(0o600))
        defer { close(one) }
        // Kept by another name, so that its number is not given to another file.
        try #require(rename(path, "\(directory.path)/t") == 0)
        let (second, other) = try UnixSocketFile.bind(path, access(0o600))
        defer { close(other) }
        first.remove()
        #expect(directory.has("s"))
        second.remove()
        #expect(!directory.has("s"))
    }
}
