// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("Whether two JSON texts say the same")
struct JSONEqualityTests {
    private static func areEqual(_ a: String, _ b: String) -> Bool {
        Array(a.utf8).withUnsafeBytes { left in
            Array(b.utf8).withUnsafeBytes { right in
                let forth = JSONEquality.areEqual(left, right)
                #expect(JSONEquality.areEqual(right, left) == forth)
                return forth
            }
        }
    }

    @Test(
        "R52: another spelling of the same is the same",
        arguments: [
            ("{}", " { } "), (#"{"a":1,"b":[2]}"#, #"{ "b" : [ 2 ] , "a" : 1 }"#), ("[ 1 ,2]", "[1,2]"),
            (#""\u00e9\/""#, #""é/""#), (#"{"\u0061":"\ud83d\ude00"}"#, #"{"a":"😀"}"#), ("null", " null\n"),
            (#"{"a":{"x":{},"y":[{"p":1,"q":2}]}}"#, #"{"a":{"y":[{"q":2,"p":1}],"x":{}}}"#),
            (#"{"a":1,"a":2}"#, #"{"\u0061":1,"a":2}"#), (#""\ud800""#, #""\ud800""#), ("", ""),
        ]
    )
    func same(_ a: String, _ b: String) {
        #expect(Self.areEqual(a, b))
    }

    @Test(
        "R52: what differs is told apart",
        arguments: [
            ("{}", "[]"), ("1", "1.0"), ("1", "\"1\""), ("true", "false"), ("[1,2]", "[2,1]"), ("[1]", "[1,1]"),
            ("[]", "[1]"),
            (#"{"a":1}"#, #"{"a":2}"#), (#"{"a":1}"#, #"{"b":1}"#), (#"{"a":1}"#, #"{"a":1,"b":2}"#),
            ("\"a\"", "\"b\""),
            (#"{"a":1,"a":2}"#, #"{"a":2,"a":1}"#), (#""e\u0301""#, #""\u00e9""#), ("null", "{}"), ("", "1"),
            (#"{"a":{"b":{"c":[0]}}}"#, #"{"a":{"b":{"c":[1]}}}"#), (#""\ud800""#, #""\ud801""#),
        ]
    )
    func different(_ a: String, _ b: String) {
        #expect(!Self.areEqual(a, b))
    }

    @Test("R52: a generated value is the same as itself with its members turned round", arguments: 51...54)
    func generated(_ seed: UInt64) {
        var json = RandomJSON(seed: seed)
        for _ in 0..<100 {
            let members = (0..<5).map { "\"k\($0)\":" + json.value() }
            let text = "{" + members.joined(separator: ",") + "}"
            #expect(Self.areEqual(text, "{ " + members.reversed().joined(separator: " ,\n") + " }"))
            let other = json.value()
            #expect(Self.areEqual(other, text) == (other == text))
        }
    }

    @Test("R52: what is nested too deep is different, on a small stack too")
    func depth() async {
        @Sendable func nested(_ depth: Int, _ core: String) -> String {
            String(repeating: #"[{"a":"#, count: depth / 2) + core + String(repeating: "}]", count: depth / 2)
        }
        let equal = await withCheckedContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    returning: [
                        Self.areEqual(nested(126, " 1"), nested(126, "1")),
                        Self.areEqual(nested(130, " 1"), nested(130, "1")),
                        Self.areEqual(nested(1022, " 1"), nested(1022, "1")),
                    ]
                )
            }
            thread.stackSize = 256 << 10
            thread.start()
        }
        #expect(equal == [true, false, false])
    }

    @Test("R52: ten thousand members cost no product", .timeLimit(.minutes(1)))
    func manyMembers() {
        let members = (0..<10_000).map { "\"key\($0)\":\($0)" }
        #expect(Self.areEqual("{\(members.joined(separator: ","))}", "{\(members.reversed().joined(separator: ","))}"))
    }
}
