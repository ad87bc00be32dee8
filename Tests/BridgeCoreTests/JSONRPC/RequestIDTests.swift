// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Ids by their JSON value")
struct RequestIDTests {
    @Test(
        "R26: spellings of one value are one id",
        arguments: [
            ("0", "-0"), ("1", "1"), (#""é""#, #""\u00e9""#), (#""é""#, #""\u00E9""#), (#""a/b""#, #""a\/b""#),
            (#""😀""#, #""\ud83d\ude00""#), (#""😀""#, #""\uD83D\uDE00""#), (#""a""#, #""\u0061""#),
            (#""\n""#, #""\u000a""#),
            (#""\"\\""#, #""\u0022\u005c""#), (#""\b\f\r\t""#, #""\u0008\u000C\u000d\u0009""#), (#""""#, #""""#),
            ("123456789012345678901234567890", "123456789012345678901234567890"), (#""\u0000""#, #""\u0000""#),
        ]
    )
    func same(_ one: String, _ other: String) throws {
        let one = try #require(requestID(one))
        let other = try #require(requestID(other))
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(Set([one, other]).count == 1)
    }

    @Test(
        "R26: different values are different ids",
        arguments: [
            ("1", #""1""#), ("0", #""0""#), ("1", "-1"), ("1", "2"), (#""a""#, #""A""#), (#""""#, #"" ""#),
            // Composed and decomposed: canonically equivalent, but not the same text.
            (#""\u00e9""#, #""e\u0301""#), ("\"\u{E9}\"", "\"e\u{301}\""), (#""\u212b""#, #""\u00c5""#),
            (#""a""#, #""a\u0000""#), (#""\u0000""#, #""""#), (#""\\u0061""#, #""a""#), ("0", #""""#),
            ("9007199254740992", "9007199254740993"), ("9223372036854775807", "9223372036854775808"),
            ("-9223372036854775808", "9223372036854775808"), ("18446744073709551616", "0"),
            ("123456789012345678901234567890", "123456789012345678901234567891"),
            ("9223372036854775808", #""9223372036854775808""#),
        ]
    )
    func different(_ one: String, _ other: String) throws {
        let one = try #require(requestID(one))
        let other = try #require(requestID(other))
        #expect(one != other)
        #expect(Set([one, other]).count == 2)
    }

    @Test(
        "R26: integers of every size",
        arguments: [
            ("0", .integer(0)), ("-0", .integer(0)), ("-17", .integer(-17)),
            ("9007199254740993", .integer(9_007_199_254_740_993)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775807", .integer(-.max)),
            ("9223372036854775808", .bigInteger(.init(Array("9223372036854775808".utf8)))),
            ("-123456789012345678901234567890", .bigInteger(.init(Array("-123456789012345678901234567890".utf8)))),
            ("99999999999999999999", .bigInteger(.init(Array("99999999999999999999".utf8)))),
        ] as [(String, RequestID)]
    )
    func integers(_ token: String, _ expected: RequestID) {
        #expect(requestID(token) == expected)
    }

    @Test(
        "R24: what is no string or integer is no id",
        arguments: [
            "null", "true", "false", "{}", "[]", "[1]", "1.0", "1.5", "1e2", "-0.0", "0e0", #"{"id":1}"#,
        ]
    )
    func refused(_ token: String) {
        #expect(requestID(token) == nil)
    }

    @Test(
        "R26: half a surrogate pair is no id, since no two parsers read it alike",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\ud83d""#, #""a\ud83db""#, #""\ud83d\ud83d""#, #""\ude00\ud83d""#,
            #""\ud83d\u0041""#,
            #""\ud83d\n""#, #""\ud83dude00""#, #""\ud83d\ude00\ud83d""#, #""\uDBFF""#, #""\uDFFF""#,
        ]
    )
    func halves(_ token: String) {
        #expect(requestID(token) == nil)
        #expect(respelledID(token) == nil)
    }

    @Test(
        "R26: a server may respell an integer with fraction or exponent",
        arguments: [
            ("1.0", 1), ("1e2", 100), ("-0.0", 0), ("1.5e1", 15), ("12E-0", 12), ("-3.0", -3), ("100e-2", 1), ("7", 7),
            ("9007199254740991.0", 9_007_199_254_740_991), ("-9007199254740991.0", -9_007_199_254_740_991),
        ] as [(String, Int64)]
    )
    func respelled(_ token: String, _ value: Int64) {
        #expect(respelledID(token) == .integer(value))
    }

    @Test(
        "R26: a number that is no integer, or one that floating point cannot tell from its neighbours, is no id",
        arguments: [
            "1.5", "1e-1", "1e400", "-1e400", "9007199254740993.0", "9007199254740992.0", "-9007199254740993.0", "1e18",
            "null",
            "9.223372036854775807e18", "true", "[]",
        ]
    )
    func notRespelled(_ token: String) {
        #expect(respelledID(token) == nil)
    }

    @Test(
        "R26: an id is spelled as a token that reads as the same id",
        arguments: [
            ("1", "1"), ("-0", "0"), ("-12", "-12"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (#""a""#, #""a""#), (#""""#, #""""#), (#""\u00e9""#, #""é""#), (#""\"\\\/""#, #""\"\\/""#),
            (#""\n\u0001\u001f\u007f""#, "\"\\n\\u0001\\u001f\u{7F}\""), (#""\ud83d\ude00""#, #""😀""#),
            (#""\u2028""#, "\"\u{2028}\""),
        ]
    )
    func spelling(_ token: String, _ expected: String) throws {
        let id = try #require(requestID(token))
        let spelling = String(decoding: id.spelling, as: UTF8.self)
        #expect(spelling == expected && spelling.utf8.elementsEqual(expected.utf8))
        #expect(requestID(spelling) == id)
    }

    @Test("R26: every scalar value of the first plane, and pairs beyond it, read as themselves when escaped")
    func everyEscape() throws {
        for value in stride(from: UInt32(0), through: 0x10FFFF, by: 1).lazy where value < 0x800 || value % 251 == 0 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let escaped = String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
            let decoded = Array(escaped.utf8).withUnsafeBytes { JSONString.decode($0) }
            #expect(decoded == Array(String(scalar).utf8), "U+\(String(value, radix: 16))")
        }
    }

    @Test(
        "R74: an escape that breaks off is no text and reads nothing beyond",
        arguments: [
            #"\u"#, #"\u1"#, #"\u12"#, #"\u123"#, #"\ud83d\"#, #"\ud83d\u"#, #"\ud83d\ude0"#, #"\uzzzz"#,
            #"\ud83d\uzzzz"#,
        ]
    )
    func brokenEscapes(_ contents: String) {
        let page = GuardedPage(atLeast: 64)
        #expect(JSONString.decode(page.place(Array(contents.utf8))) == nil)
    }
}
