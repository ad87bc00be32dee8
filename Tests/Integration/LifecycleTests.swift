// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Children and how they end (R36, R37, R39).
@Suite struct LifecycleTests {
    @Test("R36: one child per connection, the ids of two clients never meet")
    func isolation() throws {
        let bridge = try BridgeProcess.fixture()
        let first = try bridge.connect()
        let second = try bridge.connect()
        #expect(try first.serverPid() != second.serverPid())
        try first.sendCall("hold", id: "1")
        try second.sendCall("count", id: "1")
        #expect(try second.receiveMessage().contentText == "2")
        #expect(try first.call("count").contentText == "3")
    }

    @Test("R37: every child has a session and a group of its own")
    func ownSession() throws {
        let bridge = try BridgeProcess.fixture()
        let result = try #require(try bridge.connect().call("pid").result)
        #expect(result["pid"] as? Int == result["sid"] as? Int)
        #expect(result["pid"] as? Int == result["pgid"] as? Int)
    }

    /// How a client goes.
    enum Departure: String, CaseIterable, Sendable {
        case close, reset, halfClose, tcpClose, resetInFrame
    }

    /// Opens a connection, ends it the given way and returns its server's pid.
    private func leave(_ bridge: BridgeProcess, _ departure: Departure) throws -> pid_t {
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        try socket.sendCall("hold", id: "\"held\"")
        #expect(try socket.call("count").contentText == "3")
        switch departure {
        case .close: try socket.close()
        case .reset: socket.socket.reset()
        case .halfClose: socket.socket.shutdownWrite()
        case .tcpClose: socket.socket.close()
        case .resetInFrame:
            try socket.socket.send(Array(RawWebSocket.frame([UInt8](repeating: 0x20, count: 1000)).dropLast(500)))
            socket.socket.reset()
        }
        // A half-closed socket must stay until here: closing it would be another departure.
        try ProcessTable.waitGone(pid)
        return pid
    }

    @Test(
        "R37: however the client goes, in-flight requests are cancelled and the child ends",
        arguments: Departure.allCases
    )
    func departure(departure: Departure) throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture("record=\(folder.path)/seen", folder: folder)
        _ = try leave(bridge, departure)
        try bridge.waitChildren(0)
        let seen = try #require(folder.read("seen"))
        #expect(seen.contains("notifications/cancelled"), "\(seen)")
        #expect(seen.contains(#""requestId":"held""#))
    }

    @Test(
        "R37: the ladder: stdin closed, SIGTERM to the group, SIGKILL",
        arguments: ["ignores-eof", "ignores-term", "ignores-eof-and-term"],
        [Departure.close, .reset]
    )
    func ladder(behaviour: String, departure: Departure) throws {
        let bridge = try BridgeProcess.fixture(
            behaviour,
            server: BridgeProcess.stopsSoon
        )
        _ = try leave(bridge, departure)
        try bridge.waitChildren(0)
    }

    @Test("R37: a server that never reads is ended too", arguments: [Departure.close, .reset])
    func neverReads(departure: Departure) throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture(
            "never-reads",
            "pidfile=\(folder.path)/pids",
            server: BridgeProcess.stopsSoon,
            folder: folder
        )
        let socket = try bridge.connect()
        let pid = try folder.waitPids("pids")[0]
        try socket.sendCall("x", id: "1")
        if departure == .close { try socket.sendClose() } else { socket.socket.reset() }
        try ProcessTable.waitGone(pid)
        try bridge.waitChildren(0)
    }

    @Test("R37: a well-behaved server is left the time to end at the end of its input")
    func grace() throws {
        let folder = try TemporaryFolder()
        // A server that needs a while: SIGTERM would leave no file.
        try folder.write("cat > /dev/null; sleep 0.5; echo done > \(folder.path)/done\n", to: "server.sh")
        let bridge = try BridgeProcess.fixture(
            more: """
                [servers.late]
                command = ["sh", "\(folder.path)/server.sh"]
                stop = { stdin_grace = "15s", term_grace = "100ms" }
                """
        )
        let socket = try bridge.connect("/late")
        try socket.close()
        try eventually("the server to finish") { folder.read("done") == "done\n" }
    }

    @Test("R37: stdout is drained meanwhile: a chattering server sees the end of its input, long before SIGTERM")
    func drainsWhileEnding() throws {
        let bridge = try BridgeProcess.fixture(
            "chatters",
            "ignores-term",
            server: #"stop = { stdin_grace = "60s", term_grace = "60s" }"#
        )
        let socket = try bridge.connect(receiveBuffer: 4096)
        let pid = try #require(bridge.children.first).pid
        try socket.sendCall("x", id: "1")
        #expect(try socket.receiveMessage().object["jsonrpc"] as? String == "2.0")
        socket.socket.reset()
        try ProcessTable.waitGone(pid)
    }

    @Test(
        "R37: no grandchild survives: one that holds the pipes, one of a session of its own, one that did both",
        arguments: ["leaves-grandchild", "daemonises-grandchild", "daemonises-holding-pipes"],
        ["", "ignores-term", "ignores-eof-and-term"]
    )
    func grandchildren(kind: String, more: String) throws {
        let folder = try TemporaryFolder()
        let extra = more.isEmpty ? "pidfile=\(folder.path)/own" : more
        let bridge = try BridgeProcess.fixture(
            "\(kind)=\(folder.path)/pids",
            extra,
            server: BridgeProcess.stopsSoon,
            folder: folder
        )
        let socket = try bridge.connect()
        #expect(try socket.call("count").contentText == "1")
        let grandchild = try folder.waitPids("pids")[0]
        #expect(ProcessTable.exists(grandchild))
        try socket.close()
        try ProcessTable.waitGone(grandchild)
        try bridge.waitChildren(0)
    }

    @Test(
        "R37: grandchildren of a server that exits by itself or is killed end with the connection",
        arguments: ["exit", "kill-self"]
    )
    func grandchildrenOfTheDead(tool: String) throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture(
            "leaves-grandchild=\(folder.path)/pids",
            "daemonises-holding-pipes=\(folder.path)/pids",
            server: BridgeProcess.stopsSoon,
            folder: folder
        )
        let socket = try bridge.connect()
        let grandchildren = try folder.waitPids("pids", count: 2)
        try socket.sendCall(tool, id: "1", #"{"n":9}"#)
        #expect(try socket.receiveMessage().isBridgeError, "R35: answered though the pipes are held")
        #expect(try socket.receiveClose()?.code == 1001)
        for pid in grandchildren { try ProcessTable.waitGone(pid) }
        try bridge.waitChildren(0)
    }

    @Test("R37: a wrapper's grandchild that is the real server ends with the client")
    func wrapper() throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture(
            more: """
                [servers.wrapped]
                command = ["sh", "-c", "'\(BridgeProcess.fixture)' --behaviour pidfile=\(folder.path)/pids; true"]
                stop = { stdin_grace = "500ms", term_grace = "500ms" }
                """
        )
        let socket = try bridge.connect("/wrapped")
        let pid = try socket.serverPid()
        let shell = try #require(bridge.children.first).pid
        #expect(pid != shell)
        socket.socket.reset()
        try ProcessTable.waitGone(pid)
        try ProcessTable.waitGone(shell)
        try bridge.waitChildren(0)
    }

    @Test("R37: a child stopped by SIGSTOP ends all the same")
    func stoppedChild() throws {
        let bridge = try BridgeProcess.fixture(server: BridgeProcess.stopsSoon)
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        kill(pid, SIGSTOP)
        socket.socket.reset()
        try ProcessTable.waitGone(pid)
        try bridge.waitChildren(0)
    }

    @Test(
        "R39: a server that cannot be started is a 503 with Retry-After that says what is wrong; others notice nothing",
        arguments: [
            (#"command = ["/nonexistent/program"]"#, "/nonexistent/program"),
            (#"command = ["no-such-program-7d1"]"#, "no-such-program-7d1"),
            (#"command = ["cat"]"# + "\n" + #"cwd = "/nonexistent/folder""#, "/nonexistent/folder"),
            (#"command = ["/etc/passwd"]"#, "/etc/passwd"),
        ]
    )
    func cannotStart(lines: String, named: String) throws {
        let bridge = try BridgeProcess.fixture(more: "[servers.broken]\n" + lines)
        let other = try bridge.connect()
        let answer = try bridge.handshake("/broken")
        #expect(answer.status == 503)
        #expect(answer["Retry-After"].flatMap { Int($0) } != nil)
        #expect(answer.json != nil)
        #expect(answer.body.contains(named), "\(answer.body)")
        #expect(try other.call("count").contentText == "1")
        let next = try bridge.connect()
        #expect(try next.call("count").contentText == "1")
        #expect(bridge.children.count == 2)
        // Only now may it go, and its server with it.
        #expect(try next.call("count").contentText == "2")
    }
}
