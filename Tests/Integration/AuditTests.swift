// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The audit record of the real binary: one line for each connection, each refused handshake, each denied thing.
@Suite struct AuditTests {
    private static let audit = "[audit]\nto = \"@FOLDER@/audit.jsonl\"\n"

    /// A bridge with the fixture server and an audit file.
    private func bridge(
        _ behaviours: [String] = [],
        server: String = "",
        limits: String = "",
        drain: String = "",
        to audit: String = Self.audit
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                \(audit)
                [listen]
                address = "127.0.0.1:0"
                [limits]
                \(limits)
                [drain]
                \(drain)
                [servers.fixture]
                command = \(BridgeProcess.command(behaviours))
                \(server)
                """
        )
    }

    /// The records of a file so far: each line must be one.
    private func records(of bridge: BridgeProcess, _ file: String = "audit.jsonl") throws -> [LogRecord] {
        try (bridge.folder.read(file) ?? "").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map { try #require(LogRecord(String($0)), "\(String($0))") }
    }

    private func waitRecords(
        _ count: Int,
        of bridge: BridgeProcess,
        _ file: String = "audit.jsonl"
    ) throws -> [LogRecord] {
        try eventually("\(count) records, there are \(bridge.folder.read(file) ?? "none")") {
            try self.records(of: bridge, file).count >= count
        }
        return try self.records(of: bridge, file)
    }

    private func waitRecord(of bridge: BridgeProcess, _ file: String = "audit.jsonl") throws -> LogRecord {
        let records = try waitRecords(1, of: bridge, file)
        #expect(records.count == 1)
        return records[0]
    }

    // MARK: Connections

    @Test("R77: a connection's record has who, origin, server, pid, counts, bytes, duration and close code")
    func connection() throws {
        let bridge = try BridgeProcess(
            configuration: """
                \(Self.audit)
                [listen]
                address = "127.0.0.1:0"
                allowed_origins = ["https://app.example"]
                [[auth.tokens]]
                name = "ci"
                sha256 = "\(String(repeating: "0", count: 64))"
                [servers.fixture]
                command = \(BridgeProcess.command([]))
                tools = { deny = ["git_*"] }
                auth = "none"
                """
        )
        let socket = try RawWebSocket(port: bridge.port, path: "/fixture", headers: ["Origin: https://app.example"])
        let pid = try socket.serverPid()
        #expect(try socket.call("git_push").errorCode == 403)
        try socket.send("no JSON")
        #expect(try socket.receiveMessage().error != nil)
        let peer = "127.0.0.1:\(try socket.socket.localPort())"
        try socket.close(4_001)
        let records = try waitRecords(2, of: bridge)
        let denied = records[0]
        #expect(denied["event"] == "denied" && denied["kind"] == "tool" && denied["name"] == "git_push")
        #expect(denied["method"] == "tools/call" && denied["server"] == "fixture" && denied["peer"] == peer)
        let record = records[1]
        #expect(record["event"] == "connection" && record["principal"] == "anonymous" && record["peer"] == peer)
        #expect(record["origin"] == "https://app.example" && record["server"] == "fixture")
        #expect(record.number("pid") == Int(pid) && record["cause"] == "client_closed")
        #expect(record.number("close_code") == 4_001)
        #expect(record.number("messages_in") == 1 && record.number("messages_out") == 3)
        #expect(record.number("refused") == 2 && record.number("denied") == 1)
        let log = try bridge.waitConnectionEnded()
        for key in ["connection", "server", "cause", "close_code", "bytes_in", "bytes_out", "dropped", "skipped"] {
            #expect(record[key] == log[key] && record[key] != nil, "\(key)")
        }
        #expect(denied["connection"] == record["connection"])
        #expect(record.number("duration_ms") != nil && record["time"]?.hasSuffix("Z") == true)
        let attributes = try FileManager.default.attributesOfItem(atPath: bridge.folder.path + "/audit.jsonl")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try bridge.stop() == 0)
        #expect(try self.records(of: bridge).count == 2)
    }

    /// The ways in which a connection ends, and cause and close code of each.
    enum End: String, CaseIterable, CustomTestStringConvertible {
        case clientClosed, clientGone, clientReset, protocolError, tooBig, serverExited, serverKilled
        case serverClosedOutput, idle, drain, drainTimeout, secondSignal

        var testDescription: String { rawValue }

        var cause: String {
            switch self {
            case .clientClosed: "client_closed"
            case .clientGone, .clientReset: "client_gone"
            case .protocolError: "protocol_error"
            case .tooBig: "message_too_big"
            case .serverExited, .serverKilled: "server_exited"
            case .serverClosedOutput: "server_closed_stdout"
            case .idle: "idle_timeout"
            case .drain, .drainTimeout, .secondSignal: "draining"
            }
        }

        var code: Int {
            switch self {
            case .clientClosed, .idle, .serverClosedOutput: 1_000
            case .clientGone, .clientReset: 1_006
            case .protocolError: 1_002
            case .tooBig: 1_009
            case .serverExited, .serverKilled, .drain, .drainTimeout, .secondSignal: 1_001
            }
        }
    }

    @Test("R77: however a connection ends, it leaves one record with cause and close code", arguments: End.allCases)
    func ends(_ end: End) throws {
        let bridge = try bridge(
            ["pidfile=@FOLDER@/pids"] + (end == .serverClosedOutput ? ["closes-stdout"] : []),
            server: BridgeProcess.stopsSoon,
            limits: "max_message = \"64KiB\"" + (end == .idle ? "\nidle_timeout = \"200ms\"" : ""),
            drain: end == .drainTimeout ? #"timeout = "200ms""# : #"timeout = "300s""#
        )
        let socket = try bridge.connect()
        let pid = try bridge.folder.waitPids("pids")[0]
        var status: CInt = 0
        switch end {
        case .clientClosed: try socket.close()
        case .clientGone: socket.socket.close()
        case .clientReset: socket.socket.reset()
        case .protocolError: try socket.sendFrame([], opcode: 3)
        case .tooBig: try socket.send(String(repeating: " ", count: 70_000))
        case .serverExited: try socket.sendCall("exit", id: "1", #"{"n":3}"#)
        case .serverKilled: kill(pid, SIGKILL)
        case .serverClosedOutput: _ = try? socket.call("count")
        case .idle: break
        case .drain: bridge.program.signal(SIGTERM)
        case .drainTimeout, .secondSignal:
            try socket.sendCall("hold", id: "1")
            #expect(try socket.request("ping").result != nil)
            bridge.program.signal(SIGTERM)
            guard end == .secondSignal else { break }
            _ = try bridge.waitLog("the drain to begin") { $0.message == "draining" }
            bridge.program.signal(SIGTERM)
            status = 1
        }
        if ![.clientGone, .clientReset, .clientClosed, .secondSignal].contains(end), try socket.receiveClose() != nil {
            try socket.finishClose()
        }
        if end == .drain || end == .drainTimeout || end == .secondSignal {
            #expect(try bridge.program.wait() == status)
        }
        let record = try waitRecord(of: bridge)
        #expect(record["cause"] == end.cause && record.number("close_code") == end.code, "\(record.fields)")
        #expect(record.number("pid") == Int(pid))
        if status == 0 { #expect(try bridge.stop() == 0) }
        #expect(try records(of: bridge).count == 1)
    }

    @Test("R77: a session that ends while TLS is cut leaves its record, with the version and the certificate's name")
    func tls() throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.tls(
            more: "client_ca = \"@CLIENTS@\"",
            server: "\(Self.audit)",
            folder: folder
        )
        let socket = try bridge.connectTLS(.init(certificate: "client"))
        #expect(try socket.call("count").contentText == "1")
        // Without a certificate, and with another protocol.
        _ = try? bridge.connectTLS()
        let plain = try RawSocket(port: bridge.port)
        try plain.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        _ = try bridge.waitTLSFailure("the client speaks HTTP without TLS")
        socket.socket.reset()
        let records = try waitRecords(3, of: bridge)
        let ended = try #require(records.first { $0["event"] == "connection" })
        #expect(ended["tls"] == "1.3" && ended["client_name"]?.isEmpty == false, "\(ended.fields)")
        #expect(ended["cause"] == "client_gone" && ended.number("close_code") == 1_006)
        let refused = records.filter { $0["reason"] == "tls_handshake_failed" }
        #expect(
            Set(refused.compactMap { $0["fault"] }).isSuperset(
                of: ["the client has no certificate", "the client speaks HTTP without TLS"]
            ),
            "\(refused.map(\.fields))"
        )
    }

    @Test("R35, R77: clients that go while their server starts, or as they are answered, leave a record each")
    func goneAtOnce() throws {
        let bridge = try bridge(server: BridgeProcess.stopsSoon + "\n[servers.echo]\nbuiltin = \"echo\"")
        let count = 20
        // The bridge finds handshake and end of each at once.
        bridge.program.signal(SIGSTOP)
        for index in 0..<count {
            let path = index.isMultiple(of: 2) ? "/fixture" : "/echo"
            let socket = try RawSocket(port: bridge.port)
            try socket.send(Handshake(path: path, port: bridge.port).bytes)
            if index.isMultiple(of: 3) { socket.reset() } else { socket.close() }
        }
        bridge.program.signal(SIGCONT)
        try bridge.connect("/echo").close()
        // On whichever event loop: a drain would refuse those whose turn has not come.
        try eventually("every end") { try self.records(of: bridge).count > count }
        #expect(try bridge.stop() == 0)
        let records = try self.records(of: bridge)
        let began = bridge.program.errors.lines.compactMap { LogRecord($0) }.filter { $0.message == "connection began" }
        #expect(records.allSatisfy { $0["event"] == "connection" })
        #expect(records.count >= began.count)
        #expect(Set(records.compactMap { $0["connection"] }).count == records.count)
        // Who has sent its whole handshake before it went has been accepted.
        #expect(records.count == count + 1, "\(records.map(\.fields))")
    }

    // MARK: Refusals

    @Test("R77: each refusal leaves a record with status, reason, and of whom what is known")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let guarded = try GuardedBridge(server: "\(Self.audit)", folder: folder)
        let bridge = guarded.bridge
        let bearer = GuardedBridge.carriers[0]
        _ = try bridge.handshake(headers: ["Host: evil.example"])
        _ = try bridge.handshake(headers: ["Origin: https://me:canary@evil.example/?canary"])
        _ = try bridge.handshake()
        _ = try guarded.handshake("/fixture?canary", bearer, GuardedBridge.wrong)
        _ = try bridge.handshake(headers: ["Authorization: Bearer canary canary"])
        _ = try guarded.handshake("/nowhere-canary", bearer, GuardedBridge.narrow)
        _ = try guarded.handshake("/fixture", bearer, GuardedBridge.narrow)
        _ = try bridge.handshake(headers: ["Sec-WebSocket-Version: 12"], without: ["Sec-WebSocket-Version"])
        _ = try bridge.handshake(without: ["Upgrade"])
        let garbage = try RawSocket(port: bridge.port)
        try garbage.send(Array("canary\r\n\r\n".utf8))
        _ = try garbage.receiveAnswer()
        let records = try waitRecords(10, of: bridge)
        #expect(records.allSatisfy { $0["event"] == "refused" && $0["peer"]?.hasPrefix("127.0.0.1:") == true })
        let told = records.map { record in
            ["status", "reason", "fault", "server", "principal", "origin"].map { record[$0] ?? "-" }
                .joined(separator: " ")
        }
        #expect(
            told == [
                "421 host_not_allowed - fixture - -",
                "403 origin_not_allowed - fixture - https://…@evil.example/?…",
                "401 credential_required - fixture - -",
                "401 credential_invalid unknown fixture - -",
                "400 malformed_credential - fixture - -",
                "404 no_such_path - - token:narrow -",
                "403 server_not_allowed - fixture token:narrow -",
                "426 unsupported_websocket_version - fixture - -",
                "426 upgrade_required - fixture - -",
                "400 malformed_request - - - -",
            ]
        )
        #expect(bridge.folder.read("audit.jsonl")?.contains("canary") == false)
    }

    @Test("R39, R77: a server that does not start, and a limit, are refusals that name the principal")
    func noPlace() throws {
        let bridge = try BridgeProcess(
            configuration: """
                \(Self.audit)
                [listen]
                address = "127.0.0.1:0"
                [limits]
                max_connections = 1
                [servers.broken]
                command = ["/nowhere/at/all"]
                [servers.echo]
                builtin = "echo"
                """
        )
        #expect(try bridge.handshake("/broken").status == 503)
        let socket = try bridge.connect("/echo")
        #expect(try bridge.handshake("/echo").status == 503)
        try socket.close()
        let records = try waitRecords(3, of: bridge)
        #expect(records.map { $0["event"] } == ["refused", "refused", "connection"])
        #expect(records.prefix(2).map { $0["reason"] } == ["backend_unavailable", "at_capacity"])
        #expect(records.prefix(2).map { $0["server"] } == ["broken", "echo"])
        #expect(records.prefix(2).allSatisfy { $0["principal"] == "anonymous" && $0.number("status") == 503 })
        #expect(records[2]["pid"] == nil)
    }

    @Test("R74, R77: of a flood of refusals so many a second are kept and the rest is counted; connections all are")
    func flood() throws {
        let bridge = try bridge(server: "[servers.echo]\nbuiltin = \"echo\"")
        let count = 1_500
        for _ in 0..<count { #expect(try bridge.handshake("/nowhere").status == 404) }
        for _ in 0..<3 { try bridge.connect("/echo").close() }
        #expect(try bridge.stop() == 0)
        let records = try self.records(of: bridge)
        let refused = records.count { $0["event"] == "refused" }
        let omitted = records.filter { $0["event"] == "omitted" }
        #expect(omitted.allSatisfy { $0["of"] == "refused" && $0["cause"] == "rate" })
        #expect(refused + omitted.compactMap { $0.number("count") }.reduce(0, +) == count)
        #expect(records.count { $0["event"] == "connection" } == 3)
    }

    // MARK: Where it goes

    @Test("R77: SIGHUP opens the file again: across a renamed one no record is lost, and none is there twice")
    func rotation() throws {
        let bridge = try bridge(server: "[servers.echo]\nbuiltin = \"echo\"")
        let path = bridge.folder.path + "/audit.jsonl"
        let rounds = 5
        let each = 20
        for round in 0..<rounds {
            for index in 0..<each {
                try bridge.connect("/echo").close()
                guard index == each / 2 else { continue }
                // Connections end before, while and after it is renamed.
                try #require(rename(path, "\(path).\(round)") == 0)
                bridge.program.signal(SIGHUP)
            }
            try eventually("a new file") { FileManager.default.fileExists(atPath: path) }
        }
        #expect(try bridge.stop() == 0)
        var seen: [String] = []
        for name in ["audit.jsonl"] + (0..<rounds).map({ "audit.jsonl.\($0)" }) {
            let records = try self.records(of: bridge, name)
            #expect(!records.isEmpty)
            seen += records.compactMap { $0["connection"] }
        }
        #expect(seen.count == rounds * each && Set(seen).count == rounds * each)
        _ = try bridge.waitLog("the new file") { $0.message == "opened the audit file again" }
    }

    @Test("R77: a file that cannot be opened again leaves the old one in use, and the log says so")
    func badRotation() throws {
        let folder = try TemporaryFolder()
        let inner = folder.path + "/inner"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        let bridge = try bridge(
            server: "[servers.echo]\nbuiltin = \"echo\"",
            to: "[audit]\nto = \"\(inner)/audit.jsonl\"\n"
        )
        try #require(rename(inner, inner + ".old") == 0)
        bridge.program.signal(SIGHUP)
        let record = try bridge.waitLog("the refusal") { $0.message.hasPrefix("cannot open the audit file again") }
        #expect(record["error"] == "its directory does not exist")
        try bridge.connect("/echo").close()
        #expect(try bridge.stop() == 0)
        #expect(folder.read("inner.old/audit.jsonl")?.split(separator: "\n").count == 1)
    }

    @Test("R77: it is appended to what is there, and begins on a line of its own behind a torn one")
    func appended() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("{\"time\":\"x\"}\n{\"ti", to: "old.jsonl")
        let bridge = try bridge(
            server: "[servers.echo]\nbuiltin = \"echo\"",
            to: "[audit]\nto = \"\(path)\"\n"
        )
        try bridge.connect("/echo").close()
        #expect(try bridge.stop() == 0)
        let lines = (folder.read("old.jsonl") ?? "").split(separator: "\n")
        #expect(lines.count == 3 && lines.first == "{\"time\":\"x\"}" && lines[1] == "{\"ti")
        #expect(lines.last.flatMap { LogRecord(String($0)) }?["event"] == "connection")
    }

    @Test(
        "R77: \"log\" puts it among the lines of the log, whatever their level and format",
        arguments: ["text", "json"]
    )
    func log(format: String) throws {
        let bridge = try bridge(
            server: "[servers.echo]\nbuiltin = \"echo\"",
            to: "[log]\nlevel = \"error\"\nformat = \"\(format)\"\n[audit]\nto = \"log\"\n"
        )
        try bridge.connect("/echo").close()
        _ = try bridge.handshake("/nowhere")
        bridge.program.signal(SIGHUP)
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        let records = bridge.program.errors.lines.compactMap { LogRecord($0) }
        // A client sees the end of its socket before its record is made.
        #expect(records.compactMap { $0["event"] }.sorted() == ["connection", "refused"])
    }

    @Test("R77: without [audit] nothing is recorded")
    func off() throws {
        let bridge = try BridgeProcess.fixture()
        try bridge.connect().close()
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        #expect(bridge.program.errors.lines.compactMap { LogRecord($0) }.allSatisfy { $0["event"] == nil })
    }

    @Test(
        "R77: a file that cannot be opened is an error at the start, with its place",
        arguments: [
            ("@FOLDER@/none/audit.jsonl", "its directory does not exist"), ("@FOLDER@", "it is a directory"),
            ("@FOLDER@/link", "it is a symbolic link, and none is followed there"),
            ("@FOLDER@/pipe", "it is neither a file nor a device"),
            ("@FOLDER@/file/audit.jsonl", "a part of the path is not a directory"),
        ]
    )
    func unopenable(path: String, reason: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "file")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link",
            withDestinationPath: folder.path + "/target"
        )
        try #require(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let file = try folder.write(
            "[audit]\nto = \"\(path)\"\n[servers.echo]\nbuiltin = \"echo\"\n"
                .replacingOccurrences(of: "@FOLDER@", with: folder.path),
            to: "bridge.toml"
        )
        let outcome = try BridgeProcess.run(["--config", file])
        #expect(outcome.status == 78)
        #expect(outcome.errors.hasPrefix("\(file):2:6: the file "), "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix("of `to` in [audit] cannot be opened: \(reason)"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/target"))
        // Not so for who only asks.
        let check = try BridgeProcess.run(["check", "--config", file])
        #expect(check.status == 0 && check.errors.contains("cannot be opened: \(reason)"), "\(check.errors)")
    }

    @Test("R77: check makes no file")
    func check() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "[audit]\nto = \"\(folder.path)/audit.jsonl\"\n[servers.echo]\nbuiltin = \"echo\"\n",
            to: "bridge.toml"
        )
        let outcome = try BridgeProcess.run(["check", "--config", file])
        #expect(outcome.status == 0 && outcome.errors == "")
        #expect(outcome.output.contains("audit     \(folder.path)/audit.jsonl"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/audit.jsonl"))
    }

    @Test("R46, R77: on a full disk connections go on, and the log says so once")
    func diskFull() throws {
        let bridge = try bridge(
            server: "[servers.echo]\nbuiltin = \"echo\"",
            to: "[audit]\nto = \"/dev/full\"\n"
        )
        for _ in 0..<50 {
            let socket = try bridge.connect("/echo")
            #expect(try socket.request("ping").result != nil)
            try socket.close()
        }
        let record = try bridge.waitLog("the fault") { $0.message.hasPrefix("cannot write the audit record") }
        #expect(record["error"] == "No space left on device" && record.number("count") ?? 0 > 0)
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        let told = bridge.program.errors.lines.filter { $0.contains("cannot write the audit record") }
        #expect(told.count == 1)
    }

    // MARK: Secrets

    @Test("R2, R10, R72, R73, R77: no carrier of a token, no name that a client makes up leaves more than it may")
    func canaries() throws {
        let folder = try TemporaryFolder()
        let guarded = try GuardedBridge(
            auth: "query_tokens = true",
            server: "resources = { allow = [] }\n\(Self.audit)",
            folder: folder
        )
        var count = 0
        for carrier in GuardedBridge.carriers + [GuardedBridge.query] {
            let socket = try guarded.connect("/fixture", carrier)
            _ = try socket.request("resources/read", #"{"uri":"https://canary:x@h/a?canary#canary"}"#)
            _ = try socket.call("canary-argument", #"{"canary":"canary"}"#)
            try socket.close()
            for token in [GuardedBridge.wrong, GuardedBridge.narrow, "canary!", ""] {
                _ = try guarded.handshake("/fixture", carrier, token)
            }
            count += 6
        }
        for headers in AuthenticationTests.malformed { _ = try guarded.bridge.handshake(headers: headers) }
        _ = try guarded.bridge.handshake("/canary", headers: ["Cookie: canary", "Host: canary.example", "X: canary"])
        count += AuthenticationTests.malformed.count + 1
        #expect(try guarded.bridge.stop() == 0)
        let records = try self.records(of: guarded.bridge)
        #expect(records.count == count)
        #expect(Set(records.compactMap { $0["event"] }) == ["connection", "refused", "denied"])
        #expect(records.contains { $0["principal"] == "token:ci" })
        #expect(folder.read("audit.jsonl")?.contains("canary") == false)
    }
}
