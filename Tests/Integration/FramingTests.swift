// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Section B of the contract, through the real binary.
@Suite struct FramingTests {
    @Test("R12: one message per unmasked final text message, one line, no newline", arguments: ["", "prints-junk"])
    func outgoing(behaviour: String) throws {
        let bridge = try behaviour.isEmpty ? BridgeProcess.fixture() : BridgeProcess.fixture(behaviour)
        let socket = try bridge.connect()
        for id in 1...3 { try socket.sendCall("echo", id: "\(id)", #"{"text":"é"}"#) }
        for id in 1...3 {
            let frame = try #require(try socket.receiveFrame())
            #expect(frame.fin && frame.opcode == 1 && !frame.masked && frame.reserved == 0)
            #expect(frame.text == #"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[],"echo":{"text":"é"}}}"#)
        }
    }

    @Test("R13: fragments of any size are reassembled", arguments: [1, 2, 3, 7, 125, 126, 4096])
    func fragments(size: Int) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        let text = String(repeating: "aé😀", count: 1500)
        try socket.send(RawWebSocket.callText("echo", id: "1", #"{"text":"\#(text)"}"#), fragmentsOf: size)
        let echo = try socket.receiveMessage().result?["echo"] as? [String: Any]
        #expect(echo?["text"] as? String == text)
    }

    @Test("R13: control frames interleave with fragments, and the ping is answered before the message is whole")
    func interleaving() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        let bytes = Array(RawWebSocket.callText("count", id: "1").utf8)
        try socket.sendFrame(Array(bytes[..<10]), opcode: 1, fin: false)
        try socket.sendFrame(Array("are you there".utf8), opcode: 9)
        let pong = try #require(try socket.receiveFrame())
        #expect(pong.opcode == 10 && pong.text == "are you there" && !pong.masked)
        try socket.sendFrame([], opcode: 10)
        try socket.sendFrame([], opcode: 0, fin: false)
        try socket.sendFrame(Array(bytes[10...]), opcode: 0)
        #expect(try socket.receiveMessage().contentText == "1")
    }

    /// Bytes that break RFC 6455 and the close code that they earn.
    struct Fault: CustomTestStringConvertible, Sendable {
        var name: String
        var bytes: [UInt8]
        var code: UInt16

        var testDescription: String { name }
    }

    private static func frame(
        _ text: String,
        opcode: UInt8 = 1,
        fin: Bool = true,
        reserved: UInt8 = 0
    ) -> [UInt8] {
        RawWebSocket.frame(Array(text.utf8), opcode: opcode, fin: fin, reserved: reserved)
    }

    static let faults = [
        Fault(name: "unmasked", bytes: RawWebSocket.frame(Array("{}".utf8), mask: nil), code: 1002),
        Fault(name: "reserved bit 1", bytes: frame("{}", reserved: 4), code: 1002),
        Fault(name: "reserved bit 3", bytes: frame("{}", reserved: 1), code: 1002),
        Fault(name: "reserved opcode 3", bytes: frame("{}", opcode: 3), code: 1002),
        Fault(name: "reserved opcode 11", bytes: frame("", opcode: 11), code: 1002),
        Fault(name: "continuation of nothing", bytes: frame("{}", opcode: 0), code: 1002),
        Fault(name: "new message in a message", bytes: frame("{", fin: false) + frame("{}"), code: 1002),
        Fault(name: "long ping", bytes: frame(String(repeating: "p", count: 126), opcode: 9), code: 1002),
        Fault(name: "fragmented ping", bytes: frame("p", opcode: 9, fin: false), code: 1002),
        Fault(name: "close of one byte", bytes: frame("x", opcode: 8), code: 1002),
        Fault(name: "close code 1005", bytes: RawWebSocket.frame([0x03, 0xED], opcode: 8), code: 1002),
        Fault(name: "close reason not UTF-8", bytes: RawWebSocket.frame([0x03, 0xE8, 0xFF], opcode: 8), code: 1007),
        Fault(name: "invalid UTF-8", bytes: RawWebSocket.frame([0x22, 0xC3, 0x28, 0x22]), code: 1007),
        Fault(
            name: "invalid UTF-8 across fragments",
            bytes: RawWebSocket.frame([0x22, 0xF0, 0x9F], fin: false) + RawWebSocket.frame([0x22], opcode: 0),
            code: 1007
        ),
        Fault(name: "surrogate", bytes: RawWebSocket.frame([0x22, 0xED, 0xA0, 0x80, 0x22]), code: 1007),
        Fault(name: "truncated UTF-8 at the end", bytes: RawWebSocket.frame([0x22, 0x22, 0xE2, 0x82]), code: 1007),
        Fault(name: "binary", bytes: frame("{}", opcode: 2), code: 1003),
        Fault(
            name: "length with its highest bit set",
            bytes: [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4],
            code: 1002
        ),
        Fault(name: "length over the limit", bytes: [0x81, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 2, 3, 4], code: 1009),
    ]

    @Test("R14, R21: a fault of framing: in-flight answered, then its close code", arguments: faults)
    func framingFault(fault: Fault) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: "\"held\"")
        #expect(try socket.call("count").contentText == "2")
        try socket.socket.send(fault.bytes)
        let answer = try socket.receiveMessage()
        #expect(answer.id as? String == "held")
        #expect(answer.isBridgeError)
        let close = try #require(try socket.receiveClose())
        #expect(close.code == fault.code)
        #expect(close.reason.utf8.count <= 123)
        try? socket.finishClose()
        let record = try bridge.waitConnectionEnded()
        #expect(record.fields.values.contains("\(fault.code)"), "R21: close code in \(record.fields)")
        try bridge.waitChildren(0)
    }

    @Test("R14: accept_binary takes UTF-8 binary messages as text")
    func binaryAccepted() throws {
        let bridge = try BridgeProcess.fixture(server: "accept_binary = true")
        let socket = try bridge.connect()
        try socket.sendFrame(Array(RawWebSocket.callText("echo", id: "1", #"{"text":"é"}"#).utf8), opcode: 2)
        let frame = try #require(try socket.receiveFrame())
        #expect(frame.opcode == 1, "R12: never binary")
        #expect(frame.text.contains("é"))
        try socket.sendFrame([0xFF, 0xFE], opcode: 2)
        #expect(try socket.receiveClose()?.code == 1007)
    }

    @Test(
        "R15: the documented sizes pass, in one frame and in fragments",
        arguments: [16_384, 65_535, 65_536, 1 << 20]
    )
    func sizes(size: Int) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        let frame = RawWebSocket.callText("echo", id: "1", #"{"text":""}"#)
        let text = String(repeating: "x", count: size - frame.utf8.count)
        let message = RawWebSocket.callText("echo", id: "1", #"{"text":"\#(text)"}"#)
        #expect(message.utf8.count == size)
        try socket.send(message)
        #expect(try socket.receiveText()?.contains(text) == true)
        try socket.send(message, fragmentsOf: 5000)
        #expect(try socket.receiveText()?.contains(text) == true)
    }

    @Test("R15: the limit passes, one byte more ends with 1009", arguments: [1000, 100_000], [1, 2, 1000])
    func limit(size: Int, fragments: Int) throws {
        let bridge = try BridgeProcess.fixture(limits: "max_message = \"\(size)B\"")
        let socket = try bridge.connect()
        let empty = RawWebSocket.callText("echo", id: "1", #"{"text":""}"#)
        func message(_ size: Int) -> String {
            let text = String(repeating: "x", count: size - empty.utf8.count)
            return RawWebSocket.callText("echo", id: "1", #"{"text":"\#(text)"}"#)
        }
        try socket.send(message(size), fragmentsOf: size / fragments + 1)
        #expect(try socket.receiveMessage().result != nil)
        try socket.send(message(size + 1), fragmentsOf: size / fragments + 1)
        #expect(try socket.receiveClose()?.code == 1009)
    }

    @Test("R16: more fragments than max_fragments end the connection; empty ones count")
    func fragmentCount() throws {
        let bridge = try BridgeProcess.fixture(limits: "max_fragments = 50")
        let socket = try bridge.connect()
        let message = RawWebSocket.callText("count", id: "1")
        try socket.send(message, fragmentsOf: (message.utf8.count + 49) / 50)
        #expect(try socket.receiveMessage().contentText == "1")
        var bytes = RawWebSocket.frame([], opcode: 1, fin: false)
        for _ in 0..<50 { bytes += RawWebSocket.frame([], opcode: 0, fin: false) }
        try socket.socket.send(bytes)
        #expect(try socket.receiveClose()?.code == 1009)
    }

    @Test("R17: large messages of the server arrive whole", arguments: [65_536, 1 << 20, 5_000_000])
    func largeAnswers(size: Int) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("line", id: "1", #"{"n":\#(size)}"#)
        #expect(try socket.receiveText()?.utf8.count == size)
    }

    @Test("R17: oversize_response puts an error in place of a response that is larger")
    func oversize() throws {
        let bridge = try BridgeProcess.fixture(server: #"oversize_response = "1KiB""#)
        let socket = try bridge.connect()
        try socket.sendCall("line", id: "\"a\"", #"{"n":1024}"#)
        #expect(try socket.receiveText()?.utf8.count == 1024)
        try socket.sendCall("line", id: "\"b\"", #"{"n":1025}"#)
        let answer = try socket.receiveMessage()
        #expect(answer.id as? String == "b")
        #expect(answer.isBridgeError)
        #expect(answer.text.utf8.count < 1024)
        #expect(try socket.call("count").contentText == "3")
    }

    @Test("R18: the bridge pings, and a peer that stays silent is cut without a close frame")
    func deadPeer() throws {
        let bridge = try BridgeProcess.fixture(
            limits: """
                ping_interval = "200ms"
                pong_timeout = "300ms"
                """
        )
        let socket = try bridge.connect()
        #expect(try socket.receiveFrame()?.opcode == 9)
        while let frame = try socket.receiveFrame() { #expect(frame.opcode == 9) }
        try bridge.waitChildren(0)
    }

    @Test("R18: any inbound frame counts as life")
    func anyFrameIsLife() throws {
        let bridge = try BridgeProcess.fixture(
            limits: """
                ping_interval = "100ms"
                pong_timeout = "1s"
                """
        )
        let socket = try bridge.connect()
        var pings = 0
        // Never a pong, but a message for each ping: far beyond the time that a silent peer has.
        while pings < 5 {
            let frame = try #require(try socket.receiveFrame(), "cut after \(pings) pings")
            guard frame.opcode == 9 else { continue }
            pings += 1
            try socket.send(#"{"jsonrpc":"2.0","method":"notifications/x"}"#)
        }
        #expect(try socket.call("count").contentText == "6")
    }

    @Test("R18: pings keep their interval although a pong may take much longer")
    func pingsKeepTheirInterval() throws {
        let bridge = try BridgeProcess.fixture(
            limits: """
                ping_interval = "100ms"
                pong_timeout = "10m"
                """
        )
        let socket = try bridge.connect()
        for ping in 0..<5 {
            let frame = try #require(try socket.receiveFrame(), "cut after \(ping) pings")
            #expect(frame.opcode == 9)
            try socket.sendFrame(frame.payload, opcode: 10)
        }
    }

    @Test("R18: TCP keepalive is on")
    func keepalive() throws {
        let bridge = try BridgeProcess.fixture(limits: #"ping_interval = "0s""#)
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let near = String(bridge.port, radix: 16, uppercase: true)
        let far = String(try socket.socket.localPort(), radix: 16, uppercase: true)
        func pad(_ port: String) -> String { "0100007F:" + String(repeating: "0", count: 4 - port.count) + port }
        // proc(5): local address, remote address, state, queues, and the timer, 02 for keepalive.
        try eventually("the keepalive timer") {
            // Foundation's shorter ways stop after a page of a file that says it is empty.
            let data = try FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd()
            let table = String(decoding: data ?? Data(), as: UTF8.self)
            return table.split(separator: "\n").contains { line in
                let fields = line.split(separator: " ")
                return fields.count > 5 && fields[1] == pad(near) && fields[2] == pad(far) && fields[5].hasPrefix("02:")
            }
        }
    }

    @Test("R18: ping_interval 0 is off; a client's unsolicited pong is fine")
    func noPings() throws {
        let bridge = try BridgeProcess.fixture(limits: #"ping_interval = "0s""#)
        let socket = try bridge.connect()
        try socket.sendFrame(Array("x".utf8), opcode: 10)
        try socket.sendCall("sleep", id: "1", #"{"ms":300}"#)
        #expect(try socket.receiveFrame()?.opcode == 1)
    }

    @Test("R19: a close is answered with its code", arguments: [1000, 1001, 3000, 4999, nil] as [UInt16?])
    func closeHandshake(code: UInt16?) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let answer = try socket.close(code)
        #expect(answer?.code == code || (code == nil && answer?.code == 1000))
        try bridge.waitChildren(0)
    }

    @Test("R19: the wait for the client's close frame is bounded")
    func closeNeverAnswered() throws {
        let bridge = try BridgeProcess.fixture("closes-stdout")
        let socket = try bridge.connect()
        try socket.sendCall("x", id: "1")
        #expect(try socket.receiveClose()?.code == 1000)
        // No close frame from here: the bridge ends TCP all the same.
        _ = try socket.socket.receiveToEnd()
        try bridge.waitChildren(0)
    }
}
