// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("A child's standard error")
struct StandardErrorLinesTests {
    private static let second: Int64 = 1_000_000_000

    /// What the log gets of the pieces, all read at one time.
    private static func logged(_ pieces: [String], secrets: [String] = []) -> [String] {
        var lines = StandardErrorLines(secrets: secrets)
        var told: [String] = []
        for piece in pieces { told += Array(piece.utf8).withUnsafeBytes { lines.receive($0, now: 5) } }
        return told + lines.finish(now: 5)
    }

    @Test("R41: however reads divide it, the lines are the same")
    func splits() {
        let text = "one\r\n\ntwo é\n\r\nthree"
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            var lines = StandardErrorLines(secrets: [])
            var told: [String] = []
            for piece in [bytes[..<first], bytes[first...]] {
                told += Array(piece).withUnsafeBytes { lines.receive($0, now: 0) }
            }
            told += lines.finish(now: 0)
            #expect(told == ["one", "two é", "three"], "split at \(first)")
            #expect(lines.tail == told)
        }
    }

    @Test("R41: a line of any length is taken, and its beginning kept")
    func longLines() {
        let limit = StandardErrorLines.lineLimit
        let whole = String(repeating: "x", count: limit)
        #expect(Self.logged([whole + "\nb\n"]) == [whole, "b"])
        #expect(Self.logged([whole + "y\nb\n"]) == [whole + "…", "b"])
        #expect(Self.logged([String](repeating: whole, count: 50) + ["\n", "b\n"]) == [whole + "…", "b"])
        #expect(Self.logged([whole + "y"]) == [whole + "…"])
    }

    @Test("R41: the log gets so many lines a second, and is told how many it missed")
    func rate() {
        var lines = StandardErrorLines(secrets: [])
        let flood = Array(String(repeating: "x\n", count: StandardErrorLines.linesPerSecond + 7).utf8)
        let now: Int64 = 10 * Self.second
        #expect(flood.withUnsafeBytes { lines.receive($0, now: now) }.count == StandardErrorLines.linesPerSecond)
        #expect(Array("y\n".utf8).withUnsafeBytes { lines.receive($0, now: now + Self.second - 1) }.isEmpty)
        #expect(
            Array("z\n".utf8).withUnsafeBytes { lines.receive($0, now: now + Self.second) } == [
                "(8 lines not logged)", "z",
            ]
        )
        #expect(lines.finish(now: now + Self.second).isEmpty)
        #expect(
            flood.withUnsafeBytes { lines.receive($0, now: now + Self.second) }.count == StandardErrorLines
                .linesPerSecond - 1
        )
        #expect(lines.finish(now: now + Self.second) == ["(8 lines not logged)"])
    }

    @Test("R38: the last lines are kept for the client, those too that the log did not get")
    func tail() {
        var lines = StandardErrorLines(secrets: [])
        let text = (0..<500).map { "line \($0)\n" }.joined()
        _ = Array(text.utf8).withUnsafeBytes { lines.receive($0, now: 0) }
        #expect(lines.tail == (500 - StandardErrorLines.tailLines..<500).map { "line \($0)" })
    }

    @Test(
        "R73: secrets are blotted out, wherever they stand",
        arguments: [
            (["hunter22"], "token hunter22!", "token [redacted]!"), (["hunter22"], "hunter22", "[redacted]"),
            (["hunter22"], "hunter22hunter22 hunter", "[redacted][redacted] [redacted]"),
            (["hunter22"], "hunter23", "hunter23"),
            (["abcd", "abcdefgh"], "x abcdefgh y", "x [redacted] y"),
            (["abcdefgh", "abcd"], "x abcdefgh y", "x [redacted] y"),
            (["first1\nsecond2"], "second2 first1", "[redacted] [redacted]"),
            (["first1\r\nsecond2"], "second2 first1", "[redacted] [redacted]"), (["geheimé"], "geheimé", "[redacted]"),
            (["abc"], "abc", "abc"), ([""], "abc", "abc"), (["aaab"], "aaaaaab", "aaa[redacted]"),
        ]
    )
    func secrets(_ secrets: [String], _ line: String, _ expected: String) {
        #expect(Self.logged([line + "\n"], secrets: secrets) == [expected])
        #expect(Self.logged(line.map { String($0) }, secrets: secrets) == [expected])
    }

    @Test("R38, R73: the lines kept for the client show no secret either, those neither that the log did not get")
    func secretsInTail() {
        var lines = StandardErrorLines(secrets: ["hunter22"])
        let count = StandardErrorLines.linesPerSecond + StandardErrorLines.tailLines / 2
        for index in 0..<count {
            _ = Array("\(index) hunter22\n".utf8).withUnsafeBytes { lines.receive($0, now: 0) }
            #expect(lines.tail.last == "\(index) [redacted]")
        }
    }

    @Test("R73: a secret that the cut of a long line divides is blotted out")
    func secretAtCut() {
        let line = String(repeating: "x", count: StandardErrorLines.lineLimit - 5) + "hunter22\n"
        let told = Self.logged([line], secrets: ["hunter22"])
        #expect(told.count == 1 && told[0].hasSuffix("x[redacted]…"))
    }
}
