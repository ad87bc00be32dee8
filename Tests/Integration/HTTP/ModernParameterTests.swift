// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `x-mcp-header` and `Mcp-Param-*` (R58); `http-custom-headers` and `http-invalid-tool-headers` of the conformance suite.
@Suite struct ModernParameterTests {
    /// The header of each kind of parameter, by property.
    private static let marks = [
        "region": ("string", "Region"), "priority": ("integer", "Priority"), "verbose": ("boolean", "Verbose"),
        "debug": ("boolean", "Debug"), "empty_val": ("string", "EmptyVal"), "method_val": ("string", "Method"),
        "non_ascii_val": ("string", "NonAscii"), "whitespace_val": ("string", "Whitespace"),
        "leading_space_val": ("string", "LeadingSpace"), "trailing_space_val": ("string", "TrailingSpace"),
        "internal_space_val": ("string", "InternalSpace"), "control_char_val": ("string", "ControlChar"),
        "crlf_val": ("string", "CrLf"), "tab_val": ("string", "Tab"), "sentinel": ("string", "Val"),
    ]

    private static func property(_ type: String, _ header: String) -> String {
        #"{"type":"\#(type)","x-mcp-header":"\#(header)"}"#
    }

    static func tool(_ name: String, _ properties: String) -> String {
        #"{"name":"\#(name)","inputSchema":{"type":"object","properties":{\#(properties)}}}"#
    }

    private static var tools: String {
        let properties = marks.map { #""\#($0.key)":\#(property($0.value.0, $0.value.1))"# }.joined(separator: ",")
        let plain = #","query":{"type":"string"},"float_val":{"type":"number"}"#
        let nested = #","where":{"type":"object","properties":{"zone":\#(property("string", "Zone"))}}"#
        return "[\(tool("custom", properties + plain + nested)),\(tool("plain", #""a":{"type":"string"}"#))]"
    }

    private static let arguments =
        #"{"region":"us-west1","priority":42,"verbose":false,"debug":true,"empty_val":"","method_val":"test-method","#
        + #""float_val":3.14159,"non_ascii_val":"Hello, 世界","whitespace_val":" padded ","leading_space_val":" us-west1","#
        + #""trailing_space_val":"us-west1 ","internal_space_val":"us west 1","control_char_val":"line1\nline2","#
        + #""crlf_val":"line1\r\nline2","tab_val":"\tindented","query":"SELECT * FROM users","#
        + #""sentinel":"=?base64?literal?=","where":{"zone":"z-1"}}"#

    private static let expected = [
        "region": "us-west1", "priority": "42", "verbose": "false", "debug": "true", "emptyval": "",
        "method": "test-method", "nonascii": "=?base64?SGVsbG8sIOS4lueVjA==?=", "whitespace": "=?base64?IHBhZGRlZCA=?=",
        "leadingspace": "=?base64?IHVzLXdlc3Qx?=", "trailingspace": "=?base64?dXMtd2VzdDEg?=",
        "controlchar": "=?base64?bGluZTEKbGluZTI=?=", "crlf": "=?base64?bGluZTENCmxpbmUy?=",
        "tab": "=?base64?CWluZGVudGVk?=", "val": "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "zone": "z-1",
    ]

    /// The `Mcp-Param-*` fields of a request; each must stand there once.
    private static func parameters(_ request: HTTPRequest) -> [String: String] {
        let fields = request.headers.filter { $0.name.lowercased().hasPrefix("mcp-param-") }
        return Dictionary(fields.map { (String($0.name.lowercased().dropFirst(10)), $0.value) }) { first, _ in
            Issue.record("a field stands there twice")
            return first
        }
    }

    private func expectAll(_ request: HTTPRequest) {
        var given = Self.parameters(request)
        #expect(ModernHeaderTests.decoded(given.removeValue(forKey: "internalspace") ?? "") == "us west 1")
        #expect(given == Self.expected)
        #expect(request["mcp-method"] == "tools/call")
    }

    @Test("R58: what a listed tool marks goes up as headers; `http-custom-headers`", arguments: [false, true])
    func learned(events: Bool) throws {
        let server = try ScriptedMCPServer(.modern(events ? .events : .json))
        server.setTools(Self.tools)
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        _ = try socket.modern("tools/list", id: 1)
        let answer = try socket.modern("tools/call", id: 2, #""arguments":\#(Self.arguments),"name":"custom""#)
        #expect(answer.error == nil, "\(answer.text)")
        expectAll(try #require(server.messages("tools/call").first))
        #expect(server.messages("tools/list").count == 1)
    }

    @Test("R58: an unknown tool's marks are fetched first, which the client does not see")
    func fetched() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.setTools(Self.tools)
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        // Ids that the bridge might think of for itself.
        for id in 0...3 {
            _ = try socket.modern("tools/call", id: id, #""name":"custom","arguments":\#(Self.arguments)"#)
        }
        try socket.expectQuietModern()
        let lists = server.messages("tools/list")
        #expect(lists.count == 1)
        #expect(lists[0]["mcp-method"] == "tools/list" && lists[0]["mcp-protocol-version"] == "2026-07-28")
        let calls = server.messages("tools/call")
        #expect(calls.count == 4 && calls.allSatisfy { $0.number > lists[0].number })
        for call in calls { expectAll(call) }
    }

    @Test("R58: null, absent and wrongly typed values are left out; unmarked tools have no headers")
    func leftOut() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.setTools(Self.tools)
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        _ = try socket.modern(
            "tools/call",
            id: 1,
            #""name":"custom","arguments":{"region":"us-east1","priority":1,"verbose":null,"where":null,"query":"q"}"#
        )
        _ = try socket.modern("tools/call", id: 2, #""name":"plain","arguments":{"a":"b","region":"r"}"#)
        _ = try socket.modern("tools/call", id: 3, #""name":"custom""#)
        let calls = server.messages("tools/call").map(Self.parameters)
        #expect(calls == [["region": "us-east1", "priority": "1"], [:], [:]])
    }

    @Test("R58: all pages of the list are learned, whoever asked for them", arguments: [false, true])
    func pages(clientAsks: Bool) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("tools/list") { request, reply in
            let page = Int(request.params?["cursor"] as? String ?? "0") ?? 0
            let tool = Self.tool("t\(page)", #""a":\#(Self.property("string", "A\(page)"))"#)
            let next = page < 2 ? #","nextCursor":"\#(page + 1)""# : ""
            try reply.json(request.result(#"{"resultType":"complete","tools":[\#(tool)]\#(next)}"#))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        if clientAsks {
            _ = try socket.modern("tools/list", id: 10)
            _ = try socket.modern("tools/list", id: 11, #""cursor":"1""#)
            _ = try socket.modern("tools/list", id: 12, #""cursor":"2""#)
        }
        for page in 0...2 {
            _ = try socket.modern("tools/call", id: page, #""name":"t\#(page)","arguments":{"a":"v"}"#)
        }
        #expect(server.messages("tools/call").map(Self.parameters) == [["a0": "v"], ["a1": "v"], ["a2": "v"]])
        #expect(server.messages("tools/list").count == 3)
    }

    @Test("R58: -32020 lists anew and sends once more, with what was learned; the client sees the second answer only")
    func mismatch() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.setTools("[" + Self.tool("t", #""a":\#(Self.property("string", "Old"))"#) + "]")
        server.on("tools/call") { request, reply in
            guard request["mcp-param-new"] == "v" else { return try reply.json(request.error(-32020), status: 400) }
            try reply.json(request.result(#"{"resultType":"complete","content":[]}"#))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        _ = try socket.modern("tools/list", id: 1)
        server.setTools("[" + Self.tool("t", #""a":\#(Self.property("string", "New"))"#) + "]")
        let answer = try socket.modern("tools/call", id: 2, #""name":"t","arguments":{"a":"v"}"#)
        #expect(answer.result != nil, "\(answer.text)")
        try socket.expectQuietModern()
        let calls = server.messages("tools/call")
        #expect(calls.map(Self.parameters) == [["old": "v"], ["new": "v"]])
        #expect(calls[0].text == calls[1].text)
        #expect(server.messages("tools/list").count == 2)
    }

    @Test("R58: a second -32020 is the answer")
    func mismatchAgain() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("tools/call") { request, reply in try reply.json(request.error(-32020, "no match"), status: 400) }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        _ = try socket.modern("tools/list", id: 1)
        let answer = try socket.modern("tools/call", id: 2, #""name":"echo""#)
        #expect(answer.errorCode == -32020)
        try socket.expectQuietModern()
        #expect(server.messages("tools/call").count == 2)
    }

    @Test("R58, R35: a list that cannot be had does not swallow the call", arguments: [0, 1, 2])
    func listFails(kind: Int) throws {
        let server = try ScriptedMCPServer(.modern(.json))
        server.on("tools/list") { request, reply in
            switch kind {
            case 0: try reply.json(request.error(-32601), status: 404)
            case 1: try reply.send(500)
            default: reply.reset()
            }
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        _ = try socket.modern("tools/call", id: 1, #""name":"echo""#)
        try socket.expectQuietModern()
    }

    @Test("R58, R60: a call that is cancelled while the list is fetched never goes up")
    func cancelDuringFetch() throws {
        let server = try ScriptedMCPServer(.modern(.json))
        let gate = server.gate()
        server.on("tools/list") { request, reply in
            try reply.wait(gate)
            try reply.json(request.result(#"{"resultType":"complete","tools":[]}"#))
        }
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        try socket.sendModern("tools/call", id: "1", #""name":"echo""#)
        try server.wait("tools/list")
        try socket.send(notification("notifications/cancelled", #"{"requestId":1}"#))
        try socket.waitRead()
        gate.open()
        for id in 100..<110 { try socket.expectQuietModern(id) }
        #expect(server.messages("tools/call").isEmpty && server.messages("notifications/cancelled").isEmpty)
    }

    /// Each breaks one rule for the marks.
    static let invalid = [
        "empty": #""v":{"type":"string","x-mcp-header":""}"#,
        "object": #""v":{"type":"object","x-mcp-header":"Data"}"#,
        "array": #""v":{"type":"array","items":{"type":"string"},"x-mcp-header":"Items"}"#,
        "null": #""v":{"type":"null","x-mcp-header":"Nil"}"#,
        "number": #""v":{"type":"number","x-mcp-header":"N"}"#,
        "same_case": #""f":{"type":"string","x-mcp-header":"Region"},"g":{"type":"string","x-mcp-header":"Region"}"#,
        "diff_case": #""f":{"type":"string","x-mcp-header":"MyField"},"g":{"type":"string","x-mcp-header":"myfield"}"#,
        "space": #""v":{"type":"string","x-mcp-header":"My Region"}"#,
        "colon": #""v":{"type":"string","x-mcp-header":"Region:Primary"}"#,
        "non_ascii": #""v":{"type":"string","x-mcp-header":"Région"}"#,
        "control": #""v":{"type":"string","x-mcp-header":"Region\t1"}"#,
        "crlf": #""v":{"type":"string","x-mcp-header":"A\r\nX-Injected: 1"}"#,
        "not_a_string": #""v":{"type":"string","x-mcp-header":7}"#,
        "items":
            #""v":{"type":"array","items":{"type":"object","properties":{"w":{"type":"string","x-mcp-header":"W"}}}}"#,
        "one_of": #""v":{"oneOf":[{"type":"string","x-mcp-header":"V"}]}"#,
    ]

    @Test(
        "R58: tools with invalid marks are gone from the list, the others stay as they were; `http-invalid-tool-headers`",
        arguments: [false, true]
    )
    func invalidTools(events: Bool) throws {
        let valid =
            #"{ "inputSchema":{"properties":{"region":{"x-mcp-header":"Region","type":"string"}},"type":"object"},"#
            + #""name":"valid_tool","n":12345678901234567890 }"#
        let last = Self.tool("last", #""a":{"type":"string","description":"x-mcp-header"}"#)
        let bad = Self.invalid.sorted { $0.key < $1.key }.map { Self.tool("invalid_\($0.key)", $0.value) }
        let server = try ScriptedMCPServer(.modern(events ? .events : .json))
        server.setTools("[" + ([bad[0], valid] + bad[1...] + [last]).joined(separator: ",") + "]")
        let bridge = try server.bridge()
        let socket = try bridge.connectDocs()
        let answer = try socket.modern("tools/list", id: 1)
        let names = (answer.result?["tools"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
        #expect(names == ["valid_tool", "last"])
        #expect(answer.text.contains(valid) && answer.text.contains(last))
        #expect(try socket.modern("tools/call", id: 2, #""name":"valid_tool","arguments":{"region":"r"}"#).error == nil)
        #expect(server.messages("tools/call").map(Self.parameters) == [["region": "r"]])
        // Which ones and why is for the operator to read.
        _ = try bridge.waitLog("a warning of a tool") { "\($0.fields)".contains("invalid_") }
    }
}
