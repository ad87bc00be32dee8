// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// HTTP+SSE of 2024-11-05 (R63, R64, R66).
@Suite struct EventStreamTransportTests {
    @Test("R63, R47: the whole way: GET, endpoint, POSTs there, answers on the stream")
    func wholeWay() throws {
        let server = try ScriptedMCPServer(.sse)
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectLegacy("2024-11-05")
        #expect(try socket.call("echo", #"{"a":1}"#).contentText == #"{"a":1}"#)
        try socket.send(#"{"jsonrpc":"2.0","id":"ré","method":"ping"}"#)
        #expect(try socket.receiveMessage().id as? String == "ré")
        let get = try #require(server.http.requests.first)
        #expect(get.method == "GET" && get.target == "/sse" && get["accept"] == "text/event-stream")
        let posts = server.posts()
        #expect(posts.map(\.target).allSatisfy { $0 == "/messages?session=1" })
        #expect(
            posts.compactMap(\.rpcMethod) == ["initialize", "notifications/initialized", "tools/call", "ping"]
        )
        #expect(posts.allSatisfy { $0["content-type"] == "application/json" })
        #expect(server.http.requests.allSatisfy { $0.values("mcp-session-id").isEmpty })
        try socket.close()
        try server.http.waitGone(get)
        _ = try bridge.waitConnectionEnded()
        #expect(server.http.requests { $0.method == "DELETE" }.isEmpty)
    }

    @Test("R63: nothing is POSTed before the endpoint is known; then all goes in order")
    func waits() throws {
        let server = try ScriptedMCPServer(.sse)
        let gate = server.gate()
        let streams = Mailbox<HTTPReply>()
        server.once("GET") { _, reply in
            try reply.startEvents()
            try reply.comment("soon")
            try reply.event("{}", name: "other")
            try reply.wait(gate)
            try reply.event("/messages?session=1", name: "endpoint")
            streams.put(reply)
            try reply.never()
        }
        for method in ["initialize", "ping"] {
            server.on(method) { request, reply in try reply.accepted() }
        }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectDocs()
        try socket.send(#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#)
        for id in 1...9 { try socket.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#) }
        try server.wait(http: "GET")
        try socket.waitRead()
        #expect(server.posts().isEmpty)
        gate.open()
        let stream = try streams.take()
        try server.wait("initialize")
        try stream.event(#"{"jsonrpc":"2.0","id":0,"result":{}}"#, name: "message")
        try server.wait("ping", count: 9)
        for id in 1...9 { try stream.event(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#) }
        for id in 0...9 { _ = try socket.receive(id: id) }
        #expect(server.posts().compactMap(\.idText) == (0...9).map(String.init))
    }

    @Test(
        "R63: the endpoint may be told in any way that leads to the same origin",
        arguments: [
            ("/messages?session=1", "/messages?session=1"), ("messages?session=1", "/messages?session=1"),
            ("?session=1", "/sse?session=1"), ("./a/../messages", "/messages"),
            ("http://127.0.0.1:@PORT@/messages", "/messages"), ("HTTP://127.0.0.1:@PORT@/messages?x", "/messages?x"),
            ("//127.0.0.1:@PORT@/messages", "/messages"), ("/messages?a=%20b", "/messages?a=%20b"),
        ]
    )
    func endpoints(endpoint: String, target: String) throws {
        let server = try ScriptedMCPServer(.sse)
        let port = server.http.port
        let streams = Mailbox<HTTPReply>()
        server.on("GET") { _, reply in
            try reply.startEvents()
            try reply.event(endpoint.replacingOccurrences(of: "@PORT@", with: "\(port)"), name: "endpoint")
            streams.put(reply)
            try reply.never()
        }
        server.on("ping") { _, reply in try reply.accepted() }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectDocs()
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        let post = try server.wait("ping")
        #expect(post.target == target)
        try streams.take().event(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        _ = try socket.receive(id: 1)
    }

    @Test(
        "R63, R72: an endpoint of another origin gets nothing; requests get errors and the connection ends",
        arguments: [
            "http://127.0.0.1:@OTHER@/messages", "//127.0.0.1:@OTHER@/messages", "http://localhost:@PORT@/messages",
            "https://127.0.0.1:@PORT@/messages", "http://user@127.0.0.1:@OTHER@/messages",
            "http://127.0.0.1:@PORT@@127.0.0.1:@OTHER@/messages", "file:///etc/passwd", "ftp://127.0.0.1/x",
            "http://[::1]:@OTHER@/", "/\\127.0.0.1:@OTHER@/messages", "",
            "/messages?c=é",
        ]
    )
    func hostileEndpoint(endpoint: String) throws {
        let other = try ScriptedHTTPServer()
        let server = try ScriptedMCPServer(.sse)
        let ports = ("\(server.http.port)", "\(other.port)")
        server.on("GET") { _, reply in
            try reply.startEvents()
            let text = endpoint.replacingOccurrences(of: "@PORT@", with: ports.0)
                .replacingOccurrences(of: "@OTHER@", with: ports.1)
            try reply.event(text, name: "endpoint")
            try reply.never()
        }
        let bridge = try server.bridge(#"headers = { Authorization = "Bearer s3cr3t" }"#, transport: "sse")
        let socket = try bridge.connectDocs()
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        let answer = try socket.receive(id: 1)
        // The last ones may be read as paths of this server, and be refused by it.
        #expect(answer.isBridgeError, "\(answer.text)")
        #expect(other.connectionCount == 0)
        #expect(!answer.text.contains("s3cr3t"))
    }

    @Test("R63, R35: a stream without an endpoint ends in an error, in bounded time", arguments: [0, 1, 2, 3, 4])
    func noEndpoint(kind: Int) throws {
        let server = try ScriptedMCPServer(.sse)
        server.on("GET") { _, reply in
            switch kind {
            case 0: try reply.startEvents()
            case 1: try reply.send(500)
            case 2: try reply.send(200, type: "text/html", body: "<p>hello</p>")
            case 3: reply.reset()
            default:
                try reply.startEvents()
                try reply.never()
            }
        }
        let bridge = try server.bridge("connect_timeout = \"300ms\"", transport: "sse")
        let socket = try bridge.connectDocs()
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        #expect(try socket.receive(id: 1).isBridgeError)
        #expect(server.posts().isEmpty)
    }

    @Test(
        "R64: a POST that fails is an error for its id, and the connection goes on",
        arguments: [400, 401, 404, 413, 500, 0]
    )
    func postFails(status: Int) throws {
        let server = try ScriptedMCPServer(.sse)
        server.once("tools/call") { _, reply in
            if status == 0 { reply.reset() } else { try reply.send(status, type: "text/plain", body: "no") }
        }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectLegacy("2024-11-05")
        try socket.sendCall("echo", id: "7")
        #expect(try socket.receive(id: 7).isBridgeError)
        try socket.expectQuiet()
        #expect(server.messages("tools/call").count == 1)
    }

    @Test("R64: what the body of a POST's answer says is no message", arguments: [200, 202])
    func postBody(status: Int) throws {
        let server = try ScriptedMCPServer(.sse)
        server.once("ping") { request, reply in
            try reply.json(request.result(#"{"wrong":true}"#), status: status)
        }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectLegacy("2024-11-05")
        try socket.send(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#)
        try server.wait("ping")
        try server.sseStream().event(#"{"jsonrpc":"2.0","id":7,"result":{"right":true}}"#)
        #expect(try socket.receive(id: 7).result?["right"] as? Bool == true)
        try socket.expectQuiet()
    }

    @Test("R64, R35: the stream lost: errors for all that is in flight, then 1001", arguments: [0, 1, 2])
    func streamLost(kind: Int) throws {
        let server = try ScriptedMCPServer(.sse)
        server.on("tools/call") { _, reply in try reply.accepted() }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectLegacy("2024-11-05")
        for id in 1...3 { try socket.sendCall("echo", id: "\(id)") }
        try server.wait("tools/call", count: 3)
        let stream = try server.sseStream()
        switch kind {
        case 0: try stream.finish()
        case 1: stream.cut()
        default: stream.reset()
        }
        var ids: Set<Int> = []
        for _ in 1...3 {
            let answer = try socket.receiveMessage()
            #expect(answer.isBridgeError, "\(answer.text)")
            ids.insert(try #require(answer.id as? Int))
        }
        #expect(ids == [1, 2, 3])
        let close = try #require(try socket.receiveClose())
        #expect(close.code == 1001 && !close.reason.isEmpty)
        #expect(server.http.requests { $0.method == "GET" }.count == 1)
    }

    @Test("R63, R47: requests of the server and responses to them; a cancel goes up as it is")
    func serverRequests() throws {
        let server = try ScriptedMCPServer(.sse)
        server.on("tools/call") { _, reply in try reply.accepted() }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectLegacy("2024-11-05")
        try socket.sendCall("echo", id: "1")
        try server.wait("tools/call")
        let stream = try server.sseStream()
        try stream.byteByByte(
            "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"s\",\r\ndata: \"method\":\"roots/list\"}\r\n\r\n"
        )
        #expect(try socket.receiveMessage().method == "roots/list")
        try socket.send(#"{"jsonrpc":"2.0","id":"s","result":{"roots":[]}}"#)
        let response = try server.http.wait(for: "the response") { $0.kind == "response" }
        #expect(response.text == #"{"jsonrpc":"2.0","id":"s","result":{"roots":[]}}"#)
        try socket.send(notification("notifications/cancelled", #"{"requestId":1}"#))
        #expect(try server.wait("notifications/cancelled").params?["requestId"] as? Int == 1)
        try stream.event("", id: "x")
        try stream.event("nonsense", name: "message")
        try stream.event(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, name: "ping")
        try socket.expectQuiet()
    }

    @Test("R53: the client gone: what is in flight is cancelled, then the stream is closed")
    func clientGone() throws {
        let server = try ScriptedMCPServer(.sse)
        server.on("tools/call") { _, reply in try reply.accepted() }
        let bridge = try server.bridge(transport: "sse")
        let socket = try bridge.connectLegacy("2024-11-05")
        try socket.sendCall("echo", id: "1")
        try server.wait("tools/call")
        let get = try server.wait(http: "GET")
        socket.socket.reset()
        #expect(try server.wait("notifications/cancelled").params?["requestId"] as? Int == 1)
        try server.http.waitGone(get)
    }
}
