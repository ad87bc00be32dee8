// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("What check prints")
struct CheckReportTests {
    private let everything = CheckReport.Surroundings(findsProgram: { _ in true }, hasDirectory: { _ in true })
    private let nothing = CheckReport.Surroundings(findsProgram: { _ in false }, hasDirectory: { _ in false })

    @Test("The servers with what is not default about them, and no values of variables")
    func lines() throws {
        let configuration = try parse(
            """
            [limits]
            queue = "2MiB"
            [servers.a]
            command = ["x", "--name", "a b", ""]
            [servers.b]
            command = ["y"]
            path = "/b/1"
            cwd = "/srv"
            protocol = "lines"
            env = { A = "1", B = { file = "/f" }, C = { env = "D" } }
            inherit_env = ["E"]
            expose_stderr = true
            stop = { term_grace = "10s" }
            [servers.b.limits]
            max_message = "8MiB"
            queue = "2MiB"
            max_children = 3
            """
        )
        let report = CheckReport(configuration, file: "b.toml", in: everything)
        #expect(
            report.lines.joined(separator: "\n") == """
                listen    127.0.0.1:8765 (this machine only)
                limits    queue = "2MiB"

                a  ws://127.0.0.1:8765/a
                  command   x --name "a b" ""
                  protocol  mcp

                b  ws://127.0.0.1:8765/b/1
                  command   y
                  cwd       /srv
                  protocol  lines
                  env       A, B (file /f), C (variable D), E (inherited)
                  changed   stop.term_grace = "10s", expose_stderr = true, limits.max_message = "8MiB", limits.max_children = 3
                """
        )
        #expect(report.warnings.isEmpty)
    }

    @Test("What is valid but doubtful is a warning with its place")
    func warnings() throws {
        let configuration = try parse(
            """
            [listen]
            insecure_public = true
            [servers.a]
            command = ["npx server"]
            cwd = "/none"
            oversize_response = "32MiB"
            [servers.a.limits]
            max_connections = 5000
            max_children = 1024
            """
        )
        #expect(
            CheckReport(configuration, file: "b.toml", in: nothing).warnings.map(\.description) == [
                "b.toml: `insecure_public` has no effect: 127.0.0.1:8765 is reachable from this machine only",
                "b.toml:3:10: server `a`: the program \"npx server\" was not found; write each argument as a string of its own",
                "b.toml:3:10: server `a`: the directory \"/none\" does not exist",
                "b.toml:3:10: server `a`: `max_connections` = 5000 has no effect: [limits] allows 1024 for all servers together",
                "b.toml:3:10: server `a`: `oversize_response` has no effect: `max_line` ends the connection first",
            ]
        )
    }

    @Test("R6: a listener that is meant to be public is still pointed out")
    func exposed() throws {
        let configuration = try parse("[listen]\naddress = \"0.0.0.0:1\"\ninsecure_public = true\n\(anyServer)")
        let report = CheckReport(configuration, file: "b.toml", in: everything)
        #expect(report.lines.first == "listen    0.0.0.0:1 (reachable from other machines)")
        #expect(
            report.warnings.map(\.description) == [
                "b.toml: anyone who can reach 0.0.0.0:1 can run the configured commands: there is no authentication"
            ]
        )
    }
}
