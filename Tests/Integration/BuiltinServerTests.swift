// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The server inside the bridge, `builtin = "echo"`.
@Suite struct BuiltinServerTests {
    /// A bridge with it at `/echo`.
    private static func bridge(
        server: String = "",
        listen: String = "",
        limits: String = "",
        more: String = "",
        prefix: [String] = []
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                \(listen)
                [limits]
                \(limits)
                [servers.echo]
                builtin = "echo"
                \(server)
                \(more)
                """,
            prefix: prefix
        )
    }

    private static func echoText(_ id: Int, _ text: String) -> String {
        RawWebSocket.callText("echo", id: "\(id)", #"{"text":"\#(text)"}"#)
    }

    @Test("R1, R33: a session from beginning to end", arguments: ["2024-11-05", "2025-11-25"])
    func session(version: String) throws {
        let bridge = try Self.bridge()
        let socket = try bridge.connect("/echo")
        #expect(try socket.initialize(version).result?["protocolVersion"] as? String == version)
        #expect(try socket.request("ping").result?.isEmpty == true)
        let tools = try socket.request("tools/list").result?["tools"] as? [[String: Any]]
        #expect(tools?.compactMap { $0["name"] as? String } == ["echo", "big"])
        #expect(try socket.call("echo", #"{"text":"a\nb\u00e9 😀"}"#).contentText == "a\nbé 😀")
        #expect(try socket.call("big", #"{"bytes":100000}"#).contentText?.utf8.count == 100_000)
        #expect(try socket.call("other").errorCode == -32_602)
        let unknown = try socket.request("resources/list")
        #expect(unknown.errorCode == -32_601)
        #expect(unknown.errorData == nil, "the server's own error, not the bridge's")
        #expect(try socket.close()?.code == 1000)
        let record = try bridge.waitConnectionEnded()
        #expect(record["cause"] == "client_closed")
        #expect(record.number("messages_out") == 7, "\(record.fields)")
        #expect(try bridge.stop() == 0)
    }

    @Test("R22, R26: text and ids arrive as they were spelled")
    func bytes() throws {
        let bridge = try Self.bridge()
        let socket = try bridge.connect("/echo")
        try socket.send(RawWebSocket.callText("echo", id: #""a\u00e9\/""#, #"{"text":"\u00e9\/\ud83d\ude00"}"#))
        let answer = #"{"jsonrpc":"2.0","id":"a\u00e9\/","result":{"content":[{"type":"text","text":"#
        #expect(try socket.receiveText() == answer + #""\u00e9\/\ud83d\ude00"}],"isError":false}}"#)
        // Pretty-printed, which a child would get in one line.
        try socket.send("{\n  \"jsonrpc\": \"2.0\",\r\n  \"id\": 1,\n  \"method\": \"ping\"\n}\n")
        #expect(try socket.receiveText() == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        #expect(bridge.children.isEmpty)
    }

    @Test("R29: 64 requests in flight are answered in their order, however they are divided into frames and writes")
    func inFlight() throws {
        let bridge = try Self.bridge()
        let socket = try bridge.connect("/echo")
        for round in 0..<20 {
            var burst: [UInt8] = []
            for id in 0..<64 {
                let text = "\(round)-\(id)-" + String(repeating: "x", count: id * 40)
                burst += RawWebSocket.frame(Array(Self.echoText(id, text).utf8))
            }
            try socket.socket.send(burst)
            for id in 0..<64 {
                let answer = try socket.receiveMessage()
                #expect(answer.id as? Int == id)
                #expect(answer.contentText == "\(round)-\(id)-" + String(repeating: "x", count: id * 40))
            }
        }
        #expect(bridge.children.isEmpty)
    }

    @Test("R15: a message of several mebibytes goes there and back", arguments: [70_000, 1 << 20, 3 << 20])
    func largeMessage(count: Int) throws {
        let bridge = try Self.bridge()
        let socket = try bridge.connect("/echo")
        let text = String(repeating: "y", count: count)
        for id in 1...3 { try socket.send(Self.echoText(id, text), fragmentsOf: 50_000) }
        for id in 1...3 {
            let answer = try socket.receiveMessage()
            #expect(answer.id as? Int == id)
            #expect(answer.contentText == text)
        }
        #expect(bridge.children.isEmpty)
    }

    @Test("R25: the elements of a batch are answered one by one where that revision was negotiated")
    func batch() throws {
        let bridge = try Self.bridge()
        let socket = try bridge.connect("/echo")
        try socket.initialize("2025-03-26")
        try socket.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"n"},\#(Self.echoText(2, "b"))]"#
        )
        #expect(try socket.receiveMessage().id as? Int == 1)
        #expect(try socket.receiveMessage().contentText == "b")
        #expect(bridge.children.isEmpty)
    }

    @Test("R24: what is no JSON-RPC is refused by the bridge, between answers of the server's")
    func invalid() throws {
        let bridge = try Self.bridge()
        let socket = try bridge.connect("/echo")
        try socket.send(Self.echoText(1, "before"))
        try socket.send("no JSON")
        try socket.send(Self.echoText(2, "behind"))
        var answers = [try socket.receiveMessage(), try socket.receiveMessage(), try socket.receiveMessage()]
        answers.sort { ($0.id as? Int ?? 0) < ($1.id as? Int ?? 0) }
        #expect(answers.map(\.errorCode) == [-32_700, nil, nil])
        #expect(answers.map(\.contentText) == [nil, "before", "behind"])
        #expect(bridge.children.isEmpty)
    }

    @Test("R46, R35: a client that asks for much and does not read is held in bounded memory; others go on meanwhile")
    func paused() throws {
        let bridge = try Self.bridge(limits: "queue = \"256KiB\"\nping_interval = \"0s\"\nwrite_timeout = \"60s\"")
        let stalled = try bridge.connect("/echo", receiveBuffer: 4096)
        let other = try bridge.connect("/echo")
        #expect(try other.request("ping").result != nil)
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        // A thousand calls of which each is answered with a mebibyte.
        let count = 1000
        var burst: [UInt8] = []
        for id in 1...count {
            burst += RawWebSocket.frame(Array(RawWebSocket.callText("big", id: "\(id)", #"{"bytes":1048576}"#).utf8))
        }
        try stalled.socket.send(burst)
        for id in 1...100 {
            try other.send(Self.echoText(id, "t"))
            #expect(try other.receiveMessage().contentText == "t")
        }
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        #expect(growth < 24_000, "\(growth) KiB more")
        // It goes on where it stopped.
        stalled.socket.setReceiveBuffer(1 << 20)
        for id in 1...50 {
            let text = try #require(try stalled.receiveText())
            #expect(text.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"#))
            #expect(text.utf8.count > 1 << 20)
        }
    }

    @Test("R46: a client that never stops asking is not read from once it has enough to take")
    func pausesClient() throws {
        let bridge = try Self.bridge(limits: "queue = \"256KiB\"\nping_interval = \"0s\"\nwrite_timeout = \"60s\"")
        let socket = try bridge.connect("/echo", receiveBuffer: 4096)
        let text = String(repeating: "z", count: 1000)
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        var sent = 0
        var id = 0
        while sent < 64 << 20 {
            var burst: [UInt8] = []
            for _ in 0..<100 {
                burst += RawWebSocket.frame(Array(Self.echoText(id, text).utf8))
                id += 1
            }
            let count = try socket.socket.sendSome(burst, within: 2)
            sent += count
            if count < burst.count { break }
        }
        #expect(sent < 64 << 20, "\(sent) bytes were taken from a client that reads nothing")
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        #expect(growth < 24_000, "\(growth) KiB more")
        socket.socket.setReceiveBuffer(1 << 20)
        for number in 0..<2000 {
            let answer = try socket.receiveMessage()
            #expect(answer.id as? Int == number)
            guard answer.contentText == text else {
                Issue.record("answer \(number): \(answer.text.prefix(200))")
                return
            }
        }
    }

    @Test("R46, R21: past write_timeout a client that does not read its big answers is ended")
    func writeTimeout() throws {
        let bridge = try Self.bridge(limits: "queue = \"64KiB\"\nwrite_timeout = \"500ms\"\nping_interval = \"0s\"")
        let stalled = try bridge.connect("/echo", receiveBuffer: 4096)
        for id in 1...50 { try stalled.sendCall("big", id: "\(id)", #"{"bytes":1048576}"#) }
        let record = try bridge.waitConnectionEnded()
        #expect(record["cause"] == "client_write_timeout", "\(record.fields)")
        #expect(record["close_code"] == "1008", "\(record.fields)")
    }

    @Test("R17: oversize_response holds for its answers too")
    func oversize() throws {
        let bridge = try Self.bridge(server: "oversize_response = \"64KiB\"")
        let socket = try bridge.connect("/echo")
        #expect(try socket.call("big", #"{"bytes":60000}"#).contentText?.utf8.count == 60_000)
        #expect(try socket.call("big", #"{"bytes":70000}"#).isBridgeError)
        #expect(bridge.children.isEmpty)
    }

    @Test("R44: a drain ends its connections at once, answered where they are busy, and the bridge with status 0")
    func drain() throws {
        let bridge = try Self.bridge()
        let idle = try bridge.connect("/echo")
        // Reads nothing yet, so that its answers are still under way.
        let busy = try bridge.connect("/echo", receiveBuffer: 4096)
        #expect(try idle.request("ping").result != nil)
        for id in 1...8 { try busy.sendCall("big", id: "\(id)", #"{"bytes":1048576}"#) }
        bridge.program.signal(SIGTERM)
        #expect(try idle.receiveClose()?.code == 1001)
        try idle.finishClose()
        busy.socket.setReceiveBuffer(1 << 20)
        for id in 1...8 {
            let answer = try busy.receiveMessage()
            #expect(answer.id as? Int == id)
            #expect(answer.contentText?.utf8.count == 1 << 20, "\(answer.text.prefix(200))")
        }
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try bridge.program.wait() == 0)
    }

    @Test("R43: no child and one descriptor per connection, and the places of children are not taken")
    func descriptors() throws {
        let bridge = try Self.bridge(limits: "max_connections = 100\nmax_children = 1\nspawn_rate = 1")
        let first = try bridge.connect("/echo")
        #expect(try first.request("ping").result != nil)
        let before = try #require(ProcessTable.descriptors(of: bridge.pid))
        let sockets = try (0..<60).map { _ in try bridge.connect("/echo") }
        for socket in sockets { #expect(try socket.request("ping").result != nil) }
        #expect(ProcessTable.descriptors(of: bridge.pid) == before + sockets.count)
        #expect(bridge.children.isEmpty)
        for socket in sockets { try socket.close() }
        try eventually("the descriptors to be closed") { ProcessTable.descriptors(of: bridge.pid) == before }
        #expect(try first.request("ping").result != nil)
        try first.close()
        #expect(try bridge.stop() == 0)
    }

    @Test("R43: max_connections of a builtin is reckoned with one descriptor each, and all of those work")
    func descriptorLimit() throws {
        let bridge = try Self.bridge(
            listen: "event_loops = 1",
            limits: "max_connections = 500",
            prefix: ["prlimit", "--nofile=64:64"]
        )
        let record = try bridge.waitLog("a warning about descriptors") { $0.number("max_connections") == 500 }
        let most = try #require(record.number("limit"))
        try #require(30..<64 ~= most)
        let sockets = try (0..<most).map { _ in try bridge.connect("/echo") }
        let answer = try bridge.handshake("/echo")
        #expect(answer.json?["error"] as? String == "at_capacity", "\(answer.body)")
        for socket in sockets { #expect(try socket.request("ping").result != nil) }
    }

    @Test(
        "R43: beside a server that is started, as many descriptors are kept as its children may take",
        arguments: [(1024, 8), (4, 24)]
    )
    func descriptorsBesideChildren(maxChildren: Int, connections: Int) throws {
        let bridge = try Self.bridge(
            listen: "event_loops = 1",
            limits: "max_connections = 500\nmax_children = \(maxChildren)",
            more: "[servers.fixture]\ncommand = \(BridgeProcess.command([]))",
            prefix: ["prlimit", "--nofile=64:64"]
        )
        let record = try bridge.waitLog("a warning about descriptors") { $0.number("max_connections") == 500 }
        #expect(record.number("limit") == connections)
    }

    @Test("R7: its own max_connections holds")
    func ownConnections() throws {
        let bridge = try Self.bridge(server: "limits = { max_connections = 2 }")
        let sockets = try (0..<2).map { _ in try bridge.connect("/echo") }
        #expect(try bridge.handshake("/echo").status == 503)
        for socket in sockets { try socket.close() }
        try eventually("a place") { (try? bridge.connect("/echo")) != nil }
    }

    @Test("R36: connections do not mix, also where they share an event loop")
    func isolation() throws {
        let bridge = try Self.bridge(listen: "event_loops = 1")
        let sockets = try (0..<20).map { _ in try bridge.connect("/echo") }
        for id in 0..<20 {
            for (index, socket) in sockets.enumerated() {
                try socket.send(Self.echoText(id, "\(index)-\(id)" + String(repeating: "p", count: index * 1000)))
            }
            for (index, socket) in sockets.enumerated() {
                let answer = try socket.receiveMessage()
                #expect(answer.id as? Int == id)
                #expect(answer.contentText?.hasPrefix("\(index)-\(id)") == true)
            }
        }
    }

    @Test("R37: connections to it leave no memory behind")
    func memory() throws {
        let bridge = try Self.bridge()
        func connect(_ count: Int) throws {
            for _ in 0..<count {
                let socket = try bridge.connect("/echo")
                #expect(try socket.call("big", #"{"bytes":20000}"#).contentText?.utf8.count == 20_000)
                try socket.close()
            }
        }
        try connect(300)
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        try connect(600)
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        #expect(growth < 1500, "\(growth) KiB more after 600 connections")
    }

    @Test("check says that it is there, and --probe asks it without starting anything")
    func check() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("[servers.echo]\nbuiltin = \"echo\"\n", to: "bridge.toml")
        let plain = try BridgeProcess.run(["check", "--config", file])
        #expect(plain.status == 0)
        #expect(plain.output.contains("builtin   echo (inside the bridge"), "\(plain)")
        let probe = try BridgeProcess.run(["check", "--config", file, "--probe", "--json"])
        #expect(probe.status == 0, "\(probe)")
        let document = try JSONSerialization.jsonObject(with: Data(probe.output.utf8)) as? [String: Any]
        let server = try #require((document?["servers"] as? [[String: Any]])?.first)
        #expect(server["transport"] as? String == "built-in")
        #expect(server["revision"] as? String == "2025-11-25")
        #expect(server["tools"] as? [String] == ["echo", "big"])
    }
}
