// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Streams of POSTs that end before the response and go on elsewhere (R51, R54, R66).
@Suite struct ResumptionTests {
    /// A server whose `tools/call` is `call` and whose resuming GETs are `resume`, one after the other.
    private func server(_ call: @escaping HTTPHandler, resume: [HTTPHandler]) throws -> ScriptedMCPServer {
        let server = try ScriptedMCPServer()
        let steps = Steps(resume)
        server.once("tools/call", call)
        server.on("GET") { request, reply in
            guard !request.values("last-event-id").isEmpty else { return try reply.send(405) }
            try steps.next(request, reply)
        }
        return server
    }

    private func resumptions(_ server: ScriptedMCPServer) -> [HTTPRequest] {
        server.http.requests { $0.method == "GET" && !$0.values("last-event-id").isEmpty }
    }

    private static let progress = notification("notifications/progress", #"{"progressToken":"p","progress":1}"#)
    private static let call =
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","_meta":{"progressToken":"p"}}}"#

    @Test("R51: a priming event, then the end: the response is fetched by GET with Last-Event-ID; `sse-retry`")
    func polling() throws {
        let retry = 500
        // Three times over, since a machine under load may be late once; early it must never be.
        let server = try server(
            { _, reply in
                try reply.startEvents()
                try reply.event("", id: "p/0", retry: retry)
            },
            resume: [
                { _, reply in
                    try reply.startEvents()
                    try reply.event("", id: "p/1")
                },
                { _, reply in
                    try reply.startEvents()
                    try reply.event(Self.progress, id: "p/2")
                },
                { _, reply in
                    try reply.startEvents()
                    try reply.event(#"{"jsonrpc":"2.0","id":7,"result":{"late":true}}"#, id: "p/3")
                },
            ]
        )
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(Self.call)
        #expect(try socket.receiveMessage().method == "notifications/progress")
        #expect(try socket.receive(id: 7).result?["late"] as? Bool == true)
        try socket.expectQuiet()
        let gets = resumptions(server)
        #expect(gets.map { $0["last-event-id"] } == ["p/0", "p/1", "p/2"])
        for get in gets {
            #expect(get["accept"] == "text/event-stream" && get["mcp-session-id"] == "session-1")
            #expect(get["mcp-protocol-version"] == "2025-11-25")
        }
        let call = try #require(server.messages("tools/call").first)
        let waits = zip(gets, [call] + gets).map { $0.seconds(since: $1) }
        #expect(waits.allSatisfy { $0 >= 0.45 }, "too early: \(waits)")
        #expect(waits.contains { $0 <= 0.7 }, "too late: \(waits)")
        #expect(server.messages("tools/call").count == 1)
    }

    @Test("R51: a stream that is cut within an event resumes after the last whole one, and nothing is doubled")
    func cutWithinEvent() throws {
        let response = #"{"jsonrpc":"2.0","id":7,"result":{}}"#
        let server = try server(
            { _, reply in
                try reply.startEvents()
                try reply.event("", id: "e0", retry: 10)
                try reply.event(Self.progress, id: "e1")
                try reply.body(Array("id: e2\ndata: \(response)\n".utf8))
                reply.cut()
            },
            resume: [
                { _, reply in
                    try reply.startEvents()
                    try reply.event(response, id: "e2")
                }
            ]
        )
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(Self.call)
        #expect(try socket.receiveMessage().method == "notifications/progress")
        #expect(try socket.receive(id: 7).text == response)
        try socket.expectQuiet()
        #expect(resumptions(server).map { $0["last-event-id"] } == ["e1"])
    }

    @Test("R51, R28: after the response the stream is not resumed, and what a server replays of it is dropped")
    func afterResponse() throws {
        let server = try server(
            { request, reply in
                try reply.startEvents()
                try reply.event("", id: "e0", retry: 10)
                try reply.event(request.result("{}"), id: "e1")
                try reply.event(request.result("{}"), id: "e1")
                reply.cut()
            },
            resume: []
        )
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(Self.call)
        _ = try socket.receive(id: 7)
        for id in 0..<20 { try socket.expectQuiet(id + 100) }
        #expect(resumptions(server).isEmpty)
    }

    @Test("R51, R35: attempts without progress are bounded, then the id gets an error", arguments: 0..<4)
    func bounded(kind: Int) throws {
        let server = try ScriptedMCPServer()
        server.once("tools/call") { _, reply in
            try reply.startEvents()
            try reply.event("", id: "e0", retry: 10)
        }
        server.on("GET") { request, reply in
            guard !request.values("last-event-id").isEmpty else { return try reply.send(405) }
            switch kind {
            case 0: try reply.startEvents()
            case 1: try reply.send(405)
            case 2: try reply.send(500, type: "text/html", body: "<p>no</p>")
            default: reply.reset()
            }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(Self.call)
        let answer = try socket.receive(id: 7, within: 60)
        #expect(answer.isBridgeError, "\(answer.text)")
        #expect((1...10).contains(resumptions(server).count))
        try socket.expectQuiet()
        #expect(server.messages("tools/call").count == 1)
    }

    @Test("R51, R54: without an event id there is nothing to resume from: an error at once")
    func withoutID() throws {
        let server = try server(
            { _, reply in
                try reply.startEvents()
                try reply.event(Self.progress, retry: 10)
                reply.reset()
            },
            resume: []
        )
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(Self.call)
        var answer = try socket.receiveMessage()
        // What stood before a reset may be lost to it.
        if answer.method != nil { answer = try socket.receiveMessage() }
        #expect(answer.isBridgeError)
        try socket.expectQuiet()
        #expect(resumptions(server).isEmpty)
    }

    @Test("R51: streams of several requests resume each from its own id")
    func several() throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { request, reply in
            try reply.startEvents()
            try reply.event("", id: "of/\(request.idText ?? "")", retry: 20)
        }
        server.on("GET") { request, reply in
            guard let last = request["last-event-id"] else { return try reply.send(405) }
            try reply.startEvents()
            try reply.event(#"{"jsonrpc":"2.0","id":\#(last.dropFirst(3)),"result":{}}"#, id: last + "/1")
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        for id in 1...10 { try socket.sendCall("x", id: "\(id)") }
        var ids: Set<Int> = []
        for _ in 1...10 { ids.insert(try #require(try socket.receiveMessage().id as? Int)) }
        #expect(ids == Set(1...10))
        try socket.expectQuiet()
    }

    @Test("R51, R53: a cancel while waiting to resume goes up, and the id is free again")
    func cancelWhileWaiting() throws {
        let server = try server(
            { _, reply in
                try reply.startEvents()
                try reply.event("", id: "e0", retry: 600_000)
            },
            resume: []
        )
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(Self.call)
        try server.wait("tools/call")
        try socket.send(notification("notifications/cancelled", #"{"requestId":7}"#))
        try server.wait("notifications/cancelled")
        try socket.expectQuiet()
    }

    @Test("R66: any way of cutting a stream into packets gives the same messages", arguments: ["\n", "\r", "\r\n"])
    func byteByByte(end: String) throws {
        let server = try ScriptedMCPServer()
        server.once("tools/call") { request, reply in
            try reply.startEvents()
            let response = request.result(#"{"s":"é – 世界"}"#)
            // Behind a comma: lines of data are joined by a newline.
            let cut = response.index(after: response.firstIndex(of: ",") ?? response.startIndex)
            let text = [
                "\u{FEFF}: comment", "", "event: other", "data: {}", "", "retry: no", "id: a\0b", "data", "",
                "event: message", "data: \(response[..<cut])", "data:\(response[cut...])", "unknown: x", "", "",
            ].joined(separator: end)
            try reply.byteByByte(text)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("x", id: "7")
        #expect(try socket.receive(id: 7).result?["s"] as? String == "é – 世界")
        try socket.expectQuiet()
    }
}

/// Handlers that are used up in order.
// SAFETY: `rest` is touched under `lock` only.
final class Steps: @unchecked Sendable {
    private let lock = NSLock()
    private var rest: [HTTPHandler]

    init(_ handlers: [HTTPHandler]) { rest = handlers }

    func next(_ request: HTTPRequest, _ reply: HTTPReply) throws {
        let handler: HTTPHandler? = lock.withLock { rest.isEmpty ? nil : rest.removeFirst() }
        guard let handler else { throw Surprise("one more \(request.summary)") }
        try handler(request, reply)
    }
}
