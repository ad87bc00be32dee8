// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The members of an object")
struct ObjectMembersTests {
    private static func members(_ text: String) -> [[String]] {
        let page = GuardedPage(atLeast: text.utf8.count)
        let placed = page.place(Array(text.utf8))
        return withExtendedLifetime(page) {
            ObjectMembers(placed).map { member in
                [text[bytes: member.key], text[bytes: member.value], member.isKeyEscaped ? "escaped" : ""]
            }
        }
    }

    private static func value(of name: StaticString, in text: String) -> String? {
        Array(text.utf8).withUnsafeBytes { ObjectMembers.value(of: name, in: $0) }.map { text[bytes: $0] }
    }

    @Test(
        "R22: each member is found where it stands",
        arguments: [
            ("{}", []), (" { } ", []), (#"{"a":1}"#, [["a", "1", ""]]),
            (" {\r\n\"a\" : 1 ,\t\"b\" : true \n} ", [["a", "1", ""], ["b", "true", ""]]),
            (#"{"a":{"b":[1,{"c":"}"}]},"d":[]}"#, [["a", #"{"b":[1,{"c":"}"}]}"#, ""], ["d", "[]", ""]]),
            (
                #"{"":"","\"":"\\","é":"\""}"#,
                [["", #""""#, ""], [#"\""#, #""\\""#, "escaped"], ["é", #""\"""#, ""]]
            ),
            (#"{"a":-1.5e3,"a":null}"#, [["a", "-1.5e3", ""], ["a", "null", ""]]),
            (#"{":":":",",":"{"}"#, [[":", #"":""#, ""], [",", #""{""#, ""]]),
        ] as [(String, [[String]])]
    )
    func members(_ text: String, _ expected: [[String]]) {
        #expect(Self.members(text) == expected)
    }

    @Test(
        "R22: a text that is no object has no members, and a broken one ends nobody",
        arguments: [
            "", " ", "[]", #"["a",1]"#, #""a""#, "1", "{", #"{"a"#, #"{"a""#, #"{"a":"#, #"{"a\"#, "{,", "{1:2}",
            "}",
        ]
    )
    func noObject(_ text: String) {
        #expect(Self.members(text).isEmpty)
    }

    @Test("R22: generated objects fall into the members of which they were made", arguments: 41...44)
    func generated(_ seed: UInt64) {
        var json = RandomJSON(seed: seed)
        for _ in 0..<200 {
            let members = (0..<Int.random(in: 0...6, using: &json.random)).map { _ in
                (key: json.string(), value: json.value())
            }
            let texts = members.map { member in
                json.space() + member.key + json.space() + ":" + json.space() + member.value + json.space()
            }
            #expect(
                Self.members("{" + texts.joined(separator: ",") + "}").map { ["\"\($0[0])\"", $0[1]] }
                    == members.map { [$0.key, $0.value] }
            )
        }
    }

    @Test("R24: names compare after unescaping, and of several the last counts")
    func names() {
        #expect(Self.value(of: "name", in: #"{"x":{"name":0},"name":1}"#) == "1")
        #expect(Self.value(of: "name", in: #"{"n\u0061me":1}"#) == "1")
        #expect(Self.value(of: "name", in: #"{"name":1,"n\u0061me":[2]}"#) == "[2]")
        #expect(Self.value(of: "name", in: #"{"name ":1,"Name":2,"nam":3}"#) == nil)
        #expect(Self.value(of: "name", in: #"["name",1]"#) == nil)
    }
}
