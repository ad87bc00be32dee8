// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DemoServer

/// The demo server's JSON.
@Suite struct JSONValueTests {
    @Test(
        "values come back as they were written",
        arguments: [
            "null", "true", "false", "0", "-0", "1.50", "1E+2", "123456789012345678901234567890", #""""#, #""é😀""#,
            "[]", "[1,[2],{}]", "{}", #"{"b":1,"a":[null],"b":2}"#, #""\"\\\u0001""#, "\"\u{2028}\u{7F}\"",
        ]
    )
    func roundTrip(text: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).bytes == Array(text.utf8))
    }

    @Test(
        "escapes are decoded",
        arguments: [
            (#""\u00e9""#, "é"), (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"),
            (#""\ud83d\u0041""#, "\u{FFFD}A"),
            (#""\/\b\f\n\r\t""#, "/\u{8}\u{C}\n\r\t"), (#""\ud83d\n""#, "\u{FFFD}\n"),
        ]
    )
    func escapes(text: String, decoded: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == .string(decoded))
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "01", "1.", ".5", "-", "+1", "1e", "\"", "\"\u{1}\"", #""\x""#, #""\u12""#, "[1,]", "[1 2]",
            "{,}", #"{"a"}"#, #"{"a":1,}"#, "{a:1}", "1 2", "NaN", "\u{FEFF}1",
        ]
    )
    func faults(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test("invalid UTF-8 and deep nesting are refused")
    func limits() {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22, 0xC3, 0x28, 0x22]) }
        #expect(throws: JSONSyntaxError.self) {
            try JSONValue(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 100_000))
        }
    }
}
