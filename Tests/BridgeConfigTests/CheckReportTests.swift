// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("What check prints")
struct CheckReportTests {
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
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
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

    @Test("The admin address, and what of it or without it is in vain")
    func admin() throws {
        func report(_ text: String) throws -> CheckReport {
            CheckReport(try parse(anyServer + text), file: "b.toml", in: .everything)
        }
        let local = try report("[admin]\naddress = \"127.0.0.1:9187\"\ninsecure_public = true")
        #expect(local.lines.contains("admin     127.0.0.1:9187 (this machine only)"))
        #expect(
            local.warnings.map(\.message) == [
                "`insecure_public` of [admin] has no effect: 127.0.0.1:9187 is reachable from this machine only",
                "nobody is an operator at 127.0.0.1:9187: without [[admin.tokens]] it tells health and metrics only",
            ]
        )
        let socket = try report("required = true\n[admin]\naddress = \"unix:/a\"\nmode = \"0660\"\ngroup = \"ops\"")
        #expect(socket.lines.contains("admin     unix:/a (this machine only), mode 0660, group ops"))
        #expect(socket.warnings.isEmpty)
        let token = "[[admin.tokens]]\nname = \"a\"\ntoken = { file = \"/t\" }"
        #expect(
            try report("[admin]\naddress = \"10.0.0.1:1\"\n" + token).lines
                .contains("admin     10.0.0.1:1 (reachable from other machines), 1 token")
        )
        #expect(try report("required = true").warnings.first?.message.contains("nobody asks for /readyz") == true)
        #expect(try report("required = true\n[listen]\nhealth_paths = true").warnings.isEmpty)
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
            CheckReport(configuration, file: "b.toml", in: .nothing).warnings.map(\.description) == [
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
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
        #expect(report.lines.first == "listen    0.0.0.0:1 (reachable from other machines)")
        #expect(
            report.warnings.map(\.description) == [
                "b.toml: anyone who can reach 0.0.0.0:1 can use every configured server: there is no authentication"
            ]
        )
    }

    @Test("R73: of a server behind a URL, what would be dialled, without query and values")
    func dialled() throws {
        let configuration = try parse(
            """
            [servers.a]
            url = "http://127.0.0.1:9000"
            [servers.b]
            url = "https://Docs.Example:443/a/mcp?key=canary"
            transport = "sse"
            headers = { Authorization = { file = "/f", prefix = "canary " }, X-B = "canary", X-C = { env = "D" } }
            ca = "/ca.pem"
            client_certificate = { certificate = "/c.pem", key = "/k.pem" }
            request_timeout = "1m"
            on_session_lost = "close"
            accept_binary = true
            limits = { queue = "2MiB", max_connections = 3 }
            """
        )
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
        #expect(
            report.lines.joined(separator: "\n") == """
                listen    127.0.0.1:8765 (this machine only)

                a  ws://127.0.0.1:8765/a
                  url       http://127.0.0.1:9000/
                  transport auto

                b  ws://127.0.0.1:8765/b
                  url       https://docs.example/a/mcp?…
                  transport sse
                  headers   Authorization (file /f), X-B, X-C (variable D)
                  ca        /ca.pem
                  client    certificate /c.pem, key /k.pem
                  changed   accept_binary = true, request_timeout = "1m", on_session_lost = "close", \
                limits.queue = "2MiB", limits.max_connections = 3
                """
        )
        #expect(report.warnings.isEmpty)
    }

    @Test("Of a server inside the bridge, that it is there")
    func builtin() throws {
        let configuration = try parse(
            """
            [servers.a]
            builtin = "echo"
            oversize_response = "32MiB"
            """
        )
        let report = CheckReport(configuration, file: "b.toml", in: .nothing)
        #expect(
            report.lines.joined(separator: "\n") == """
                listen    127.0.0.1:8765 (this machine only)

                a  ws://127.0.0.1:8765/a
                  builtin   echo (inside the bridge: nothing is started or dialled)
                  changed   oversize_response = "32MiB"
                """
        )
        #expect(report.warnings.isEmpty)
    }

    @Test("Of a server behind a URL, what is doubtful is a warning")
    func dialledWarnings() throws {
        let configuration = try parse(
            """
            [servers.a]
            url = "https://docs.example/"
            ca = "/ca.pem"
            client_certificate = { certificate = "/c.pem", key = "/k.pem" }
            headers = { Authorization = { file = "/f" } }
            max_event = "1MiB"
            oversize_response = "2MiB"
            limits = { max_connections = 5000 }
            """
        )
        #expect(
            CheckReport(configuration, file: "b.toml", in: .nothing).warnings.map(\.description) == [
                "b.toml:1:10: server `a`: `max_connections` = 5000 has no effect: [limits] allows 1024 for all servers together",
                "b.toml:1:10: server `a`: `oversize_response` has no effect: nothing larger than `max_event` is taken from the server",
                "b.toml:1:10: server `a`: the file \"/ca.pem\" of `ca` cannot be read: no such file",
                "b.toml:1:10: server `a`: the file \"/c.pem\" of `client_certificate.certificate` cannot be read: no such file",
                "b.toml:1:10: server `a`: the file \"/k.pem\" of `client_certificate.key` cannot be read: no such file",
            ]
        )
    }

    @Test("Certificates for a URL that is not encrypted are pointed out, also on this machine")
    func uselessCertificates() throws {
        let configuration = try parse(
            """
            [servers.a]
            url = "http://127.0.0.1/"
            ca = "/ca.pem"
            client_certificate = { certificate = "/c.pem", key = "/k.pem" }
            """
        )
        #expect(
            CheckReport(configuration, file: "b.toml", in: .everything).warnings.map(\.description) == [
                "b.toml:1:10: server `a`: `ca` has no effect: `url` starts with http://, which is not encrypted",
                "b.toml:1:10: server `a`: `client_certificate` has no effect: `url` starts with http://, which is not encrypted",
            ]
        )
    }

    @Test(
        "Credentials that would leave this machine in clear text are pointed out",
        arguments: [
            ("http://docs.example:81/", "X-Key = { env = \"D\" }", "`X-Key` would go to docs.example:81"),
            (
                "http://10.0.0.1/", "A = \"x\", X-Key = { file = \"/f\" }, cookie = \"x\"",
                "`X-Key`, `cookie` would go to 10.0.0.1"
            ),
            ("http://[fd00::1]:81/", "Authorization = \"Bearer x\"", "`Authorization` would go to [fd00::1]:81"),
            ("https://docs.example/", "X-Key = { env = \"D\" }", ""),
            ("http://docs.example/", "X-Team = \"agents\"", ""),
            ("http://LocalHost/", "X-Key = { env = \"D\" }", ""),
            ("http://127.0.0.2/", "X-Key = { env = \"D\" }", ""),
            ("http://[::1]/", "X-Key = { env = \"D\" }", ""),
        ]
    )
    func clearText(_ url: String, _ headers: String, _ expected: String) throws {
        let configuration = try parse("[servers.a]\nurl = \"\(url)\"\nheaders = { \(headers) }")
        let warnings = CheckReport(configuration, file: "b.toml", in: .everything).warnings.map(\.description)
        let warning = "b.toml:1:10: server `a`: \(expected) in clear text: write https:// in `url`"
        #expect(warnings == (expected.isEmpty ? [] : [warning]))
    }

    @Test("R43: limits of one client that cannot bind are named")
    func clientLimits() throws {
        let limits = """
            [limits]
            max_connections_per_principal = 2
            max_connections_per_address = 2
            [servers.a]
            builtin = "echo"
            limits = { max_connections_per_principal = 3, max_connections_per_address = 2 }

            """
        #expect(
            CheckReport(try parse(limits), file: "b.toml", in: .nothing).warnings.map(\.description) == [
                "b.toml: `max_connections_per_principal` has no effect: without [auth] nobody is known by name",
                "b.toml:4:10: server `a`: `max_connections_per_principal` = 3 has no effect: [limits] allows 2 for all servers together",
            ]
        )
        let auth = "[[auth.tokens]]\nname = \"x\"\ntoken = { env = \"X\" }"
        let report = CheckReport(try parse(limits + auth), file: "b.toml", in: .nothing)
        #expect(report.warnings.count == 1)
        #expect(
            report.lines.contains("limits    max_connections_per_principal = 2, max_connections_per_address = 2"),
            "\(report.lines)"
        )
    }

    @Test("A path that breaks a line, or that a terminal would take for an order, is shown with its escapes")
    func controlCharacters() throws {
        let text = """
            [servers.a]
            url = "https://x.example/"
            ca = "/c\\u0085a"
            client_certificate = { certificate = "/c\\u001B[2J", key = "/k\\u2028" }
            """
        let lines = CheckReport(try parse(text), file: "b.toml", in: .nothing).lines
        #expect(lines.contains("  ca        /c\\u0085a"), "\(lines)")
        #expect(lines.contains("  client    certificate /c\\u001B[2J, key /k\\u2028"), "\(lines)")
    }
}
