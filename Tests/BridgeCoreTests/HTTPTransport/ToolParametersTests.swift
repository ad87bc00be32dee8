// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Arguments of tools that go into headers")
struct ToolParametersTests {
    /// An answer to `tools/list` with these tools.
    private static func list(_ tools: [String], rest: String = "") -> String {
        #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[\#(tools.joined(separator: ","))]\#(rest)}}"#
    }

    private static func tool(_ name: String, properties: String) -> String {
        tool(name, schema: #"{"type":"object","properties":{\#(properties)}}"#)
    }

    private static func tool(_ name: String, schema: String) -> String {
        #"{"name":"\#(name)","description":"A tool","inputSchema":\#(schema)}"#
    }

    private static func learn(
        _ parameters: inout ToolParameters,
        _ answer: String,
        isFirstPage: Bool = true
    ) -> ToolParameters.Page {
        let page = GuardedPage(atLeast: answer.utf8.count)
        return withExtendedLifetime(page) {
            parameters.learn(page.place(Array(answer.utf8)), isFirstPage: isFirstPage)
        }
    }

    private static func fields(_ parameters: ToolParameters, _ tool: String, _ arguments: String?) -> [String]? {
        let rest = arguments.map { #","arguments":\#($0)"# } ?? ""
        let call = #"{"id":1,"method":"tools/call","params":{"name":"\#(tool)"\#(rest),"_meta":{}}}"#
        let page = GuardedPage(atLeast: call.utf8.count)
        return withExtendedLifetime(page) {
            parameters.fields(forCall: page.place(Array(call.utf8)))?.map { "\($0.name): \($0.value)" }
        }
    }

    @Test(
        "R58: a marked argument goes into its header by what it is",
        arguments: [
            (#""us-west1""#, "us-west1"), (#""""#, ""), (#"" padded ""#, "=?base64?IHBhZGRlZCA=?="),
            (#""Hello, \u4e16界""#, "=?base64?SGVsbG8sIOS4lueVjA==?="), (#""a\nb""#, "=?base64?YQpi?="),
            (#""\\""#, "\\"), (#""=?base64?literal?=""#, "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("42", "42"), ("-7", "-7"), ("0", "0"), ("-0", "0"), ("42.0", "42"), ("1e2", "100"), ("-1.5E1", "-15"),
            ("1.5", "1.5"), ("9007199254740991", "9007199254740991"), ("-9007199254740993", "-9007199254740993"),
            ("1e400", "1e400"), ("1e16", "1e16"), ("true", "true"), ("false", "false"),
            ("null", nil), ("{}", nil), ("[1]", nil), (#""\ud800""#, nil),
        ] as [(String, String?)]
    )
    func values(_ value: String, _ expected: String?) {
        var parameters = ToolParameters()
        let page = Self.learn(
            &parameters,
            Self.list([
                Self.tool("t", properties: #""a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"string"}"#)
            ])
        )
        #expect(page.removed.isEmpty && page.invalid.isEmpty && page.nextCursor == nil)
        #expect(parameters.isComplete)
        let expected = expected.map { ["Mcp-Param-Region: \($0)"] } ?? []
        #expect(Self.fields(parameters, "t", #"{"b":"no","a": \#(value) ,"c":"no"}"#) == expected)
        #expect(Self.fields(parameters, "t", #"{"\u0061":\#(value)}"#) == expected)
        // The last of two counts.
        #expect(Self.fields(parameters, "t", #"{"a":"first","a":\#(value)}"#) == expected)
    }

    @Test("R58: marks are found at any depth of properties, and read at the same path")
    func nested() {
        var parameters = ToolParameters()
        let properties = #"""
            "a":{"type":"object","description":"x-mcp-header","properties":{
              "b":{"type":"object","properties":{"c":{"x-mcp-header":"Deep","type":"integer"}}},
              "x-mcp-header":{"type":"boolean","x-mcp-header":"Odd"}}},
            "properties":{"type":"string","x-mcp-\u0068eader":"P!#$%&'*+-.^_`|~9"},
            "d":{"type":"string","default":{"x-mcp-header":"No"},"enum":[{"x-mcp-header":""}],"const":{"x-mcp-header":1}}
            """#
        #expect(Self.learn(&parameters, Self.list([Self.tool("t", properties: properties)])).invalid.isEmpty)
        let arguments = #"{"a":{"b":{"c":5},"c":6,"x-mcp-header":true},"c":7,"properties":"p","d":"d","b":{"c":8}}"#
        #expect(
            Self.fields(parameters, "t", arguments)
                == ["Mcp-Param-Deep: 5", "Mcp-Param-Odd: true", "Mcp-Param-P!#$%&'*+-.^_`|~9: p"]
        )
        #expect(Self.fields(parameters, "t", #"{"a":{"b":{"c":1}},"a":{"b":{}}}"#) == [])
        for arguments in [
            "{}", #"{"a":null}"#, #"{"a":[{"b":1}]}"#, #"{"a":"b"}"#, #"{"a":{"b":5}}"#, "[]", "7", "null",
        ] {
            #expect(Self.fields(parameters, "t", arguments) == [], "\(arguments)")
        }
        #expect(Self.fields(parameters, "t", nil) == [])
    }

    @Test("R58: a known tool without marks has no headers, an unknown one is told apart")
    func known() {
        var parameters = ToolParameters()
        #expect(Self.fields(parameters, "t", "{}") == nil)
        _ = Self.learn(
            &parameters,
            Self.list([Self.tool("t", schema: "{}"), #"{"name":"caf\u00e9"}"#, #"{"name":1}"#, "null", "7"])
        )
        #expect(Self.fields(parameters, "t", #"{"a":1}"#) == [])
        #expect(Self.fields(parameters, "café", nil) == [])
        #expect(Self.fields(parameters, "cafe\u{301}", nil) == nil)
        #expect(Self.fields(parameters, "T", nil) == nil)
        for message in ["{}", #"{"params":[]}"#, #"{"params":{"name":null}}"#, #"{"params":{"arguments":{}}}"#] {
            #expect(Array(message.utf8).withUnsafeBytes { parameters.fields(forCall: $0) } == nil)
        }
    }

    @Test(
        "R58: a mark that the specification forbids takes its tool out of the list",
        arguments: [
            #"{"properties":{"a":{"type":"string","x-mcp-header":""}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"My Region"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"Region:Primary"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"Région"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"Region\t1"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"R\r\nEvil: 1"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"\ud800"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":1}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":null}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":["A"]}}}"#,
            #"{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"type":"object","x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"type":"array","items":{"type":"string"},"x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"type":"null","x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"type":["string","null"],"x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"A"}}}"#,
            #"{"properties":{"a":{"type":"string","x-mcp-header":"My"},"b":{"type":"string","x-mcp-header":"mY"}}}"#,
            #"{"type":"string","x-mcp-header":"Root"}"#,
            #"{"properties":{"a":{"items":{"type":"string","x-mcp-header":"A"}}}}"#,
            #"{"properties":{"a":{"items":{"properties":{"b":{"type":"string","x-mcp-header":"A"}}}}}}"#,
            #"{"properties":{"a":{"prefixItems":[{},{"type":"string","x-mcp-header":"A"}]}}}"#,
            #"{"properties":{"a":{"anyOf":[{"type":"string","x-mcp-header":"A"},{"type":"null"}]}}}"#,
            #"{"allOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]}"#,
            #"{"oneOf":[{"type":"string","x-mcp-header":"A"}]}"#, #"{"not":{"type":"string","x-mcp-header":"A"}}"#,
            #"{"if":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#,
            #"{"then":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#,
            #"{"else":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#,
            ##"{"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string","x-mcp-header":"A"}}}"##,
            #"{"definitions":{"A":{"type":"string","x-mcp-header":"A"}}}"#,
            #"{"additionalProperties":{"type":"string","x-mcp-header":"A"}}"#,
            #"{"patternProperties":{".*":{"type":"string","x-mcp-header":"A"}}}"#,
            #"{"dependentSchemas":{"a":{"properties":{"b":{"type":"string","x-mcp-header":"A"}}}}}"#,
            #"{"\u0069tems":{"type":"string","\u0078-mcp-header":"A"}}"#,
        ]
    )
    func invalid(_ schema: String) throws {
        let valid = Self.tool("good", properties: #""a":{"type":"string","x-mcp-header":"A"}"#)
        for tools in [["bad"], ["bad", "good"], ["good", "bad"], ["bad", "bad2", "good", "bad3"]] {
            var parameters = ToolParameters()
            let answer = Self.list(tools.map { $0 == "good" ? " \(valid) " : Self.tool($0, schema: schema) })
            let page = Self.learn(&parameters, answer)
            #expect(page.invalid.map(\.tool) == tools.filter { $0 != "good" })
            #expect(page.invalid.allSatisfy { !$0.reason.isEmpty })
            var bytes = Array(answer.utf8)
            for range in page.removed.reversed() { bytes.removeSubrange(range) }
            let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            let kept = try #require((object["result"] as? [String: Any])?["tools"] as? [[String: Any]])
            #expect(kept.compactMap { $0["name"] as? String } == tools.filter { $0 == "good" })
            #expect(Self.fields(parameters, "bad", #"{"a":"x"}"#) == nil)
            if tools.contains("good") {
                #expect(String(decoding: bytes, as: UTF8.self).contains(valid))
                #expect(Self.fields(parameters, "good", #"{"a":"x"}"#) == ["Mcp-Param-A: x"])
            }
        }
    }

    @Test("R58: an invalid tool without a name goes too")
    func nameless() {
        var parameters = ToolParameters()
        let schema = #"{"x-mcp-header":"A"}"#
        let tools = [#"{"inputSchema":\#(schema)}"#, Self.tool(#"\ud800"#, schema: schema)]
        let page = Self.learn(&parameters, Self.list(tools))
        #expect(page.invalid.map(\.tool) == ["", ""])
        #expect(page.removed.map(\.count) == [tools.joined(separator: ",").utf8.count])
    }

    @Test("R58: the list is known when its last page has been seen, and forgotten when told")
    func pages() {
        var parameters = ToolParameters()
        var page = Self.learn(&parameters, Self.list([Self.tool("a", schema: "{}")], rest: #","nextCursor":"p\u0032""#))
        #expect(page.nextCursor == Array(#""p\u0032""#.utf8))
        #expect(!parameters.isComplete)
        page = Self.learn(&parameters, Self.list([Self.tool("b", schema: "{}")]), isFirstPage: false)
        #expect(page.nextCursor == nil)
        #expect(parameters.isComplete)
        #expect(Self.fields(parameters, "a", nil) == [] && Self.fields(parameters, "b", nil) == [])
        // A first page begins anew.
        _ = Self.learn(&parameters, Self.list([Self.tool("c", schema: "{}")], rest: #","nextCursor":"x""#))
        #expect(!parameters.isComplete)
        #expect(Self.fields(parameters, "a", nil) == nil && Self.fields(parameters, "c", nil) == [])
        // What was learned of pages before it was forgotten is missing from the whole.
        parameters.forget()
        #expect(Self.fields(parameters, "c", nil) == nil)
        _ = Self.learn(&parameters, Self.list([Self.tool("d", schema: "{}")]), isFirstPage: false)
        #expect(!parameters.isComplete)
        #expect(Self.fields(parameters, "d", nil) == [])
        for end in [#","nextCursor":null"#, #","nextCursor":"""#, #","nextCursor":7"#, ""] {
            #expect(Self.learn(&parameters, Self.list([], rest: end)).nextCursor == nil)
            #expect(parameters.isComplete)
        }
        // An error teaches nothing.
        _ = Self.learn(&parameters, Self.list([Self.tool("e", schema: "{}")]))
        for answer in [#"{"id":1,"error":{"code":-32603,"message":"x"}}"#, #"{"id":1,"result":{}}"#, "{}"] {
            #expect(Self.learn(&parameters, answer).removed.isEmpty)
            #expect(parameters.isComplete && Self.fields(parameters, "e", nil) == [])
        }
    }

    @Test("R58: a tool that is listed again is what the last listing says")
    func again() {
        var parameters = ToolParameters()
        let marked = Self.tool("t", properties: #""a":{"type":"string","x-mcp-header":"A"}"#)
        let plain = Self.tool("t", schema: "{}")
        let bad = Self.tool("t", schema: #"{"x-mcp-header":"A"}"#)
        _ = Self.learn(&parameters, Self.list([plain, marked]))
        #expect(Self.fields(parameters, "t", #"{"a":1}"#) == ["Mcp-Param-A: 1"])
        _ = Self.learn(&parameters, Self.list([plain]), isFirstPage: false)
        #expect(Self.fields(parameters, "t", #"{"a":1}"#) == [])
        _ = Self.learn(&parameters, Self.list([bad]), isFirstPage: false)
        #expect(Self.fields(parameters, "t", #"{"a":1}"#) == nil)
    }

    @Test("R74: a hostile list costs bounded memory and time", .timeLimit(.minutes(1)))
    func hostile() {
        var parameters = ToolParameters()
        let many = (0...ToolParameters.maxTools).map { #"{"name":"t\#($0)"}"# }
        _ = Self.learn(&parameters, Self.list(many))
        #expect(Self.fields(parameters, "t\(ToolParameters.maxTools - 1)", nil) == [])
        #expect(Self.fields(parameters, "t\(ToolParameters.maxTools)", nil) == nil)
        #expect(parameters.isComplete)
        let half = String(repeating: "n", count: ToolParameters.maxBytes / 2)
        _ = Self.learn(&parameters, Self.list(["1", "2", "3"].map { #"{"name":"\#($0)\#(half.dropFirst())"}"# }))
        #expect(Self.fields(parameters, "2" + half.dropFirst(), nil) == [])
        #expect(Self.fields(parameters, "3" + half.dropFirst(), nil) == nil)
        // Listing the same again does not use the room up.
        for _ in 0..<3 {
            _ = Self.learn(&parameters, Self.list([#"{"name":"1\#(half.dropFirst())"}"#]), isFirstPage: false)
        }
        #expect(Self.fields(parameters, "1" + half.dropFirst(), nil) == [])
        let deep = String(repeating: #"{"properties":{"a":"#, count: 500) + #"{"type":"string","x-mcp-header":"A"}"#
        let page = Self.learn(
            &parameters,
            Self.list([Self.tool("d", schema: deep + String(repeating: "}}", count: 500))])
        )
        #expect(page.invalid.map(\.tool) == ["d"])
    }

    @Test("R74: a text that breaks off anywhere is read no further than it goes")
    func broken() {
        let schema = #"{"properties":{"a":{"items":[{"not":{"type":"string"}}],"type":"string","x-mcp-header":"A"}}}"#
        let answer = Array(Self.list([Self.tool("t", schema: schema), "1"], rest: #","nextCursor":"x""#).utf8)
        let page = GuardedPage(atLeast: answer.count)
        for count in 0...answer.count {
            var parameters = ToolParameters()
            let prefix = page.place(answer[..<count])
            let result = parameters.learn(prefix, isFirstPage: true)
            #expect(result.removed.allSatisfy { $0.upperBound <= count })
            #expect(parameters.fields(forCall: prefix)?.isEmpty != false)
            _ = BorrowedMetadata.metadata(of: prefix)
            #expect(RoutingFields(prefix) == nil)
            #expect(JSONEquality.areEqual(prefix, prefix))
        }
    }
}
