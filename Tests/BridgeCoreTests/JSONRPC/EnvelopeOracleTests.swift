// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BridgeCore

/// JSON of any shape from a seed, and damage to it.
struct RandomJSON {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(state: seed)
    }

    mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &random)! }

    mutating func space() -> String { pick(["", "", "", "", " ", "\n", "\t", "\r\n", "  "]) }

    mutating func string() -> String {
        let parts = [
            "a", "id", "method", "é", "\u{2028}", "😀", #"\""#, #"\\"#, #"\/"#, #"\n"#, #"\u0041"#, #"\u00e9"#,
            #"\ud83d\ude00"#, "0123456789abcdef0123456789abcdef", " ", "{", "]", ",", ":", "'",
        ]
        return "\"" + (0..<Int.random(in: 0...4, using: &random)).map { _ in pick(parts) }.joined() + "\""
    }

    mutating func value(depth: Int = 0) -> String {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 7), using: &random) {
        case 0: return string()
        case 1: return pick(["0", "-0", "1", "-17", "1.5", "-0.25", "1e2", "12E-3", "9007199254740993", "3.25e+1"])
        case 2, 3: return pick(["true", "false", "null", "\"\"", "[]", "{}"])
        case 4: return array(depth: depth)
        default: return object(depth: depth)
        }
    }

    private mutating func array(depth: Int) -> String {
        var items: [String] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) { items.append(space() + value(depth: depth + 1) + space()) }
        return "[" + items.joined(separator: ",") + "]"
    }

    private mutating func object(depth: Int) -> String {
        var members: [String] = []
        for index in 0..<Int.random(in: 0...4, using: &random) {
            // Keys differ: what Foundation makes of equal ones is its own affair.
            let key = "\"\(index)" + string().dropFirst()
            members.append(space() + key + space() + ":" + space() + value(depth: depth + 1) + space())
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// Up to three small damages.
    mutating func damaged(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        let alphabet = Array("{}[]\",:\\/ \t\n\r0123456789-+.eEtrufalsnx'".utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.remove(at: at)
            case 1: bytes.insert(pick(alphabet), at: at)
            case 2: bytes[at] = pick(alphabet)
            case 3: bytes.removeLast(bytes.count - at)
            case 4: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
            default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 5)], at: at)
            }
        }
        return bytes
    }
}

@Suite("The scanner against Foundation's JSON")
struct EnvelopeOracleTests {
    /// What Foundation makes of the text; nil where its own limits decide and not the grammar.
    private func foundationTakes(_ bytes: [UInt8]) -> Bool? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // Half surrogates, numbers beyond a Double and NUL (taken for UTF-16) are matters of taste.
        if text.contains(#/\\u[dD][89a-fA-F]/#) || text.contains(#/[eE][+\-]?[0-9]{3}/#) || bytes.contains(0) {
            return nil
        }
        let takes = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
        // It forgives a comma at the end of an array.
        return takes && text.contains(#/,[ \t\r\n]*\]/#) ? nil : takes
    }

    @Test("R24: generated texts are taken", arguments: 1...4)
    func generated(_ seed: UInt64) {
        var json = RandomJSON(seed: seed)
        for _ in 0..<500 {
            let text = json.space() + json.value() + json.space()
            #expect(isTaken(Array(text.utf8)), "\(text)")
            #expect(foundationTakes(Array(text.utf8)) != false, "\(text)")
        }
    }

    @Test("R24: damaged texts are taken or refused as Foundation does", arguments: 11...18)
    func damaged(_ seed: UInt64) {
        var json = RandomJSON(seed: seed)
        let page = GuardedPage(atLeast: 1 << 16)
        var taken = 0
        var refused = 0
        for _ in 0..<2000 {
            let bytes = json.damaged(json.value())
            guard let expected = foundationTakes(bytes) else { continue }
            let actual = (try? EnvelopeScanner.scan(page.place(bytes))) != nil
            #expect(actual == expected, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            if expected { taken += 1 } else { refused += 1 }
        }
        // Both outcomes must have been tried in earnest.
        #expect(taken > 200 && refused > 500, "\(taken) taken, \(refused) refused")
    }

    @Test("R22: the ranges of generated members are exactly their text", arguments: 21...24)
    func ranges(_ seed: UInt64) throws {
        var json = RandomJSON(seed: seed)
        for _ in 0..<200 {
            // A method that is no scalar is refused unseen, so its end is not recorded.
            let values = ["id", "method", "params", "result", "error"]
                .map { (key: $0, text: $0 == "method" ? json.string() : json.value()) }
            var members = values.map { (key: json.spelled($0.key), text: $0.text) }
            members.append((key: #""other""#, text: json.value()))
            members.shuffle(using: &json.random)
            var text = json.space() + "{"
            for (index, member) in members.enumerated() {
                text += (index > 0 ? "," : "") + json.space() + member.key + json.space() + ":" + json.space()
                text += member.text + json.space()
            }
            text += "}" + json.space()
            let envelope = try scanned(text)
            let found = [envelope.id, envelope.method, envelope.params, envelope.result, envelope.error]
            for (value, expected) in zip(found, values) {
                #expect(value.map { text[bytes: $0.range] } == expected.text, "\(expected.key) in \(text)")
            }
            #expect(envelope.hasLineBreak == text.utf8.contains { $0 == 0x0A || $0 == 0x0D })
        }
    }
}

extension RandomJSON {
    /// A key as a token, some of its letters escaped at random.
    mutating func spelled(_ key: String) -> String {
        var token = "\""
        for byte in key.utf8 {
            let hex = String(byte, radix: 16)
            token +=
                Bool.random(using: &random) ? String(Unicode.Scalar(byte)) : #"\u00"# + pick([hex, hex.uppercased()])
        }
        return token + "\""
    }
}
