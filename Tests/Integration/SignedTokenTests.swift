// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Testing

/// `[auth.jwt]` through the real binary: an issuer that publishes its keys, changes them and goes away.
@Suite struct SignedTokenTests {
    /// An issuer with one key at a time.
    struct Issuer {
        let key = P256.Signing.PrivateKey()
        let keyID: String

        var jwks: String {
            let point = [UInt8](key.publicKey.rawRepresentation)
            let (x, y) = (Self.base64URL(point[..<32]), Self.base64URL(point[32...]))
            return #"{"keys":[{"kty":"EC","crv":"P-256","kid":"\#(keyID)","x":"\#(x)","y":"\#(y)"}]}"#
        }

        static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
            Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        }

        /// - Parameter life: seconds from now.
        func token(life: Int = 600, audience: String = "https://bridge.example", more: String = "") throws -> String {
            let header = #"{"alg":"ES256","kid":"\#(keyID)"}"#
            let exp = Int(Date().timeIntervalSince1970) + life
            let claims = #"{"iss":"https://id.example","aud":"\#(audience)","sub":"alice","exp":\#(exp)\#(more)}"#
            let input = "\(Self.base64URL(header.utf8)).\(Self.base64URL(claims.utf8))"
            let signature = try key.signature(for: SHA256.hash(data: Data(input.utf8))).rawRepresentation
            return "\(input).\(Self.base64URL(signature))"
        }
    }

    private func bridge(jwks: String, _ more: String = "", folder: TemporaryFolder? = nil) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                public_url = "https://bridge.example"
                [log]
                level = "trace"
                [auth.jwt]
                issuer = "https://id.example"
                audience = "https://bridge.example"
                jwks = "\(jwks)"
                \(more)
                [servers.fixture]
                command = \(BridgeProcess.command(["pidfile=@FOLDER@/pids"]))
                [servers.echo]
                builtin = "echo"
                """,
            folder: folder ?? TemporaryFolder()
        )
    }

    private func answer(_ bridge: BridgeProcess, _ token: String, _ path: String = "/fixture") throws -> HTTPAnswer {
        try bridge.handshake(path, headers: ["Authorization: Bearer \(token)"])
    }

    @Test("R8: a signed token opens a connection, and bad ones are 401 with a reason and start nothing")
    func tokens() throws {
        let issuer = Issuer(keyID: "1")
        let server = try ScriptedHTTPServer { [jwks = issuer.jwks] _, reply in try reply.json(jwks) }
        let bridge = try bridge(jwks: server.origin + "/keys", #"servers_claim = "mcp_servers""#)
        let stranger = Issuer(keyID: "1")
        let attacks: [(String, String)] = [
            (try issuer.token(life: -61), "expired"),
            (try issuer.token(audience: "https://other.example"), "wrong_audience"),
            (try stranger.token(), "bad_signature"), (try issuer.token() + "=", "malformed"),
            (try Issuer(keyID: "2").token(), "unknown_key"),
            (try issuer.token(more: #","exp":9999999999"#), "malformed"),
            ("eyJhbGciOiJub25lIn0.e30.", "bad_signature"), ("a.b.c", "malformed"), ("a.b", "unknown"),
        ]
        for (token, fault) in attacks {
            let answer = try answer(bridge, token)
            #expect(answer.status == 401, "\(fault)")
            #expect(answer["WWW-Authenticate"]?.contains(#"error="invalid_token""#) == true)
            _ = try bridge.waitLog("the refusal as \(fault)") { $0["fault"] == fault }
        }
        #expect(bridge.folder.read("pids") == nil)
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/fixture",
            headers: ["Sec-WebSocket-Protocol: mcp, mcp.auth.\(try issuer.token(more: #","mcp_servers":["fixture"]"#))"]
        )
        #expect(try socket.call("count").contentText == "1")
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "jwt:alice")
        #expect(try answer(bridge, issuer.token(more: #","mcp_servers":["fixture"]"#), "/echo").status == 403)
        #expect(try answer(bridge, issuer.token(), "/echo").status == 403, "no claim, no server")
    }

    @Test("R8: a rotated key lets its tokens in at once, from a file too, and the issuer's end ends nothing")
    func rotation() throws {
        let (old, new) = (Issuer(keyID: "1"), Issuer(keyID: "2"))
        let folder = try TemporaryFolder()
        let path = try folder.write(old.jwks, to: "jwks.json")
        let file = try bridge(jwks: path, folder: folder)
        #expect(try answer(file, old.token(), "/echo").status == 101)
        try folder.write(new.jwks, to: "jwks.json")
        // The file is looked at once a second.
        try eventually("the new key") { try answer(file, new.token(), "/echo").status == 101 }
        #expect(try answer(file, old.token(), "/echo").status == 401)

        let server = try ScriptedHTTPServer { [jwks = old.jwks] _, reply in try reply.json(jwks) }
        let url = try bridge(jwks: server.origin + "/keys")
        #expect(try answer(url, old.token(), "/echo").status == 101)
        server.stop()
        #expect(try answer(url, old.token(), "/echo").status == 101)
        #expect(try answer(url, new.token(), "/echo").status == 401)
        #expect(try url.stop() == 0)
    }

    @Test("R8: without any keys there is a 503 that says when to come again, and check names a bad file")
    func noKeys() throws {
        let server = try ScriptedHTTPServer { _, reply in try reply.send(500) }
        let bridge = try bridge(jwks: server.origin + "/keys?secret=canary")
        let answer = try answer(bridge, Issuer(keyID: "1").token())
        #expect(answer.status == 503)
        #expect(answer["Retry-After"].flatMap(Int.init).map { $0 > 0 } == true)
        let failed = try bridge.waitLog("the failure") { $0.message.contains("no signed token can be verified") }
        #expect(failed["error"] == "it answered with HTTP status 500")
        #expect(failed["url"] == server.origin)

        let folder = try TemporaryFolder()
        let jwks = try folder.write("{}", to: "jwks.json")
        let file = try folder.write(
            """
            [auth.jwt]
            issuer = "https://id.example"
            audience = "https://bridge.example"
            jwks = "\(jwks)"
            [servers.echo]
            builtin = "echo"
            """,
            to: "b.toml"
        )
        let check = try BridgeProcess.run(["check", "--config", file])
        #expect(check.status == 78)
        #expect(check.errors.contains("b.toml:1:"))
        #expect(check.errors.contains("is no JSON object with an array `keys`"))
        try folder.write(Issuer(keyID: "1").jwks, to: "jwks.json")
        let good = try BridgeProcess.run(["check", "--config", file])
        #expect(good.status == 0)
        #expect(good.output.contains("tokens of https://id.example"))
    }

    @Test("R9: a connection ends when its token does, requests in flight answered first")
    func expiry() throws {
        let issuer = Issuer(keyID: "1")
        let server = try ScriptedHTTPServer { [jwks = issuer.jwks] _, reply in try reply.json(jwks) }
        let bridge = try bridge(jwks: server.origin + "/keys", #"leeway = "0s""#)
        let token = try issuer.token(life: 3)
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/echo",
            headers: ["Authorization: Bearer \(token)"]
        )
        #expect(try socket.receiveClose()?.code == 1001)
        #expect(try answer(bridge, token, "/echo").status == 401)
    }
}
