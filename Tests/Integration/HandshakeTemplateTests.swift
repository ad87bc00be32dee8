// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Templates through the real binary: what a client brings goes to its own server, where the operator wrote so, and nowhere
/// else (R42, R72).
@Suite struct HandshakeTemplateTests {
    /// A bridge whose `/fixture` takes values of the handshake.
    private func bridge(
        _ behaviours: [String] = ["pidfile=@FOLDER@/pids"],
        arguments: [String] = [],
        env: String = #"{ TOKEN = "{{header:X-Token}}" }"#,
        server: String = "",
        auth: String = "",
        limits: String = ""
    ) throws -> BridgeProcess {
        let command = BridgeProcess.command(behaviours).dropLast() + arguments.map { ", '\($0)'" }.joined() + "]"
        let folder = try TemporaryFolder()
        try folder.write(GuardedBridge.ci, to: "ci")
        return try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [log]
                level = "trace"
                [limits]
                \(limits)
                \(auth)
                [servers.fixture]
                command = \(command)
                env = \(env)
                \(server)
                """,
            folder: folder
        )
    }

    private static let tokens = "[[auth.tokens]]\nname = \"ci\"\ntoken = { file = \"@FOLDER@/ci\" }"
    private static let bearer = "Authorization: Bearer \(GuardedBridge.ci)"

    private func connect(_ bridge: BridgeProcess, _ headers: String...) throws -> RawWebSocket {
        try RawWebSocket(port: bridge.port, path: "/fixture", headers: headers)
    }

    /// The variables of the server behind a connection.
    private func environment(_ socket: RawWebSocket) throws -> [String: String] {
        let entries = try #require(try socket.call("env").result?["env"] as? [String])
        return entries.reduce(into: [:]) { found, entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            found[String(parts[0])] = String(parts.last ?? "")
        }
    }

    private func arguments(_ socket: RawWebSocket) throws -> [String] {
        try #require(try socket.call("argv").result?["argv"] as? [String])
    }

    // MARK: Where values go

    @Test("R42, R72: two clients at once each have their own values, in environment and arguments of their own server")
    func own() throws {
        let bridge = try bridge(
            arguments: ["{{header:x-token}}", "--user={{principal}}", #"{{"{{"}}name}}"#],
            env: #"{ TOKEN = "Bearer {{header:X-Token}}", WHO = "{{principal}}@{{peer}}", "#
                + #"HOME = "/home/{{header:X-Home}}" }"#,
            auth: Self.tokens
        )
        let sockets = try ["one", "two"].map { name in
            try connect(bridge, Self.bearer, "X-TOKEN: \(name)-canary", "x-home: \(name)", "X-Other: other-canary")
        }
        for (socket, (mine, others)) in zip(sockets, [("one", "two"), ("two", "one")]) {
            let environment = try environment(socket)
            #expect(environment["TOKEN"] == "Bearer \(mine)-canary")
            #expect(environment["HOME"] == "/home/\(mine)")
            #expect(environment["WHO"]?.hasPrefix("ci@127.0.0.1:") == true)
            let arguments = try arguments(socket)
            #expect(arguments.suffix(3) == ["\(mine)-canary", "--user=ci", "{{name}}"])
            let pid = try socket.serverPid()
            for file in ["environ", "cmdline"] {
                let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(text.contains("\(mine)-canary"))
                #expect(!text.contains("\(others)-canary") && !text.contains("other-canary"))
                #expect(!text.contains(GuardedBridge.ci))
            }
        }
        // Nothing of it stays behind for who comes next.
        #expect(try bridge.handshake(headers: [Self.bearer]).status == 400)
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        #expect(bridge.everythingWritten.contains("connection began"))
        #expect(!bridge.everythingWritten.contains("canary"), "\(bridge.everythingWritten)")
    }

    /// Values that mean something to somebody else.
    private static let literal = [
        "{{claim:x}}", "{{header:X-Secret}}{{principal}}", "{{", "}}", #"{{"{{"}}"#, "$(id)", "`id`", "${HOME}",
        "; rm -rf /", "a && b", "%0d%0aX: y", "\\r\\n", "%s%n", "A=B", "'\"", "é\t😀", "../../etc/passwd", "x\u{200B}y",
    ]

    @Test("R72: what a client brings stays as it is: expanded once, and without a shell", arguments: literal)
    func literally(value: String) throws {
        let bridge = try bridge(arguments: ["{{header:X-Token}}"])
        let socket = try connect(bridge, "X-Token: \(value)", "X-Secret: canary")
        #expect(try environment(socket)["TOKEN"] == value)
        #expect(try arguments(socket).last == value)
    }

    // MARK: Refusals

    /// Fields of handshakes that cannot be used, and what the refusal says.
    private static let refused: [(headers: [String], words: String)] = [
        ([], "needs the header X-Token"),
        (["X-Toke: canary", "X-Token-: canary"], "needs the header X-Token"),
        (["X-Token: canary", "x-token: canary"], "more than one of the header X-Token"),
        (["X-Token: -canary"], "nothing that begins with a hyphen in the header X-Token"),
    ]

    @Test("R7, R72: a handshake without what the server needs is 400 with its name, starts nothing and keeps no place")
    func missing() throws {
        let bridge = try bridge(
            arguments: ["{{header:X-Token}}"],
            auth: Self.tokens,
            limits: "max_connections = 1\nmax_children = 1\nspawn_rate = 1"
        )
        for (headers, words) in Self.refused + Self.refused {
            let answer = try bridge.handshake(headers: headers + [Self.bearer])
            #expect(answer.status == 400)
            #expect(answer.json?["error"] as? String == "malformed_request")
            #expect((answer.json?["message"] as? String)?.contains(words) == true, "\(answer.body)")
            #expect(!(answer.head + answer.body).contains("canary"))
        }
        // Who may not come in does not learn what the server needs.
        let stranger = try bridge.handshake(headers: ["Authorization: Bearer \(GuardedBridge.wrong)"])
        #expect(stranger.status == 401 && !stranger.body.contains("X-Token"))
        #expect(bridge.folder.read("pids") == nil)
        let socket = try connect(bridge, Self.bearer, "X-Token: good-canary")
        #expect(try socket.call("count").contentText == "1")
        let refused = try bridge.waitLog("the refusal") { $0["status"] == "400" }
        #expect(refused["cause"] == "missing: the header X-Token")
        #expect(refused["server"] == "fixture")
        #expect(!bridge.everythingWritten.contains("canary"))
    }

    @Test(
        "R72: no line break, NUL or other control character comes through",
        arguments: ["a\0b", "a\rb", "a\u{1}b", "a\u{1B}[2Jb", "a\u{7F}b", "a\r\n folded", "a\r\n\tfolded"]
    )
    func controlCharacters(value: String) throws {
        let bridge = try bridge()
        #expect(try bridge.handshake(headers: ["X-Token: \(value)"]).status == 400)
        #expect(bridge.folder.read("pids") == nil)
        #expect(try environment(connect(bridge, "X-Token: good"))["TOKEN"] == "good")
    }

    @Test("R72: a line break makes another header of what follows, which nobody asked for")
    func smuggled() throws {
        let bridge = try bridge()
        let socket = try connect(bridge, "X-Token: a\r\nX-Evil: canary")
        #expect(try environment(socket)["TOKEN"] == "a")
        #expect(!(try socket.call("env").text.contains("canary")))
        #expect(try bridge.handshake(headers: ["X-Token: a\r\nX-Token: b"]).status == 400)
    }

    @Test("R39, R74: values too long to be handed on are refused before the start, which is held against no server")
    func tooLong() throws {
        let names = ["A", "B"]
        let bridge = try bridge(
            env: "{ " + names.map { "\($0) = \"{{header:X-Token}}\"" }.joined(separator: ", ") + " }"
        )
        let good = String(repeating: "x", count: 39 << 10)
        let bad = String(repeating: "x", count: 60 << 10)
        #expect(try environment(connect(bridge, "X-Token: \(good)"))["B"]?.count == good.count)
        for _ in 0..<3 {
            let answer = try bridge.handshake(headers: ["X-Token: \(bad)"])
            #expect(answer.status == 400 && answer.body.contains("as much as there is in the header X-Token"))
        }
        #expect(try environment(connect(bridge, "X-Token: \(good)"))["A"]?.count == good.count)
        #expect(bridge.folder.read("pids")?.split(separator: "\n").count == 2)
    }

    // MARK: Claims

    @Test("R72: claims of a signed token, and no others, go where a template names them")
    func claims() throws {
        let issuer = Issuer()
        let folder = try TemporaryFolder()
        let jwks = try folder.write(issuer.jwks, to: "jwks.json")
        let bridge = try bridge(
            env: #"{ TOKEN = "{{claim:https://x.example/up}}", LEVEL = "{{claim:level}}", ADMIN = "{{claim:admin}}", "#
                + #"WHO = "{{principal}}" }"#,
            auth: """
                \(Self.tokens)
                [auth.jwt]
                issuer = "https://id.example"
                audience = "https://bridge.example"
                jwks = "\(jwks)"
                """
        )
        let up = "https://x.example/up"
        let good = [
            up: #""up-canary {{header:X}}""#, "level": "1e3", "admin": "true", "other": #""other-canary""#,
        ]
        let socket = try connect(bridge, "Authorization: Bearer \(try issuer.token(good))")
        let environment = try environment(socket)
        #expect(environment["TOKEN"] == "up-canary {{header:X}}")
        #expect(environment["LEVEL"] == "1e3" && environment["ADMIN"] == "true" && environment["WHO"] == "alice")
        #expect(!(try socket.call("env").text.contains("other-canary")))
        let bad: [([String: String], String)] = [
            ([:], up), ([up: "null"], up), ([up: #"["a"]"#], up), ([up: #"{"a":1}"#], up), ([up: #""a\nb""#], up),
            ([up: #""a\u0000b""#], up), ([up: #""a""#, "level": "1"], "admin"),
        ]
        for (claims, name) in bad {
            let token = try issuer.token(claims)
            let answer = try bridge.handshake(headers: ["Authorization: Bearer \(token)"])
            #expect(answer.status == 400 && answer.body.contains("the claim \(name) of the token"), "\(answer.body)")
        }
        // A static token has no claims.
        #expect(try bridge.handshake(headers: [Self.bearer]).status == 400)
        #expect(bridge.folder.read("pids")?.split(separator: "\n").count == 1)
        #expect(!bridge.everythingWritten.contains("canary"))
    }

    // MARK: Secrets

    @Test("R73: what a client brings is redacted in the stderr of its server, in the log and in what clients are told")
    func stderr() throws {
        let bridge = try bridge(
            ["leaks-env=TOKEN", "dies-mid-call"],
            env: #"{ TOKEN = "{{header:Authorization}}", KEY = "{{header:X-Key}}" }"#,
            server: "expose_stderr = true"
        )
        let socket = try connect(bridge, "Authorization: Bearer auth-canary-1234", "X-Key: key-canary-1234")
        try socket.sendCall("x", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.stderr.contains("value: [redacted]"), "\(answer.text)")
        #expect(!answer.text.contains("canary"))
        #expect(try socket.receiveClose()?.reason.contains("canary") == false)
        try socket.finishClose()
        _ = try bridge.waitLog("the line of the server") { $0["stderr"]?.contains("value: [redacted]") == true }

        let other = try self.bridge(["pidfile=@FOLDER@/pids"], env: #"{ TOKEN = "{{header:Authorization}}" }"#)
        let words = try connect(other, "Authorization: Bearer auth-canary-1234", "X-Key: key-canary-1234")
        // Without its scheme, too.
        _ = try words.call("stderr", #"{"text":"token auth-canary-1234, bye"}"#)
        _ = try other.waitLog("the line of the server") { $0["stderr"] == "token [redacted], bye" }
        for bridge in [bridge, other] {
            #expect(try bridge.stop() == 0)
            try bridge.program.errors.waitEnd()
            #expect(!bridge.everythingWritten.contains("canary"), "\(bridge.everythingWritten)")
        }
    }

    // MARK: Servers behind a URL

    @Test("R72: every request to a server behind a URL carries what its client brought, and no more of the handshake")
    func everyRequest() throws {
        let server = try ScriptedMCPServer()
        server.once("tools/call") { _, reply in try reply.send(307, headers: [("Location", "/mcp")]) }
        let bridge = try server.bridge(
            #"headers = { X-Key = "k {{header:X-Upstream}}", X-Team = "agents", X-Peer = "{{peer}}" }"#
        )
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/docs",
            headers: ["x-upstream: one", "X-Key: canary", "Authorization: Bearer canary", "X-Team: canary"]
        )
        try socket.initialize()
        _ = try socket.call("echo")
        try server.wait(http: "GET")
        try socket.close()
        try server.wait(http: "DELETE")
        #expect(server.messages("tools/call").count == 2)
        for request in server.http.requests {
            #expect(request["x-key"] == "k one" && request["x-team"] == "agents", "\(request.summary)")
            #expect(request["x-peer"]?.hasPrefix("127.0.0.1:") == true)
            #expect(!request.headers.contains { $0.1.contains("canary") })
        }
    }

    @Test("R72: clients that share an event loop and its connections upstream never have each other's headers")
    func neverShared() throws {
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        let folder = try TemporaryFolder()
        let file = try folder.write("file", to: "key")
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                event_loops = 1
                [servers.docs]
                url = "\(server.url)"
                headers = { Authorization = "Bearer {{header:X-Upstream}}", X-File = { file = "\(file)" } }
                """,
            folder: folder
        )
        let sockets = try (0..<4).map { number in
            try RawWebSocket(port: bridge.port, path: "/docs", headers: ["X-Upstream: client-\(number)"])
        }
        for socket in sockets { try socket.initialize() }
        for round in 0..<3 {
            for (number, socket) in sockets.enumerated() {
                try socket.sendCall("echo", id: "\(100 + round)", #"{"text":"client-\#(number)"}"#)
            }
            for socket in sockets { _ = try socket.receive(id: 100 + round) }
        }
        let calls = server.messages("tools/call")
        #expect(calls.count == 12)
        for call in calls {
            let arguments = call.params?["arguments"] as? [String: Any]
            let client = try #require(arguments?["text"] as? String)
            #expect(call["authorization"] == "Bearer \(client)" && call["x-file"] == "file")
        }
        #expect(server.http.connectionCount < server.http.requests.count, "connections are used again")
        #expect(server.http.requests.allSatisfy { $0["authorization"]?.hasPrefix("Bearer client-") == true })
    }

    @Test("R7, R72: a value that no header can carry is 400, and nothing is dialled", arguments: ["é", "", "a\u{A0}b"])
    func badField(value: String) throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge(#"headers = { Authorization = "Bearer {{header:X-Upstream}}" }"#)
        let answer = try bridge.handshake("/docs", headers: ["X-Upstream: \(value)"])
        #expect(answer.status == 400 && answer.body.contains("visible ASCII only"))
        #expect(try bridge.handshake("/docs").status == 400)
        #expect(server.http.connectionCount == 0)
        #expect(try bridge.handshake("/docs", headers: ["X-Upstream: good"]).status == 101)
    }

    @Test("R73: a server behind a URL that repeats what it was sent does not bring it into the log")
    func repeated() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let marked = #""v":{"type":"object","x-mcp-header":"X"}"#
        let tools = ["client-canary", "own-canary"].map { ModernParameterTests.tool($0, marked) }
        server.setTools("[\(tools.joined(separator: ","))]")
        let headers = #"{ X-Key = "{{header:X-Key}}", Authorization = "Bearer own-canary" }"#
        let bridge = try server.bridge("headers = \(headers)")
        let socket = try RawWebSocket(port: bridge.port, path: "/docs", headers: ["X-Key: client-canary"])
        _ = try socket.modern("tools/list", id: 1)
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        #expect(bridge.program.errors.lines.count { LogRecord($0)?["tool"] == "[redacted]" } == 2)
        #expect(!bridge.everythingWritten.contains("canary"), "\(bridge.everythingWritten)")
    }

    // MARK: check

    @Test("R72: check shows what a server needs and warns of what it gives away; --probe says what is missing")
    func check() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [servers.a]
            command = \(BridgeProcess.command(["pidfile=\(folder.path)/pids"]))
            env = { TOKEN = "canary {{header:Authorization}}" }
            [servers.b]
            url = "https://x.example/mcp"
            headers = { X-Key = "{{header:X-Key}}{{peer}}" }
            """,
            to: "b.toml"
        )
        let plain = try BridgeProcess.run(["check", "--config", file])
        #expect(plain.status == 0)
        #expect(plain.output.contains("TOKEN (…{{header:Authorization}})"))
        #expect(plain.errors.contains("token passthrough"))
        let probe = try BridgeProcess.run(["check", "--config", file, "--probe"])
        #expect(probe.status == 0, "\(probe)")
        #expect(probe.output.contains("not probed: it needs what only a client brings: the header Authorization"))
        #expect(probe.output.contains("the header X-Key, an address of the client"))
        #expect(folder.read("pids") == nil)
        #expect(!(plain.output + plain.errors + probe.output + probe.errors).contains("canary"))
    }
}
