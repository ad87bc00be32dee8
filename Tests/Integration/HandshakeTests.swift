// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Section A of the contract, through the real binary.
@Suite struct HandshakeTests {
    @Test(
        "R1: mcp is selected iff offered; nothing else ever is",
        arguments: [
            (nil, nil), ("mcp", "mcp"), ("soap, mcp", "mcp"), ("mcp,soap", "mcp"), ("soap", nil), ("MCP", nil),
            ("mcp2", nil),
        ] as [(String?, String?)]
    )
    func subprotocol(offered: String?, selected: String?) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/fixture",
            headers: offered.map { ["Sec-WebSocket-Protocol: \($0)"] } ?? []
        )
        #expect(socket.answer["Sec-WebSocket-Protocol"] == selected)
        #expect(socket.answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try socket.call("count").contentText == "1")
    }

    @Test("R20: an offered permessage-deflate is declined")
    func compression() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/fixture",
            headers: ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]
        )
        #expect(socket.answer["Sec-WebSocket-Extensions"] == nil)
        try socket.send(RawWebSocket.callText("big", id: "1", #"{"n":10000}"#))
        #expect(try socket.receiveFrame()?.reserved == 0)
    }

    /// A request that is refused: what it changes of a good handshake, and the answer.
    struct Refusal: CustomTestStringConvertible, Sendable {
        var name: String
        var path = "/fixture"
        var headers: [String] = []
        var without: [String] = []
        var method = "GET"
        var status: Int

        var testDescription: String { name }
    }

    @Test(
        "R3, R7: each refusal has its status and one line of JSON, and nothing is spawned",
        arguments: [
            Refusal(name: "foreign host", headers: ["Host: evil.example"], status: 421),
            Refusal(name: "no host", without: ["Host"], status: 400),
            Refusal(name: "foreign origin", headers: ["Origin: https://evil.example"], status: 403),
            Refusal(name: "null origin", headers: ["Origin: null"], status: 403),
            Refusal(name: "unknown path", path: "/nowhere", status: 404),
            Refusal(name: "root", path: "/", status: 404),
            Refusal(name: "plain GET", without: ["Upgrade", "Connection"], status: 426),
            Refusal(name: "POST", without: ["Upgrade", "Connection"], method: "POST", status: 426),
            Refusal(name: "version 8", headers: ["Sec-WebSocket-Version: 8"], status: 426),
            Refusal(name: "nothing of a version", without: ["Sec-WebSocket-Version"], status: 400),
            Refusal(name: "no key", without: ["Sec-WebSocket-Key"], status: 400),
            Refusal(name: "bad key", headers: ["Sec-WebSocket-Key: short"], status: 400),
            Refusal(
                name: "host before origin and path",
                path: "/nowhere",
                headers: ["Host: evil.example", "Origin: null"],
                status: 421
            ),
            Refusal(name: "origin before path", path: "/nowhere", headers: ["Origin: null"], status: 403),
        ]
    )
    func refusals(refusal: Refusal) throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture("pidfile=\(folder.path)/pids", folder: folder)
        let answer = try bridge.handshake(
            refusal.path,
            headers: refusal.headers,
            without: refusal.without,
            method: refusal.method
        )
        #expect(answer.status == refusal.status)
        #expect(answer.json != nil, "one JSON object: \(answer.body)")
        #expect(answer.body.split(separator: "\n").count == 1)
        #expect(answer["Content-Type"]?.hasPrefix("application/json") == true)
        if refusal.name.hasPrefix("version") { #expect(answer["Sec-WebSocket-Version"] == "13") }
        // A good connection afterwards is the first server that was ever started.
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        #expect(try folder.waitPids("pids") == [pid])
    }

    @Test("R3: a Streamable HTTP client is told what lives here")
    func tellsHTTPClients() throws {
        let bridge = try BridgeProcess.fixture()
        let answer = try bridge.handshake(
            headers: ["Accept: application/json, text/event-stream", "Content-Length: 0"],
            without: ["Upgrade", "Connection"],
            method: "POST"
        )
        #expect(answer.status == 426)
        #expect(answer["Upgrade"]?.lowercased() == "websocket")
        #expect(answer.body.contains("WebSocket"))
    }

    @Test(
        "R3: garbage instead of HTTP is answered or cut, and the listener lives on",
        arguments: ["\0\u{1}\u{2}\r\n\r\n", "\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"]
    )
    func garbage(text: String) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try RawSocket(port: bridge.port)
        try socket.send(Array(text.utf8))
        socket.shutdownWrite()
        let answer = String(decoding: try socket.receiveToEnd(), as: UTF8.self)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
        #expect(try bridge.connect().call("count").contentText == "1")
    }

    @Test(
        "R4: a listed origin is accepted exactly, no origin too",
        arguments: [
            ("https://app.example", 101), ("https://app.example:443", 101), ("http://app.example", 403),
            ("https://app.example:8443", 403), ("https://app.example.evil.example", 403),
            ("https://sub.app.example", 403),
        ]
    )
    func origins(origin: String, status: Int) throws {
        let bridge = try BridgeProcess.fixture(listen: #"allowed_origins = ["https://app.example"]"#)
        #expect(try bridge.handshake(headers: ["Origin: \(origin)"]).status == status)
        #expect(try bridge.handshake().status == 101)
    }

    @Test(
        "R5: on loopback the host is a loopback name or listed",
        arguments: [
            ("localhost", 101), ("localhost:@PORT@", 101), ("127.0.0.1", 101), ("[::1]:@PORT@", 101),
            ("LOCALHOST", 101),
            ("bridge.internal", 101), ("bridge.internal:@PORT@", 101), ("other.internal", 421),
            ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421),
        ]
    )
    func hosts(host: String, status: Int) throws {
        let bridge = try BridgeProcess.fixture(listen: #"allowed_hosts = ["bridge.internal"]"#)
        let host = host.replacingOccurrences(of: "@PORT@", with: "\(bridge.port)")
        #expect(try bridge.handshake(headers: ["Host: \(host)"]).status == status)
    }

    @Test("R11: several servers on one listener, each at its path with limits of its own")
    func severalServers() throws {
        let bridge = try BridgeProcess.fixture(
            more: """
                [servers.other]
                command = \(BridgeProcess.command(["counts-lines"]))
                path = "/deep/other"
                [servers.other.limits]
                max_message = "1KiB"
                """
        )
        let first = try bridge.connect()
        let second = try bridge.connect("/deep/other")
        #expect(try first.call("count").result?["lines"] == nil)
        #expect(try second.call("count").result?["lines"] as? Int == 1)
        #expect(try bridge.handshake("/other").status == 404)
        let long = String(repeating: "x", count: 2048)
        #expect(try first.call("echo", #"{"text":"\#(long)"}"#).result != nil)
        try second.sendCall("echo", id: "1", #"{"text":"\#(long)"}"#)
        #expect(try second.receiveClose()?.code == 1009)
        #expect(try first.call("count").contentText == "3")
    }

    @Test("R72: nothing of the handshake reaches the server, R42: neither as argument nor in its environment")
    func nothingGoesUpstream() throws {
        let bridge = try BridgeProcess.fixture()
        let canary = "canary-7f3a"
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/fixture?token=\(canary)",
            headers: ["Authorization: Bearer \(canary)", "Cookie: a=\(canary)", "X-Other: \(canary)"]
        )
        for tool in ["env", "argv"] {
            let text = try socket.call(tool).text
            #expect(!text.contains(canary))
        }
        #expect(try socket.call("count").contentText == "3")
        try socket.close()
        _ = try bridge.waitConnectionEnded()
        #expect(!bridge.everythingWritten.contains(canary), "R73: \(bridge.everythingWritten)")
    }

    @Test(
        "R74: a client that says nothing is cut after handshake_timeout",
        arguments: ["", "GET /fixture HTTP/1.1\r\nHost:"]
    )
    func silentClient(beginning: String) throws {
        let bridge = try BridgeProcess.fixture(limits: #"handshake_timeout = "1s""#)
        let socket = try RawSocket(port: bridge.port)
        if !beginning.isEmpty { try socket.send(Array(beginning.utf8)) }
        let rest = String(decoding: try socket.receiveToEnd(), as: UTF8.self)
        #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 408") || rest.hasPrefix("HTTP/1.1 400"))
    }

    @Test("R74: an endless header is cut off")
    func endlessHeader() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try RawSocket(port: bridge.port)
        let field = Array("X-Long: \(String(repeating: "x", count: 4000))\r\n".utf8)
        var bytes = Array("GET /fixture HTTP/1.1\r\nHost: localhost\r\n".utf8)
        for _ in 0..<1000 { bytes += field }
        do {
            try socket.send(bytes, within: 5)
            let answer = String(decoding: try socket.receiveToEnd(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
        } catch is POSIXError {
            // Cut while it was being sent.
        }
        #expect(try bridge.connect().call("count").contentText == "1")
    }

    @Test("a message that comes in one packet with the handshake is not lost")
    func pipelinedMessage() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try RawSocket(port: bridge.port)
        let message = RawWebSocket.frame(Array(RawWebSocket.callText("count", id: "5").utf8))
        try socket.send(Handshake(path: "/fixture", port: bridge.port).bytes + message)
        #expect(try socket.receiveAnswer().status == 101)
        let deadline = Deadline()
        while socket.available < 20 { #expect(try socket.fill(deadline, "the answer")) }
        #expect(String(decoding: socket.take(socket.available), as: UTF8.self).contains(#""id":5"#))
    }
}
