// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// A request that opens a connection, to be bent.
func openingRequest(
    _ changes: [String: [String]] = [:],
    method: String = "GET",
    target: String = "/mcp",
    minor: Int = 1
) -> HandshakeRequest {
    var headers: [(name: String, value: String)] = [
        ("Host", "127.0.0.1:8765"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]
    headers.removeAll { changes.keys.contains($0.name) }
    for (name, values) in changes { headers += values.map { (name, $0) } }
    return HandshakeRequest(method: method, target: target, httpMinor: minor, headers: headers)
}

/// A verdict in a form that can be compared.
enum Judged: Equatable, Sendable {
    case accepted(Int, String?)
    case refused(Int)
    case unproven
    case metadata(String)
    case health(HealthQuestion)
}

func judged(_ request: HandshakeRequest, by rules: HandshakeRules) -> Judged {
    switch rules.judge(request) {
    case .accepted(let handshake): .accepted(handshake.server, handshake.subprotocol)
    case .unproven: .unproven
    case .metadata(let json): .metadata(json)
    case .health(let question): .health(question)
    case .refused(let rejection): .refused(rejection.status)
    }
}

@Suite("Who may open a connection")
struct HandshakeRulesTests {
    let rules = HandshakeRules(reach: .loopback, paths: ["/mcp": 0, "/git": 1, "/a/b": 2])

    private func withHosts(_ reach: HandshakeRules.Reach, _ hosts: [String] = []) -> HandshakeRules {
        HandshakeRules(reach: reach, allowedHosts: hosts.compactMap { Authority($0) }, paths: ["/mcp": 0])
    }

    private func withOrigins(_ origins: [String]) -> HandshakeRules {
        HandshakeRules(reach: .loopback, allowedOrigins: Set(origins.compactMap { WebOrigin($0) }), paths: ["/mcp": 0])
    }

    @Test(
        "R11: health is answered where that is configured, to a plain GET or HEAD for exactly these paths, and to no page"
    )
    func health() {
        var open = rules
        open.answersHealth = true
        func asked(
            _ target: String,
            method: String = "GET",
            more: [(name: String, value: String)] = []
        ) -> HandshakeRequest {
            HandshakeRequest(method: method, target: target, headers: [(name: "Host", value: "10.0.0.7")] + more)
        }
        for method in ["GET", "HEAD"] {
            #expect(judged(asked("/healthz", method: method), by: open) == .health(.liveness))
            #expect(judged(asked("/readyz", method: method), by: open) == .health(.readiness))
        }
        let others = [
            asked("/healthz", method: "POST"), asked("/healthz?x"), asked("/healthz/"), asked("/metrics"),
            asked("/healthz", more: [(name: "Origin", value: "http://a.example")]),
            asked("/readyz", more: [(name: "Upgrade", value: "websocket")]),
        ]
        for request in others {
            if case .refused = judged(request, by: open) { continue }
            Issue.record("\(request)")
        }
        if case .health = judged(asked("/healthz"), by: rules) { Issue.record("nobody asked for it") }
    }

    @Test("R1: the request of RFC 6455 §1.3 is accepted, with its key and no subprotocol")
    func example() throws {
        guard case .accepted(let handshake) = rules.judge(openingRequest()) else { throw Unexpected() }
        #expect(handshake.server == 0)
        #expect(handshake.subprotocol == nil)
        #expect(handshake.key == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(handshake.principal == .anonymous)
    }

    @Test(
        "R1: mcp is selected iff it was offered",
        arguments: [
            (["mcp"], "mcp"), (["chat, mcp"], "mcp"), (["chat", "mcp"], "mcp"), ([" ,mcp\t,"], "mcp"),
            (["mcp, mcp"], "mcp"),
            (["mcp.auth.secret,mcp"], "mcp"), (["MCP"], nil), (["mcp2"], nil), (["mcp.auth.secret"], nil), ([""], nil),
            (["chat superchat"], nil), (["mcp;q=1"], nil), (["\"mcp\""], nil), (["m cp"], nil),
        ] as [([String], String?)]
    )
    func subprotocols(_ offered: [String], _ selected: String?) {
        let request = openingRequest(["Sec-WebSocket-Protocol": offered])
        #expect(judged(request, by: rules) == .accepted(0, selected))
    }

    // MARK: Host

    @Test(
        "R5: loopback names pass on a loopback listener",
        arguments: [
            "localhost", "LocalHost:8765", "localhost:1", "127.0.0.1", "127.0.0.1:8765", "127.255.255.254:80",
            "127.0.0.2", "[::1]", "[::1]:8765",
        ]
    )
    func loopbackHosts(_ host: String) {
        #expect(judged(openingRequest(["Host": [host]]), by: rules) == .accepted(0, nil))
    }

    @Test(
        "R5: whatever else a Host header says is 421 on a loopback listener",
        arguments: [
            "evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost",
            "localhostx", "localhost.", "127.0.0.1.", "127.1", "127.0.1", "0177.0.0.1", "127.0.0.01", "127.0.0.256",
            "127.0.0.0x1", "127.0.0.+1", "127.0.0.", "127..0.1", ".127.0.0.1", "127.0.0.1.1", "2130706433",
            "0x7f000001",
            "0.0.0.0", "128.0.0.1", "10.0.0.1", "[::]", "[::2]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
            "localhos%74",
            "foo.localhost", "ip6-localhost", "169.254.169.254",
        ]
    )
    func foreignHosts(_ host: String) {
        #expect(judged(openingRequest(["Host": [host]]), by: rules) == .refused(421))
    }

    @Test(
        "R3: a Host header that is none is 400",
        arguments: [
            "", " ", "user@localhost", "localhost:80@evil.example", "localhost:", "localhost:x", "localhost:+80",
            "localhost:-1", "localhost:65536", "localhost:000080", "localhost:80:80", "localhost 127.0.0.1",
            "localhost,evil.example:", "localhost/", "localhost#", "localhost?", "http://localhost", "[::1", "::1",
            "[]",
            "[::1]x", "[::1]x:80", "[localhost]", "[::1%25lo]", ":8765", "loc\u{E4}lhost", "localhost\\evil",
        ]
    )
    func malformedHosts(_ host: String) {
        #expect(judged(openingRequest(["Host": [host]]), by: rules) == .refused(400))
    }

    @Test("R3: a missing and a second Host header are 400")
    func hostCount() {
        #expect(judged(openingRequest(["Host": []]), by: rules) == .refused(400))
        #expect(judged(openingRequest(["Host": ["localhost", "localhost"]]), by: rules) == .refused(400))
        #expect(judged(openingRequest(["host": ["localhost"]]), by: rules) == .refused(400))
    }

    @Test("R5: allowed hosts, with and without ports, beside the loopback names")
    func allowedHosts() {
        let rules = withHosts(.loopback, ["Bridge.Example", "mcp.example:8443", "tls.example:443", "[fd00::1]:9000"])
        let table: [(String, Bool)] = [
            ("bridge.example", true), ("BRIDGE.EXAMPLE:9", true), ("mcp.example:8443", true), ("mcp.example", false),
            ("mcp.example:443", false), ("tls.example", true), ("tls.example:443", true), ("tls.example:80", false),
            ("[FD00::1]:9000", true), ("[fd00::1]", false), ("localhost", true), ("sub.bridge.example", false),
            ("bridge.example.", false), ("bridge.example.evil", false), ("xbridge.example", false),
        ]
        for (host, passes) in table {
            let expected: Judged = passes ? .accepted(0, nil) : .refused(421)
            #expect(judged(openingRequest(["Host": [host]]), by: rules) == expected, "\(host)")
        }
    }

    @Test("R5: beyond loopback the host matters only where allowed_hosts says so")
    func otherListeners() {
        for reach in [HandshakeRules.Reach.network, .unixSocket] {
            let foreign = openingRequest(["Host": ["any.example"]])
            #expect(judged(foreign, by: withHosts(reach)) == .accepted(0, nil))
            #expect(judged(foreign, by: withHosts(reach, ["mcp.example"])) == .refused(421))
            let local = openingRequest(["Host": ["localhost"]])
            #expect(judged(local, by: withHosts(reach, ["mcp.example"])) == .refused(421))
            let meant = openingRequest(["Host": ["mcp.example:8080"]])
            #expect(judged(meant, by: withHosts(reach, ["mcp.example"])) == .accepted(0, nil))
        }
    }

    // MARK: Origin

    @Test("R4: without an Origin header a native client passes, whatever is allowed")
    func noOrigin() {
        #expect(judged(openingRequest(), by: withOrigins([])) == .accepted(0, nil))
        #expect(judged(openingRequest(), by: withOrigins(["https://app.example"])) == .accepted(0, nil))
    }

    @Test(
        "R4: an origin passes if scheme, host and port are those of an allowed one",
        arguments: [
            ("https://app.example", true), ("https://APP.example", true), ("HTTPS://app.example", true),
            ("https://app.example:443", true), ("http://localhost:3000", true), ("http://[::1]:3000", true),
            ("http://plain.example:80", true), ("http://plain.example", true), ("ws://socket.example", true),
            ("vscode-webview://1a2b", true), ("file://", true),
            ("http://app.example", false), ("https://app.example:8443", false), ("https://app.example:80", false),
            ("https://app.example.evil.example", false), ("https://evilapp.example", false),
            ("https://sub.app.example", false), ("https://app.example.", false), ("https://app.example/", false),
            ("https://app.example/path", false), ("https://app.example@evil.example", false),
            ("https://evil.example@app.example", false), ("https://app.example#", false),
            ("https://app.example?", false),
            ("https://app.example https://evil.example", false), ("https://app.example, https://evil.example", false),
            ("http://localhost", false), ("http://localhost:3001", false), ("https://localhost:3000", false),
            ("http://localhost:30000", false), ("http://127.0.0.1:3000", false), ("wss://app.example", false),
            ("http://socket.example", false), ("null", false), ("NULL", false), ("", false), ("*", false),
            ("app.example", false), ("//app.example", false), ("https:app.example", false),
            ("https:///app.example", false),
            ("https://", false), ("file:///etc", false), ("://app.example", false), ("1https://app.example", false),
            ("https://app.example:", false), ("https://app.ex\u{E4}mple", false),
            ("https://\u{2024}app.example", false),
        ]
    )
    func origins(_ origin: String, _ passes: Bool) {
        let rules = withOrigins([
            "https://App.Example", "http://localhost:3000", "http://[::1]:3000", "http://plain.example:80",
            "ws://socket.example:80", "vscode-webview://1a2b", "file://",
        ])
        #expect(rules.allowedOrigins.count == 7)
        #expect(judged(openingRequest(["Origin": [origin]]), by: rules) == (passes ? .accepted(0, nil) : .refused(403)))
    }

    @Test("R4: null cannot be allowed, and two Origin headers are refused though each were allowed")
    func nullAndTwo() {
        #expect(WebOrigin("null") == nil)
        let rules = withOrigins(["https://app.example"])
        let twice = ["https://app.example", "https://app.example"]
        #expect(judged(openingRequest(["Origin": twice]), by: rules) == .refused(403))
        #expect(judged(openingRequest(["Origin": ["http://localhost"]]), by: withOrigins([])) == .refused(403))
    }

    // MARK: Path

    @Test(
        "R11: each path leads to its server; nothing is normalised",
        arguments: [
            ("/mcp", 0), ("/git", 1), ("/a/b", 2), ("/mcp?x=1", 0), ("/mcp?", 0), ("/mcp?/git", 0), ("/git?a?b", 1),
            ("http://127.0.0.1:8765/git", 1), ("ws://127.0.0.1:8765/mcp?x", 0), ("WSS://127.0.0.1:8765/mcp", 0),
            ("/", nil), ("/mcp/", nil), ("//mcp", nil), ("/MCP", nil), ("/mc%70", nil), ("/./mcp", nil),
            ("/a/../mcp", nil),
            ("/a//b", nil), ("/a/b/", nil), ("/mcpx", nil), ("/mcp;x", nil), ("/?/mcp", nil), ("/mcp%00", nil),
            ("http://127.0.0.1:8765", nil), ("http://127.0.0.1:8765?/mcp", nil), ("//127.0.0.1:8765/mcp", nil),
        ] as [(String, Int?)]
    )
    func paths(_ target: String, _ server: Int?) {
        let expected: Judged = server.map { .accepted($0, nil) } ?? .refused(404)
        #expect(judged(openingRequest(target: target), by: rules) == expected)
    }

    @Test("R11: a path that is the same to Unicode but not in bytes is another path")
    func pathBytes() {
        let rules = HandshakeRules(reach: .loopback, paths: ["/K": 0])
        #expect(judged(openingRequest(target: "/K"), by: rules) == .accepted(0, nil))
        #expect(judged(openingRequest(target: "/\u{212A}"), by: rules) == .refused(400))
    }

    // MARK: Order

    @Test("R3: form, then host, then origin, then path")
    func order() {
        let wrong: [String: [String]] = ["Host": ["evil.example"], "Origin": ["https://evil.example"]]
        let noForm = wrong.merging(["Sec-WebSocket-Key": []]) { $1 }
        #expect(judged(openingRequest(noForm, target: "/none"), by: rules) == .refused(400))
        let noUpgrade = wrong.merging(["Upgrade": []]) { $1 }
        #expect(judged(openingRequest(noUpgrade, target: "/none"), by: rules) == .refused(426))
        #expect(judged(openingRequest(wrong, target: "/none"), by: rules) == .refused(421))
        #expect(
            judged(openingRequest(["Origin": ["https://evil.example"]], target: "/none"), by: rules) == .refused(403)
        )
        #expect(judged(openingRequest(target: "/none"), by: rules) == .refused(404))
    }
}
