// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Attempts to get out of a sandbox.
@Suite(.enabled(if: SandboxProbe.hasLandlock, Comment(rawValue: SandboxProbe.landlockOnly)))
struct SandboxEscapeTests {
    /// `work` may be written, `read` be read, `secret` neither.
    private let folder: TemporaryFolder
    private let bridge: BridgeProcess
    private let socket: RawWebSocket

    private var work: String { folder.path + "/work" }
    private var read: String { folder.path + "/read" }
    private var secret: String { folder.path + "/secret" }

    init() throws {
        folder = try TemporaryFolder()
        for name in ["work", "read", "secret"] {
            try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
            chmod(folder.path + "/" + name, 0o777)
            try folder.write(name, to: name + "/file")
            chmod(folder.path + "/" + name + "/file", 0o666)
        }
        bridge = try SandboxProbe.bridge(
            SandboxProbe.paths(readable: [folder.path + "/read"], writable: [folder.path + "/work"]),
            folder: folder
        )
        socket = try bridge.connect()
    }

    @Test("R42: a symbolic link out of a permitted folder leads nowhere, whoever made it")
    func symbolicLinks() throws {
        #expect(try socket.attempt("symlink", secret + "/file", to: work + "/own").error == 0)
        try FileManager.default.createSymbolicLink(atPath: read + "/planted", withDestinationPath: secret + "/file")
        #expect(try socket.attempt("read", work + "/own").error == EACCES)
        #expect(try socket.attempt("write", work + "/own").error == EACCES)
        #expect(try socket.attempt("read", read + "/planted").error == EACCES)
        #expect(try socket.attempt("symlink", folder.path, to: work + "/folder").error == 0)
        #expect(try socket.attempt("read", work + "/folder/secret/file").error == EACCES)
        #expect(try socket.attempt("read", work + "/../secret/file").error == EACCES)
    }

    @Test("R42: /proc opens no second way: not its root, not its descriptors")
    func proc() throws {
        for way in ["/proc/self/root", "/proc/thread-self/root", "/proc/\(bridge.pid)/root", "/proc/self/cwd/\(up)"] {
            #expect(try socket.attempt("read", way + secret + "/file").error != 0, "\(way)")
        }
        #expect(try socket.attempt("read", "/proc/self/root" + read + "/file") == (0, "read"))
    }

    /// Far enough up to be at the root.
    private var up: String { Array(repeating: "..", count: 20).joined(separator: "/") }

    @Test("R42: neither a hard link nor a rename brings a file where it may be read or written")
    func links() throws {
        for operation in ["link", "rename"] {
            for from in [secret, read] {
                let error = try socket.attempt(operation, from + "/file", to: work + "/" + operation).error
                #expect([EACCES, EXDEV].contains(error), "\(operation) of \(from): \(error)")
            }
        }
        #expect(try socket.attempt("rename", work + "/file", to: read + "/moved").error != 0)
        #expect(folder.read("secret/file") == "secret" && folder.read("read/file") == "read")
    }

    @Test("R42: truncate(2), which opens nothing, is held back too")
    func truncate() throws {
        #expect(try socket.attempt("truncate", read + "/file").error == EACCES)
        #expect(try socket.attempt("truncate", secret + "/file").error == EACCES)
        #expect(folder.read("read/file") == "read")
    }

    @Test("R42: the bridge's memory, environment, descriptors and files are out of reach, for root too")
    func daemon() throws {
        for file in ["mem", "environ", "maps", "fd/0", "root/etc/passwd", "cwd/."] {
            let error = try socket.attempt("read", "/proc/\(bridge.pid)/\(file)").error
            #expect([EACCES, EPERM].contains(error), "\(file): \(error)")
        }
        #expect(try socket.attempt("write-existing", "/proc/\(bridge.pid)/mem").error == EACCES)
        #expect(try socket.attempt("write", folder.path + "/bridge.toml").error == EACCES)
        // It runs, so that the kernel may have another reason to refuse.
        #expect(try [EACCES, ETXTBSY].contains(socket.attempt("write-existing", BridgeProcess.executable).error))
        let free = try SandboxProbe.bridge(nil, folder: folder)
        #expect(try free.connect().attempt("read", "/proc/\(free.pid)/environ").error == 0)
    }

    @Test(
        "R42: no abstract Unix socket outside is reached",
        .enabled(if: SandboxProbe.hasScopes, "needs Landlock of version 6")
    )
    func abstractSockets() throws {
        let name = "wsbridge-\(UUID().uuidString)"
        let listener = RunningProgram.whileNothingStarts { () -> CInt in
            let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return descriptor
        }
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = [0] + Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
        }
        try #require(bound == 0 && listen(listener, 5) == 0)
        #expect(try socket.attempt("abstract-socket", name).error == EPERM)
        #expect(try SandboxProbe.ask("", folder: folder) { try $0.attempt("abstract-socket", name).error } == 0)
    }

    @Test(
        "R42: no signal goes to the bridge, and none to another client's server",
        .enabled(if: SandboxProbe.hasScopes, "needs Landlock of version 6")
    )
    func signals() throws {
        let other = try bridge.connect()
        #expect(try socket.attempt("signal", n: Int(other.serverPid())).error == EPERM)
        #expect(try socket.attempt("signal", n: Int(bridge.pid)).error == EPERM)
        #expect(try socket.attempt("signal", n: Int(socket.serverPid())).error == 0)
        let free = try SandboxProbe.bridge("", folder: folder)
        #expect(try free.connect().attempt("signal", n: Int(free.pid)).error == 0)
    }

    @Test("R42: a descendant in a session of its own is in the sandbox too")
    func descendants() throws {
        #expect(try socket.attempt("run", "/bin/cat", to: secret + "/file") == (0, ""))
        #expect(try socket.attempt("run", "/bin/cat", to: read + "/file") == (0, "read"))
    }

    @Test(
        "R42: a setuid program gives nothing back",
        .enabled(if: SandboxProbe.canChangeUser, Comment(rawValue: SandboxProbe.changesUserOnly))
    )
    func setuid() throws {
        let program = folder.path + "/id"
        try FileManager.default.copyItem(atPath: "/usr/bin/id", toPath: program)
        chmod(program, 0o4755)
        let privileged = try SandboxProbe.bridge("user = 'nobody', no_new_privileges = false", folder: folder)
        try #require(
            try privileged.connect().attempt("run", program, to: "-u").text == "0\n",
            "a file system without setuid"
        )
        let confined = try SandboxProbe.bridge("user = 'nobody'", folder: folder)
        #expect(try confined.connect().attempt("run", program, to: "-u").text == "65534\n")
    }
}
