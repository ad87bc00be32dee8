// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What becomes of an HTTP outcome: exactly one answer for each request (R54, R35).
@Suite struct OutcomeTests {
    /// A way to answer a request wrongly, after which the connection goes on.
    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let handler: HTTPHandler

        init(_ name: String, _ handler: @escaping HTTPHandler) {
            testDescription = name
            self.handler = handler
        }
    }

    static let faults: [Fault] = [
        Fault("202 to a request") { _, reply in try reply.accepted() },
        Fault("204") { _, reply in try reply.send(204) },
        Fault("200 without a body or a type") { _, reply in try reply.send(200) },
        Fault("JSON without a body") { _, reply in try reply.json("") },
        Fault("JSON that is none") { _, reply in try reply.json("oops") },
        Fault("JSON that is no message") { _, reply in try reply.json(#"{"ok":true}"#) },
        Fault("JSON that is cut off") { request, reply in try reply.json(String(request.result("{}").dropLast(2))) },
        Fault("HTML") { _, reply in try reply.send(200, type: "text/html", body: "<html>hello</html>") },
        Fault("JSON under the wrong type") { request, reply in
            try reply.send(200, type: "text/plain", body: request.result("{}"))
        },
        Fault("another id") { _, reply in try reply.json(#"{"jsonrpc":"2.0","id":999,"result":{}}"#) },
        Fault("the id as a string") { _, reply in try reply.json(#"{"jsonrpc":"2.0","id":"7","result":{}}"#) },
        Fault("a notification alone") { _, reply in try reply.json(notification("notifications/message")) },
        Fault("an empty stream") { _, reply in try reply.startEvents() },
        Fault("a stream of comments") { _, reply in
            try reply.startEvents()
            try reply.comment("hello")
        },
        Fault("a stream with another id") { _, reply in
            try reply.startEvents()
            try reply.event(#"{"jsonrpc":"2.0","id":999,"result":{}}"#)
        },
        Fault("a stream that ends within the response") { request, reply in
            try reply.startEvents()
            try reply.body(Array("data: \(request.result("{}"))\n".utf8))
        },
        Fault("FIN before the answer") { _, reply in reply.cut() },
        Fault("RST before the answer") { _, reply in reply.reset() },
        Fault("FIN within the head") { _, reply in
            try reply.wire("HTTP/1.1 200 OK\r\nContent-Ty")
            reply.cut()
        },
        Fault("RST within the body") { request, reply in
            try reply.wire("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
            reply.reset()
        },
        Fault("FIN within the body") { request, reply in
            let body = request.result("{}")
            try reply.wire(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count + 9)\r\n\r\n\(body)"
            )
            reply.cut()
        },
        Fault("RST within an event") { _, reply in
            try reply.startEvents()
            try reply.body(Array("data: {\"jsonrpc\"".utf8))
            reply.reset()
        },
        Fault("no HTTP at all") { _, reply in try reply.wire("SSH-2.0-OpenSSH_9.6\r\n\r\n") },
        Fault("a head of a megabyte") { request, reply in
            let padding = String(repeating: "x", count: 1 << 20)
            try reply.json(request.result("{}"), headers: [("X-Padding", padding)])
        },
        Fault("a line of events without end") { _, reply in
            try reply.startEvents()
            for _ in 0..<40 { try reply.body([UInt8](repeating: 120, count: 1 << 16)) }
        },
    ]

    static let statuses = [400, 401, 402, 403, 404, 405, 406, 409, 410, 415, 422, 429, 500, 501, 502, 503, 504]

    /// Sends one call that meets `handler`, and checks that its one answer is an error of the bridge's.
    private func expectBridgeError(_ what: String, server lines: String = "", _ handler: @escaping HTTPHandler) throws {
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        let bridge = try server.bridge("max_event = \"1MiB\"\n" + lines)
        let socket = try bridge.connectLegacy()
        server.once("tools/call", handler)
        try socket.sendCall("echo", id: "7")
        var answer = try socket.receiveMessage()
        // What is no response may be passed on, but answers nothing.
        while answer.method != nil { answer = try socket.receiveMessage() }
        #expect(answer.isBridgeError && answer.id as? Int == 7, "\(what): \(answer.text)")
        #expect(answer.cause?.isEmpty == false, "\(what): \(answer.text)")
        try socket.expectQuiet()
        #expect(server.messages("tools/call").count == 1, "\(what): a request was sent again")
        // The next one, on whatever connection, is no worse for it.
        #expect(try socket.call("echo", #"{"a":1}"#).contentText == #"{"a":1}"#)
    }

    @Test(
        "R54, R35: a fault of the server's is one error for the id, nothing is sent again, the connection lives",
        arguments: faults
    )
    func fault(fault: Fault) throws { try expectBridgeError(fault.testDescription, fault.handler) }

    @Test(
        "R54, R35: a status without a message is one error for the id, and no request is sent again",
        arguments: statuses
    )
    func status(status: Int) throws {
        try expectBridgeError("\(status)") { _, reply in
            try reply.send(status, headers: [("Retry-After", "1")], type: "text/plain", body: "go away")
        }
        try expectBridgeError("\(status), no body") { _, reply in try reply.send(status) }
    }

    @Test(
        "R54: an error that the server put into its body is passed on, with the request's own id",
        arguments: [400, 404, 405, 406, 415, 429, 500, 503],
        [#""id":null,"#, "", #""id":"r\u00e9","#, #""id":"ré","#]
    )
    func errorBody(status: Int, id: String) throws {
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        let error = #""error":{"code":-32001,"data":{"n":12345678901234567890},"message":"n\/o"}"#
        server.on("tools/call") { _, reply in
            try reply.json(#"{"jsonrpc":"2.0",\#(id)\#(error)}"#, status: status)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: #""r\u00e9""#)
        let text = try #require(try socket.receiveText())
        #expect(text.contains(error), "\(text)")
        // The client's own spelling (R26).
        #expect(text.contains(#""id":"r\u00e9""#), "\(text)")
        #expect(try Message(text).object.count == 3)
        try socket.expectQuiet()
        #expect(server.messages("tools/call").count == 1)
    }

    @Test("R54, R73: of a refused credential nothing is passed on but that it was refused", arguments: [401, 403])
    func unauthorizedBody(status: Int) throws {
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        server.on("tools/call") { request, reply in
            try reply.json(request.error(-32001, "token abc is bad"), status: status)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        let answer = try socket.receive(id: 7)
        #expect(answer.isBridgeError && !answer.text.contains("abc"), "\(answer.text)")
        try socket.expectQuiet()
    }

    @Test("R54: a server that is not there is an error for each request, and found again once it is back")
    func refused() throws {
        var server: ScriptedHTTPServer? = try ScriptedHTTPServer()
        let url = try #require(server?.url)
        server = nil
        let bridge = try BridgeProcess.http(url, server: #"transport = "streamable-http""#)
        let socket = try bridge.connectDocs()
        for id in 1...3 {
            try socket.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"initialize","params":{}}"#)
            let answer = try socket.receive(id: id)
            #expect(answer.isBridgeError, "\(answer.text)")
        }
    }

    @Test("R35, R54: a request that is not answered in `request_timeout` is answered with an error, once")
    func timeout() throws {
        let server = try ScriptedMCPServer()
        let gate = server.gate()
        server.once("tools/call") { request, reply in
            try reply.startEvents()
            try reply.wait(gate)
            try reply.event(request.result("{}"))
        }
        let bridge = try server.bridge(#"request_timeout = "300ms""#)
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        #expect(try socket.receive(id: 7).isBridgeError)
        gate.open()
        try socket.expectQuiet()
    }

    @Test("R54, R47: odd but right answers are taken", arguments: [0, 1, 2, 3, 4])
    func oddButRight(form: Int) throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { request, reply in
            let body = request.result("{}")
            switch form {
            case 0: try reply.send(200, type: "application/json; charset=utf-8", body: body)
            case 1: try reply.send(201, type: "Application/JSON", body: "  \(body)\r\n")
            case 2: try reply.json(body, headers: (0..<100).map { ("X-\($0)", "v") })
            case 3:
                let interim = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 3)
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                try reply.wire(interim + head + body)
            default:
                try reply.startEvents(type: "text/event-stream;charset=UTF-8", framing: .close)
                try reply.event(body)
            }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        #expect(try socket.receive(id: 7).result != nil)
        try socket.expectQuiet()
    }

    @Test("R54: a refused notification is no message to the client, and ends nothing", arguments: [400, 403, 500])
    func notificationRefused(status: Int) throws {
        let server = try ScriptedMCPServer()
        server.on("notifications/x") { _, reply in
            try reply.json(#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#, status: status)
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.send(notification("notifications/x"))
        try server.wait("notifications/x")
        try socket.expectQuiet()
        #expect(server.messages("notifications/x").count == 1)
    }
}
