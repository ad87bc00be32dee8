// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

@Suite("The client's side of the opening handshake")
struct OpeningHandshakeTests {
    private static let accepted = """
        HTTP/1.1 101 Switching Protocols\r
        UPGRADE: websocket\r
        connection: Upgrade\r
        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
        Sec-WebSocket-Protocol:mcp\r
        \r

        """

    private static func judge(_ text: some StringProtocol, subprotocol: String = "mcp") -> OpeningHandshake.Outcome {
        Array(text.utf8).withUnsafeBytes { OpeningHandshake.judge($0, subprotocol: subprotocol) }
    }

    @Test("The request has what RFC 6455 §4.1 wants, and the headers asked for")
    func request() throws {
        let url = try LoopbackURL(parsing: "ws://127.0.0.1:8765/mcp?a=b")
        let bytes = OpeningHandshake.request(url, subprotocol: "mcp", headers: ["X-One: 1", "X-Two: 2"])
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.first == "GET /mcp?a=b HTTP/1.1")
        #expect(lines.suffix(2) == ["", ""])
        for line in ["Host: 127.0.0.1:8765", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: mcp", "X-Two: 2"] {
            #expect(lines.contains(Substring(line)))
        }
        let bare = OpeningHandshake.request(url, subprotocol: "", headers: [])
        #expect(!String(decoding: bare, as: UTF8.self).contains("Protocol:"))
    }

    @Test("A whole response is accepted, whatever follows; one that is cut off anywhere is incomplete")
    func whole() {
        let end = Self.accepted.utf8.count
        #expect(Self.judge(Self.accepted) == .accepted(end: end))
        #expect(Self.judge(Self.accepted + "\u{1}\u{0}\r\n\r\n") == .accepted(end: end))
        for count in 0..<end {
            let part = Self.accepted.utf8.prefix(count)
            #expect(Self.judge(String(decoding: part, as: UTF8.self)) == .incomplete)
        }
    }

    @Test("A refusal is told with its status and its words")
    func refused() {
        let text = "HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\nat capacity"
        #expect(Self.judge(text) == .refused("HTTP/1.1 503 Service Unavailable: at capacity"))
    }

    @Test(
        "A yes that a client must not accept is none",
        arguments: [
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "AAAA"), ("sec-websocket-accept", "x-accept"), (":mcp", ": other"),
            ("\r\nconnection", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\nconnection"),
            ("HTTP/1.1 101", "SSH-2.0"), ("connection: ", "connection "),
        ]
    )
    func invalid(_ part: String, _ replacement: String) {
        let outcome = Self.judge(Self.accepted.replacing(part, with: replacement))
        guard case .invalid = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test("A subprotocol that nobody asked for is refused")
    func unasked() {
        #expect(Self.judge(Self.accepted, subprotocol: "") == .invalid("subprotocol 'mcp' instead of ''"))
    }
}
