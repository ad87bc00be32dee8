// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

@Suite("What a tap does not show")
struct TapRedactionTests {
    private func shown(_ text: String, _ more: [String] = [], secrets: [String] = []) -> String? {
        var output = Array("before".utf8)
        let isShown = Array(text.utf8).withUnsafeBytes {
            TapRedaction(more.map { NamePattern($0) }).hiding(secrets).append($0, to: &output)
        }
        let result = String(decoding: output, as: UTF8.self)
        #expect(result.hasPrefix("before"))
        if !isShown { #expect(result == "before") }
        return isShown ? String(result.dropFirst(6)) : nil
    }

    @Test(
        "R73: the values of members whose names say that they are secrets",
        arguments: [
            (#"{"params":{"password":"x"}}"#, #"{"params":{"password":"[redacted]"}}"#),
            (
                #"{"params":{"a":[{"API-Key":{"b":[1,{}]},"c":2}]}}"#,
                #"{"params":{"a":[{"API-Key":"[redacted]","c":2}]}}"#
            ),
            (
                #"{"params":{"clientSecret":null,"Authorization":"Bearer x"}}"#,
                #"{"params":{"clientSecret":"[redacted]","Authorization":"[redacted]"}}"#
            ),
            (#"{"params":{"p\u0061ssword":"x"}}"#, #"{"params":{"p\u0061ssword":"[redacted]"}}"#),
            (
                #"{"result":{"refresh_token":-1.5e3,"token":true}}"#,
                #"{"result":{"refresh_token":"[redacted]","token":"[redacted]"}}"#
            ),
            (#"{ "params" : { "secret" : [ ] , "x" : [ ] } }"#, #"{"params":{"secret":"[redacted]","x":[]}}"#),
        ]
    )
    func redacts(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test(
        "Tap: all else is as it was, without the space between tokens",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"password","arguments":{"q":"a b"}}}"#,
            // The members of the message itself.
            #"{"method":"password","id":"token"}"#,
            // Values, not names; names that only look alike.
            #"{"params":{"a":"password","b":["secre","token"],"progressToken":1,"tokens":2}}"#,
            #"[]"#, #"{}"#, #"[{}]"#, #"1"#, #""x""#, #"{"a":{"b":"\"{\\"}}"#, #"{"a":[true,false,null,-0.5e-7]}"#,
        ]
    )
    func keeps(text: String) {
        #expect(shown(text) == text)
    }

    @Test("Tap: an operator's names count beside the others, with stars, at whatever depth")
    func more() {
        #expect(
            shown(#"{"params":{"ssn":1,"a":{"Date-Of_Birth":2,"x":3}}}"#, ["SSN", "date*"])
                == #"{"params":{"ssn":"[redacted]","a":{"Date-Of_Birth":"[redacted]","x":3}}}"#
        )
        #expect(
            shown(#"{"id":1,"params":{"name":"n","token":"x"}}"#, ["*"])
                == #"{"id":1,"params":{"name":"[redacted]","token":"[redacted]"}}"#
        )
    }

    @Test("Tap: what is no JSON is not shown at all", arguments: ["", "{", #"{"params":{"password":"x"}"#, "x", "{}x"])
    func damaged(text: String) {
        #expect(shown(text) == nil)
    }

    @Test("R73: known secrets are hidden wherever they stand, however they are spelled, also where a text is cut")
    func secrets() throws {
        let secrets = ["hunter2", "hunter2-prod-key", "a/b+c", "pw", "first\nsecond"]
        func hidden(_ text: String) -> String? { shown(text, secrets: secrets) }
        #expect(
            hidden(#"{"params":{"a":"x hunter2-prod-key y","b":["hunter2hunter2"]}}"#)
                == #"{"params":{"a":"x [redacted] y","b":["[redacted][redacted]"]}}"#
        )
        #expect(
            hidden(#"{"params":{"a":"a\/b\u002Bc","hunter\u0032":1,"pw":"pw"}}"#)
                == #"{"params":{"a":"[redacted]","[redacted]":1,"pw":"pw"}}"#
        )
        #expect(
            hidden(#"{"params":{"a":"first","b":"the second","c":"\u00e9 \/"}}"#)
                == #"{"params":{"a":"[redacted]","b":"the [redacted]","c":"\u00e9 \/"}}"#
        )
        let cut = try #require(
            hidden("{\"params\":\"" + String(repeating: "x", count: TapRedaction.textLimit - 3) + "hunter2\"}")
        )
        #expect(!cut.contains("hun"))
    }

    @Test("R73: members beside those of JSON-RPC are no envelope: their names count in the outermost object, too")
    func outermost() {
        #expect(shown(#"{"user":"a","password":"x","id":"y"}"#) == #"{"user":"a","password":"[redacted]","id":"y"}"#)
        #expect(
            shown(#"{"jsonrpc":"2.0","id":1,"error":{"token":1}}"#, ["*"])
                == #"{"jsonrpc":"2.0","id":1,"error":{"token":"[redacted]"}}"#
        )
    }

    @Test("Tap: long texts are cut, and it says how long they are")
    func long() throws {
        let limit = TapRedaction.textLimit
        for (text, isCut) in [
            (String(repeating: "x", count: limit), false), (String(repeating: "ü\n", count: limit), true),
        ] {
            let token = JSONString.token(text)
            let result = try #require(shown("{\"params\":{\"a\":\(token)}}"))
            #expect(Array(result.utf8).withUnsafeBytes { try? EnvelopeScanner.scan($0) } != nil)
            if isCut {
                #expect(result.contains("… (\(text.utf8.count) bytes)") && result.utf8.count < token.utf8.count)
            } else {
                #expect(result == "{\"params\":{\"a\":\(token)}}")
            }
        }
    }

    @Test("Tap: whatever the message, what is shown is the same message but for what is hidden")
    func oracle() throws {
        var generator = SystemRandomNumberGenerator()
        func value(_ depth: Int) -> Any {
            switch Int.random(in: 0..<(depth > 3 ? 4 : 6), using: &generator) {
            case 0: return Int.random(in: -9...9, using: &generator)
            case 1: return ["a", "pass\"word", "\u{1F600}", "", "\\", "{"].randomElement(using: &generator) ?? ""
            case 2: return true
            case 3: return NSNull()
            case 4: return (0..<Int.random(in: 0..<4, using: &generator)).map { _ in value(depth + 1) }
            default:
                let names = ["a", "token", "x-api-key", "b\\", "\"", "Cookie", "é"]
                return Dictionary(
                    (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
                        (names.randomElement(using: &generator) ?? "", value(depth + 1))
                    },
                    uniquingKeysWith: { first, _ in first }
                )
            }
        }
        func hidden(_ value: Any, _ depth: Int) -> Any {
            if let array = value as? [Any] { return array.map { hidden($0, depth + 1) } }
            guard let object = value as? [String: Any] else { return value }
            return Dictionary(
                uniqueKeysWithValues: object.map { name, value in
                    let isSecret = depth > 0 && ["token", "x-api-key", "Cookie"].contains(name)
                    return (name, isSecret ? "[redacted]" : hidden(value, depth + 1))
                }
            )
        }
        for _ in 0..<500 {
            let message = ["id": 1, "params": value(1)] as [String: Any]
            let text = String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self)
            let result = try JSONSerialization.jsonObject(with: Data(try #require(shown(text)).utf8))
            #expect(
                NSDictionary(dictionary: try #require(result as? [String: Any]))
                    == NSDictionary(dictionary: try #require(hidden(message, 0) as? [String: Any]))
            )
        }
    }
}
