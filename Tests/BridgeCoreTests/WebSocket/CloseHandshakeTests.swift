// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The closing handshake")
struct CloseHandshakeTests {
    @Test("R19: the peer's code goes back, then TCP closes", arguments: [1000, 1001, 3000, 4999])
    func peerCloses(_ raw: UInt16) {
        var handshake = CloseHandshake()
        let code = CloseCode(rawValue: raw)
        #expect(handshake.maySend)
        #expect(handshake.receivedClose(code) == .replyAndCloseTCP(code))
        #expect(!handshake.maySend)
        #expect(handshake.recordedCode == code)
        #expect(handshake.isClean)
    }

    @Test("R19: an empty close frame is answered by an empty one and recorded as 1005")
    func emptyClose() {
        var handshake = CloseHandshake()
        #expect(handshake.receivedClose(nil) == .replyAndCloseTCP(nil))
        #expect(handshake.recordedCode == .noStatus)
        #expect(handshake.isClean)
    }

    @Test("R19: the bridge closes, waits for the answer, then TCP closes", arguments: [1000, 1001, nil] as [UInt16?])
    func localClose(_ answer: UInt16?) {
        var handshake = CloseHandshake()
        #expect(handshake.localClose(.goingAway) == .sendAndWait(.goingAway))
        #expect(!handshake.maySend)
        #expect(!handshake.isClean)
        #expect(handshake.receivedClose(answer.map(CloseCode.init(rawValue:))) == .closeTCP)
        #expect(handshake.recordedCode == .goingAway)
        #expect(handshake.isClean)
    }

    @Test("R19: the wait is bounded")
    func timeout() {
        var handshake = CloseHandshake()
        #expect(handshake.localClose(.policyViolation) == .sendAndWait(.policyViolation))
        #expect(handshake.timeout() == .closeTCP)
        #expect(handshake.recordedCode == .policyViolation)
        #expect(!handshake.isClean)
    }

    @Test("R14, R19: after a fault of the peer's the output is shut down behind the close frame")
    func failure() {
        var handshake = CloseHandshake()
        #expect(handshake.localClose(.messageTooBig, readerHasFailed: true) == .sendAndShutDownOutput(.messageTooBig))
        #expect(handshake.peerEOF() == .closeTCP)
        #expect(handshake.recordedCode == .messageTooBig)
    }

    @Test("R19: one close frame is sent, whatever happens after it")
    func onlyOnce() {
        var local = CloseHandshake()
        #expect(local.localClose(.normal) == .sendAndWait(.normal))
        #expect(local.localClose(.internalError) == .ignore)
        #expect(local.localClose(.protocolError, readerHasFailed: true) == .ignore)
        #expect(local.recordedCode == .normal)

        var peer = CloseHandshake()
        #expect(peer.receivedClose(.normal) == .replyAndCloseTCP(.normal))
        #expect(peer.localClose(.goingAway) == .ignore)
        #expect(peer.receivedClose(.normal) == .ignore)
        #expect(peer.peerEOF() == .ignore)
        #expect(peer.timeout() == .ignore)
        #expect(peer.recordedCode == .normal)
    }

    @Test("R19: a connection lost without a close frame is recorded as 1006", arguments: [true, false])
    func lost(_ byEOF: Bool) {
        var handshake = CloseHandshake()
        #expect((byEOF ? handshake.peerEOF() : handshake.timeout()) == .closeTCP)
        #expect(handshake.recordedCode == .abnormal)
        #expect(!handshake.isClean)
        #expect(!handshake.maySend)
        #expect(handshake.localClose(.normal) == .ignore)
    }
}
