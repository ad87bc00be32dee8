// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The limit of open descriptors: raised, fitted, handed back (R42, R43).
@Suite struct DescriptorLimitTests {
    /// The line about descriptors in a limits file of /proc: soft and hard.
    private func descriptors(_ limits: String) throws -> [String] {
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return try #require(line, "\(limits)").split(separator: " ").dropFirst(3).prefix(2).map(String.init)
    }

    @Test("R43, R42: the soft limit of descriptors is raised to the hard one, and children get the old one back")
    func raisedAndHandedBack() throws {
        let bridge = try BridgeProcess.fixture(prefix: ["prlimit", "--nofile=300:4000"])
        let own = try #require(FileManager.default.contents(atPath: "/proc/\(bridge.pid)/limits"))
        #expect(try descriptors(String(decoding: own, as: UTF8.self)) == ["4000", "4000"])
        let child = try #require(try bridge.connect().call("limits").result?["limits"] as? String)
        #expect(try descriptors(child) == ["300", "4000"])
    }

    @Test("R43: a max_connections that descriptors do not allow is lowered to what they do, and all of those work")
    func lowersConnections() throws {
        let bridge = try BridgeProcess.fixture(
            listen: "event_loops = 1",
            limits: "max_connections = 50",
            prefix: ["prlimit", "--nofile=64:64"]
        )
        let record = try bridge.waitLog("a warning about descriptors") { $0.number("max_connections") == 50 }
        let most = try #require(record.number("limit"))
        #expect(record.number("descriptors") == 64)
        try #require(3..<13 ~= most)
        let sockets = try (0..<most).map { _ in try bridge.connect() }
        let answer = try bridge.handshake()
        #expect(answer.status == 503)
        // Not for want of a descriptor: the bridge saw it coming.
        #expect(answer.json?["error"] as? String == "at_capacity", "\(answer.body)")
        for socket in sockets { #expect(try socket.call("count").contentText == "1") }
    }

    @Test("R43, R74: handshakes get a part of few descriptors, and it is said how many they may be")
    func lowersHandshakes() throws {
        let bridge = try BridgeProcess.fixture(listen: "event_loops = 1", prefix: ["prlimit", "--nofile=64:64"])
        let record = try bridge.waitLog("a line about handshakes") { $0.number("max_handshakes") == 1024 }
        #expect(record.number("limit") == 10)
        let silent = try (0..<40).map { _ in try RawSocket(port: bridge.port) }
        _ = try silent[0].receiveToEnd()
        try bridge.waitPlace()
    }
}
