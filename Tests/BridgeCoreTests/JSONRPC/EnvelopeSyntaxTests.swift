// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// RFC 8259, category by category, as the well-known conformance suites divide it.
@Suite("What is JSON and what is not")
struct EnvelopeSyntaxTests {
    @Test(
        "R24: every JSON text is taken",
        arguments: [
            // Structure.
            "[]", "{}", "[[]]", "[{}]", #"{"":{}}"#, #"{"a":[]}"#, #"[[],[[]],{"a":{}}]"#, "[ ]", "{ }", "[1,2]",
            #"{"a":1,"b":2}"#, #"{"a":"b","a":"c"}"#, #"{"a":"b","a":"b"}"#, #"{"":0}"#, #"{"foo\u0000bar":42}"#,
            #"{"a":[{"b":[{"c":null}]}]}"#, #"[null,1,"1",{}]"#,
            // White space.
            " []", "[] ", "\t[\n1\r,\t2 ]\r\n", #"{"a" : 1 , "b":2 }"#, "{\"a\":\n\"b\"}", "\r\n{\r\n}\r\n",
            // Scalars at the root.
            "0", "-1", "1.5", #""""#, #""a""#, "true", "false", "null", " 42 ", "-0", "1e5",
            // Numbers.
            "[0]", "[-0]", "[-0.0]", "[0.1]", "[-123]", "[0e+1]", "[0e1]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]",
            "[123.456e78]", "[1e-2]", "[20e1]", "[123.456789]", "[-0.000000000000000000000000000000000000001]",
            "[9007199254740993]", "[123456789012345678901234567890]", "[1e400]", "[-1e-400]", "[4 ]", "[0 ]",
            // Literals.
            "[true]", "[false]", "[null]", "[true,false,null]",
            // Strings.
            #"["\"\\\/\b\f\n\r\t"]"#, #"["\u0000"]"#, #"["\u12ab\u12AB"]"#, #"["\\u0000"]"#, #"["\\\""]"#, #"["\\\\"]"#,
            #"["\uD801\udc37"]"#, #"["\ud83d\ude39\ud83d\udc8d"]"#, #"["\uDBFF\uDFFF"]"#, #"["\uFFFF"]"#,
            #"["\u0022"]"#, #"["\u2028\u2029"]"#, #"["a/*b*/c"]"#, #"["new\u00A0line"]"#,
            "[\"\u{7F}\"]", "[\"\u{2028}\u{2029}\"]", "[\"é\u{1F600}\u{10FFFF}\"]", "[\"\u{FEFF}\"]", "[\"\u{85}\"]",
            // Half a pair is well-formed by the grammar, whatever else may read it.
            #"["\uD800"]"#, #"["\uDC00\uD800"]"#, #"["\uD800\u0041"]"#,
        ]
    )
    func valid(_ text: String) {
        #expect(throws: Never.self) { try scanned(text) }
    }

    @Test(
        "R24: whatever is not JSON is refused",
        arguments: [
            // Nothing, or no value.
            "", " ", "\n", "\t\r\n", ",", ":", "]", "}", "abc", "*", "<html>", "Starting server…",
            // Structure.
            "[", "{", "[1", "[1,", "[,", "[,1]", "[1,,2]", "[1,]", "[\"a\",]", "[1 2]", "[1:2]", "[:]", "[}", "{]",
            "[1}",
            #"{"a":1"#, #"{"a":1]"#, #"{"a":1,}"#, #"{"a":1,,"b":2}"#, #"{,"a":1}"#, #"{"a" 1}"#, #"{"a"}"#, #"{"a":}"#,
            #"{"a":"#, #"{"a"#, #"{"a","b"}"#, #"{"a"::1}"#, #"{:1}"#, #"{1:1}"#, #"{null:1}"#, #"{a:1}"#, #"{'a':1}"#,
            #"{[]:1}"#, #"{"a":1 "b":2}"#, "[]]", "{}}", "[][]", "{}{}", "[] x", "1 1", "1]", #""a""b""#, "[1],", "{}#",
            "[[[[", "[{", #"[{"#, #"{"a":[}"#, #"{"a":{"b"}"#, "{{}}", "[1;2]",
            // Comments and other tongues.
            "/**/[]", "[]//", "[1/*2*/]", "{/**/}", "#\n[]", "[NaN]", "[Infinity]", "[-Infinity]", "[undefined]",
            "['a']",
            "[0x1]", "[1_000]", "[０]", "[\"a\"\u{A0}]", "\u{FEFF}[]", "[\u{2028}]", "[\u{0B}]", "[\u{0C}]", "\u{85}[]",
            "[\u{0}]", "\u{0}", "[]\u{0}",
            // Numbers.
            "-", "[-]", "[+1]", "[01]", "[-01]", "[00]", "[1.]", "[.1]", "[-.1]", "[1.e1]", "[0.e1]", "[1e]", "[1e+]",
            "[1E-]",
            "[1.5e]", "[1e1.5]", "[1.2.3]", "[--1]", "[- 1]", "[-a]", "[1a]", "[1 000]", "[1+2]", "[0e]", "[1ee2]",
            "[e1]",
            "[2.e+3]", "[-1.]",
            // Literals.
            "[t]", "[tru]", "[truE]", "[True]", "[fals]", "[nul]", "[nulll]", "[truefalse]", "t", "nul", "[n", "tru",
            // Strings.
            "\"", "\"a", "[\"a]", #"["\"#, #"["\"]"#, #"["\x41"]"#, #"["\a"]"#, #"["\0"]"#, #"["\'"]"#, #"["\u"]"#,
            #"["\u1"]"#,
            #"["\u12"]"#, #"["\u123"]"#, #"["\u123g"]"#, #"["\U0041"]"#, #"["\u+123"]"#, #"["\u 123"]"#, #"["\é"]"#,
            #""\u00"#, #""\"#, #"{"\u00zz":1}"#, "[\"\n\"]", "[\"\r\"]", "[\"\t\"]", "[\"\u{0}\"]", "[\"\u{1F}\"]",
            "[\"a\u{1F}0123456789\"]", #"[\u0041]"#, #"\u0022\u0022"#, #"["a" "b"]"#, #"["\ "]"#,
        ]
    )
    func invalid(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try scanned(text) }
    }

    @Test(
        "R24: the reason and the place of a fault are told",
        arguments: [
            ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("[1}", .unexpectedByte, 2),
            ("{}x", .trailingBytes, 2), ("[-x]", .badNumber, 2), ("[nil]", .badLiteral, 1),
            (#"["\q"]"#, .badEscape, 2), ("[\"a\u{1}\"]", .controlCharacter, 3), ("\"ab", .unexpectedEnd, 3),
            (#"{"a":1,}"#, .unexpectedByte, 7), ("\u{FEFF}[]", .unexpectedByte, 0),
        ] as [(String, JSONSyntaxError.Reason, Int)]
    )
    func places(_ text: String, _ reason: JSONSyntaxError.Reason, _ offset: Int) {
        #expect(throws: JSONSyntaxError(reason: reason, offset: offset)) { try scanned(text) }
        #expect(!JSONSyntaxError(reason: reason, offset: offset).explanation.isEmpty)
    }

    @Test("R24: 1,024 containers may be nested, not one more", arguments: ["[", #"{"a":"#, #"[{"id":"#])
    func depth(_ opening: String) {
        let perTurn = opening.count { $0 == "[" || $0 == "{" }
        let closing = String(opening.reversed().compactMap { $0 == "[" ? "]" : $0 == "{" ? "}" : nil })
        func nested(_ turns: Int, around core: String) -> String {
            String(repeating: opening, count: turns) + core + String(repeating: closing, count: turns)
        }
        let turns = EnvelopeScanner.maxDepth / perTurn
        #expect(EnvelopeScanner.maxDepth == 1024)
        #expect(throws: Never.self) { try scanned(nested(turns, around: "1")) }
        #expect(throws: JSONSyntaxError(reason: .tooDeep, offset: opening.utf8.count * turns)) {
            try scanned(nested(turns, around: "[]"))
        }
        #expect(throws: JSONSyntaxError.self) { try scanned(String(repeating: "[", count: 1 << 20)) }
    }

    @Test("R24: what stands behind a deep value is found as behind a flat one", arguments: 1...80)
    func behindDepth(_ depth: Int) throws {
        let deep = String(repeating: #"{"id":["#, count: depth) + String(repeating: "]}", count: depth)
        let text = #"{"params":\#(deep),"id":7,"x":{"id":1,"id":2}}"#
        let envelope = try scanned(text)
        #expect(envelope.id.map { text[bytes: $0.range] } == "7")
        #expect(envelope.params.map { text[bytes: $0.range] } == deep)
        #expect(envelope.hasDuplicateKey && !envelope.hasDuplicateID)
    }

    @Test("R24: depth is of what is open, not of what has been")
    func depthOfOpenOnes() {
        let shallow = "[" + Array(repeating: #"{"a":[[]]}"#, count: 5000).joined(separator: ",") + "]"
        #expect(throws: Never.self) { try scanned(shallow) }
    }
}
