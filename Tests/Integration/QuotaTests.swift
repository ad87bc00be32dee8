// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What one client may take of the whole: connections, children, handshakes, messages (R3, R43, R74).
@Suite struct QuotaTests {
    /// A bridge that asks for tokens: `/fixture` is a process, `/echo` is inside the bridge, `/open` is open to everybody;
    /// `alice` and `bob` may use them, `narrow` may use `/echo` alone.
    private static func bridge(
        limits: String,
        more: String = "",
        event_loops: Int = 2
    ) throws -> BridgeProcess {
        let folder = try TemporaryFolder()
        for name in ["alice", "bob", "narrow"] { try folder.write(token(name), to: name) }
        return try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                event_loops = \(event_loops)
                [limits]
                \(limits)
                [[auth.tokens]]
                name = "alice"
                token = { file = "@FOLDER@/alice" }
                [[auth.tokens]]
                name = "bob"
                token = { file = "@FOLDER@/bob" }
                [[auth.tokens]]
                name = "narrow"
                token = { file = "@FOLDER@/narrow" }
                servers = ["echo"]
                [servers.fixture]
                command = \(BridgeProcess.command(["pidfile=@FOLDER@/pids"]))
                [servers.echo]
                builtin = "echo"
                [servers.open]
                builtin = "echo"
                auth = "none"
                \(more)
                """,
            folder: folder
        )
    }

    private static func token(_ name: String) -> String { "\(name)-token-0123456789abcdef" }

    private static func headers(_ name: String) -> [String] { ["Authorization: Bearer \(token(name))"] }

    private func connect(_ bridge: BridgeProcess, _ path: String, _ name: String) throws -> RawWebSocket {
        try RawWebSocket(port: bridge.port, path: path, headers: Self.headers(name))
    }

    private func handshake(_ bridge: BridgeProcess, _ path: String, _ name: String?) throws -> HTTPAnswer {
        try bridge.handshake(path, headers: name.map(Self.headers) ?? [])
    }

    private func expectQuota(_ answer: HTTPAnswer, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(answer.status == 429, "\(answer.body)", sourceLocation: sourceLocation)
        #expect(answer.json?["error"] as? String == "quota_exceeded", sourceLocation: sourceLocation)
        #expect(answer["Retry-After"].flatMap { Int($0) } ?? 0 >= 1, sourceLocation: sourceLocation)
    }

    // MARK: - Connections and children

    /// How a connection ends, or does not come about.
    enum Ending: String, CaseIterable, Sendable {
        case close, reset, halfClose, protocolError, serverExits
    }

    @Test(
        "R43, R3: a principal has so many connections and no more, others theirs, and each end gives one place back",
        arguments: Ending.allCases
    )
    func principalConnections(ending: Ending) throws {
        let bridge = try Self.bridge(limits: "max_connections_per_principal = 2")
        for _ in 0..<3 {
            let sockets = try ["/fixture", "/echo"].map { try connect(bridge, $0, "alice") }
            for path in ["/fixture", "/echo"] { expectQuota(try handshake(bridge, path, "alice")) }
            // Nobody else's doing, and what comes first in R3 comes first.
            #expect(try handshake(bridge, "/fixture", "bob").status == 101)
            #expect(try handshake(bridge, "/nowhere", "alice").status == 404)
            #expect(try handshake(bridge, "/fixture", "narrow").status == 403)
            switch ending {
            case .close: for socket in sockets { try socket.close() }
            case .reset: for socket in sockets { socket.socket.reset() }
            case .halfClose: for socket in sockets { socket.socket.shutdownWrite() }
            case .protocolError: for socket in sockets { try socket.socket.send([0xFF, 0xFF]) }
            case .serverExits:
                try sockets[0].sendCall("exit", id: "1", #"{"n":1}"#)
                sockets[1].socket.close()
            }
            // Both places are free again, and not one more.
            var again: [RawWebSocket] = []
            try eventually("two places") {
                if let socket = try? connect(bridge, "/echo", "alice") { again.append(socket) }
                return again.count == 2
            }
            expectQuota(try handshake(bridge, "/echo", "alice"))
            for socket in again { try socket.close() }
            try bridge.waitChildren(0)
            try eventually("nobody to be left") {
                let sockets = (0..<2).compactMap { _ in try? connect(bridge, "/echo", "alice") }
                guard sockets.count == 2 else { return false }
                for socket in sockets { try socket.close() }
                return true
            }
        }
    }

    @Test("R43: a connection whose server cannot be started, or whose client leaves meanwhile, gives its places back")
    func failedStarts() throws {
        let bridge = try Self.bridge(
            limits: """
                max_connections_per_principal = 1
                max_children_per_principal = 1
                max_connections_per_address = 1
                """,
            more: """
                [servers.broken]
                command = ["/nonexistent/program"]
                """
        )
        for _ in 0..<3 { #expect(try handshake(bridge, "/broken", "alice").status == 503) }
        for _ in 0..<5 {
            let socket = try RawSocket(port: bridge.port)
            try socket.send(Handshake(path: "/fixture", port: bridge.port, headers: Self.headers("alice")).bytes)
            socket.reset()
        }
        try eventually("the place") { (try? connect(bridge, "/fixture", "alice")) != nil }
    }

    @Test("R43: max_children_per_principal counts those that are still ending, and no server that is not started")
    func principalChildren() throws {
        let bridge = try Self.bridge(
            limits: "max_children_per_principal = 1",
            more: """
                [servers.slow]
                command = \(BridgeProcess.command(["ignores-eof-and-term"]))
                stop = { stdin_grace = "1s", term_grace = "1s" }
                """
        )
        let socket = try connect(bridge, "/slow", "alice")
        let pid = try socket.serverPid()
        expectQuota(try handshake(bridge, "/fixture", "alice"))
        try socket.close()
        #expect(ProcessTable.exists(pid))
        expectQuota(try handshake(bridge, "/fixture", "alice"))
        #expect(try handshake(bridge, "/echo", "alice").status == 101)
        #expect(try handshake(bridge, "/fixture", "bob").status == 101)
        try ProcessTable.waitGone(pid)
        try eventually("the place") { (try? connect(bridge, "/fixture", "alice")) != nil }
        #expect(try bridge.stop() == 0)
    }

    @Test("R43: an address has so many connections, whoever uses it; who is on a Unix socket has none to be counted by")
    func addressConnections() throws {
        let bridge = try Self.bridge(limits: "max_connections_per_address = 2")
        let sockets = try [connect(bridge, "/echo", "alice"), RawWebSocket(port: bridge.port, path: "/open")]
        expectQuota(try handshake(bridge, "/echo", "bob"))
        expectQuota(try handshake(bridge, "/open", nil))
        let record = try bridge.waitLog("the refusal") { $0["reason"] == "quota_exceeded" }
        #expect(record["principal"] == "token:bob")
        try sockets[0].close()
        try eventually("a place") { (try? connect(bridge, "/echo", "bob")) != nil }

        let local = try BridgeProcess(
            configuration: """
                [listen]
                address = "unix:@FOLDER@/socket"
                [limits]
                max_connections_per_address = 1
                max_connections_per_principal = 1
                connect_rate = 1
                [servers.open]
                builtin = "echo"
                """
        )
        let several = try (0..<15).map { _ in
            try RawWebSocket(socket: RawSocket(path: local.folder.path + "/socket"), path: "/open")
        }
        #expect(several.count == 15)
    }

    @Test("R43: a server has limits of its own for each principal and address, which bind only there")
    func ownShares() throws {
        let bridge = try Self.bridge(
            limits: "",
            more: """
                [servers.one]
                builtin = "echo"
                limits = { max_connections_per_principal = 1 }
                [servers.two]
                builtin = "echo"
                limits = { max_connections_per_address = 1 }
                [servers.three]
                command = \(BridgeProcess.command([]))
                limits = { max_children_per_principal = 1 }
                """
        )
        var sockets: [RawWebSocket] = []
        for path in ["/one", "/two", "/three"] {
            sockets.append(try connect(bridge, path, "alice"))
            expectQuota(try handshake(bridge, path, "alice"))
        }
        #expect(try handshake(bridge, "/one", "bob").status == 101)
        expectQuota(try handshake(bridge, "/two", "bob"))
        #expect(try handshake(bridge, "/three", "bob").status == 101)
        for _ in 0..<3 { sockets.append(try connect(bridge, "/echo", "alice")) }
    }

    // MARK: - The rate of handshakes

    @Test("R3, R43: too many handshakes from an address are 429 with Retry-After, after 401, 404 and 403, before 503")
    func rateOrder() throws {
        let bridge = try Self.bridge(limits: "connect_rate = 1\nmax_connections = 1")
        let first = try connect(bridge, "/echo", "alice")
        var answers: [HTTPAnswer] = []
        // Ten seconds' worth at once; a slow machine adds some.
        for _ in 0..<60 where answers.last?.status != 429 { answers.append(try handshake(bridge, "/echo", "alice")) }
        #expect(answers.count >= 10)
        #expect(answers.dropLast().allSatisfy { $0.status == 503 })
        let last = try #require(answers.last)
        #expect(last.status == 429)
        #expect(last.json?["error"] as? String == "rate_limited")
        #expect(last["Retry-After"].flatMap { Int($0) } ?? 0 >= 1)
        // In the order of R3.
        #expect(try bridge.handshake("/echo", headers: ["Origin: null"]).status == 403)
        #expect(try bridge.handshake("/echo", headers: ["Authorization: Bearer \(GuardedBridge.wrong)"]).status == 401)
        #expect(try handshake(bridge, "/nowhere", "alice").status == 404)
        #expect(try handshake(bridge, "/fixture", "narrow").status == 403)
        #expect(try first.request("ping").result != nil)
    }

    @Test(
        "R43, R74: guessing tokens or paths ends in 429 for all that an address presents, right or wrong, until it pauses"
    )
    func guessing() throws {
        let bridge = try Self.bridge(limits: "connect_rate = 2")
        let guesses: [(String, [String])] = [
            ("/echo", ["Authorization: Bearer \(GuardedBridge.wrong)"]), ("/echo", []),
            ("/nowhere", Self.headers("alice")), ("/fixture", Self.headers("narrow")),
            ("/echo", ["Authorization: Bearer a", "Authorization: Bearer b"]),
        ]
        var statuses: [Int] = []
        // Every one of them counts: twenty at once, and two a second, of which a slow machine sees some.
        for index in 0..<80 where statuses.last != 429 {
            let (path, headers) = guesses[index % guesses.count]
            statuses.append(try bridge.handshake(path, headers: headers).status)
        }
        #expect(statuses.last == 429)
        #expect(statuses.count > 20)
        // Many at once, so that no token comes meanwhile for more than a few.
        let wanted: [(String, [String])] =
            guesses + [
                ("/echo", Self.headers("alice")), ("/nowhere", []), ("/open", []), ("/open/", []),
                ("/open", ["Content-Length: 1"]), ("/nowhere", Self.headers("alice") + ["Content-Length: 1"]),
            ]
        let sockets = try wanted.map { path, headers in
            let socket = try RawSocket(port: bridge.port)
            try socket.send(Handshake(path: path, port: bridge.port, headers: headers).bytes + Array("x".utf8))
            return socket
        }
        var answers = try sockets.map { try $0.receiveAnswer().status }
        // A body is a malformed request at a path that is there: no guess.
        answers.remove(at: 9)
        #expect(answers.count { $0 != 429 } <= 6, "\(answers)")
        try eventually("an address that pauses to be let in") { (try? connect(bridge, "/echo", "alice")) != nil }
    }

    @Test("R43: what a page can have a browser send takes nothing from the share of its address")
    func pages() throws {
        let bridge = try Self.bridge(limits: "connect_rate = 1")
        for _ in 0..<40 {
            #expect(try bridge.handshake("/echo", headers: ["Origin: https://evil.example"]).status == 403)
            #expect(try bridge.handshake("/echo", without: ["Upgrade", "Connection"]).status == 426)
        }
        #expect(try handshake(bridge, "/echo", "alice").status == 101)
    }

    @Test("R74: under a flood of refusals the log gets some lines and a count of the others")
    func boundedLog() throws {
        let bridge = try Self.bridge(limits: "", event_loops: 1)
        for _ in 0..<8 {
            let sockets = try (0..<100).map { _ in try RawSocket(port: bridge.port) }
            for socket in sockets { try socket.send(Handshake(path: "/echo", port: bridge.port).bytes) }
            for socket in sockets { #expect(try socket.receiveAnswer().status == 401) }
        }
        let record = try bridge.waitLog("a count") { $0.message == "refused more than is logged" }
        #expect(record.number("count") ?? 0 > 0)
        var counted = 0
        var written = 0
        try eventually("every refusal to be written or counted") {
            let records = bridge.program.errors.lines.compactMap(LogRecord.init)
            counted = records.filter { $0.message == "refused more than is logged" }.compactMap { $0.number("count") }
                .reduce(0, +)
            written = records.count { $0.message == "handshake refused" }
            return counted + written == 800
        }
        #expect(written < 800)
    }
}
