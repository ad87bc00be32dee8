// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// The form of tokens and their headers.
@Suite struct JWTTokenTests {
    @Test("R8: a token is taken apart into header, claims and what the signature is over")
    func takenApart() throws {
        let text = jwt(header: #" {"typ":"at+jwt","kid":"\u0061","alg":"ES256"} "#)
        let parsed = try issuerRules.parse(text)
        #expect(parsed.algorithm == .es256)
        #expect(parsed.keyID == Array("a".utf8))
        #expect(parsed.signature == Array("sig".utf8))
        #expect(parsed.signingInput + [UInt8(ascii: ".")] + Array("c2ln".utf8) == text)
        #expect(parsed.payload == Array(claims().utf8))
        #expect("\(parsed) \(String(reflecting: parsed))" == "token token", "a token is never shown")
    }

    static let malformedTokens: [(what: String, token: [UInt8])] = {
        let good = String(decoding: jwt(), as: UTF8.self)
        let parts = good.split(separator: ".").map(String.init)
        return [
            ("nothing", []), ("dots", Array("..".utf8)), ("two parts", Array("\(parts[0]).\(parts[1])".utf8)),
            ("four parts", Array("\(good).c2ln".utf8)), ("a dot behind", Array("\(good).".utf8)),
            ("a dot before", Array(".\(good)".utf8)), ("a newline behind", Array("\(good)\n".utf8)),
            ("padded header", Array("\(parts[0])=.\(parts[1]).\(parts[2])".utf8)),
            ("padded payload", Array("\(parts[0]).\(parts[1])=.\(parts[2])".utf8)),
            ("padded signature", Array("\(good)=".utf8)),
            ("stray bits in the signature", Array("\(parts[0]).\(parts[1]).c2lnc3".utf8)),
            ("the other alphabet", Array("\(parts[0]).\(parts[1]).++++".utf8)),
            ("a truncated header", Array("\(parts[0].dropLast(2)).\(parts[1]).\(parts[2])".utf8)),
            ("no JSON in the header", jwt(header: "alg")), ("an array as header", jwt(header: #"["alg"]"#)),
            ("an empty header", jwt(header: "{}")), ("alg is a number", jwt(header: #"{"alg":5}"#)),
            ("alg is null", jwt(header: #"{"alg":null}"#)),
            ("kid is a number", jwt(header: #"{"alg":"ES256","kid":1}"#)),
            ("typ is a number", jwt(header: #"{"alg":"ES256","typ":1}"#)),
            ("text behind the header", jwt(header: #"{"alg":"ES256"}{"alg":"ES256"}"#)),
            ("no JSON in the payload", jwt("claims")), ("an array as payload", jwt("[]")),
            ("a string as payload", jwt(#""claims""#)),
            ("a payload that breaks off", jwt(String(claims().dropLast()))),
            ("too many claims", jwt(claims((0..<300).map { #","c\#($0)":0"# }.joined()))),
            ("half a surrogate pair as a name", jwt(claims(#","\ud800":1"#))),
        ]
    }()

    @Test("R8: what has not exactly the compact form is refused", arguments: malformedTokens)
    func malformed(_ what: String, _ token: [UInt8]) {
        #expect(issuerRules.fault(token) == .malformed, "\(what)")
    }

    @Test("R8: a payload or header that is not UTF-8 is refused")
    func notUTF8() {
        let bad = base64URL(Array(#"{"alg":"ES256","x":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
        let payload = base64URL(claims().utf8)
        #expect(issuerRules.fault(Array("\(bad).\(payload).c2ln".utf8)) == .malformed)
    }

    @Test("R8: a token cut off anywhere is refused")
    func truncated() {
        let whole = jwt()
        // What is left of a signature is no part's form, but its proof: that is tested where signatures are.
        for count in 0..<(whole.count - 4) { #expect(issuerRules.fault(Array(whole.prefix(count))) != nil, "\(count)") }
    }

    @Test("R8: unsigned tokens are refused: alg none in any case, and no signature at all")
    func unsigned() {
        for none in ["none", "None", "NONE", "nOnE"] {
            for signature in ["", "c2ln"] {
                let text = jwt(header: #"{"alg":"\#(none)"}"#, signature: signature)
                #expect(issuerRules.fault(text) == .unsigned, "\(none)")
            }
        }
        #expect(issuerRules.fault(jwt(header: #"{"alg":"n\u006Fne"}"#, signature: "")) == .unsigned)
        #expect(issuerRules.fault(jwt(signature: "")) == .unsigned)
    }

    @Test(
        "R8: only the algorithms that the operator allows are taken, in exactly their spelling",
        arguments: [
            "HS256", "HS512", "RS256", "RS1", "es256", "ES256 ", "ES256K", "", "A128KW", "dir", "PS256", "Ed448",
        ]
    )
    func algorithms(_ name: String) {
        var rules = issuerRules
        rules.algorithms = [.es256, .edDSA]
        #expect(rules.fault(jwt(header: #"{"alg":"\#(name)"}"#)) == .algorithmNotAllowed)
    }

    @Test("R8: EdDSA has two names")
    func edDSA() throws {
        for name in ["EdDSA", "Ed25519"] {
            #expect(try issuerRules.parse(jwt(header: #"{"alg":"\#(name)"}"#)).algorithm == .edDSA)
        }
    }

    @Test("R8: crit is refused whatever it asks for, and keys or their addresses in the header are not looked at")
    func headerParameters() {
        for crit in [#"["exp"]"#, "[]", #"["b64"]"#, "null", "false"] {
            #expect(issuerRules.fault(jwt(header: #"{"alg":"ES256","crit":\#(crit)}"#)) == .criticalExtension)
        }
        let header = #"{"alg":"ES256","jku":"http://evil.example","jwk":{"kty":"oct"},"x5u":1,"x5c":[],"cty":"JWT"}"#
        #expect(issuerRules.fault(jwt(header: header)) == nil)
    }

    @Test("R8: a token that was made for something else is refused by its type")
    func types() {
        for type in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
            #expect(issuerRules.fault(jwt(header: #"{"alg":"ES256","typ":"\#(type)"}"#)) == nil, "\(type)")
        }
        for type in ["logout+jwt", "dpop+jwt", "secevent+jwt", "", "JWE"] {
            #expect(
                issuerRules.fault(jwt(header: #"{"alg":"ES256","typ":"\#(type)"}"#)) == .typeNotAllowed,
                "\(type)"
            )
        }
    }

    @Test("R8: a member of the header or a claim that stands twice is refused, also when one of the two is escaped")
    func duplicates() {
        let headers = [
            #"{"alg":"ES256","alg":"none"}"#, #"{"alg":"none","alg":"ES256"}"#, #"{"alg":"ES256","\u0061lg":"ES256"}"#,
            #"{"alg":"ES256","kid":"a","kid":"a"}"#, #"{"x":1,"alg":"ES256","x":1}"#,
        ]
        for header in headers { #expect(issuerRules.fault(jwt(header: header)) == .duplicateMember, "\(header)") }
        for claim in [
            #""exp":9999"#, #""aud":"x""#, #""iss":"x""#, #""sub":"bob""#, #""\u0073ub":"bob""#, #""x":1,"x":1"#,
        ] {
            #expect(issuerRules.fault(jwt(claims("," + claim))) == .duplicateMember, "\(claim)")
        }
    }

    @Test("R8: a token of a mebibyte is refused by its length, as is one byte more than the most")
    func length() {
        let padding = String(repeating: "x", count: BearerToken.longest)
        #expect(issuerRules.fault(jwt(claims(#","x":"\#(padding)""#))) == .tooLong)
        #expect(issuerRules.fault([UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)) == .tooLong)
        #expect(issuerRules.fault([UInt8](repeating: UInt8(ascii: "a"), count: BearerToken.longest)) == .malformed)
    }

    @Test("R8: a key id may be any text, and a very long one is no key's")
    func keyIDs() throws {
        for id in ["", "é", "../../etc/passwd", "' OR 1=1"] {
            #expect(try issuerRules.parse(jwt(header: #"{"alg":"ES256","kid":"\#(id)"}"#)).keyID == Array(id.utf8))
        }
        let long = String(repeating: "k", count: JWTToken.maxKeyID + 1)
        #expect(issuerRules.fault(jwt(header: #"{"alg":"ES256","kid":"\#(long)"}"#)) == .unknownKey)
    }
}
