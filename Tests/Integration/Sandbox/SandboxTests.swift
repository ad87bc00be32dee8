// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `[servers.NAME.sandbox]`: each setting bites, and is not there without it.
@Suite struct SandboxTests {
    /// A line of a limits file of /proc: soft and hard.
    private func limit(_ name: String, _ socket: RawWebSocket) throws -> [String] {
        let limits = try #require(try socket.call("limits").result?["limits"] as? String)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix(name) }, "\(limits)")
        return line.dropFirst(name.count).split(separator: " ").prefix(2).map(String.init)
    }

    @Test("R42: without a sandbox nothing is done to a server; an empty one takes away new privileges alone")
    func noNewPrivileges() throws {
        let free = try SandboxProbe.ask(nil) {
            try [$0.status("NoNewPrivs"), $0.status("Uid"), limit("Max data size", $0)]
        }
        #expect(free[0] == ["0"])
        #expect(try SandboxProbe.ask("") { try $0.status("NoNewPrivs") } == ["1"])
        let privileged = try SandboxProbe.ask("no_new_privileges = false") {
            try [$0.status("NoNewPrivs"), $0.status("Uid"), limit("Max data size", $0)]
        }
        #expect(privileged == free)
    }

    @Test(
        "R42: a sandboxed server has the environment, argv, directory, descriptors and session that it would have without"
    )
    func sameSurroundings() throws {
        let folder = try TemporaryFolder()
        let server = "cwd = '\(folder.path)'\nenv = { LD_CANARY = 'a=b', EMPTY = '', '+SIGN' = '+' }"
        var seen: [[String]] = []
        for sandbox in [nil, "umask = '0077', \(SandboxProbe.paths(writable: [folder.path]))"] {
            let bridge = try SandboxProbe.bridge(sandbox, "ignores-eof", server: server, folder: folder)
            let socket = try bridge.connect()
            func strings(_ tool: String) throws -> [String] {
                try #require(try socket.call(tool).result?[tool] as? [String])
            }
            let environment = try strings("env")
            #expect(environment.first?.hasPrefix("MCP_WSBRIDGE_CONNECTION=") == true)
            let cwd = try #require(try socket.call("cwd").result?["cwd"] as? String)
            seen.append(Array(environment.dropFirst()) + ["|"] + (try strings("argv")) + ["|", cwd])
            #expect(try socket.call("fds").result?["fds"] as? [Int] == [0, 1, 2])
            let numbers = try #require(try socket.call("pid").result)
            let pid = try #require(numbers["pid"] as? Int)
            #expect(numbers["pgid"] as? Int == pid && numbers["sid"] as? Int == pid)
            #expect(numbers["ppid"] as? Int == Int(bridge.pid))
            #expect(try socket.status("SigBlk") == ["0000000000000000"])
            #expect(try bridge.stop() == 0)
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].contains("+SIGN=+"))
    }

    @Test("R42: `files` is the limit of descriptors, soft and hard")
    func files() throws {
        #expect(try SandboxProbe.ask("files = 77") { try limit("Max open files", $0) } == ["77", "77"])
        #expect(try SandboxProbe.ask("") { try limit("Max open files", $0) } != ["77", "77"])
    }

    @Test("R42: `umask` takes rights from what the server makes")
    func umask() throws {
        for (sandbox, mode) in [("umask = '0027'", 0o640), ("umask = '0777'", 0), ("umask = '0000'", 0o666)] {
            let bridge = try SandboxProbe.bridge(sandbox)
            let file = bridge.folder.path + "/made"
            #expect(try bridge.connect().attempt("write", file).error == 0)
            var status = stat()
            #expect(stat(file, &status) == 0 && Int(status.st_mode) & 0o777 == mode, "\(sandbox)")
        }
    }

    @Test("R42: `memory` without a control group limits each process's data")
    func memory() throws {
        // In the control group of this test, hence with other processes in it.
        let bridge = try SandboxProbe.bridge("memory = '256MiB'")
        let socket = try bridge.connect()
        #expect(try limit("Max data size", socket) == ["\(256 << 20)", "\(256 << 20)"])
        #expect(try socket.attempt("allocate", n: 300).error == ENOMEM)
        #expect(try socket.attempt("allocate", n: 10).error == 0)
        #expect(try SandboxProbe.ask("") { try $0.attempt("allocate", n: 300).error } == 0)
        // Not the limit that Node and others cannot live with.
        #expect(
            try limit("Max address space", socket) == SandboxProbe.ask(nil) { try limit("Max address space", $0) }
        )
    }

    @Test("R42: `user` changes user and groups for good", .enabled(if: SandboxProbe.canChangeUser, "needs root"))
    func user() throws {
        let bridge = try SandboxProbe.bridge(
            "user = 'nobody'",
            server: "env = { SHELL = '/said' }",
            more: """
                [servers.daemon]
                command = \(BridgeProcess.command([]))
                sandbox = { user = 'nobody', group = 'daemon' }
                """
        )
        let socket = try bridge.connect()
        #expect(try Set(socket.status("Uid")) == ["65534"])
        #expect(try Set(socket.status("Gid")) == ["65534"])
        #expect(try socket.status("Groups") == ["65534"])
        #expect(try socket.status("CapEff") == ["0000000000000000"])
        #expect(try socket.attempt("become-root").error == EPERM)
        #expect(try socket.attempt("read", "/etc/shadow").error == EACCES)
        // The pipes belong to the user, so that a server can open its own stderr by name.
        #expect(try socket.attempt("write-existing", "/dev/stderr").error == 0)
        let environment = try #require(try socket.call("env").result?["env"] as? [String])
        #expect(environment.contains("USER=nobody") && environment.contains("LOGNAME=nobody"))
        #expect(environment.contains("SHELL=/said"))
        #expect(!environment.contains("HOME=\(NSHomeDirectory())"))
        let other = try bridge.connect("/daemon")
        #expect(try Set(other.status("Gid")) == ["1"] && other.status("Groups") == ["1"])
        #expect(try Set(other.status("Uid")) == ["65534"])
        #expect(try SandboxProbe.ask("") { try Set($0.status("Uid")) } == ["0"])
    }

    @Test(
        "R42: only the listed paths can be read, and only some of them written",
        .enabled(if: SandboxProbe.hasLandlock)
    )
    func paths() throws {
        let folder = try TemporaryFolder()
        for name in ["read", "work", "other"] {
            try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
            try folder.write(name, to: name + "/file")
        }
        let (read, work, other) = (folder.path + "/read", folder.path + "/work", folder.path + "/other")
        let bridge = try SandboxProbe.bridge(SandboxProbe.paths(readable: [read], writable: [work]), folder: folder)
        let socket = try bridge.connect()
        #expect(try socket.attempt("read", read + "/file") == (0, "read"))
        #expect(try socket.attempt("list", read).error == 0)
        #expect(try socket.attempt("write", read + "/file").error == EACCES)
        #expect(try socket.attempt("write", read + "/new").error == EACCES)
        #expect(try socket.attempt("truncate", read + "/file").error == EACCES)
        #expect(try socket.attempt("unlink", read + "/file").error == EACCES)
        #expect(try socket.attempt("read", work + "/file") == (0, "work"))
        #expect(try socket.attempt("write", work + "/new").error == 0)
        #expect(try socket.attempt("truncate", work + "/file").error == 0)
        #expect(try socket.attempt("rename", work + "/new", to: work + "/newer").error == 0)
        #expect(try socket.attempt("unlink", work + "/newer").error == 0)
        for path in [other + "/file", "/etc/shadow", "/var/lib/dpkg/status", folder.path + "/bridge.toml"] {
            #expect(try socket.attempt("read", path).error == EACCES, "\(path)")
        }
        #expect(try socket.attempt("list", folder.path).error == EACCES)
        #expect(try socket.attempt("list", "/").error == EACCES)
        #expect(try socket.attempt("write", other + "/new").error == EACCES)
        #expect(folder.read("read/file") == "read" && folder.read("other/file") == "other")
        // What every program needs.
        for path in ["/etc/passwd", "/etc/hosts", "/proc/self/status", "/dev/urandom", "/proc/meminfo"] {
            #expect(try socket.attempt("read", path).error == 0, "\(path)")
        }
        #expect(try socket.attempt("write", "/dev/null").error == 0)
        #expect(try socket.attempt("run", "/bin/echo", to: "ran") == (0, "ran\n"))

        let free = try SandboxProbe.ask("", folder: folder) { socket in
            try [
                socket.attempt("read", other + "/file").error, socket.attempt("write", other + "/new").error,
                socket.attempt("truncate", read + "/file").error,
            ]
        }
        #expect(free == [0, 0, 0])
    }

    @Test("R37: a sandboxed server ends with all its descendants", .enabled(if: SandboxProbe.hasLandlock))
    func family() throws {
        let folder = try TemporaryFolder()
        let user = SandboxProbe.canChangeUser ? "user = 'nobody', " : ""
        let bridge = try SandboxProbe.bridge(
            user + SandboxProbe.paths(writable: [folder.path]),
            "ignores-eof",
            "leaves-grandchild=@FOLDER@/same",
            "daemonises-grandchild=@FOLDER@/apart",
            server: BridgeProcess.stopsSoon,
            folder: folder
        )
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        let family = try folder.waitPids("same") + folder.waitPids("apart")
        try socket.close()
        for member in family + [pid] { try ProcessTable.waitGone(member) }
        try bridge.waitChildren(0)
    }

    @Test("R37: a sandboxed server ends with the bridge, also under another user")
    func parentDeath() throws {
        let sandboxes = ["", SandboxProbe.canChangeUser ? "user = 'nobody'" : "umask = '0077'"]
        for sandbox in sandboxes {
            let bridge = try SandboxProbe.bridge(sandbox, "ignores-eof")
            let pid = try bridge.connect().serverPid()
            bridge.program.signal(SIGKILL)
            try bridge.program.wait()
            try eventually("the end of \(pid)") {
                ProcessTable.entry(pid).map { $0.state == "Z" } ?? true
            }
        }
    }
}
