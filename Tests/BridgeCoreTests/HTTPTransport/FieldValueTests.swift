// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Values of the Mcp-Name and Mcp-Param headers")
struct FieldValueTests {
    @Test(
        "R57: what a header can carry goes as it is, all else in Base64",
        arguments: [
            // The examples of the specification.
            ("us-west1", "us-west1"), ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="), ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("", ""), ("a b  c", "a b  c"), ("a\tb", "=?base64?YQli?="), ("~!", "~!"), ("a ", "=?base64?YSA=?="),
            ("\ta", "=?base64?CWE=?="),
            (" ", "=?base64?IA==?="), ("\u{7F}", "=?base64?fw==?="), ("a\u{0}", "=?base64?YQA=?="),
            ("a\r\nX-Evil: 1", "=?base64?YQ0KWC1FdmlsOiAx?="), ("\u{85}", "=?base64?woU=?="),
            ("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="), ("=?base64?", "=?base64?"),
            ("x=?base64?a?=", "x=?base64?a?="),
            ("=?base64?a?= ", "=?base64?PT9iYXNlNjQ/YT89IA==?="), ("=?BASE64?a?=", "=?BASE64?a?="), ("?=", "?="),
        ]
    )
    func encode(_ text: String, _ expected: String) {
        #expect(FieldValue.encode(Array(text.utf8)) == expected)
    }

    @Test("R57: every value can be read back, and none can break a header")
    func roundTrip() throws {
        var random = SeededGenerator(state: 81)
        for length in 0..<300 {
            let range: ClosedRange<UInt8> = length % 2 == 0 ? 0...255 : 0x1E...0x7F
            let bytes = (0..<length % 20).map { _ in UInt8.random(in: range, using: &random) }
            let value = FieldValue.encode(bytes)
            #expect(value.utf8.allSatisfy { 0x20...0x7E ~= $0 })
            #expect(value == value.trimmingCharacters(in: .whitespaces))
            if value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 {
                #expect(Data(base64Encoded: String(value.dropFirst(9).dropLast(2))) == Data(bytes))
            } else {
                #expect(Array(value.utf8) == bytes)
            }
        }
    }
}
