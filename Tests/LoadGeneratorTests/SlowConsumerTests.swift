// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LoadGenerator

@Suite("Slow consumers beside the load")
struct SlowConsumerTests {
    /// The first request of the load; the slow ones' ids are small.
    private static let first = "\(MessageTemplate.firstID)"

    private static func big(_ count: Int) -> ScriptedEcho.Act {
        .send([ScriptedEcho.frame(0x81, [UInt8](repeating: 0x62, count: count))])
    }

    /// A run of twenty requests, the first of which is not answered before `event` was signalled for each slow consumer.
    ///
    /// - Parameters:
    ///   - ended: signalled for each connection that is over.
    ///   - answer: what is done about a request of a slow consumer, given its id.
    private static func run(
        slow: Int,
        rate: Int,
        after event: DispatchSemaphore,
        ended: DispatchSemaphore? = nil,
        answer: @escaping @Sendable (_ id: String) -> ScriptedEcho.Act
    ) throws -> (report: LoadReport, server: ScriptedEcho) {
        let server = try ScriptedEcho(ended: ended) { id, text in
            guard !text.isEmpty else { return answer(id) }
            if id == Self.first {
                for _ in 0..<slow { _ = event.wait(timeout: .now() + 10) }
            }
            return .send([ScriptedEcho.frame(ScriptedEcho.result(id, text))])
        }
        defer { server.stop() }
        var options = LoadOptions(target: .webSocket(try LoopbackURL(parsing: server.url)))
        options.messages = 20
        options.timeout = 15
        options.slow = slow
        options.slowRate = rate
        try options.validate()
        return (try Generator(options).run(), server)
    }

    @Test("Those that never read ask, and count nowhere")
    func deaf() throws {
        let written = DispatchSemaphore(value: 0)
        let (report, server) = try Self.run(slow: 2, rate: 0, after: written) { id in
            // What was asked for first is written by now.
            if id == "3" { written.signal() }
            return Self.big(1 << 20)
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 20)
        #expect(report.setups == 1)
        #expect(server.acceptedCount == 3)
        #expect((report.slow, report.slowAlive, report.slowWaiting, report.slowBytes) == (2, 2, 2, 0))
    }

    @Test("Those that read do so at their rate, ask for more, and are slower than the server")
    func reading() throws {
        let askedAnew = DispatchSemaphore(value: 0)
        let rate = 16 << 20
        let (report, server) = try Self.run(slow: 2, rate: rate, after: askedAnew) { id in
            // 256 answers are asked for at first, with the ids from 2 on; this server reads no further before it has sent them.
            if id == "258" { askedAnew.signal() }
            return Self.big(64 << 10)
        }
        #expect(report.failures.areNone, "\(report.failures.first)")
        #expect(report.done == 20)
        #expect(server.acceptedCount == 3)
        #expect(server.whatWasOdd.isEmpty)
        #expect((report.slow, report.slowAlive, report.slowWaiting) == (2, 2, 2))
        // Of each a step more at the most, since turns that came late are not made up for.
        let most = Double(2 * rate) * Double(report.duration) / 1e9 + 2 * 8192
        #expect(report.slowBytes > 0)
        #expect(Double(report.slowBytes) <= most)
    }

    @Test("Those that the server closes are failures that are named", arguments: [0, 4 << 20])
    func closed(_ rate: Int) throws {
        let ended = DispatchSemaphore(value: 0)
        let (report, _) = try Self.run(slow: 1, rate: rate, after: ended, ended: ended) { id in
            // One that never reads sees neither a close frame nor the end behind what it does not read.
            guard rate == 0 else { return .send([ScriptedEcho.frame(0x88, [0x03, 0xE9])]) }
            return id == "2" ? Self.big(64 << 10) : .hangUp
        }
        #expect(report.failures.closedEarly == 1)
        #expect(report.failures.first.hasPrefix("slow connection 1: "))
        #expect(report.done == 20)
        #expect((report.slow, report.slowAlive, report.slowWaiting) == (1, 0, 0))
    }

    @Test("A small answer, which is none to wait for, is a wrong one; what the server says besides is not")
    func small() throws {
        let ended = DispatchSemaphore(value: 0)
        let notification = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}"
        let (report, _) = try Self.run(slow: 1, rate: 4 << 20, after: ended, ended: ended) { id in
            .send([ScriptedEcho.frame(id == "2" ? notification : ScriptedEcho.result(id, ""))])
        }
        #expect(report.failures.mismatched == 1)
        let words = "slow connection 1: 65536 bytes were asked for: {\"jsonrpc\":\"2.0\",\"id\":3"
        #expect(report.failures.first.hasPrefix(words))
        #expect(report.done == 20)
        #expect(report.slowAlive == 0)
    }
}
