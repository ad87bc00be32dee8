// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Where a client is")
struct ForwardingRulesTests {
    private static func address(_ text: String) throws -> ClientAddress {
        if text == "unix" { return .local }
        let parts = text.split(separator: "|")
        let bytes = try #require(IPAddressText.bytes(Array(parts[0].utf8)[...]), "\(text)")
        return ClientAddress(bytes: bytes, port: parts.count > 1 ? Int(parts[1]) : nil)
    }

    private static func rules(
        _ trusted: [String] = ["10.0.0.0/8", "fd00::/8"],
        _ header: ForwardedHeader = .xForwardedFor
    ) throws -> ForwardingRules {
        let proxies = try trusted.map { $0 == "unix" ? TrustedProxy.unix : .network(try IPNetwork($0)) }
        return ForwardingRules(trusted: proxies, header: header)
    }

    /// The client's address as the log has it; behind `<`, the proxy's where there is one.
    private static func locate(
        _ lines: [String],
        from peer: String = "10.0.0.1",
        said: ProxyHeader? = nil,
        rules: ForwardingRules
    ) throws -> String {
        let location = rules.locate(peer: try Self.address(peer), said: said, lines: lines)
        return "\(location.address)" + (location.proxy.map { " < \($0)" } ?? "")
    }

    @Test("R78: by default nobody is believed, whatever it says")
    func nobody() throws {
        for peer in ["10.0.0.1", "127.0.0.1", "::1", "unix"] {
            for header in ForwardedHeader.allCases {
                let rules = ForwardingRules(header: header)
                let lines = ["203.0.113.9", "for=203.0.113.9"]
                let said = ProxyHeader.client(try Self.address("203.0.113.9"))
                let location = rules.locate(peer: try Self.address(peer), said: said, lines: lines)
                #expect(location == ClientLocation(address: try Self.address(peer)))
            }
        }
    }

    @Test(
        "R78: X-Forwarded-For is read from the right, to the first address that is not trusted",
        arguments: [
            ([], "10.0.0.1"),
            (["203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            // Spoofing: what the client wrote stands to the left of what the proxy appended.
            (["198.51.100.7, 203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            (["10.9.9.9, 203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            (["127.0.0.1,::1 ,unknown\t, 203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            (["junk \"[,;=", "203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            // Several lines are one list.
            (["198.51.100.7", "203.0.113.9, 10.2.2.2", "fd00::7"], "203.0.113.9 < 10.0.0.1"),
            (["198.51.100.7", "203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            // All are proxies: the first one is where it began.
            (["10.3.3.3, 10.2.2.2"], "10.3.3.3 < 10.0.0.1"),
            // With ports, brackets, mapped.
            (["203.0.113.9:4711"], "203.0.113.9:4711 < 10.0.0.1"),
            (["2001:db8::9"], "[2001:db8::9] < 10.0.0.1"),
            (["[2001:db8::9]"], "[2001:db8::9] < 10.0.0.1"),
            (["[2001:db8::9]:4711"], "[2001:db8::9]:4711 < 10.0.0.1"),
            (["203.0.113.9, ::ffff:10.2.2.2"], "203.0.113.9 < 10.0.0.1"),
            (["198.51.100.7, ::ffff:203.0.113.9"], "203.0.113.9 < 10.0.0.1"),
            // The proxy itself is its client: of another port, so that it has said so.
            (["10.0.0.1:99"], "10.0.0.1:99 < 10.0.0.1"),
        ] as [([String], String)]
    )
    func xForwardedFor(_ lines: [String], _ expected: String) throws {
        #expect(try Self.locate(lines, rules: Self.rules()) == expected)
    }

    @Test(
        "R78: what is no address ends the walk at the last one that a proxy vouched for",
        arguments: [
            "", " ", ",", "203.0.113.9,", "203.0.113.9, ,", "203.0.113.9, unknown", "203.0.113.9, _hidden",
            "203.0.113.9, unix:",
            "203.0.113.9, 10.0.0.256", "203.0.113.9, 010.0.0.1", "203.0.113.9, 1.2.3.4:", "203.0.113.9, 1.2.3.4:65536",
            "203.0.113.9, 1.2.3.4:+1", "203.0.113.9, [1.2.3.4]", "203.0.113.9, [::1", "203.0.113.9, [::1]80",
            "203.0.113.9 10.2.2.2",
            "203.0.113.9, fe80::1%eth0", "203.0.113.9, [::1]:", "203.0.113.9, \"1.2.3.4\"", "203.0.113.9; 1.2.3.4",
            "203.0.113.9, localhost", "203.0.113.9, for=1.2.3.4", "203.0.113.9, é", "203.0.113.9, \u{0}1.2.3.4",
        ]
    )
    func unreadable(_ line: String) throws {
        #expect(try Self.locate([line], rules: Self.rules()) == "10.0.0.1")
        #expect(try Self.locate([line, "10.2.2.2"], rules: Self.rules()) == "10.2.2.2 < 10.0.0.1")
        // And what a proxy appends behind it is read all the same.
        #expect(try Self.locate([line + ", 192.0.2.5"], rules: Self.rules()) == "192.0.2.5 < 10.0.0.1")
    }

    @Test(
        "R78: who is not trusted is the client, whatever headers it sends",
        arguments: ["203.0.113.9", "9.255.255.255", "2001:db8::1", "::1", "127.0.0.1", "unix"]
    )
    func untrustedPeer(peer: String) throws {
        for header in ForwardedHeader.allCases {
            let rules = try Self.rules(["10.0.0.0/8"], header)
            let lines = ["10.0.0.1", "for=10.0.0.1", "192.0.2.1", "for=192.0.2.1"]
            let said = ProxyHeader.client(try Self.address("192.0.2.1"))
            let location = rules.locate(peer: try Self.address(peer), said: said, lines: lines)
            #expect(location == ClientLocation(address: try Self.address(peer)))
        }
    }

    @Test(
        "R78: Forwarded is read as RFC 7239 has it, from the right",
        arguments: [
            ("for=203.0.113.9", "203.0.113.9 < 10.0.0.1"),
            ("For=\"203.0.113.9\"", "203.0.113.9 < 10.0.0.1"),
            ("for=203.0.113.9;proto=https;by=10.0.0.1;host=\"a,b;c\"", "203.0.113.9 < 10.0.0.1"),
            ("by=_x; FOR=\"[2001:db8::9]:4711\" ; proto=https;", "[2001:db8::9]:4711 < 10.0.0.1"),
            ("for=\"203.0.113.9:_port\"", "203.0.113.9 < 10.0.0.1"),
            ("for=203.0.113.9:4711", "203.0.113.9:4711 < 10.0.0.1"),
            ("for=\"203.\\0.113.9\"", "203.0.113.9 < 10.0.0.1"),
            ("for=198.51.100.7, for=203.0.113.9, for=10.2.2.2", "203.0.113.9 < 10.0.0.1"),
            // Spoofing with quotes: an open one, or one that would swallow what the proxy appended.
            ("for=\"198.51.100.7, for=203.0.113.9", "203.0.113.9 < 10.0.0.1"),
            ("for=\", for=\"[2001:db8::9]\"", "[2001:db8::9] < 10.0.0.1"),
            ("for=198.51.100.7;x=\"\\, for=\"[2001:db8::9]\"", "[2001:db8::9] < 10.0.0.1"),
            ("for=10.9.9.9;x=\"y, for=203.0.113.9;z=\"w\"", "203.0.113.9 < 10.0.0.1"),
            ("for=198.51.100.7;x=\"y, for=\"203.0.113.9\";z=\"\\\"\"", "203.0.113.9 < 10.0.0.1"),
            // Nobody, or two.
            ("for=198.51.100.7, for=unknown", "10.0.0.1"), ("for=198.51.100.7, for=_a.b-c", "10.0.0.1"),
            ("for=198.51.100.7, proto=https", "10.0.0.1"), ("for=198.51.100.7,", "10.0.0.1"),
            ("for=198.51.100.7, for=1.2.3.4;for=1.2.3.4", "10.0.0.1"), ("for=198.51.100.7, 1.2.3.4", "10.0.0.1"),
            ("for=198.51.100.7, for = 1.2.3.4", "10.0.0.1"), ("for=198.51.100.7, for=", "10.0.0.1"),
            ("for=198.51.100.7, for=\"1.2.3.4\"x", "10.0.0.1"), ("for=198.51.100.7, for=1.2.3.4 x", "10.0.0.1"),
            ("for=198.51.100.7, for=1.2.3.4;x", "10.0.0.1"), ("for=198.51.100.7, for=\"[::1\"", "10.0.0.1"),
            ("for=198.51.100.7, for=\"1.2.3.4\\\"", "10.0.0.1"), ("for=\"1.2.3.4", "10.0.0.1"), ("\"", "10.0.0.1"),
            ("for=198.51.100.7, for=1.2.3.4;é=1", "10.0.0.1"),
        ] as [(String, String)]
    )
    func forwarded(_ line: String, _ expected: String) throws {
        let rules = try Self.rules(["10.0.0.0/8"], .forwarded)
        #expect(try Self.locate([line], rules: rules) == expected)
        // The line before it makes no difference, whatever stands in it, where the walk ends in this one.
        if expected != "10.0.0.1" {
            #expect(try Self.locate(["for=\"", line], rules: rules) == expected)
        }
    }

    @Test("R78: a Unix socket's other end is believed where it is trusted")
    func unix() throws {
        #expect(try Self.locate(["203.0.113.9"], from: "unix", rules: Self.rules(["unix"])) == "203.0.113.9 < unix")
        #expect(try Self.locate(["203.0.113.9"], from: "unix", rules: Self.rules()) == "unix")
        #expect(try Self.locate(["203.0.113.9"], rules: Self.rules(["unix"])) == "10.0.0.1")
    }

    @Test("R78: what the PROXY header says counts before the request does")
    func proxyHeader() throws {
        let rules = try Self.rules()
        let lines = ["198.51.100.7, 192.0.2.5"]
        func locate(_ said: ProxyHeader) throws -> String {
            try Self.locate(lines, from: "10.0.0.1|99", said: said, rules: rules)
        }
        let client = ClientAddress(bytes: [203, 0, 113, 9], port: 4711)
        // A client behind a proxy that only moves bytes: its headers are its own invention.
        #expect(try locate(.client(client)) == "203.0.113.9:4711 < 10.0.0.1:99")
        // Another proxy that is trusted: its header counts.
        #expect(try locate(.client(ClientAddress(bytes: [10, 2, 2, 2], port: 5))) == "192.0.2.5 < 10.0.0.1:99")
        // The proxy itself.
        #expect(try locate(.local) == "192.0.2.5 < 10.0.0.1:99")
        // Somebody: that the connection is a trusted proxy's makes the request no proxy's.
        #expect(try locate(.undisclosed) == "10.0.0.1:99")
    }

    @Test("R74: a header of 64 KiB, and a chain that never ends, are read within bounds")
    func bounds() throws {
        let rules = try Self.rules()
        let junk = String(repeating: "10.9.9.9,", count: 64 * 1024 / 9)
        #expect(try Self.locate([junk + "203.0.113.9"], rules: rules) == "203.0.113.9 < 10.0.0.1")
        let chain = (0..<100).map { "10.1.1.\($0)" }.joined(separator: ",")
        let last = 100 - ForwardingRules.longestChain
        #expect(try Self.locate([chain], rules: rules) == "10.1.1.\(last) < 10.0.0.1")
        let lines = (0..<100).map { "10.1.1.\($0)" }
        #expect(try Self.locate(["203.0.113.9"] + lines, rules: rules) == "10.1.1.\(last) < 10.0.0.1")
        let forwarded = try Self.rules(["10.0.0.0/8"], .forwarded)
        for byte in ["\"", "\\", "\\\"", ";", " ", "a", "\"\\"] {
            let long = String(repeating: byte, count: 64 * 1024)
            _ = try Self.locate([long], rules: forwarded)
            #expect(try Self.locate([long + ",for=203.0.113.9"], rules: forwarded) == "203.0.113.9 < 10.0.0.1")
        }
    }
}
