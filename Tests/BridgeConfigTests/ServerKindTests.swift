// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("What is for one kind of server only")
struct ServerKindTests {
    private static let notStarted = "nothing is started for a `url`"

    @Test(
        "A key of servers with a command is refused behind a URL, with what to do",
        arguments: [
            ("cwd = \"/\"", "`cwd`", "\(notStarted): take it out"),
            ("env = {}", "`env`", "\(notStarted): credentials go into `headers`"),
            ("inherit_env = []", "`inherit_env`", "\(notStarted): credentials go into `headers`"),
            (
                "protocol = \"mcp\"", "`protocol`",
                "behind a `url` MCP is spoken, and every message is checked: take it out"
            ),
            ("stop = {}", "`stop`", "\(notStarted), so that nothing has to be ended: take it out"),
            (
                "restart = \"never\"", "`restart`",
                "\(notStarted), so that nothing has to be started again: take it out"
            ),
            ("expose_stderr = true", "`expose_stderr`", "there is no stderr behind a `url`: take it out"),
            // Where it belongs, and where it is first tried.
            (
                "[servers.a.limits]\nmax_line = \"1B\"", "`max_line`",
                "behind a `url` write `max_event` in [servers.NAME] instead"
            ),
            ("max_line = \"1B\"", "`max_line`", "behind a `url` write `max_event` in [servers.NAME] instead"),
            (
                "[servers.a.limits]\nmax_children = 1", "`max_children`",
                "\(notStarted): `max_connections` limits its use"
            ),
            ("[servers.a.limits]\nspawn_rate = 1", "`spawn_rate`", "\(notStarted): `max_connections` limits its use"),
            (
                "[servers.a.limits]\nmax_children_per_principal = 1", "`max_children_per_principal`",
                "\(notStarted): `max_connections_per_principal` limits its use"
            ),
        ]
    )
    func ofCommand(_ lines: String, _ key: String, _ advice: String) {
        let line = lines.hasPrefix("[") ? 4 : 3
        let expected = "b.toml:\(line):1: \(key) is for servers with a `command`; \(advice)"
        #expect(refusal(of: anyUpstream + lines) == expected)
        #expect(refusal(of: anyServer + lines).contains("is for servers") == false)
    }

    @Test(
        "A key of servers behind a URL is refused where there is a command, with what to do",
        arguments: [
            ("transport", "\"auto\"", "a `command` is spoken to on its stdin and stdout: take it out"),
            ("headers", "{}", "a `command` gets its credentials in `env`"),
            ("ca", "\"/ca\"", "nothing is dialled for a `command`: take it out"),
            (
                "client_certificate", "{ certificate = \"/c\", key = \"/k\" }",
                "nothing is dialled for a `command`: take it out"
            ),
            ("connect_timeout", "\"1s\"", "nothing is dialled for a `command`: take it out"),
            ("request_timeout", "\"1s\"", "a `command` may take as long as it likes: take it out"),
            ("max_event", "\"1B\"", "for a `command` write `max_line` in [servers.NAME.limits] instead"),
            ("on_session_lost", "\"close\"", "the session of a `command` ends with its process: take it out"),
            ("max_parallel", "1", "a `command` gets every message at once: take it out"),
        ]
    )
    func ofURL(_ key: String, _ value: String, _ advice: String) {
        let expected = "b.toml:3:1: `\(key)` is for servers with a `url`; \(advice)"
        #expect(refusal(of: "\(anyServer)\(key) = \(value)") == expected)
        #expect(refusal(of: "\(anyUpstream)\(key) = \(value)").isEmpty)
    }

    @Test(
        "A key of servers of another kind is refused where there is a builtin, with what to do",
        arguments: [
            ("cwd = \"/\"", "`cwd`", "command", "nothing is started for a `builtin`: take it out"),
            ("env = {}", "`env`", "command", "nothing is started for a `builtin`: take it out"),
            ("protocol = \"mcp\"", "`protocol`", "command", "nothing is started for a `builtin`: take it out"),
            ("stop = {}", "`stop`", "command", "nothing is started for a `builtin`: take it out"),
            ("max_line = \"1B\"", "`max_line`", "command", "nothing is started for a `builtin`: take it out"),
            (
                "[servers.a.limits]\nmax_line = \"1B\"", "`max_line`", "command",
                "nothing is started for a `builtin`: take it out"
            ),
            (
                "[servers.a.limits]\nmax_children = 1", "`max_children`", "command",
                "nothing is started for a `builtin`: `max_connections` limits its use"
            ),
            (
                "[servers.a.limits]\nspawn_rate = 1", "`spawn_rate`", "command",
                "nothing is started for a `builtin`: `max_connections` limits its use"
            ),
            ("headers = {}", "`headers`", "url", "nothing is dialled for a `builtin`: take it out"),
            ("max_event = \"1B\"", "`max_event`", "url", "nothing is dialled for a `builtin`: take it out"),
        ]
    )
    func ofOthers(_ lines: String, _ key: String, _ kind: String, _ advice: String) {
        let line = lines.hasPrefix("[") ? 4 : 3
        let expected = "b.toml:\(line):1: \(key) is for servers with a `\(kind)`; \(advice)"
        #expect(refusal(of: anyBuiltin + lines) == expected)
    }

    @Test("A builtin is refused every key that only one of the other kinds has")
    func allOfOthers() {
        let refused = Set(KindKey.refused(for: .builtin).map(\.path))
        let ofOthers = KindKey.refused(for: .url).map(\.path) + KindKey.refused(for: .command).map(\.path)
        #expect(refused == Set(ofOthers))
    }

    @Test("A builtin may have what every server may have")
    func builtin() throws {
        let configuration = try parse(
            """
            [servers.a]
            builtin = "echo"
            path = "/b"
            accept_binary = true
            oversize_response = "1MiB"
            limits = { max_message = "1KiB", queue = "2MiB", max_connections = 3 }
            """
        )
        let server = try #require(configuration.servers.first)
        #expect(server.builtin == .echo)
        #expect(server.command.isEmpty && server.upstream == nil && !server.isStarted)
        #expect(server.path == "/b" && server.ownCaps.maxConnections == 3 && server.limits.maxMessage == 1024)
        #expect(try parse(anyServer).servers.first?.isStarted == true)
        #expect(try parse(anyUpstream).servers.first?.isStarted == false)
    }

    @Test(
        "What is no builtin is refused, with what was probably meant",
        arguments: [
            ("\"ehco\"", "`builtin` must be one of \"echo\", not \"ehco\"; did you mean \"echo\"?"),
            ("\"Echo\"", "`builtin` must be one of \"echo\", not \"Echo\"; did you mean \"echo\"?"),
            ("\"demo\"", "`builtin` must be one of \"echo\", not \"demo\""),
            ("\"\"", "`builtin` must be one of \"echo\", not \"\""),
            ("true", "`builtin` must be one of \"echo\", not a boolean"),
        ]
    )
    func noBuiltin(_ value: String, _ message: String) {
        #expect(refusal(of: "[servers.a]\nbuiltin = \(value)\n") == "b.toml:2:11: \(message)")
    }

    @Test("A builtin is one way to reach a server: another one beside it is refused")
    func builtinAndOthers() {
        func expected(_ other: String) -> String {
            "b.toml:3:1: server `a` has both `\(other)` and `builtin`: keep `\(other)` for a server of yours, or `builtin` "
                + "for the one inside the bridge"
        }
        #expect(refusal(of: "\(anyServer)builtin = \"echo\"") == expected("command"))
        #expect(refusal(of: "\(anyUpstream)builtin = \"echo\"") == expected("url"))
        #expect(refusal(of: "\(anyServer)builtin = \"echo\"\ncwd = \"/\"\nheaders = {}") == expected("command"))
    }

    @Test("The table names only keys that exist, and none is left to neither kind")
    func table() {
        let known = Set(KnownKeys.defaults.map { $0.path.replacing("servers.NAME.", with: "") })
        let ofCommand = KindKey.refused(for: .url).map(\.path)
        let ofURL = KindKey.refused(for: .command).map(\.path)
        for path in ofCommand + ofURL {
            #expect(known.contains { $0 == path || $0.hasPrefix("\(path).") }, "\(path)")
        }
        #expect(Set(ofCommand).isDisjoint(with: ofURL))
        // All that belongs to the upstream.
        #expect(Set(ofURL) == Set(Upstream.schema.keys.map(\.name)))
    }

    @Test("Where both or neither of the two is given, no key is blamed")
    func undecided() {
        let keys = "max_event = \"1B\"\ncwd = \"/\"\nlimits = { max_line = \"1B\", max_children = 1 }"
        #expect(refusal(of: "\(anyServer)url = \"http://x\"\n\(keys)").split(separator: "\n").count == 1)
        #expect(refusal(of: "[servers.a]\n\(keys)").split(separator: "\n").count == 1)
    }

    @Test("What [limits] says of lines holds for started servers and does not disturb the others")
    func inherited() throws {
        let configuration = try parse("[limits]\nmax_line = \"1KiB\"\n\(anyUpstream)[servers.b]\ncommand = [\"x\"]")
        #expect(configuration.servers.map(\.limits.maxLine) == [1024, 1024])
        #expect(configuration.servers.first?.upstream?.maxEvent == 16 << 20)
    }
}
