// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

@Suite("Where the load generator may be pointed")
struct LoopbackURLTests {
    @Test(
        "Addresses of this machine are taken",
        arguments: [
            ("ws://127.0.0.1:80/mcp", .v4(127, 0, 0, 1), 80, "/mcp"),
            ("ws://127.1.2.3:65535", .v4(127, 1, 2, 3), 65535, "/"),
            ("ws://localhost:8765/a/b?c=d", .v4(127, 0, 0, 1), 8765, "/a/b?c=d"),
            ("ws://[::1]:8765?x", .v6, 8765, "/?x"),
        ] as [(String, LoopbackURL.Address, UInt16, String)]
    )
    func taken(_ text: String, _ address: LoopbackURL.Address, _ port: UInt16, _ path: String) throws {
        let url = try LoopbackURL(parsing: text)
        #expect(url.address == address)
        #expect(url.port == port)
        #expect(url.path == path)
    }

    @Test("TLS is spoken where the URL says so")
    func secure() throws {
        #expect(try LoopbackURL(parsing: "wss://127.0.0.1:443/mcp").isSecure)
        #expect(try !LoopbackURL(parsing: "ws://127.0.0.1:443/mcp").isSecure)
    }

    @Test(
        "Everything else is refused, other machines with the reason",
        arguments: [
            ("ws://192.168.0.1:80/", "loopback"), ("ws://example.org:80/", "loopback"), ("ws://[::2]:80/", "loopback"),
            ("ws://128.0.0.1:80/", "loopback"), ("ws://127.0.0.1.example.org:80/", "loopback"),
            ("ws://127.0.0.256:80/", "loopback"), ("ws://127.1:80/", "loopback"), ("ws://:80/", "loopback"),
            ("ws://127.0.0.1@example.org:80/", "user information"), ("ws://127.0.0.1/", "port"),
            ("ws://127.0.0.1:0/", "port"), ("ws://127.0.0.1:65536/", "port"), ("ws://127.0.0.1:x/", "port"),
            ("wss://192.168.0.1:80/", "loopback"), ("http://127.0.0.1:80/", "ws://"), ("127.0.0.1:80", "ws://"),
            ("ws://127.0.0.1:80/a b", "space"), ("ws://127.0.0.1:80/a\r\nb: c", "space"), ("", "ws://"),
        ]
    )
    func refused(_ text: String, _ reason: String) {
        let problem = #expect(throws: LoopbackURL.Problem.self) { try LoopbackURL(parsing: text) }
        #expect(problem?.description.contains(reason) == true)
    }
}
