// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a server behind a URL is told when a connection ends (R53, R44, R21).
@Suite struct LeavingTests {
    @Test(
        "R53: the client gone: what is in flight is cancelled, then the session is deleted",
        arguments: [true, false]
    )
    func cancelsAndDeletes(reset: Bool) throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { _, reply in
            try reply.startEvents()
            try reply.never()
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("a", id: "1")
        try socket.sendCall("b", id: #""two""#)
        try server.wait("tools/call", count: 2)
        _ = try server.wait(http: "GET")
        if reset { socket.socket.reset() } else { try socket.close() }
        let delete = try server.wait(http: "DELETE")
        #expect(delete["mcp-session-id"] == "session-1")
        let cancels = server.messages("notifications/cancelled")
        let ids = cancels.compactMap { $0.params?["requestId"].map(jsonText) }
        #expect(ids.sorted() == [#""two""#, "1"])
        #expect(cancels.allSatisfy { $0.number < delete.number && $0["mcp-session-id"] == "session-1" })
        for call in server.messages("tools/call") { try server.http.waitGone(call) }
        _ = try bridge.waitConnectionEnded()
    }

    @Test("R53: initialize is never cancelled, and without a session nothing is deleted")
    func leavesDuringInitialize() throws {
        let server = try ScriptedMCPServer()
        server.on("initialize") { _, reply in try reply.never() }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.send(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}"#
        )
        let initialize = try server.wait("initialize")
        socket.socket.reset()
        _ = try bridge.waitConnectionEnded()
        try server.http.waitGone(initialize)
        #expect(server.http.requests.count == 1)
    }

    @Test(
        "R53: a server that refuses the DELETE, or never answers it, holds nothing up",
        arguments: [404, 405, 500, 0]
    )
    func deleteRefused(status: Int) throws {
        let server = try ScriptedMCPServer()
        server.on("DELETE") { _, reply in
            if status == 0 { try reply.never() } else { try reply.send(status) }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.expectQuiet()
        try socket.close()
        try server.wait(http: "DELETE")
        let record = try bridge.waitConnectionEnded()
        #expect(record["close_code"] == "1000", "\(record.fields)")
        #expect(try bridge.stop() == 0)
    }

    @Test("R53: nothing but the deletion is sent when nothing is in flight")
    func idle() throws {
        let server = try ScriptedMCPServer()
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        _ = try socket.call("echo")
        try server.wait(http: "GET")
        try socket.close()
        try server.wait(http: "DELETE")
        _ = try bridge.waitConnectionEnded()
        #expect(server.messages("notifications/cancelled").isEmpty)
        #expect(server.http.requests { $0.method == "DELETE" }.count == 1)
    }

    @Test("R44, R35: a drain answers what is in flight, closes with 1001 and deletes the session")
    func drain() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.on("tools/call") { request, reply in
            try reply.wait(gate)
            try reply.json(request.result("{}"))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("a", id: "1")
        try server.wait("tools/call")
        bridge.program.signal(SIGTERM)
        // New handshakes are refused once the drain has begun.
        try eventually("the drain to begin") { (try? bridge.handshake("/docs").status) != 101 }
        gate.open()
        #expect(try socket.receive(id: 1).result != nil)
        #expect(try socket.receiveClose()?.code == 1001)
        try server.wait(http: "DELETE")
        #expect(try bridge.program.wait() == 0)
    }

    @Test("R30, R53: a client's own cancel goes up as it is, and the call's late answer does not reach it")
    func cancel() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.once("tools/call") { request, reply in
            try reply.startEvents()
            try reply.wait(gate)
            try reply.event(request.result("{}"))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("a", id: "1")
        try server.wait("tools/call")
        let text = notification("notifications/cancelled", #"{"requestId":1,"reason":"né"}"#)
        try socket.send(text)
        let cancel = try server.wait("notifications/cancelled")
        #expect(cancel.text == text && cancel["mcp-session-id"] == "session-1")
        gate.open()
        // Late or not, at most one answer, and the connection goes on.
        try socket.send(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        var ids: [Int] = []
        repeat { ids.append(try #require(try socket.receiveMessage().id as? Int)) } while ids.last != 2
        #expect(ids == [2] || ids == [1, 2])
    }

    @Test("R37, R53: a hundred clients that come and go leave no connection upstream and no descriptor")
    func nothingLeft() throws {
        let server = try ScriptedMCPServer()
        server.on("GET") { _, reply in
            try reply.startEvents()
            try reply.never()
        }
        let bridge = try server.bridge()
        let first = try bridge.connectLegacy()
        let get = try server.wait(http: "GET")
        try first.close()
        try server.wait(http: "DELETE")
        try server.http.waitGone(get)
        let before = ProcessTable.descriptors(of: bridge.pid) ?? 0
        for _ in 0..<10 {
            let sockets = try (0..<10).map { _ in try bridge.connectLegacy() }
            for socket in sockets { socket.socket.reset() }
        }
        try server.wait(http: "DELETE", count: 101)
        // Idle connections of the pool may stay; they are few, and they go in time.
        try eventually("the descriptors to come back", within: 90) {
            (ProcessTable.descriptors(of: bridge.pid) ?? 0) <= before + 16
        }
    }
}
