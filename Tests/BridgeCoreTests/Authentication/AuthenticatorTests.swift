// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Not SHA-256, but as good for tests: the text itself, cut or filled to 32 bytes.
func fakeDigest(_ text: [UInt8]) -> TokenDigest? {
    TokenDigest((text + [UInt8](repeating: 0, count: 32)).prefix(32))
}

func token(_ text: String) throws -> BearerToken {
    guard let token = BearerToken(text) else { throw Unexpected() }
    return token
}

@Suite("Static tokens, and who is asked about a credential")
struct AuthenticatorTests {
    private static let names = ["first", "second", "third"]

    private func statics(_ names: [String] = names, expiry: Int64? = nil) throws -> StaticTokens {
        StaticTokens(
            try names.map { name in
                let digest = try #require(fakeDigest(Array("token-\(name)".utf8)))
                let principal = Principal(kind: .token, name: name, servers: ["git"], expiry: expiry)
                return StaticTokens.Entry(digest: digest, principal: principal)
            },
            digest: fakeDigest
        )
    }

    @Test("R8: a token is that of its principal, wherever it stands in the list", arguments: names)
    func known(_ name: String) throws {
        guard case .valid(let principal, _) = try statics().verify(try token("token-\(name)"), now: 0) else {
            throw Unexpected()
        }
        #expect(principal.name == name)
        #expect(principal.kind == .token)
        #expect(principal.mayUse(server: "git"))
        #expect(!principal.mayUse(server: "time"))
    }

    @Test(
        "R8: any other text is no token",
        arguments: ["token-", "token-firs", "token-first=", "TOKEN-first", "token-firsu", "uoken-first", "x"]
    )
    func unknown(_ text: String) throws {
        #expect(try statics().verify(try token(text), now: 0) == .notMine)
    }

    @Test("R8: every byte of a digest counts")
    func everyByte() throws {
        let bytes = [UInt8](0..<32)
        let digest = try #require(TokenDigest(bytes))
        #expect(digest == TokenDigest(bytes))
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << bit
                #expect(digest != TokenDigest(other))
            }
        }
    }

    @Test(
        "A digest has 64 hexadecimal digits",
        arguments: [
            (String(repeating: "aF", count: 32), true), (String(repeating: "a", count: 63), false),
            (String(repeating: "a", count: 66), false), (String(repeating: "g", count: 64), false), ("", false),
            (String(repeating: "a", count: 62) + "\u{E9}", false),
        ]
    )
    func hex(_ text: String, _ isDigest: Bool) {
        #expect((TokenDigest(hex: text) != nil) == isDigest)
        if isDigest { #expect(TokenDigest(hex: text) == TokenDigest(hex: text.lowercased())) }
    }

    // MARK: Several verifiers

    /// Says the same of every token that begins with `x`.
    private struct Verifier: CredentialVerifier {
        var verdict: CredentialVerdict
        var acceptsQueryTokens = false

        func verify(_ token: BearerToken, now: Int64) -> CredentialVerdict {
            token.text.hasPrefix("x") ? verdict : .notMine
        }
    }

    private static let jwt = Principal(kind: .jwt, name: "alice", expiry: 100)

    private func outcome(
        _ verdict: CredentialVerdict,
        _ text: String? = "x.y.z",
        by carriers: Credential.Carriers = .bearer,
        connection: Principal? = nil,
        now: Int64 = 50
    ) throws -> String {
        let authenticator = Authenticator([try statics(), Verifier(verdict: verdict)])
        let credential = try text.map { Credential(token: try token($0), carriers: carriers) }
        switch authenticator.authenticate(credential, connection: connection, now: now) {
        case .known(let principal, _): return "\(principal)"
        case .unknown(let fault): return fault?.rawValue ?? "nothing"
        case .unavailable(let seconds): return "unavailable \(seconds)"
        case .undecided: return "undecided"
        }
    }

    @Test("R8: the verifiers are asked in turn, and the first that knows the token decides")
    func inTurn() throws {
        let valid = CredentialVerdict.valid(Self.jwt, claims: Claims())
        #expect(try outcome(valid) == "jwt:alice")
        #expect(try outcome(valid, "token-first") == "token:first")
        #expect(try outcome(valid, "other") == "unknown")
        #expect(try outcome(.invalid(.badSignature)) == "bad_signature")
        #expect(try outcome(.invalid(.badSignature), "token-second") == "token:second")
        #expect(try outcome(.undecided) == "undecided")
        #expect(try outcome(.unavailable(retryAfter: 7)) == "unavailable 7")
    }

    @Test("R9: what has expired is not valid, whatever its verifier says")
    func expired() throws {
        let valid = CredentialVerdict.valid(Self.jwt, claims: Claims())
        #expect(try outcome(valid, now: 99) == "jwt:alice")
        #expect(try outcome(valid, now: 100) == "expired")
    }

    @Test("R10: a token of the query is a static one or none, also where it came by another carrier too")
    func query() throws {
        let valid = CredentialVerdict.valid(Self.jwt, claims: Claims())
        #expect(try outcome(valid, by: .query) == "unknown")
        #expect(try outcome(valid, by: [.query, .bearer]) == "unknown")
        #expect(try outcome(valid, "token-third", by: .query) == "token:third")
    }

    @Test("R8: the connection's own proof holds where no credential is presented, and mends no wrong one")
    func connection() throws {
        let peer = UnixPeerRules(allowedUsers: [1000], allowedGroups: [20]).principal(user: 1000, groups: [1])
        let valid = CredentialVerdict.valid(Self.jwt, claims: Claims())
        #expect(try outcome(valid, nil) == "nothing")
        #expect(try outcome(valid, nil, connection: peer) == "unix:1000")
        #expect(try outcome(valid, "token-first", connection: peer) == "token:first")
        #expect(try outcome(valid, "other", connection: peer) == "unknown")
    }

    @Test(
        "R8: a process is let in by its user, or by any of its groups",
        arguments: [
            (1000, [1], true), (1001, [1], false), (1001, [1, 20], true), (0, [0], false), (20, [1000], false),
            (1001, [], false),
        ] as [(UInt32, [UInt32], Bool)]
    )
    func peers(_ user: UInt32, _ groups: [UInt32], _ isAllowed: Bool) {
        let rules = UnixPeerRules(allowedUsers: [1000], allowedGroups: [20])
        #expect(rules.principal(user: user, groups: groups)?.description == (isAllowed ? "unix:\(user)" : nil))
    }
}
