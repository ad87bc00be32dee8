// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// The claims of tokens whose signature is good.
@Suite struct JWTRulesTests {
    private func text(iss: String? = nil, aud: String? = nil, more: String = #","sub":"a","exp":2000"#) -> [UInt8] {
        jwt(#"{"iss":\#(iss ?? #""https://id.example""#),"aud":\#(aud ?? #""urn:bridge""#)\#(more)}"#)
    }

    @Test("R8: a good token names its principal, how long it holds and what it may use")
    func good() throws {
        let (principal, claims) = try issuerRules.judge(jwt())
        #expect(principal == Principal(kind: .jwt, name: "alice", servers: nil, expiry: 2060))
        #expect(claims == Claims())
    }

    @Test(
        "R8: the issuer must be the one, letter by letter",
        arguments: [
            #""https://id.example/""#, #""https://ID.example""#, #""http://id.example""#, #""https://id.example.evil""#,
            #""https://id.exampl\u0065\u0000""#, #""""#,
        ]
    )
    func issuer(_ issuer: String) {
        #expect(issuerRules.fault(self.text(iss: issuer)) == .wrongIssuer)
    }

    @Test("R8: texts compare by their bytes, not by what they look like")
    func composed() {
        let rules = JWTRules(issuer: "https://id.example/\u{E9}", audiences: ["urn:bridge"])
        #expect(rules.fault(self.text(iss: "\"https://id.example/\u{E9}\"")) == nil)
        #expect(rules.fault(self.text(iss: "\"https://id.example/e\u{301}\"")) == .wrongIssuer)
    }

    @Test(
        "R8: the audience must be ours, alone or among others",
        arguments: [
            #""urn:bridge""#, #""https://bridge.example""#, #"["urn:bridge"]"#, #"["x", "urn:bridge"]"#,
            #"[ "urn:\u0062ridge" , "x" ]"#,
        ]
    )
    func audiences(_ audience: String) {
        #expect(issuerRules.fault(self.text(aud: audience)) == nil)
    }

    @Test(
        "R8: a token for somebody else is refused",
        arguments: [
            #""urn:bridge2""#, #""urn:BRIDGE""#, #""urn:bridge https://bridge.example""#, #""""#, "[]", #"["x","y"]"#,
            #"["urn:bridg"]"#, #""*""#, #""https://bridge.example/""#,
        ]
    )
    func wrongAudience(_ audience: String) {
        #expect(issuerRules.fault(self.text(aud: audience)) == .wrongAudience)
    }

    @Test("R8: an issuer or audience of another type is refused")
    func types() {
        for value in ["null", "1", "true", #"{"a":"urn:bridge"}"#, #"[["urn:bridge"]]"#, #"["urn:bridge",1]"#] {
            #expect(issuerRules.fault(self.text(aud: value)) == .malformedClaim("aud"), "\(value)")
        }
        for value in ["null", "1", #"["https://id.example"]"#, #"{"a":"b"}"#] {
            #expect(issuerRules.fault(self.text(iss: value)) == .malformedClaim("iss"), "\(value)")
        }
    }

    @Test("R8: issuer, audience, expiry and name must all be there")
    func missing() {
        let all = ["iss": #""https://id.example""#, "aud": #""urn:bridge""#, "exp": "2000", "sub": #""alice""#]
        for name in all.keys {
            let rest = all.filter { $0.key != name }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
            #expect(issuerRules.fault(jwt("{\(rest)}")) == .missingClaim(name))
        }
        // Names of claims know upper and lower case.
        #expect(issuerRules.fault(jwt(#"{"ISS":"https://id.example"}"#)) == .missingClaim("iss"))
    }

    @Test("R8: a token ends at exp and the leeway, to the second")
    func expiry() {
        #expect(issuerRules.fault(jwt(), now: 2059) == nil)
        #expect(issuerRules.fault(jwt(), now: 2060) == .expired)
        #expect(issuerRules.fault(jwt(), now: .max / 2) == .expired)
        var strict = issuerRules
        strict.leeway = 0
        #expect(strict.fault(jwt(), now: 1999) == nil)
        #expect(strict.fault(jwt(), now: 2000) == .expired)
        #expect(issuerRules.fault(self.text(more: #","sub":"a","exp":-1"#), now: 0) == nil, "within the leeway")
        #expect(issuerRules.fault(self.text(more: #","sub":"a","exp":0"#)) == .expired)
    }

    @Test("R8: a token begins at nbf less the leeway, and was not issued in the future")
    func beginning() {
        #expect(issuerRules.fault(jwt(claims(#","nbf":1060"#)), now: 1000) == nil)
        #expect(issuerRules.fault(jwt(claims(#","nbf":1061"#)), now: 1000) == .notYetValid)
        #expect(issuerRules.fault(jwt(claims(#","iat":1060"#)), now: 1000) == nil)
        #expect(issuerRules.fault(jwt(claims(#","iat":1061"#)), now: 1000) == .issuedInFuture)
        #expect(issuerRules.fault(jwt(claims(#","iat":1,"nbf":1"#)), now: 1000) == nil)
    }

    @Test(
        "R8: a time that is no plain number of seconds is refused: texts, exponents, milliseconds, numbers beyond bounds",
        arguments: [
            #""2000""#, #""""#, "null", "true", "[2000]", "{}", "2e3", "2E3", "1e400", "2000.5e1",
            "99999999999999999999",
            "1700000000000", "-1e9", "253402300800", "9223372036854775807", "-9223372036854775808",
        ]
    )
    func times(_ value: String) {
        #expect(issuerRules.fault(self.text(more: #","sub":"a","exp":\#(value)"#)) == .malformedClaim("exp"))
        #expect(issuerRules.fault(jwt(claims(#","nbf":\#(value)"#))) == .malformedClaim("nbf"))
        #expect(issuerRules.fault(jwt(claims(#","iat":\#(value)"#))) == .malformedClaim("iat"))
    }

    @Test("R8: a fraction of a second is cut off, never rounded up")
    func fractions() throws {
        let text = self.text(more: #","sub":"a","exp":2000.999"#)
        #expect(try issuerRules.judge(text).0.expiry == 2060)
        #expect(issuerRules.fault(text, now: 2060) == .expired)
    }

    @Test("R8: the name of a principal is a bounded text that can stand in a log")
    func names() throws {
        func fault(_ name: String) -> JWTFault? { issuerRules.fault(self.text(more: #","sub":\#(name),"exp":2000"#)) }
        for name in [#""auth0|123""#, #""Zoë Ångström""#, #""a\u0062c""#, "\"\(String(repeating: "x", count: 256))\""] {
            #expect(fault(name) == nil, "\(name)")
        }
        let bad = [
            #""""#, "1", "null", #"["a"]"#, #""a\nb""#, #""a\u0000""#, #""\u001b[2J""#, #""a\u202Eb""#, #""a\u2028b""#,
            #""\ud800""#, "\"\(String(repeating: "x", count: 257))\"",
        ]
        for name in bad { #expect(fault(name) == .malformedClaim("sub"), "\(name)") }
    }

    @Test("R8: another claim may name the principal")
    func nameClaim() throws {
        var rules = issuerRules
        rules.nameClaim = "email"
        #expect(try rules.judge(jwt(claims(#","email":"a@b.example""#))).0.name == "a@b.example")
        #expect(rules.fault(jwt()) == .missingClaim("email"))
    }

    @Test("R8: the claim of servers is an array or words between blanks; without it there are none")
    func servers() throws {
        var rules = issuerRules
        rules.serversClaim = "mcp_servers"
        func servers(_ value: String) throws -> Set<String>? {
            try rules.judge(jwt(claims(#","mcp_servers":\#(value)"#))).0.servers
        }
        #expect(try servers(#"["time","git"]"#) == ["time", "git"])
        #expect(try servers(#""time  git""#) == ["time", "git"])
        #expect(try servers("[]") == [])
        #expect(try servers(#""""#) == [])
        #expect(try servers(#"["*"]"#) == ["*"], "no name stands for all")
        #expect(try rules.judge(jwt()).0.servers == [])
        for value in ["null", "1", "true", #"{"time":true}"#, #"["time",1]"#, #"[["time"]]"#] {
            let text = jwt(claims(#","mcp_servers":\#(value)"#))
            #expect(rules.fault(text) == .malformedClaim("mcp_servers"), "\(value)")
        }
        let many = "[" + (0...JWTRules.maxServers).map { _ in #""a""# }.joined(separator: ",") + "]"
        #expect(rules.fault(jwt(claims(#","mcp_servers":\#(many)"#))) == .malformedClaim("mcp_servers"))
    }

    @Test("R8: the claims that templates name are kept, texts decoded and numbers as they are spelled, and no others")
    func kept() throws {
        var rules = issuerRules
        rules.keptClaims = ["text", "number", "flag", "list", "object", "nothing", "absent"]
        let more =
            #","text":"a\"\u0062\n","number":12345678901234567890.50,"flag":true,"list":["a"],"object":{},"nothing":null,"#
            + #""other":"x""#
        let kept = try rules.judge(jwt(claims(more))).1
        #expect(kept == Claims(["text": "a\"b\n", "number": "12345678901234567890.50", "flag": "true"]))
    }

    @Test("R8: each fault has a word of its own, and the client is told as much as it may know")
    func words() {
        let faults: [JWTFault] = [
            .malformed, .tooLong, .duplicateMember, .unsigned, .algorithmNotAllowed, .criticalExtension,
            .typeNotAllowed,
            .unknownKey, .ambiguousKey, .unsuitableKey, .badSignature, .missingClaim("sub"), .malformedClaim("sub"),
            .wrongIssuer, .wrongAudience, .expired, .notYetValid, .issuedInFuture,
        ]
        #expect(Set(faults.map(\.word)).count == faults.count)
        #expect(JWTFault.expired.credentialFault == .expired)
        #expect(JWTFault.unsigned.credentialFault == .badSignature)
        #expect(Set(faults.map(\.credentialFault)) == Set(CredentialFault.allCases).subtracting([.unknown]))
    }
}
