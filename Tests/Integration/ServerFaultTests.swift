// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Servers that end or misbehave (R35, R38–R41, R45).
@Suite struct ServerFaultTests {
    @Test(
        "R35, R38, R21: a server that dies in the middle of a call: every request answered with how, then the close",
        arguments: [
            ("dies-mid-call", "exit_status", 42, 1001), ("dies-mid-call=0", "exit_status", 0, 1000),
            ("dies-mid-call=signal:9", "signal", 9, 1001), ("dies-mid-call=signal:11", "signal", 11, 1001),
        ] as [(String, String, Int, UInt16)]
    )
    func diesMidCall(behaviour: String, key: String, value: Int, code: UInt16) throws {
        let bridge = try BridgeProcess.fixture(behaviour)
        let other = try bridge.connect()
        let socket = try bridge.connect()
        #expect(try other.request("ping").result != nil)
        // Three in flight in one write: the first kills the server.
        var burst: [UInt8] = []
        for id in ["1", "\"two\"", "3"] { burst += RawWebSocket.frame(Array(RawWebSocket.callText("x", id: id).utf8)) }
        try socket.socket.send(burst)
        var ids: Set<String> = []
        for _ in 0..<3 {
            let answer = try socket.receiveMessage()
            ids.insert("\(answer.id ?? "none")")
            #expect(answer.isBridgeError, "R31: \(answer.text)")
            #expect(answer.errorData?[key] as? Int == value, "\(answer.text)")
            #expect(answer.errorData?["connection"] is String)
            #expect(answer.errorData?["stderr"] == nil, "R38: hidden by default")
        }
        #expect(ids == ["1", "two", "3"])
        #expect(try socket.receiveClose()?.code == code)
        try socket.finishClose()
        #expect(try other.request("ping").result != nil, "other connections notice nothing")
        try bridge.waitChildren(1)
    }

    @Test("R35: a thousand requests in flight are answered when the server dies")
    func manyInFlight() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        var burst: [UInt8] = []
        for id in 1...1000 { burst += RawWebSocket.frame(Array(RawWebSocket.callText("hold", id: "\(id)").utf8)) }
        burst += RawWebSocket.frame(Array(RawWebSocket.callText("kill-self", id: "0", #"{"n":9}"#).utf8))
        try socket.socket.send(burst)
        var ids: Set<Int> = []
        for _ in 0...1000 {
            let answer = try socket.receiveMessage()
            #expect(answer.isBridgeError)
            ids.insert(answer.id as? Int ?? -1)
        }
        #expect(ids == Set(0...1000))
        #expect(try socket.receiveClose()?.code == 1001)
    }

    @Test("R38: with expose_stderr the error carries the last lines of stderr")
    func exposesStderr() throws {
        let bridge = try BridgeProcess.fixture("dies-mid-call", server: "expose_stderr = true")
        let socket = try bridge.connect()
        try socket.sendCall("x", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.stderr.contains("dying in the middle of a call"))
    }

    @Test("R38: a child that dies before the first message has that message answered with the reason")
    func exitsAtOnce() throws {
        let bridge = try BridgeProcess.fixture("exits-at-once", server: "expose_stderr = true")
        let socket = try bridge.connect()
        try? socket.send(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#)
        let answer = try socket.receiveMessage()
        #expect(answer.id as? Int == 1)
        #expect(answer.isBridgeError)
        #expect(answer.errorData?["exit_status"] as? Int == 44)
        #expect(answer.stderr.contains("the widget is missing"))
        #expect(try socket.receiveClose()?.code == 1001)
    }

    @Test("R38: a child that dies of its first message has it answered")
    func diesBeforeFirstAnswer() throws {
        let bridge = try BridgeProcess.fixture("dies-before-first-answer")
        let socket = try bridge.connect()
        try socket.sendCall("x", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.isBridgeError)
        #expect(answer.errorData?["exit_status"] as? Int == 43)
        #expect(try socket.receiveClose()?.code == 1001)
    }

    @Test("R38, R40: what a server wrote before its end is delivered, its last line also without a newline")
    func lastLine() throws {
        let bridge = try BridgeProcess.fixture("line-without-newline-at-exit")
        let socket = try bridge.connect()
        try socket.sendCall("x", id: "1")
        #expect(try socket.receiveText() == #"{"jsonrpc":"2.0","id":1,"result":{"content":[],"last":true}}"#)
        #expect(try socket.receiveClose()?.code == 1000)
    }

    @Test("R38: a large answer that was written before the end is read to its end")
    func bigLastAnswer() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("line", id: "1", #"{"n":900000}"#)
        try socket.sendCall("exit", id: "2", #"{"n":3}"#)
        #expect(try socket.receiveText()?.utf8.count == 900_000)
        let answer = try socket.receiveMessage()
        #expect(answer.id as? Int == 2)
        #expect(answer.errorData?["exit_status"] as? Int == 3)
    }

    @Test("R45, R21: closing stdout without exiting ends the connection with 1000, and the child")
    func closesStdout() throws {
        let bridge = try BridgeProcess.fixture("closes-stdout")
        let socket = try bridge.connect()
        try socket.sendCall("x", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.id as? Int == 1)
        #expect(answer.isBridgeError)
        #expect(answer.cause == "server_closed_stdout")
        #expect(try socket.receiveClose()?.code == 1000)
        try bridge.waitChildren(0)
    }

    @Test("R40: blank and non-JSON lines, a BOM and CRLF are tolerated, skipped lines counted and logged")
    func junk() throws {
        let bridge = try BridgeProcess.fixture("prints-junk")
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        try socket.close()
        let record = try bridge.waitConnectionEnded()
        #expect(try #require(record.number("skipped")) >= 4, "\(record.fields)")
        #expect(!bridge.everythingWritten.contains("unclosed"), "R73: payloads are not logged")
    }

    @Test("R40: UTF-8 split across reads arrives whole")
    func splitUTF8() throws {
        let bridge = try BridgeProcess.fixture("split-utf8")
        let socket = try bridge.connect()
        let text = "é😀ä–\u{2028}𝄞"
        let echo = try socket.call("echo", #"{"text":"\#(text)"}"#).result?["echo"] as? [String: Any]
        #expect(echo?["text"] as? String == text)
    }

    @Test("R40: a line over max_line is an error for its request, max_line itself passes")
    func lineLimit() throws {
        let bridge = try BridgeProcess.fixture(limits: #"max_line = "64KiB""#)
        let socket = try bridge.connect()
        try socket.sendCall("line", id: "1", #"{"n":65536}"#)
        #expect(try socket.receiveText()?.utf8.count == 65_536)
        try socket.sendCall("line", id: "2", #"{"n":65537}"#)
        let answer = try socket.receiveMessage()
        #expect(answer.id as? Int == 2)
        #expect(answer.isBridgeError)
        #expect(try socket.call("count").contentText == "3", "the connection goes on")
    }

    @Test("R40: a 64 MiB line is refused by default without taking the memory, and passes where it is allowed")
    func hugeLine() throws {
        let size = 64 << 20
        let bridge = try BridgeProcess.fixture(
            "line-of=\(size)",
            more: """
                [servers.large]
                command = \(BridgeProcess.command(["line-of=\(size)"]))
                [servers.large.limits]
                max_line = "64MiB"
                """
        )
        let small = try bridge.connect()
        try small.sendCall("x", id: "1")
        #expect(try small.receiveMessage(within: 60).isBridgeError)
        let peak = try ProcessTable.kibibytes(of: bridge.pid, "VmHWM")
        #expect(peak < 100_000, "KiB; 16 MiB of the line may be held, 64 not")
        let large = try bridge.connect("/large")
        try large.sendCall("x", id: "1")
        #expect(try large.receiveText(within: 60)?.utf8.count == size)
    }

    @Test(
        "R41: stderr is drained however much and however long its lines, and goes to the log with the connection's id",
        arguments: ["floods-stderr", "endless-stderr-line", "floods-stderr=8000000"]
    )
    func stderrFlood(behaviour: String) throws {
        let bridge = try BridgeProcess.fixture(behaviour, "stderr=the-first-line")
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let record = try bridge.waitLog("the first line of stderr") { record in
            record.fields.values.contains { $0.contains("the-first-line") }
        }
        #expect(record.fields.keys.contains { $0.contains("connection") }, "\(record.fields)")
        try socket.close()
        _ = try bridge.waitConnectionEnded()
        #expect(bridge.everythingWritten.utf8.count < 1_000_000, "rate-limited")
    }

    @Test("R38, R42, R73: a secret of the configuration never shows: not in the log, not in an error")
    func secrets() throws {
        let folder = try TemporaryFolder()
        let canary = "s3cr3t-canary-51b2"
        try folder.write(canary + "\n", to: "token")
        let bridge = try BridgeProcess.fixture(
            "leaks-env=TOKEN",
            "dies-mid-call",
            server: """
                env = { TOKEN = { file = "@FOLDER@/token" } }
                expose_stderr = true
                """,
            folder: folder
        )
        let socket = try bridge.connect()
        try socket.sendCall("x", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.stderr.contains("value: "), "\(answer.text)")
        #expect(!answer.text.contains(canary))
        _ = try socket.receiveClose()
        try socket.finishClose()
        _ = try bridge.waitConnectionEnded()
        #expect(!bridge.everythingWritten.contains(canary))
        let check = try BridgeProcess.run(["check", "--config", folder.path + "/bridge.toml"])
        #expect(check.status == 0)
        #expect(!(check.output + check.errors).contains(canary))
    }

    @Test(
        "R42: the secret does reach the server, its trailing newline stripped, and so do env and inherit_env; no more"
    )
    func environment() throws {
        let folder = try TemporaryFolder()
        try folder.write("from-file\n", to: "token")
        let bridge = try BridgeProcess.fixture(
            server: """
                env = { TOKEN = { file = "@FOLDER@/token" }, PLAIN = "text", COPY = { env = "OUTER" }, TZ = "Asia/Tokyo" }
                inherit_env = ["WANTED"]
                cwd = "@FOLDER@"
                """,
            environment: [
                "OUTER": "outer", "WANTED": "yes", "UNWANTED": "no", "HOME": "/home/x", "PATH": "/usr/bin:/bin",
                "LANG": "C", "TZ": "UTC", "TMPDIR": NSTemporaryDirectory(), "LD_X": "no",
            ],
            folder: folder
        )
        let socket = try bridge.connect()
        let entries = try #require(try socket.call("env").result?["env"] as? [String])
        var environment: [String: String] = [:]
        for entry in entries {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            environment[String(parts[0])] = String(parts.last ?? "")
        }
        #expect(environment["TOKEN"] == "from-file")
        #expect(environment["PLAIN"] == "text")
        #expect(environment["COPY"] == "outer")
        #expect(environment["TZ"] == "Asia/Tokyo")
        #expect(environment["WANTED"] == "yes")
        #expect(environment["HOME"] == "/home/x")
        #expect(environment["UNWANTED"] == nil && environment["OUTER"] == nil && environment["LD_X"] == nil)
        // Beyond these only the mark by which the bridge finds what the server leaves behind.
        let known: Set = [
            "TOKEN", "PLAIN", "COPY", "TZ", "WANTED", "HOME", "PATH", "LANG", "TMPDIR", "LOGNAME", "SHELL", "TERM",
            "USER",
        ]
        #expect(Set(environment.keys).subtracting(known).count <= 1, "\(environment.keys)")
        let cwd = try #require(try socket.call("cwd").result?["cwd"] as? String)
        #expect(
            URL(fileURLWithPath: cwd).resolvingSymlinksInPath()
                == URL(fileURLWithPath: folder.path).resolvingSymlinksInPath()
        )
    }

    @Test("R42: no descriptor but the three leaks into a child, and it has the descriptor limit of before")
    func descriptors() throws {
        let bridge = try BridgeProcess.fixture(prefix: ["prlimit", "--nofile=300:4000"])
        let sockets = try (0..<10).map { _ in try bridge.connect() }
        for socket in sockets { #expect(try socket.call("fds").result?["fds"] as? [Int] == [0, 1, 2]) }
        let limits = try #require(try sockets[0].call("limits").result?["limits"] as? String)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
        #expect(line.split(separator: " ").compactMap { Int($0) } == [300, 4000])
    }
}
