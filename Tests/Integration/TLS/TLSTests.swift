// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// TLS on the listener, through the real binary and with OpenSSL as the client (R76).
@Suite struct TLSTests {
    @Test("R76: wss in TLS 1.3 and 1.2, and the log says which", arguments: [TLS1_3_VERSION, TLS1_2_VERSION])
    func roundTrip(version: CInt) throws {
        let bridge = try BridgeProcess.tls()
        let banner = bridge.program.output.lines.joined(separator: "\n")
        #expect(banner.contains("wss://127.0.0.1:\(bridge.port)/fixture"))
        #expect(!banner.contains(" ws://"))
        let socket = try bridge.connectTLS(.init(least: version, most: version, protocols: ["h2", "http/1.1"]))
        let tls = try #require(socket.socket as? TLSSocket)
        #expect(tls.serverName == "server")
        #expect(tls.applicationProtocol == "http/1.1")
        #expect(try socket.call("echo", #"{"text":"é"}"#).result != nil)
        for index in 2..<200 { #expect(try socket.call("count").contentText == "\(index)") }
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["tls"] == (version == TLS1_3_VERSION ? "1.3" : "1.2"))
        #expect(began["client_name"] == nil)
        #expect(try socket.close()?.code == 1000)
        #expect(tls.wasNotified, "the end of the stream is one that TLS announced")
        #expect(try bridge.waitConnectionEnded()["close_code"] == "1000")
    }

    @Test("R76, R15: messages of 1 MiB and of 8 MiB go both ways unharmed, also to a client that reads slowly")
    func large() throws {
        let bridge = try BridgeProcess.tls(limits: #"max_message = "16MiB""#)
        let socket = try RawWebSocket(
            socket: TLSSocket(port: bridge.port, receiveBuffer: 16 << 10),
            path: "/fixture"
        )
        for size in [1 << 20, 8 << 20] {
            // Not the same everywhere: a piece that is lost or comes twice is seen.
            let text = (0..<(size / 8)).map { String(format: "%07d,", $0) }.joined()
            let answer = try socket.call("echo", #"{"text":"\#(text)"}"#)
            #expect((answer.result?["echo"] as? [String: Any])?["text"] as? String == text)
        }
        // Many answers while none is read.
        for index in 0..<20 { try socket.sendCall("big", id: "\(index)", #"{"n":300000}"#) }
        for index in 0..<20 {
            let answer = try socket.receiveMessage()
            #expect(answer.id as? Int == index)
            #expect(answer.contentText?.utf8.count == 300_000)
        }
        #expect(try socket.close()?.code == 1000)
    }

    @Test("R76, R38: the last 4 MB of a server that ends, and the close frame behind them, reach a slow client")
    func lastLine() throws {
        let bridge = try BridgeProcess.tls(
            server: """
                protocol = "lines"
                path = "/last"
                [servers.last]
                command = ["/bin/sh", "-c", "read line; head -c 4000000 /dev/zero | tr '\\\\000' x; echo; exit 0"]
                protocol = "lines"
                path = "/fixture"
                """
        )
        let socket = try RawWebSocket(
            socket: TLSSocket(port: bridge.port, receiveBuffer: 16 << 10),
            path: "/fixture"
        )
        try socket.send("go")
        #expect(try socket.receiveText()?.utf8.count == 4_000_000)
        #expect(try socket.receiveClose()?.code == 1000)
        try socket.finishClose()
        #expect((socket.socket as? TLSSocket)?.wasNotified == true)
    }

    @Test("R76, R3: a refusal is an HTTP answer, read to its end")
    func refusal() throws {
        let bridge = try BridgeProcess.tls()
        let socket = try TLSSocket(port: bridge.port)
        try socket.send(Handshake(path: "/nowhere", port: bridge.port).bytes)
        let answer = try socket.receiveAnswer()
        #expect(answer.status == 404)
        #expect(answer.json?["error"] as? String == "no_such_path")
        #expect(try socket.receiveToEnd().isEmpty)
        #expect(socket.wasNotified)
    }

    @Test(
        "R76: what is older than minimum_version is refused",
        arguments: [("1.2", TLS1_1_VERSION), ("1.3", TLS1_2_VERSION)]
    )
    func versions(minimum: String, version: CInt) throws {
        let bridge = try BridgeProcess.tls(more: #"minimum_version = "\#(minimum)""#)
        let failure = #expect(throws: TLSFailure.self) {
            try TLSSocket(port: bridge.port, .init(least: version, most: version, ciphers: "ALL:@SECLEVEL=0"))
        }
        #expect(failure?.description.contains("alert protocol version") == true, "\(String(describing: failure))")
        _ = try bridge.waitTLSFailure("older than minimum_version")
        #expect(try bridge.connectTLS().call("count").contentText == "1")
    }

    @Test(
        "R76: TLS 1.2 has no cipher suite without forward secrecy or authenticated encryption",
        arguments: ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES256-SHA"]
    )
    func ciphers(cipher: String) throws {
        let bridge = try BridgeProcess.tls()
        #expect(throws: TLSFailure.self) {
            try TLSSocket(port: bridge.port, .init(most: TLS1_2_VERSION, ciphers: "\(cipher):@SECLEVEL=0"))
        }
        _ = try bridge.waitTLSFailure("no cipher suite")
    }

    @Test(
        "R76, R74: who speaks no TLS is sent away with one line in the log, and the listener lives on",
        arguments: [
            ("GET /fixture HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP without TLS"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "does not speak TLS"), ("\u{16}\u{3}\u{1}\u{0}\u{4}\u{1}\u{0}\u{0}\u{0}", ""),
        ]
    )
    func noTLS(text: String, reason: String) throws {
        let bridge = try BridgeProcess.tls()
        let socket = try RawSocket(port: bridge.port)
        try socket.send(Array(text.utf8))
        _ = try socket.receiveToEnd()
        _ = try bridge.waitTLSFailure(reason)
        #expect(try bridge.connectTLS().call("count").contentText == "1")
        let failures = bridge.program.errors.lines.filter { $0.contains("TLS handshake failed") }
        #expect(failures.count == 1, "\(failures)")
        #expect(LogRecord(failures[0])?["level"] == "info")
        #expect(LogRecord(failures[0])?["peer"]?.hasPrefix("127.0.0.1:") == true)
    }

    @Test(
        "R74: a client that is silent before, in or after the TLS handshake is cut after handshake_timeout, with one line",
        arguments: [0, 1, 2]
    )
    func silent(phase: Int) throws {
        let bridge = try BridgeProcess.tls(limits: "handshake_timeout = \"1s\"\nmax_connections = 1")
        let socket: RawSocket
        if phase < 2 {
            socket = try RawSocket(port: bridge.port)
            // The beginning of a ClientHello that never ends.
            if phase == 1 { try socket.send([0x16, 3, 1, 1, 0, 1, 0]) }
        } else {
            socket = try TLSSocket(port: bridge.port)
        }
        // It holds no place meanwhile.
        #expect(try bridge.connectTLS().call("count").contentText == "1")
        _ = try socket.receiveToEnd()
        if phase < 2 { _ = try bridge.waitTLSFailure("within handshake_timeout") }
        #expect(bridge.program.errors.lines.count { $0.contains("TLS handshake failed") } == (phase < 2 ? 1 : 0))
    }

    @Test("R74: a client that trickles a ClientHello byte by byte gets no more time for it")
    func trickle() throws {
        let bridge = try BridgeProcess.tls(limits: #"handshake_timeout = "1s""#)
        let socket = try RawSocket(port: bridge.port)
        let deadline = Deadline()
        try socket.send([0x16, 3, 1, 0x3F, 0])
        while !deadline.hasPassed {
            guard (try? socket.send([1], within: 1)) != nil else { break }
            if try socket.receiveEnd(within: 0.05) { break }
        }
        #expect(!deadline.hasPassed)
        _ = try bridge.waitTLSFailure("within handshake_timeout")
    }

    /// How a client goes.
    enum Departure: String, CaseIterable, Sendable {
        /// TLS says goodbye, TCP stays.
        case notify
        /// TCP says goodbye, TLS did not: a truncation.
        case halfClose
        case close, reset
    }

    @Test("R76, R37: a client that ends TLS or TCP is gone, and its server too", arguments: Departure.allCases)
    func departure(departure: Departure) throws {
        let bridge = try BridgeProcess.tls()
        let socket = try bridge.connectTLS()
        let pid = try socket.serverPid()
        try socket.sendCall("hold", id: "1")
        #expect(try socket.call("count").contentText == "3")
        switch departure {
        case .notify: (socket.socket as? TLSSocket)?.notifyClose()
        case .halfClose: socket.socket.shutdownWrite()
        case .close: socket.socket.close()
        case .reset: socket.socket.reset()
        }
        let ended = try bridge.waitConnectionEnded()
        #expect(ended["close_code"] == "1006")
        if departure == .notify || departure == .halfClose { _ = try socket.socket.receiveToEnd(within: 4) }
        try ProcessTable.waitGone(pid)
    }

    @Test("R76: no descriptor of a client that failed or left stays open")
    func descriptors() throws {
        let bridge = try BridgeProcess.tls()
        try bridge.connectTLS().close()
        try bridge.waitChildren(0)
        let before = try #require(ProcessTable.descriptors(of: bridge.pid))
        for _ in 0..<20 {
            try bridge.connectTLS().close()
            let plain = try RawSocket(port: bridge.port)
            try plain.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            _ = try plain.receiveToEnd()
            try RawSocket(port: bridge.port).close()
            try bridge.connectTLS().socket.reset()
        }
        try bridge.waitChildren(0)
        try eventually("the descriptors of before") { ProcessTable.descriptors(of: bridge.pid) == before }
    }

    @Test("R74: a thousand half-open TLS handshakes take bounded memory and nobody's place")
    func halfOpen() throws {
        let bridge = try BridgeProcess.tls(limits: "handshake_timeout = \"60s\"\nmax_connections = 2")
        try bridge.connectTLS().close()
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        var sockets: [RawSocket] = []
        for _ in 0..<1_000 {
            let socket = try RawSocket(port: bridge.port)
            try socket.send([0x16, 3, 1, 1, 0, 1, 0])
            sockets.append(socket)
        }
        #expect(try bridge.connectTLS().call("count").contentText == "1")
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        #expect(growth < 64 << 10, "\(growth) KiB for 1,000 half-open handshakes")
    }
}

extension RawSocket {
    /// Whether the stream ends within this time.
    fileprivate func receiveEnd(within seconds: Double) throws -> Bool {
        do { return try !fill(Deadline(seconds: seconds), "the end") } catch is DeadlineExceeded { return false }
    }
}
