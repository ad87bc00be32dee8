// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Headers that repeat the message")
struct RoutingFieldsTests {
    private static let envelope = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#

    private static func fields(_ text: String) -> [String]? {
        let page = GuardedPage(atLeast: text.utf8.count)
        return withExtendedLifetime(page) {
            RoutingFields(page.place(Array(text.utf8)))?.fields.map { "\($0.name): \($0.value)" }
        }
    }

    @Test(
        "R57: each method has its headers, each once",
        arguments: [
            ("tools/call", #""name":"get_weather""#, "get_weather"), ("prompts/get", #""name":"p""#, "p"),
            ("resources/read", #""uri":"file:///a b""#, "file:///a b"), ("tasks/get", #""taskId":"t1""#, "t1"),
            ("tasks/update", #""taskId":"t1""#, "t1"), ("tasks/cancel", #""taskId":"t1""#, "t1"),
            ("tasks/whatever", #""taskId":"t1""#, "t1"), ("tools/list", #""name":"x""#, nil),
            ("resources/read", #""name":"x""#, nil), ("tools/call", #""uri":"x","taskId":"y""#, nil),
            ("tools/call", #""name":1"#, nil), ("tools/call", #""name":null"#, nil),
            ("task/get", #""taskId":"t""#, nil),
            ("notifications/x", #""name":"x""#, nil), ("tools/call", #""arguments":{"name":"inner"}"#, nil),
            ("tools/call", #""name":"caf\u00e9""#, "=?base64?Y2Fmw6k=?="), ("tools/call", #""name":"""#, ""),
            ("tools/call", #""name":"a\r\nEvil: 1""#, "=?base64?YQ0KRXZpbDogMQ==?="),
            ("resources/read", #""uri":"x\/y""#, "x/y"), ("tools/call", #""\u006eame":"x""#, "x"),
            ("tools/call", #""name":"\ud800""#, nil), ("Tools/Call", #""name":"x""#, nil),
        ] as [(String, String, String?)]
    )
    func methods(_ method: String, _ member: String, _ name: String?) {
        let expected =
            ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: \(method)"] + (name.map { ["Mcp-Name: \($0)"] } ?? [])
        let id = method.hasPrefix("notifications/") ? "" : #""id":1,"#
        #expect(
            Self.fields(#"{"jsonrpc":"2.0",\#(id)"method":"\#(method)","params":{\#(member),\#(Self.envelope)}}"#)
                == expected
        )
        #expect(
            Self.fields(#" { "params" : { \#(Self.envelope) ,\#n \#(member) } , "method" : "\#(method)" } "#)
                == expected
        )
    }

    @Test(
        "R56: a message without a modern envelope has none of these headers",
        arguments: [
            "{}", #"{"method":"tools/list"}"#, #"{"method":"tools/list","params":{}}"#,
            #"{"method":"tools/list","params":{"_meta":{}}}"#, #"{"method":"tools/list","params":[]}"#,
            #"{"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}"#,
            #"{"method":"tools/list","params":{"_meta":[]}}"#, #"{"id":1,"result":{\#(envelope)}}"#,
            #"{"method":"tools/list",\#(envelope)}"#, #"{"method":"tools/list","params":{"x":{\#(envelope)}}}"#,
            #"{"params":{\#(envelope)}}"#, #"{"method":7,"params":{\#(envelope)}}"#, "[]",
        ]
    )
    func legacy(_ text: String) {
        #expect(Self.fields(text) == nil)
    }

    @Test("R57: version and method are decoded, and neither can break a header")
    func decoded() {
        let key = #""io.modelcontextprotocol\/protocolVersion""#
        #expect(
            Self.fields(#"{"method":"tools\/list","params":{"_meta":{\#(key):"2026\u002d07-28"}}}"#)
                == ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"]
        )
        #expect(
            Self.fields(#"{"method":"a\nb: c","params":{"_meta":{\#(key):"1\r2"}}}"#)
                == ["MCP-Protocol-Version: =?base64?MQ0y?=", "Mcp-Method: =?base64?YQpiOiBj?="]
        )
    }
}
