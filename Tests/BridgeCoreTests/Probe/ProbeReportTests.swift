// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The report of a probe")
struct ProbeReportTests {
    private static func findings(_ name: String?, _ version: String?, _ tools: [String]?) -> ProbeFindings {
        var findings = ProbeFindings()
        findings.serverName = name
        findings.serverVersion = version
        findings.revision = "2025-11-25"
        findings.tools = tools
        return findings
    }

    private static let reports = [
        ProbeReport(
            server: "a",
            outcome: .answered(findings("demo", "1.0", ["x", "y"]), transport: "stdio"),
            nanoseconds: 12_600_000
        ),
        ProbeReport(
            server: "longer",
            outcome: .answered(findings(nil, nil, nil), transport: "Streamable HTTP"),
            nanoseconds: 12_345_000_000
        ),
        ProbeReport(server: "bad", outcome: .failed("no program named x"), nanoseconds: 400_000),
        ProbeReport(server: "raw", outcome: .skipped("it is not MCP")),
    ]

    @Test("the columns of the table are aligned, and a failure has a line")
    func table() {
        let expected = """
            NAME    SERVER     REVISION    TRANSPORT        TOOLS  TIME
            a       demo 1.0   2025-11-25  stdio            2      13 ms
            longer  (unnamed)  2025-11-25  Streamable HTTP  none   12.3 s
            bad     failed: no program named x (0 ms)
            raw     not probed: it is not MCP

            """
        #expect(ProbeReport.table(Self.reports) == expected)
    }

    @Test("what a server says of itself cannot write on the terminal")
    func printable() {
        let name = "a\u{1B}[2J\r\nb\u{202E}c\u{9B}" + String(repeating: "x", count: 1000)
        let reports = [
            ProbeReport(server: "s", outcome: .answered(Self.findings(name, "\u{7}", []), transport: "stdio")),
            ProbeReport(server: "t", outcome: .failed(name)),
        ]
        let table = ProbeReport.table(reports)
        #expect(table.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
        for scalar in ["\u{1B}", "\r", "\u{202E}", "\u{9B}", "\u{7}"] as [Unicode.Scalar] {
            #expect(!table.unicodeScalars.contains(scalar))
        }
        #expect(table.contains("…"))
        #expect(table.utf8.count < 2000)
    }

    @Test("the JSON is one document that says all there is to know of each server")
    func json() throws {
        let text = ProbeReport.json(Self.reports)
        let bytes = Array(text.utf8)
        let servers = try bytes.withUnsafeBytes { text in
            _ = try EnvelopeScanner.scan(text)
            let list = try #require(ObjectMembers.text(of: "servers", in: text))
            return ArrayElements(list).map { String(decoding: list[$0], as: UTF8.self) }
        }
        #expect(servers.count == 4)
        let expected = """
            {
                  "name": "a",
                  "status": "ok",
                  "server": {"name": "demo", "version": "1.0"},
                  "revision": "2025-11-25",
                  "transport": "stdio",
                  "tool_count": 2,
                  "tools": ["x", "y"],
                  "has_more_tools": false,
                  "time_ms": 13
                }
            """
        #expect(servers.first == expected)
        #expect(servers[1].contains(#""server": {"name": null, "version": null}"#))
        #expect(servers[2].contains(#""error": "no program named x""#))
        #expect(servers[3].contains(#""status": "skipped""#))
    }

    @Test("the JSON holds whatever servers say, and without servers it is JSON too")
    func odd() throws {
        let odd = "\"\\\n\u{1}é\u{2028}"
        let reports = [ProbeReport(server: odd, outcome: .answered(Self.findings(odd, odd, [odd]), transport: odd))]
        for text in [ProbeReport.json(reports), ProbeReport.json([])] {
            let envelope = try Array(text.utf8).withUnsafeBytes { try EnvelopeScanner.scan($0) }
            #expect(envelope.isObject)
        }
    }

    @Test("only a failure is one")
    func failure() {
        #expect(Self.reports.map(\.isFailure) == [false, false, true, false])
    }
}
