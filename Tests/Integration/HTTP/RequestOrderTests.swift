// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The order around `initialize`, and what runs in parallel after it (R29, R30, R49).
@Suite struct RequestOrderTests {
    @Test("R49: what comes after initialize waits for its answer, then for initialized to be accepted")
    func gates() throws {
        let server = try ScriptedMCPServer()
        let initialize = server.gate()
        let initialized = server.gate()
        let times = Mailbox<UInt64>()
        server.on("initialize") { request, reply in
            try reply.wait(initialize)
            times.put(DispatchTime.now().uptimeNanoseconds)
            try reply.json(
                request.result(MCPScript.initializeResult("2025-11-25")),
                headers: [("Mcp-Session-Id", "late")]
            )
        }
        server.on("notifications/initialized") { _, reply in
            try reply.wait(initialized)
            times.put(DispatchTime.now().uptimeNanoseconds)
            try reply.accepted()
        }
        for method in ["tools/list", "tools/call"] {
            server.on(method) { request, reply in try reply.json(request.result("{}")) }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        // All of it at once, as a client that does not wait would.
        try socket.send(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}"#
        )
        try socket.send(notification("notifications/initialized"))
        try socket.sendCall("echo", id: "1")
        try socket.send(#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        try server.wait("initialize")
        try socket.waitRead()
        #expect(server.http.requests.count == 1)
        initialize.open()
        #expect(try socket.receive(id: 0).result != nil)
        let accepted = try server.wait("notifications/initialized")
        let answered = try times.take()
        #expect(accepted.arrival > answered && accepted["mcp-session-id"] == "late")
        try socket.waitRead()
        #expect(server.posts().count == 2)
        initialized.open()
        let moment = try times.take()
        for method in ["tools/call", "tools/list"] {
            let request = try server.wait(method)
            #expect(request.arrival > moment && request["mcp-session-id"] == "late")
        }
        let ids = Set([try socket.receiveMessage().id as? Int, try socket.receiveMessage().id as? Int])
        #expect(ids == [1, 2])
    }

    @Test("R29: POSTs start in the order of the messages")
    func order() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.on("tools/call") { request, reply in
            try reply.wait(gate)
            try reply.json(request.result("{}"))
        }
        let bridge = try server.bridge("max_parallel = 1")
        let socket = try bridge.connectLegacy()
        for id in 1...20 { try socket.sendCall("echo", id: "\(id)") }
        try server.wait("tools/call")
        gate.open()
        for id in 1...20 { _ = try socket.receive(id: id) }
        #expect(server.messages("tools/call").compactMap { Int($0.idText ?? "") } == Array(1...20))
    }

    @Test("R30, R49: requests run in parallel, and a later one may be answered first")
    func parallel() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.once("tools/call") { request, reply in
            try reply.wait(gate)
            try reply.json(request.result("{}"))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("slow", id: "1")
        try server.wait("tools/call")
        try socket.sendCall("fast", id: "2")
        #expect(try socket.receive(id: 2).result != nil)
        gate.open()
        #expect(try socket.receive(id: 1).result != nil)
    }

    @Test("R30: at most `max_parallel` run at once; a cancel and a response pass those that wait")
    func maxParallel() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        let running = Counter()
        server.on("tools/call") { request, reply in
            running.enter()
            defer { running.leave() }
            try reply.startEvents()
            if request.idText == "1" {
                try reply.event(#"{"jsonrpc":"2.0","id":"ask","method":"sampling/createMessage","params":{}}"#)
            }
            try reply.wait(gate)
            // Left before the client can send another in its place.
            running.leave()
            try reply.event(request.result("{}"))
            running.enter()
        }
        let bridge = try server.bridge("max_parallel = 2")
        let socket = try bridge.connectLegacy()
        for id in 1...6 { try socket.sendCall("echo", id: "\(id)") }
        #expect(try socket.receiveMessage().method == "sampling/createMessage")
        try server.wait("tools/call", count: 2)
        try socket.send(#"{"jsonrpc":"2.0","id":"ask","result":{}}"#)
        try socket.send(notification("notifications/cancelled", #"{"requestId":2}"#))
        let response = try server.http.wait(for: "a response") { $0.kind == "response" }
        #expect(response.text == #"{"jsonrpc":"2.0","id":"ask","result":{}}"#)
        try server.wait("notifications/cancelled")
        #expect(server.messages("tools/call").count == 2)
        gate.open()
        var ids: Set<Int> = []
        // The cancelled one may be answered or not.
        while !ids.isSuperset(of: [1, 3, 4, 5, 6]) { ids.insert(try #require(try socket.receiveMessage().id as? Int)) }
        #expect(running.most <= 2)
    }

    @Test(
        "R30, R35: what waits behind `max_parallel` is bounded in bytes; what is over it is refused, and a cancel passes"
    )
    func queueBounded() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.on("tools/call") { request, reply in
            try reply.wait(gate)
            try reply.json(request.result("{}"))
        }
        let bridge = try server.bridge("max_parallel = 1", limits: "queue = \"64KiB\"")
        let socket = try bridge.connectLegacy()
        let text = String(repeating: "x", count: 1 << 14)
        let count = 40
        for id in 1...count { try socket.sendCall("echo", id: "\(id)", #"{"t":"\#(text)"}"#) }
        var refused: Set<Int> = []
        // About four of them have room.
        for _ in 0..<(count - 8) {
            let answer = try socket.receiveMessage()
            #expect(answer.isBridgeError, "\(answer.text)")
            refused.insert(try #require(answer.id as? Int))
        }
        try socket.send(notification("notifications/cancelled", #"{"requestId":1}"#))
        try server.wait("notifications/cancelled")
        gate.open()
        var answered = refused
        while answered.union([1]).count < count {
            answered.insert(try #require(try socket.receiveMessage().id as? Int))
        }
        #expect(server.messages("tools/call").count <= 8)
    }

    @Test("R29, R28: progress comes before its response, and nothing after it")
    func progress() throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { request, reply in
            try reply.startEvents()
            for number in 1...50 {
                try reply.event(notification("notifications/progress", #"{"progressToken":"p","progress":\#(number)}"#))
            }
            try reply.event(request.result("{}"))
            try reply.event(request.result(#"{"again":true}"#))
            try reply.event(notification("notifications/progress", #"{"progressToken":"p","progress":51}"#))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(
            #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","_meta":{"progressToken":"p"}}}"#
        )
        for number in 1...50 { #expect(try socket.receiveMessage().params?["progress"] as? Int == number) }
        #expect(try socket.receive(id: 7).result?.isEmpty == true)
        try socket.expectQuiet()
    }
}

/// How many are inside at once, and were at most.
// SAFETY: the numbers are touched under `lock` only.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var now = 0
    private var highest = 0

    func enter() { change(by: 1) }
    func leave() { change(by: -1) }
    var most: Int { lock.withLock { highest } }

    private func change(by step: Int) {
        lock.withLock {
            now += step
            highest = max(highest, now)
        }
    }
}
