// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("How a session ends")
struct SessionEndTests {
    static let ends: [(SessionEnd, UInt16?, Bool)] = [
        (.clientClosed(.normal), 1000, false), (.clientClosed(.goingAway), 1001, false),
        (.clientClosed(nil), 1005, false),
        (.clientClosed(CloseCode(rawValue: 4001)), 4001, false), (.clientGone, nil, false), (.peerDead, nil, false),
        (.protocolFailure(.unmasked), 1002, true), (.protocolFailure(.reservedBits), 1002, true),
        (.protocolFailure(.invalidText), 1007, true), (.protocolFailure(.binary), 1003, true),
        (.protocolFailure(.messageTooBig(limit: 4 << 20)), 1009, true),
        (.protocolFailure(.tooManyFragments(limit: 65_536)), 1009, true), (.idle, 1000, true), (.tooOld, 1000, true),
        (.credentialExpired, 1001, true),
        (.draining, 1001, true), (.serverRemoved, 1001, true), (.closedByOperator, 1001, true),
        (.invalidFlood, 1008, true),
        (.clientStalled, 1008, true),
        (.serverStalled, 1008, true),
        (.serverExited(.exited(0)), 1000, true), (.serverExited(.exited(1)), 1001, true),
        (.serverExited(.exited(255)), 1001, true),
        (.serverExited(.signaled(9, coreDumped: false)), 1001, true),
        (.serverExited(.outOfMemory), 1001, true), (.serverNotRestarted, 1001, true),
        (.serverCrashLoop("exit status 1"), 1001, true),
        (.serverExited(.signaled(15, coreDumped: true)), 1001, true),
        (.serverClosedOutput, 1000, true),
        (.lineTooLong(limit: 16 << 20), 1011, true), (.bridgeFault("descriptors exhausted"), 1011, true),
        (.bridgeFault(String(repeating: "é", count: 500)), 1011, true), (.bridgeFault(""), 1011, true),
    ]

    @Test("R21: each end has its close code, and answers where somebody is left to read", arguments: ends)
    func codes(_ end: SessionEnd, _ code: UInt16?, _ isAnswered: Bool) {
        #expect(end.closeCode?.rawValue == code)
        #expect((end.reply(stderr: []) != nil) == isAnswered)
    }

    @Test(
        "R19: the close frame of each end is legal: a code that may be sent or none, a reason of at most 123 bytes",
        arguments: ends
    )
    func frames(_ end: SessionEnd, _ code: UInt16?, _ isAnswered: Bool) throws {
        guard let closeCode = end.closeCode else { return }
        var frame = ByteBuffer()
        FrameWriter.writeClose(closeCode, reason: end.reason, to: &frame)
        let bytes = Array(frame.readableBytesView)
        #expect(bytes[0] == 0x88 && bytes[1] <= 125 && Int(bytes[1]) == bytes.count - 2)
        guard bytes.count > 2 else {
            #expect(code == 1005)
            return
        }
        #expect(UInt16(bytes[2]) << 8 | UInt16(bytes[3]) == code)
        let reason = try #require(String(validating: bytes[4...], as: UTF8.self))
        if case .bridgeFault = end {
            #expect(end.reason.hasPrefix(reason))
        } else {
            #expect(end.reason.utf8.count <= 123 && reason == end.reason)
        }
    }

    @Test("R21: each end but the client's own has a reason and a cause of its own")
    func reasons() {
        var causes: [String: String] = [:]
        for (end, _, isAnswered) in Self.ends where isAnswered && end != .bridgeFault("") {
            #expect(!end.reason.isEmpty && !end.reason.utf8.contains { $0 < 0x20 })
            #expect(end.reply(stderr: [])?.cause == end.cause && end.reply(stderr: [])?.code == .internalError)
            #expect(!end.cause.isEmpty && end.cause.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) })
            var kind = String("\(end)".prefix { $0 != "(" })
            if end == .serverExited(.outOfMemory) { kind = "outOfMemory" }
            if kind != "protocolFailure" { #expect(causes.updateValue(kind, forKey: end.cause) ?? kind == kind) }
        }
        #expect(SessionEnd.protocolFailure(.messageTooBig(limit: 1)).cause == "message_too_big")
        #expect(SessionEnd.protocolFailure(.unmasked).cause == "protocol_error")
    }

    @Test("R38: the answers of a server's end carry its status or signal, and stderr where it is given")
    func exit() throws {
        let exited = try #require(SessionEnd.serverExited(.exited(3)).reply(stderr: []))
        #expect(exited.data.map(\.key) == ["exit_status"] && exited.data[0].value == .integer(3))
        #expect(exited.message.contains("3"))
        let killed = try #require(SessionEnd.serverExited(.signaled(9, coreDumped: false)).reply(stderr: ["a", "b"]))
        #expect(killed.data.map(\.key) == ["signal", "stderr"])
        #expect(killed.data.map(\.value) == [.integer(9), .text("a\nb")])
        #expect(killed.message.contains("9"))
        let starved = try #require(SessionEnd.serverExited(.outOfMemory).reply(stderr: []))
        #expect(starved.cause == "server_out_of_memory" && starved.message.contains("memory limit"))
        #expect(starved.data.map(\.value) == [.integer(9)])
        #expect(SessionEnd.draining.reply(stderr: [])?.data.isEmpty == true)
    }

    @Test("R38: only a server that has exited takes nothing more")
    func serverGone() {
        for (end, _, _) in Self.ends {
            if case .serverExited = end { #expect(end.isServerGone) } else { #expect(!end.isServerGone) }
        }
    }
}
