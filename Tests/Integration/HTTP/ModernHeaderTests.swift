// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The headers of revision 2026-07-28 that mirror the body (R56, R57); `http-standard-headers` and `request-metadata` of
/// the conformance suite.
@Suite struct ModernHeaderTests {
    /// What a server reads in a value.
    static func decoded(_ value: String) -> String {
        guard value.hasPrefix("=?base64?"), value.hasSuffix("?=") else { return value }
        let data = Data(base64Encoded: String(value.dropFirst(9).dropLast(2))) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let method: String
        let fields: String
        /// nil: no `Mcp-Name` at all.
        let name: String?
        var testDescription: String { "\(method) \(fields)" }
    }

    static let rows = [
        Row(method: "server/discover", fields: "", name: nil),
        Row(method: "tools/list", fields: #""cursor":"c","name":"not this""#, name: nil),
        Row(method: "tools/call", fields: #""name":"echo","arguments":{}"#, name: "echo"),
        Row(
            method: "tools/call",
            fields: #""arguments":{"name":"inner"},"name":"my-hyphenated-tool""#,
            name: "my-hyphenated-tool"
        ),
        Row(method: "tools/call", fields: #""name":"ec\u0068o\/x""#, name: "echo/x"),
        Row(method: "prompts/list", fields: "", name: nil),
        Row(method: "prompts/get", fields: #""name":"test_prompt","uri":"not:this""#, name: "test_prompt"),
        Row(method: "resources/list", fields: "", name: nil),
        Row(
            method: "resources/read",
            fields: #""uri":"file:///path/to/file%20name.txt","name":"not this""#,
            name: "file:///path/to/file%20name.txt"
        ),
        Row(
            method: "resources/read",
            fields: #""uri":"https://example.com/resource?id=123""#,
            name: "https://example.com/resource?id=123"
        ),
        Row(method: "tasks/get", fields: #""taskId":"t-1","name":"not this""#, name: "t-1"),
        Row(method: "tasks/cancel", fields: #""taskId":"t-2""#, name: "t-2"),
        Row(method: "tasks/update", fields: #""taskId":"t-3""#, name: "t-3"),
        Row(method: "x/odd", fields: #""name":"n""#, name: nil),
        // The encoding table of the specification.
        Row(method: "tools/call", fields: #""name":"Hello, 世界""#, name: "=?base64?SGVsbG8sIOS4lueVjA==?="),
        Row(method: "tools/call", fields: #""name":"Hello, \u4e16\u754c""#, name: "=?base64?SGVsbG8sIOS4lueVjA==?="),
        Row(method: "tools/call", fields: #""name":" padded ""#, name: "=?base64?IHBhZGRlZCA=?="),
        Row(method: "prompts/get", fields: #""name":"line1\nline2""#, name: "=?base64?bGluZTEKbGluZTI=?="),
        Row(
            method: "resources/read",
            fields: #""uri":"=?base64?literal?=""#,
            name: "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="
        ),
        Row(method: "tools/call", fields: #""name":"a\r\nX-Injected: 1""#, name: "=?base64?YQ0KWC1JbmplY3RlZDogMQ==?="),
        Row(method: "tools/call", fields: #""name":"\u0000""#, name: "=?base64?AA==?="),
        Row(method: "tools/call", fields: #""name":"\ud83d\ude00""#, name: "=?base64?8J+YgA==?="),
        Row(method: "tools/call", fields: #""name":"\tx""#, name: "=?base64?CXg=?="),
    ]

    @Test(
        "R57: version, method and name stand in the head once each, as the body says; `http-standard-headers`",
        arguments: rows
    )
    func headers(row: Row) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on(row.method) { request, reply in try reply.json(request.result(#"{"resultType":"complete"}"#)) }
        // The bridge itself asks for the tools before it calls an unknown one (R58).
        if row.method != "tools/list" { server.setTools("[]") }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        let text = RawWebSocket.modernText(row.method, id: #""i""#, row.fields)
        try socket.send(text)
        #expect(try socket.receiveMessage().result != nil)
        let request = try #require(server.messages(row.method).first { $0.text == text })
        #expect(request.method == "POST" && request["content-type"] == "application/json")
        #expect(request["accept"] == "application/json, text/event-stream")
        #expect(request["mcp-protocol-version"] == "2026-07-28")
        #expect(request["mcp-method"] == row.method)
        #expect(request.values("mcp-name") == (row.name.map { [$0] } ?? []))
        #expect(request.headers.allSatisfy { !$0.name.lowercased().hasPrefix("mcp-param-") })
        #expect(request.values("x-injected").isEmpty)
    }

    @Test("R57: a space within a value may stand plain or encoded, but means the same")
    func innerSpace() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        _ = try socket.modern("tools/call", id: 1, #""name":"us west 1""#)
        let value = try #require(server.messages("tools/call").first?["mcp-name"])
        #expect(Self.decoded(value) == "us west 1")
    }

    @Test("R57: the envelope's version stands in the head and a refusal comes through; `request-metadata`")
    func versionRefused() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        let refusal = try socket.modern("server/discover", id: 1, version: "2027-01-01")
        #expect(refusal.errorCode == -32022)
        #expect(refusal.errorData?["supported"] as? [String] == ["2026-07-28"])
        #expect(try socket.modern("server/discover", id: 2).result != nil)
        let requests = server.messages("server/discover")
        #expect(requests.map { $0["mcp-protocol-version"] } == ["2027-01-01", "2026-07-28"])
        for request in requests {
            let meta = request.params?["_meta"] as? [String: Any]
            #expect(meta?[MCPScript.metaVersion] as? String == request["mcp-protocol-version"])
        }
    }

    @Test("R57, R22: the body goes up byte for byte, whatever stands in it")
    func body() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("x/y") { request, reply in try reply.json(request.result("{}")) }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        let text =
            #"{"params":{"n":1.0e3,"_meta":{"a":12345678901234567890,"io.modelcontextprotocol\/protocolVersion":"2026-07-28","#
            + #""io.modelcontextprotocol/clientCapabilities":{}}, "z":"\u00e9"},"id":"é","method":"x\/y","jsonrpc":"2.0"}"#
        try socket.send(text)
        #expect(try socket.receiveMessage().result != nil)
        let request = try #require(server.messages("x/y").first)
        #expect(request.text == text && request["mcp-method"] == "x/y")
        #expect(request["mcp-protocol-version"] == "2026-07-28")
    }

    @Test(
        "R24, R57: a message that two parsers could read differently goes nowhere",
        arguments: [
            #""name":"a","name":"b""#, #""name":"a","n\u0061me":"b""#, #""_meta":{}"#, #""uri":"a","uri":"b""#,
        ]
    )
    func duplicates(fields: String) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        #expect(try socket.modern("tools/call", id: 1, fields).errorCode == -32600)
        try socket.expectQuietModern()
        #expect(server.messages("tools/call").isEmpty)
    }

    @Test("R72, R57: what the handshake says of routing headers does not go up")
    func handshakeHeaders() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let bridge = try server.bridge()
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/docs",
            headers: ["Mcp-Name: evil", "Mcp-Method: evil", "MCP-Protocol-Version: evil", "Mcp-Param-X: evil"]
        )
        _ = try socket.modern("tools/call", id: 1, #""name":"echo""#)
        for request in server.http.requests {
            #expect(request.headers.allSatisfy { !$0.value.contains("evil") })
            #expect(request.values("mcp-method").count == 1 && request.values("mcp-protocol-version").count == 1)
        }
    }

    @Test("R56: each message goes the way of its own era, on one connection; a cancel that of its request")
    func mixed() throws {
        let server = try ScriptedMCPServer()
        server.on("server/discover") { request, reply in try reply.json(request.error(-32601), status: 404) }
        server.on("x/modern") { _, reply in
            try reply.startEvents()
            try reply.never()
        }
        server.on("x/legacy") { _, reply in
            try reply.startEvents()
            try reply.never()
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        // The probe of a client of both eras, then its second choice (R33).
        #expect(try socket.modern("server/discover", id: 1).errorCode == -32601)
        try socket.initialize()
        try socket.expectQuiet()
        try socket.sendModern("x/modern", id: "2")
        try socket.send(#"{"jsonrpc":"2.0","id":3,"method":"x/legacy"}"#)
        let modern = try server.wait("x/modern")
        let legacy = try server.wait("x/legacy")
        #expect(modern.values("mcp-session-id").isEmpty && modern["mcp-protocol-version"] == "2026-07-28")
        #expect(modern["mcp-method"] == "x/modern")
        #expect(legacy["mcp-session-id"] == "session-1" && legacy["mcp-protocol-version"] == "2025-11-25")
        #expect(legacy.values("mcp-method").isEmpty)
        try socket.send(notification("notifications/cancelled", #"{"requestId":2}"#))
        try socket.send(notification("notifications/cancelled", #"{"requestId":3}"#))
        try server.http.waitGone(modern)
        try server.wait("notifications/cancelled")
        let cancels = server.messages("notifications/cancelled")
        #expect(cancels.count == 1 && cancels[0].params?["requestId"] as? Int == 3)
        #expect(cancels[0]["mcp-session-id"] == "session-1")
    }
}
