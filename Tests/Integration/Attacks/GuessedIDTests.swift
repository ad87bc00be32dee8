// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A client that knows or guesses the ids of another one: of its connection, its requests, its tasks, its session (R75).
@Suite struct GuessedIDTests {
    @Test(
        "R36, R75: who guesses another client's request ids neither cancels nor answers them, nor gets what they bring"
    )
    func requests() throws {
        let bridge = try BridgeProcess.fixture()
        let (victim, thief) = (try bridge.connect(), try bridge.connect())
        try victim.initialize()
        try thief.initialize()
        #expect(try victim.serverPid() != thief.serverPid())
        // One request of the victim's waits, and one of its server's.
        try victim.sendCall("hold", id: "7")
        try victim.sendCall("ask", id: "8", #"{"id":"q"}"#)
        #expect(try victim.receiveMessage().method == "roots/list")
        for id in ["7", "\"7\"", "8", "\"q\""] {
            try thief.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#)
            try thief.send(#"{"jsonrpc":"2.0","id":\#(id),"result":{"roots":[{"uri":"file:///thief"}]}}"#)
            try thief.send(
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(id),"progress":1}}"#
            )
        }
        // Its own request with the victim's id is its own.
        try thief.sendCall("echo", id: "7", #"{"of":"thief"}"#)
        let own = try thief.receiveMessage()
        #expect(own.id as? Int == 7 && (own.result?["echo"] as? [String: String]) == ["of": "thief"], "\(own.text)")
        #expect(try victim.call("cancelled").result?["cancelled"] as? [Int] == [])
        try victim.send(#"{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}"#)
        #expect(try victim.receiveMessage().id as? Int == 8)
        try victim.sendCall("release", id: "9")
        #expect(try victim.receiveMessage().id as? Int == 7)
        #expect(try victim.receiveMessage().contentText == "1")
    }

    @Test("R72, R75: the session of another client's upstream cannot be named, nor its stream taken over")
    func sessions() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let victim = try bridge.connectLegacy()
        _ = try victim.call("echo")
        let session = try #require(server.session)
        let before = server.http.requests.count
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        let connection = try #require(began["connection"])
        for id in [session, connection] {
            let thief = try RawWebSocket(
                port: bridge.port,
                path: "/docs?session=\(id)&mcpSessionId=\(id)",
                headers: [
                    "Mcp-Session-Id: \(id)", "Last-Event-ID: \(id)", "X-Connection: \(id)",
                    "Cookie: connection=\(id); MCP_WSBRIDGE_CONNECTION=\(id)", "Sec-WebSocket-Protocol: mcp, \(id)",
                ]
            )
            #expect(thief.answer["Sec-WebSocket-Protocol"] == "mcp")
            // Before a session of its own it has none.
            try thief.send(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","mcpSessionId":"\#(id)"}"#)
            #expect(try thief.receiveMessage().result == nil)
            try thief.close()
        }
        let thieves = server.http.requests.dropFirst(before)
        for request in thieves {
            #expect(request["mcp-session-id"] == nil && request["last-event-id"] == nil, "\(request.summary)")
        }
        // The victim's session lives on: nobody deleted it.
        #expect(try victim.call("echo").result != nil)
        #expect(server.session == session)
    }

    @Test("R75: the id of a connection opens nothing, neither as a token nor as a name")
    func connections() throws {
        let guarded = try GuardedBridge(auth: "query_tokens = true")
        let socket = try guarded.connect("/fixture")
        try socket.send("junk")
        let id = try #require(try socket.receiveMessage().errorData?["connection"] as? String)
        for carrier in GuardedBridge.carriers + [GuardedBridge.query] {
            #expect(try guarded.handshake("/fixture", carrier, id).status == 401)
        }
        #expect(
            try guarded.bridge.handshake("/\(id)", headers: ["Authorization: Bearer \(GuardedBridge.ci)"]).status == 404
        )
        // What the server's environment says of it is no more than a mark to find processes by.
        #expect(try socket.call("env").text.contains("MCP_WSBRIDGE_CONNECTION=\(id)"))
        #expect(try socket.call("count").contentText == "2")
    }
}
