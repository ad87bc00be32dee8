// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The scripted server itself, in what is subtle about it.
@Suite struct ScriptedHTTPServerTests {
    private func connect(_ server: ScriptedHTTPServer, _ request: String = "") throws -> RawSocket {
        let socket = try RawSocket(port: server.port)
        try socket.send(Array(request.utf8))
        return socket
    }

    @Test("Requests are recorded as they came: order and duplicates of headers, bodies of both framings")
    func records() throws {
        let server = try ScriptedHTTPServer { request, reply in try reply.send(200, body: request.text) }
        let socket = try connect(server, "POST /a?b HTTP/1.1\r\nX: 1\r\nY:  2 \r\nx: 3\r\nContent-Length: 3\r\n\r\nabc")
        #expect(try socket.receiveAnswer().body == "abc")
        try socket.send(
            Array(
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\nGET /n HTTP/1.1\r\n\r\n"
                    .utf8
            )
        )
        #expect(try socket.receiveAnswer().body == "def")
        #expect(try socket.receiveAnswer().body == "")
        let requests = server.requests
        #expect(requests.map(\.method) == ["POST", "PUT", "GET"])
        #expect(requests.map(\.target) == ["/a?b", "/", "/n"])
        #expect(requests[0].headers.map(\.name) == ["X", "Y", "x", "Content-Length"])
        #expect(requests[0].values("X") == ["1", "3"])
        #expect(requests[0]["x"] == nil && requests[0]["y"] == "2")
        #expect(requests.allSatisfy { $0.connection == 0 })
    }

    @Test("A wait finds what was there before and what comes later, and says what there was if it never comes")
    func waits() throws {
        let server = try ScriptedHTTPServer { _, reply in try reply.send(204) }
        _ = try connect(server, "GET /1 HTTP/1.1\r\n\r\n").receiveAnswer()
        #expect(try server.wait(for: "first") { $0.target == "/1" }.number == 0)
        let second = Thread { [port = server.port] in
            guard let socket = try? RawSocket(port: port) else { return }
            try? socket.send(Array("GET /2 HTTP/1.1\r\n\r\n".utf8))
            _ = try? socket.receiveAnswer()
        }
        second.start()
        #expect(try server.wait(for: "second", count: 2) { $0.method == "GET" }.target == "/2")
        #expect(throws: DeadlineExceeded.self) { try server.wait(for: "third", within: 0.05) { $0.target == "/3" } }
    }

    @Test("Both framings of a stream, byte by byte, and the orderly end of each")
    func streams() throws {
        let server = try ScriptedHTTPServer { request, reply in
            try reply.startEvents(framing: request.target == "/close" ? .close : .chunked)
            try reply.event("a\nb", id: "1", name: "n", retry: 5)
            try reply.byteByByte("xy")
        }
        let chunked = try connect(server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        while chunked.available < 5 || chunked.peek(chunked.available - 5) != UInt8(ascii: "0") {
            _ = try chunked.fill(Deadline(), "the last chunk")
        }
        let text = String(decoding: chunked.take(chunked.available), as: UTF8.self)
        #expect(
            text.contains("event: n\nid: 1\nretry: 5\ndata: a\ndata: b\n\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n"),
            "\(text)"
        )
        let closed = try connect(server, "GET /close HTTP/1.1\r\n\r\n")
        #expect(try String(decoding: closed.receiveToEnd(), as: UTF8.self).hasSuffix("data: b\n\nxy"))
    }

    @Test("A reset is a reset and an end is an end")
    func cuts() throws {
        let server = try ScriptedHTTPServer { request, reply in
            try reply.startEvents()
            try reply.body(Array("data: half".utf8))
            if request.target == "/reset" { reply.reset() } else { reply.cut() }
        }
        for (target, expected) in [("/reset", ECONNRESET), ("/cut", 0)] {
            let socket = try connect(server, "GET \(target) HTTP/1.1\r\n\r\n")
            var entry = pollfd(fd: socket.descriptor, events: 0, revents: 0)
            var chunk = [UInt8](repeating: 0, count: 4096)
            var result = 1
            var error: CInt = 0
            while result > 0 || error == EAGAIN {
                entry.events = Int16(POLLIN)
                #expect(poll(&entry, 1, 5000) == 1)
                result = read(socket.descriptor, &chunk, chunk.count)
                error = result < 0 ? errno : 0
            }
            #expect(error == expected, "\(target)")
        }
    }

    @Test("A handler that waits is ended by its client's leaving, which the test can wait for")
    func leaving() throws {
        let server = try ScriptedHTTPServer()
        let gate = server.gate()
        server.handle { _, reply in
            try reply.startEvents()
            try reply.wait(gate)
            try reply.event("late")
        }
        let socket = try connect(server, "GET /stays HTTP/1.1\r\n\r\n")
        let other = try connect(server, "GET /leaves HTTP/1.1\r\n\r\n")
        let stays = try server.wait(for: "stays") { $0.target == "/stays" }
        let leaves = try server.wait(for: "leaves") { $0.target == "/leaves" }
        other.reset()
        try server.waitGone(leaves)
        #expect(!server.isGone(stays))
        gate.open()
        while !String(decoding: socket.take(socket.available), as: UTF8.self).contains("late") {
            #expect(try socket.fill(Deadline(), "the event"))
        }
        #expect(server.failures.isEmpty)
    }

    @Test("A client that does not read blocks the server's sending")
    func blocks() throws {
        let sent = Mailbox<Int>()
        let server = try ScriptedHTTPServer(sendBuffer: 4096) { _, reply in
            try reply.startEvents()
            sent.put(try reply.bodyUntilBlocked([UInt8](repeating: 120, count: 10_000), atMost: 64 << 20))
            try reply.bodyRest()
            try reply.event("end")
        }
        let socket = try RawSocket(port: server.port, receiveBuffer: 4096)
        try socket.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        let count = try sent.take()
        #expect(count > 0 && count < 4 << 20)
        var all = 0
        while try socket.fill(Deadline(), "the rest") {
            all += socket.available
            if String(decoding: socket.take(socket.available), as: UTF8.self).contains("data: end") { break }
        }
        #expect(all > count)
    }

    @Test("Nothing is left when the server goes: connections end, also those whose handlers wait")
    func ends() throws {
        var server: ScriptedHTTPServer? = try ScriptedHTTPServer { _, reply in try reply.never() }
        let port = try #require(server?.port)
        let socket = try RawSocket(port: port)
        try socket.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        try server?.wait(for: "GET") { _ in true }
        let idle = try RawSocket(port: port)
        server = nil
        #expect(try socket.receiveToEnd().isEmpty)
        _ = try? idle.receiveToEnd()
        #expect(throws: (any Error).self) { try RawSocket(port: port) }
    }
}
