// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Servers that are started again for connections that outlive them: `restart = "modern-only"`.
@Suite struct RestartTests {
    private static let meta = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#

    private func bridge(_ more: String = "") throws -> BridgeProcess {
        try BridgeProcess.fixture(
            server: "restart = \"modern-only\"\n" + BridgeProcess.stopsSoon,
            more: """
                [admin]
                address = "unix:@FOLDER@/admin.sock"
                \(more)
                """
        )
    }

    private func call(_ socket: RawWebSocket, _ tool: String, _ arguments: String = "{}") throws -> Message {
        try socket.request("tools/call", #"{"name":"\#(tool)","arguments":\#(arguments),\#(Self.meta)}"#)
    }

    private func samples(_ bridge: BridgeProcess) throws -> String {
        let socket = try RawSocket(path: bridge.folder.path + "/admin.sock")
        try socket.send(Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        return try socket.receiveAnswer().body
    }

    @Test(
        "R38: a connection that is modern only outlives its server: what was in flight is answered, the next gets another"
    )
    func survives() throws {
        let bridge = try bridge()
        let socket = try bridge.connect()
        let first = try #require(try call(socket, "pid").result?["pid"] as? Int)
        try socket.send(
            #"{"jsonrpc":"2.0","id":"held","method":"tools/call","params":{"name":"hold",\#(Self.meta)}}"#
        )
        try socket.send(
            #"{"jsonrpc":"2.0","id":"exit","method":"tools/call","params":{"name":"exit","arguments":{"n":7},\#(Self.meta)}}"#
        )
        for id in ["held", "exit"] {
            let answer = try socket.receiveMessage()
            #expect(answer.isBridgeError && answer.id as? String == id && answer.cause == "server_exited")
        }
        // Nobody has asked anything yet.
        try bridge.waitChildren(0)
        let second = try #require(try call(socket, "pid").result?["pid"] as? Int)
        #expect(second != first && ProcessTable.exists(pid_t(second)))
        // A new life: nothing of the old one is left.
        #expect(try call(socket, "count").contentText == "2")
        let restarted = try bridge.waitLog("the restart") { $0.message == "the server was started again" }
        #expect(restarted.number("pid") == second && restarted.number("count") == 1)
        #expect(try samples(bridge).contains(#"mcp_wsbridge_child_restarts_total{server="fixture"} 1"#))
        try socket.close()
        try bridge.waitChildren(0)
        #expect(try bridge.stop() == 0)
    }

    @Test("R38: messages that come while the server is started again wait for it, in their order")
    func queues() throws {
        let bridge = try bridge()
        let socket = try bridge.connect()
        _ = try call(socket, "exit", #"{"n":1}"#)
        for id in 100..<200 {
            try socket.send(
                #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"echo","arguments":{"n":\#(id)},\#(Self.meta)}}"#
            )
        }
        for id in 100..<200 {
            let answer = try socket.receiveMessage()
            #expect(answer.id as? Int == id && (answer.result?["echo"] as? [String: Any])?["n"] as? Int == id)
        }
        #expect(try bridge.stop() == 0)
    }

    @Test("R38: a connection with a session of an older revision ends with its server", arguments: [true, false])
    func legacy(initializes: Bool) throws {
        let bridge = try bridge()
        let socket = try bridge.connect()
        if initializes { try socket.initialize() } else { #expect(try socket.call("count").contentText == "1") }
        _ = try call(socket, "pid")
        let answer = try call(socket, "exit", #"{"n":1}"#)
        #expect(answer.isBridgeError && answer.cause == "server_exited")
        #expect(try socket.receiveClose()?.code == 1001)
        #expect(try bridge.waitConnectionEnded().fields["cause"] == "server_exited")
        #expect(try bridge.stop() == 0)
    }

    @Test("R38: a server that dies again and again is given up: later and later, then the connection ends and says why")
    func crashLoop() throws {
        let bridge = try bridge()
        let socket = try bridge.connect()
        var begins: [ContinuousClock.Instant] = []
        for _ in 0..<5 {
            begins.append(.now)
            #expect(try call(socket, "exit", #"{"n":3}"#).cause == "server_exited")
        }
        // The second restart comes a quarter of a second after the death, the fourth a whole one.
        #expect(begins[3] - begins[2] >= .milliseconds(240) && ContinuousClock.now - begins[4] >= .milliseconds(900))
        try socket.send(
            #"{"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"exit","arguments":{"n":3},\#(Self.meta)}}"#
        )
        #expect(try socket.receiveMessage().cause == "server_exited")
        let close = try #require(try socket.receiveClose())
        #expect(close.code == 1001 && close.reason.contains("again and again"))
        let ended = try bridge.waitConnectionEnded()
        #expect(ended.fields["cause"] == "server_crash_loop")
        #expect(try samples(bridge).contains(#"mcp_wsbridge_crash_loops_total{server="fixture"} 1"#))
        try bridge.waitChildren(0)
        #expect(try bridge.stop() == 0)
    }

    @Test("R37, R38: descendants of the one that died are ended, those of the next one live")
    func families() throws {
        let folder = try TemporaryFolder()
        // The one before takes its time to end, so that the next one begins meanwhile.
        let bridge = try BridgeProcess.fixture(
            "ignores-term",
            "daemonises-grandchild=\(folder.path)/pids",
            server: "restart = \"modern-only\"\n" + BridgeProcess.stopsSoon,
            folder: folder
        )
        let socket = try bridge.connect()
        let first = try folder.waitPids("pids")
        _ = try call(socket, "exit", #"{"n":1}"#)
        #expect(try call(socket, "count").contentText == "1")
        let both = try folder.waitPids("pids", count: 2)
        try ProcessTable.waitGone(first[0])
        #expect(ProcessTable.exists(both[1]))
        #expect(try call(socket, "count").contentText == "2")
        try socket.close()
        try ProcessTable.waitGone(both[1])
        #expect(try bridge.stop() == 0)
    }

    @Test("R38, R39: a server that cannot be started any more: each request is answered, in the end with the close")
    func unstartable() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/server"
        try FileManager.default.copyItem(atPath: BridgeProcess.fixture, toPath: program)
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [servers.fixture]
                command = ["\(program)"]
                restart = "modern-only"
                """,
            folder: folder
        )
        let socket = try bridge.connect()
        #expect(try call(socket, "count").contentText == "1")
        try FileManager.default.removeItem(atPath: program)
        #expect(try call(socket, "exit", #"{"n":1}"#).cause == "server_exited")
        #expect(try call(socket, "count").cause == "server_not_restarted")
        try FileManager.default.copyItem(atPath: BridgeProcess.fixture, toPath: program)
        #expect(try call(socket, "count").contentText == "1")
        #expect(try bridge.stop() == 0)
    }

    @Test("R44: a drain does not wait for a server that could be started again")
    func drain() throws {
        let bridge = try bridge()
        let socket = try bridge.connect()
        _ = try call(socket, "exit", #"{"n":1}"#)
        try bridge.waitChildren(0)
        bridge.program.signal(SIGTERM)
        #expect(try socket.receiveClose()?.code == 1001)
        try socket.finishClose()
        #expect(try bridge.program.wait() == 0)
    }
}
