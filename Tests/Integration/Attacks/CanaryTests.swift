// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A secret in everything that a client can bring, and a search of all that the bridge writes, says and passes on. For
/// static tokens that is `AuthenticationTests.canaries`.
@Suite struct CanaryTests {
    /// Tokens of the issuer with a mark in their claims, good and bad ones, and the parts by which they would be known.
    private static func tokens(_ issuer: Issuer) throws -> (good: String, bad: [String], marks: [String]) {
        let secret = #""canary-claim-3f1b""#
        let claims: [String: String?] = ["secret": secret, "jti": secret, "email": #""canary-mail-77@id.example""#]
        let good = try issuer.token(claims)
        let bad = [
            try Issuer().token(claims), try issuer.token(claims.merging(["exp": "1"]) { $1 }),
            try issuer.token(claims.merging(["aud": #""canary-audience""#]) { $1 }),
            try issuer.token(claims.merging(["iss": #""canary-issuer""#]) { $1 }),
            try issuer.token(claims.merging(["sub": #""canary\r\nname""#]) { $1 }),
            try issuer.token(claims, header: #"{"alg":"ES256","kid":"canary-kid"}"#),
            try issuer.token(claims, header: #"{"alg":"canary-alg","kid":"1"}"#),
            try issuer.token(claims, header: issuer.header(#","crit":["canary-crit"]"#)),
            good + "=", good + ".canary",
        ]
        // A piece of a token is as bad as the whole: its signature and its claims.
        let parts = ([good] + bad).flatMap { $0.split(separator: ".").dropFirst().map { String($0.prefix(24)) } }
        return (good, bad, ["canary"] + parts.filter { $0.utf8.count == 24 })
    }

    private static func search(_ text: String, _ marks: [String], _ place: String) {
        for mark in marks { #expect(!text.contains(mark), "\(mark) in \(place)") }
    }

    @Test(
        "R2, R72, R73: nothing of a signed token, nor of the rest of a handshake, is written, said or given to a server"
    )
    func signedTokens() throws {
        let issuer = Issuer()
        let guarded = try IssuerBridge(issuer: issuer, auth: "query_tokens = true", server: "expose_stderr = true")
        let (good, bad, marks) = try Self.tokens(issuer)
        let others = [
            "Cookie: session=canary-cookie", "X-Secret: canary-header", "Referer: https://x/?canary-referer",
            "User-Agent: canary-agent", "Sec-WebSocket-Extensions: canary-extension", "Mcp-Session-Id: canary-session",
        ]
        var answers: [HTTPAnswer] = []
        for carrier in GuardedBridge.carriers {
            let headers = carrier.headers(good) + others
            let socket = try RawWebSocket(
                port: guarded.bridge.port,
                path: "/fixture?canary-query",
                headers: carrier.testDescription == "basic"
                    ? [GuardedBridge.basic("canary-user:\(good)")] + others : headers
            )
            answers.append(socket.answer)
            for tool in ["env", "argv", "raw"] { Self.search(try socket.call(tool).text, marks, tool) }
            let pid = try socket.serverPid()
            for file in ["environ", "cmdline"] {
                let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
                #expect(!bytes.isEmpty)
                Self.search(String(decoding: bytes, as: UTF8.self), marks, file)
            }
            // Neither the client's own words in control frames.
            try socket.sendFrame(Array("canary-ping".utf8), opcode: 9)
            #expect(try socket.receiveFrame()?.text == "canary-ping")
            try socket.sendClose(4000, reason: "canary-reason")
            _ = try socket.receiveClose()
            for token in bad {
                answers.append(try guarded.bridge.handshake("/fixture", headers: carrier.headers(token) + others))
            }
        }
        for token in bad + [good] { answers.append(try guarded.bridge.handshake("/echo?token=\(token)")) }
        answers.append(try guarded.bridge.handshake("/canary-path", headers: ["Authorization: Bearer \(good)"]))
        answers.append(try guarded.bridge.handshake("/fixture", headers: ["Authorization: canary=scheme"]))
        #expect(Set(answers.map(\.status)) == [101, 400, 401, 404])
        for answer in answers {
            // The address of the metadata is told to who asked for the path.
            let head = answer.head.replacingOccurrences(of: "/canary-path", with: "")
            Self.search(head + answer.body, marks, "an answer")
        }
        for request in guarded.keys.requests {
            let headers = request.headers.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
            Self.search(request.target + headers + request.text, marks, "a request to the issuer")
        }
        #expect(try guarded.bridge.stop() == 0)
        try guarded.bridge.program.errors.waitEnd()
        let written = guarded.bridge.everythingWritten
        #expect(written.contains("handshake refused") && written.contains("token refused"))
        Self.search(written, marks, "the log")
    }

    @Test("R2, R73: the same holds with TLS, where a certificate proves who asks beside a token that is wrong")
    func encrypted() throws {
        let folder = try TemporaryFolder()
        try folder.write(GuardedBridge.ci, to: "ci")
        let bridge = try BridgeProcess.tls(
            more: #"client_ca = "@CLIENTS@""#,
            server: """
                [log]
                level = "trace"
                [auth]
                query_tokens = true
                [[auth.tokens]]
                name = "ci"
                token = { file = "@FOLDER@/ci" }
                """,
            folder: folder
        )
        for carrier in GuardedBridge.carriers + [GuardedBridge.query] {
            for (token, status) in [(GuardedBridge.ci, 101), (GuardedBridge.wrong, 401), ("canary!", 400)] {
                let socket = try TLSSocket(port: bridge.port, .init(certificate: "client"))
                let handshake = Handshake(
                    path: carrier.path("/fixture", token),
                    port: bridge.port,
                    headers: carrier.headers(token)
                )
                try socket.send(handshake.bytes)
                let answer = try socket.receiveAnswer()
                #expect(answer.status == status, "\(carrier.testDescription)")
                #expect(!(answer.head + answer.body).contains("canary"))
            }
        }
        // And what is said before there is any TLS.
        let plain = try RawSocket(port: bridge.port)
        try plain.send(Array("GET /canary HTTP/1.1\r\nAuthorization: Bearer canary\r\n\r\n".utf8))
        _ = try plain.receiveToEnd()
        _ = try bridge.waitTLSFailure("")
        #expect(try bridge.stop() == 0)
        try bridge.program.errors.waitEnd()
        #expect(bridge.everythingWritten.contains("handshake refused"))
        #expect(!bridge.everythingWritten.contains("canary"), "\(bridge.everythingWritten)")
    }
}
