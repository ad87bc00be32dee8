// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("Where the bridge listens")
struct ListenAddressTests {
    @Test(
        "Addresses are read and written back",
        arguments: [
            ("127.0.0.1:8765", .tcp(host: "127.0.0.1", port: 8765)), ("[::1]:0", .tcp(host: "::1", port: 0)),
            ("localhost:65535", .tcp(host: "localhost", port: 65_535)),
            ("a-b.example:80", .tcp(host: "a-b.example", port: 80)),
            ("unix:/run/a b.sock", .unix(path: "/run/a b.sock")), ("[fe80::1]:1", .tcp(host: "fe80::1", port: 1)),
            ("systemd:mcp-wsbridge.socket", .passed(name: "mcp-wsbridge.socket")),
        ] as [(String, ListenAddress)]
    )
    func forms(_ text: String, _ address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(address.description == text)
    }

    @Test(
        "Other forms are refused with what to write",
        arguments: [
            ("127.0.0.1", "needs a port: write \"127.0.0.1:8765\""), ("localhost", "needs a port"),
            ("[::1]", "needs a port"),
            ("::1", "write \"[::1]:8765\""), (":8765", "needs a host: write \"127.0.0.1:8765\""),
            ("*:80", "or \"0.0.0.0:80\" for all"), ("127.0.0.1:65536", "between 0 and 65535, not \"65536\""),
            ("127.0.0.1:-1", "between 0 and 65535"), ("127.0.0.1:", "between 0 and 65535"),
            ("127.0.0.1:+1", "between 0"),
            ("127.0.0.1:000080", "between 0"), ("127.0.0.1:８０", "between 0"), ("256.0.0.1:80", "no valid host"),
            ("127.1:80", "no valid host"), ("2130706433:80", "no valid host"), ("a b:80", "no valid host"),
            ("127.0.0.1\0x:80", "no valid host"), ("[::1%lo]:80", "no valid host"), ("[127.0.0.1]:80", "no valid host"),
            ("[::1:80", "must be \"HOST:PORT\""), ("[::1]80", "must be \"HOST:PORT\""),
            ("a:b:c", "must be \"HOST:PORT\""),
            (":\t", "needs a host: write \"127.0.0.1:8765\""), ("*:1\n2", "or \"0.0.0.0:8765\" for all"),
            ("", "needs a port"), ("ws://127.0.0.1:80", "takes no URL"), ("unix:", "absolute path"),
            ("unix:run/a.sock", "absolute path"), ("unix:/run/", "absolute path"), ("unix:/a\0b", "control characters"),
            ("unix:/a\u{85}b", "control characters"), ("unix:/a\u{2028}b", "control characters"),
            ("unix:/" + String(repeating: "a", count: 107), "longer than 107 bytes"), ("-a.example:1", "no valid host"),
            ("systemd:", "FileDescriptorName="), ("systemd:a b", "such as \"systemd:bridge\", not \"systemd:a b\""),
        ]
    )
    func refused(_ text: String, _ message: String) {
        let error = #expect(throws: BadValue.self) { try ListenAddress(parsing: text) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        "R6: what counts as local",
        arguments: [
            ("127.0.0.1:1", true), ("127.255.0.9:1", true), ("[::1]:1", true), ("[0:0:0:0:0:0:0:1]:1", true),
            ("localhost:1", true), ("LocalHost:1", true), ("[::ffff:127.0.0.1]:1", true), ("unix:/x", true),
            ("0.0.0.0:1", false), ("[::]:1", false), ("128.0.0.1:1", false), ("10.0.0.1:1", false), ("[::2]:1", false),
            ("[fe80::1]:1", false), ("[::ffff:10.0.0.1]:1", false), ("[::127.0.0.1]:1", false), ("[1::1]:1", false),
            ("localhost.example:1", false), ("my-host:1", false), ("127.0.0.1.example:1", false),
        ]
    )
    func local(_ text: String, _ isLocal: Bool) throws {
        #expect(try ListenAddress(parsing: text).isLocal == isLocal)
        let public1 = refusal(of: "[listen]\naddress = \"\(text)\"\n\(anyServer)")
        #expect(public1.isEmpty == isLocal)
        #expect(refusal(of: "[listen]\naddress = \"\(text)\"\ninsecure_public = true\n\(anyServer)").isEmpty)
    }

    @Test("R6: an address beyond loopback is refused with its place and the way out")
    func exposed() {
        #expect(
            refusal(of: "\(anyServer)[listen]\naddress = \"0.0.0.0:8765\"")
                == "b.toml:4:11: `address` \"0.0.0.0:8765\" can be reached from other machines, and without authentication "
                + "anyone there could use every configured server: listen on 127.0.0.1, [::1] or unix:/path, or add "
                + "[auth], or write insecure_public = true in [listen] if that is meant"
        )
        #expect(
            refusal(of: "[listen]\naddress = \"0.0.0.0:1\"\ninsecure_public = false\n\(anyServer)").contains(":2:11:")
        )
    }

    @Test("URLs of servers")
    func urls() {
        #expect(ListenAddress.tcp(host: "::1", port: 0).webSocketURL(path: "/a", port: 7) == "ws://[::1]:7/a")
        #expect(ListenAddress.tcp(host: "127.0.0.1", port: 8).webSocketURL(path: "/a") == "ws://127.0.0.1:8/a")
        #expect(ListenAddress.unix(path: "/run/s").webSocketURL(path: "/a") == "ws+unix:/run/s:/a")
    }

    @Test(
        "R4: origins that browsers send",
        arguments: ["https://app.example", "http://localhost:3000", "http://[::1]:8080", "chrome-extension://abcdef"]
    )
    func origins(_ origin: String) throws {
        let origin = origin.replacing(":8080", with: ":8080")
        let text = "[listen]\nallowed_origins = [\"\(origin)\"]\n\(anyServer)"
        #expect(try parse(text).listeners[0].allowedOrigins == [origin])
    }

    @Test(
        "R4: origins that could never match, or would match too much, are refused",
        arguments: [
            ("null", "must not allow \"null\""), ("*", "no wildcards"), ("https://*.example", "no wildcards"),
            ("app.example", "of the form"), ("https://app.example/", "of the form"),
            ("https://app.example/x", "of the form"),
            ("https://user@app.example", "of the form"), ("https://", "of the form"), ("://a", "of the form"),
            ("https:app.example", "of the form"), ("file://", "of the form"), ("https://a.example?x", "of the form"),
            ("https://ä.example", "of the form"), ("", "of the form"), ("https://a.example:0", "between 1 and 65535"),
            ("https://a.example:99999", "between 1 and 65535"), ("https://a.example:", "between 1 and 65535"),
            ("https://a.example:08443", "between 1 and 65535"), ("https://::1", "of the form"),
            ("https://App.example", "write \"https://app.example\""),
            ("HTTPS://app.example", "write \"https://app.example\""),
            ("https://app.example:443", "write \"https://app.example\""), ("http://[::1]:80", "write \"http://[::1]\""),
        ]
    )
    func badOrigins(_ origin: String, _ message: String) {
        let report = refusal(of: "[listen]\nallowed_origins = [\"\(origin)\"]\n\(anyServer)")
        #expect(report.hasPrefix("b.toml:2:20: `allowed_origins` "))
        #expect(report.contains(message), "\(report)")
    }

    @Test(
        "R5: allowed hosts are names without scheme, path and port",
        arguments: [
            "https://a.example", "a.example/x", "a.example:80", "*", "*.a", "", "a b", "::1", "[::1]:80", "[x]",
        ]
    )
    func badHosts(_ host: String) {
        let report = refusal(of: "[listen]\nallowed_hosts = [\"\(host)\"]\n\(anyServer)")
        #expect(report.hasPrefix("b.toml:2:18: `allowed_hosts` takes host names without "), "\(report)")
    }
}
