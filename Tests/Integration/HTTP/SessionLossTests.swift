// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Servers that forget their session (R52); the suite's `session-renegotiation-404` is among them.
@Suite struct SessionLossTests {
    private static let other =
        #"{"protocolVersion":"2025-11-25","capabilities":{"prompts":{}},"serverInfo":{"name":"scripted","version":"1"}}"#

    @Test("R52: a lost session is made anew unseen, and the request goes on; `session-renegotiation-404`")
    func transparent() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        _ = try socket.call("echo")
        server.expireSession()
        try socket.sendCall("echo", id: "7", #"{"a":1}"#)
        #expect(try socket.receive(id: 7).contentText == #"{"a":1}"#)
        try socket.expectQuiet()
        let initializes = server.messages("initialize")
        #expect(initializes.count == 2)
        #expect(initializes[1].values("mcp-session-id").isEmpty)
        #expect(initializes[1].values("mcp-protocol-version").isEmpty)
        let original = try #require(initializes[0].params)
        let replayed = try #require(initializes[1].params)
        #expect(jsonText(original) == jsonText(replayed))
        #expect(
            server.messages("notifications/initialized").map { $0["mcp-session-id"] } == ["session-1", "session-2"]
        )
        let calls = server.messages("tools/call")
        #expect(calls.map { $0["mcp-session-id"] } == ["session-1", "session-1", "session-2"])
        #expect(calls[1].text == calls[2].text)
        let log = try bridge.waitLog("the lost session") { $0.message.lowercased().contains("session") }
        #expect(log["server"] == "docs" || bridge.everythingWritten.contains("docs"))
    }

    @Test("R52: many requests that meet the loss at once make one new session")
    func serialised() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        _ = try socket.call("echo")
        let gate = server.gate()
        server.expireSession()
        server.on("initialize") { [session = "again"] request, reply in
            try reply.wait(gate)
            try reply.json(
                request.result(MCPScript.initializeResult("2025-11-25")),
                headers: [("Mcp-Session-Id", session)]
            )
        }
        server.on("tools/call") { request, reply in
            guard request["mcp-session-id"] == "again" else { return try reply.send(404) }
            try reply.json(request.result("{}"))
        }
        server.on("notifications/initialized") { _, reply in try reply.accepted() }
        for id in 1...10 { try socket.sendCall("echo", id: "\(id)") }
        try server.wait("initialize", count: 2)
        for id in 11...20 { try socket.sendCall("echo", id: "\(id)") }
        try socket.waitRead()
        gate.open()
        var ids: [Int] = []
        for _ in 1...20 {
            let answer = try socket.receiveMessage()
            #expect(answer.error == nil, "\(answer.text)")
            ids.append(try #require(answer.id as? Int))
        }
        #expect(ids.sorted() == Array(1...20))
        #expect(server.messages("initialize").count == 2)
        // Those that came meanwhile waited for the new session.
        let answered = server.messages("tools/call").filter { $0["mcp-session-id"] == "again" }
        #expect(answered.count == 20)
    }

    @Test("R52: the log level and live subscriptions are put back, those that were ended are not")
    func replays() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        _ = try socket.request("logging/setLevel", #"{"level":"info"}"#)
        _ = try socket.request("logging/setLevel", #"{"level":"debug"}"#)
        _ = try socket.request("resources/subscribe", #"{"uri":"file:///a"}"#)
        _ = try socket.request("resources/subscribe", #"{"uri":"file:///b"}"#)
        _ = try socket.request("resources/subscribe", #"{"uri":"file:///c"}"#)
        _ = try socket.request("resources/unsubscribe", #"{"uri":"file:///b"}"#)
        server.expireSession()
        try socket.sendCall("echo", id: "7")
        _ = try socket.receive(id: 7)
        try socket.expectQuiet()
        let after = server.http.requests { $0["mcp-session-id"] == "session-2" && $0.method == "POST" }
        #expect(after.filter { $0.kind == "logging/setLevel" }.map { $0.params?["level"] as? String } == ["debug"])
        let uris = after.filter { $0.kind == "resources/subscribe" }.compactMap { $0.params?["uri"] as? String }
        #expect(uris.sorted() == ["file:///a", "file:///c"])
        let call = try #require(after.first { $0.kind == "tools/call" })
        #expect(after.filter { $0.kind == "logging/setLevel" }.allSatisfy { $0.number < call.number })
    }

    @Test("R52, R50: the general stream is opened anew under the new session, without the old one's id")
    func generalStream() throws {
        let server = try ScriptedMCPServer()
        server.on("GET") { _, reply in
            try reply.startEvents()
            try reply.event("", id: "old")
            try reply.never()
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try server.wait(http: "GET")
        server.expireSession()
        try socket.sendCall("echo", id: "7")
        _ = try socket.receive(id: 7)
        let get = try server.http.wait(for: "a GET of the new session") {
            $0.method == "GET" && $0["mcp-session-id"] == "session-2"
        }
        #expect(get.values("last-event-id").isEmpty)
        try socket.expectQuiet()
    }

    @Test("R52: a loss that a reopened general stream meets first heals as well")
    func lossOnGeneralStream() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.once("GET") { _, reply in
            try reply.startEvents()
            try reply.event("", id: "1", retry: 10)
            try reply.wait(gate)
        }
        server.once("GET") { _, reply in try reply.send(404) }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try server.wait(http: "GET")
        server.expireSession()
        gate.open()
        try server.wait("initialize", count: 2)
        try socket.sendCall("echo", id: "7")
        #expect(try socket.receive(id: 7).result != nil)
    }

    @Test(
        "R52, R35: another server behind the url: in-flight requests get errors, then the connection ends",
        arguments: [other, MCPScript.initializeResult("2025-06-18")]
    )
    func differs(result: String) throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        server.once("tools/call") { _, reply in try reply.never() }
        try socket.sendCall("stuck", id: "1")
        try server.wait("tools/call")
        server.expireSession()
        server.setInitializeResult(result)
        try socket.sendCall("echo", id: "2")
        try expectErrorsAndClose(socket, [1, 2])
        try server.wait("initialize", count: 2)
    }

    @Test("R52: `on_session_lost = \"close\"` makes no new session")
    func closes() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge(#"on_session_lost = "close""#)
        let socket = try bridge.connectLegacy()
        server.once("tools/call") { _, reply in try reply.never() }
        try socket.sendCall("stuck", id: "1")
        try server.wait("tools/call")
        server.expireSession()
        try socket.sendCall("echo", id: "2")
        try expectErrorsAndClose(socket, [1, 2])
        #expect(server.messages("initialize").count == 1)
    }

    @Test(
        "R52, R35: a session that cannot be made anew now is an error for what waited; later it can",
        arguments: [404, 500, 0]
    )
    func cannotYet(status: Int) throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        _ = try socket.call("echo")
        server.expireSession()
        server.once("initialize") { _, reply in if status == 0 { reply.reset() } else { try reply.send(status) } }
        try socket.sendCall("echo", id: "2")
        #expect(try socket.receive(id: 2).isBridgeError)
        #expect(server.messages("initialize").count == 2)
        try socket.sendCall("echo", id: "3")
        #expect(try socket.receive(id: 3).result != nil)
        try socket.expectQuiet()
    }

    @Test("R52, R35: a server that forgets each session at once is not followed for ever")
    func forgetsAlways() throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { _, reply in try reply.send(404) }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "2")
        let answer = try socket.receive(id: 2)
        #expect(answer.isBridgeError, "\(answer.text)")
        #expect(server.messages("initialize").count <= 4)
    }

    private func expectErrorsAndClose(_ socket: RawWebSocket, _ ids: Set<Int>) throws {
        var left = ids
        while !left.isEmpty {
            let answer = try socket.receiveMessage()
            #expect(answer.isBridgeError, "\(answer.text)")
            let id = try #require(answer.id as? Int)
            #expect(left.remove(id) != nil, "\(answer.text)")
        }
        let close = try #require(try socket.receiveClose())
        // Python's client takes any other code for a crash.
        #expect([1000, 1001].contains(close.code) && !close.reason.isEmpty, "\(close)")
    }
}
