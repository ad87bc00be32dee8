// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

/// What a configuration that was read again says anew.
@Suite struct ConfigurationChangeTests {
    private func change(_ old: String, _ new: String) throws -> (ConfigurationChange, Configuration) {
        var configuration = try parse(new)
        let change = ConfigurationChange(from: try parse(old), to: &configuration)
        return (change, configuration)
    }

    private static let all = """
        [listen]
        address = "127.0.0.1:1"
        [auth]
        [[auth.tokens]]
        name = "a"
        token = { file = "/t" }
        [auth.jwt]
        issuer = "https://id.example"
        audience = "https://b.example"
        jwks = "/keys"
        [audit]
        to = "/var/log/audit"
        [servers.a]
        command = ["a", "{{header:X-A}}"]
        env = { A = "1" }
        sandbox = { files = 64 }
        [servers.b]
        url = "http://127.0.0.1:1/mcp"
        headers = { X-A = "b" }
        """

    @Test("Reload: where a setting stands in the file is no part of it")
    func places() throws {
        let (change, _) = try change(Self.all, "# A line more.\n\n  " + Self.all.replacing("\n", with: "\n\n   "))
        #expect(change.isEmpty)
        #expect(change.needsRestart.isEmpty)
    }

    @Test(
        "Reload: every setting of a server makes it another one",
        arguments: [
            ("{{header:X-A}}", "{{header:X-B}}"), ("A = \"1\"", "A = \"2\""), ("files = 64", "files = 65"),
            ("command = [\"a\"", "path = \"/z\"\ncommand = [\"a\""),
        ]
    )
    func changedServer(_ before: String, _ after: String) throws {
        let (change, _) = try change(Self.all, Self.all.replacing(before, with: after))
        #expect(change.servers.changed == ["a"])
        #expect(change.servers.added.isEmpty)
        #expect(change.servers.removed.isEmpty)
        #expect(change.tables.isEmpty)
    }

    @Test(
        "Reload: every setting of [auth] makes it another one",
        arguments: [("\"/t\"", "\"/u\""), ("\"/keys\"", "\"/other\""), ("name = \"a\"", "name = \"b\"")]
    )
    func changedAuth(_ before: String, _ after: String) throws {
        let (change, _) = try change(Self.all, Self.all.replacing(before, with: after))
        #expect(change.tables == ["[auth]"])
        #expect(change.servers == ConfigurationChange.Names())
    }

    @Test("Reload: servers that come and go are named in the order of their files")
    func servers() throws {
        let head = "[listen]\naddress = \"127.0.0.1:1\"\n"
        func servers(_ names: String...) -> String {
            head + names.map { "[servers.\($0)]\nbuiltin = \"echo\"\n" }.joined()
        }
        let (change, _) = try change(servers("a", "b", "c"), servers("d", "c", "a", "e"))
        #expect(change.servers.added == ["d", "e"])
        #expect(change.servers.removed == ["b"])
        #expect(change.servers.changed.isEmpty)
        #expect(!change.isEmpty)
    }

    @Test("Reload: listeners are known by their addresses, those with port 0 by their order")
    func listeners() throws {
        func listeners(_ tables: String...) -> String {
            tables.map { "[[listen]]\n\($0)\n" }.joined() + "[servers.a]\nbuiltin = \"echo\"\n"
        }
        let any = "address = \"127.0.0.1:0\""
        let (change, configuration) = try change(
            listeners("address = \"127.0.0.1:1\"", any, any),
            listeners(any, "address = \"unix:/a\"", any + "\nallowed_origins = [\"https://a.example\"]", any)
        )
        #expect(change.listeners.removed == ["127.0.0.1:1"])
        #expect(change.listeners.added == ["unix:/a", "127.0.0.1:0 (3)"])
        #expect(change.listeners.changed == ["127.0.0.1:0 (2)"])
        #expect(Set(configuration.listenerKeys).count == 4)
    }

    @Test("Reload: what takes a restart is named and kept as it was, so that it is named the next time too")
    func restart() throws {
        let old = """
            [listen]
            address = "unix:/a"
            [servers.a]
            builtin = "echo"
            """
        let new = """
            [listen]
            address = "unix:/a"
            mode = "0660"
            event_loops = 3
            [log]
            format = "json"
            [audit]
            to = "log"
            [drain]
            timeout = "1s"
            [limits]
            max_connections = 3
            [servers.a]
            builtin = "echo"
            """
        let (change, configuration) = try change(old, new)
        #expect(
            change.needsRestart == [
                "event_loops of [listen]", "[log]", "[audit]", "mode, owner and group of unix:/a",
            ]
        )
        #expect(change.tables == ["[limits]", "[drain]"])
        #expect(change.listeners == ConfigurationChange.Names())
        let before = try parse(old)
        #expect(configuration.eventLoops == before.eventLoops)
        #expect(configuration.log == before.log)
        #expect(configuration.audit == .off)
        #expect(configuration.listeners[0].access == before.listeners[0].access)
        #expect(configuration.limits.maxConnections == 3)
    }

    @Test("Reload: who is an operator changes, where they ask does not")
    func admin() throws {
        let listen = "[listen]\naddress = \"127.0.0.1:1\"\n[servers.a]\nbuiltin = \"echo\"\n"
        func admin(_ lines: String...) -> String { listen + "[admin]\n" + lines.joined(separator: "\n") }
        let token = "[[admin.tokens]]\nname = \"a\"\ntoken = { file = \"/t\" }"
        let (here, there) = ("address = \"unix:/a\"", "address = \"unix:/b\"")
        let (rules, new) = try change(admin(here), admin(here, "tap_redact = [\"ssn\"]", token))
        #expect(rules.tables == ["[admin]"] && rules.needsRestart.isEmpty)
        #expect(new.admin?.auth.tokens.count == 1 && new.admin?.tapRedact.count == 1)
        let (moved, kept) = try change(admin(here), admin(there, "mode = \"0660\"", token))
        #expect(moved.needsRestart == ["address, mode, owner and group of [admin]"] && moved.tables == ["[admin]"])
        #expect(kept.admin?.address == .unix(path: "/a") && kept.admin?.auth.tokens.count == 1)
        for (old, new) in [(listen, admin(here)), (admin(here), listen)] {
            let (change, kept) = try change(old, new)
            #expect(change.needsRestart == ["[admin]"] && change.tables.isEmpty)
            #expect(try kept.admin == parse(old).admin)
        }
    }
}
