// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the requests to a server of a legacy revision look like (R47, R48, R72).
@Suite struct LegacyRequestTests {
    /// Names of fields, lower case, that stand in every request or do no harm there.
    private static let always: Set<String> = ["host", "user-agent", "connection", "accept-encoding"]

    private func names(_ request: HTTPRequest) -> [String] {
        request.headers.map { $0.name.lowercased() }.filter { !Self.always.contains($0) }.sorted()
    }

    @Test("R47, R48: one POST per message; headers of each, exactly", arguments: ["2025-06-18", "2025-11-25"])
    func headers(version: String) throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy(version)
        _ = try socket.call("echo")
        try socket.send(notification("notifications/progress", #"{"progressToken":1,"progress":1}"#))
        let get = try server.wait(http: "GET")
        try server.wait("notifications/progress")
        try socket.close()
        let delete = try server.wait(http: "DELETE")
        let posts = server.posts()
        #expect(
            posts.compactMap(\.rpcMethod).sorted() == [
                "initialize", "notifications/initialized", "notifications/progress", "tools/call",
            ]
        )
        for post in posts {
            let first = post.rpcMethod == "initialize"
            #expect(post.target == "/mcp" && post["host"] == "127.0.0.1:\(server.http.port)")
            #expect(post["content-type"] == "application/json")
            #expect(post["accept"] == "application/json, text/event-stream")
            let session = first ? [] : ["mcp-protocol-version", "mcp-session-id"]
            #expect(names(post) == ["accept", "content-length", "content-type"] + session)
            #expect(post["mcp-session-id"] == (first ? nil : "session-1"))
            #expect(post["mcp-protocol-version"] == (first ? nil : version))
        }
        #expect(get["accept"] == "text/event-stream")
        #expect(names(get) == ["accept", "mcp-protocol-version", "mcp-session-id"])
        #expect(names(delete).filter { $0 != "content-length" } == ["mcp-protocol-version", "mcp-session-id"])
        for request in [get, delete] {
            #expect(request["mcp-session-id"] == "session-1" && request["mcp-protocol-version"] == version)
            #expect(request.body.isEmpty)
        }
    }

    @Test("R48: no version header where 2025-03-26 was negotiated, which does not know it")
    func oldVersion() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy("2025-03-26")
        try socket.expectQuiet()
        #expect(server.http.requests.allSatisfy { $0.values("mcp-protocol-version").isEmpty })
        #expect(server.messages("ping").first?["mcp-session-id"] == "session-1")
    }

    @Test("R48: the version that the server chose is the one that later requests name")
    func negotiated() throws {
        let server = try ScriptedMCPServer()
        server.setInitializeResult(MCPScript.initializeResult("2025-06-18"))
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy("2025-11-25")
        try socket.expectQuiet()
        #expect(server.messages("ping").first?["mcp-protocol-version"] == "2025-06-18")
    }

    @Test("R48: without a session id nothing invents one, and nothing is deleted")
    func noSession() throws {
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.expectQuiet()
        try socket.close()
        _ = try bridge.waitConnectionEnded()
        #expect(server.http.requests.allSatisfy { $0.values("mcp-session-id").isEmpty && $0.method != "DELETE" })
    }

    @Test("R47, R22: bodies go up and come down as they are, in either form", arguments: [false, true])
    func transparent(events: Bool) throws {
        let server = try ScriptedMCPServer(.legacy(session: true, answers: events ? .events : .json, priming: false))
        let body =
            #"{"x":1.50,"id":"r\u00e9","jsonrpc":"2.0","result":{"n":123456789012345678901,"a":1,"a":2,"s":"é\/ "}}"#
        server.on("odd") { _, reply in
            guard events else { return try reply.json(body) }
            try reply.startEvents()
            try reply.event(body)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        let text =
            #"{"params":{"n":123456789012345678901,"f":1.0e0,"s":"\u00e9 "},"method":"odd","jsonrpc":"2.0","id":"r\u00e9"}"#
        try socket.send(text)
        #expect(try socket.receiveText() == body)
        #expect(server.messages("odd").first?.text == text)
    }

    @Test("R12, R47: an answer in many lines reaches the client in one", arguments: [false, true])
    func lines(events: Bool) throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { request, reply in
            let text = "{\n  \"jsonrpc\": \"2.0\",\n  \"id\": \(request.idText ?? ""),\n  \"result\": {}\n}"
            guard events else { return try reply.json(text.replacingOccurrences(of: "\n", with: "\r\n")) }
            try reply.startEvents()
            try reply.event(text)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        let text = try #require(try socket.receiveText())
        #expect(!text.contains { $0.isNewline })
        #expect(try Message(text).id as? Int == 7)
    }

    @Test("R25, R47: the elements of a batch are POSTs of their own, answered singly")
    func batch() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy("2025-03-26")
        let calls = (1...3).map { RawWebSocket.callText("echo", id: "\($0)") }
        try socket.send("[" + calls.joined(separator: ",") + "]")
        var ids: Set<Int> = []
        for _ in calls { ids.insert(try #require(try socket.receiveMessage().id as? Int)) }
        #expect(ids == [1, 2, 3])
        #expect(Set(server.messages("tools/call").map(\.text)) == Set(calls))
    }

    @Test("R72: nothing of the client's handshake goes upstream: no header, cookie, token or query")
    func nothingOfTheHandshake() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/docs?token=marker-query",
            headers: [
                "Cookie: a=marker-cookie", "Authorization: Bearer marker-bearer", "X-Team: marker-team",
                "Mcp-Session-Id: marker-session", "Mcp-Name: marker-name", "Last-Event-ID: marker-event",
                "Sec-WebSocket-Protocol: mcp, mcp.auth.marker-token", "User-Agent: marker-agent",
                "X-Forwarded-For: marker-forwarded", "traceparent: marker-trace",
            ]
        )
        try socket.initialize()
        _ = try socket.call("echo")
        try server.wait(http: "GET")
        try socket.close()
        try server.wait(http: "DELETE")
        for request in server.http.requests {
            #expect(!request.target.contains("marker") && !request.text.contains("marker"))
            for (name, value) in request.headers { #expect(!value.contains("marker"), "\(name): \(value)") }
        }
    }

    @Test("R72: what the operator configured goes up with every request, and wins nothing over the protocol's own")
    func configuredHeaders() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge(#"headers = { X-Team = "agents", X-Key = "k" }"#)
        let socket = try bridge.connectLegacy()
        _ = try socket.call("echo")
        try server.wait(http: "GET")
        try socket.close()
        try server.wait(http: "DELETE")
        for request in server.http.requests {
            #expect(request["x-team"] == "agents" && request["x-key"] == "k", "\(request.summary)")
        }
    }
}
