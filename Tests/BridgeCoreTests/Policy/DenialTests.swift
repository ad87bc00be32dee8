// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Denials on their way to the log")
struct DenialTests {
    private static func denial(_ index: Int = 0) -> Denial {
        Denial(.tool, method: "tools/call", name: Array("t\(index)".utf8))
    }

    @Test(
        "R73: a name is shown cut and escaped, a URI without user and query",
        arguments: [
            (.tool, "git_push", "git_push"), (.tool, "a b\"c'", "a b\"c'"), (.tool, "é世", "é世"),
            (.tool, "a\n\u{1B}[31m\u{0}\\", #"a\u{a}\u{1b}[31m\u{0}\u{5c}"#),
            (.tool, "a\u{202E}b\u{200B}", #"a\u{202e}b\u{200b}"#),
            (.tool, "x?y", "x?y"), (.prompt, "u:p@h", "u:p@h"),
            (.resource, "https://u:p@h/a?token=1#x", "https://…@h/a?…"),
            (.resource, "https://h/a@b#secret", "https://h/a@b#…"),
            (.resource, "https://u:p@@h", "https://…@h"), (.resource, "x", "x"), (.resource, "://@", "://…@"),
        ] as [(AccessPolicy.Kind, String, String)]
    )
    func shown(_ kind: AccessPolicy.Kind, _ name: String, _ expected: String) {
        #expect(Denial.shown(Array(name.utf8), kind) == expected)
    }

    @Test("R73: of a long name 128 bytes are shown, and no half of a letter")
    func long() {
        let plain = String(repeating: "x", count: 127)
        #expect(Denial.shown(Array((plain + "x").utf8), .tool) == plain + "x")
        #expect(Denial.shown(Array((plain + "xx").utf8), .tool) == plain + "x…")
        #expect(Denial.shown(Array((plain + "éx").utf8), .tool) == plain + "…")
        let marks = [UInt8](repeating: 0, count: 1 << 20)
        #expect(Denial.shown(marks, .tool).utf8.count < 1_000)
    }

    @Test("R41: so many a second go to the log, the rest is counted and told once a second")
    func rate() {
        var log = DenialLog()
        let limit = DenialLog.perSecond
        for index in 0..<limit + 7 { log.note(Self.denial(index)) }
        var taken = log.take(now: 5)
        #expect(taken.denials.map(\.name) == (0..<limit).map { "t\($0)" } && taken.suppressed == 7)
        log.note(Self.denial())
        taken = log.take(now: 999_999_999)
        #expect(taken.denials.isEmpty && taken.suppressed == 0)
        log.note(Self.denial(9))
        taken = log.take(now: 1_000_000_005)
        #expect(taken.denials == [Self.denial(9)] && taken.suppressed == 1)
        for _ in 0..<limit { log.note(Self.denial()) }
        taken = log.take(now: 1_000_000_006, isEnd: true)
        #expect(taken.denials.count == limit - 1 && taken.suppressed == 1)
    }
}
