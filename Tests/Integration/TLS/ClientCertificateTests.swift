// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation
import Testing

/// Clients that prove themselves with a certificate (R76).
@Suite struct ClientCertificateTests {
    private static let authority = #"client_ca = "@CLIENTS@""#

    @Test(
        "R76: a client with a certificate of client_ca comes in, and the log names it",
        arguments: [
            (#"[]"#, "client", "spiffe://test.example/ns/agents/sa/ci"),
            (#"["spiffe://test.example/ns/agents/*"]"#, "client", "spiffe://test.example/ns/agents/sa/ci"),
            (#"["*.agents.example"]"#, "client", "one.agents.example"),
            (#"["nobody.example", "two.other.example"]"#, "other", "two.other.example"),
            (#"[]"#, "nameless", nil),
        ] as [(String, String, String?)]
    )
    func accepted(names: String, certificate: String, logged: String?) throws {
        let bridge = try BridgeProcess.tls(more: "\(Self.authority)\nclient_names = \(names)")
        #expect(!bridge.program.output.lines.joined().contains("websocket_client"), "that client has no certificates")
        for version in [TLS1_3_VERSION, TLS1_2_VERSION] {
            let socket = try bridge.connectTLS(.init(certificate: certificate, most: version))
            #expect(try socket.call("count").contentText == "1")
        }
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["client_name"] == logged)
    }

    /// Who is sent away, and what the log says.
    struct Intruder: CustomTestStringConvertible, Sendable {
        var certificate: String?
        var names = "[]"
        var reason: String

        var testDescription: String { "\(certificate ?? "none") for \(names)" }
    }

    @Test(
        "R76, R7: a client without a good certificate gets nowhere, in TLS 1.3 and 1.2, and no server is started for it",
        arguments: [
            Intruder(certificate: nil, reason: "has no certificate"),
            Intruder(certificate: "stranger", reason: "not valid"),
            Intruder(certificate: "late", reason: "not valid"),
            // A server's certificate, though of the right authority.
            Intruder(certificate: "purpose", reason: "not valid"),
            Intruder(certificate: "server", reason: "not valid"),
            // A client that plays the authority, and an authority that has its name from another one.
            Intruder(certificate: "forged", reason: "not valid"),
            Intruder(certificate: "impostor", reason: "not valid"),
            Intruder(certificate: "other", names: #"["*.agents.example"]"#, reason: "client_names allows none"),
            Intruder(
                certificate: "client",
                names: #"["spiffe://test.example/ns/agent/*"]"#,
                reason: "client_names allows none"
            ),
            Intruder(certificate: "nameless", names: #"["nameless"]"#, reason: "it has none"),
        ],
        [TLS1_3_VERSION, TLS1_2_VERSION]
    )
    func intruders(intruder: Intruder, version: CInt) throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.tls(
            "pidfile=\(folder.path)/pids",
            more: "\(Self.authority)\nclient_names = \(intruder.names)",
            folder: folder
        )
        var answer: [UInt8] = []
        do {
            let socket = try TLSSocket(port: bridge.port, .init(certificate: intruder.certificate, most: version))
            try socket.send(Handshake(path: "/fixture", port: bridge.port).bytes)
            answer = try socket.receiveToEnd()
        } catch is TLSFailure {}
        #expect(answer.isEmpty, "\(String(decoding: answer, as: UTF8.self))")
        _ = try bridge.waitTLSFailure(intruder.reason)
        let failures = bridge.program.errors.lines.filter { $0.contains("TLS handshake failed") }
        #expect(failures.count == 1, "\(failures)")
        #expect(!bridge.everythingWritten.contains("connection began"))
        #expect(folder.read("pids") == nil)
    }

    @Test("R76: a resumed session is its client's still", arguments: [TLS1_3_VERSION, TLS1_2_VERSION])
    func resumed(version: CInt) throws {
        let bridge = try BridgeProcess.tls(more: "\(Self.authority)\nclient_names = [\"*.agents.example\"]")
        var options = TLSSocket.Options(certificate: "client", most: version)
        let first = try bridge.connectTLS(options)
        #expect(try first.call("count").contentText == "1")
        options.session = try #require((first.socket as? TLSSocket)?.session)
        try first.close()
        let second = try bridge.connectTLS(options)
        #expect((second.socket as? TLSSocket)?.isResumed == true)
        #expect(try second.call("count").contentText == "1")
        var names = 0
        _ = try bridge.waitLog("the second beginning") {
            if $0.message == "connection began", $0["client_name"] == "one.agents.example" { names += 1 }
            return names == 2
        }
    }

    @Test("R8, R75: with [auth] a certificate is a credential, unless the client presents another one")
    func credential() throws {
        let folder = try TemporaryFolder()
        try folder.write("a-token-of-the-operators", to: "token")
        let bridge = try BridgeProcess.tls(
            more: Self.authority,
            server: """
                [auth]
                [[auth.tokens]]
                name = "ci"
                token = { file = "@FOLDER@/token" }
                """,
            folder: folder
        )
        let named = TLSSocket.Options(certificate: "client")
        let socket = try bridge.connectTLS(named)
        #expect(try socket.call("count").contentText == "1")
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["principal"] == "certificate:spiffe://test.example/ns/agents/sa/ci")
        // One that names nobody lets in, but proves nothing.
        for (options, token, status) in [
            (TLSSocket.Options(certificate: "nameless"), nil, 401),
            (TLSSocket.Options(certificate: "nameless"), "a-token-of-the-operators", 101),
            (named, "a-token-of-nobody-at-all", 401),
        ] {
            let headers = token.map { ["Authorization: Bearer \($0)"] } ?? []
            let socket = try TLSSocket(port: bridge.port, options)
            try socket.send(Handshake(path: "/fixture", port: bridge.port, headers: headers).bytes)
            #expect(try socket.receiveAnswer().status == status, "\(options.certificate ?? "") \(token ?? "")")
        }
    }
}
