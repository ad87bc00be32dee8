// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Limits, exhaustion and the figures that must return to the baseline (R37, R39, R43, R46). Heavy: one after the other.
@Suite(.serialized) struct LimitTests {
    @Test("R37: descriptors and children return to the baseline after 1,000 connects that end in every way")
    func thousandConnects() throws {
        let bridge = try BridgeProcess.fixture(limits: "spawn_rate = 100000")
        for _ in 0..<20 { try bridge.connect().close() }
        try bridge.waitChildren(0)
        // What is left is what the bridge keeps for itself.
        var before = -1
        try eventually("a steady number of descriptors") {
            let now = ProcessTable.descriptors(of: bridge.pid) ?? -1
            defer { before = now }
            poll(nil, 0, 100)
            return now == before
        }
        for round in 0..<100 {
            let sockets = try (0..<10).map { _ in try bridge.connect() }
            for (index, socket) in sockets.enumerated() {
                try socket.sendCall("echo", id: "1")
                switch index % 5 {
                case 0:
                    #expect(try socket.receiveMessage().id as? Int == 1)
                    try socket.close()
                case 1: socket.socket.reset()
                case 2:
                    try socket.sendCall("exit", id: "2", #"{"n":1}"#)
                    #expect(try socket.receiveMessage().id as? Int == 1)
                    #expect(try socket.receiveMessage().isBridgeError)
                case 3:
                    try socket.socket.send([0xFF, 0xFF])
                    #expect(try socket.receiveMessage().id as? Int == 1)
                default: socket.socket.close()
                }
            }
            if round % 10 == 9 { try bridge.waitChildren(0) }
        }
        try bridge.waitChildren(0)
        try eventually("\(before) descriptors, there are \(ProcessTable.descriptors(of: bridge.pid) ?? -1)") {
            ProcessTable.descriptors(of: bridge.pid) == before
        }
        #expect(try bridge.connect().call("count").contentText == "1")
    }

    @Test("R43: beyond max_connections a handshake is 503 with Retry-After; a freed place is given again")
    func maxConnections() throws {
        let bridge = try BridgeProcess.fixture(limits: "max_connections = 3")
        let sockets = try (0..<3).map { _ in try bridge.connect() }
        let answer = try bridge.handshake()
        #expect(answer.status == 503)
        #expect(answer["Retry-After"] != nil)
        // R3: capacity is judged last.
        #expect(try bridge.handshake("/nowhere").status == 404)
        #expect(try bridge.handshake(headers: ["Origin: null"]).status == 403)
        try sockets[0].close()
        try bridge.waitChildren(2)
        try bridge.waitPlace()
        #expect(try sockets[1].call("count").contentText == "1")
    }

    @Test("R43: max_children counts those that are still ending")
    func maxChildren() throws {
        let bridge = try BridgeProcess.fixture(
            "ignores-eof-and-term",
            server: #"stop = { stdin_grace = "1s", term_grace = "1s" }"#,
            limits: "max_children = 1"
        )
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        try socket.close()
        #expect(ProcessTable.exists(pid))
        #expect(try bridge.handshake().status == 503)
        try ProcessTable.waitGone(pid)
        try bridge.waitPlace()
        // Killed with the test, the bridge could not end a server that ignores all that it is told.
        #expect(try bridge.stop() == 0)
    }

    @Test("R39, R43: a connection whose server could not be started gives its places back")
    func failedStartFreesPlaces() throws {
        let bridge = try BridgeProcess.fixture(
            limits: """
                max_connections = 1
                max_children = 1
                """,
            more: """
                [servers.broken]
                command = ["/nonexistent/program"]
                """
        )
        #expect(try bridge.handshake("/broken").status == 503)
        #expect(try bridge.connect().call("count").contentText == "1")
    }

    @Test("R43: spawn_rate refuses a storm and lets through again")
    func spawnRate() throws {
        let bridge = try BridgeProcess.fixture(limits: "spawn_rate = 2")
        // All are asked before the first answer is read: one after the other they may be slow enough to pass.
        let sockets = try (0..<10).map { _ in try RawSocket(port: bridge.port) }
        for socket in sockets { try socket.send(Handshake(path: "/fixture", port: bridge.port).bytes) }
        let statuses = try sockets.map { try $0.receiveAnswer().status }
        #expect(Set(statuses) == [101, 503], "\(statuses)")
        try bridge.waitPlace()
    }

    @Test("R43, R21: an idle connection ends with 1000; one with a request in flight is not idle")
    func idle() throws {
        let bridge = try BridgeProcess.fixture(limits: #"idle_timeout = "1s""#)
        let busy = try bridge.connect()
        try busy.sendCall("sleep", id: "1", #"{"ms":3000}"#)
        let idle = try bridge.connect()
        #expect(try idle.receiveClose()?.code == 1000)
        try idle.finishClose()
        #expect(try busy.receiveMessage().contentText == "slept")
        #expect(try busy.receiveClose()?.code == 1000)
    }

    @Test("R43, R21: a connection of max_connection_age ends with 1000, once what is in flight is answered")
    func age() throws {
        let bridge = try BridgeProcess.fixture(limits: #"max_connection_age = "1s""#)
        let idle = try bridge.connect()
        #expect(try idle.request("ping").result != nil)
        let busy = try bridge.connect()
        try busy.sendCall("hold", id: "1")
        #expect(try idle.receiveClose()?.code == 1000)
        try idle.finishClose()
        // The other is hardly younger.
        try bridge.waitChildren(1)
        try busy.sendCall("sleep", id: "2", #"{"ms":1000}"#)
        #expect(try busy.receiveMessage().contentText == "slept")
        try busy.sendCall("release", id: "3")
        #expect(Set([try busy.receiveMessage().id as? Int, try busy.receiveMessage().id as? Int]) == [1, 3])
        #expect(try busy.receiveClose()?.code == 1000)
        try bridge.waitChildren(0)
    }

    @Test("R43, R21: what is not answered for as long as a drain lasts gets an error when the connection is too old")
    func ageTimeout() throws {
        let bridge = try BridgeProcess.fixture(limits: #"max_connection_age = "1s""#, drain: #"timeout = "500ms""#)
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: "1")
        let answer = try socket.receiveMessage()
        #expect(answer.id as? Int == 1)
        #expect(answer.isBridgeError)
        #expect(answer.cause == "max_connection_age")
        #expect(try socket.receiveClose()?.code == 1000)
        try bridge.waitChildren(0)
    }

    @Test("R43: limits that exceed what descriptors allow are named at the start")
    func namesDescriptors() throws {
        let bridge = try BridgeProcess.fixture(prefix: ["prlimit", "--nofile=128:128"])
        _ = try bridge.waitLog("a warning about descriptors") { record in
            record.fields.values.contains { $0.contains("max_connections") }
        }
    }

    @Test("R39: no descriptors left for a child: 503 for that connection alone, others notice nothing, and it recovers")
    func descriptorsExhausted() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let used = try #require(ProcessTable.descriptors(of: bridge.pid))
        // Enough for one more socket, not for the pipes of a child.
        try setDescriptorLimit(of: bridge.pid, to: used + 3)
        let answer = try bridge.handshake()
        #expect(answer.status == 503)
        #expect(answer["Retry-After"].flatMap { Int($0) } != nil)
        #expect(answer.json?["error"] as? String != "at_capacity", "\(answer.body)")
        #expect(try socket.call("count").contentText == "2")
        try setDescriptorLimit(of: bridge.pid, to: used + 100)
        try bridge.waitPlace()
        #expect(try socket.call("count").contentText == "3")
    }

    @Test("R39, R74: no descriptor left to accept with: others notice nothing, no loop burns, and it recovers")
    func cannotAccept() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let used = try #require(ProcessTable.descriptors(of: bridge.pid))
        try setDescriptorLimit(of: bridge.pid, to: used)
        let silent = try (0..<50).map { _ in try RawSocket(port: bridge.port) }
        let before = try processorTicks(bridge.pid)
        for _ in 0..<20 {
            #expect(try socket.call("sleep", #"{"ms":50}"#).contentText == "slept")
        }
        let spent = try processorTicks(bridge.pid) - before
        #expect(spent < 20, "\(spent) ticks of 10 ms in about one second: it spins")
        try setDescriptorLimit(of: bridge.pid, to: used + 100)
        for socket in silent { socket.close() }
        try bridge.waitPlace()
    }

    private func setDescriptorLimit(of pid: pid_t, to limit: Int) throws {
        // The hard limit stays, so that it can be raised again.
        #expect(try RunningProgram(["prlimit", "--pid", "\(pid)", "--nofile=\(limit):"]).wait() == 0)
    }

    /// User and system time of a process in ticks of 10 ms: fields 14 and 15 of /proc/PID/stat.
    private func processorTicks(_ pid: pid_t) throws -> Int {
        let data = try #require(FileManager.default.contents(atPath: "/proc/\(pid)/stat"))
        let text = String(decoding: data, as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return try #require(Int(fields[12])) + #require(Int(fields[13]))
    }

    /// Whether programs can be run as nobody with a limit on processes.
    static let canDropPrivileges: Bool = {
        guard getuid() == 0, let program = try? RunningProgram(unprivileged(limit: 1000) + ["true"]) else {
            return false
        }
        return (try? program.wait()) == 0
    }()

    /// A user id that nobody else uses, so that its count of processes is ours alone.
    private static func unprivileged(limit: Int) -> [String] {
        let user = "64\(getpid() % 900 + 100)"
        return [
            "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "prlimit", "--nproc=\(limit):\(limit)",
        ]
    }

    @Test(
        "R39: spawning refused with EAGAIN: 503 for that connection alone, and it recovers",
        .enabled(if: canDropPrivileges, "SKIPPED: needs root, setpriv(1) and prlimit(1)")
    )
    func spawnRefused() throws {
        let folder = try TemporaryFolder()
        // The build folder may be out of the other user's reach.
        for name in ["mcp-wsbridge", "FixtureServer"] {
            try FileManager.default.copyItem(
                atPath: "\(BridgeProcess.products)/\(name)",
                toPath: "\(folder.path)/\(name)"
            )
        }
        try folder.write(
            """
            [listen]
            address = "127.0.0.1:0"
            [limits]
            spawn_rate = 100000
            [servers.fixture]
            command = ["\(folder.path)/FixtureServer"]
            """,
            to: "bridge.toml"
        )
        // Threads count as processes: a few for the bridge itself, and then room for some children.
        let program = try RunningProgram(
            Self.unprivileged(limit: 24) + ["\(folder.path)/mcp-wsbridge", "--config", folder.path + "/bridge.toml"],
            environment: ["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"]
        )
        let banner = try program.output.wait(for: "the address") { $0.contains("ws://127.0.0.1:") }
        let address = try #require(banner, "\(program.errors.lines)").components(separatedBy: "ws://127.0.0.1:")[1]
        let port = try #require(UInt16(address.prefix { $0.isNumber }))
        var sockets: [RawWebSocket] = []
        var refused: HTTPAnswer?
        while refused == nil, sockets.count < 40 {
            do {
                sockets.append(try RawWebSocket(port: port, path: "/fixture"))
            } catch let error as HandshakeRefused {
                refused = error.answer
            }
        }
        #expect(refused?.status == 503, "after \(sockets.count) connections")
        #expect(refused?["Retry-After"] != nil)
        #expect(refused?.json?["error"] as? String != "at_capacity", "\(refused?.body ?? "")")
        #expect(!sockets.isEmpty)
        for socket in sockets { #expect(try socket.call("count").contentText == "1") }
        for socket in sockets { try socket.close() }
        sockets = []
        try eventually("service to be restored") { (try? RawWebSocket(port: port, path: "/fixture")) != nil }
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    // MARK: - Back-pressure

    @Test("R46: a client that does not read pauses its chattering server, in bounded memory; others are not slowed")
    func clientDoesNotRead() throws {
        let bridge = try BridgeProcess.fixture(
            "chatters",
            limits: """
                queue = "256KiB"
                write_timeout = "60s"
                """,
            more: """
                [servers.other]
                command = \(BridgeProcess.command([]))
                """
        )
        let stalled = try bridge.connect(receiveBuffer: 4096)
        let other = try bridge.connect("/other")
        let pid = try #require(bridge.children.map(\.pid).min())
        try stalled.sendCall("x", id: "1")
        let last = try waitPaused(pid)
        #expect(last < 16 << 20, "\(last) bytes were taken from a server whose client does not read")
        #expect(try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") < 120_000)
        for _ in 0..<100 { #expect(try other.call("count").contentText != nil) }
        // It goes on where it stopped.
        for _ in 0..<3000 {
            let message = try stalled.receiveMessage()
            #expect(message.method == "notifications/message" || message.id as? Int == 1)
        }
        try eventually("the server to go on") { ProcessTable.bytesWritten(by: pid) > last }
    }

    @Test("R46, R21: past write_timeout a client that does not read is cut")
    func writeTimeout() throws {
        let bridge = try BridgeProcess.fixture(
            "chatters",
            limits: """
                queue = "64KiB"
                write_timeout = "500ms"
                ping_interval = "0s"
                """
        )
        let stalled = try bridge.connect(receiveBuffer: 4096)
        try stalled.sendCall("x", id: "1")
        let record = try bridge.waitConnectionEnded()
        #expect(record.fields.values.contains("1008"), "\(record.fields)")
        try bridge.waitChildren(0)
    }

    @Test(
        "R46: a server that does not read pauses its client's socket, in bounded memory, while pings are not expected back"
    )
    func serverDoesNotRead() throws {
        let bridge = try BridgeProcess.fixture(
            "never-reads",
            server: BridgeProcess.stopsSoon,
            limits: """
                queue = "256KiB"
                write_timeout = "3s"
                ping_interval = "200ms"
                pong_timeout = "200ms"
                """,
            more: """
                [servers.other]
                command = \(BridgeProcess.command([]))
                [servers.other.limits]
                ping_interval = "0s"
                """
        )
        let stalled = try bridge.connect()
        let other = try bridge.connect("/other")
        let text = String(repeating: "x", count: 100_000)
        let message = RawWebSocket.frame(Array(#"{"jsonrpc":"2.0","method":"n","params":{"t":"\#(text)"}}"#.utf8))
        var sent = 0
        while true {
            let count = try stalled.socket.sendSome(message, within: 0.5)
            sent += count
            if count < message.count { break }
            #expect(sent < 64 << 20)
            if sent >= 64 << 20 { break }
        }
        #expect(try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") < 120_000)
        #expect(try other.call("count").contentText == "1")
        // R46: past write_timeout the connection ends, R21: with 1008.
        let record = try bridge.waitConnectionEnded()
        #expect(record.fields.values.contains("1008"), "\(record.fields)")
        try bridge.waitChildren(1)
    }

    @Test("R13: a pong passes the messages that wait")
    func pongPassesQueue() throws {
        let bridge = try BridgeProcess.fixture("chatters", limits: #"queue = "24MiB""#)
        let socket = try bridge.connect(receiveBuffer: 4096)
        let pid = try #require(bridge.children.first).pid
        try socket.sendCall("x", id: "1")
        try waitPaused(pid)
        try socket.sendFrame(Array("now".utf8), opcode: 9)
        // What the kernel holds already cannot be passed; the queue of 24 MiB can.
        var bytesBefore = 0
        while let frame = try socket.receiveFrame() {
            if frame.opcode == 10, frame.text == "now" { break }
            bytesBefore += frame.payload.count
        }
        #expect(bytesBefore < 12 << 20)
    }

    /// Waits until a chattering server sleeps in write(2), since all between it and its client is full.
    @discardableResult
    private func waitPaused(_ pid: pid_t) throws -> Int {
        var last = -1
        try eventually("the server to be paused") {
            let now = ProcessTable.bytesWritten(by: pid)
            defer { last = now }
            poll(nil, 0, 200)
            return now > 0 && now == last
        }
        return last
    }
}
