// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("What the scanner finds")
struct EnvelopeFieldsTests {
    @Test("R22: a request's members, with kind and range")
    func request() throws {
        let text = #" {"jsonrpc":"2.0", "id" : "a\"b", "method":"tools/call","params": {"name":"x","n":[1,{}]} } "#
        let envelope = try scanned(text)
        #expect(envelope.isObject && !envelope.isArray && envelope.isVersion2)
        #expect(!envelope.hasLineBreak && !envelope.hasDuplicateKey && !envelope.hasDuplicateID)
        let id = try #require(envelope.id)
        #expect(id.kind == .string && id.isEscaped)
        #expect(text[bytes: id.range] == #""a\"b""# && text[bytes: id.contents] == #"a\"b"#)
        let method = try #require(envelope.method)
        #expect(method.kind == .string && !method.isEscaped && text[bytes: method.contents] == "tools/call")
        let params = try #require(envelope.params)
        #expect(params.kind == .object && text[bytes: params.range] == #"{"name":"x","n":[1,{}]}"#)
        #expect(envelope.result == nil && envelope.error == nil)
    }

    @Test(
        "R24: the kind of an id",
        arguments: [
            ("1", .integer), ("-1", .integer), ("-0", .integer), ("1.0", .fraction), ("1e2", .fraction),
            ("1E2", .fraction),
            (#""1""#, .string), ("null", .null), ("true", .boolean), ("false", .boolean), ("{}", .object),
            ("[]", .array),
            (#"{"id":1}"#, .object), ("[1]", .array),
        ] as [(String, Envelope.Kind)]
    )
    func kinds(_ token: String, _ kind: Envelope.Kind) throws {
        let text = #"{"id":\#(token),"z":0}"#
        let id = try #require(try scanned(text).id)
        #expect(id.kind == kind)
        #expect(text[bytes: id.range] == token)
    }

    @Test(
        "R24: keys compare after unescaping, and only at their own place",
        arguments: [
            (#"{"\u0069d":1}"#, true), (#"{"\u0069\u0064":1}"#, true), (#"{"i\u0064":1}"#, true), (#"{"id":1}"#, true),
            (#"{"\\u0069d":1}"#, false), (#"{"ID":1}"#, false), (#"{"id ":1}"#, false), (#"{"id\u0000":1}"#, false),
            (#"{"a":{"id":1}}"#, false), (#"[{"id":1}]"#, false), (#"{"params":{"id":1}}"#, false),
            (#"{"\ud800id":1}"#, false), (#"{"i\/d":1}"#, false), (#"{"a":"id"}"#, false), (#"{"":1}"#, false),
        ]
    )
    func keys(_ text: String, _ hasID: Bool) throws {
        #expect((try scanned(text).id != nil) == hasID)
    }

    @Test(
        "R24: a key that the bridge reads, twice in one object",
        arguments: [
            "id", "method", "params", "result", "error", "jsonrpc", "_meta", "name", "uri", "taskId", "requestId",
            "progressToken", "protocolVersion", "resultType", "task", "io.modelcontextprotocol/protocolVersion",
        ]
    )
    func duplicates(_ key: String) throws {
        let first = key.utf8.first!
        let escaped = #"\u00"# + String(first, radix: 16) + key.dropFirst()
        let all = key.utf8.map { #"\u00"# + String($0, radix: 16).uppercased() }.joined()
        for (one, two) in [(key, key), (key, escaped), (escaped, all), (all, all)] {
            let object = #"{"\#(one)":1,"x":{"\#(key)":0},"\#(two)":2}"#
            for text in [
                object, #"{"params":\#(object)}"#, #"{"params":{"arguments":{"deep":[[{"er":\#(object)}]]}}}"#,
                "[\(object)]",
                #"{"params":{"_meta":\#(object)}}"#,
            ] {
                let envelope = try scanned(text)
                #expect(envelope.hasDuplicateKey, "\(text)")
                #expect(envelope.hasDuplicateID == (key == "id" && text == object), "\(text)")
            }
        }
        let apart = #"{"\#(key)":1,"a":{"\#(key)":1},"b":[{"\#(key)":1},{"\#(key)":1}]}"#
        #expect(try !scanned(apart).hasDuplicateKey)
    }

    @Test(
        "R22: keys that the bridge does not read may stand twice",
        arguments: ["arguments", "ID", "idx", "Name", "", "a"]
    )
    func otherDuplicates(_ key: String) throws {
        #expect(try !scanned(#"{"\#(key)":1,"\#(key)":2}"#).hasDuplicateKey)
    }

    @Test(
        "R23: line breaks between tokens are seen, those in strings are escapes and stay",
        arguments: [
            ("{}", false), ("{\n}", true), ("{\r}", true), ("\n{}", true), ("{}\n", true), ("{}\r\n", true),
            ("[1,\n2]", true),
            ("{\"a\"\n:1}", true), ("{\"a\":\n1}", true), ("{\"a\":1\n}", true), ("[1\n]", true),
            (#"{"a":"\n\r"}"#, false),
            ("{\"a\":\"\u{2028}\u{2029}\u{85}\"}", false), ("{\t \"a\" : 1 }", false), ("[\n]", true), ("1\n", true),
        ]
    )
    func lineBreaks(_ text: String, _ expected: Bool) throws {
        #expect(try scanned(text).hasLineBreak == expected)
    }

    @Test(
        "R24: jsonrpc is the string 2.0",
        arguments: [
            (#""2.0""#, true), (#""2\u002e0""#, true), (#""2.0 ""#, false), (#""1.0""#, false), ("2.0", false),
            ("2", false),
            ("null", false), (#"["2.0"]"#, false), (#""""#, false),
        ]
    )
    func version(_ token: String, _ expected: Bool) throws {
        #expect(try scanned(#"{"jsonrpc":\#(token)}"#).isVersion2 == expected)
        #expect(try !scanned(#"{"params":{"jsonrpc":\#(token)}}"#).isVersion2)
    }

    @Test(
        "R33: a modern client's request is known by its _meta",
        arguments: [
            (#"{"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#, true),
            (#"{"params":{"_meta":{"io.modelcontextprotocol\/protocolVersion":"2026-07-28"}}}"#, true),
            (#"{"params":{"_meta":{"protocolVersion":"2026-07-28"}}}"#, false),
            (#"{"params":{"protocolVersion":"2025-06-18"}}"#, false),
            (#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#, false),
            (#"{"result":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#, false),
            (#"{"params":[{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}]}"#, false),
            (#"{"params":{"a":{"_meta":{"io.modelcontextprotocol/protocolVersion":"x"}}}}"#, false),
        ]
    )
    func modern(_ text: String, _ expected: Bool) throws {
        #expect(try scanned(text).isModern == expected)
    }

    @Test(
        "R28: messages about tasks are known",
        arguments: [
            (#"{"params":{"task":{"ttl":1}}}"#, true), (#"{"result":{"task":{"taskId":"t"}}}"#, true),
            (#"{"result":{"resultType":"task"}}"#, true), (#"{"result":{"resultType":"t\u0061sk"}}"#, true),
            (#"{"result":{"resultType":"complete"}}"#, false), (#"{"result":{"content":[{"task":1}]}}"#, false),
            (#"{"task":1}"#, false), (#"{"params":{"arguments":{"task":1}}}"#, false),
            (#"{"params":{"resultType":"task"}}"#, false),
        ]
    )
    func tasks(_ text: String, _ expected: Bool) throws {
        #expect(try scanned(text).concernsTask == expected)
    }

    @Test("R28: progress tokens, cancelled ids and the negotiated version stand at their places alone")
    func nested() throws {
        let text =
            #"{"params":{"requestId":1,"progressToken":2,"_meta":{"progressToken":3}},"result":{"protocolVersion":"v"}}"#
        let envelope = try scanned(text)
        #expect(envelope.cancelledID.map { text[bytes: $0.range] } == "1")
        #expect(envelope.progressOf.map { text[bytes: $0.range] } == "2")
        #expect(envelope.progressToken.map { text[bytes: $0.range] } == "3")
        #expect(envelope.negotiatedVersion.map { text[bytes: $0.contents] } == "v")
        let elsewhere = try scanned(
            #"{"requestId":1,"progressToken":2,"protocolVersion":3,"_meta":{"progressToken":4},"params":{"x":{"requestId":5,"#
                + #""_meta":{"progressToken":6}},"_meta":{"x":{"progressToken":7}},"protocolVersion":8},"result":[{"protocolVersion":9}]}"#
        )
        #expect(elsewhere.cancelledID == nil && elsewhere.progressOf == nil && elsewhere.progressToken == nil)
        #expect(elsewhere.negotiatedVersion == nil)
    }

    @Test(
        "R24: what is no object is told from an array",
        arguments: ["1", "null", #""{}""#, "true", "[]", "[{}]", "{}"]
    )
    func roots(_ text: String) throws {
        let envelope = try scanned(text)
        #expect(envelope.isObject == text.hasPrefix("{"))
        #expect(envelope.isArray == text.hasPrefix("["))
        #expect(envelope.id == nil)
    }
}
