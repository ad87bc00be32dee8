// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("What is wrong, where, and what to do")
struct ProblemTests {
    @Test(
        "A problem names file, line, column and what to do",
        arguments: [
            // Unknown keys at each level.
            ("lisen = {}\n\(anyServer)", "b.toml:1:1: unknown key `lisen` at the top level; did you mean `listen`?"),
            (
                "[limits]\n  max_mesage = 1\n\(anyServer)",
                "b.toml:2:3: unknown key `max_mesage` in [limits]; did you mean `max_message`?"
            ),
            ("[log]\ncolour = 1\n\(anyServer)", "b.toml:2:1: unknown key `colour` in [log]"),
            ("\(anyServer)comand = []", "b.toml:3:1: unknown key `comand` in [servers.a]; did you mean `command`?"),
            (
                "\(anyServer)stop = { term_grac = \"1s\" }",
                "b.toml:3:10: unknown key `term_grac` in [servers.a.stop]; did you mean `term_grace`?"
            ),
            (
                "\(anyServer)[servers.a.limits]\nmaxLine = 1",
                "b.toml:4:1: unknown key `maxLine` in [servers.a.limits]; did you mean `max_line`?"
            ),
            (
                "\(anyServer)max_message = \"1B\"",
                "b.toml:3:1: unknown key `max_message` in [servers.a]; it belongs in [servers.a.limits]"
            ),
            (
                "[listen]\nmax_message = \"1B\"\n\(anyServer)",
                "b.toml:2:1: unknown key `max_message` in [listen]; it belongs in [limits]"
            ),
            (
                "command = [\"x\"]\n\(anyServer)",
                "b.toml:1:1: unknown key `command` at the top level; it belongs in [servers.NAME]"
            ),
            (
                "\(anyServer)env = { A = { fil = \"/x\" } }",
                "b.toml:3:15: unknown key `fil` in [servers.NAME.env.A]; did you mean `file`?"
            ),
            ("\"a\\u0007\\nb\" = 1\n\(anyServer)", "b.toml:1:1: unknown key `a\\u0007\\nb` at the top level"),
            (
                "\(anyServer)[servers.a.limits]\nhandshake_timeout = \"1s\"",
                "b.toml:4:1: `handshake_timeout` belongs only in [limits]: during the handshake it is not yet known which "
                    + "server a client wants"
            ),
            (
                "\(anyServer)[servers.a.limits]\nconnect_rate = 1",
                "b.toml:4:1: `connect_rate` belongs only in [limits]: during the handshake it is not yet known which "
                    + "server a client wants"
            ),
            (
                "\(anyServer)[limits]\nmax_connections_per_princpal = 1",
                "b.toml:4:1: unknown key `max_connections_per_princpal` in [limits]; did you mean "
                    + "`max_connections_per_principal`?"
            ),
            (
                "\(anyServer)[limits]\nmax_handshakes = 0",
                "b.toml:4:18: `max_handshakes` must be between 1 and 1000000000, not 0"
            ),
            (
                "\(anyServer)[limits]\nmessage_rate = -1",
                "b.toml:4:16: `message_rate` must be between 0 and 1000000000, not -1"
            ),
            // Servers.
            (
                "",
                "b.toml:1:1: no server is configured: add [servers.NAME] and below it, for example, "
                    + "command = [\"uvx\", \"mcp-server-time\"]"
            ),
            (
                "[log]\n[servers]",
                "b.toml:2:2: no server is configured: add [servers.NAME] and below it, for example, "
                    + "command = [\"uvx\", \"mcp-server-time\"]"
            ),
            (
                "[[servers]]\ncommand = [\"x\"]",
                "b.toml:1:1: `servers` must be a table: write [servers.NAME] with single brackets, not an array"
            ),
            (
                "[servers]\na = \"x\"",
                "b.toml:2:5: `servers.a` must be a table: write [servers.NAME] and below it `command = [\"…\"]`, not a string"
            ),
            (
                "[servers.a]",
                "b.toml:1:10: server `a` has neither `command` nor `url`: add, for example, command = [\"uvx\", "
                    + "\"mcp-server-time\"] or url = \"http://127.0.0.1:9000/mcp\""
            ),
            (
                "[servers.\"a b\"]\ncommand = [\"x\"]",
                "b.toml:1:10: a server's name may hold only letters, digits, `_`, `-` and `.`, and not be `.` or `..`: \"a b\""
            ),
            (
                "[servers.\"..\"]\ncommand = [\"x\"]",
                "b.toml:1:10: a server's name may hold only letters, digits, `_`, `-` and `.`, and not be `.` or `..`: \"..\""
            ),
            (
                "[servers.a]\ncommand = []",
                "b.toml:2:11: `command` must name a program: write an array of strings such as [\"uvx\", \"mcp-server-time\"], "
                    + "one per argument (no shell is involved)"
            ),
            (
                "[servers.a]\ncommand = [\"\", \"x\"]",
                "b.toml:2:11: `command` must name a program: write an array of strings such as [\"uvx\", \"mcp-server-time\"], "
                    + "one per argument (no shell is involved)"
            ),
            (
                "[servers.a]\ncommand = \"uvx x\"",
                "b.toml:2:11: `command` must be an array of strings such as [\"uvx\", \"mcp-server-time\"], one per argument "
                    + "(no shell is involved), not a string"
            ),
            (
                "[servers.a]\ncommand = [\"x\", 1]",
                "b.toml:2:17: `command` must be an array of strings such as [\"uvx\", \"mcp-server-time\"], one per argument "
                    + "(no shell is involved), not an integer"
            ),
            (
                "[servers.a]\ncommand = [\"x\", \"a\\u0000b\"]",
                "b.toml:2:17: `command` must not hold a NUL character"
            ),
            (
                "\(anyServer)cwd = \"srv\"",
                "b.toml:3:7: `cwd` must be an absolute path, one that starts with a slash, not \"srv\""
            ),
            (
                "\(anyServer)protocol = \"line\"",
                "b.toml:3:12: `protocol` must be one of \"mcp\", \"lines\", not \"line\"; did you mean \"lines\"?"
            ),
            (
                "\(anyServer)protocol = \"Lines\"",
                "b.toml:3:12: `protocol` must be one of \"mcp\", \"lines\", not \"Lines\"; did you mean \"lines\"?"
            ),
            (
                "\(anyServer)oversize_response = \"-1B\"",
                "b.toml:3:21: `oversize_response` must be a whole number and one of the units B, KiB, MiB, GiB, KB, MB, GB, "
                    + "such as \"4MiB\", not \"-1B\""
            ),
            (
                "\(anyServer)args = [\"y\"]",
                "b.toml:3:1: `args` is no key here: arguments follow the program in `command`, one string each"
            ),
            (
                "\(anyServer)stop = \"1s\"",
                "b.toml:3:8: `servers.a.stop` must be a table, written [servers.a.stop] with single brackets, not a string"
            ),
            // Templates.
            (
                "[servers.a]\ncommand = [\"x\", \"--user={{user}}\"]",
                "b.toml:2:17: `command` may hold {{header:NAME}}, {{claim:NAME}}, {{principal}} and {{peer}}, and no other template; "
                    + "for the two braces themselves write {{\"{{\"}}"
            ),
            (
                "\(anyServer)path = \"/{{x}}\"",
                "b.toml:3:8: `path` holds `{{`: templates may stand only in the values of `env` and `headers`, and in `command` "
                    + "behind the program"
            ),
            // Values.
            (
                "[limits]\nmax_message = 4096\n\(anyServer)",
                "b.toml:2:15: `max_message` needs a unit in quotes: write \"4096B\""
            ),
            (
                "[limits]\nidle_timeout = 30\n\(anyServer)",
                "b.toml:2:16: `idle_timeout` needs a unit in quotes: write \"30s\" or \"30ms\""
            ),
            (
                "[limits]\nidle_timeout = \"1d\"\n\(anyServer)",
                "b.toml:2:16: `idle_timeout` must be whole numbers with the units h, m, s, ms, such as \"30s\" or \"1h30m\", "
                    + "not \"1d\""
            ),
            (
                "[limits]\nidle_timeout = \"9000h\"\n\(anyServer)",
                "b.toml:2:16: `idle_timeout` must be at most \"8760h\", not \"9000h\""
            ),
            (
                "[limits]\nwrite_timeout = \"0s\"\n\(anyServer)",
                "b.toml:2:17: `write_timeout` must be longer than zero: a peer that waits for ever would hold its place for ever"
            ),
            (
                "[limits]\nqueue = \"1000B\"\n\(anyServer)",
                "b.toml:2:9: `queue` must be between \"1KiB\" and \"1GiB\", not \"1000B\""
            ),
            (
                "[limits]\nmax_message = \"0B\"\n\(anyServer)",
                "b.toml:2:15: `max_message` must be between \"1B\" and \"1GiB\", not \"0B\""
            ),
            (
                "[limits]\nmax_fragments = 0\n\(anyServer)",
                "b.toml:2:17: `max_fragments` must be between 1 and 1000000000, not 0"
            ),
            (
                "[limits]\nspawn_rate = -9223372036854775808\n\(anyServer)",
                "b.toml:2:14: `spawn_rate` must be between 1 and 1000000000, not -9223372036854775808"
            ),
            (
                "[[limits]]\n\(anyServer)",
                "b.toml:1:1: `limits` must be a table, written [limits] with single brackets, not an array"
            ),
            (
                "limits = 5\n\(anyServer)",
                "b.toml:1:10: `limits` must be a table, written [limits] with single brackets, not an integer"
            ),
            // TOML itself.
            (
                "a = 1 2\n\(anyServer)",
                "b.toml:1:7: not valid TOML: Error while parsing key-value pair: expected a comment or whitespace, saw '2'"
            ),
        ]
    )
    func problem(_ text: String, _ expected: String) {
        #expect(refusal(of: text) == expected)
    }

    @Test("All problems are reported at once, in the order of the file")
    func allAtOnce() {
        let report = refusal(
            of: """
                [servers.a]
                path = "healthz"
                stop = { stdin_grace = 2 }
                expose_stderr = "yes"

                [servers.a.limits]
                queue = "1B"
                handshake_timeout = "1s"

                [servers.b]
                command = [""]
                url = "x"
                max_parallel = 0

                [limits]
                max_line = true
                spawn_rate = 0

                [listen]
                address = "0.0.0.0:80"
                allowed_origins = ["*", "https://ok.example", "null"]

                [lgo]
                """
        )
        let places = report.split(separator: "\n").map { $0.split(separator: " ")[0] }
        #expect(
            places == [
                "b.toml:1:10:", "b.toml:2:8:", "b.toml:3:24:", "b.toml:4:17:", "b.toml:7:9:", "b.toml:8:1:",
                "b.toml:11:11:",
                "b.toml:12:1:", "b.toml:12:7:", "b.toml:13:16:", "b.toml:16:12:", "b.toml:17:14:", "b.toml:20:11:",
                "b.toml:21:20:", "b.toml:21:47:", "b.toml:23:2:",
            ]
        )
    }

    @Test("Every key refuses every wrong type, at the place of the value")
    func wrongTypes() throws {
        let values = ["\"x\"": "a string", "7": "an integer", "1.5": "a floating-point number", "true": "a boolean"]
            .merging(["2026-11-22": "a date or time", "[]": "an array", "{}": "a table"]) { first, _ in first }
        for setting in KnownKeys.defaults {
            let path = setting.path.replacing("NAME", with: "a")
            var table = path.split(separator: ".").map(String.init)
            let key = table.removeLast()
            let ofURL = Set(KindKey.refused(for: .command).map(\.path)).contains { path.hasPrefix("servers.a.\($0)") }
            for (value, kind) in values where !accepts(key, kind) {
                let server = key == "command" || key == "url" ? "" : ofURL ? anyUpstream : anyServer
                let tablePath = table.joined(separator: ".")
                let name = table.last == "tokens" ? "[\(tablePath)]" : tablePath
                let header = table == ["servers", "a"] && !server.isEmpty ? "" : "[\(name)]\n"
                let report = refusal(of: server + header + "\(key) = \(value)\n" + (header.isEmpty ? "" : ""))
                let line = (server + header).split(separator: "\n").count + 1
                let place = "b.toml:\(line):\(key.count + 4): `\(key)` "
                let problems = report.split(separator: "\n").filter { $0.hasPrefix(place) }
                #expect(problems.count == 1, "\(path) = \(value): \(report)")
                #expect(
                    problems.allSatisfy { $0.contains("not \(kind)") || $0.contains("needs a unit") },
                    "\(path) = \(value): \(report)"
                )
            }
        }
    }

    /// Whether a kind of value is of the right type for a key, be it a bad value or not.
    private func accepts(_ key: String, _ kind: String) -> Bool {
        switch key {
        case "allowed_origins", "allowed_hosts", "command", "inherit_env", "client_names", "allow_uids", "allow_gids",
            "servers", "allow", "deny", "trusted_proxies", "read_only", "read_write", "tap_redact":
            kind == "an array"
        case "env", "headers", "token": kind == "a table"
        case "insecure_public", "accept_binary", "expose_stderr", "behind_tls_proxy", "query_tokens", "proxy_protocol",
            "health_paths", "required",
            "no_new_privileges":
            kind == "a boolean"
        case "event_loops", "max_fragments", "max_invalid", "max_connections", "max_children", "spawn_rate",
            "max_parallel", "max_connections_per_principal", "max_connections_per_address",
            "max_children_per_principal", "connect_rate", "max_handshakes", "message_rate",
            "processes", "files":
            kind == "an integer"
        case "owner", "group": kind == "a string" || kind == "an integer"
        default: kind == "a string"
        }
    }

    @Test(
        "R11: paths that could not be served are refused",
        arguments: [
            ("/healthz", "is reserved"), ("/readyz", "is reserved"),
            ("time", "must start with a slash: write \"/time\""),
            ("", "must start with a slash"), ("/a?b", "without `?`"), ("/a#b", "without `?`"), ("/a%20b", "percent"),
            ("/a b", "may hold only"), ("/ä", "may hold only"), ("/a\\u0000", "may hold only"),
            ("/a\\n", "may hold only"),
            ("//a", "two slashes"), ("/a//", "two slashes"), ("/../a", "`..`"), ("/a/.", "`..`"),
            ("/a\\\\b", "may hold only"),
        ]
    )
    func paths(_ path: String, _ message: String) {
        let report = refusal(of: "\(anyServer)path = \"\(path)\"")
        #expect(report.hasPrefix("b.toml:3:8: `path` "))
        #expect(report.contains(message), "\(report)")
    }

    @Test(
        "R11: paths that can be served are",
        arguments: ["/", "/a/", "/healthz/", "/.well-known/x", "/a.b/c..d", "/~@:"]
    )
    func goodPaths(_ path: String) throws {
        #expect(try parse("\(anyServer)path = \"\(path)\"").servers.first?.path == path)
    }

    @Test("R11: a name that makes a reserved path needs another path")
    func reservedName() {
        #expect(
            refusal(of: "[servers.healthz]\ncommand = [\"x\"]")
                == "b.toml:1:10: server `healthz` would have the path \"/healthz\", which is reserved for the bridge's own "
                + "health answers: give it another `path`"
        )
        #expect(refusal(of: "[servers.healthz]\ncommand = [\"x\"]\npath = \"/h\"").isEmpty)
    }

    @Test("R11: two servers cannot share a path, be it given or by default")
    func sharedPaths() {
        #expect(
            refusal(of: "\(anyServer)[servers.b]\ncommand = [\"x\"]\npath = \"/a\"")
                == "b.toml:5:8: server `b` has the path \"/a\", which is already that of server `a` (line 1): give it a `path` "
                + "of its own"
        )
        #expect(
            refusal(of: "[servers.b]\ncommand = [\"x\"]\npath = \"/a\"\n\(anyServer)").hasPrefix(
                "b.toml:4:10: server `a` has"
            )
        )
        #expect(refusal(of: "\(anyServer)[servers.A]\ncommand = [\"x\"]").isEmpty)
    }

    @Test("Text that is no UTF-8 is refused with its line")
    func notUTF8() {
        let bytes = Array("[log]\n# ".utf8) + [0xC3, 0x28, 0x0A]
        let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(bytes, file: "b.toml") }
        #expect(error?.description == "b.toml:2: the file is not valid UTF-8: save it as UTF-8")
    }
}
