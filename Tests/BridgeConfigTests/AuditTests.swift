// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("[audit]")
struct AuditTests {
    private func read(_ value: String) throws -> Audit { try parse("[audit]\nto = \(value)\n\(anyServer)").audit }

    @Test("R77: the record goes nowhere, to the log, or to a file")
    func read() throws {
        #expect(try parse(anyServer).audit == .off)
        #expect(try parse("[audit]\n\(anyServer)").audit == .off)
        #expect(try read("\"off\"") == .off)
        #expect(try read("\"log\"") == .log)
        guard case .file(let path, let place) = try read("\"/var/log/a.jsonl\"") else {
            Issue.record("no file")
            return
        }
        #expect(path == "/var/log/a.jsonl")
        #expect(place == Place(file: "b.toml", line: 2, column: 6))
    }

    @Test(
        "R77: what is wrong is said with its place",
        arguments: [
            ("to = \"audit.jsonl\"", "b.toml:2:6: `to` must be \"off\", \"log\" or the absolute path of a file"),
            ("to = \"Log\"", "did you mean `log`?"), ("to = \"\"", "b.toml:2:6: `to` must be"),
            ("to = \"/a\\u0000b\"", "b.toml:2:6: `to` must be"), ("to = true", "b.toml:2:6: `to` must be"),
            ("to = \"/{{x}}\"", "`to` holds `{{`"), ("file = \"/a\"", "b.toml:2:1: unknown key `file` in [audit]"),
        ]
    )
    func refused(line: String, message: String) {
        let text = refusal(of: "[audit]\n\(line)\n\(anyServer)")
        #expect(text.contains(message), "\(text)")
    }

    @Test("R77: check says where it goes, and warns where the file cannot be opened, as the start does not")
    func report() throws {
        var machine = CheckReport.Surroundings.everything
        func lines(_ value: String) throws -> [String] {
            CheckReport(try parse("[audit]\nto = \(value)\n\(anyServer)"), file: "b.toml", in: machine).lines
                .filter { $0.hasPrefix("audit") }
        }
        #expect(try lines("\"off\"") == [])
        #expect(try lines("\"log\"") == ["audit     to the log"])
        #expect(try lines("\"/a\"") == ["audit     /a"])
        machine.auditProblem = FileError(reason: "permission denied")
        let report = CheckReport(try parse("[audit]\nto = \"/a\"\n\(anyServer)"), file: "b.toml", in: machine)
        #expect(
            report.warnings.map(\.description)
                == ["b.toml:2:6: the file \"/a\" of `to` in [audit] cannot be opened: permission denied"]
        )
    }
}
