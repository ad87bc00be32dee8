// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("The form of an opening handshake, and the answers to what has another")
struct HandshakeFormTests {
    let rules = HandshakeRules(reach: .loopback, paths: ["/mcp": 0])

    private func rejection(_ request: HandshakeRequest) throws -> HandshakeRejection {
        guard case .refused(let rejection) = rules.judge(request) else { throw Unexpected() }
        return rejection
    }

    @Test(
        "R3: tokens compare without case, in lists and with versions",
        arguments: [
            ["Upgrade": ["WebSocket"]], ["Upgrade": ["h2c, websocket"]], ["Upgrade": ["websocket/13"]],
            ["Upgrade": ["h2c", "WEBSOCKET"]], ["Connection": ["keep-alive, Upgrade"]], ["Connection": ["UPGRADE"]],
            ["Connection": ["keep-alive", ", upgrade ,"]], ["Content-Length": ["0"]],
            ["Sec-WebSocket-Version": [" 13\t"]],
            ["X-Anything": ["\u{FC}ber", "a\tb", ""]], ["Sec-WebSocket-Extensions": ["permessage-deflate"]],
        ]
    )
    func tolerated(_ changes: [String: [String]]) {
        #expect(judged(openingRequest(changes), by: rules) == .accepted(0, nil))
    }

    @Test("R3: names of headers compare without case")
    func headerNames() {
        var request = openingRequest()
        request.headers = request.headers.map { ($0.name.lowercased(), $0.value) }
        #expect(judged(request, by: rules) == .accepted(0, nil))
        request.headers = request.headers.map { ($0.name.uppercased(), $0.value) }
        #expect(judged(request, by: rules) == .accepted(0, nil))
    }

    @Test(
        "R3: malformed handshakes are 400",
        arguments: [
            ["Sec-WebSocket-Key": []], ["Sec-WebSocket-Key": [""]],
            ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="]],
            ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ"]], ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25j"]],
            ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ=A"]], ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25j-Q=="]],
            ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==AAAA"]],
            ["Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==,x"]],
            ["Sec-WebSocket-Version": []], ["Sec-WebSocket-Version": ["13", "13"]], ["Transfer-Encoding": ["chunked"]],
            ["Content-Length": ["5"]], ["Content-Length": ["0", "7"]], ["X-Folded": ["a\r\n b"]],
            ["X-Null": ["a\u{0}b"]],
            ["X-Line": ["a\nOrigin: x"]], ["X-Delete": ["a\u{7F}"]], ["X Space": ["a"]], ["X-Colon:": ["a"]],
            ["": ["a"]],
            ["X-\u{FC}": ["a"]],
        ] as [[String: [String]]]
    )
    func malformed(_ changes: [String: [String]]) throws {
        let rejection = try rejection(openingRequest(changes))
        #expect(rejection.status == 400)
        #expect(rejection.code == .malformedRequest)
    }

    @Test("R3: HTTP/1.0 and 2.0 cannot be upgraded")
    func httpVersions() {
        #expect(judged(openingRequest(minor: 0), by: rules) == .refused(400))
        #expect(judged(openingRequest(minor: 2), by: rules) == .accepted(0, nil))
        var two = openingRequest(minor: 0)
        two.httpMajor = 2
        #expect(judged(two, by: rules) == .refused(400))
    }

    @Test(
        "R3: targets that are neither path nor URI, or contradict the Host header, are 400",
        arguments: [
            "", "*", "mcp", "127.0.0.1:8765", "/mcp#x", "/m cp", "/mcp\r\n", "/mcp\u{0}", "/mcp\u{7F}", "/mcp\u{E9}",
            "ftp://127.0.0.1:8765/mcp", "http:/127.0.0.1:8765/mcp", "http:///mcp", "://127.0.0.1:8765/mcp",
            "http://localhost:8765/mcp", "http://127.0.0.1/mcp", "http://evil.example/mcp",
            "http://user@127.0.0.1:8765/mcp", "http://127.0.0.1:8765\\@evil.example/mcp",
        ]
    )
    func targets(_ target: String) {
        #expect(judged(openingRequest(target: target), by: rules) == .refused(400))
    }

    @Test(
        "R3: another version of the protocol is 426 with the one that is spoken",
        arguments: ["8", "0", "14", "013", "13, 8", ""]
    )
    func version(_ version: String) throws {
        let rejection = try rejection(openingRequest(["Sec-WebSocket-Version": [version]]))
        #expect(rejection.status == 426)
        #expect(rejection.code == .unsupportedVersion)
        #expect(rejection.headers.contains { $0 == ("Sec-WebSocket-Version", "13") })
    }

    @Test(
        "R3: what is no WebSocket upgrade is 426, whatever its method and path, and is told what lives here",
        arguments: [
            openingRequest(["Upgrade": []]), openingRequest(["Upgrade": ["h2c"]]),
            openingRequest(["Upgrade": ["websockets"]]),
            openingRequest(["Upgrade": [""]]), openingRequest(["Connection": []]),
            openingRequest(["Connection": ["close"]]),
            openingRequest(["Connection": ["upgraded"]]), openingRequest(method: "POST"), openingRequest(method: "get"),
            openingRequest(["Upgrade": [], "Content-Length": ["57"]], method: "POST", target: "/unknown"),
            openingRequest(["Upgrade": []], method: "OPTIONS", target: "*"),
            openingRequest(["Upgrade": []], method: "DELETE", target: "/mcp"),
            openingRequest(["Upgrade": [], "Connection": [], "Accept": ["text/event-stream"]], target: "/healthy"),
            openingRequest(["Upgrade": [], "Host": []], minor: 0),
        ]
    )
    func noUpgrade(_ request: HandshakeRequest) throws {
        let rejection = try rejection(request)
        #expect(rejection.status == 426)
        #expect(rejection.code == .upgradeRequired)
        #expect(rejection.headers.contains { $0 == ("Upgrade", "websocket") })
        #expect(rejection.headers.contains { $0 == ("Connection", "Upgrade") })
        #expect(rejection.headers.contains { $0 == ("Content-Type", "application/json") })
        #expect(rejection.body.contains("WebSocket"))
        #expect(rejection.body.contains("Streamable HTTP"))
        #expect(!rejection.body.contains("/mcp"), "server names and paths stay unsaid")
    }

    @Test("R3: a body is one line of JSON whatever it quotes")
    func bodies() throws {
        let hostile = "https://\"evil\\.example\u{2028}\u{1F600}"
        let body = try rejection(openingRequest(["Origin": [hostile]])).body
        #expect(
            body
                == "{\"error\":\"origin_not_allowed\",\"message\":\"Origin https://\\\"evil\\\\.example\\u2028\u{1F600} "
                + "is not in allowed_origins.\"}\n"
        )
        let control = HandshakeRejection.unavailable(.backendUnavailable, "a\u{0}\u{1F}\n\r\n\u{7F}", retryAfter: 1)
            .body
        #expect(
            control
                == "{\"error\":\"backend_unavailable\",\"message\":\"a\\u0000\\u001f\\u000a\\u000d\\u000a\\u007f\"}\n"
        )
        #expect(control.utf8.count { $0 == 0x0A } == 1)
    }

    @Test("R3: no path, query, key or subprotocol is quoted")
    func secrets() throws {
        let request = openingRequest(
            ["Sec-WebSocket-Protocol": ["mcp.auth.secret"], "Authorization": ["Bearer secret"]],
            target: "/secret?token=secret"
        )
        let body = try rejection(request).body
        #expect(!body.contains("secret"))
    }

    @Test(
        "R3: what depends on the moment is 503 with the time to try again",
        arguments: [HandshakeRejection.Code.atCapacity, .draining, .backendUnavailable]
    )
    func unavailable(_ code: HandshakeRejection.Code) {
        let rejection = HandshakeRejection.unavailable(code, "not now", retryAfter: 5)
        #expect(rejection.status == 503)
        #expect(rejection.headers.contains { $0 == ("Retry-After", "5") })
        #expect(rejection.body == "{\"error\":\"\(code.rawValue)\",\"message\":\"not now\"}\n")
    }

    @Test("R3: the GUID and the answer's base64 form, as in RFC 6455 §1.3 and RFC 4648 §10")
    func acceptKey() {
        #expect(AcceptKey.guid == "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        let digest: [UInt8] = [
            0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6, 0x46, 0x06, 0xCF, 0x38, 0x59, 0x45, 0xB2, 0xBE,
            0xC4, 0xEA,
        ]
        #expect(Base64.encode(digest) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let vectors = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE="]
        for (text, encoded) in vectors { #expect(Base64.encode(Array(text.utf8)) == encoded) }
        #expect(Base64.encode([0xFB, 0xFF, 0xBF]) == "+/+/")
    }
}
