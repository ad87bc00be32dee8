// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct HandshakeTests {
    @Test("R1: mcp is selected iff offered")
    func subprotocol() throws {
        let bridge = try BridgeProcess.fixture()
        #expect(try bridge.handshake()["Sec-WebSocket-Protocol"] == nil)
    }
}
