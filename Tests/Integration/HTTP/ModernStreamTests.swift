// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Streams, cancellation and subscriptions of revision 2026-07-28 (R59–R62).
@Suite struct ModernStreamTests {
    @Test(
        "R59: no session, GET, DELETE or Last-Event-ID, even if the server hands out what it takes",
        arguments: [false, true]
    )
    func stateless(leavesAbruptly: Bool) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("x/y") { request, reply in
            try reply.startEvents(headers: [("Mcp-Session-Id", "tempting")])
            try reply.event("", id: "e0", retry: 10)
            try reply.event(request.result(#"{"resultType":"complete"}"#), id: "e1")
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        for id in 1...3 { _ = try socket.modern("x/y", id: id) }
        _ = try socket.modern("tools/call", id: 4, #""name":"echo""#)
        if leavesAbruptly { socket.socket.reset() } else { try socket.close() }
        _ = try bridge.waitConnectionEnded()
        for request in server.http.requests {
            #expect(request.method == "POST", "\(request.summary)")
            #expect(request.values("mcp-session-id").isEmpty && request.values("last-event-id").isEmpty)
        }
    }

    @Test("R59, R35: a lost stream is an error for its id and never tried again", arguments: [false, true])
    func lostStream(reset: Bool) throws {
        let server = try ScriptedMCPServer(.modern(.events))
        server.on("x/y") { _, reply in
            try reply.startEvents()
            try reply.event("", id: "e0", retry: 10)
            try reply.event(notification("notifications/progress", #"{"progressToken":1,"progress":1}"#), id: "e1")
            if reset { reply.reset() } else { try reply.finish() }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("x/y", id: "7", #""progressToken":1"#)
        var answer = try socket.receiveMessage()
        while answer.method != nil { answer = try socket.receiveMessage() }
        #expect(answer.id as? Int == 7 && answer.isBridgeError, "\(answer.text)")
        for id in 100..<110 { try socket.expectQuietModern(id) }
        #expect(server.http.requests { $0.method == "GET" }.isEmpty && server.messages("x/y").count == 1)
    }

    @Test(
        "R60: a cancel closes the stream, is not forwarded, and nothing more of the id reaches the client",
        arguments: [false, true]
    )
    func cancel(streaming: Bool) throws {
        let server = try ScriptedMCPServer(.modern(.events))
        server.once("x/y") { _, reply in
            if streaming {
                try reply.startEvents()
                try reply.event(notification("notifications/message", #"{"data":1}"#))
            }
            try reply.never()
        }
        server.on("x/y") { request, reply in try reply.json(request.result(#"{"resultType":"complete"}"#)) }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("x/y", id: "7")
        let request = try server.wait("x/y")
        if streaming { #expect(try socket.receiveMessage().method == "notifications/message") }
        try socket.send(notification("notifications/cancelled", #"{"requestId":7}"#))
        try server.http.waitGone(request)
        try socket.expectQuietModern()
        // The id is free again.
        #expect(try socket.modern("x/y", id: 7).result != nil)
        #expect(server.messages("notifications/cancelled").isEmpty)
    }

    @Test("R60: a cancel of another spelling of an id, or of none in flight, hits nothing")
    func cancelOfAnother() throws {
        let server = try ScriptedMCPServer(.modern(.events))
        let gate = server.gate()
        server.on("x/y") { request, reply in
            try reply.wait(gate)
            try reply.json(request.result(#"{"resultType":"complete"}"#))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("x/y", id: "7")
        try server.wait("x/y")
        for id in [#""7""#, "8"] {
            try socket.send(notification("notifications/cancelled", #"{"requestId":\#(id)}"#))
        }
        try socket.waitRead()
        gate.open()
        #expect(try socket.receive(id: 7).result != nil)
        #expect(server.messages("notifications/cancelled").map(\.text) == [])
    }

    @Test("R60: a cancel that names no usable id is not forwarded either", arguments: ["null", "1.5", "{}", "[7]"])
    func cancelOfNothing(id: String) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.expectQuietModern()
        try socket.send(notification("notifications/cancelled", #"{"requestId":\#(id)}"#))
        for id in 1...20 { try socket.expectQuietModern(id) }
        #expect(server.messages("notifications/cancelled").map(\.text) == [])
    }

    @Test("R53, R60: the client gone, every POST of its is aborted and nothing else is sent")
    func clientGone() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("x/y") { _, reply in try reply.never() }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        for id in 1...3 { try socket.sendModern("x/y", id: "\(id)") }
        try server.wait("x/y", count: 3)
        socket.socket.reset()
        for request in server.messages("x/y") { try server.http.waitGone(request) }
        _ = try bridge.waitConnectionEnded()
        #expect(server.http.requests.count == 3)
    }

    @Test("R61: acknowledgement first, tags intact, several listens at once, each ended by itself")
    func listens() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let gate = server.gate()
        server.on("subscriptions/listen") { request, reply in
            try reply.startEvents()
            try reply.event(MCPScript.acknowledged(request))
            try reply.comment()
            try reply.wait(gate)
            try reply.event(MCPScript.tagged("notifications/tools/list_changed", request))
            let tag = #""_meta":{"\#(MCPScript.subscription)":\#(request.idText ?? "")}"#
            try reply.event(request.result(#"{"resultType":"complete",\#(tag)}"#))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        let ids = [#""1""#, "1", #""né""#]
        for id in ids {
            try socket.sendModern("subscriptions/listen", id: id, #""notifications":{"toolsListChanged":true}"#)
            let request = try server.wait("subscriptions/listen", count: ids.firstIndex(of: id)! + 1)
            #expect(try socket.receiveText() == MCPScript.acknowledged(request))
        }
        try socket.expectQuietModern()
        gate.open()
        var texts: [String] = []
        for _ in 0..<6 { texts.append(try #require(try socket.receiveText())) }
        for request in server.messages("subscriptions/listen") {
            let tagged = MCPScript.tagged("notifications/tools/list_changed", request)
            let place = try #require(texts.firstIndex(of: tagged))
            let end = try #require(
                texts.firstIndex { $0.contains(#""result""#) && $0.contains(#""id":\#(request.idText ?? ""),"#) }
            )
            #expect(place < end)
        }
        try socket.expectQuietModern(500)
    }

    @Test("R61, R35: an abrupt end of a listen is an error for its id", arguments: [0, 1, 2])
    func listenLost(kind: Int) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let gate = server.gate()
        server.once("subscriptions/listen") { request, reply in
            try reply.startEvents()
            try reply.event(MCPScript.acknowledged(request), id: "e")
            try reply.wait(gate)
            switch kind {
            case 0: try reply.finish()
            case 1: reply.cut()
            default: reply.reset()
            }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("subscriptions/listen", id: "7", #""notifications":{}"#)
        #expect(try socket.receiveMessage().method == "notifications/subscriptions/acknowledged")
        gate.open()
        let answer = try socket.receive(id: 7)
        #expect(answer.isBridgeError, "\(answer.text)")
        try socket.expectQuietModern()
        #expect(server.messages("subscriptions/listen").count == 1)
    }

    @Test("R61: a listen has no total timeout, and counts not among `max_parallel`")
    func listenForLong() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let gate = server.gate()
        server.on("subscriptions/listen") { request, reply in
            try reply.startEvents()
            try reply.event(MCPScript.acknowledged(request))
            try reply.wait(gate)
            try reply.event(MCPScript.tagged("notifications/tools/list_changed", request))
            try reply.never()
        }
        server.on("x/slow") { _, reply in try reply.never() }
        // A listen of ten minutes where somebody asks for it; the timeout of the other request is what passes by here.
        let minutes = ProcessInfo.processInfo.environment["MCP_WSBRIDGE_LISTEN_MINUTES"].flatMap { Double($0) }
        let timeout = minutes.map { Int($0 * 60_000) } ?? 500
        let bridge = try server.bridge("request_timeout = \"\(timeout)ms\"\nmax_parallel = 1")
        let socket = try bridge.connectDocs()
        try socket.sendModern("subscriptions/listen", id: "1", #""notifications":{}"#)
        #expect(try socket.receiveMessage().method == "notifications/subscriptions/acknowledged")
        try socket.sendModern("x/slow", id: "2")
        // A timeout may be noticed a sixteenth late.
        let latest = Double(timeout) / 1000 * 17 / 16 + Deadline.patience
        #expect(try socket.receive(id: 2, within: latest).isBridgeError)
        gate.open()
        #expect(try socket.receiveMessage().method == "notifications/tools/list_changed")
    }

    @Test("R61, R60: a cancel ends a listen")
    func listenCancelled() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("subscriptions/listen", id: "1", #""notifications":{}"#)
        _ = try socket.receiveMessage()
        let listen = try server.wait("subscriptions/listen")
        try socket.send(notification("notifications/cancelled", #"{"requestId":1}"#))
        try server.http.waitGone(listen)
        try socket.expectQuietModern()
    }

    @Test("R62: input_required comes through byte for byte", arguments: [false, true])
    func inputRequired(events: Bool) throws {
        let text =
            #"{"id":7,"result":{"requestState":"\u00e9\/=","n":12345678901234567890,"resultType":"input_required","#
            + #""inputRequests":{"a":{"method":"elicitation/create","params":{"message":"?"}}}},"jsonrpc":"2.0"}"#
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("tools/call") { _, reply in
            guard events else { return try reply.json(text) }
            try reply.startEvents()
            try reply.event(text)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("tools/call", id: "7", #""name":"echo""#)
        #expect(try socket.receiveText() == text)
    }

    @Test(
        "R62: an error in the body of a 400 or 404 is that error",
        arguments: [(400, -32022), (400, -32021), (404, -32601)]
    )
    func errorBodies(status: Int, code: Int) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let text =
            #"{"id":7,"error":{"data":{"supported":["2026-07-28"],"n":1.0},"message":"n\/o","code":\#(code)},"jsonrpc":"2.0"}"#
        server.on("x/y") { _, reply in try reply.json(text, status: status) }
        let bridge = try server.bridge(transport: "auto")
        let socket = try bridge.connectDocs()
        try socket.sendModern("x/y", id: "7")
        #expect(try socket.receiveText() == text)
        try socket.expectQuietModern()
        #expect(server.http.requests { $0.method == "GET" }.isEmpty)
    }

    @Test("R62, R54: a 400 or 404 without a message is an error of the bridge's", arguments: [400, 404])
    func emptyBodies(status: Int) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("x/y") { _, reply in try reply.send(status, type: "text/html", body: "<p>no</p>") }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        #expect(try socket.modern("x/y", id: 7).isBridgeError)
        try socket.expectQuietModern()
        #expect(server.messages("x/y").count == 1)
    }
}
