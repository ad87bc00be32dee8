// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Testing

@testable import DemoServer

/// The demo server over real sockets of this machine.
@Suite(.timeLimit(.minutes(1))) struct DemoHTTPServerTests {
    @Test(
        "an address beyond this machine is refused",
        arguments: [
            ("127.0.0.1:9000", true), ("localhost:0", true), ("[::1]:80", true), ("127.8.0.1:1", true),
            ("0.0.0.0:9000", false), ("[::]:9000", false), ("192.168.1.2:9000", false), ("example.org:80", false),
            ("127.0.0.1", false), ("9000", false), ("127.0.0.1:65536", false), (":9000", false), ("", false),
        ]
    )
    func addresses(text: String, isTaken: Bool) {
        #expect(((try? DemoHTTPAddress(parsing: text)) != nil) == isTaken)
    }

    private static func start(
        limits: DemoHTTP.Limits = DemoHTTP.Limits(),
        bounds: DemoHTTPLoop.Limits = DemoHTTPLoop.Limits()
    ) throws -> DemoHTTPServer {
        try DemoHTTPServer(at: DemoHTTPAddress(parsing: "127.0.0.1:0"), limits: limits, bounds: bounds)
    }

    @Test("a port in use is told")
    func portInUse() throws {
        let server = try Self.start()
        defer { server.stop() }
        let address = try DemoHTTPAddress(parsing: String(server.url.dropFirst("http://".count)))
        let error = #expect(throws: DemoHTTPServer.ListenError.self) { try DemoHTTPServer(at: address) }
        #expect(error?.description.contains("Address already in use") == true)
        #expect(server.greeting == "demo server at \(server.url)/mcp (and \(server.url)/sse)\n")
    }

    @Test("a session: initialize, a stream that breaks off, the rest of it, all on connections that are used again")
    func session() throws {
        let server = try Self.start()
        defer { server.stop() }
        let first = try RawClient(server)
        first.post(#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#)
        let head = first.read(until: "\"}}")
        let line = try #require(head.split(separator: "\r\n").first { $0.hasPrefix("mcp-session-id: ") })
        let session = "\(line)\r\nMCP-Protocol-Version: 2025-11-25"
        first.post(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, session)
        #expect(first.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 202 Accepted\r\ncontent-length: 0"))

        first.post(
            #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"slow","#
                + #""arguments":{"steps":2,"delay_ms":50},"_meta":{"progressToken":1}}}"#,
            session
        )
        #expect(first.read(until: "id: 1-1\n").contains("retry: 1000\n"))
        first.hangUp()

        let second = try RawClient(server)
        second.send(
            "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\(session)\r\nLast-Event-ID: 1-1\r\n\r\n"
        )
        let rest = second.read(until: "0\r\n\r\n")
        #expect(!rest.contains("id: 1-1\n"))
        #expect(rest.contains("id: 1-2\n"))
        #expect(rest.contains(#""id":7,"result""#))
        second.send("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n\(session)\r\n\r\n")
        #expect(second.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
    }

    @Test("a client of 2026-07-28 that goes cancels its call")
    func disconnect() async throws {
        let server = try Self.start()
        defer { server.stop() }
        let client = try RawClient(server)
        let meta = DemoHTTPBench.meta
        client.post(
            #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"slow","arguments":{"steps":9999},\#(meta)}}"#,
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: slow"
        )
        #expect(client.read(until: "\r\n\r\n").contains("text/event-stream"))
        let loop = server.loop
        #expect(try await loop.eventLoop.submit { loop.value.isAnswering }.get())
        client.hangUp()
        while try await loop.eventLoop.submit({ loop.value.isAnswering }).get() { try Task.checkCancellation() }
    }

    @Test("the server's end is the end of what it streams, results of subscriptions before it")
    func stop() throws {
        let server = try Self.start()
        let client = try RawClient(server)
        client.post(
            #"{"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"notifications":{},\#(DemoHTTPBench.meta)}}"#,
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen"
        )
        #expect(client.read(until: "\n\n").contains("notifications/subscriptions/acknowledged"))
        server.stop()
        #expect(client.read(until: nil).contains(#""id":"L","result""#))
    }

    @Test(
        "a message over the limit is refused and its connection ends, told by its length or not",
        arguments: [
            "Content-Length: 1001\r\n\r\n" + String(repeating: " ", count: 1_001),
            "Transfer-Encoding: chunked\r\n\r\n3E9\r\n" + String(repeating: " ", count: 1_001) + "\r\n0\r\n\r\n",
        ]
    )
    func tooLarge(rest: String) throws {
        let server = try Self.start(bounds: DemoHTTPLoop.Limits(body: 1_000))
        defer { server.stop() }
        let client = try RawClient(server)
        client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + rest)
        let answer = client.read(until: nil)
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.contains("connection: close"))
    }

    @Test(
        "a client that says nothing, or not all, is cut off",
        arguments: ["", "GET /mcp HT", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]
    )
    func silence(text: String) throws {
        let server = try Self.start(
            bounds: DemoHTTPLoop.Limits(firstRequest: .milliseconds(50), wholeBody: .milliseconds(50))
        )
        defer { server.stop() }
        let client = try RawClient(server)
        client.send(text)
        #expect(client.read(until: nil) == "")
    }

    @Test("headers without end and connections without number are refused")
    func floods() throws {
        let server = try Self.start(bounds: DemoHTTPLoop.Limits(connections: 1))
        defer { server.stop() }
        let first = try RawClient(server)
        first.send("GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(first.read(until: "}}").hasPrefix("HTTP/1.1 406 "))
        let second = try RawClient(server)
        #expect(second.read(until: nil) == "")
        first.send("GET /mcp HTTP/1.1\r\nX: " + String(repeating: "x", count: 70_000))
        #expect(first.read(until: nil).hasPrefix("HTTP/1.1 400 "))
    }
}

/// A blocking client that speaks bytes.
private final class RawClient {
    private let descriptor: CInt
    private var buffer: [UInt8] = []

    struct ConnectError: Error {}

    init(_ server: DemoHTTPServer) throws {
        let port = try #require(server.url.split(separator: ":").last.flatMap { UInt16($0) })
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ConnectError() }
        // What does not come is a failure and not a hang.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Ends the connection, both ways.
    func hangUp() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    func post(_ body: String, _ headers: String = "X: y") {
        send(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Accept: application/json, text/event-stream\r\nContent-Length: \(body.utf8.count)\r\n"
                + "\(headers)\r\n\r\n\(body)"
        )
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    /// What comes up to and with `end`, or up to the end of the connection.
    func read(until end: String?) -> String {
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let text = String(decoding: buffer, as: UTF8.self)
            if let end, let range = text.utf8Range(of: end) {
                defer { buffer.removeFirst(range) }
                return String(decoding: buffer[..<range], as: UTF8.self)
            }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            // Silence is told from the end of the connection.
            guard count > 0 else { return count == 0 ? text : text + "(nothing more came)" }
            buffer += chunk[..<count]
        }
    }
}

extension String {
    /// How many bytes there are up to the end of the first `other`.
    fileprivate func utf8Range(of other: String) -> Int? {
        let (all, part) = (Array(utf8), Array(other.utf8))
        guard all.count >= part.count else { return nil }
        return (0...(all.count - part.count)).first { all[$0...].starts(with: part) }.map { $0 + part.count }
    }
}
