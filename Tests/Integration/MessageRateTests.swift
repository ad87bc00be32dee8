// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `message_rate`: a client that sends faster is read more slowly, and nothing is lost (R18, R46, R74).
@Suite struct MessageRateTests {
    private static func bridge(
        _ rate: Int,
        limits: String = "",
        server: String = #"builtin = "echo""#
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [limits]
                message_rate = \(rate)
                \(limits)
                [servers.fixture]
                \(server)
                """
        )
    }

    private static func requests(_ range: Range<Int>) -> [UInt8] {
        range.flatMap { RawWebSocket.frame(Array(#"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"#.utf8)) }
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try body()
        return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }

    @Test("R74: a burst in one write is taken as fast as the rate allows, in order and whole", arguments: [20, 200])
    func shapes(rate: Int) throws {
        let bridge = try Self.bridge(rate)
        let socket = try bridge.connect()
        let took = try seconds {
            try socket.socket.send(Self.requests(0..<3 * rate))
            for id in 0..<3 * rate { #expect(try socket.receiveMessage().id as? Int == id) }
        }
        // One second's worth at once, two seconds for the rest.
        #expect(took > 1.8, "\(took) s")
        // Nobody else waits for that.
        try socket.socket.send(Self.requests(0..<4 * rate))
        let other = try bridge.connect()
        let waited = try seconds { _ = try other.request("ping") }
        #expect(waited < 3, "\(waited) s")
        for id in 0..<4 * rate { #expect(try socket.receiveMessage().id as? Int == id) }
        try socket.close()
    }

    @Test("R74: the rate binds whatever the division into writes, and with a server that is a process")
    func divided() throws {
        let bridge = try Self.bridge(50, server: "command = \(BridgeProcess.command([]))")
        let socket = try bridge.connect()
        let bytes = Self.requests(0..<150)
        let took = try seconds {
            for start in stride(from: 0, to: bytes.count, by: 7) {
                try socket.socket.send(Array(bytes[start..<min(start + 7, bytes.count)]))
            }
            for id in 0..<150 { #expect(try socket.receiveMessage().id as? Int == id) }
        }
        #expect(took > 1.8, "\(took) s")
        #expect(try socket.close()?.code == 1000)
    }

    @Test("R18, R74: a client that its rate keeps waiting owes no pong, and is neither idle nor stalled")
    func noFalseTimeouts() throws {
        let bridge = try Self.bridge(
            5,
            limits: """
                ping_interval = "300ms"
                pong_timeout = "1s"
                write_timeout = "1s"
                idle_timeout = "2s"
                """
        )
        let socket = try bridge.connect()
        // Four seconds' worth beyond the burst, and no pong in between that could be read.
        try socket.socket.send(Self.requests(0..<25))
        for id in 0..<25 { #expect(try socket.receiveMessage().id as? Int == id) }
        #expect(try socket.receiveClose()?.code == 1000)
        #expect(try bridge.waitConnectionEnded()["cause"] == "idle_timeout")
    }

    @Test("R46, R74: a flood of tiny messages is held back in bounded memory")
    func flood() throws {
        let bridge = try Self.bridge(1, limits: #"ping_interval = "0s""#)
        let socket = try bridge.connect()
        #expect(try socket.request("ping").result != nil)
        let before = try ProcessTable.kibibytes(of: bridge.pid, "RssAnon")
        let frame = RawWebSocket.frame(Array("{}".utf8))
        let chunk = Array(repeatElement(frame, count: 8_192).joined())
        var sent = 0
        // Until nobody takes more.
        while sent < 64 << 20 {
            let count = try socket.socket.sendSome(chunk, within: 1)
            sent += count
            if count < chunk.count { break }
        }
        #expect(sent < 64 << 20)
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "RssAnon") - before
        #expect(growth < 4 << 10, "\(growth) KiB")
        socket.socket.reset()
        let record = try bridge.waitConnectionEnded()
        #expect(record.number("refused") ?? .max < 60, "\(record.fields)")
    }

    @Test("R74: pings count, and the answer to one is not late for others")
    func pings() throws {
        let bridge = try Self.bridge(20)
        let socket = try bridge.connect()
        let took = try seconds {
            try socket.socket.send((0..<60).flatMap { _ in RawWebSocket.frame([], opcode: 9) })
            for _ in 0..<60 { #expect(try socket.receiveFrame()?.opcode == 10) }
        }
        #expect(took > 1.8, "\(took) s")
    }

    @Test("R19, R74: the close frame behind a burst is answered after it, and one who leaves at once is gone at once")
    func leaving() throws {
        let bridge = try Self.bridge(20)
        let socket = try bridge.connect()
        try socket.socket.send(Self.requests(0..<40))
        try socket.sendClose(1000)
        for id in 0..<40 { #expect(try socket.receiveMessage().id as? Int == id) }
        #expect(try socket.receiveClose()?.code == 1000)
        #expect(try bridge.waitConnectionEnded()["close_code"] == "1000")

        for end in [RawSocket.reset, RawSocket.shutdownWrite] {
            let bridge = try Self.bridge(1)
            let hasty = try bridge.connect()
            try hasty.socket.send(Self.requests(0..<1_000))
            #expect(try hasty.receiveMessage().id as? Int == 0)
            end(hasty.socket)()
            #expect(try bridge.waitConnectionEnded()["close_code"] == "1006")
        }
    }

    @Test(
        "R19, R44, R74: when the bridge ends such a connection, the client's close frame is found behind all that it sent"
    )
    func ended() throws {
        let bridge = try Self.bridge(1)
        let socket = try bridge.connect()
        try socket.socket.send(Self.requests(0..<100))
        #expect(try socket.receiveMessage().id as? Int == 0)
        bridge.program.signal(SIGTERM)
        #expect(try socket.receiveClose()?.code == 1001)
        try socket.finishClose()
        #expect(try bridge.program.wait(within: 4) == 0)
        #expect(try bridge.waitConnectionEnded()["close_code"] == "1001")
    }

    @Test("R46, R74: a server that does not read holds back also what the rate would let through")
    func serverDoesNotRead() throws {
        let bridge = try Self.bridge(
            2_000,
            limits: """
                queue = "16KiB"
                ping_interval = "0s"
                """,
            server: "command = \(BridgeProcess.command([]))"
        )
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        let padding = String(repeating: "x", count: 100)
        let bytes = (0..<6_000).flatMap {
            RawWebSocket.frame(
                Array(#"{"jsonrpc":"2.0","id":\#($0),"method":"ping","params":{"t":"\#(padding)"}}"#.utf8)
            )
        }
        let sent = try socket.socket.sendSome(bytes, within: 3)
        kill(pid, SIGCONT)
        try socket.socket.send(Array(bytes[sent...]))
        for id in 0..<6_000 { #expect(try socket.receiveMessage().id as? Int == id) }
        try socket.close()
    }

    @Test("R74, R76: the rate binds in TLS, where one read comes in several pieces")
    func inTLS() throws {
        let bridge = try BridgeProcess.tls(limits: "message_rate = 50")
        let socket = try bridge.connectTLS()
        let padding = String(repeating: "x", count: 1_000)
        let bytes = (0..<150).flatMap {
            RawWebSocket.frame(
                Array(#"{"jsonrpc":"2.0","id":\#($0),"method":"ping","params":{"t":"\#(padding)"}}"#.utf8)
            )
        }
        let took = try seconds {
            try socket.socket.send(bytes)
            for id in 0..<150 { #expect(try socket.receiveMessage().id as? Int == id) }
        }
        #expect(took > 1.8, "\(took) s")
        #expect(try socket.close()?.code == 1000)
    }
}
