// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// What a handshake with these headers, and this query, presents.
private func presented(_ changes: [String: [String]], query: String? = nil) throws -> Credential? {
    let target = query.map { "/mcp?\($0)" } ?? "/mcp"
    let handshake = try OpeningHandshake(openingRequest(changes, target: target))
    return try Credential.presented(
        authorizations: handshake.authorizations,
        subprotocols: handshake.subprotocols,
        query: handshake.query
    )
}

private func basic(_ text: String) -> String { "Basic " + Base64.encode(Array(text.utf8)) }

@Suite("The credential of a handshake")
struct CredentialTests {
    /// Where the token stands, and what is found.
    struct Case: CustomTestStringConvertible, Sendable {
        var authorization: [String] = []
        var subprotocols: [String] = []
        var query: String?
        var token: String?
        var carriers: Credential.Carriers = []

        var testDescription: String { "\(authorization) \(subprotocols) \(query ?? "")" }

        func present() throws -> Credential? {
            try presented(["Authorization": authorization, "Sec-WebSocket-Protocol": subprotocols], query: query)
        }
    }

    @Test(
        "R2, R8, R10: each carrier gives its token, byte for byte",
        arguments: [
            Case(),
            Case(authorization: ["Bearer abc"], token: "abc", carriers: .bearer),
            Case(authorization: ["bearer abc"], token: "abc", carriers: .bearer),
            Case(authorization: ["BEARER   abc  "], token: "abc", carriers: .bearer),
            Case(authorization: ["Bearer A-z0._~+/9=="], token: "A-z0._~+/9==", carriers: .bearer),
            Case(authorization: ["Bearer ABC"], token: "ABC", carriers: .bearer),
            Case(authorization: [basic("me:abc")], token: "abc", carriers: .basic),
            Case(authorization: [basic(":abc")], token: "abc", carriers: .basic),
            Case(authorization: [basic("m\u{E9}:abc")], token: "abc", carriers: .basic),
            Case(authorization: ["basic bWU6YWJj"], token: "abc", carriers: .basic),
            Case(subprotocols: ["mcp, mcp.auth.abc"], token: "abc", carriers: .subprotocol),
            Case(subprotocols: ["mcp.auth.abc"], token: "abc", carriers: .subprotocol),
            Case(subprotocols: ["mcp.auth.abc", "mcp"], token: "abc", carriers: .subprotocol),
            Case(subprotocols: ["mcp.auth.abc, mcp.auth.abc"], token: "abc", carriers: .subprotocol),
            Case(subprotocols: ["mcp.auth.mcp.auth.a"], token: "mcp.auth.a", carriers: .subprotocol),
            Case(query: "token=abc", token: "abc", carriers: .query),
            Case(query: "a=b&token=a%62c&c", token: "abc", carriers: .query),
            Case(query: "token=a+b", token: "a+b", carriers: .query),
            Case(query: "token=abc&token=%61bc", token: "abc", carriers: .query),
            // The same by several carriers.
            Case(
                authorization: ["Bearer abc"],
                subprotocols: ["mcp.auth.abc"],
                query: "token=abc",
                token: "abc",
                carriers: [.bearer, .subprotocol, .query]
            ),
            Case(
                authorization: [basic("me:abc")],
                subprotocols: ["mcp.auth.abc"],
                token: "abc",
                carriers: [.basic, .subprotocol]
            ),
            // Nobody's: another scheme, another subprotocol, another parameter.
            Case(authorization: ["Negotiate abc"]),
            Case(authorization: ["Digest username=\"me\""]),
            Case(authorization: ["Bearerabc"]),
            Case(subprotocols: ["mcp, mcp.Auth.abc, mcp.auth, xmcp.auth.abc"]),
            Case(query: "Token=abc&%74oken=abc&tokens=abc&x=token=abc"),
            Case(authorization: ["Negotiate abc"], query: "token=abc", token: "abc", carriers: .query),
        ]
    )
    func carriers(_ example: Case) throws {
        let credential = try example.present()
        #expect(credential?.token.text == example.token)
        #expect(credential?.carriers ?? [] == example.carriers)
    }

    @Test(
        "R3, R8: a malformed credential, two Authorization headers and carriers that disagree are 400",
        arguments: [
            Case(authorization: [""]),
            Case(authorization: ["Bearer"]),
            Case(authorization: ["Bearer a b"]),
            Case(authorization: ["Bearer a,b"]),
            Case(authorization: ["Bearer a, Bearer b"]),
            Case(authorization: ["Bearer\tabc"]),
            Case(authorization: ["Bearer \"abc\""]),
            Case(authorization: ["Bearer a=b"]),
            Case(authorization: ["Bearer ="]),
            Case(authorization: ["Bearer a\u{E9}"]),
            Case(authorization: ["Bearer=abc"]),
            Case(authorization: ["\"Bearer\" abc"]),
            Case(authorization: ["Basic"]),
            Case(authorization: ["Basic abc:def"]),
            Case(authorization: ["Basic bWU6YWJ"]),
            Case(authorization: ["Basic bWU6YWJ="]),
            Case(authorization: ["Basic bWU6YWJj bWU6YWJj"]),
            Case(authorization: [basic("no colon")]),
            Case(authorization: [basic("me:")]),
            Case(authorization: [basic("me:a b")]),
            Case(authorization: [basic("me:abc:d")]),
            Case(authorization: ["Bearer abc", "Bearer abc"]),
            Case(authorization: ["Bearer abc", "Negotiate abc"]),
            Case(subprotocols: ["mcp.auth."]),
            Case(subprotocols: ["mcp.auth.a b"]),
            Case(subprotocols: ["mcp.auth.a\"b"]),
            Case(subprotocols: ["mcp.auth.abc, mcp.auth.abd"]),
            Case(query: "token"),
            Case(query: "token="),
            Case(query: "token=%"),
            Case(query: "token=%6"),
            Case(query: "token=%6g"),
            Case(query: "token=%00"),
            Case(query: "token=%FF"),
            Case(query: "token=a&token=b"),
            Case(query: "token=a%20b"),
            Case(authorization: ["Bearer abc"], subprotocols: ["mcp.auth.abd"]),
            Case(authorization: ["Bearer abc"], subprotocols: ["mcp.auth.ABC"]),
            Case(authorization: [basic("me:abc")], query: "token=abcd"),
            Case(subprotocols: ["mcp.auth.abc"], query: "token=ab"),
            Case(authorization: ["Bearer abc"], subprotocols: ["mcp.auth."]),
        ]
    )
    func refused(_ example: Case) throws {
        #expect {
            _ = try example.present()
        } throws: { error in
            guard let rejection = error as? HandshakeRejection else { return false }
            // What was sent may be most of a token.
            return rejection.code == .malformedCredential && rejection.status == 400
                && !["abc", "abd", "bWU6"].contains(where: rejection.body.contains)
        }
    }

    @Test("R74: a token has a longest length, by every carrier")
    func length() throws {
        let longest = String(repeating: "x", count: BearerToken.longest)
        for token in [longest, longest + "x"] {
            let isRefused = token != longest
            for example in [
                Case(authorization: ["Bearer " + token]), Case(authorization: [basic("me:" + token)]),
                Case(subprotocols: ["mcp.auth." + token]), Case(query: "token=" + token),
            ] {
                let credential = try? example.present()
                #expect(credential?.token.text == (isRefused ? nil : token))
            }
        }
    }

    @Test("R73: no description of a credential shows the token")
    func hidden() throws {
        let credential = try #require(try Case(authorization: ["Bearer canary-7f3a"]).present())
        var dumped = ""
        dump(credential, to: &dumped)
        for text in ["\(credential)", String(reflecting: credential), "\(credential.token)", dumped] {
            #expect(!text.contains("canary"))
        }
        let claims = Claims(["upstream": "canary"])
        dump(claims, to: &dumped)
        #expect(!dumped.contains("canary"))
        #expect(!"\(claims)".contains("canary"))
        #expect("\(claims)".contains("upstream"))
    }

    @Test(
        "Base64 has one form for each text",
        arguments: [
            ("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("YWJjZA==", "abcd"), ("+/+/", "\u{FB}"),
            ("YR==", nil), ("YWJ=", nil), ("YQ=", nil), ("YQ", nil), ("Y===", nil), ("====", nil), ("YQ==YQ==", nil),
            ("Y Q=", nil), ("YQ==\n", nil), ("-_-_", nil), ("=YQ=", nil),
        ] as [(String, String?)]
    )
    func base64(_ text: String, _ expected: String?) {
        let bytes = Base64.decode(Array(text.utf8))
        #expect((bytes == nil) == (expected == nil))
        if let bytes { #expect(Base64.encode(bytes) == text) }
    }
}
