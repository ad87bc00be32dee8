// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A sandbox that cannot be set up: at the start of the bridge, or of one server.
@Suite struct SandboxFailureTests {
    private func failure(_ bridge: BridgeProcess, _ path: String = "/fixture") throws -> String {
        let answer = try bridge.handshake(path)
        #expect(answer.status == 503)
        #expect(answer["Retry-After"] != nil)
        #expect(answer.json?["error"] as? String == "backend_unavailable", "\(answer.body)")
        return answer.body
    }

    @Test(
        "R39: what stands in the way of a sandboxed server is said, for that client alone",
        .enabled(if: SandboxProbe.hasLandlock, Comment(rawValue: SandboxProbe.landlockOnly))
    )
    func refusals() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/bin", withIntermediateDirectories: true)
        for (name, text) in [("broken", "#!/nonexistent/interpreter\n"), ("hidden", "#!/bin/sh\n")] {
            try folder.write(text, to: "bin/" + name)
            chmod(folder.path + "/bin/" + name, 0o755)
        }
        let broken = "read_only = ['\(folder.path)/bin']"
        let cases: [(name: String, command: String, rest: String, sandbox: String, expected: String)] = [
            ("missing", "/nonexistent/program", "", "read_only = []", "no program named /nonexistent/program"),
            ("byname", "no-such-program", "", "", "no program named no-such-program"),
            ("interpreter", folder.path + "/bin/broken", "", broken, "asks for an interpreter"),
            (
                "hidden", folder.path + "/bin/hidden", "", "read_only = []",
                "sandbox could not be set up (program \(folder.path)/bin/hidden)"
            ),
            ("path", "/bin/cat", "", "read_only = ['/nonexistent/a']", "(read_only /nonexistent/a)"),
            ("write", "/bin/cat", "", "read_write = ['/nonexistent/b']", "(read_write /nonexistent/b)"),
            ("cwd", "/bin/cat", "cwd = '\(folder.path)'", "read_only = []", "sandbox could not be set up (cwd)"),
            (
                "nocwd", "/bin/cat", "cwd = '/nonexistent/c'", "read_only = []",
                "directory /nonexistent/c cannot be entered"
            ),
        ]
        let bridge = try SandboxProbe.bridge(
            SandboxProbe.paths(),
            more: cases.map { one in
                """
                [servers.\(one.name)]
                command = ['\(one.command)']
                \(one.rest)
                sandbox = { \(one.sandbox) }

                """
            }.joined(),
            folder: folder
        )
        let socket = try bridge.connect()
        let descriptors = ProcessTable.descriptors(of: bridge.pid)
        for one in cases {
            let body = try failure(bridge, "/" + one.name)
            #expect(body.contains(one.expected), "\(one.name): \(body)")
        }
        // Neither process nor descriptor of them is left, and the others noticed nothing.
        try bridge.waitChildren(1)
        try eventually("the descriptors of before") { ProcessTable.descriptors(of: bridge.pid) == descriptors }
        #expect(try socket.call("count").contentText == "1")
        _ = try bridge.waitLog("why") { $0["error"]?.contains("is not below a path of read_only") == true }
        _ = try bridge.waitLog("why") { $0["error"]?.contains("/nonexistent/a: No such file or directory") == true }
    }

    @Test(
        "R39: a user who cannot get to the program or the directory is told so",
        .enabled(if: SandboxProbe.canChangeUser, Comment(rawValue: SandboxProbe.changesUserOnly))
    )
    func unreachable() throws {
        let folder = try TemporaryFolder()
        let closed = folder.path + "/closed"
        try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "/bin/cat", toPath: closed + "/cat")
        chmod(closed, 0o700)
        let bridge = try SandboxProbe.bridge(
            "user = 'nobody'",
            more: """
                [servers.program]
                command = ['\(closed)/cat']
                sandbox = { user = 'nobody' }
                [servers.cwd]
                command = ['/bin/cat']
                cwd = '\(closed)'
                sandbox = { user = 'nobody' }
                """,
            folder: folder
        )
        #expect(try failure(bridge, "/program").contains("\(closed)/cat is not executable"))
        #expect(try failure(bridge, "/cwd").contains("working directory \(closed) cannot be entered"))
        #expect(try bridge.connect().call("count").contentText == "1")
    }

    @Test(
        "a user or group that nobody knows is an error of the configuration, with its place",
        arguments: ["", "check"]
    )
    func unknownNames(command: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [servers.a]
            command = ["/bin/cat"]
            sandbox = { user = "nobodyy" }
            [servers.b]
            command = ["/bin/cat"]
            sandbox = { user = "nobody", group = "no-such-group" }
            """,
            to: "bridge.toml"
        )
        let run = try BridgeProcess.run((command.isEmpty ? [] : [command]) + ["--config", file])
        #expect(run.status == 78)
        #expect(run.errors.contains("\(file):3:1: server `a`: sandbox: no user \"nobodyy\""), "\(run.errors)")
        #expect(run.errors.contains("did you mean `nobody`?"))
        #expect(run.errors.contains("\(file):6:1: server `b`: sandbox: no group \"no-such-group\""), "\(run.errors)")
    }

    @Test("a sandbox that takes what the bridge has not got is an error at the start, and a warning of `check`")
    func hindrances() throws {
        let folder = try TemporaryFolder()
        // As somebody who may change no user, and with company in the control group.
        let file = try folder.write(
            """
            [servers.a]
            command = ["/bin/cat"]
            sandbox = { user = "nobody", processes = 10, files = 1000000, no_new_privileges = false }
            """,
            to: "bridge.toml"
        )
        let bare =
            ["prlimit", "--nofile=500:500"]
            + (SandboxProbe.isRoot ? ["setpriv", "--reuid=nobody", "--clear-groups"] : [])
        guard SandboxProbe.othersReachFixture || !SandboxProbe.isRoot else { return }
        for command in [["--config", file], ["check", "--config", file]] {
            let program = try RunningProgram(bare + [BridgeProcess.executable] + command)
            let status = try program.wait()
            try program.errors.waitEnd()
            let errors = program.errors.lines.joined(separator: "\n")
            #expect(status == (command.count == 2 ? 78 : 0), "\(errors)")
            for text in ["`user` needs the bridge to run as root", "Delegate=yes", "`files` = 1000000"] {
                #expect(errors.contains(text), "\(errors)")
            }
        }
    }

    @Test("exec-child is no command for people: it says so, prints nothing and runs nothing")
    func byHand() throws {
        for arguments in [[], ["--", "/bin/echo", "echo", "ran"], ["uid=0", "--", "/bin/echo", "echo", "ran"]] {
            let run = try BridgeProcess.run(["exec-child"] + arguments)
            #expect(run.status == 127 && run.output.isEmpty)
            #expect(run.errors.contains("for the bridge itself"), "\(run.errors)")
        }
        #expect(try BridgeProcess.run(["--help"]).output.contains("exec-child") == false)
    }
}
