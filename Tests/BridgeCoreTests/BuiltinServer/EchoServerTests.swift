// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Testing

@testable import BridgeCore

@Suite("The server inside the bridge")
struct EchoServerTests {
    /// The answer to one message that ends in front of a forbidden page; empty where there is none.
    private static func answer(_ message: String) -> String {
        let page = GuardedPage(atLeast: message.utf8.count)
        var output = ByteBuffer(string: "before")
        withExtendedLifetime(page) { EchoServer.answer(page.place(Array(message.utf8)), to: &output) }
        let text = String(buffer: output)
        #expect(text.hasPrefix("before"))
        return String(text.dropFirst("before".count))
    }

    private static func request(_ method: String, _ params: String?, id: String = "1") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(params.map { ",\"params\":\($0)" } ?? "")}"#
    }

    private static func call(_ tool: String, _ arguments: String?, id: String = "1") -> String {
        let given = arguments.map { ",\"arguments\":\($0)" } ?? ""
        return Self.request("tools/call", #"{"name":"\#(tool)"\#(given)}"#, id: id)
    }

    private static func content(_ token: String, isError: Bool = false, id: String = "1") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[{"type":"text","text":\#(token)}],"isError":\#(isError)}}"#
    }

    @Test("R32: a ping is answered, with params or without", arguments: [nil, "{}", #"{"_meta":{"progressToken":1}}"#])
    func ping(_ params: String?) {
        #expect(Self.answer(Self.request("ping", params)) == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    }

    @Test(
        "R26: ids come back as they were spelled",
        arguments: [
            "0", "-0", "1", "-17", "9007199254740993", "123456789012345678901234567890", #""""#, #""1""#, #""é""#,
            #""\u00e9""#, #""a\/b\"c\\""#, #""\ud83d\ude00""#, #""😀 \u2028""#,
        ]
    )
    func ids(_ id: String) {
        #expect(Self.answer(Self.request("ping", nil, id: id)) == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(Self.answer(Self.call("echo", #"{"text":"t"}"#, id: id)) == Self.content(#""t""#, id: id))
        let unknown = #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32601,"message":"Method not found"}}"#
        #expect(Self.answer(Self.request("no/such", nil, id: id)) == unknown)
    }

    @Test(
        "R22: a text comes back byte for byte, its escapes as they were",
        arguments: [
            #""""#, #""t""#, #""a\u00e9\/b\n\"\\""#, #""é 😀 \u2028""#, #""\ud83d\ude00""#, #""\ud800""#, #""}]}""#,
            #""{\"text\":\"x\"}""#,
        ]
    )
    func texts(_ token: String) {
        #expect(Self.answer(Self.call("echo", #"{"text":\#(token)}"#)) == Self.content(token))
        let spaced = #" { "a" : {"text":"no"} , "text" : \#(token) } "#
        #expect(Self.answer(Self.call("echo", spaced)) == Self.content(token))
    }

    @Test("R17, R22: a long text comes back whole", arguments: [1 << 10, 1 << 16, (1 << 20) + 1])
    func longTexts(_ count: Int) {
        let token = "\"" + String(repeating: "é", count: count / 2) + "\""
        #expect(Self.answer(Self.call("echo", #"{"text":\#(token)}"#)) == Self.content(token))
    }

    @Test(
        "Names of methods, tools and members are known however they are escaped and in whatever order they stand",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{"name":"echo","arguments":{"text":"t"}}}"#,
            #"{"params":{"arguments":{"text":"t"},"name":"echo"},"method":"tools/call","id":1,"jsonrpc":"2.0"}"#,
            #"{"jsonrpc":"2.0","id":1,"\u006dethod":"\u0074ools/call","params":{"name":"\u0065cho","arguments":{"t\u0065xt":"t"}}}"#,
            #" { "jsonrpc" : "2.0" , "id" : 1 , "method" : "tools/call" , "params" : { "_meta":{"name":"big"}, "name" : "echo" , "arguments" : { "text" : "t" } } } "#,
        ]
    )
    func spellings(_ message: String) {
        #expect(Self.answer(message) == Self.content(#""t""#))
    }

    @Test("big gives a text of so many bytes, up to the limit", arguments: [0, 1, 100, 65_537, EchoServer.longestText])
    func big(_ count: Int) {
        let answer = Self.answer(Self.call("big", #"{"bytes":\#(count)}"#))
        #expect(answer == Self.content("\"" + String(repeating: "x", count: count) + "\""))
    }

    @Test(
        "Wrong arguments are a result that says so",
        arguments: [
            ("echo", nil, "a text"), ("echo", "{}", "a text"), ("echo", "[]", "a text"), ("echo", "null", "a text"),
            ("echo", #"{"text":1}"#, "a text"), ("echo", #"{"text":null}"#, "a text"),
            ("echo", #"{"text":["t"]}"#, "a text"),
            ("big", nil, "0 to 16777216"), ("big", "{}", "0 to 16777216"), ("big", #"{"bytes":"1"}"#, "0 to 16777216"),
            ("big", #"{"bytes":-1}"#, "0 to 16777216"), ("big", #"{"bytes":1.5}"#, "0 to 16777216"),
            ("big", #"{"bytes":16777217}"#, "0 to 16777216"),
            ("big", #"{"bytes":99999999999999999999}"#, "0 to 16777216"),
        ] as [(String, String?, String)]
    )
    func wrongArguments(_ tool: String, _ arguments: String?, _ words: String) throws {
        let answer = Self.answer(Self.call(tool, arguments))
        #expect(throws: Never.self) { try scanned(answer) }
        #expect(answer.contains(#""isError":true"#) && answer.contains(words), "\(answer)")
    }

    @Test(
        "An unknown tool is an error of the protocol",
        arguments: [
            nil, "{}", "[]", "null", #"{"name":"ech"}"#, #"{"name":"echoo"}"#, #"{"name":1,"arguments":{"text":"t"}}"#,
            #"{"name":"","arguments":{}}"#, #"{"arguments":{"text":"t"}}"#,
        ] as [String?]
    )
    func unknownTools(_ params: String?) {
        let expected = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool"}}"#
        #expect(Self.answer(Self.request("tools/call", params)) == expected)
    }

    @Test(
        "An unknown method is an error of the protocol, a modern client's first one too",
        arguments: ["server/discover", "resources/list", "tools/calls", "Ping", ""]
    )
    func unknownMethods(_ method: String) {
        let expected = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#
        #expect(Self.answer(Self.request(method, "{}")) == expected)
    }

    @Test(
        "Nothing is said to what is no request",
        arguments: [
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
            #"{"jsonrpc":"2.0","method":"ping"}"#, #"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#, "[]", "1", "{}", "", "{", "no JSON",
        ]
    )
    func noRequests(_ message: String) {
        #expect(Self.answer(message).isEmpty)
    }

    @Test(
        "R33: initialize is answered with the version that was asked for where it is known, else with the newest",
        arguments: [
            (#""2024-11-05""#, "2024-11-05"), (#""2025-03-26""#, "2025-03-26"), (#""2025-06-18""#, "2025-06-18"),
            (#""2025-11-25""#, "2025-11-25"), (#""2026-07-28""#, "2025-11-25"), (#""1999-01-01""#, "2025-11-25"),
            (#""""#, "2025-11-25"), ("1", "2025-11-25"), (#""2024\u002d11-05""#, "2024-11-05"),
        ]
    )
    func initialize(_ asked: String, _ expected: String) throws {
        let params = #"{"protocolVersion":\#(asked),"capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#
        let answer = Self.answer(Self.request("initialize", params))
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        let result = try #require(object?["result"] as? [String: Any])
        #expect(result["protocolVersion"] as? String == expected)
        #expect((result["capabilities"] as? [String: Any])?.keys.sorted() == ["tools"])
        #expect((result["serverInfo"] as? [String: Any])?["name"] as? String == "mcp-wsbridge-echo")
        #expect(Self.answer(Self.request("initialize", nil)).contains("2025-11-25"))
    }

    @Test("The list of tools names both, with what they take")
    func tools() throws {
        let answer = Self.answer(Self.request("tools/list", "{}"))
        #expect(!answer.contains("\n"))
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        let tools = try #require((object?["result"] as? [String: Any])?["tools"] as? [[String: Any]])
        #expect(tools.map { $0["name"] as? String } == ["echo", "big"])
        let schemas = tools.compactMap { $0["inputSchema"] as? [String: Any] }
        #expect(schemas.map { $0["type"] as? String } == ["object", "object"])
        #expect(schemas.map { $0["required"] as? [String] } == [["text"], ["bytes"]])
        let bytes = (schemas.last?["properties"] as? [String: Any])?["bytes"] as? [String: Any]
        #expect(bytes?["maximum"] as? Int == EchoServer.longestText)
    }

    @Test("A ping and an echo into room that is there allocate none of their own")
    func room() {
        var output = ByteBuffer()
        output.reserveCapacity(1024)
        let before = output.withVeryUnsafeBytes { $0.baseAddress }
        for message in [Self.request("ping", nil), Self.call("echo", #"{"text":"\n a text"}"#)] {
            for _ in 0..<100 {
                output.clear()
                Array(message.utf8).withUnsafeBytes { EchoServer.answer($0, to: &output) }
            }
        }
        #expect(output.withVeryUnsafeBytes { $0.baseAddress } == before)
    }
}
