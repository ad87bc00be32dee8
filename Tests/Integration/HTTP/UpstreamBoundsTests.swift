// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Redirects (R55), limits of what a server may send (R66, R46), and secrets (R73).
@Suite struct UpstreamBoundsTests {
    // MARK: Redirects

    @Test("R55: redirects within the origin are followed, with method, headers and body", arguments: [307, 308])
    func followed(status: Int) throws {
        let server = try ScriptedMCPServer()
        server.once("tools/call") { _, reply in try reply.send(status, headers: [("Location", "/elsewhere?a=b")]) }
        let bridge = try server.bridge(#"headers = { X-Key = "k" }"#)
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7", #"{"a":1}"#)
        #expect(try socket.receive(id: 7).contentText == #"{"a":1}"#)
        let calls = server.messages("tools/call")
        #expect(calls.map(\.target) == ["/mcp", "/elsewhere?a=b"])
        #expect(calls[0].text == calls[1].text)
        #expect(calls[1]["x-key"] == "k" && calls[1]["mcp-session-id"] == "session-1")
        try socket.expectQuiet()
    }

    @Test(
        "R55, R72: across origins nothing follows, least of all a credential",
        arguments: [
            "http://127.0.0.1:@OTHER@/mcp", "//127.0.0.1:@OTHER@/mcp", "http://localhost:@PORT@/mcp",
            "https://127.0.0.1:@PORT@/mcp", "file:///etc/passwd", "http://",
        ],
        [301, 302, 303, 307, 308]
    )
    func refused(location: String, status: Int) throws {
        let other = try ScriptedHTTPServer()
        let server = try ScriptedMCPServer()
        let text = location.replacingOccurrences(of: "@PORT@", with: "\(server.http.port)")
            .replacingOccurrences(of: "@OTHER@", with: "\(other.port)")
        server.once("tools/call") { _, reply in try reply.send(status, headers: [("Location", text)]) }
        let bridge = try server.bridge(#"headers = { Authorization = "Bearer s3cr3t" }"#)
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        let answer = try socket.receive(id: 7)
        #expect(answer.isBridgeError && !answer.text.contains("s3cr3t"), "\(answer.text)")
        #expect(other.connectionCount == 0)
        #expect(server.messages("tools/call").count == 1)
        try socket.expectQuiet()
    }

    @Test("R55, R35: a ring of redirects ends")
    func ring() throws {
        let server = try ScriptedMCPServer()
        server.on("tools/call") { _, reply in try reply.send(307, headers: [("Location", "/mcp")]) }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        #expect(try socket.receive(id: 7).isBridgeError)
        #expect(server.messages("tools/call").count <= 21)
        try socket.expectQuiet()
    }

    // MARK: Sizes

    @Test("R66, R35: an event of 20 MiB is an error for its id, and the connection lives", arguments: [false, true])
    func hugeEvent(inLines: Bool) throws {
        let server = try ScriptedMCPServer()
        server.once("tools/call") { request, reply in
            try reply.startEvents()
            try reply.body(Array(#"data: {"jsonrpc":"2.0","id":7,"result":{"x":""#.utf8))
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            for _ in 0..<20 { try reply.body(inLines ? Array("\ndata: ".utf8) + piece : piece) }
            try reply.body(Array("\"}}\n\n".utf8))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        let answer = try socket.receive(id: 7, within: 60)
        #expect(answer.isBridgeError, "\(answer.text.prefix(200))")
        try socket.expectQuiet()
    }

    @Test("R66: an event at `max_event` passes, one byte more does not; so with JSON", arguments: [false, true])
    func limit(events: Bool) throws {
        let limit = 1 << 16
        let server = try ScriptedMCPServer()
        server.on("tools/call") { request, reply in
            // The name of the field counts as well.
            let size = limit + (request.idText == "7" ? 0 : 1) - (events ? "data: ".utf8.count : 0)
            let start = #"{"jsonrpc":"2.0","id":\#(request.idText ?? ""),"result":{"x":""#
            let body = start + String(repeating: "x", count: size - start.utf8.count - 3) + #""}}"#
            guard events else { return try reply.json(body) }
            try reply.startEvents()
            try reply.event(body)
        }
        let bridge = try server.bridge("max_event = \"64KiB\"")
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7")
        #expect(try socket.receive(id: 7).text.utf8.count >= limit - 6)
        try socket.sendCall("echo", id: "8")
        #expect(try socket.receive(id: 8).isBridgeError)
        try socket.expectQuiet()
    }

    @Test("R66, R50: a huge event on the general stream costs that stream, not the connection")
    func hugeGeneralEvent() throws {
        let server = try ScriptedMCPServer()
        server.once("GET") { _, reply in
            try reply.startEvents()
            try reply.event("", retry: 10)
            try reply.event(
                notification("notifications/message", #"{"x":"\#(String(repeating: "x", count: 1 << 17))"}"#)
            )
            try reply.never()
        }
        let bridge = try server.bridge("max_event = \"64KiB\"")
        let socket = try bridge.connectLegacy()
        let first = try server.wait(http: "GET")
        try server.http.waitGone(first)
        try socket.expectQuiet()
    }

    @Test("R46: a client that does not read pauses the stream of its own request")
    func backPressure() throws {
        let server = try ScriptedMCPServer(sendBuffer: 65_536)
        let sent = Mailbox<Int>()
        let piece = Array(
            HTTPReply.eventText(
                notification("notifications/message", #"{"data":"\#(String(repeating: "x", count: 8000))"}"#)
            ).utf8
        )
        server.once("tools/call") { request, reply in
            try reply.startEvents()
            sent.put(try reply.bodyUntilBlocked(piece, atMost: 256 << 20))
            try reply.bodyRest()
            try reply.event(request.result("{}"))
        }
        let bridge = try server.bridge(limits: "queue = \"64KiB\"\nwrite_timeout = \"60s\"\nping_interval = \"0s\"")
        let socket = try bridge.connectLegacy(receiveBuffer: 4096)
        try socket.sendCall("echo", id: "7")
        let total = try sent.take(within: 60)
        #expect(total < 64 << 20, "\(total) bytes were taken for a client that does not read")
        socket.socket.setReceiveBuffer(1 << 20)
        var count = 0
        var message = try socket.receiveMessage()
        while message.method != nil {
            count += 1
            message = try socket.receiveMessage()
        }
        #expect(message.id as? Int == 7 && count >= total / (piece.count + 8))
        try socket.expectQuiet()
    }

    // MARK: Secrets

    @Test("R73, R54: no credential reaches an error, a close reason or the log", arguments: [401, 403])
    func secrets(status: Int) throws {
        let server = try ScriptedMCPServer(.legacy(session: false, answers: .json, priming: false))
        server.on("tools/call") { request, reply in
            let challenge = #"Bearer realm="secret-realm", error="invalid_token""#
            let echoed = request["authorization"] ?? ""
            try reply.send(
                status,
                headers: [("WWW-Authenticate", challenge), ("Set-Cookie", "c=secret-cookie"), ("X-Echo", echoed)],
                type: "text/plain",
                body: "secret-body \(echoed)"
            )
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("s3cr3t-of-file\n", to: "token")
        let bridge = try BridgeProcess.http(
            server.url + "?key=s3cr3t-of-query",
            server: """
                headers = { Authorization = { file = "\(file)", prefix = "Bearer " }, X-Key = { env = "DOCS_KEY" } }
                """,
            more: "[log]\nlevel = \"trace\"",
            environment: ProcessInfo.processInfo.environment.merging(["DOCS_KEY": "s3cr3t-of-env"]) { $1 },
            folder: folder
        )
        let socket = try bridge.connectLegacy()
        try socket.sendCall("echo", id: "7", #"{"a":"marker-payload"}"#)
        let answer = try socket.receive(id: 7)
        #expect(answer.isBridgeError)
        let call = try #require(server.messages("tools/call").first)
        #expect(call["authorization"] == "Bearer s3cr3t-of-file" && call["x-key"] == "s3cr3t-of-env")
        try socket.close()
        _ = try bridge.waitConnectionEnded()
        for secret in ["s3cr3t", "secret-realm", "secret-cookie", "secret-body"] {
            #expect(!answer.text.contains(secret), "\(answer.text)")
        }
        for secret in ["s3cr3t", "secret-cookie", "secret-body", "marker-payload"] {
            #expect(!bridge.everythingWritten.contains(secret), "\(secret) is in the log")
        }
    }

    @Test("R73: a secret's file that changes is read again")
    func rotated() throws {
        let server = try ScriptedMCPServer()
        let folder = try TemporaryFolder()
        let file = try folder.write("one", to: "token")
        let bridge = try BridgeProcess.http(
            server.url,
            server: #"headers = { Authorization = { file = "\#(file)", prefix = "Bearer " } }"#,
            folder: folder
        )
        let socket = try bridge.connectLegacy()
        _ = try socket.call("echo")
        #expect(server.messages("tools/call").last?["authorization"] == "Bearer one")
        try folder.write("two\n", to: "token.new")
        rename(folder.path + "/token.new", file)
        try eventually("the new secret") {
            _ = try socket.call("echo")
            return server.messages("tools/call").last?["authorization"] == "Bearer two"
        }
    }

    // MARK: All of it at once

    @Test("R35, R28: five hundred requests to a server that does everything wrong: each answered exactly once")
    func everythingAtOnce() throws {
        let server = try ScriptedMCPServer(.legacy(session: true, answers: .json, priming: false))
        server.on("tools/call") { request, reply in
            guard request["mcp-session-id"] != nil else { return try reply.send(400) }
            switch (Int(request.idText ?? "") ?? 0) % 11 {
            case 0: try reply.json(request.result("{}"))
            case 1: reply.reset()
            case 2: try reply.accepted()
            case 3:
                try reply.startEvents()
                try reply.event(notification("notifications/progress", #"{"progressToken":1,"progress":1}"#))
                try reply.event(request.result("{}"))
                try reply.event(request.result("{}"))
            case 4: try reply.startEvents()
            case 5:
                try reply.startEvents()
                try reply.event("", id: "of/\(request.idText ?? "")", retry: 5)
            case 6: try reply.send(503)
            case 7: try reply.json(request.error(-32000), status: 400)
            case 8:
                try reply.startEvents()
                try reply.byteByByte("data: \(request.result("{}"))\n\n")
                reply.reset()
            case 9:
                try reply.startEvents()
                try reply.body(Array("data: {".utf8))
                reply.cut()
            default: try reply.send(200, type: "text/html", body: "<p>")
            }
        }
        server.on("GET") { request, reply in
            guard let last = request["last-event-id"] else { return try reply.send(405) }
            try reply.startEvents()
            try reply.event(#"{"jsonrpc":"2.0","id":\#(last.dropFirst(3)),"result":{}}"#)
        }
        let bridge = try server.bridge("max_parallel = 16")
        let socket = try bridge.connectLegacy()
        let count = 500
        for id in 1...count {
            try socket.sendCall("echo", id: "\(id)")
            if id % 100 == 0 { server.expireSession() }
        }
        var answered: [Int: Int] = [:]
        while answered.count < count {
            let message = try socket.receiveMessage(within: 60)
            if message.method == nil { answered[try #require(message.id as? Int), default: 0] += 1 }
        }
        try socket.expectQuiet()
        #expect(answered.values.allSatisfy { $0 == 1 })
    }
}
