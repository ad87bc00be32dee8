// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import NIOCore
import NIOEmbedded
import Testing

@testable import Bridge

/// The server inside the bridge, turn by turn of its event loop.
@Suite struct BuiltinBackendTests {
    /// Keeps what it is told, and does what a test wants done then.
    private final class Receiver: BackendReceiver {
        /// The ids of the answers; "all" at the end of a wake-up, "writable" where there is room again.
        var told: [String] = []
        var bytes = 0
        var onAnswer: () -> Void = {}

        private func received(_ line: String) {
            self.bytes += line.utf8.count
            self.told.append(String(line.dropFirst(#"{"jsonrpc":"2.0","id":"#.count).prefix { $0 != "," }))
            self.onAnswer()
        }

        func received(line: UnsafeRawBufferPointer) { self.received(String(decoding: line, as: UTF8.self)) }
        func received(assembled line: ByteBuffer) { self.received(String(buffer: line)) }
        func receivedTooLong(prefix: ByteBuffer) { Issue.record("too long") }
        func failed(_ id: RequestID, _ reply: BridgeReply) { Issue.record("\(reply)") }
        func receivedAllOutput() { self.told.append("all") }
        func becameWritable() { self.told.append("writable") }
        func ended(_ end: SessionEnd, stderr: [String]) { Issue.record("ended") }
    }

    /// A backend and its receiver on an event loop that stands still until it is told to run.
    private struct Rig {
        let eventLoop = EmbeddedEventLoop()
        let receiver = Receiver()
        let backend: BuiltinBackend

        init() {
            self.backend = BuiltinBackend(eventLoop: self.eventLoop, answers: BuiltinBackend.AnswerBuffer())
            self.backend.setReading(true)
            self.backend.attach(self.receiver)
        }

        func write(_ text: String) {
            self.backend.write(ByteBuffer(string: text))
            self.backend.flush()
        }

        /// What the receiver has been told since the last call.
        func told() -> [String] {
            defer { self.receiver.told = [] }
            return self.receiver.told
        }
    }

    private func ping(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# + "\n" }

    private func big(_ id: Int, _ bytes: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"big","arguments":{"bytes":\#(bytes)}}}"#
            + "\n"
    }

    @Test("R29: what is written is answered in the same call, in order, and whoever wrote writes out")
    func atOnce() {
        let rig = Rig()
        rig.write(self.ping(1) + self.ping(2) + #"{"jsonrpc":"2.0","method":"n"}"# + "\n" + self.ping(3))
        #expect(rig.told() == ["1", "2", "3"])
        rig.eventLoop.run()
        #expect(rig.told().isEmpty, "no turn of its own is needed")
    }

    @Test("R22: messages come in pieces of any size")
    func pieces() {
        let rig = Rig()
        let text = self.ping(1) + self.ping(2) + self.ping(3)
        for byte in text.utf8 { rig.backend.write(ByteBuffer(bytes: [byte])) }
        rig.backend.flush()
        #expect(rig.told() == ["1", "2", "3"])
    }

    @Test("R46: one large answer is given a turn, and the small ones behind it wait")
    func largeAnswers() {
        let rig = Rig()
        rig.write(self.ping(1) + self.big(2, 1 << 20) + self.big(3, 1 << 20) + self.ping(4))
        #expect(rig.told() == ["1", "2"])
        rig.write(self.ping(5))
        #expect(rig.told().isEmpty)
        rig.eventLoop.run()
        // EmbeddedEventLoop runs what a turn asks for in the same call.
        #expect(rig.told() == ["3", "all", "4", "5", "all"])
        #expect(rig.backend.isWritable)
    }

    @Test("R46: while the client is paused nothing is answered, and a bounded amount is taken")
    func paused() {
        let rig = Rig()
        rig.backend.setReading(false)
        let line = self.ping(7)
        var count = 0
        while rig.backend.isWritable, count < 10_000 {
            rig.write(line)
            count += 1
        }
        #expect(rig.told().isEmpty)
        #expect((64 << 10)...((64 << 10) + line.utf8.count) ~= count * line.utf8.count)
        rig.backend.setReading(true)
        #expect(rig.told().isEmpty, "not in the midst of the receiver's own call")
        rig.eventLoop.run()
        #expect(rig.told() == Array(repeating: "7", count: count) + ["writable", "all"])
        rig.eventLoop.run()
        #expect(rig.told().isEmpty)
    }

    @Test("R46: a receiver that pauses at an answer gets the next one when it resumes")
    func pausedByAnswer() {
        let rig = Rig()
        rig.receiver.onAnswer = { rig.backend.setReading(false) }
        rig.write(self.ping(1) + self.ping(2) + self.ping(3))
        for id in ["1", "2", "3"] {
            #expect(rig.told().filter { $0 != "all" } == [id])
            rig.eventLoop.run()
            #expect(rig.told().isEmpty)
            rig.backend.setReading(true)
            rig.eventLoop.run()
        }
        #expect(rig.told().filter { $0 != "all" }.isEmpty)
    }

    @Test("R46: pausing and resuming at every answer loses nothing and repeats nothing")
    func toAndFro() {
        let rig = Rig()
        rig.receiver.onAnswer = {
            rig.backend.setReading(false)
            rig.backend.setReading(true)
        }
        rig.write((1...100).map { self.ping($0) }.joined())
        rig.eventLoop.run()
        #expect(rig.told().filter { $0 != "all" } == (1...100).map { "\($0)" })
    }

    @Test("R37: after the end nothing more is said, not even within the answers to one write")
    func end() {
        let rig = Rig()
        rig.receiver.onAnswer = { rig.backend.end(farewell: ByteBuffer()) }
        rig.write(self.ping(1) + self.ping(2))
        #expect(rig.told() == ["1"])
        rig.write(self.ping(3))
        rig.backend.attach(rig.receiver)
        rig.backend.setReading(false)
        rig.backend.setReading(true)
        rig.write(self.ping(4))
        rig.eventLoop.run()
        #expect(rig.told().isEmpty)
        #expect(rig.backend.isWritable)
    }

    @Test("R37: a backend that ended with a turn due is gone after it")
    func gone() {
        let rig = Rig()
        weak var gone: BuiltinBackend?
        do {
            let backend = BuiltinBackend(eventLoop: rig.eventLoop, answers: BuiltinBackend.AnswerBuffer())
            gone = backend
            backend.setReading(true)
            backend.attach(rig.receiver)
            backend.write(ByteBuffer(string: self.big(1, 1 << 20) + self.ping(2)))
            backend.end(farewell: ByteBuffer())
        }
        rig.eventLoop.run()
        #expect(gone == nil)
        #expect(rig.told() == ["1"])
    }

    @Test("R22: a message of a mebibyte comes back whole")
    func longEcho() {
        let rig = Rig()
        let text = String(repeating: "é", count: 1 << 19)
        let request =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"\#(text)"}}}"#
        var line = ByteBuffer(string: request + "\n")
        while let piece = line.readSlice(length: min(65_536, line.readableBytes)), piece.readableBytes > 0 {
            rig.backend.write(piece)
        }
        rig.backend.flush()
        #expect(rig.told() == ["1"])
        let frame = #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":""}],"isError":false}}"#
        #expect(rig.receiver.bytes == frame.utf8.count + text.utf8.count)
    }
}
