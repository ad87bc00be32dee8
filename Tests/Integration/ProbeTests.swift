// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `check --probe`: each server is started or dialled, and says who it is.
@Suite struct ProbeTests {
    private let folder: TemporaryFolder

    init() throws {
        self.folder = try TemporaryFolder()
    }

    @Test("R33: check --probe finds servers of both eras, and says what they are")
    func bothEras() throws {
        let run = try self.probe(
            self.server("demo", "command = ['\(BridgeProcess.executable)', 'demo-server']"),
            self.server("old", "command = \(BridgeProcess.command([]))")
        )
        #expect(run.status == 0, "\(run)")
        #expect(self.firstWords(run.output) == ["NAME", "demo", "old"])
        let lines = run.output.split(separator: "\n").map { self.words(String($0)) }
        try #require(lines.count == 3)
        #expect(Array(lines[1].dropFirst().prefix(4)) == ["mcp-wsbridge-demo", "1.0.0", "2026-07-28", "stdio"])
        #expect(Array(lines[2].dropFirst().prefix(4)) == ["fixture", "1", "2025-11-25", "stdio"])
    }

    @Test("check --probe --json is one document with the names of the tools")
    func json() throws {
        let run = try self.probe(
            self.server("demo", "command = ['\(BridgeProcess.executable)', 'demo-server']"),
            self.server("gone", "command = ['/nonexistent/program']"),
            self.server("raw", "command = ['cat']\nprotocol = 'lines'"),
            options: ["--json"]
        )
        #expect(run.status == 1)
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        let servers = try #require(document?["servers"] as? [[String: Any]])
        try #require(servers.map { $0["name"] as? String } == ["demo", "gone", "raw"])
        #expect(servers.map { $0["status"] as? String } == ["ok", "failed", "skipped"])
        #expect((servers[0]["tools"] as? [String])?.contains("echo") == true)
        #expect(servers[0]["tool_count"] as? Int == (servers[0]["tools"] as? [String])?.count)
        #expect(servers[0]["transport"] as? String == "stdio")
        #expect((servers[0]["time_ms"] as? Int).map { $0 > 0 } == true)
        #expect((servers[1]["error"] as? String)?.contains("no such program: /nonexistent/program") == true)
    }

    @Test("R38: a server that ends says why, in one line")
    func ends() throws {
        let run = try self.probe(
            self.server("dead", "command = \(BridgeProcess.command(["exits-at-once"]))"),
            self.server("deaf", "command = \(BridgeProcess.command(["dies-before-first-answer"]))")
        )
        #expect(run.status == 1)
        let lines = run.output.split(separator: "\n")
        try #require(lines.count == 3, "\(run)")
        #expect(lines[1].contains("exit status 44") && lines[1].contains("the widget is missing"), "\(lines)")
        #expect(lines[2].contains("exit status 43"), "\(lines)")
    }

    @Test("R37: a server that never answers is given up, and ended by force where it must be")
    func neverAnswers() throws {
        let behaviours = ["never-reads", "ignores-eof-and-term", "pidfile=\(self.folder.path)/pids"]
        let run = try self.probe(
            self.server(
                "mute",
                """
                command = \(BridgeProcess.command(behaviours))
                stop = { stdin_grace = "50ms", term_grace = "50ms" }
                """
            ),
            options: ["--timeout", "900ms"]
        )
        #expect(run.status == 1)
        #expect(run.output.contains("no answer to initialize within 900ms"), "\(run)")
        // The one that was asked for 2026-07-28, and a fresh one.
        let pids = try self.folder.waitPids("pids", count: 2)
        #expect(pids.count == 2)
        #expect(pids.allSatisfy { !ProcessTable.exists($0) })
    }

    @Test("R44: SIGINT ends the probes and what they started", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: CInt) throws {
        let behaviours = ["never-reads", "pidfile=\(self.folder.path)/pids"]
        // More than are probed at once: the last of them are not even started.
        let file = try self.configuration(
            (0..<6).map { self.server("mute\($0)", "command = \(BridgeProcess.command(behaviours))") }
        )
        let program = try RunningProgram([
            BridgeProcess.executable, "check", "--config", file, "--probe", "--timeout", "10m",
        ])
        let pids = try self.folder.waitPids("pids")
        program.signal(signal)
        #expect(try program.wait() == 1)
        try program.output.waitEnd()
        #expect(program.output.lines.count { $0.contains("interrupted") } == 6, "\(program.output.lines)")
        #expect(pids.allSatisfy { !ProcessTable.exists($0) })
    }

    @Test("R73: what a server says of itself is shown without secrets")
    func secrets() throws {
        let canary = "s3cr3t-canary-77aa"
        try self.folder.write(canary + "\n", to: "token")
        let run = try self.probe(
            self.server(
                "leaky",
                """
                command = \(BridgeProcess.command(["leaks-env=TOKEN", "dies-before-first-answer"]))
                env = { TOKEN = { file = "\(self.folder.path)/token" } }
                """
            )
        )
        #expect(run.status == 1)
        #expect(run.output.contains("value: [redacted]"), "\(run)")
        #expect(!(run.output + run.errors).contains(canary))
    }

    @Test("R40: what is no message is passed over")
    func junk() throws {
        let run = try self.probe(self.server("junk", "command = \(BridgeProcess.command(["prints-junk"]))"))
        #expect(run.status == 0, "\(run)")
        #expect(run.output.contains("fixture 1"))
    }

    @Test("a port where nobody listens, one where nobody answers, and one where no MCP is")
    func unreachable() throws {
        let nobody = try LoopbackPort(listens: false)
        let silent = try LoopbackPort(listens: true)
        let bridge = try BridgeProcess.fixture()
        let run = try self.probe(
            self.server("nobody", "url = 'http://127.0.0.1:\(nobody.number)/mcp'"),
            self.server("silent", "url = 'http://127.0.0.1:\(silent.number)/mcp'"),
            self.server("other", "url = 'http://127.0.0.1:\(bridge.port)/fixture'"),
            options: ["--timeout", "1s"]
        )
        #expect(run.status == 1)
        let lines = run.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 4, "\(run)")
        #expect(lines[1].contains("connection refused"), "\(run)")
        #expect(lines[2].contains("no answer to initialize within 1s"), "\(run)")
        #expect(lines[3].contains("HTTP status 426"), "\(run)")
    }

    @Test("R65: each transport of HTTP is found, or taken as configured")
    func transports() throws {
        let demo = try RunningProgram([BridgeProcess.executable, "demo-server", "--http", "127.0.0.1:0"])
        let greeting = try #require(try demo.output.wait(for: "the address of the demo") { $0.contains("http://") })
        let origin = try #require(greeting.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)).output
        let run = try self.probe(
            self.server("found", "url = '\(origin)/mcp'"),
            self.server("found-sse", "url = '\(origin)/sse'"),
            self.server("streamable", "url = '\(origin)/mcp'\ntransport = 'streamable-http'"),
            self.server("sse", "url = '\(origin)/sse'\ntransport = 'sse'"),
            options: ["--json"]
        )
        #expect(run.status == 0, "\(run)")
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        let servers = try #require(document?["servers"] as? [[String: Any]])
        let transports = servers.map { $0["transport"] as? String }
        #expect(transports == ["Streamable HTTP", "HTTP+SSE", "Streamable HTTP", "HTTP+SSE"])
        #expect(servers.allSatisfy { ($0["tools"] as? [String])?.contains("echo") == true })
        #expect(servers.first?["revision"] as? String == "2026-07-28")
        demo.signal(SIGTERM)
        #expect(try demo.wait() == 0)
    }

    @Test("R54, R73: a refused credential is named by its status, and no error shows it")
    func credentials() throws {
        let canary = "s3cr3t-canary-90cc"
        try self.folder.write(canary + "\n", to: "token")
        let headers = "headers = { Authorization = { file = '\(self.folder.path)/token', prefix = 'Bearer ' } }"
        let error = #"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"not with \#(canary)"}}"#
        let refusing = try LoopbackPort(answering: "401 Unauthorized", "who is \(canary)?")
        let telling = try LoopbackPort(answering: "500 Internal Server Error", error)
        let run = try self.probe(
            self.server("refusing", "url = 'http://127.0.0.1:\(refusing.number)/mcp'\n\(headers)"),
            self.server("telling", "url = 'http://127.0.0.1:\(telling.number)/mcp'\n\(headers)")
        )
        #expect(run.status == 1)
        let lines = run.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(run)")
        #expect(lines[1].contains("HTTP status 401"), "\(run)")
        #expect(lines[2].contains("error -1: not with [redacted]"), "\(run)")
        #expect(!(run.output + run.errors).contains(canary))
    }

    @Test("more servers than are probed at once are all probed, in their order")
    func many() throws {
        let names = (0..<9).map { "s\($0)" }
        let run = try self.probe(
            names.map { self.server($0, "command = \(BridgeProcess.command([]))") },
            options: []
        )
        #expect(run.status == 0, "\(run)")
        #expect(self.firstWords(run.output) == ["NAME"] + names)
    }

    @Test(
        "--json and --timeout go with --probe, and the time is one",
        arguments: [
            ["--json"], ["--timeout", "5s"], ["--probe", "--timeout", "5"], ["--probe", "--timeout", "0s"],
            ["--probe", "--timeout", "25h"],
        ]
    )
    func usage(options: [String]) throws {
        let file = try self.configuration([self.server("a", "command = ['cat']")])
        #expect(try BridgeProcess.run(["check", "--config", file] + options).status == 64)
    }

    @Test("errors of the configuration end with 78, and nothing is started")
    func configurationErrors() throws {
        let behaviours = ["pidfile=\(self.folder.path)/pids"]
        let run = try self.probe(
            self.server("good", "command = \(BridgeProcess.command(behaviours))"),
            self.server("bad", "comand = ['cat']")
        )
        #expect(run.status == 78)
        #expect(run.output.isEmpty)
        #expect(self.folder.read("pids") == nil)
    }

    // MARK: Output

    private func words(_ line: String) -> [String] { line.split(separator: " ").map { String($0) } }

    private func firstWords(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { self.words(String($0)).first }
    }

    // MARK: Configurations

    private func server(_ name: String, _ lines: String) -> String { "[servers.\(name)]\n\(lines)\n" }

    private func configuration(_ servers: [String]) throws -> String {
        let text = "[listen]\naddress = \"127.0.0.1:0\"\n" + servers.joined()
        return try self.folder.write(text, to: "bridge.toml")
    }

    private func probe(
        _ servers: String...,
        options: [String] = []
    ) throws -> (status: CInt, output: String, errors: String) {
        try self.probe(servers, options: options)
    }

    private func probe(
        _ servers: [String],
        options: [String]
    ) throws -> (status: CInt, output: String, errors: String) {
        try BridgeProcess.run(["check", "--config", self.configuration(servers), "--probe"] + options)
    }
}

/// A port of 127.0.0.1 that nobody else gets: closed, open with nobody who accepts, or with one answer to everything.
private final class LoopbackPort {
    let number: UInt16
    private let descriptor: CInt
    /// A thread accepts, and closes the descriptor at the end.
    private var isServed = false

    init(listens: Bool) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, length) == 0, !listens || listen(descriptor, 8) == 0 else {
                    return CInt(-1)
                }
                return getsockname(descriptor, pointer, &length)
            }
        }
        number = UInt16(bigEndian: address.sin_port)
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
    }

    convenience init(answering status: String, _ body: String) throws {
        try self.init(listens: true)
        let answer =
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)"
        let descriptor = self.descriptor
        Thread.detachNewThread {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                if read(client, &chunk, chunk.count) > 0 {
                    let bytes = Array(answer.utf8)
                    _ = send(client, bytes, bytes.count, CInt(MSG_NOSIGNAL))
                    shutdown(client, CInt(SHUT_WR))
                    while read(client, &chunk, chunk.count) > 0 {}
                }
                close(client)
            }
            close(descriptor)
        }
        isServed = true
    }

    deinit {
        if isServed {
            // Wakes the one who accepts.
            shutdown(descriptor, CInt(SHUT_RDWR))
        } else {
            close(descriptor)
        }
    }
}
