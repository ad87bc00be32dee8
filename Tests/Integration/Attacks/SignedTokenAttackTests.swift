// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Testing

/// Attempts to get in with a signed token that ought not to do, over the wire and by every carrier. What only takes
/// mathematics is tried in `JWTAttackTests` and `JWTSignatureTests`.
@Suite struct SignedTokenAttackTests {
    private let issuer = Issuer()

    private func expectRefused(_ attacks: [(token: String, fault: String)]) throws {
        try IssuerBridge(issuer: issuer).expectRefused(attacks)
    }

    @Test("R8: a token that another key signed under our key's id is refused")
    func wrong() throws {
        let stranger = Issuer()
        let good = try issuer.token().split(separator: ".")
        let other = try issuer.token(["sub": #""root""#]).split(separator: ".")
        try expectRefused([
            (try stranger.token(), "bad_signature"),
            // The signature of one token under the claims of another.
            ("\(good[0]).\(other[1]).\(good[2])", "bad_signature"),
            ("\(good[0]).\(good[1]).\(other[2])", "bad_signature"),
        ])
    }

    @Test("R8: expired tokens, and those without a time at which they expire, are refused")
    func expired() throws {
        let now = Issuer.now
        var attacks = try ["\(now - 61)", "0", "-1", "\(now - 61).999"].map {
            (try issuer.token(["exp": $0]), "expired")
        }
        let odd = [
            "\"\(now + 600)\"", "1e12", "1E+12", "\(now + 600)e0", "\(now)000", "99999999999999999999999999", "true",
            "null", "[\(now + 600)]", "{}", nil,
        ]
        attacks += try odd.map { (try issuer.token(["exp": $0]), "bad_claims") }
        let guarded = try IssuerBridge(issuer: issuer)
        // The end of all times that are taken is no moment of this machine's clock.
        let socket = try RawWebSocket(
            port: guarded.bridge.port,
            path: "/echo",
            headers: ["Authorization: Bearer \(try issuer.token(["exp": "253402300799"]))"]
        )
        #expect(try socket.request("ping").result != nil)
        try socket.close()
        try guarded.expectRefused(attacks)
    }

    @Test("R8: tokens of the future are refused, but for what clocks may differ")
    func future() throws {
        let now = Issuer.now
        let guarded = try IssuerBridge(issuer: issuer)
        for claim in ["nbf", "iat"] {
            #expect(try guarded.answer(issuer.token([claim: "\(now + 30)"]), "/echo").status == 101)
        }
        try guarded.expectRefused([
            (try issuer.token(["nbf": "\(now + 120)"]), "not_yet_valid"),
            (try issuer.token(["iat": "\(now + 120)"]), "not_yet_valid"),
            (try issuer.token(["nbf": "\"\(now)\""]), "bad_claims"), (try issuer.token(["nbf": "null"]), "bad_claims"),
            (try issuer.token(["iat": "{}"]), "bad_claims"), (try issuer.token(["nbf": "1e9"]), "bad_claims"),
        ])
    }

    @Test("R8: unsigned tokens are refused: alg none in any case, no signature, one taken away")
    func unsigned() throws {
        var attacks: [(token: String, fault: String)] = []
        for none in ["none", "None", "nOnE", "NONE"] {
            for header in [#"{"alg":"\#(none)"}"#, #"{"alg":"\#(none)","kid":"1","typ":"JWT"}"#] {
                attacks.append((Issuer.token(header: header, claims: Issuer.claims()) { _ in [] }, "bad_signature"))
                attacks.append((try issuer.token(header: header), "bad_signature"))
            }
        }
        let good = try issuer.token()
        let stripped = good.prefix(through: try #require(good.lastIndex(of: ".")))
        attacks.append((String(stripped), "bad_signature"))
        // Without the last dot it has not the form of a signed token.
        attacks.append((String(stripped.dropLast()), "unknown"))
        try expectRefused(attacks)
    }

    @Test("R8: HS256 with the public key as its secret is refused, in whatever form the key is taken")
    func publicKeyAsSecret() throws {
        let key = issuer.key.publicKey
        let secrets = [
            Data(key.pemRepresentation.utf8), key.derRepresentation, key.rawRepresentation, key.x963Representation,
            Data(issuer.jwk.utf8), Data(issuer.jwks.utf8), Data(),
        ]
        var attacks: [(token: String, fault: String)] = []
        for secret in secrets {
            for (alg, fault) in [("HS256", "bad_algorithm"), ("hs256", "bad_algorithm"), ("ES256", "bad_signature")] {
                let header = #"{"alg":"\#(alg)","kid":"1"}"#
                let token = Issuer.token(header: header, claims: Issuer.claims()) {
                    Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
                }
                attacks.append((token, fault))
            }
        }
        try expectRefused(attacks)
    }

    @Test("R8: a token for another audience, or of another issuer, is refused however much it looks like ours")
    func foreign() throws {
        let (ours, theirs) = (Issuer.audience, "https://other.example")
        let audiences: [(String?, String)] = [
            ("\"\(theirs)\"", "wrong_audience"), ("[\"\(theirs)\"]", "wrong_audience"), ("[]", "wrong_audience"),
            ("[\"\(theirs)\",\"https://third.example\"]", "wrong_audience"),
            ("\"\"", "wrong_audience"), ("\"\(ours)/\"", "wrong_audience"),
            ("\"\(ours).evil.example\"", "wrong_audience"),
            ("\"\(ours.uppercased())\"", "wrong_audience"), ("\"\(theirs) \(ours)\"", "wrong_audience"),
            ("\"\(ours)\\u0000\"", "wrong_audience"), ("[\"\(ours)\",1]", "bad_claims"),
            ("[[\"\(ours)\"]]", "bad_claims"),
            ("{\"\(ours)\":1}", "bad_claims"), ("null", "bad_claims"), ("1", "bad_claims"), (nil, "bad_claims"),
        ]
        let issuers: [(String?, String)] = [
            ("\"https://evil.example\"", "wrong_issuer"), ("\"\(Issuer.name)/\"", "wrong_issuer"),
            ("\"\(Issuer.name.uppercased())\"", "wrong_issuer"), ("\"\(Issuer.name)@evil.example\"", "wrong_issuer"),
            ("[\"\(Issuer.name)\"]", "bad_claims"), ("null", "bad_claims"), (nil, "bad_claims"),
        ]
        try expectRefused(
            try audiences.map { (try issuer.token(["aud": $0.0]), $0.1) }
                + issuers.map { (try issuer.token(["iss": $0.0]), $0.1) }
        )
    }

    @Test("R8: an unknown kid is refused, whatever path or query it pretends to be")
    func unknownKey() throws {
        let ids = [
            "2", "", "1 ", "01", "1\\u0000", "../../../../dev/null", "/etc/hostname", "file:///dev/null",
            "1' OR '1'='1",
            "http://127.0.0.1/keys", String(repeating: "1", count: 513),
        ]
        var attacks = try ids.map { (try issuer.token(header: #"{"alg":"ES256","kid":"\#($0)"}"#), "unknown_key") }
        attacks += try ["null", "1", "[\"1\"]", "{}"].map {
            (try issuer.token(header: #"{"alg":"ES256","kid":\#($0)}"#), "malformed")
        }
        try expectRefused(attacks)
    }

    @Test("R8: a header or a claim that stands twice is refused, though it is signed")
    func duplicated() throws {
        var attacks: [(token: String, fault: String)] = []
        for more in [
            #""alg":"ES256""#, #""alg":"none""#, #""\u0061lg":"none""#, #""kid":"1""#, #""kid":"2""#,
            #""typ":"JWT","typ":"x""#,
        ] {
            attacks.append((try issuer.token(header: issuer.header(",\(more)")), "malformed"))
        }
        for more in [
            #""exp":9999999999"#, #""\u0065xp":9999999999"#, #""aud":"\#(Issuer.audience)""#, #""sub":"root""#,
            #""iss":"\#(Issuer.name)""#,
        ] {
            let claims = String(Issuer.claims().dropLast()) + ",\(more)}"
            attacks.append((try issuer.token(header: issuer.header(), claims: claims), "malformed"))
        }
        try expectRefused(attacks)
    }

    @Test("R8: a key that a token brings along, or where it says that keys are, is neither used nor asked for")
    func embeddedKeys() throws {
        let stranger = Issuer()
        let server = try ScriptedHTTPServer { [jwks = stranger.jwks] _, reply in try reply.json(jwks) }
        var attacks: [(token: String, fault: String)] = []
        for more in [
            #""jwk":\#(stranger.jwk)"#, #""jku":"\#(server.origin)/keys""#, #""x5u":"\#(server.origin)/x""#,
            #""x5c":["\#(stranger.key.publicKey.derRepresentation.base64EncodedString())"]"#, #""x5t":"AAAA""#,
        ] {
            attacks.append((try stranger.token(header: stranger.header(",\(more)")), "bad_signature"))
            attacks.append((try stranger.token(header: #"{"alg":"ES256",\#(more)}"#), "bad_signature"))
            attacks.append((try stranger.token(header: #"{"alg":"ES256","kid":"x",\#(more)}"#), "unknown_key"))
        }
        try expectRefused(attacks)
        #expect(server.connectionCount == 0)
    }

    @Test("R8: what a header demands and the bridge does not know is refused, and so is a token of another kind")
    func demands() throws {
        var attacks: [(token: String, fault: String)] = []
        for more in [
            #""crit":["b64"],"b64":false"#, #""crit":["exp"],"exp":1"#, #""crit":[]"#, #""crit":null"#,
            #""typ":"dpop+jwt""#, #""typ":"logout+jwt""#, #""typ":"JWE""#, #""typ":["JWT"]"#, #""typ":null"#,
        ] {
            attacks.append((try issuer.token(header: issuer.header(",\(more)")), "malformed"))
        }
        // Signed over the bare claims, as RFC 7797 has it; the header does not say that this must be understood.
        let header = issuer.header(#","b64":false"#)
        let unencoded = try issuer.sign(Array((Issuer.base64URL(header.utf8) + "." + Issuer.claims()).utf8))
        attacks.append(
            (
                Issuer.token(header: header, claims: Issuer.claims()) { _ in [UInt8](unencoded.rawRepresentation) },
                "bad_signature"
            )
        )
        for alg in [#""ES384""#, #""RS256""#, #""EdDSA""#] {
            attacks.append((try issuer.token(header: #"{"alg":\#(alg),"kid":"1"}"#), "bad_algorithm"))
        }
        for alg in [#"["ES256"]"#, "null", #"{"ES256":1}"#] {
            attacks.append((try issuer.token(header: #"{"alg":\#(alg),"kid":"1"}"#), "malformed"))
        }
        for alg in [#""es256""#, #""ES256 ""#, #""ES256\u0000""#, #""""#] {
            attacks.append((try issuer.token(header: #"{"alg":\#(alg),"kid":"1"}"#), "bad_algorithm"))
        }
        attacks.append((try issuer.token(header: #"{"kid":"1"}"#), "malformed"))
        try expectRefused(attacks)
    }

    @Test("R8: signatures that are none are refused: in DER, of zeros, of the order of the curve, too short, too long")
    func signatures() throws {
        let order: [UInt8] =
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8) + [
                0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
            ]
        let zero = [UInt8](repeating: 0, count: 32)
        let one = [UInt8](repeating: 0, count: 31) + [1]
        let claims = Issuer.claims()
        func token(_ sign: ([UInt8]) throws -> [UInt8]) throws -> String {
            try Issuer.token(header: issuer.header(), claims: claims, sign: sign)
        }
        func good(_ input: [UInt8]) throws -> [UInt8] { try [UInt8](issuer.sign(input).rawRepresentation) }
        var attacks = [(try token { try [UInt8](issuer.sign($0).derRepresentation) }, "bad_signature")]
        for pair in [
            zero + zero, zero + one, one + zero, one + one, order + order, order + one, one + order,
            [UInt8](repeating: 0xFF, count: 64), [0],
        ] {
            attacks.append((try token { _ in pair }, "bad_signature"))
        }
        attacks.append((try token { try good($0) + [0] }, "bad_signature"))
        attacks.append((try token { try [0] + good($0) }, "bad_signature"))
        attacks.append((try token { try Array(good($0).dropLast()) }, "bad_signature"))
        attacks.append((try token { try zero + good($0) + zero }, "bad_signature"))
        try expectRefused(attacks)
    }

    @Test("R8: another spelling of a good token is refused")
    func spelling() throws {
        let good = try issuer.token()
        let parts = good.split(separator: ".").map(String.init)
        try expectRefused([
            (good + "=", "malformed"), (good + "==", "malformed"), (good + ".", "unknown"),
            (good + "." + parts[2], "unknown"), (parts.joined(separator: "..") + ".", "unknown"), ("..", "malformed"),
            ("." + parts[1] + "." + parts[2], "malformed"), (parts[0] + ".." + parts[2], "bad_signature"),
            (try issuer.token(header: "[]"), "malformed"), (try issuer.token(header: #"{"alg":"ES256""#), "malformed"),
            (try issuer.token(header: issuer.header() + issuer.header()), "malformed"),
            (try issuer.token(header: issuer.header(), claims: Issuer.claims() + "{}"), "malformed"),
            (try issuer.token(header: issuer.header(), claims: "\u{FEFF}" + Issuer.claims()), "malformed"),
            // A token as the claims of a token.
            (try issuer.token(header: issuer.header(#","cty":"JWT""#), claims: good), "malformed"),
        ])
    }

    @Test("R8: who a token names is a bounded text that can stand in a log")
    func names() throws {
        let names = [
            #""a\r\nb""#, #""""#, #""a\u0000""#, #""a\u2028b""#, #""\u202eadmin""#, "1", "null", #"["alice"]"#, nil,
            "\"\(String(repeating: "a", count: 257))\"",
        ]
        try expectRefused(try names.map { (try issuer.token(["sub": $0]), "bad_claims") })
    }

    @Test("R8: keys of an issuer that prove nothing let nobody in: symmetric, doubled, off the curve, of 512 bits")
    func hostileKeys() throws {
        let stranger = Issuer()
        let secret = Issuer.base64URL([UInt8](repeating: 7, count: 32))
        let short = Issuer.base64URL([0xC1] + [UInt8](repeating: 0x55, count: 63))
        let guarded = try IssuerBridge(
            issuer: issuer,
            keys: {
                [jwk = issuer.jwk, other = stranger.jwk.replacingOccurrences(of: #""1""#, with: #""twice""#)] _, reply
                in
                let off = #"{"kty":"EC","crv":"P-256","kid":"off","x":"\#(secret)","y":"\#(secret)"}"#
                let keys = [
                    #"{"kty":"oct","kid":"secret","k":"\#(secret)"}"#, other, other, off,
                    #"{"kty":"RSA","kid":"short","n":"\#(short)","e":"AQAB"}"#, jwk,
                ]
                try reply.json(#"{"keys":[\#(keys.joined(separator: ","))]}"#)
            }
        )
        let keyed = Issuer.token(header: #"{"alg":"HS256","kid":"secret"}"#, claims: Issuer.claims()) {
            Array(HMAC<SHA256>.authenticationCode(for: $0, using: .init(data: [UInt8](repeating: 7, count: 32))))
        }
        let rsa = Issuer.token(header: #"{"alg":"RS256","kid":"short"}"#, claims: Issuer.claims()) { _ in
            [UInt8](repeating: 1, count: 64)
        }
        try guarded.expectRefused([
            (keyed, "bad_algorithm"), (rsa, "unknown_key"),
            (try stranger.token(header: #"{"alg":"ES256","kid":"twice"}"#), "unknown_key"),
            (try stranger.token(header: #"{"alg":"ES256","kid":"off"}"#), "unknown_key"),
            (try stranger.token(header: #"{"alg":"ES256"}"#), "unknown_key"),
        ])
        let left = guarded.bridge.program.errors.lines.compactMap { LogRecord($0) }
            .first { $0.message.contains("malformed or too weak") }
        #expect(left?.number("count") == 2)
    }

    @Test("R8: keys are not taken from where their address redirects to")
    func redirectedKeys() throws {
        let stranger = Issuer()
        let elsewhere = try ScriptedHTTPServer { [jwks = stranger.jwks] _, reply in try reply.json(jwks) }
        for status in [301, 302, 303, 307, 308] {
            let guarded = try IssuerBridge(
                keys: { [origin = elsewhere.origin] _, reply in
                    try reply.send(status, headers: [("Location", origin + "/keys")])
                }
            )
            let answer = try guarded.answer(stranger.token())
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] != nil)
            let failed = try guarded.bridge.waitLog("the redirect") { $0["error"]?.contains("redirect") == true }
            #expect(failed["url"] == guarded.keys.origin)
        }
        #expect(elsewhere.connectionCount == 0)
    }

    @Test("R74: a signed token of a megabyte is 400 by every carrier, before its signature is looked at")
    func megabyte() throws {
        let guarded = try IssuerBridge(issuer: issuer, auth: "query_tokens = true")
        let token = try issuer.token(["x": "\"\(String(repeating: "x", count: 1 << 20))\""])
        for carrier in GuardedBridge.carriers + [GuardedBridge.query] {
            let socket = try RawSocket(port: guarded.bridge.port)
            let handshake = Handshake(
                path: carrier.path("/fixture", token),
                port: guarded.bridge.port,
                headers: carrier.headers(token)
            )
            // The answer may come before all has been taken.
            _ = try? socket.sendSome(handshake.bytes, within: 2)
            #expect(try socket.receiveAnswer().status == 400, "\(carrier.testDescription)")
        }
        #expect(try guarded.answer(issuer.token(), "/echo").status == 101)
    }

    @Test("R10: a signed token in the query lets nobody in, though tokens may stand there, nor beside a header")
    func query() throws {
        let guarded = try IssuerBridge(issuer: issuer, auth: "query_tokens = true")
        let token = try issuer.token()
        #expect(try guarded.bridge.handshake("/echo?token=\(token)").status == 401)
        let both = try guarded.bridge.handshake("/echo?token=\(token)", headers: ["Authorization: Bearer \(token)"])
        #expect(both.status == 401)
        #expect(try guarded.answer(token, "/echo").status == 101)
    }

    @Test("R8: a token opens the servers that it lists and no others, whatever else the claim may be read as")
    func servers() throws {
        let guarded = try IssuerBridge(issuer: issuer, jwt: #"servers_claim = "mcp_servers""#)
        for (claim, status) in [
            (#"["echo"]"#, 101), (#""fixture echo""#, 101), (#"["fixture"]"#, 403), (#"["*"]"#, 403), (#""*""#, 403),
            (#"["ECHO"]"#, 403), (#"["/echo"]"#, 403), (#"["ech\u006f\u0000"]"#, 403), (#""fixture,echo""#, 403),
            ("[]", 403), (#""""#, 403), (nil, 403), (#"[["echo"]]"#, 401), (#"{"echo":true}"#, 401), ("null", 401),
            ("true", 401),
        ] as [(String?, Int)] {
            let answer = try guarded.answer(issuer.token(["mcp_servers": claim]), "/echo")
            #expect(answer.status == status, "\(claim ?? "none"): \(answer.body)")
        }
    }
}
