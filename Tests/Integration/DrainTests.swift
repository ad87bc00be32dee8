// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Signals, draining and what the log says (R44, R21, the record of a connection).
@Suite struct DrainTests {
    @Test("R44: SIGTERM and SIGINT end an idle bridge with exit 0", arguments: [SIGTERM, SIGINT])
    func idleBridge(signal: CInt) throws {
        let bridge = try BridgeProcess.fixture()
        bridge.program.signal(signal)
        #expect(try bridge.program.wait() == 0)
    }

    @Test("R44: idle connections close with 1001 at once, busy ones when answered; children end; exit 0")
    func drain() throws {
        let bridge = try BridgeProcess.fixture()
        let idle = try bridge.connect()
        let busy = try bridge.connect()
        let pids = [try idle.serverPid(), try busy.serverPid()]
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        #expect(try idle.receiveClose()?.code == 1001)
        try idle.finishClose()
        // A request that comes while the bridge drains is answered too: this one answers the held one.
        try busy.sendCall("release", id: "2")
        var answered: Set<Int> = []
        while answered.count < 2 { answered.insert(try busy.receiveMessage().id as? Int ?? 0) }
        #expect(answered == [1, 2])
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try bridge.program.wait() == 0)
        for pid in pids { try ProcessTable.waitGone(pid) }
    }

    @Test("R44: an open subscriptions/listen counts as idle here")
    func listenIsIdle() throws {
        let silent = try BridgeProcess.fixture(
            "never-reads",
            server: BridgeProcess.stopsSoon
        )
        let listening = try silent.connect()
        try listening.send(#"{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{}}"#)
        try listening.sendFrame([], opcode: 9)
        #expect(try listening.receiveFrame()?.opcode == 10)
        silent.program.signal(SIGTERM)
        let answer = try listening.receiveMessage()
        #expect(answer.id as? String == "l")
        #expect(try listening.receiveClose()?.code == 1001)
        try listening.finishClose()
        #expect(try silent.program.wait() == 0)
    }

    @Test("R44: at drain_timeout what is in flight is answered with an error")
    func drainTimeout() throws {
        let bridge = try BridgeProcess.fixture(drain: #"timeout = "500ms""#)
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: "1")
        #expect(try socket.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        let answer = try socket.receiveMessage()
        #expect(answer.id as? Int == 1)
        #expect(answer.isBridgeError)
        #expect(answer.cause == "draining")
        #expect(try socket.receiveClose()?.code == 1001)
        try socket.finishClose()
        #expect(try bridge.program.wait() == 0)
    }

    @Test("R44: a busy connection whose last request is cancelled is idle from then on")
    func cancelledWhileDraining() throws {
        let bridge = try BridgeProcess.fixture(
            "never-reads",
            server: BridgeProcess.stopsSoon,
            drain: #"timeout = "300s""#
        )
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: "1")
        try socket.send("no JSON, and answered behind the call")
        #expect(try socket.receiveMessage().error != nil)
        bridge.program.signal(SIGTERM)
        _ = try bridge.waitLog("the drain to begin") { $0.message.contains("drain") }
        try socket.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        #expect(try socket.receiveClose()?.code == 1001)
        try socket.finishClose()
        #expect(try bridge.program.wait() == 0)
    }

    @Test("R44: a process that cannot be ended does not keep the bridge from its end")
    func unkillableServer() throws {
        let bridge = try BridgeProcess.fixture(
            server: BridgeProcess.stopsSoon
        )
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        // One whom another process traces stays a zombie that its parent cannot see until the tracer lets go.
        let tracer = try RunningProgram(["python3", "-c", Self.tracer, "\(pid)"])
        guard try tracer.output.wait(for: "the tracer", { $0.contains("traced") }) != nil else {
            try Test.cancel("tracing is not allowed here")
        }
        try socket.close()
        #expect(try bridge.stop(within: 60) == 0)
        #expect(bridge.everythingWritten.contains("cannot be ended"))
    }

    private static let tracer = """
        import ctypes, sys, time
        if ctypes.CDLL(None, use_errno=True).ptrace(0x4206, int(sys.argv[1]), None, None) == 0:
            print("traced", flush=True)
            time.sleep(1000)
        """

    @Test("R44: during drain_delay handshakes get 503 with Retry-After, then the listener closes")
    func drainDelay() throws {
        let bridge = try BridgeProcess.fixture(
            drain: """
                delay = "3s"
                timeout = "300s"
                """
        )
        let idle = try bridge.connect()
        let busy = try bridge.connect()
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        var answer: HTTPAnswer?
        try eventually("a refusal") {
            answer = try? bridge.handshake()
            return answer?.status == 503
        }
        #expect(answer?["Retry-After"] != nil)
        #expect(try idle.call("count").contentText == "1", "connections go on during the delay")
        #expect(try idle.receiveClose()?.code == 1001)
        try idle.finishClose()
        // The bridge lives on for the busy one, so that it is the listener that is gone.
        var failure: POSIXErrorCode?
        try eventually("the port to be closed") {
            do { _ = try RawSocket(port: bridge.port) } catch let error as POSIXError { failure = error.code }
            return failure != nil
        }
        #expect(failure == .ECONNREFUSED)
        try busy.sendCall("release", id: "2")
        #expect(try busy.receiveMessage().contentText == "released")
        #expect(try bridge.program.wait() == 0)
    }

    @Test("R44: a second signal ends at once, and still no child is left", arguments: [SIGTERM, SIGINT])
    func secondSignal(signal: CInt) throws {
        let bridge = try BridgeProcess.fixture("ignores-eof-and-term", drain: #"timeout = "300s""#)
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        try socket.sendCall("hold", id: "1")
        #expect(try socket.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        _ = try bridge.waitLog("the drain to begin") { record in
            record.message.contains("drain") || record.message.contains("signal") || record.message.contains("stop")
        }
        bridge.program.signal(signal)
        #expect(try bridge.program.wait() == 1)
        try ProcessTable.waitGone(pid)
    }

    @Test("R44: children that ignore everything do not keep the bridge from its end")
    func stubbornChildren() throws {
        let bridge = try BridgeProcess.fixture(
            "ignores-eof-and-term",
            server: #"stop = { stdin_grace = "300ms", term_grace = "300ms" }"#
        )
        let sockets = try (0..<5).map { _ in try bridge.connect() }
        let pids = try sockets.map { try $0.serverPid() }
        #expect(try bridge.stop() == 0)
        for pid in pids { try ProcessTable.waitGone(pid) }
    }

    @Test(
        "one record at a connection's begin and one at its end, with duration, bytes, messages, close code and counts"
    )
    func records() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        _ = try socket.call("count")
        try socket.send("junk")
        _ = try socket.receiveMessage()
        try socket.close(3001)
        let ended = try bridge.waitConnectionEnded()
        let begun = try bridge.waitLog("the begin of a connection") { record in
            record.message.contains("connection") && !record.message.contains("ended")
        }
        let key = try #require(ended.fields.keys.first { $0.contains("connection") }, "\(ended.fields)")
        #expect(begun[key] == ended[key])
        #expect(ended.fields.keys.contains { $0.contains("duration") })
        #expect(ended.fields.keys.filter { $0.contains("bytes") }.count == 2, "\(ended.fields)")
        #expect(ended.fields.keys.filter { $0.contains("messages") }.count == 2)
        #expect(ended.fields.values.contains("3001"))
        #expect(ended.number("refused") == 1)
        #expect(ended.number("dropped") == 0)
        #expect(ended.number("skipped") == 0)
    }

    @Test("R75: ids of connections are 96 bits of which no part is shared or counted")
    func connectionIDs() throws {
        let bridge = try BridgeProcess.fixture(limits: "spawn_rate = 100000")
        var ids: [String] = []
        for _ in 0..<200 {
            let socket = try bridge.connect()
            try socket.send("junk")
            ids.append(try #require(try socket.receiveMessage().errorData?["connection"] as? String))
            try socket.close()
        }
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{24}/) != nil }, "\(ids[0])")
        // By chance two of 200 share 32 bits once in 200,000 runs, or are neighbours in them once in 100,000.
        for part in 0..<3 {
            let numbers = Set(ids.compactMap { UInt32($0.dropFirst(part * 8).prefix(8), radix: 16) })
            #expect(numbers.count == 200, "digits \(part * 8) to \(part * 8 + 7) are shared")
            #expect(
                !numbers.contains { numbers.contains($0 &+ 1) },
                "digits \(part * 8) to \(part * 8 + 7) are counted"
            )
        }
    }
}
