// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("What a server behind a URL is configured with")
struct UpstreamTests {
    @Test("Every key reaches the model")
    func keys() throws {
        let configuration = try parse(
            """
            [servers.a]
            max_parallel = 2
            on_session_lost = "close"
            max_event = "3MiB"
            request_timeout = "4m"
            connect_timeout = "5ms"
            client_certificate = { key = "/k", certificate = "/c" }
            ca = "/ca"
            transport = "streamable-http"
            path = "/docs"
            accept_binary = true
            oversize_response = "6MiB"
            limits = { max_message = "7MiB", max_connections = 8 }
            url = "HTTPS://Docs.Example:8443/mcp?x=1"
            [servers.a.headers]
            Authorization = { prefix = "Bearer ", file = "/f" }
            x-team = "a b"
            "X-Key" = { env = "KEY" }
            Empty = ""
            """
        )
        let server = try #require(configuration.servers.first)
        var upstream = Upstream(url: try #require(HTTPURL("https://docs.example:8443/mcp?x=1")))
        upstream.maxParallel = 2
        upstream.onSessionLost = .close
        upstream.maxEvent = 3 << 20
        upstream.requestTimeout = .seconds(240)
        upstream.connectTimeout = .milliseconds(5)
        upstream.clientCertificate = Upstream.ClientCertificate(certificate: "/c", key: "/k")
        upstream.ca = "/ca"
        upstream.transport = .streamableHTTP
        func header(_ name: String, _ line: Int, prefix: String = "", _ value: EnvironmentValue) -> UpstreamHeader {
            UpstreamHeader(
                name: name,
                prefix: prefix,
                value: value,
                place: .init(file: "b.toml", line: line, column: 1)
            )
        }
        upstream.headers = [
            header("Authorization", 16, prefix: "Bearer ", .file(path: "/f")), header("x-team", 17, .text("a b")),
            header("X-Key", 18, .environment(name: "KEY")), header("Empty", 19, .text("")),
        ]
        #expect(server.upstream == upstream)
        #expect(server.upstream?.headers.map(\.place) == upstream.headers.map(\.place))
        #expect(server.command.isEmpty)
        #expect(server.path == "/docs")
        #expect(server.acceptBinary)
        #expect(server.oversizeResponse == 6 << 20)
        #expect(server.limits.maxMessage == 7 << 20)
        #expect(server.ownCaps.maxConnections == 8)
    }

    @Test("A URL alone has every default, and a server with a command has no upstream")
    func defaults() throws {
        #expect(
            try parse(anyUpstream).servers.first?.upstream == HTTPURL("https://x.example/").map(Upstream.init(url:))
        )
        #expect(try parse(anyServer).servers.first?.upstream == nil)
        #expect(try parse(anyUpstream).servers.first?.path == "/a")
    }

    @Test("Servers are equal only if their upstreams are")
    func equality() throws {
        let server = try #require(try parse(anyUpstream).servers.first)
        var other = server
        #expect(other == server)
        other.upstream?.maxParallel = 1
        #expect(other != server)
        other = server
        other.upstream = nil
        #expect(other != server)
    }

    @Test(
        "URLs that can be dialled",
        arguments: [
            ("http://x", "http://x/"), ("HTTP://X:80/", "http://x/"), ("https://x:443?q", "https://x/?…"),
            ("http://127.0.0.1:1/a%2Fb", "http://127.0.0.1:1/a%2Fb"), ("http://[::1]:65535/", "http://[::1]:65535/"),
            ("https://a_b.example./~x!$&'()*+,;=:@-._", "https://a_b.example./~x!$&'()*+,;=:@-._"),
            ("http://x/a?b@c/d?e", "http://x/a?…"), ("http://x/a@b", "http://x/a@b"), ("http://x/?", "http://x/?…"),
        ]
    )
    func urls(_ text: String, _ shown: String) throws {
        let configuration = try parse("[servers.a]\nurl = \"\(text)\"")
        #expect(configuration.servers.first?.upstream?.url.withoutQuery == shown)
    }

    private static let absolute = "must be an absolute URL, one that starts with http:// or https://"
    private static let host = "has no valid host after its ://, or its port is not between 1 and 65535"
    private static let escapes =
        "holds a character that has to be percent-encoded, or a `%` without two hex digits after it"
    private static let blanks = "must not hold blanks or control characters: write %20 for a blank"
    private static let socket =
        "must start with http:// or https://, not ws:// or wss://: the bridge speaks WebSocket to clients and HTTP to servers"
    private static let scheme = "must start with http:// or https://: no other scheme can be dialled"
    private static let credentials =
        "must not hold a user name or password: credentials go into `headers`, such as headers = "
        + "{ Authorization = { file = \"/run/secrets/token\", prefix = \"Basic \" } }"

    @Test(
        "URLs that cannot be dialled are refused with what to do, and never quoted",
        arguments: [
            ("", absolute), ("canary", absolute), ("canary:9000/mcp", absolute), ("/canary", absolute),
            ("//canary", absolute), ("http:canary", absolute), ("http:/canary", absolute),
            ("ws://canary", socket), ("WSS://canary", socket), ("ftp://canary", scheme), ("://canary", scheme),
            ("unix://canary", scheme), ("canary.example/?x=http://y", scheme),
            ("http://u:canary@x", credentials), ("https://canary@x/", credentials), ("http://canary@", credentials),
            ("http://x/#canary", "must not hold a fragment, a part after `#`: servers never get to see it"),
            ("http://x#", "must not hold a fragment, a part after `#`: servers never get to see it"),
            (" http://canary", blanks), ("http://canary ", blanks), ("http://x/a canary", blanks),
            ("http://x/\\tcanary", blanks), ("http://x/\\u0000canary", blanks), ("http://x/\\r\\ncanary: 1", blanks),
            ("http://canäry", "must be ASCII: percent-encode what is not, and write host names in their xn-- form"),
            ("http://", host), ("http:///canary", host), ("http://?canary", host), ("http://canary:0", host),
            ("http://canary:65536", host), ("http://canary:x", host), ("http://canary:-1", host),
            ("http://::1", host), ("http://[canary]", host), ("http://[::1", host), ("http://127.0.0.256", host),
            ("http://-canary", host), ("http://canary..x", host), ("http://can%61ry", host),
            ("http://x/%", escapes), ("http://x/%2", escapes), ("http://x/%2g", escapes),
            ("http://x/<canary>", escapes),
            ("http://x/?canary[]=1", escapes), ("http://x/\\\"canary", escapes), ("http://x/{canary}", escapes),
            (
                "http://x/{{canary}}",
                "holds `{{`: templates may stand only in the values of `env` and `headers`, and in `command` behind the program"
            ),
        ]
    )
    func badURLs(_ text: String, _ message: String) {
        let report = refusal(of: "[servers.a]\nurl = \"\(text)\"")
        #expect(report == "b.toml:2:7: `url` \(message)")
        #expect(!report.contains("canary"))
    }

    @Test(
        "What is wrong with a server behind a URL",
        arguments: [
            (
                "[servers.a]\ncommand = [\"x\"]\nurl = \"http://x\"\nmax_event = \"1KiB\"\ncwd = \"/\"",
                "b.toml:3:1: server `a` has both `command` and `url`: keep `command` to start a program, or `url` to dial a server"
            ),
            (
                "[servers.a]\nurl = 9000",
                "b.toml:2:7: `url` must be a string such as \"http://127.0.0.1:9000/mcp\", not an integer"
            ),
            (
                "[servers.a]\nurl = \"x://\"\nmax_parallel = 0",
                "b.toml:2:7: `url` must start with http:// or https://: no other scheme can be dialled\n"
                    + "b.toml:3:16: `max_parallel` must be between 1 and 1000000000, not 0"
            ),
            (
                "\(anyUpstream)transport = \"http\"",
                "b.toml:3:13: `transport` must be one of \"auto\", \"streamable-http\", \"sse\", not \"http\""
            ),
            (
                "\(anyUpstream)transport = \"streamable_http\"",
                "b.toml:3:13: `transport` must be one of \"auto\", \"streamable-http\", \"sse\", not \"streamable_http\"; "
                    + "did you mean \"streamable-http\"?"
            ),
            (
                "\(anyUpstream)on_session_lost = \"reinitialise\"",
                "b.toml:3:19: `on_session_lost` must be one of \"reinitialize\", \"close\", not \"reinitialise\"; "
                    + "did you mean \"reinitialize\"?"
            ),
            (
                "\(anyUpstream)conect_timeout = \"1s\"",
                "b.toml:3:1: unknown key `conect_timeout` in [servers.a]; did you mean `connect_timeout`?"
            ),
            (
                "\(anyUpstream)connect_timeout = \"0s\"",
                "b.toml:3:19: `connect_timeout` must be longer than zero: a peer that waits for ever would hold its place for ever"
            ),
            (
                "\(anyUpstream)request_timeout = 0",
                "b.toml:3:19: `request_timeout` needs a unit in quotes: write \"0s\" or \"0ms\""
            ),
            (
                "\(anyUpstream)max_event = \"0B\"",
                "b.toml:3:13: `max_event` must be between \"1B\" and \"1GiB\", not \"0B\""
            ),
            (
                "\(anyUpstream)[servers.a.limits]\nmax_event = \"1B\"",
                "b.toml:4:1: unknown key `max_event` in [servers.a.limits]; it belongs in [servers.a]"
            ),
            (
                "[limits]\nmax_parallel = 1\n\(anyUpstream)",
                "b.toml:2:1: unknown key `max_parallel` in [limits]; it belongs in [servers.NAME]"
            ),
            (
                "\(anyUpstream)certificate = \"/c\"",
                "b.toml:3:1: unknown key `certificate` in [servers.a]; it belongs in [servers.a.client_certificate]"
            ),
            (
                "\(anyUpstream)ca = \"ca.pem\"",
                "b.toml:3:6: `ca` must be an absolute path, one that starts with a slash, not \"ca.pem\""
            ),
            (
                "\(anyUpstream)client_certificate = { certificate = \"/c\" }",
                "b.toml:3:22: `client_certificate` must have both parts: write { certificate = \"/path/client.pem\", "
                    + "key = \"/path/client.key\" }"
            ),
            (
                "\(anyUpstream)client_certificate = { cert = \"/c\", key = \"k\" }",
                "b.toml:3:24: unknown key `cert` in [servers.a.client_certificate]\n"
                    + "b.toml:3:43: `key` must be an absolute path, one that starts with a slash, not \"k\""
            ),
            (
                "\(anyUpstream)client_certificate = \"/c\"",
                "b.toml:3:22: `servers.a.client_certificate` must be a table, written [servers.a.client_certificate] with "
                    + "single brackets, not a string"
            ),
        ]
    )
    func problem(_ text: String, _ expected: String) {
        #expect(refusal(of: text) == expected)
    }
}
