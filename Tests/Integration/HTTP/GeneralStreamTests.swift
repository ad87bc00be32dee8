// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The stream that a GET opens for what the server says of its own accord (R50).
@Suite struct GeneralStreamTests {
    /// A message that a test recognises.
    private static func numbered(_ number: Int) -> String {
        notification("notifications/message", #"{"level":"info","data":\#(number)}"#)
    }

    private func expect(_ socket: RawWebSocket, number: Int) throws {
        let message = try socket.receiveMessage()
        #expect(message.params?["data"] as? Int == number, "\(message.text)")
    }

    @Test("R50: opened after initialized; 405 is fine and not asked again")
    func notOffered() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        let get = try server.wait(http: "GET")
        let initialized = try server.wait("notifications/initialized")
        #expect(get.number > initialized.number && get.values("last-event-id").isEmpty)
        for _ in 0..<20 { _ = try socket.call("echo") }
        #expect(server.http.requests { $0.method == "GET" }.count == 1)
    }

    @Test("R50: other answers to the GET end nothing", arguments: [400, 404, 406, 500, 503])
    func refused(status: Int) throws {
        // Without a session, or a 404 would be its loss.
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        server.on("GET") { _, reply in try reply.send(status, type: "text/html", body: "<p>no</p>") }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try server.wait(http: "GET")
        try socket.expectQuiet()
    }

    @Test("R50, R47: requests of the server reach the client, and its responses go up as POSTs of their own")
    func serverRequests() throws {
        let server = try ScriptedMCPServer()
        server.on("GET") { _, reply in
            try reply.startEvents()
            try reply.comment("welcome")
            try reply.event(Self.numbered(1), name: "message")
            try reply.event(#"{"jsonrpc":"2.0","id":"s-1","method":"roots/list"}"#)
            try reply.never()
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try expect(socket, number: 1)
        #expect(try socket.receiveMessage().method == "roots/list")
        let response = #"{"result":{"roots":[]},"id":"s-1","jsonrpc":"2.0"}"#
        try socket.send(response)
        let post = try server.http.wait(for: "the response") { $0.kind == "response" }
        #expect(post.text == response && post["mcp-session-id"] == "session-1")
        try socket.expectQuiet()
    }

    @Test("R50: reopened with Last-Event-ID after `retry`, and nothing is lost or doubled")
    func reopened() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.once("GET") { _, reply in
            try reply.startEvents()
            try reply.event(Self.numbered(1), id: "a/1", retry: 300)
            try reply.event("", id: "a/2")
        }
        server.once("GET") { request, reply in
            try reply.startEvents()
            try reply.event(Self.numbered(2), id: "a/3")
            try reply.body(Array("id: a/4\ndata: half".utf8))
            try reply.wait(gate)
            reply.reset()
        }
        server.once("GET") { _, reply in
            try reply.startEvents()
            try reply.event(Self.numbered(3))
            try reply.never()
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try expect(socket, number: 1)
        try expect(socket, number: 2)
        gate.open()
        try expect(socket, number: 3)
        let gets = server.http.requests { $0.method == "GET" }
        #expect(gets.map { $0["last-event-id"] } == [nil, "a/2", "a/3"])
        #expect(gets.allSatisfy { $0["mcp-session-id"] == "session-1" && $0["mcp-protocol-version"] == "2025-11-25" })
        #expect(gets[1].seconds(since: gets[0]) >= 0.25 && gets[2].seconds(since: gets[1]) >= 0.25)
        try socket.expectQuiet()
    }

    @Test("R50: a stream that always ends at once is asked for ever more seldom")
    func backOff() throws {
        let server = try ScriptedMCPServer()
        server.on("GET") { _, reply in try reply.startEvents() }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        let first = try server.wait(http: "GET")
        let second = try server.wait(http: "GET", count: 2)
        #expect(second.seconds(since: first) >= 0.2, "hammered")
        try socket.expectQuiet()
        #expect(server.http.requests { $0.method == "GET" }.count <= 3)
    }

    @Test("R46: a client that does not read pauses the stream; once it reads, all arrives in order")
    func backPressure() throws {
        let server = try ScriptedMCPServer(sendBuffer: 65_536)
        let sent = Mailbox<Int>()
        let padding = String(repeating: "x", count: 8000)
        let event = { @Sendable (number: Int) in
            Array(
                HTTPReply.eventText(notification("notifications/message", #"{"data":\#(number),"p":"\#(padding)"}"#))
                    .utf8
            )
        }
        server.on("GET") { _, reply in
            try reply.startEvents()
            var total = 0
            var number = 0
            while total < 256 << 20 {
                let piece = event(number)
                let count = try reply.bodyUntilBlocked(piece, atMost: piece.count)
                number += 1
                total += count
                // The framing of a chunk comes on top of the piece.
                if count < piece.count + 8 { break }
            }
            sent.put(total)
            try reply.bodyRest()
            try reply.event(Self.numbered(-number))
            try reply.never()
        }
        let bridge = try server.bridge(limits: "queue = \"64KiB\"\nwrite_timeout = \"60s\"\nping_interval = \"0s\"")
        let socket = try bridge.connectLegacy(receiveBuffer: 4096)
        let total = try sent.take(within: 60)
        #expect(total < 64 << 20, "\(total) bytes were taken for a client that does not read")
        // Another connection is none the slower.
        server.on("GET") { _, reply in try reply.send(405) }
        let other = try bridge.connectLegacy()
        try other.expectQuiet()
        socket.socket.setReceiveBuffer(1 << 20)
        var number = 0
        while let data = try socket.receiveMessage().params?["data"] as? Int, data >= 0, number >= 0 {
            #expect(data == number)
            number += 1
        }
        #expect(number > 8)
    }

    @Test("R53, R50: the stream ends with its connection")
    func ends() throws {
        let server = try ScriptedMCPServer()
        server.on("GET") { _, reply in
            try reply.startEvents()
            try reply.never()
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        let get = try server.wait(http: "GET")
        socket.socket.reset()
        try server.http.waitGone(get)
        try server.wait(http: "DELETE")
    }
}
