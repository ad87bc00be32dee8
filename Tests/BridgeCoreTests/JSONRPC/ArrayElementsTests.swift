// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The elements of a batch")
struct ArrayElementsTests {
    private static func elements(_ text: String) -> [String] {
        let page = GuardedPage(atLeast: text.utf8.count)
        let placed = page.place(Array(text.utf8))
        return withExtendedLifetime(page) {
            ArrayElements(placed).map { String(decoding: UnsafeRawBufferPointer(rebasing: placed[$0]), as: UTF8.self) }
        }
    }

    @Test(
        "R25: each element is its own text",
        arguments: [
            ("[]", []), (" [ ] ", []), ("[\n]", []), ("[1]", ["1"]), ("[1,2]", ["1", "2"]),
            (" [ 1 , 2 ] ", ["1", "2"]),
            ("[[],[[1,2],3],{}]", ["[]", "[[1,2],3]", "{}"]),
            (#"[{"a":[1,{"b":2}]},"x"]"#, [#"{"a":[1,{"b":2}]}"#, #""x""#]),
            (#"["]","[",",","\"","\\","\\\"]"]"#, [#""]""#, #""[""#, #"",""#, #""\"""#, #""\\""#, #""\\\"]""#]),
            (#"[{"]":"}"},{",":"{"}]"#, [#"{"]":"}"}"#, #"{",":"{"}"#]),
            ("[null,true,false,-1.5e3]", ["null", "true", "false", "-1.5e3"]),
            ("\r\n[\r\n1\r\n,\r\n2\r\n]\r\n", ["1", "2"]), (#"["é😀",""]"#, [#""é😀""#, #""""#]),
        ] as [(String, [String])]
    )
    func elements(_ text: String, _ expected: [String]) {
        let trimmed = Self.elements(text).map { element in
            String(decoding: element.utf8.reversed().drop { $0 <= 0x20 }.reversed(), as: UTF8.self)
        }
        #expect(trimmed == expected)
    }

    @Test("R25: generated arrays fall into the elements of which they were made", arguments: 31...34)
    func generated(_ seed: UInt64) {
        var json = RandomJSON(seed: seed)
        for _ in 0..<200 {
            let items = (0..<Int.random(in: 0...6, using: &json.random)).map { _ in json.value() }
            #expect(Self.elements("[" + items.joined(separator: ",") + "]") == items)
        }
    }
}
