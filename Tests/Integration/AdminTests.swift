// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The admin address: health, readiness, metrics, connections, and what operators order there.
@Suite struct AdminTests {
    private static let token = "mwt_operator-0123456789abcdef"

    /// A bridge with two event loops and its admin address at a Unix socket.
    private final class Administered {
        let bridge: BridgeProcess
        private var path: String { bridge.folder.path + "/admin.sock" }

        init(
            server: String = "",
            admin: String = "",
            more: String = "",
            drain: String = ""
        ) throws {
            bridge = try BridgeProcess.fixture(
                server: server,
                listen: "event_loops = 2",
                drain: drain,
                more: """
                    \(more)
                    [admin]
                    address = "unix:@FOLDER@/admin.sock"
                    \(admin)
                    """
            )
        }

        func ask(_ path: String, method: String = "GET", headers: [String] = []) throws -> HTTPAnswer {
            try AdminTests.ask(RawSocket(path: self.path), path, method: method, headers: headers)
        }

        /// The samples of a scrape, by name and labels.
        func metrics() throws -> [String: Double] {
            var samples: [String: Double] = [:]
            for line in try ask("/metrics").body.split(separator: "\n") where !line.hasPrefix("#") {
                guard let space = line.lastIndex(of: " ") else { continue }
                samples[String(line[..<space])] = Double(line[line.index(after: space)...])
            }
            return samples
        }
    }

    private static func ask(
        _ socket: RawSocket,
        _ path: String,
        method: String = "GET",
        headers: [String] = []
    ) throws -> HTTPAnswer {
        let host = headers.contains { $0.hasPrefix("Host:") } ? [] : ["Host: localhost"]
        let lines = ["\(method) \(path) HTTP/1.1"] + host + headers + ["", ""]
        try socket.send(Array(lines.joined(separator: "\r\n").utf8))
        return try socket.receiveAnswer()
    }

    @Test("Admin: health and readiness say ok while all is well, and not ready once the bridge drains")
    func health() throws {
        let admin = try Administered()
        let busy = try admin.bridge.connect()
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        #expect(try admin.ask("/healthz").status == 200)
        let ready = try admin.ask("/readyz")
        #expect(ready.status == 200 && ready.json?["status"] as? String == "ready")
        admin.bridge.program.signal(SIGTERM)
        #expect(try admin.bridge.program.errors.wait(for: "the drain") { $0.contains("draining") } != nil)
        let draining = try admin.ask("/readyz")
        #expect(draining.status == 503 && draining.json?["reasons"] as? [String] == ["the bridge drains"])
        #expect(try admin.ask("/healthz").status == 200)
        try busy.sendCall("release", id: "2")
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try admin.bridge.program.wait() == 0)
        #expect(!FileManager.default.fileExists(atPath: admin.bridge.folder.path + "/admin.sock"))
    }

    @Test("Metrics: connections, requests by method and outcome, messages, closes, refusals and starts are counted")
    func metrics() throws {
        let admin = try Administered()
        let first = try admin.bridge.connect()
        for _ in 0..<3 { #expect(try first.call("count").contentText != nil) }
        try first.sendCall("hold", id: "\"held\"")
        #expect(try first.request("ping").result != nil)
        #expect(throws: HandshakeRefused.self) { try RawWebSocket(port: admin.bridge.port, path: "/nothing") }
        var samples = try admin.metrics()
        #expect(samples[#"mcp_wsbridge_connections{server="fixture",state="open"}"#] == 1)
        #expect(samples[#"mcp_wsbridge_requests_in_flight{server="fixture"}"#] == 1)
        #expect(samples[#"mcp_wsbridge_requests_total{server="fixture",method="tools/call",outcome="ok"}"#] == 3)
        #expect(samples[#"mcp_wsbridge_requests_total{server="fixture",method="ping",outcome="ok"}"#] == 1)
        #expect(samples[#"mcp_wsbridge_request_duration_seconds_count{server="fixture",method="tools/call"}"#] == 3)
        #expect(samples[#"mcp_wsbridge_messages_total{server="fixture",towards="server"}"#] == 5)
        #expect(samples[#"mcp_wsbridge_handshakes_refused_total{reason="no_such_path"}"#] == 1)
        #expect(samples[#"mcp_wsbridge_children_started_total{server="fixture"}"#] == 1)
        #expect(samples["mcp_wsbridge_children"] == 1)
        #expect(try #require(samples["process_open_fds"]) > 5)
        try first.sendClose(1000)
        try first.finishClose()
        // What a connection has counted is not lost with it, and not counted twice.
        samples = try admin.metrics()
        #expect(samples[#"mcp_wsbridge_connections{server="fixture",state="open"}"#] == 0)
        #expect(samples[#"mcp_wsbridge_messages_total{server="fixture",towards="server"}"#] == 5)
        #expect(samples[#"mcp_wsbridge_requests_total{server="fixture",method="tools/call",outcome="abandoned"}"#] == 1)
        #expect(samples[#"mcp_wsbridge_connections_ended_total{server="fixture",cause="client_closed"}"#] == 1)
        #expect(samples[#"mcp_wsbridge_close_codes_total{server="fixture",code="1000"}"#] == 1)
        #expect(try admin.bridge.stop() == 0)
    }

    @Test("Metrics: tools by name, frames, pings, and whether a server is up")
    func moreMetrics() throws {
        let admin = try Administered()
        let socket = try admin.bridge.connect()
        for _ in 0..<2 { #expect(try socket.call("count").contentText != nil) }
        try socket.sendFrame([], opcode: 9)
        #expect(try socket.receiveFrame()?.opcode == 10)
        let samples = try admin.metrics()
        #expect(samples[#"mcp_wsbridge_tool_calls_total{server="fixture",tool="count",outcome="ok"}"#] == 2)
        #expect(samples[#"mcp_wsbridge_tool_calls_total{server="fixture",tool="",outcome="ok"}"#] == nil)
        #expect(samples[#"mcp_wsbridge_frames_total{server="fixture",towards="server"}"#] == 3)
        #expect(samples[#"mcp_wsbridge_frames_total{server="fixture",towards="client"}"#] == 3)
        #expect(samples[#"mcp_wsbridge_pings_missed_total{server="fixture"}"#] == 0)
        #expect(samples[#"mcp_wsbridge_server_up{server="fixture"}"#] == 1)
        #expect(try admin.bridge.stop() == 0)
    }

    @Test("Metrics: a scraper that knows OpenMetrics gets that")
    func openMetrics() throws {
        let admin = try Administered()
        let answer = try admin.ask("/metrics", headers: ["Accept: application/openmetrics-text;version=1.0.0"])
        #expect(answer["content-type"]?.hasPrefix("application/openmetrics-text") == true)
        #expect(answer.body.hasSuffix("# EOF\n"))
        #expect(try admin.bridge.stop() == 0)
    }

    @Test("Admin: connections are listed, and one is closed by its id, its requests answered")
    func connections() throws {
        let admin = try Administered()
        let sockets = [try admin.bridge.connect(), try admin.bridge.connect()]
        for socket in sockets { #expect(try socket.call("count").contentText == "1") }
        try sockets[1].sendCall("hold", id: "7")
        #expect(try sockets[1].request("ping").result != nil)
        let list = try #require(try admin.ask("/connections").json?["connections"] as? [[String: Any]])
        #expect(list.count == 2)
        let busy = try #require(list.first { $0["in_flight"] as? Int == 1 })
        #expect(busy["server"] as? String == "fixture")
        #expect(busy["principal"] as? String == "anonymous")
        #expect(busy["state"] as? String == "open")
        #expect(busy["pid"] as? Int32 == (try sockets[1].serverPid()))
        let id = try #require(busy["connection"] as? String)
        #expect(try admin.ask("/connections/\(id)/close", method: "POST").status == 200)
        let answer = try sockets[1].receiveMessage()
        #expect(answer.isBridgeError && answer.cause == "closed_by_operator")
        #expect(try sockets[1].receiveClose()?.code == 1001)
        try sockets[1].finishClose()
        #expect(try admin.ask("/connections/\(id)/close", method: "POST").status == 404)
        #expect(try sockets[0].call("count").contentText == "2")
        #expect(try admin.bridge.stop() == 0)
    }

    @Test("Admin: a reload says whether the configuration is used, and if not, why; a drain is one")
    func orders() throws {
        let admin = try Administered()
        #expect(try admin.ask("/reload", method: "POST").status == 200)
        let good = try String(contentsOfFile: admin.bridge.folder.path + "/bridge.toml", encoding: .utf8)
        try admin.bridge.folder.write("[lisen]\n" + good, to: "bridge.toml")
        let refused = try admin.ask("/reload", method: "POST")
        #expect(refused.status == 422)
        #expect((refused.json?["error"] as? String)?.contains("did you mean `listen`?") == true)
        var samples = try admin.metrics()
        #expect(samples["mcp_wsbridge_configuration_current"] == 0)
        #expect(samples[#"mcp_wsbridge_reloads_total{outcome="refused"}"#] == 1)
        try admin.bridge.folder.write(
            good.replacing("[admin]", with: "[admin]\nmode = \"0660\"\ntap_redact = [\"ssn\"]"),
            to: "bridge.toml"
        )
        #expect(try admin.ask("/reload", method: "POST").status == 200)
        #expect(
            try admin.bridge.waitLog("what takes a restart") { $0.message.hasPrefix("some settings") }.fields[
                "settings"
            ]
                == "address, mode, owner and group of [admin]"
        )
        samples = try admin.metrics()
        #expect(samples["mcp_wsbridge_configuration_current"] == 1)
        #expect(try admin.ask("/drain", method: "POST").status == 202)
        #expect(try admin.bridge.program.wait() == 0)
    }

    @Test("R44, Admin: SIGTERM on top of a drain that was ordered hurries nobody; a second one does")
    func orderedDrain() throws {
        for signals in 1...2 {
            let admin = try Administered()
            let busy = try admin.bridge.connect()
            try busy.sendCall("hold", id: "1")
            #expect(try busy.request("ping").result != nil)
            #expect(try admin.ask("/drain", method: "POST").status == 202)
            _ = try admin.bridge.waitLog("the drain") { $0.message == "draining" }
            #expect(try admin.ask("/drain", method: "POST").status == 202)
            // Two of one kind may count as one.
            for signal in [SIGTERM, SIGINT].prefix(signals) { admin.bridge.program.signal(signal) }
            guard signals == 1 else {
                #expect(try admin.bridge.program.wait() == 1)
                continue
            }
            #expect(try busy.request("ping").result != nil)
            try busy.sendCall("release", id: "2")
            var answers = 0
            while try busy.receiveText() != nil { answers += 1 }
            #expect(answers == 2)
            try busy.finishClose()
            #expect(try admin.bridge.program.wait() == 0)
        }
    }

    /// A bridge whose admin address is this machine's own, with one token, in the file `token` of its folder.
    private static func overTCP() throws -> (bridge: BridgeProcess, port: UInt16) {
        let folder = try TemporaryFolder()
        try folder.write(Self.token, to: "token")
        let port = try FreePort.find()
        let bridge = try BridgeProcess.fixture(
            more: """
                [admin]
                address = "127.0.0.1:\(port)"
                [[admin.tokens]]
                name = "operator"
                token = { file = "@FOLDER@/token" }
                """,
            folder: folder
        )
        return (bridge, port)
    }

    @Test("Admin: over TCP connections and orders take a token; a page in a browser and a foreign name get nothing")
    func tokens() throws {
        let (bridge, port) = try Self.overTCP()
        func ask(_ path: String, _ method: String = "GET", _ headers: [String] = []) throws -> Int {
            try Self.ask(RawSocket(port: port), path, method: method, headers: headers).status
        }
        let bearer = "Authorization: Bearer \(Self.token)"
        for path in ["/healthz", "/readyz", "/metrics"] { #expect(try ask(path) == 200) }
        #expect(try ask("/connections") == 401)
        #expect(try ask("/connections", "GET", ["Authorization: Bearer \(Self.token)x"]) == 401)
        #expect(try ask("/drain", "POST") == 401)
        #expect(try ask("/connections", "GET", [bearer]) == 200)
        #expect(try ask("/metrics", "GET", ["Origin: http://localhost"]) == 403)
        #expect(try ask("/metrics", "GET", ["Host: evil.example"]) == 421)
        #expect(try ask("/nothing", "GET", [bearer]) == 404)
        #expect(try ask("/metrics", "DELETE") == 405)
        #expect(try bridge.stop() == 0)
        #expect(!bridge.everythingWritten.contains(Self.token))
    }

    @Test("Admin: tokens are those of the configuration in use, and of their files")
    func reloadedTokens() throws {
        let (bridge, port) = try Self.overTCP()
        let folder = bridge.folder
        func status(_ token: String) throws -> Int {
            let headers = ["Authorization: Bearer \(token)"]
            return try Self.ask(RawSocket(port: port), "/connections", headers: headers).status
        }
        #expect(try status(Self.token) == 200)
        let other = "mwt_another-0123456789abcdef"
        try folder.write(other, to: "token")
        try eventually("the token of the file") { try status(other) == 200 }
        #expect(try status(Self.token) == 401)
        let file = folder.path + "/bridge.toml"
        let good = try String(contentsOfFile: file, encoding: .utf8)
        try folder.write(Self.token, to: "third")
        try folder.write(good.replacing("\(folder.path)/token", with: "\(folder.path)/third"), to: "bridge.toml")
        bridge.program.signal(SIGHUP)
        _ = try bridge.waitLog("the reload") { $0.fields["settings"] == "[admin]" }
        #expect(try status(Self.token) == 200 && status(other) == 401)
        #expect(try bridge.stop() == 0)
    }

    @Test(
        "Admin: a required server that cannot be started makes the bridge unready, and a look of the bridge's own finds it"
    )
    func required() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/server"
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                health_paths = true
                [admin]
                address = "unix:@FOLDER@/admin.sock"
                [servers.good]
                command = \(BridgeProcess.command([]))
                required = true
                [servers.late]
                command = ["\(program)"]
                required = true
                probe_interval = "50ms"
                [servers.spare]
                command = ["/nonexistent"]
                """,
            folder: folder
        )
        func reasons() throws -> (Int, [String]) {
            let answer = try Self.ask(RawSocket(path: folder.path + "/admin.sock"), "/readyz")
            return (answer.status, answer.json?["reasons"] as? [String] ?? ["?"])
        }
        func isReadyForAll() throws -> Bool {
            try Self.ask(RawSocket(port: bridge.port), "/readyz").status == 200
        }
        try eventually("the look at both") {
            let (status, reasons) = try reasons()
            return status == 503 && reasons.count == 1 && reasons[0].hasPrefix("server `late`: ")
                && reasons[0].contains(program)
        }
        #expect(try !isReadyForAll())
        #expect(
            try bridge.waitLog("the warning") { $0.message == "a required server is not well" }.fields["server"]
                == "late"
        )
        try FileManager.default.copyItem(atPath: BridgeProcess.fixture, toPath: program)
        try eventually("the server") { try reasons() == (200, []) }
        try eventually("readiness at the public address") { try isReadyForAll() }
        try bridge.waitChildren(0)
        #expect(try bridge.stop() == 0)
    }

    @Test(
        "Admin: a server whose processes end at once is not well, and it says how they end",
        arguments: [3, 0]
    )
    func crashLoop(status: Int) throws {
        let bridge = try BridgeProcess.fixture(
            "exits-at-once=\(status)",
            server: "required = true\nprobe_interval = \"1h\"",
            more: "[admin]\naddress = \"unix:@FOLDER@/admin.sock\""
        )
        func reason() throws -> String {
            let answer = try Self.ask(RawSocket(path: bridge.folder.path + "/admin.sock"), "/readyz")
            return (answer.json?["reasons"] as? [String])?.first ?? ""
        }
        try eventually("the look at it") {
            let socket = try bridge.connect()
            try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
            #expect(try socket.receiveMessage().cause == "server_exited")
            return try reason().contains("exit status \(status)")
        }
        #expect(try bridge.stop() == 0)
    }

    @Test("Admin: a required server behind a URL is dialled")
    func requiredURL() throws {
        let server = try ScriptedMCPServer()
        let bridge = try BridgeProcess.http(
            server.url,
            server: "required = true\nprobe_interval = \"50ms\"",
            more: "[admin]\naddress = \"unix:@FOLDER@/admin.sock\""
        )
        func status() throws -> Int {
            try Self.ask(RawSocket(path: bridge.folder.path + "/admin.sock"), "/readyz").status
        }
        try eventually("the server") { try status() == 200 }
        server.http.stop()
        try eventually("its end") { try status() == 503 }
        #expect(try bridge.stop() == 0)
    }

    @Test(
        "Tap: an operator sees what passes, without secrets, until the connection ends; the audit record says who looked"
    )
    func tap() throws {
        let admin = try Administered(
            server: "env = { KEY = \"s3cret-of-the-server\" }",
            admin: "tap_redact = [\"ssn\"]",
            more: "[audit]\nto = \"@FOLDER@/audit\""
        )
        let socket = try admin.bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let id = try #require(
            try (admin.ask("/connections").json?["connections"] as? [[String: Any]])?.first?["connection"] as? String
        )
        let address = "unix:\(admin.bridge.folder.path)/admin.sock"
        let program = try RunningProgram([BridgeProcess.executable, "tap", id, "--admin", address])
        _ = try admin.bridge.waitLog("the tap") { $0.message == "an operator reads the messages" }
        #expect(try admin.ask("/connections/\(id)/tap").status == 409)
        _ = try socket.call("echo", #"{"ssn":"078-05-1120","password":"hunter2","x":1}"#)
        try socket.send("junk")
        #expect(try socket.receiveMessage().errorCode == -32700)
        try socket.close()
        #expect(try program.wait() == 0)
        let lines = try program.output.lines.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(
            lines.map { $0["from"] as? String ?? $0["event"] as? String } == [
                "client", "server", "client", "bridge", "ended",
            ]
        )
        let arguments = ((lines[0]["message"] as? [String: Any])?["params"] as? [String: Any])?["arguments"]
        #expect(
            NSDictionary(dictionary: arguments as? [String: Any] ?? [:])
                == ["ssn": "[redacted]", "password": "[redacted]", "x": 1]
        )
        #expect(lines[2]["omitted"] as? String == "not JSON" && lines[2]["bytes"] as? Int == 4)
        #expect(lines[4]["cause"] as? String == "client_closed")
        #expect(!program.output.lines.joined().contains("hunter2"))
        #expect(try admin.ask("/connections/\(id)/tap").status == 404)
        #expect(try admin.bridge.stop() == 0)
        let audit = try #require(admin.bridge.folder.read("audit")).split(separator: "\n").map(String.init)
        let record = try #require(audit.first { $0.contains("\"event\":\"tapped\"") })
        #expect(record.contains("\"connection\":\"\(id)\"") && record.contains("\"operator\":\"uid:\(getuid())\""))
    }

    @Test("Tap: whoever stops looking is forgotten, and another may look")
    func tapEnds() throws {
        let admin = try Administered()
        let socket = try admin.bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let id = try #require(
            try (admin.ask("/connections").json?["connections"] as? [[String: Any]])?.first?["connection"] as? String
        )
        for _ in 0..<3 {
            try eventually("nobody else") {
                let reader = try RawSocket(path: admin.bridge.folder.path + "/admin.sock")
                defer { reader.close() }
                return try Self.ask(reader, "/connections/\(id)/tap").status == 200
            }
        }
        #expect(try socket.call("count").contentText != nil)
        #expect(try admin.bridge.stop() == 0)
    }

    /// Runs a command of an operator's; its status, and what it printed.
    private static func command(_ arguments: String...) throws -> (status: CInt, output: [String], errors: [String]) {
        let program = try RunningProgram([BridgeProcess.executable] + arguments)
        let status = try program.wait()
        return (status, program.output.lines, program.errors.lines)
    }

    @Test(
        "Admin: `status` prints the connections, `close` ends one, `reload` says what is wrong, `drain` ends the bridge"
    )
    func commands() throws {
        let admin = try Administered()
        let address = "unix:\(admin.bridge.folder.path)/admin.sock"
        let configuration = admin.bridge.folder.path + "/bridge.toml"
        #expect(try Self.command("status", "--admin", address).output == ["ready, 0 connections"])
        let socket = try admin.bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let shown = try Self.command("status", "--config", configuration)
        #expect(shown.status == 0 && shown.output.count == 4 && shown.output[0] == "ready, 1 connection")
        let cells = shown.output[3].split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        let pid = try socket.serverPid()
        #expect(cells[1] == "fixture" && cells[5] == "\(pid)")
        let json = try Self.command("status", "--json", "--admin", address)
        #expect(json.output.joined().contains("\"connection\":\"\(cells[0])\""))
        let top = try Self.command("top", "--admin", address, "--interval", "0.1", "--count", "1")
        #expect(top.status == 0 && top.output.contains { $0.contains("MESSAGES/S") })
        #expect(top.output.contains { $0.hasPrefix(cells[0]) && $0.contains("MiB") })
        #expect(try Self.command("close", cells[0], "--admin", address).status == 0)
        #expect(try socket.receiveClose()?.code == 1001)
        try socket.finishClose()
        let gone = try Self.command("close", cells[0], "--admin", address)
        #expect(gone.status == 1 && gone.errors == ["mcp-wsbridge: there is no connection of this id"])
        let good = try String(contentsOfFile: configuration, encoding: .utf8)
        try admin.bridge.folder.write("[lisen]\n" + good, to: "bridge.toml")
        let refused = try Self.command("reload", "--admin", address)
        #expect(refused.status == 1 && refused.errors.joined().contains("did you mean `listen`?"))
        try admin.bridge.folder.write(good, to: "bridge.toml")
        #expect(try Self.command("reload", "--config", configuration).status == 0)
        #expect(try Self.command("health", address).status == 0)
        let wrong = try Self.command("drain", "--after", "5", "--admin", address)
        #expect(wrong.status == 64 && wrong.errors.joined().contains("--after takes a time span such as 500ms"))
        let begin = ContinuousClock.now
        let drain = try RunningProgram([BridgeProcess.executable, "drain", "--after", "1s", "--admin", address])
        #expect(try admin.bridge.connect().call("count").contentText == "1")
        #expect(try drain.wait() == 0 && ContinuousClock.now - begin >= .seconds(1))
        #expect(try admin.bridge.program.wait() == 0)
        let reason = "no bridge answers at \(address): no such file or directory"
        let nobody = try Self.command("status", "--admin", address)
        #expect(nobody.status == 1 && nobody.errors.joined().contains(reason + "; is [admin]"))
        let unwell = try Self.command("health", address)
        #expect(unwell.status == 1 && unwell.errors.joined().contains(reason))
    }

    @Test(
        "Tracing: the trace that the handshake names is in the line of the connection's beginning, and nothing else is"
    )
    func trace() throws {
        let bridge = try BridgeProcess.fixture()
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
        for header in ["traceparent: 00-\(trace)-\(span)-01", "Traceparent: 00-x"] {
            _ = try RawWebSocket(port: bridge.port, path: "/fixture", headers: [header])
        }
        // Each has an event loop of its own: either may be told of first.
        let first = try bridge.waitLog("the first") {
            $0.message == "connection began" && $0.fields["trace_id"] != nil
        }
        #expect(first.fields["trace_id"] == trace && first.fields["span_id"] == span)
        let second = try bridge.waitLog("the second") {
            $0.message == "connection began" && $0.fields["trace_id"] == nil
        }
        #expect(second.fields["span_id"] == nil)
        #expect(try bridge.stop() == 0)
    }

    @Test(
        "Tracing: at level debug each request is in the log, with the trace that its _meta names, but not what it says"
    )
    func requestTrace() throws {
        let bridge = try BridgeProcess.fixture(more: "[log]\nlevel = \"debug\"")
        let socket = try bridge.connect()
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
        let meta = #""_meta":{"traceparent":"00-\#(trace)-\#(span)-01"}"#
        _ = try socket.request("tools/call", #"{"name":"echo","arguments":{"x":"hunter2"},\#(meta)}"#)
        let record = try bridge.waitLog("the request") { $0.message == "request" }
        #expect(record.fields["method"] == "tools/call" && record.fields["name"] == "echo")
        #expect(record.fields["trace_id"] == trace && record.fields["span_id"] == span)
        #expect(try bridge.stop() == 0)
        #expect(!bridge.everythingWritten.contains("hunter2"))
    }

    @Test(
        "Admin: the two health paths are at the public address where it says so, with or without credentials, and nothing else"
    )
    func healthPaths() throws {
        let bridge = try BridgeProcess.fixture(
            listen: "health_paths = true\nevent_loops = 1",
            drain: "delay = \"300s\"",
            more: "[[auth.tokens]]\nname = \"a\"\nsha256 = \"\(String(repeating: "0", count: 64))\""
        )
        func ask(_ path: String, _ method: String = "GET", _ headers: [String] = []) throws -> HTTPAnswer {
            try Self.ask(RawSocket(port: bridge.port), path, method: method, headers: ["Host: 10.0.0.7"] + headers)
        }
        for path in ["/healthz", "/readyz"] {
            let answer = try ask(path)
            #expect(answer.status == 200 && answer.body == "ok")
            #expect(try ask(path, "POST").status != 200)
            #expect(try ask(path, "GET", ["Origin: http://evil.example"]).status != 200)
        }
        #expect(try ask("/metrics").status != 200)
        let url = "http://127.0.0.1:\(bridge.port)"
        for question in [url, url + "/healthz", url + "/readyz"] {
            #expect(try Self.command("health", question).status == 0)
        }
        let elsewhere = try Self.command("health", url + "/metrics")
        #expect(elsewhere.status == 1 && elsewhere.errors.joined().contains("\(url)/metrics answered with status 4"))
        for wrong in ["", "127.0.0.1:1", "http://", "http:///readyz", "unix:relative"] {
            #expect(try Self.command("health", wrong).status == 64)
        }
        bridge.program.signal(SIGTERM)
        #expect(try bridge.program.errors.wait(for: "the drain") { $0.contains("draining") } != nil)
        while try ask("/readyz").status == 200 {}
        #expect(try Self.command("health", url).status == 1)
        #expect(try Self.command("health", url + "/healthz").status == 0)
        #expect(try ask("/healthz").status == 200)
        bridge.program.signal(SIGTERM)
        #expect(try bridge.program.wait() == 1)
    }

    @Test("Admin: `check` finds a token that cannot be read")
    func check() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [servers.echo]
            builtin = "echo"
            [admin]
            address = "127.0.0.1:0"
            [[admin.tokens]]
            name = "operator"
            token = { file = "\(folder.path)/nothing" }
            """,
            to: "bridge.toml"
        )
        let checked = try Self.command("check", "--config", file)
        #expect(checked.status == 78)
        #expect(checked.errors.contains { $0.contains("token `operator`") && $0.contains("no such file") })
    }

    @Test("Admin: nothing of it is at the public address")
    func separate() throws {
        let admin = try Administered()
        for path in ["/healthz", "/metrics", "/connections"] {
            let socket = try RawSocket(port: admin.bridge.port)
            #expect(try Self.ask(socket, path, headers: ["Host: 127.0.0.1"]).status != 200)
        }
        #expect(try admin.bridge.stop() == 0)
    }
}

/// A port that nobody listens on at the moment.
private enum FreePort {
    static func find() throws -> UInt16 {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRINUSE) }
        return UInt16(bigEndian: address.sin_port)
    }
}
