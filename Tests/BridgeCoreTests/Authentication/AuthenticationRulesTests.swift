// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("What [auth] makes of a handshake")
struct AuthenticationRulesTests {
    private static let issuer = ResourceMetadata(
        origin: "https://bridge.example",
        authorizationServers: ["https://id.example"]
    )

    private func rules(_ metadata: ResourceMetadata? = nil, queryTokens: Bool = false) -> HandshakeRules {
        HandshakeRules(
            reach: .loopback,
            paths: ["/time": 0, "/git": 1, "/open": 2],
            authentication: AuthenticationRules(
                servers: ["time", "git", "open"],
                openServers: [2],
                acceptsQueryTokens: queryTokens,
                metadata: metadata
            )
        )
    }

    /// Status and word, or the server, of a handshake of which this came out.
    private func verdict(
        _ outcome: Authenticator.Outcome,
        _ changes: [String: [String]] = [:],
        target: String = "/git",
        by rules: HandshakeRules? = nil
    ) -> String {
        switch (rules ?? self.rules()).judge(openingRequest(changes, target: target)) {
        case .accepted(let handshake): return "\(handshake.server) \(handshake.principal)"
        case .refused(let rejection): return "\(rejection.status) \(rejection.code.rawValue)"
        case .metadata(let json): return json
        case .health(let question): return question.rawValue
        case .unproven(let handshake):
            do throws(HandshakeRejection) {
                let accepted = try handshake.admit(outcome)
                return "\(accepted.server) \(accepted.principal)"
            } catch {
                return "\(error.status) \(error.code.rawValue)"
            }
        }
    }

    private static let all = Authenticator.Outcome.known(Principal(kind: .token, name: "a"), claims: Claims())
    private static let timeOnly = Authenticator.Outcome.known(
        Principal(kind: .token, name: "b", servers: ["time"]),
        claims: Claims()
    )

    @Test("R3: host, origin, credential, path and permission are judged in this order")
    func order() {
        let foreign = ["Host": ["evil.example"], "Origin": ["null"], "Authorization": ["Bearer", "Bearer"]]
        #expect(verdict(.unknown(nil), foreign, target: "/none") == "421 host_not_allowed")
        let page = foreign.filter { $0.key != "Host" }
        #expect(verdict(.unknown(nil), page, target: "/none") == "403 origin_not_allowed")
        let malformed = page.filter { $0.key != "Origin" }
        #expect(verdict(.unknown(nil), malformed, target: "/none") == "400 malformed_credential")
        #expect(verdict(.unknown(nil), target: "/none") == "401 credential_required")
        #expect(verdict(.unknown(.expired), target: "/none") == "401 credential_invalid")
        #expect(verdict(Self.timeOnly, target: "/none") == "404 no_such_path")
        #expect(verdict(Self.timeOnly) == "403 server_not_allowed")
        #expect(verdict(Self.timeOnly, target: "/time") == "0 token:b")
        #expect(verdict(Self.all) == "1 token:a")
        #expect(verdict(.unavailable(retryAfter: 3)) == "503 authentication_unavailable")
    }

    @Test("R3: without a credential a path that is there cannot be told from one that is not")
    func pathsAreHidden() throws {
        var answers: Set<String> = []
        for (path, fault) in [("/git", nil), ("/none", nil), ("/", nil)] as [(String, CredentialFault?)] {
            let verdict = rules().judge(openingRequest(target: path))
            guard case .unproven(let handshake) = verdict else { throw Unexpected() }
            #expect {
                _ = try handshake.admit(.unknown(fault))
            } throws: { error in
                guard let rejection = error as? HandshakeRejection else { return false }
                answers.insert("\(rejection.status) \(rejection.headers) \(rejection.body)")
                return true
            }
        }
        #expect(answers.count == 1)
    }

    @Test("R3: an open server asks nobody, but malformed credentials are malformed there, too")
    func open() {
        #expect(verdict(.unknown(nil), target: "/open") == "2 anonymous")
        #expect(verdict(.unknown(.unknown), ["Authorization": ["Bearer wrong"]], target: "/open") == "2 anonymous")
        #expect(
            verdict(.unknown(nil), ["Authorization": ["Bearer a", "Bearer a"]], target: "/open")
                == "400 malformed_credential"
        )
    }

    @Test("R10: the query is looked at only where tokens may stand there")
    func query() throws {
        for isAllowed in [false, true] {
            guard
                case .unproven(let handshake) = rules(queryTokens: isAllowed).judge(
                    openingRequest(target: "/git?token=abc")
                )
            else { throw Unexpected() }
            #expect(handshake.credential?.token.text == (isAllowed ? "abc" : nil))
        }
    }

    @Test("R2: the subprotocol with the token is not what is selected")
    func subprotocol() throws {
        for (offered, selected) in [("mcp.auth.abc, mcp", "mcp"), ("mcp.auth.abc", nil)] as [(String, String?)] {
            let request = openingRequest(["Sec-WebSocket-Protocol": [offered]], target: "/git")
            guard case .unproven(let handshake) = rules().judge(request) else { throw Unexpected() }
            #expect(try handshake.admit(Self.all).subprotocol == selected)
        }
    }

    // MARK: The challenge, and what it refers to

    private func challenge(
        _ fault: CredentialFault?,
        target: String = "/git",
        _ metadata: ResourceMetadata? = nil
    ) throws -> String? {
        guard case .unproven(let handshake) = rules(metadata).judge(openingRequest(target: target)) else {
            throw Unexpected()
        }
        do throws(HandshakeRejection) {
            _ = try handshake.admit(.unknown(fault))
            return nil
        } catch {
            return error.headers.first { $0.name == "WWW-Authenticate" }?.value
        }
    }

    @Test("R3, R8: a 401 has the Bearer challenge, and names the metadata where there is an issuer")
    func challenges() throws {
        #expect(try challenge(nil) == #"Bearer realm="mcp-wsbridge""#)
        #expect(try challenge(.expired) == #"Bearer realm="mcp-wsbridge", error="invalid_token""#)
        let well = "https://bridge.example/.well-known/oauth-protected-resource"
        #expect(
            try challenge(nil, Self.issuer)
                == #"Bearer realm="mcp-wsbridge", resource_metadata="\#(well)/git""#
        )
        #expect(
            try challenge(.unknown, target: "/none/x?token=abc", Self.issuer)
                == #"Bearer realm="mcp-wsbridge", error="invalid_token", resource_metadata="\#(well)/none/x""#
        )
        #expect(try challenge(nil, target: "/", Self.issuer)?.contains("resource\"") == true)
        #expect(try challenge(nil, target: "/a\"b\\c", Self.issuer)?.contains("resource/a%22b%5Cc\"") == true)
    }

    private func metadata(
        _ target: String,
        _ changes: [String: [String]] = [:],
        method: String = "GET"
    ) -> Judged {
        var plain = changes
        for name in ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"] where plain[name] == nil {
            plain[name] = []
        }
        return judged(openingRequest(plain, method: method, target: target), by: rules(Self.issuer))
    }

    @Test("R8: the metadata of a path names its resource and the issuer, whether a server is there or not")
    func documents() throws {
        let well = "/.well-known/oauth-protected-resource"
        for path in ["/git", "/none", "/a/b", "", "/"] {
            let json =
                #"{"resource":"https://bridge.example\#(path)","authorization_servers":["https://id.example"],"#
                + #""bearer_methods_supported":["header"]}"# + "\n"
            #expect(metadata(well + path) == .metadata(json))
        }
        #expect(metadata(well + "/git?x=\"y") == metadata(well + "/git"))
        guard case .metadata(let escaped) = metadata(well + "/a\"b") else { throw Unexpected() }
        #expect(escaped.contains("bridge.example/a%22b\""))
    }

    @Test("R3, R5: a question for metadata is judged like any request; others are no such question")
    func otherRequests() {
        let well = "/.well-known/oauth-protected-resource"
        #expect(metadata(well + "/git", ["Host": ["evil.example"]]) == .refused(421))
        #expect(metadata(well + "/git", ["Host": []]) == .refused(400))
        #expect(metadata(well + "/git", ["Origin": ["https://evil.example"]]) == .refused(403))
        #expect(metadata(well + "x") == .refused(426))
        #expect(metadata(well + "/git", method: "POST") == .refused(426))
        #expect(metadata(well + "/git", ["Upgrade": ["websocket"], "Connection": ["Upgrade"]]) == .refused(400))
        #expect(
            judged(openingRequest(["Upgrade": []], target: well + "/git"), by: rules()) == .refused(426),
            "without an issuer there is nothing to say"
        )
        #expect(judged(openingRequest(target: well + "/git"), by: rules(Self.issuer)) == .unproven)
    }
}
