// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `transport = "auto"` (R65) and all five revisions without configuration (R33).
@Suite struct TransportDetectionTests {
    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{}}}"#

    @Test("R65: a server that takes the first POST is asked for nothing else")
    func streamable() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectLegacy()
        try socket.expectQuiet()
        #expect(server.http.requests.first?.method == "POST")
        #expect(server.messages("initialize").count == 1)
    }

    @Test(
        "R65: 400, 404 and 405 without a modern error lead to HTTP+SSE, and the first message is not lost",
        arguments: [
            (400, ""), (404, ""), (405, ""), (404, "<p>Not Found</p>"),
            (400, #"{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"no session"}}"#),
            (405, #"{"error":"method not allowed"}"#),
        ]
    )
    func fallsBack(status: Int, body: String) throws {
        let server = try ScriptedMCPServer(.sse)
        // The old transport lives at the url itself.
        server.once("initialize") { _, reply in
            try reply.send(status, type: body.hasPrefix("{") ? "application/json" : "text/html", body: body)
        }
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectDocs()
        try socket.send(Self.initialize)
        try socket.send(notification("notifications/initialized"))
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        #expect(try socket.receive(id: 0).result != nil)
        #expect(try socket.receive(id: 1).result != nil)
        let requests = server.http.requests
        #expect(requests.prefix(3).map(\.method) == ["POST", "GET", "POST"])
        #expect(requests[0].target == "/sse" && requests[2].target == "/messages?session=1")
        #expect(requests[0].text == requests[2].text)
    }

    @Test("R65: other outcomes of the first POST do not lead there", arguments: [401, 403, 406, 429, 500, 503, 0])
    func otherOutcomes(status: Int) throws {
        let server = try ScriptedMCPServer(.sse)
        server.on("initialize") { _, reply in
            if status == 0 { reply.reset() } else { try reply.send(status) }
        }
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectDocs()
        try socket.send(Self.initialize)
        #expect(try socket.receive(id: 0).isBridgeError)
        #expect(server.http.requests { $0.method == "GET" }.isEmpty)
    }

    @Test(
        "R65, R62: a modern error in the body says that the server knows the new way",
        arguments: [
            (400, -32022), (400, -32020), (400, -32021), (404, -32601),
        ]
    )
    func modernError(status: Int, code: Int) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("x/y") { request, reply in try reply.json(request.error(code), status: status) }
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectDocs()
        #expect(try socket.modern("x/y", id: 1).errorCode == code)
        try socket.expectQuietModern()
        #expect(server.http.requests { $0.method == "GET" }.isEmpty)
    }

    @Test("R65, R35: nothing of either kind is one error, and the next request tries again", arguments: [404, 405])
    func neither(status: Int) throws {
        let server = try ScriptedHTTPServer { _, reply in try reply.send(status) }
        let bridge = try BridgeProcess.http(server.url)
        let socket = try bridge.connectDocs()
        try socket.send(Self.initialize)
        #expect(try socket.receive(id: 0).isBridgeError)
        #expect(server.requests.map(\.method) == ["POST", "GET"])
    }

    @Test("R33: a modern probe that a legacy server does not understand, then initialize, on one connection")
    func probeThenInitialize() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectDocs()
        // This server wants a session first: 400 with an error that is no modern one.
        #expect(try socket.modern("server/discover", id: 1).error != nil)
        try socket.initialize()
        try socket.expectQuiet()
        #expect(server.messages("ping").first?["mcp-session-id"] == "session-1")
    }

    @Test("R33: the same probe in front of an HTTP+SSE server")
    func probeThenEventStream() throws {
        let server = try ScriptedMCPServer(.sse)
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectDocs()
        let answer = try socket.modern("server/discover", id: 1)
        #expect(answer.error != nil, "\(answer.text)")
        try socket.initialize("2024-11-05")
        try socket.expectQuiet()
        #expect(server.messages("initialize").last?.target == "/messages?session=1")
    }

    @Test(
        "R33: each revision works without a word of configuration",
        arguments: [
            "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25",
        ],
        [0, 1, 2]
    )
    func revisions(version: String, kind: Int) throws {
        let server = try ScriptedMCPServer(
            kind == 0 ? .sse : .legacy(session: true, answers: kind == 1 ? .json : .events, priming: kind == 2)
        )
        let bridge = try BridgeProcess.http(server.url)
        let socket = try bridge.connectDocs()
        #expect(try socket.initialize(version).result?["protocolVersion"] as? String == version)
        #expect(try socket.request("tools/list").result != nil)
        #expect(try socket.call("echo", #"{"a":[1]}"#).contentText == #"{"a":[1]}"#)
        try socket.expectQuiet()
        #expect(try socket.close()?.code == 1000)
    }
}
