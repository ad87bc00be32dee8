// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// The PROXY protocol before everything else, through the real binary.
@Suite struct ProxyProtocolTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private static func header(_ command: UInt8, _ family: UInt8, _ rest: [UInt8] = []) -> [UInt8] {
        Self.signature + [command, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xFF)] + rest
    }

    private static let ipv4 = header(0x21, 0x11, [203, 0, 113, 9, 127, 0, 0, 1, 0x12, 0x67, 0, 80])
    private static let ipv6 = header(
        0x21,
        0x21,
        [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [9] + Array(repeating: 0, count: 15)
            + [1, 0x12, 0x67, 0, 80] + [0x20, 0, 5, 1, 0, 0, 0, 0]
    )
    private static let local = header(0x20, 0x00)
    private static let undisclosed = header(0x21, 0x00)

    private func bridge(
        trusting: String = #"["127.0.0.0/8"]"#,
        limits: String = "",
        tls: Bool = false
    ) throws -> BridgeProcess {
        let section =
            tls
            ? """
            [listen.tls]
            certificate = "\(try Certificates.path("server.pem"))"
            key = "\(try Certificates.path("server.key"))"
            """ : ""
        return try BridgeProcess.fixture(
            listen: "trusted_proxies = \(trusting)\nproxy_protocol = true\n\(section)",
            limits: limits
        )
    }

    /// A connection that begins with a header; TLS comes behind it.
    private func connect(
        _ bridge: BridgeProcess,
        _ header: [UInt8],
        bytewise: Bool = false,
        tls: Bool = false,
        headers: [String] = []
    ) throws -> RawWebSocket {
        let pieces = bytewise ? header.map { [$0] } : [header]
        let socket: RawSocket
        if tls {
            socket = try TLSSocket(port: bridge.port, .init(preamble: pieces))
        } else {
            socket = try RawSocket(port: bridge.port)
            for piece in pieces { try socket.send(piece) }
        }
        return try RawWebSocket(socket: socket, path: "/fixture", headers: headers)
    }

    private func began(_ bridge: BridgeProcess) throws -> LogRecord {
        try bridge.waitLog("the beginning") { $0.message == "connection began" }
    }

    private func waitRefusal(_ bridge: BridgeProcess, _ reason: String) throws -> LogRecord {
        try bridge.waitLog("a PROXY header refused: \(reason)") {
            $0.message == "PROXY header refused" && $0["reason"]?.contains(reason) == true
        }
    }

    private func refusals(_ bridge: BridgeProcess) -> Int {
        bridge.program.errors.lines.count { $0.contains("PROXY header refused") }
    }

    @Test(
        "R78: the client is where the PROXY header says, with TLS behind it and without",
        arguments: [false, true],
        [false, true]
    )
    func client(tls: Bool, bytewise: Bool) throws {
        let bridge = try bridge(tls: tls)
        let socket = try connect(bridge, Self.ipv4, bytewise: bytewise, tls: tls)
        let own = "127.0.0.1:\(try socket.socket.localPort())"
        for index in 1..<50 { #expect(try socket.call("count").contentText == "\(index)") }
        let text = String(repeating: "0123456789abcdef", count: 1 << 16)
        let answer = try socket.call("echo", #"{"text":"\#(text)"}"#)
        #expect((answer.result?["echo"] as? [String: Any])?["text"] as? String == text)
        let began = try began(bridge)
        #expect(began["peer"] == "203.0.113.9:4711")
        #expect(began["proxy"] == own)
        #expect(began["tls"] == (tls ? "1.3" : nil))
        #expect(try socket.close()?.code == 1000)
        #expect(try bridge.waitConnectionEnded()["close_code"] == "1000")
    }

    @Test("R78: an IPv6 client, with more in the header than addresses")
    func ipv6() throws {
        let bridge = try bridge()
        #expect(try connect(bridge, Self.ipv6).call("count").contentText == "1")
        #expect(try began(bridge)["peer"] == "[2001:db8::9]:4711")
    }

    @Test("R78: a proxy behind a Unix socket sends the header, too, and the socket's own user is the proxy's")
    func unixSocket() throws {
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "unix:@FOLDER@/s"
                trusted_proxies = ["unix"]
                proxy_protocol = true
                [auth.unix]
                allow_uids = [\(getuid())]
                [servers.fixture]
                command = \(BridgeProcess.command([]))
                """
        )
        let socket = try RawSocket(path: bridge.folder.path + "/s")
        try socket.send(Self.ipv4)
        #expect(try RawWebSocket(socket: socket, path: "/fixture").call("count").contentText == "1")
        let began = try began(bridge)
        #expect(began["peer"] == "203.0.113.9:4711")
        #expect(began["proxy"] == "unix")
        #expect(began["principal"] == "unix:\(getuid())")
        let plain = try RawSocket(path: bridge.folder.path + "/s")
        try plain.send(Handshake(path: "/fixture", port: 0).bytes)
        #expect(try plain.receiveToEnd().isEmpty)
        #expect(try waitRefusal(bridge, "does not begin")["peer"] == "unix")
    }

    @Test("R78: header, handshake and first message in one piece")
    func together() throws {
        let bridge = try bridge()
        let socket = try RawSocket(port: bridge.port)
        let ping = Array(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#.utf8)
        let handshake = Handshake(path: "/fixture", port: bridge.port).bytes
        try socket.send(Self.ipv4 + handshake + RawWebSocket.frame(ping))
        #expect(try socket.receiveAnswer().status == 101)
        while socket.available < 2 { #expect(try socket.fill(Deadline(), "an answer")) }
        #expect(socket.peek(0) == 0x81)
    }

    @Test("R78: LOCAL is the proxy itself, UNSPEC is somebody whose headers prove nothing")
    func noAddress() throws {
        let forged = ["X-Forwarded-For: 198.51.100.7"]
        let local = try bridge()
        let socket = try connect(local, Self.local)
        #expect(try socket.call("count").contentText == "1")
        #expect(try began(local)["peer"] == "127.0.0.1:\(try socket.socket.localPort())")
        #expect(try began(local)["proxy"] == nil)
        let unknown = try bridge()
        let other = try connect(unknown, Self.undisclosed, headers: forged)
        #expect(try other.call("count").contentText == "1")
        #expect(try began(unknown)["peer"] == "127.0.0.1:\(try other.socket.localPort())")
        #expect(try began(unknown)["proxy"] == nil)
    }

    @Test("R78: a header of the request does not move a client that the PROXY header has named")
    func forged() throws {
        let bridge = try bridge()
        #expect(
            try connect(bridge, Self.ipv4, headers: ["X-Forwarded-For: 198.51.100.7"]).call("count").contentText == "1"
        )
        #expect(try began(bridge)["peer"] == "203.0.113.9:4711")
    }

    @Test("R78: a refusal behind the header is an answer, and logged under the client's address")
    func refused() throws {
        let bridge = try bridge()
        let socket = try RawSocket(port: bridge.port)
        try socket.send(Self.ipv4 + Handshake(path: "/nowhere", port: bridge.port).bytes)
        #expect(try socket.receiveAnswer().status == 404)
        let record = try bridge.waitLog("the refusal") { $0.message == "handshake refused" }
        #expect(record["peer"] == "203.0.113.9:4711")
        #expect(record["proxy"] == "127.0.0.1:\(try socket.localPort())")
    }

    @Test("R78: a TLS handshake that fails behind the header is logged under the client's address")
    func failedTLS() throws {
        let bridge = try bridge(tls: true)
        let socket = try RawSocket(port: bridge.port)
        try socket.send(Self.ipv4 + Array("GET / HTTP/1.1\r\n\r\n".utf8))
        _ = try socket.receiveToEnd()
        let failure = try bridge.waitTLSFailure("HTTP without TLS")
        #expect(failure["peer"] == "203.0.113.9:4711")
        #expect(failure["proxy"]?.hasPrefix("127.0.0.1:") == true)
    }

    @Test(
        "R78: who is not trusted is cut, whatever it sends, and the log says so",
        arguments: [false, true]
    )
    func untrusted(tls: Bool) throws {
        let bridge = try bridge(trusting: #"["127.0.0.2", "10.0.0.0/8"]"#, tls: tls)
        let socket = try RawSocket(port: bridge.port)
        // May fail, if the end comes first.
        _ = try? socket.send(Self.ipv4 + Handshake(path: "/fixture", port: bridge.port).bytes)
        #expect(try socket.receiveToEnd().isEmpty)
        let record = try waitRefusal(bridge, "nobody connect but trusted_proxies")
        #expect(record["level"] == "info")
        #expect(record["peer"] == "127.0.0.1:\(try socket.localPort())")
        #expect(refusals(bridge) == 1)
    }

    @Test(
        "R78: a connection that does not begin with a header of version 2 is cut with one line in the log",
        arguments: [
            (Array("GET /fixture HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), "does not begin with a PROXY header"),
            (Array("PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\n".utf8), "version 1 (text)"),
            ([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0], "does not begin with a PROXY header"),
            (signature + [0x11, 0x11, 0, 0], "of version 1,"), (header(0x22, 0x11), "unknown command, 2"),
            (header(0x21, 0x77), "0x77"), (header(0x21, 0x11, [203, 0, 113, 9]), "too short"),
            (signature + [0x21, 0x11, 0xFF, 0xFF], "claims 65535 bytes"),
        ]
    )
    func garbage(bytes: [UInt8], reason: String) throws {
        for tls in [false, true] {
            let bridge = try bridge(tls: tls)
            let socket = try RawSocket(port: bridge.port)
            try socket.send(bytes)
            #expect(try socket.receiveToEnd().isEmpty)
            _ = try waitRefusal(bridge, reason)
            #expect(try connect(bridge, Self.ipv4, tls: tls).call("count").contentText == "1")
            #expect(refusals(bridge) == 1)
            #expect(!bridge.everythingWritten.contains("TLS handshake failed"))
        }
    }

    @Test(
        "R74: a header that never ends, or never begins, is cut after handshake_timeout, with one line",
        arguments: [0, 1, 27]
    )
    func silent(count: Int) throws {
        for tls in [false, true] {
            let bridge = try bridge(limits: "handshake_timeout = \"1s\"\nmax_connections = 1", tls: tls)
            let socket = try RawSocket(port: bridge.port)
            try socket.send(Array(Self.ipv4.prefix(count)))
            // It holds no place meanwhile.
            #expect(try connect(bridge, Self.ipv4, tls: tls).call("count").contentText == "1")
            #expect(try socket.receiveToEnd().isEmpty)
            _ = try waitRefusal(bridge, "within handshake_timeout")
            #expect(refusals(bridge) == 1)
            #expect(!bridge.everythingWritten.contains("TLS handshake failed"))
        }
    }

    @Test("R74: a header is no more time for the handshake, however slowly it comes", arguments: [false, true])
    func trickle(tls: Bool) throws {
        let bridge = try bridge(limits: #"handshake_timeout = "1s""#, tls: tls)
        let socket = try RawSocket(port: bridge.port)
        let bytes = Self.ipv4 + Handshake(path: "/fixture", port: bridge.port).bytes
        var isOver = false
        // Three seconds for the header alone.
        for byte in bytes where !isOver {
            guard (try? socket.send([byte], within: 1)) != nil else { break }
            isOver = try socket.receiveEnd(within: 0.1)
        }
        #expect(isOver)
        _ = try waitRefusal(bridge, "within handshake_timeout")
        // And a header that came at once does not begin the time anew: the line above has come first.
        let other = try RawSocket(port: bridge.port)
        try other.send(Self.ipv4)
        #expect(try other.receiveToEnd().isEmpty)
    }

    @Test("R78: who only looks whether somebody listens is no line in the log; who breaks off is")
    func looks() throws {
        let bridge = try bridge()
        for _ in 0..<5 {
            let socket = try RawSocket(port: bridge.port)
            socket.shutdownWrite()
            #expect(try socket.receiveToEnd().isEmpty)
            try RawSocket(port: bridge.port).reset()
        }
        let socket = try RawSocket(port: bridge.port)
        try socket.send(Array(Self.ipv4.prefix(20)))
        socket.shutdownWrite()
        #expect(try socket.receiveToEnd().isEmpty)
        _ = try waitRefusal(bridge, "ended within the PROXY header")
        #expect(refusals(bridge) == 1)
    }

    @Test("R74: a thousand connections without a header take bounded memory, and their descriptors are given back")
    func halfOpen() throws {
        let bridge = try bridge(limits: "handshake_timeout = \"60s\"\nmax_connections = 2", tls: true)
        try connect(bridge, Self.ipv4, tls: true).close()
        try bridge.waitChildren(0)
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        let descriptors = try #require(ProcessTable.descriptors(of: bridge.pid))
        var sockets: [RawSocket] = []
        for _ in 0..<1_000 {
            let socket = try RawSocket(port: bridge.port)
            try socket.send(Array(Self.ipv4.prefix(15)))
            sockets.append(socket)
        }
        #expect(try connect(bridge, Self.ipv4, tls: true).call("count").contentText == "1")
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        #expect(growth < 32 << 10, "\(growth) KiB for 1,000 connections")
        for socket in sockets { socket.close() }
        try eventually("the descriptors of before") { ProcessTable.descriptors(of: bridge.pid) == descriptors }
    }
}

extension RawSocket {
    /// Whether the stream ends within this time.
    fileprivate func receiveEnd(within seconds: Double) throws -> Bool {
        do { return try !fill(Deadline(seconds: seconds), "the end") } catch is DeadlineExceeded { return false }
    }
}
