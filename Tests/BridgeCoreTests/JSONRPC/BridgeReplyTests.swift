// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Errors that the bridge makes")
struct BridgeReplyTests {
    private func parsed(_ bytes: [UInt8]) throws -> [String: Any] {
        #expect(throws: Never.self) { try scanned(bytes) }
        #expect(!bytes.contains { $0 < 0x20 })
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test("R31: the codes are those of JSON-RPC itself, never of a range that MCP reserves")
    func codes() {
        let codes: [BridgeReply.Code] = [.parseError, .invalidRequest, .internalError]
        #expect(codes.map(\.rawValue) == [-32700, -32600, -32603])
        for code in codes {
            #expect(!(-32019 ... -32000).contains(code.rawValue) && !(-32099 ... -32020).contains(code.rawValue))
        }
    }

    @Test("R31: the text is exactly this")
    func exact() {
        let reply = BridgeReply(
            .internalError,
            "gone",
            cause: "server_exited",
            data: [("signal", .integer(9)), ("stderr", .text("a\nb"))]
        )
        #expect(
            String(decoding: reply.encoded(id: Array("\"x\"".utf8), connection: "c1"), as: UTF8.self)
                == #"{"jsonrpc":"2.0","id":"x","error":{"code":-32603,"message":"gone","data":{"origin":"mcp-wsbridge","#
                + #""cause":"server_exited","connection":"c1","signal":9,"stderr":"a\nb"}}}"#
        )
    }

    @Test(
        "R31: data names the bridge, the cause and the connection, whatever the text",
        arguments: [
            "plain", "", "\"quoted\" and \\ and \"}}],", "line\nbreak\r\n\ttab",
            "\u{0}\u{1}\u{8}\u{C}\u{1B}[31m\u{1F}\u{7F}",
            "é 😀 \u{2028}\u{2029}\u{FEFF}\u{10FFFF}", #"\u0022\n"#, "</script>", String(repeating: "\"", count: 10_000),
        ]
    )
    func hostile(_ text: String) throws {
        let reply = BridgeReply(.internalError, text, cause: text, data: [(text, .text(text)), ("n", .integer(.min))])
        let object = try parsed(reply.encoded(id: Array("-0".utf8), connection: text))
        #expect(Set(object.keys) == ["jsonrpc", "id", "error"])
        #expect(object["jsonrpc"] as? String == "2.0")
        let error = try #require(object["error"] as? [String: Any])
        #expect(error["code"] as? Int == -32603)
        #expect(same(error["message"], text))
        let data = try #require(error["data"] as? [String: Any])
        #expect(data["origin"] as? String == "mcp-wsbridge")
        #expect(same(data["cause"], text) && same(data["connection"], text) && data["n"] as? Int == .min)
        #expect(data.contains { $0.key.utf8.elementsEqual(text.utf8) && same($0.value, text) })
    }

    private func same(_ value: Any?, _ text: String) -> Bool {
        (value as? String)?.utf8.elementsEqual(text.utf8) == true
    }

    @Test(
        "R24, R26: the id is the client's own token, or null",
        arguments: [
            "1", "-0", #""a\u00e9\/b""#, "123456789012345678901234567890", #""""#,
        ]
    )
    func ids(_ token: String) throws {
        let reply = BridgeReply(.invalidRequest, "m", cause: "c")
        let text = String(decoding: reply.encoded(id: Array(token.utf8), connection: "c"), as: UTF8.self)
        let id = try #require(try scanned(text).id)
        #expect(text[bytes: id.range] == token)
        let without = String(decoding: reply.encoded(id: nil, connection: "c"), as: UTF8.self)
        #expect(without.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"#))
    }
}
