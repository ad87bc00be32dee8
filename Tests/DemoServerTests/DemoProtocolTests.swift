// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DemoServer

/// The demo server's protocol, without a transport.
@Suite struct DemoProtocolTests {
    private var demo = DemoProtocol(wallClock: { 1_772_323_199 })

    /// Sends one message and returns the answers as text.
    private mutating func send(_ message: String, now: Int = 0) -> [String] {
        demo.receive(Array(message.utf8), now: now).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Sends one message, which must have exactly one answer.
    private mutating func ask(_ message: String) throws -> JSONValue {
        let answers = demo.receive(Array(message.utf8), now: 0)
        try #require(answers.count == 1)
        return answers[0]
    }

    @Test(
        "every legacy revision is agreed to, an unknown one is answered with the newest",
        arguments: [
            ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25"),
        ]
    )
    mutating func negotiation(asked: String, agreed: String) throws {
        let answer = try ask(
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"\#(asked)"}}"#
        )
        #expect(answer["result"]?["protocolVersion"]?.text == agreed)
        #expect(answer["result"]?["serverInfo"]?["name"]?.text == "mcp-wsbridge-demo")
        #expect(answer["result"]?["resultType"] == nil)
    }

    @Test(
        "ids come back as they were spelled",
        arguments: ["1", "-1", "\"1\"", "\"é\"", "\"\"", "9007199254740993"]
    )
    mutating func ids(id: String) {
        #expect(
            send(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
                == [#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#]
        )
    }

    @Test(
        "what is no message gets the error of JSON-RPC",
        arguments: [
            ("{", -32700), ("[]", -32600), (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
            (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600), (#"{"jsonrpc":"2.0","id":1}"#, -32600),
            (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":"no/such"}"#, -32601),
            (#"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#, -32601),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"none"}}"#, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"demo://no"}}"#, -32002),
        ] as [(String, Int)]
    )
    mutating func errors(message: String, code: Int) throws {
        #expect(try ask(message)["error"]?["code"] == .integer(code))
    }

    @Test(
        "tools answer",
        arguments: [
            (#"{"name":"echo","arguments":{"text":"a\u2028b é"}}"#, "a\u{2028}b é", false),
            (#"{"name":"add","arguments":{"a":2,"b":40}}"#, "42", false),
            (#"{"name":"add","arguments":{"a":0.5,"b":1}}"#, "1.5", false),
            (#"{"name":"current_time"}"#, "2026-02-28T23:59:59Z", false),
            (#"{"name":"current_time","arguments":{"timezone":"+05:30"}}"#, "2026-03-01T05:29:59+05:30", false),
            (#"{"name":"current_time","arguments":{"timezone":"-00:30"}}"#, "2026-02-28T23:29:59-00:30", false),
            (#"{"name":"current_time","arguments":{"timezone":"+-1:00"}}"#, nil, true),
            (#"{"name":"add","arguments":{"a":"1","b":1}}"#, nil, true),
            (#"{"name":"add","arguments":{"a":1e308,"b":1e308}}"#, nil, true),
        ] as [(String, String?, Bool)]
    )
    mutating func tools(params: String, text: String?, isError: Bool) throws {
        let answer = try ask(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#)
        #expect(answer["result"]?["isError"] == .bool(isError))
        guard case .array(let content) = answer["result"]?["content"] else {
            Issue.record("no content")
            return
        }
        #expect(content[0]["type"] == "text")
        if let text { #expect(content[0]["text"]?.text == text) }
    }

    @Test("progress of slow comes before its answer, other requests pass it")
    mutating func slow() {
        let call = #"{"name":"slow","arguments":{"steps":2,"delay_ms":10},"_meta":{"progressToken":"p"}}"#
        #expect(send(#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":\#(call)}"#, now: 100).isEmpty)
        #expect(demo.nextDeadline == 110)
        #expect(send(#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#, now: 105).count == 1)
        #expect(demo.advance(to: 109).isEmpty)
        let rest = demo.advance(to: 500)
        #expect(rest.map { $0["method"]?.text } == ["notifications/progress", "notifications/progress", nil])
        #expect(rest.map { $0["params"]?["progress"] } == [1, 2, nil])
        #expect(rest.last?["id"] == 7)
        #expect(demo.nextDeadline == nil)
    }

    @Test("a cancelled slow call is never answered; a cancel of another id changes nothing")
    mutating func cancel() {
        let call = #"{"name":"slow","arguments":{"steps":1,"delay_ms":10}}"#
        _ = send(#"{"jsonrpc":"2.0","id":"7","method":"tools/call","params":\#(call)}"#)
        _ = send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#)
        #expect(demo.nextDeadline == 10)
        #expect(send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"7"}}"#).isEmpty)
        #expect(demo.nextDeadline == nil)
        #expect(demo.advance(to: 1000).isEmpty)
    }

    @Test("a request with the envelope of 2026-07-28 gets a result of that revision")
    mutating func modern() throws {
        let meta =
            #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
        let discovered = try ask(#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{\#(meta)}}"#)
        #expect(discovered["result"]?["supportedVersions"] == ["2026-07-28"])
        #expect(discovered["result"]?["resultType"] == "complete")
        #expect(discovered["result"]?["_meta"]?["io.modelcontextprotocol/serverInfo"] != nil)
        let listed = try ask(#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{\#(meta)}}"#)
        #expect(listed["result"]?["resultType"] == "complete")
        #expect(listed["result"]?["cacheScope"] == "public")
        #expect(try ask(#"{"jsonrpc":"2.0","id":3,"method":"ping","params":{\#(meta)}}"#)["error"]?["code"] == -32601)
        let other = meta.replacing("2026-07-28", with: "2027-01-01")
        let refused = try ask(#"{"jsonrpc":"2.0","id":4,"method":"tools/list","params":{\#(other)}}"#)
        #expect(refused["error"]?["code"] == -32022)
        #expect(refused["error"]?["data"]?["requested"] == "2027-01-01")
        let bare = try ask(
            #"{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#
        )
        #expect(bare["error"]?["code"] == -32602)
    }

    @Test("lists, the resource and the prompt")
    mutating func content() throws {
        let tools = try ask(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        guard case .array(let list) = tools["result"]?["tools"] else {
            Issue.record("no tools")
            return
        }
        #expect(list.map { $0["name"]?.text } == ["echo", "add", "current_time", "slow"])
        #expect(list.allSatisfy { $0["inputSchema"]?["type"] == "object" })
        let resource = try ask(
            #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"demo://greeting"}}"#
        )
        #expect(resource["result"]?["contents"] != nil)
        let prompt = try ask(
            #"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"greet","arguments":{"name":"Ann"}}}"#
        )
        #expect(prompt["result"]?["messages"] != nil)
        #expect(send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).isEmpty)
        #expect(send(#"{"jsonrpc":"2.0","id":1,"result":{}}"#).isEmpty)
    }
}
