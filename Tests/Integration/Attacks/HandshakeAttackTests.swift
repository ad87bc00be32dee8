// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Attempts to get in by the form of the opening handshake, over the wire: what a proxy, a browser or a parser before the
/// rules might read otherwise than they do.
@Suite struct HandshakeAttackTests {
    /// A bridge that asks for tokens, with `https://app.example` as an origin and `bridge.example` as a host.
    private static func bridge() throws -> GuardedBridge {
        try GuardedBridge(
            listen: """
                allowed_origins = ["https://app.example"]
                allowed_hosts = ["bridge.example"]
                """
        )
    }

    /// All that comes back for some bytes, until the end of the stream.
    private static func exchange(_ guarded: GuardedBridge, _ bytes: [UInt8]) throws -> String {
        let socket = try RawSocket(port: guarded.bridge.port)
        _ = try? socket.sendSome(bytes, within: 5)
        return String(decoding: try socket.receiveToEnd(), as: UTF8.self)
    }

    private static func statuses(_ text: String) -> [Int] {
        text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    /// Ends a bridge, which must have started no server.
    private static func expectUntouched(_ guarded: GuardedBridge) throws {
        #expect(try guarded.bridge.stop() == 0)
        #expect(guarded.bridge.folder.read("pids") == nil)
    }

    private static let token = "Authorization: Bearer \(GuardedBridge.ci)"

    // MARK: Pages of others

    @Test("R4: a page of another site is refused with a good token, however much its origin looks like an allowed one")
    func crossSite() throws {
        let guarded = try Self.bridge()
        #expect(
            try guarded.bridge.handshake("/echo", headers: [Self.token, "Origin: https://app.example"]).status == 101
        )
        let origins = [
            "https://evil.example", "null", "NULL", "", "*", "http://app.example", "https://app.example:8443",
            "https://app.example.", "https://app.example.evil.example", "https://app.example/",
            "https://app.example@evil.example",
            "https://evil.example@app.example", "https://evil.example#https://app.example", "https://app.example%00",
            "https://app.example https://evil.example", "https://app.example,https://evil.example",
            "https://xapp.example",
            "http://localhost:\(guarded.bridge.port)", "http://127.0.0.1:\(guarded.bridge.port)", "file://",
            "chrome-extension://app.example", "https://app.ex\u{E4}mple", "//app.example", "app.example",
        ]
        for origin in origins {
            for path in ["/fixture", "/open", "/nowhere"] {
                let answer = try guarded.bridge.handshake(path, headers: [Self.token, "Origin: \(origin)"])
                #expect(answer.status == 403, "\(origin): \(answer.body)")
            }
        }
        let both = ["Origin: https://app.example", "Origin: https://evil.example"]
        for two in [both, both.reversed(), [both[0], both[0]], [both[0], "oRiGiN: null"]] {
            #expect(try guarded.bridge.handshake(headers: [Self.token] + two).status == 403, "\(two)")
        }
        try Self.expectUntouched(guarded)
    }

    @Test("R5: a name that was bound to this machine anew, or looks like one of its own, is refused with a good token")
    func rebinding() throws {
        let guarded = try Self.bridge()
        let port = guarded.bridge.port
        for host in ["localhost:\(port)", "[::1]:1", "Bridge.Example:8443"] {
            #expect(try guarded.bridge.handshake("/echo", headers: [Self.token, "Host: \(host)"]).status == 101)
        }
        let foreign = [
            "evil.example", "evil.example:\(port)", "localhost.evil.example", "127.0.0.1.evil.example:\(port)",
            "localhost.", "localhost.:\(port)", "127.0.0.1.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0",
            "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "localhos%74", "evil.localhost", "169.254.169.254",
            "bridge.example.", "bridge.example.:8443", "xbridge.example", "bridge.example.evil.example",
            "localhost,evil.example",
        ]
        let malformed = [
            "localhost@evil.example", "evil.example@localhost", "evil.example:80@localhost:\(port)", "localhost:80:80",
            "localhost:", "localhost:0x50", "localhost:-1", "localhost:65536", "localhost/evil",
            "localhost#@evil.example",
            "localhost\\evil.example", "bridge.example:84430", "localhost evil.example", "http://localhost", "[::1", "",
        ]
        for host in foreign + malformed {
            for path in ["/fixture", "/open"] {
                let answer = try guarded.bridge.handshake(path, headers: [Self.token, "Host: \(host)"])
                #expect(answer.status == (foreign.contains(host) ? 421 : 400), "\(host): \(answer.body)")
            }
        }
        // A page of the name that was rebound says where it comes from, too.
        let rebound = ["Host: evil.example:\(port)", "Origin: http://evil.example:\(port)"]
        #expect(try guarded.bridge.handshake(headers: rebound).status == 421)
        try Self.expectUntouched(guarded)
    }

    // MARK: Smuggling

    @Test("R3: folded lines, bare CR and LF, NUL and blanks where none may be are 400, and hide no header")
    func smuggledHeaders() throws {
        let guarded = try Self.bridge()
        let fields = [
            // Each hides an origin, a host or a token from one of two readers.
            "Origin: https://app.example\r\n .evil.example", "Origin:\r\n https://app.example",
            "X: a\r\n\tOrigin: null",
            "X: a\rOrigin: https://evil.example", "X: a\nOrigin: https://app.example", "X: a\r\r\nOrigin: null",
            "Origin : https://app.example", "Origin\t: https://app.example", " Origin: https://app.example",
            "X: a\0b", "X\0: a", ": a", "X", "X y: a", "X(: a", "\u{FC}: a",
            "Authorization: Bearer\r\n \(GuardedBridge.ci)",
            "Transfer-Encoding : chunked", "X: \u{7F}",
        ]
        for field in fields {
            for headers in [[field], [field, Self.token], [Self.token, field]] {
                for path in ["/fixture", "/open"] {
                    let bytes = Handshake(path: path, port: guarded.bridge.port, headers: headers).bytes
                    let text = try Self.exchange(guarded, bytes)
                    #expect(Self.statuses(text) == [400], "\(field.debugDescription): \(text)")
                    #expect(!text.contains("canary"))
                }
            }
        }
        let lines = String(decoding: Handshake(path: "/open", port: guarded.bridge.port).bytes, as: UTF8.self)
        let text = try Self.exchange(guarded, Array(lines.replacingOccurrences(of: "\r\n", with: "\n").utf8))
        #expect(Self.statuses(text) == [400])
        try Self.expectUntouched(guarded)
    }

    @Test("R3: of two Upgrade headers WebSocket is what is spoken, or nothing is")
    func twoUpgrades() throws {
        let guarded = try Self.bridge()
        for others in [["h2c"], ["TLS/1.0", "h2c"]] {
            for isFirst in [true, false] {
                var fields = others.map { "Upgrade: \($0)" }
                fields.insert("Upgrade: websocket", at: isFirst ? 0 : fields.count)
                let bytes = Handshake(
                    path: "/open",
                    port: guarded.bridge.port,
                    headers: fields + ["Connection: keep-alive, Upgrade", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"],
                ).bytes
                let socket = try RawSocket(port: guarded.bridge.port)
                try socket.send(bytes)
                let answer = try socket.receiveAnswer()
                #expect(answer.status == 101 && answer["Upgrade"] == "websocket")
            }
            // Nothing but WebSocket is ever switched to, and never without being asked for by both headers.
            let upgrades = others.map { "Upgrade: \($0)" }
            #expect(try guarded.bridge.handshake("/open", headers: upgrades).status == 426)
        }
        for connection in ["close", "keep-alive", "upgrade-insecure-requests", "Upgrade;q=1", "websocket"] {
            #expect(try guarded.bridge.handshake("/open", headers: ["Connection: \(connection)"]).status == 426)
        }
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        #expect(Self.statuses(try Self.exchange(guarded, preface)) == [400])
    }

    @Test("R3: a handshake with a body is 400, chunked or not; nothing in it, nor in its trailer, is read")
    func bodies() throws {
        let guarded = try Self.bridge()
        let inner = String(
            decoding: Handshake(path: "/open", port: guarded.bridge.port, headers: [Self.token]).bytes,
            as: UTF8.self
        )
        let bodies: [([String], String)] = [
            (["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"), (["Transfer-Encoding: chunked"], "0\r\n\r\n"),
            (["Transfer-Encoding: chunked", "Trailer: Authorization"], "0\r\n\(Self.token)\r\n\r\n"),
            (["Transfer-Encoding: chunked"], "\(String(inner.utf8.count, radix: 16))\r\n\(inner)\r\n0\r\n\r\n"),
            (["Transfer-Encoding: chunked"], "0\r\n\r\n" + inner), (["Transfer-Encoding: identity"], inner),
            (["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"), (["Transfer-Encoding: xchunked"], inner),
            (["Transfer-Encoding: \tchunked"], "0\r\n\r\n"),
            (["Content-Length: 0", "Transfer-Encoding: chunked"], "0\r\n\r\n" + inner),
            (["Content-Length: \(inner.utf8.count)"], inner), (["Content-Length: 5"], "hello"),
            (["Content-Length: 0", "Content-Length: 5"], "hello"), (["Content-Length: +0"], inner),
            (["Content-Length: 00"], inner), (["Content-Length: 0, 0"], inner), (["Content-Length: -1"], inner),
            (["Content-Length: 99999999999999999999999"], inner), (["Content-Length: 0x0"], inner),
        ]
        for (headers, body) in bodies {
            for path in ["/fixture", "/open"] {
                let bytes = Handshake(path: path, port: guarded.bridge.port, headers: headers).bytes + Array(body.utf8)
                let text = try Self.exchange(guarded, bytes)
                #expect(Self.statuses(text) == [400], "\(headers): \(text)")
            }
        }
        try Self.expectUntouched(guarded)
    }

    @Test("R3: nothing is answered that stands behind a refused handshake, and it proves nothing for it")
    func pipelined() throws {
        let guarded = try Self.bridge()
        let port = guarded.bridge.port
        let good = Handshake(path: "/fixture", port: port, headers: [Self.token]).bytes
        let refused: [(Int, [UInt8])] = [
            (401, Handshake(path: "/fixture", port: port).bytes),
            (421, Handshake(path: "/fixture", port: port, headers: ["Host: evil.example"]).bytes),
            (403, Handshake(path: "/fixture", port: port, headers: ["Origin: null"]).bytes),
            (426, Handshake(path: "/fixture", port: port, without: ["Upgrade", "Connection"]).bytes),
            (426, Handshake(path: "/fixture", port: port, without: ["Upgrade", "Connection"], method: "POST").bytes),
            (400, Array("GET /fixture HTTP/1.1\r\n\r\n".utf8)), (400, Array("nonsense\r\n\r\n".utf8)),
        ]
        for (status, bytes) in refused {
            let text = try Self.exchange(guarded, bytes + good + good)
            #expect(Self.statuses(text) == [status], "\(text)")
        }
        // Behind an accepted one nothing is a request: it breaks the framing.
        let open = Handshake(path: "/open", port: port).bytes
        let text = try Self.exchange(guarded, open + good)
        #expect(Self.statuses(text) == [101], "\(text)")
        try Self.expectUntouched(guarded)
    }

    @Test("R3: HTTP of other versions, absolute targets of other hosts, two hosts and no WebSocket targets are refused")
    func requestLines() throws {
        let guarded = try Self.bridge()
        let port = guarded.bridge.port
        let rest = String(decoding: Handshake(path: "/", port: port, headers: [Self.token]).bytes, as: UTF8.self)
            .drop { $0 != "\r\n" }
        func statuses(_ line: String, _ more: String = "") throws -> [Int] {
            Self.statuses(try Self.exchange(guarded, Array((line + more + rest).utf8)))
        }
        for line in [
            "GET /fixture HTTP/1.0", "GET /fixture HTTP/0.9", "GET /fixture HTTP/2.0", "GET /fixture HTTP/1.1 x",
            "GET /fixture",
            "GET  HTTP/1.1", "GET fixture HTTP/1.1", "GET * HTTP/1.1", "GET /fixture http/1.1", "get /fixture HTTP/1.1",
            "GET http://evil.example/fixture HTTP/1.1", "GET http://user@127.0.0.1:\(port)/fixture HTTP/1.1",
            "GET http://127.0.0.1:\(port)@evil.example/fixture HTTP/1.1", "GET //127.0.0.1:\(port)#/fixture HTTP/1.1",
            "GET http://localhost:\(port)/fixture HTTP/1.1", "GET ftp://127.0.0.1:\(port)/fixture HTTP/1.1",
            "GET http:/127.0.0.1:\(port)/fixture HTTP/1.1", "GET \\fixture HTTP/1.1", "GET /fixture#x HTTP/1.1",
            "GET /fix\u{E4}ture HTTP/1.1", "GET /fix\tture HTTP/1.1", "G\u{0}T /fixture HTTP/1.1",
        ] {
            #expect(try statuses(line) == [400], "\(line)")
        }
        #expect(try statuses("GET /fixture HTTP/1.1", "\r\nHost: evil.example") == [400], "two hosts")
        #expect(try statuses("GET /fixture HTTP/1.1", "\r\nHost: 127.0.0.1:\(port)") == [400], "twice the same")
        #expect(try statuses("CONNECT 127.0.0.1:\(port) HTTP/1.1") == [426])
        #expect(try statuses("OPTIONS * HTTP/1.1") == [426])
        try Self.expectUntouched(guarded)
        // And this is one in another form, whose scheme has no case.
        let open = try Self.bridge()
        for scheme in ["http", "WS", "wSs"] {
            let path = "\(scheme)://127.0.0.1:\(open.bridge.port)/echo"
            #expect(try open.bridge.handshake(path, headers: [Self.token]).status == 101)
        }
    }

    // MARK: Paths

    @Test(
        "R3, R11: no other spelling of a path leads to a server: neither with a token, nor past the one that asks for it"
    )
    func pathTricks() throws {
        let guarded = try Self.bridge()
        let tricks = [
            "/../fixture", "/./fixture", "//fixture", "///fixture", "/fixture/", "/fixture//", "/fixture/.",
            "/%2e%2e/fixture",
            "/%2E/fixture", "/%2ffixture", "/fi%78ture", "/fixture%00", "/fixture%20", "/fixture;a=b", "/fixture%3f",
            "/FIXTURE",
            "/fixtur\\e", "/open/../fixture", "/open/..%2ffixture", "/open/%2e%2e/fixture", "/open;/../fixture",
            "/open\\..\\fixture",
            "/open//fixture", "/open/fixture", "/open%2f..%2ffixture", "/%6fpen", "/open/", "/open/.",
            "/open?/../fixture#",
            "//open", "/fixture&/open", "/.well-known/oauth-protected-resource/../../fixture",
        ]
        for path in tricks where !path.contains("#") {
            #expect(try guarded.bridge.handshake(path).status == 401, "\(path)")
            #expect(try guarded.bridge.handshake(path, headers: [Self.token]).status == 404, "\(path)")
        }
        for path in ["/fixture#/open", "/open?/../fixture#"] {
            #expect(try guarded.bridge.handshake(path, headers: [Self.token]).status == 400, "\(path)")
        }
        // The query is no part of the path.
        for path in ["/fixture?/open", "/fixture?x=/../open", "/fixture?path=/open"] {
            #expect(try guarded.bridge.handshake(path).status == 401, "\(path)")
        }
        try Self.expectUntouched(guarded)
    }

    // MARK: Credentials

    @Test("R3, R8: a token anywhere but in its carriers is none")
    func misplacedTokens() throws {
        let guarded = try Self.bridge()
        let token = GuardedBridge.ci
        let fields = [
            "Cookie: token=\(token)", "Cookie: Authorization=Bearer%20\(token)", "Proxy-Authorization: Bearer \(token)",
            "X-Authorization: Bearer \(token)", "X-Forwarded-Authorization: Bearer \(token)",
            "Mcp-Session-Id: \(token)",
            "X-Forwarded-User: ci", "X-Remote-User: ci", "Remote-User: ci", "X-Client-Verify: SUCCESS",
            "Forwarded: by=ci",
            "Sec-WebSocket-Protocol: \(token)", "Sec-WebSocket-Protocol: mcp-auth.\(token)",
            "Referer: http://x/?token=\(token)",
            "Sec-WebSocket-Protocol: MCP.AUTH.\(token)", "Sec-WebSocket-Extensions: mcp.auth.\(token)",
            "Authorization: Digest \(token)", "Authorization: Token \(token)", "Authorization: Bearer-\(token)",
            "WWW-Authenticate: Bearer \(token)", "From: \(token)",
        ]
        for field in fields {
            let answer = try guarded.bridge.handshake("/fixture", headers: [field])
            #expect(answer.status == 401, "\(field): \(answer.body)")
            #expect(answer["Sec-WebSocket-Protocol"] == nil)
        }
        for path in [
            "/fixture?token=\(token)", "/fixture?access_token=\(token)", "/\(token)/fixture", "/fixture/\(token)",
        ] {
            #expect(try guarded.bridge.handshake(path).status == 401, "\(path)")
        }
        try Self.expectUntouched(guarded)
    }

    @Test("R3, R8: a token in a strange spelling of its carrier is 400 or the token, and never another one")
    func spelledCarriers() throws {
        let guarded = try Self.bridge()
        let token = GuardedBridge.ci
        let good = [
            "authorization: bEaReR   \(token) \t", "AUTHORIZATION:\tBearer \(token)", GuardedBridge.basic(":\(token)"),
            "Sec-WebSocket-Protocol: mcp\r\nSec-WebSocket-Protocol: mcp.auth.\(token)",
            "Sec-WebSocket-Protocol: ,mcp.auth.\(token),\t,mcp,mcp.auth.\(token)",
        ]
        for field in good { #expect(try guarded.bridge.handshake("/echo", headers: [field]).status == 101, "\(field)") }
        let bad = [
            "Authorization: Bearer\t\(token)", "Authorization: Bearer \(token), Bearer x",
            "Authorization: Bearer \"\(token)\"",
            "Authorization: Bearer \(token);", "Authorization: Bearer=\(token)", "Authorization: ", "Authorization: =",
            "Authorization: Basic \(token)", "Authorization: Basic " + Data(token.utf8).base64EncodedString(),
            GuardedBridge.basic("me:\(token):"), GuardedBridge.basic("me:\(token)\0"),
            GuardedBridge.basic("me: \(token)"),
            GuardedBridge.basic("me:\(token)\r\nOrigin: https://app.example"), GuardedBridge.basic("me:"),
            GuardedBridge.basic("me:\(token)") + "!", "Authorization: Basic bWU6\nY2k=",
            "Sec-WebSocket-Protocol: mcp.auth.\(token)!",
            "Sec-WebSocket-Protocol: mcp.auth.\(token) mcp", "Sec-WebSocket-Protocol: mcp.auth.=",
        ]
        for field in bad {
            let answer = try guarded.bridge.handshake("/fixture", headers: [field])
            #expect(answer.status == 400, "\(field.debugDescription): \(answer.body)")
            #expect(!(answer.head + answer.body).contains("canary"))
        }
        try Self.expectUntouched(guarded)
    }

    @Test("R8: what a token opens at one server it does not open at another; an open server says nothing about a token")
    func otherServers() throws {
        let guarded = try Self.bridge()
        for carrier in GuardedBridge.carriers {
            #expect(try guarded.handshake("/fixture", carrier, GuardedBridge.narrow).status == 403)
            #expect(try guarded.handshake("/open", carrier, GuardedBridge.wrong).status == 101)
            #expect(try guarded.handshake("/open", carrier, GuardedBridge.narrow).status == 101)
            // Once connected the path stays that of the handshake, whatever messages say.
            let socket = try guarded.connect("/echo", carrier, GuardedBridge.narrow)
            try socket.send(
                #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{},"server":"fixture","path":"/fixture"}"#
            )
            #expect(try socket.receiveMessage().result != nil)
        }
        try Self.expectUntouched(guarded)
    }
}
