// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `[auth]` through the real binary: who gets in, who does not, and what either learns.
@Suite struct AuthenticationTests {
    // MARK: Carriers

    @Test("R2, R3, R8: each carrier of a right token opens a connection", arguments: GuardedBridge.carriers)
    func rightToken(carrier: GuardedBridge.Carrier) throws {
        let guarded = try GuardedBridge()
        let socket = try guarded.connect("/fixture", carrier)
        #expect(try socket.call("count").contentText == "1")
        let offered = carrier.testDescription == "subprotocol"
        #expect(socket.answer["Sec-WebSocket-Protocol"] == (offered ? "mcp" : nil))
        let began = try guarded.bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "token:ci")
    }

    @Test("R3, R7, R8: each carrier of a wrong token is 401, and starts nothing", arguments: GuardedBridge.carriers)
    func wrongToken(carrier: GuardedBridge.Carrier) throws {
        let guarded = try GuardedBridge()
        let right = GuardedBridge.ci
        for token in [GuardedBridge.wrong, right + "x", String(right.dropLast()), right.uppercased()] {
            let answer = try guarded.handshake("/fixture", carrier, token)
            #expect(answer.status == 401)
            #expect(answer.json?["error"] as? String == "credential_invalid")
            // The Bearer challenge alone, whatever the carrier was.
            #expect(answer["WWW-Authenticate"] == #"Bearer realm="mcp-wsbridge", error="invalid_token""#)
            #expect(answer["Sec-WebSocket-Protocol"] == nil)
        }
        #expect(try guarded.bridge.stop() == 0)
        #expect(guarded.bridge.folder.read("pids") == nil)
        let refused = try guarded.bridge.waitLog("the refusal") { $0.message == "handshake refused" }
        #expect(refused["reason"] == "credential_invalid")
        #expect(refused["fault"] == "unknown")
    }

    @Test("R3: without a credential there is a 401 that says how to present one")
    func noCredential() throws {
        let guarded = try GuardedBridge()
        let answer = try guarded.bridge.handshake()
        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"] == #"Bearer realm="mcp-wsbridge""#)
        #expect(answer.json?["error"] as? String == "credential_required")
        #expect((answer.json?["message"] as? String)?.contains("mcp.auth.TOKEN") == true)
        #expect(answer.body.split(separator: "\n").count == 1)
    }

    /// Handshakes whose credential is malformed.
    static let malformed: [[String]] = [
        ["Authorization: Bearer \(GuardedBridge.ci)", "Authorization: Bearer \(GuardedBridge.ci)"],
        ["Authorization: Bearer \(GuardedBridge.ci)", "Authorization: \(GuardedBridge.wrong)"],
        ["Authorization: Bearer \(GuardedBridge.ci)", "Sec-WebSocket-Protocol: mcp, mcp.auth.\(GuardedBridge.narrow)"],
        [GuardedBridge.basic("me:\(GuardedBridge.ci)"), "Sec-WebSocket-Protocol: mcp.auth.\(GuardedBridge.wrong)"],
        ["Sec-WebSocket-Protocol: mcp.auth.\(GuardedBridge.ci), mcp.auth.\(GuardedBridge.narrow)"],
        ["Authorization: Bearer \(GuardedBridge.ci) \(GuardedBridge.ci)"],
        ["Authorization: Bearer"],
        ["Authorization: Basic \(GuardedBridge.ci)"],
        ["Sec-WebSocket-Protocol: mcp, mcp.auth."],
    ]

    @Test("R3: carriers that disagree, a second Authorization header and malformed ones are 400", arguments: malformed)
    func malformedCredential(headers: [String]) throws {
        let guarded = try GuardedBridge()
        for path in ["/fixture", "/nowhere", "/open"] {
            let answer = try guarded.bridge.handshake(path, headers: headers)
            #expect(answer.status == 400)
            #expect(answer.json?["error"] as? String == "malformed_credential")
            #expect(!answer.body.contains("canary"))
        }
    }

    @Test("R2: the same token by two carriers is one credential")
    func twoCarriers() throws {
        let guarded = try GuardedBridge()
        let socket = try RawWebSocket(
            port: guarded.bridge.port,
            path: "/fixture",
            headers: [
                "Authorization: Bearer \(GuardedBridge.ci)",
                "Sec-WebSocket-Protocol: mcp.auth.\(GuardedBridge.ci), mcp",
            ]
        )
        #expect(socket.answer["Sec-WebSocket-Protocol"] == "mcp")
        #expect(try socket.call("count").contentText == "1")
    }

    @Test("R74: a token of a megabyte is refused, and the listener lives on", arguments: [20_000, 1 << 20])
    func enormousToken(size: Int) throws {
        let guarded = try GuardedBridge()
        let header = "Authorization: Bearer " + String(repeating: "x", count: size)
        let socket = try RawSocket(port: guarded.bridge.port)
        let bytes = Handshake(path: "/fixture", port: guarded.bridge.port, headers: [header]).bytes
        // The answer may come before all has been taken.
        _ = try? socket.sendSome(bytes, within: 2)
        #expect(try socket.receiveAnswer().status == 400)
        #expect(try guarded.connect("/fixture").call("count").contentText == "1")
    }

    @Test("R10: a token in the query counts only by opt-in")
    func queryToken() throws {
        let closed = try GuardedBridge()
        #expect(try closed.handshake("/fixture", GuardedBridge.query, GuardedBridge.ci).status == 401)
        let opened = try GuardedBridge(auth: "query_tokens = true")
        #expect(try opened.connect("/fixture", GuardedBridge.query).call("count").contentText == "1")
        #expect(try opened.handshake("/fixture", GuardedBridge.query, GuardedBridge.wrong).status == 401)
        let both = try opened.bridge.handshake(
            "/fixture?token=\(GuardedBridge.ci)",
            headers: ["Authorization: Bearer \(GuardedBridge.narrow)"]
        )
        #expect(both.status == 400)
    }

    // MARK: Paths and permissions

    @Test("R3: who has no credential cannot tell which paths exist; who has one can, and may use what it opens")
    func paths() throws {
        let guarded = try GuardedBridge()
        for token in [nil, GuardedBridge.wrong] {
            let headers = token.map { ["Authorization: Bearer \($0)"] } ?? []
            let answers = try ["/fixture", "/echo", "/nowhere", "/", "/open/x"].map {
                try guarded.bridge.handshake($0, headers: headers)
            }
            #expect(Set(answers.map { $0.head + $0.body }).count == 1)
            #expect(answers[0].status == 401)
        }
        let bearer = GuardedBridge.carriers[0]
        let forbidden = try guarded.handshake("/fixture", bearer, GuardedBridge.narrow)
        #expect(forbidden.status == 403)
        #expect(forbidden.json?["error"] as? String == "server_not_allowed")
        #expect(try guarded.handshake("/nowhere", bearer, GuardedBridge.narrow).status == 404)
        #expect(try guarded.handshake("/echo", bearer, GuardedBridge.narrow).status == 101)
        let refused = try guarded.bridge.waitLog("the refusal") { $0["reason"] == "server_not_allowed" }
        #expect(refused["principal"] == "token:narrow")
    }

    @Test("R3: host and origin are judged before the credential")
    func order() throws {
        let guarded = try GuardedBridge()
        let bearer = "Authorization: Bearer \(GuardedBridge.wrong)"
        #expect(try guarded.bridge.handshake(headers: [bearer, "Host: evil.example"]).status == 421)
        #expect(try guarded.bridge.handshake(headers: [bearer, "Origin: https://evil.example"]).status == 403)
        #expect(try guarded.bridge.handshake(headers: ["Origin: null"]).status == 403)
        #expect(try guarded.bridge.handshake("/nowhere", headers: [bearer]).status == 401)
    }

    @Test("R3: a server with auth = \"none\" is open beside those that ask, with whatever credential")
    func openServer() throws {
        let guarded = try GuardedBridge()
        for token in [nil, GuardedBridge.wrong, GuardedBridge.narrow] {
            let headers = token.map { ["Authorization: Bearer \($0)"] } ?? []
            let socket = try RawWebSocket(port: guarded.bridge.port, path: "/open", headers: headers)
            #expect(try socket.request("ping").result != nil)
        }
        let began = try guarded.bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "anonymous")
        #expect(try guarded.bridge.handshake("/fixture").status == 401)
    }

    @Test("R11: without [auth] nobody is asked, whatever they present")
    func withoutAuth() throws {
        let bridge = try BridgeProcess.fixture()
        for headers in [[], ["Authorization: x", "Authorization: y"], ["Sec-WebSocket-Protocol: mcp.auth."]] {
            #expect(try bridge.handshake("/fixture?token=x", headers: headers).status == 101)
        }
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == nil)
    }

    // MARK: Secrets

    @Test("R2, R10, R72, R73: a token is found in nothing that the bridge writes, answers or passes on")
    func canaries() throws {
        let guarded = try GuardedBridge(auth: "query_tokens = true", server: "expose_stderr = true")
        var answers: [HTTPAnswer] = []
        for carrier in GuardedBridge.carriers + [GuardedBridge.query] {
            let socket = try guarded.connect("/fixture", carrier)
            answers.append(socket.answer)
            for tool in ["env", "argv", "raw"] { #expect(!(try socket.call(tool).text.contains("canary"))) }
            let pid = try socket.serverPid()
            for file in ["environ", "cmdline"] {
                let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
                #expect(!bytes.isEmpty && !String(decoding: bytes, as: UTF8.self).contains("canary"))
            }
            // A frame that breaks the rules, a call that fails with the server: errors have nothing of it either.
            try socket.sendCall("exit", id: "1", #"{"n":3}"#)
            #expect(!(try socket.receiveMessage().text.contains("canary")))
            #expect(try socket.receiveClose()?.reason.contains("canary") == false)
            for token in [GuardedBridge.wrong, GuardedBridge.narrow, "canary!", ""] {
                for path in ["/fixture", "/nowhere"] {
                    answers.append(try guarded.handshake(path, carrier, token))
                }
            }
        }
        for headers in Self.malformed { answers.append(try guarded.bridge.handshake(headers: headers)) }
        answers.append(
            try guarded.bridge.handshake("/canary", headers: ["Authorization: Bearer x", "Host: evil.example"])
        )
        for answer in answers { #expect(!(answer.head + answer.body).contains("canary")) }
        #expect(answers.contains { $0.status == 403 } && answers.contains { $0.status == 401 })
        #expect(try guarded.bridge.stop() == 0)
        try guarded.bridge.program.errors.waitEnd()
        #expect(guarded.bridge.everythingWritten.contains("handshake refused"))
        #expect(!guarded.bridge.everythingWritten.contains("canary"))
    }

    @Test("R72: behind a URL, too, no token goes upstream")
    func upstream() throws {
        let server = try ScriptedMCPServer()
        let folder = try TemporaryFolder()
        try folder.write(GuardedBridge.ci, to: "ci")
        let bridge = try BridgeProcess.http(
            server.url,
            more: "[[auth.tokens]]\nname = \"ci\"\ntoken = { file = \"@FOLDER@/ci\" }",
            folder: folder
        )
        for carrier in GuardedBridge.carriers {
            let socket = try RawWebSocket(
                port: bridge.port,
                path: "/docs",
                headers: carrier.headers(GuardedBridge.ci)
            )
            try socket.initialize()
            _ = try socket.call("echo")
            try socket.close()
        }
        try server.wait(http: "DELETE")
        for request in server.http.requests {
            let headers = request.headers.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
            #expect(!(request.target + request.text + headers).contains("canary"))
        }
    }

    // MARK: Rotation

    /// Puts a file in the place of another at once, as secrets are replaced.
    private func replace(_ name: String, with text: String, in folder: TemporaryFolder) throws {
        let fresh = try folder.write(text, to: name + ".new")
        try #require(rename(fresh, folder.path + "/" + name) == 0)
    }

    @Test("R8: a token file that changes is read again, and connections stay")
    func rotation() throws {
        let guarded = try GuardedBridge()
        let bridge = guarded.bridge
        let bearer = GuardedBridge.carriers[0]
        let old = try guarded.connect("/fixture")
        #expect(try old.call("count").contentText == "1")
        try replace("ci", with: "rotated-canary-token-1\n", in: bridge.folder)
        try eventually("the new token") {
            try guarded.handshake("/echo", bearer, "rotated-canary-token-1").status == 101
        }
        #expect(try guarded.handshake("/echo", bearer, GuardedBridge.ci).status == 401)
        #expect(try guarded.handshake("/echo", bearer, GuardedBridge.narrow).status == 101)
        #expect(try old.call("count").contentText == "2")

        // A bad one, and none at all, leave the last good one in place, and the log says so.
        try replace("ci", with: "canary", in: bridge.folder)
        let bad = try bridge.waitLog("a word about the bad file") { $0.message.contains("goes on with the old ones") }
        #expect(bad["error"]?.contains("token `ci`") == true)
        try FileManager.default.removeItem(atPath: bridge.folder.path + "/ci")
        _ = try bridge.waitLog("a word about the missing file") { $0["error"]?.contains("no such file") == true }
        #expect(try guarded.handshake("/echo", bearer, "rotated-canary-token-1").status == 101)
        #expect(try old.call("count").contentText == "3")
        #expect(!bridge.everythingWritten.contains("canary"))
    }

    @Test("R8: SIGHUP has the tokens read again at once, and ends nothing")
    func hangUp() throws {
        let guarded = try GuardedBridge()
        let socket = try guarded.connect("/fixture")
        #expect(try socket.call("count").contentText == "1")
        guarded.bridge.program.signal(SIGHUP)
        let record = try guarded.bridge.waitLog("the second reading") { $0.message == "read the tokens again" }
        #expect(record.number("count") == 2)
        #expect(try socket.call("count").contentText == "2")
    }

    @Test("R8: tokens of no use at the start are mistakes of the configuration", arguments: ["serve", "check"])
    func badStart(command: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("short-canary", to: "token")
        let file = try folder.write(
            """
            [[auth.tokens]]
            name = "ci"
            token = { file = "\(folder.path)/token" }
            [servers.a]
            builtin = "echo"
            """,
            to: "bridge.toml"
        )
        let (status, output, errors) = try BridgeProcess.run([command, "--config", file])
        #expect(status == 78)
        #expect(errors.contains("bridge.toml:1:") && errors.contains("token `ci`"))
        #expect(!(output + errors).contains("canary"))
    }

    // MARK: token new

    @Test("R75: token new makes a token that nobody has, and lines that open the bridge to it")
    func newToken() throws {
        var tokens: Set<String> = []
        for name in ["client", "ops@example.org"] {
            let arguments = ["token", "new"] + (name == "client" ? [] : ["--name", name])
            let (status, output, errors) = try BridgeProcess.run(arguments)
            #expect(status == 0 && errors.isEmpty)
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
            let token = String(lines.first ?? "")
            #expect(token.wholeMatch(of: /mwb_[A-Za-z0-9_-]{43}/) != nil)
            tokens.insert(token)
            let toml = lines.drop { !$0.hasPrefix("[[") }.joined(separator: "\n")
            #expect(!toml.contains(token))
            let bridge = try BridgeProcess(
                configuration: "[listen]\naddress = \"127.0.0.1:0\"\n[servers.a]\nbuiltin = \"echo\"\n" + toml
            )
            for carrier in GuardedBridge.carriers {
                let answer = try bridge.handshake("/a", headers: carrier.headers(token))
                #expect(answer.status == 101)
            }
            #expect(try bridge.handshake("/a").status == 401)
            let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
            #expect(began["principal"] == "token:\(name)")
        }
        #expect(tokens.count == 2)
        #expect(try BridgeProcess.run(["token", "new", "--name", "a b"]).status == 64)
    }
}

/// `[auth.unix]` through the real binary.
@Suite struct UnixPeerTests {
    private func bridge(_ unix: String) throws -> BridgeProcess {
        let folder = try TemporaryFolder()
        try folder.write(GuardedBridge.ci, to: "ci")
        return try BridgeProcess(
            configuration: """
                [listen]
                address = "unix:@FOLDER@/s"
                [[auth.tokens]]
                name = "ci"
                token = { file = "@FOLDER@/ci" }
                [auth.unix]
                \(unix)
                [servers.a]
                builtin = "echo"
                """,
            folder: folder
        )
    }

    private func connect(_ bridge: BridgeProcess, _ headers: [String] = []) throws -> RawWebSocket {
        try RawWebSocket(socket: RawSocket(path: bridge.folder.path + "/s"), path: "/a", headers: headers)
    }

    private func status(_ bridge: BridgeProcess, _ headers: [String] = []) throws -> Int {
        let socket = try RawSocket(path: bridge.folder.path + "/s")
        try socket.send(Handshake(path: "/a", port: 0, headers: headers).bytes)
        return try socket.receiveAnswer().status
    }

    @Test(
        "R8: a process is let in by its user or group, which the kernel tells",
        arguments: ["allow_uids = [\(getuid())]", "allow_uids = [4242]\nallow_gids = [\(getgid())]"]
    )
    func allowed(unix: String) throws {
        let bridge = try bridge(unix)
        #expect(try connect(bridge).request("ping").result != nil)
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "unix:\(getuid())")
        // A wrong token is not made good by that.
        #expect(try status(bridge, ["Authorization: Bearer \(GuardedBridge.wrong)"]) == 401)
    }

    @Test("R8: another user's process is refused without a token, and let in with one")
    func refused() throws {
        let bridge = try bridge("allow_uids = [4242]\nallow_gids = [4242]")
        #expect(try status(bridge) == 401)
        #expect(try connect(bridge, ["Authorization: Bearer \(GuardedBridge.ci)"]).request("ping").result != nil)
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "token:ci")
    }
}
