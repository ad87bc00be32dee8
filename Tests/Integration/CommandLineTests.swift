// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The command line: statuses, messages, addresses (R6).
@Suite struct CommandLineTests {
    @Test("--version and --help go to standard output with status 0", arguments: ["--version", "--help"])
    func informs(flag: String) throws {
        let run = try BridgeProcess.run([flag])
        #expect(run.status == 0)
        #expect(!run.output.isEmpty)
        #expect(run.errors.isEmpty)
    }

    @Test("--version is a version")
    func version() throws {
        let run = try BridgeProcess.run(["--version"])
        #expect(run.output.contains(/[0-9]+\.[0-9]+\.[0-9]+/))
    }

    @Test(
        "usage errors end with 64",
        arguments: [
            ["--no-such-flag"], [], ["--config"], ["--listen", "127.0.0.1:0"], ["check"],
            ["--listen", "nonsense", "--", "cat"],
        ]
    )
    func usage(arguments: [String]) throws {
        let run = try BridgeProcess.run(arguments)
        #expect(run.status == 64, "\(run)")
        #expect(!run.errors.isEmpty)
    }

    @Test(
        "errors of the configuration end with 78 and name file, line and column, all at once",
        arguments: [["--config"], ["check", "--config"]]
    )
    func configurationErrors(arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [listen]
            adress = "127.0.0.1:0"
            [limits]
            max_message = 5.5
              max_connections = "many"
            [servers.a]
            command = ["cat", "{{token}}"]
            """,
            to: "wrong.toml"
        )
        let run = try BridgeProcess.run(arguments + [file])
        #expect(run.status == 78)
        let text = run.errors + run.output
        for place in ["2:1", "4:15", "5:21", "7:"] { #expect(text.contains("\(file):\(place)"), "\(text)") }
        #expect(text.contains("address"), "the nearest known key")
    }

    @Test("a file that is missing or no TOML ends with 78", arguments: [nil, "[listen\n", "\u{0}"] as [String?])
    func unreadable(text: String?) throws {
        let folder = try TemporaryFolder()
        if let text { try folder.write(text, to: "bridge.toml") }
        for command in [["--config"], ["check", "--config"]] {
            let run = try BridgeProcess.run(command + [folder.path + "/bridge.toml"])
            #expect(run.status == 78)
            #expect(run.errors.contains("bridge.toml"))
        }
    }

    @Test(
        "R6: a TCP listener beyond loopback refuses to start unless it is said to be meant",
        arguments: ["0.0.0.0:0", "[::]:0"]
    )
    func publicAddress(address: String) throws {
        let run = try BridgeProcess.run(["--listen", address, "--", "cat"])
        #expect([64, 78].contains(run.status), "\(run)")
        #expect(run.errors.contains("insecure"), "\(run.errors)")
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "[listen]\naddress = \"\(address)\"\n[servers.a]\ncommand = [\"cat\"]\n",
            to: "a.toml"
        )
        #expect(try BridgeProcess.run(["check", "--config", file]).status == 78)
    }

    @Test("R6: --insecure-public says so in so many words")
    func insecurePublic() throws {
        let program = try RunningProgram(
            [BridgeProcess.executable, "--insecure-public", "--listen", "0.0.0.0:0", "--", "cat"]
        )
        #expect(try program.output.wait(for: "the address") { $0.contains("ws://") } != nil)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    @Test("the one-liner serves a command at /mcp and shows stderr to its client (R38)")
    func oneLiner() throws {
        let bridge = try BridgeProcess(
            arguments: ["--listen", "127.0.0.1:0", "--", BridgeProcess.fixture, "--behaviour", "dies-mid-call"]
        )
        let socket = try bridge.connect("/mcp")
        try socket.sendCall("x", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.stderr.contains("dying"))
        #expect(try bridge.stop() == 0)
    }

    @Test("arguments of the one-liner reach the command as they are, flags too")
    func oneLinerArguments() throws {
        let odd = ["--help", "a b", "$HOME", "é", "--", "*"]
        let bridge = try BridgeProcess(arguments: ["--listen", "127.0.0.1:0", "--", BridgeProcess.fixture] + odd)
        let argv = try bridge.connect("/mcp").call("argv").result?["argv"] as? [String]
        #expect(argv.map { Array($0.dropFirst()) } == odd)
    }

    @Test("the demo server answers behind the bridge, and ends with its input")
    func demoServer() throws {
        let bridge = try BridgeProcess(arguments: [
            "--listen", "127.0.0.1:0", "--", BridgeProcess.executable, "demo-server",
        ])
        let socket = try bridge.connect("/mcp")
        try socket.initialize()
        #expect(try socket.call("echo", #"{"text":"hello"}"#).contentText == "hello")
        let call = #"{"name":"slow","arguments":{"steps":3,"delay_ms":1},"_meta":{"progressToken":9}}"#
        try socket.send(#"{"jsonrpc":"2.0","id":"s","method":"tools/call","params":\#(call)}"#)
        for step in 1...3 { #expect(try socket.receiveMessage().params?["progress"] as? Int == step) }
        #expect(try socket.receiveMessage().id as? String == "s")
        try socket.close()
        try bridge.waitChildren(0)
        let alone = try BridgeProcess.run(["demo-server"])
        #expect(alone.status == 0)
    }

    @Test("a port in use ends with 1 and says so")
    func portInUse() throws {
        let bridge = try BridgeProcess.fixture()
        let run = try BridgeProcess.run(["--listen", "127.0.0.1:\(bridge.port)", "--", "cat"])
        #expect(run.status == 1)
        #expect(run.errors.contains("\(bridge.port)"), "\(run.errors)")
        #expect(try bridge.connect().call("count").contentText == "1")
    }

    @Test("check prints what would be served, and serves nothing")
    func check() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [listen]
            address = "127.0.0.1:8765"
            [servers.time]
            command = ["cat", "-u"]
            path = "/clock"
            """,
            to: "bridge.toml"
        )
        let run = try BridgeProcess.run(["check", "--config", file])
        #expect(run.status == 0)
        #expect(run.output.contains("ws://127.0.0.1:8765/clock"))
        #expect(run.output.contains("cat -u"))
    }

    @Test("R6: a unix socket is created 0600, served, and removed at the end; a stale one does not stand in the way")
    func unixSocket() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/bridge.sock"
        let configuration = """
            [listen]
            address = "unix:\(path)"
            [servers.fixture]
            command = \(BridgeProcess.command([]))
            """
        var bridge = try BridgeProcess(configuration: configuration)
        #expect(try permissions(path) == 0o600)
        let socket = try RawWebSocket(socket: RawSocket(path: path), path: "/fixture", headers: ["Host: localhost"])
        #expect(try socket.call("count").contentText == "1")
        // Killed: what it leaves is in the way of nobody.
        bridge.program.signal(SIGKILL)
        try bridge.program.wait()
        bridge = try BridgeProcess(configuration: configuration)
        let again = try RawWebSocket(socket: RawSocket(path: path), path: "/fixture", headers: ["Host: localhost"])
        #expect(try again.call("count").contentText == "1")
        // One that is alive is: two bridges must not take each other's clients.
        #expect(throws: BridgeDidNotStart.self) { try BridgeProcess(configuration: configuration) }
        #expect(try bridge.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func permissions(_ path: String) throws -> Int {
        var information = stat()
        #expect(lstat(path, &information) == 0)
        return Int(information.st_mode & 0o777)
    }

    @Test("the banner says where each server is reachable and how to connect")
    func banner() throws {
        let bridge = try BridgeProcess.fixture(
            more: """
                [servers.second]
                command = ["cat"]
                path = "/two"
                """
        )
        _ = try bridge.program.output.wait(for: "the second server") { $0.contains("/two") }
        let text = bridge.program.output.lines.joined(separator: "\n")
        #expect(text.contains("ws://127.0.0.1:\(bridge.port)/fixture"))
        #expect(text.contains("ws://127.0.0.1:\(bridge.port)/two"))
    }
}
