// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `[auth.jwt]` through the real binary: an issuer that publishes its keys, changes them and goes away.
@Suite struct SignedTokenTests {
    private func answer(_ bridge: BridgeProcess, _ token: String, _ path: String = "/fixture") throws -> HTTPAnswer {
        try bridge.handshake(path, headers: ["Authorization: Bearer \(token)"])
    }

    @Test("R8: a signed token opens the servers that it lists, by every carrier, and names who asks")
    func tokens() throws {
        let guarded = try IssuerBridge(jwt: #"servers_claim = "mcp_servers""#)
        let (bridge, issuer) = (guarded.bridge, guarded.issuer)
        for carrier in GuardedBridge.carriers {
            let token = try issuer.token(["mcp_servers": #"["fixture"]"#])
            let socket = try RawWebSocket(port: bridge.port, path: "/fixture", headers: carrier.headers(token))
            #expect(try socket.call("count").contentText == "1")
            #expect(try answer(bridge, token, "/echo").status == 403)
        }
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "jwt:alice")
        #expect(try answer(bridge, issuer.token(), "/echo").status == 403, "no claim, no server")
    }

    @Test("R8: a rotated key lets its tokens in at once, from a file too, and the issuer's end ends nothing")
    func rotation() throws {
        let (old, new) = (Issuer(keyID: "1"), Issuer(keyID: "2"))
        let folder = try TemporaryFolder()
        let path = try folder.write(old.jwks, to: "jwks.json")
        let file = try IssuerBridge.start(jwks: path, folder: folder)
        #expect(try answer(file, old.token(), "/echo").status == 101)
        try folder.write(new.jwks, to: "jwks.json")
        // The file is looked at once a second.
        try eventually("the new key") { try answer(file, new.token(), "/echo").status == 101 }
        #expect(try answer(file, old.token(), "/echo").status == 401)

        let server = try ScriptedHTTPServer { [jwks = old.jwks] _, reply in try reply.json(jwks) }
        let url = try IssuerBridge.start(jwks: server.origin + "/keys")
        #expect(try answer(url, old.token(), "/echo").status == 101)
        server.stop()
        #expect(try answer(url, old.token(), "/echo").status == 101)
        #expect(try answer(url, new.token(), "/echo").status == 401)
        #expect(try url.stop() == 0)
    }

    @Test("R8: without any keys there is a 503 that says when to come again, and check names a bad file")
    func noKeys() throws {
        let server = try ScriptedHTTPServer { _, reply in try reply.send(500) }
        let bridge = try IssuerBridge.start(jwks: server.origin + "/keys?secret=canary")
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
        let bridge = try IssuerBridge.start(jwks: server.origin + "/keys", jwt: #"leeway = "0s""#)
        let token = try issuer.token(["exp": "\(Issuer.now + 3)"])
        let socket = try RawWebSocket(
            port: bridge.port,
            path: "/echo",
            headers: ["Authorization: Bearer \(token)"]
        )
        #expect(try socket.receiveClose()?.code == 1001)
        #expect(try answer(bridge, token, "/echo").status == 401)
    }
}
