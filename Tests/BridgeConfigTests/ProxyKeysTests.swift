// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("Proxies of [listen]")
struct ProxyKeysTests {
    private func listen(_ lines: String, address: String = "127.0.0.1:1") -> String {
        "[listen]\naddress = \"\(address)\"\n\(lines)\n\(anyServer)"
    }

    @Test("R43: by default nobody is believed")
    func none() throws {
        let listen = try parse(anyServer).listeners[0]
        #expect(listen.forwarding == ForwardingRules(trusted: [], header: .xForwardedFor, expectsProxyHeader: false))
        let explicit = "trusted_proxies = []\nproxy_protocol = false\nforwarded_header = \"x-forwarded-for\""
        #expect(try parse(self.listen(explicit)).listeners[0].forwarding == listen.forwarding)
    }

    @Test("R43: networks, addresses and Unix sockets")
    func all() throws {
        let lines = """
            trusted_proxies = ["10.0.0.0/8", "fd00::/8", "192.0.2.1", "unix"]
            forwarded_header = "forwarded"
            proxy_protocol = true
            """
        let rules = try parse(listen(lines, address: "unix:/s")).listeners[0].forwarding
        #expect(rules.trusted.map { "\($0)" } == ["10.0.0.0/8", "fd00::/8", "192.0.2.1", "unix"])
        #expect(rules.header == .forwarded)
        #expect(rules.expectsProxyHeader)
    }

    @Test(
        "R43: what is wrong is said with its place",
        arguments: [
            (
                "trusted_proxies = [\"10.1.2.3/8\"]",
                "3:20: `trusted_proxies` has \"10.1.2.3/8\", an address with the length"
            ),
            ("trusted_proxies = [\"10.1.2.3/8\"]", "write \"10.0.0.0/8\" for the network"),
            (
                "trusted_proxies = [\"fd00::1\", \"10.0.0.0/33\"]",
                "3:31: `trusted_proxies` takes a number between 0 and 32"
            ),
            ("trusted_proxies = [\"proxy.example\"]", "3:20: `trusted_proxies` takes networks such as"),
            ("trusted_proxies = \"10.0.0.0/8\"", "3:19: `trusted_proxies` must be an array of networks"),
            ("trusted_proxies = [1]", "3:20: `trusted_proxies` must be an array of networks"),
            ("trusted_proxies = [\"unix\"]", "3:19: `trusted_proxies` has \"unix\", but 127.0.0.1:1 is no Unix socket"),
            ("trusted_proxy = []", "3:1: unknown key `trusted_proxy` in [listen]; did you mean `trusted_proxies`?"),
            ("proxy_protocol = true", "3:18: `proxy_protocol` needs `trusted_proxies`"),
            ("proxy_protocol = true\ntrusted_proxies = []", "3:18: `proxy_protocol` needs `trusted_proxies`"),
            ("proxy_protocol = 2", "3:18: `proxy_protocol`"),
            ("proxy_protocoll = true", "did you mean `proxy_protocol`?"),
            ("forwarded_header = \"x-forwarded\"", "3:20: `forwarded_header` must be one of"),
            ("forwarded_header = \"X-Forwarded-For\"", "did you mean \"x-forwarded-for\"?"),
        ]
    )
    func wrong(_ lines: String, _ message: String) {
        #expect(refusal(of: listen(lines)).contains(message), "\(refusal(of: listen(lines)))")
    }

    @Test("R43: a mistake in the list is the only thing that is said")
    func once() {
        let text = refusal(of: listen("trusted_proxies = [\"10.1.2.3/8\"]\nproxy_protocol = true"))
        #expect(text.split(separator: "\n").count == 1, "\(text)")
    }

    @Test("R43: on a Unix socket nobody but processes can be meant")
    func unixOnly() {
        let text = refusal(of: listen("trusted_proxies = [\"10.0.0.0/8\"]", address: "unix:/s"))
        #expect(text.contains("3:19: `trusted_proxies` has no effect without \"unix\""), "\(text)")
    }

    @Test("R43: check says who is believed, and warns of belief in everybody")
    func check() throws {
        func report(_ text: String) throws -> CheckReport {
            CheckReport(try parse(text), file: "b.toml", in: .everything)
        }
        let lines = "trusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]"
        let plain = try report(listen(lines))
        #expect(plain.lines.contains("proxies   10.0.0.0/8 and fd00::/8 by x-forwarded-for"), "\(plain.lines)")
        #expect(plain.warnings.isEmpty)
        let both = try report(listen(lines + "\nproxy_protocol = true"))
        #expect(both.lines.contains("proxies   10.0.0.0/8 and fd00::/8 by the PROXY protocol and x-forwarded-for"))
        #expect(try !report(listen("")).lines.contains { $0.hasPrefix("proxies") })
        for everybody in ["0.0.0.0/0", "::/0"] {
            let warnings = try report(listen("trusted_proxies = [\"\(everybody)\"]")).warnings
            #expect(
                warnings.map(\.message) == [
                    "`trusted_proxies` has \"\(everybody)\": whoever can connect can pretend to be anywhere"
                ]
            )
        }
    }

    @Test("R43: check warns where a proxy's user lets in whoever comes through it")
    func peers() throws {
        let unix = "[auth.unix]\nallow_uids = [33]"
        let text = listen("trusted_proxies = [\"unix\"]\n\(unix)", address: "unix:/s")
        let warnings = CheckReport(try parse(text), file: "b.toml", in: .everything).warnings.map(\.message)
        #expect(warnings.count == 1 && warnings[0].contains("as that proxy's user by [auth.unix]"), "\(warnings)")
        let without = CheckReport(try parse(listen(unix, address: "unix:/s")), file: "b.toml", in: .everything)
        #expect(without.warnings.isEmpty)
    }
}
