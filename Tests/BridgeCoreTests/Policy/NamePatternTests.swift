// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Names with stars")
struct NamePatternTests {
    private static func matches(_ pattern: String, _ name: String) -> Bool {
        NamePattern(pattern).matches(Array(name.utf8))
    }

    @Test(
        "Tool policy: a pattern matches whole names, byte by byte",
        arguments: [
            ("git_push", ["git_push"], ["git_pus", "git_push_", "Git_push", "git_push\0", "", " git_push"]),
            ("git_*", ["git_", "git_push", "git_*", "git_\n"], ["git", "xgit_", "GIT_push"]),
            ("*", ["", "a", "*", "\u{0}", "é"], []), ("**", ["", "ab"], []),
            ("*_push", ["_push", "git_push", "_push_push"], ["_pushx", "push"]),
            ("a*a", ["aa", "aba", "aaa"], ["a", "ab", "ba"]),
            ("a*b*c", ["abc", "axbxc", "abbcc", "abcbc"], ["ac", "acb", "abcx", "xabc"]),
            ("*ab*ab*", ["abab", "xabxabx", "aabab"], ["ab", "aba", "abba"]),
            ("*aab*", ["aaab", "aabaab", "xaaaabx"], ["aa", "abab"]),
            ("file:///srv/*.md", ["file:///srv/.md", "file:///srv/a/b.md"], ["file:///srv.md", "file:///srv/a.mdx"]),
            ("a?[b]", ["a?[b]"], ["axb", "a?b"]), ("a\\*", ["a\\", "a\\b"], ["a*"]),
            ("é", ["é"], ["e\u{301}", "É"]), ("😀*", ["😀", "😀x"], ["\u{1F601}"]), ("", [""], ["a"]),
        ] as [(String, [String], [String])]
    )
    func table(_ pattern: String, _ yes: [String], _ no: [String]) {
        for name in yes { #expect(Self.matches(pattern, name), "\(pattern) \(name)") }
        for name in no { #expect(!Self.matches(pattern, name), "\(pattern) \(name)") }
    }

    /// By trying every way to fill the stars.
    private static func reference(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == UInt8(ascii: "*") {
            return (name.startIndex...name.endIndex).contains { Self.reference(pattern.dropFirst(), name[$0...]) }
        }
        return name.first == first && Self.reference(pattern.dropFirst(), name.dropFirst())
    }

    @Test("Tool policy: patterns match what trying every way matches")
    func random() {
        var generator = SeededGenerator(state: 5)
        var matched = 0
        for _ in 0..<20_000 {
            let pattern = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                "ab*".utf8.randomElement(using: &generator)!
            }
            let name = (0..<Int.random(in: 0...10, using: &generator)).map { _ in
                "ab".utf8.randomElement(using: &generator)!
            }
            let expected = Self.reference(pattern[...], name[...])
            #expect(
                NamePattern(String(decoding: pattern, as: UTF8.self)).matches(name) == expected,
                "\(pattern) \(name)"
            )
            matched += expected ? 1 : 0
        }
        #expect(matched > 1_000)
    }

    @Test("R74: no pattern makes a long name costly", .timeLimit(.minutes(1)))
    func hostile() {
        let name = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        let run = String(repeating: "a", count: 2_000)
        for pattern in ["*\(run)b*", "*\(run)b\(run)*", String(repeating: "*a", count: 500) + "*b", "*\(run)*\(run)b"] {
            #expect(!NamePattern(pattern).matches(name))
        }
        #expect(NamePattern(String(repeating: "*a", count: 500) + "*").matches(name))
    }
}
