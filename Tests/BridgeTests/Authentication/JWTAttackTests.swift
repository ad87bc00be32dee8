// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Crypto
import CryptoExtras
import Foundation
import Testing

@testable import Bridge

/// Attempts to get in with a token that ought not to do, each with its name. Where a signature is needed it is a real one.
@Suite struct JWTAttackTests {
    private let issuer: TokenIssuer
    private let stranger: TokenIssuer
    private let keys: VerificationKeys

    init() throws {
        self.issuer = try TokenIssuer()
        self.stranger = try TokenIssuer()
        self.keys = try VerificationKeys(self.issuer.jwks())
    }

    /// Why a token is refused; nil if it lets somebody in.
    private func fault(_ token: String, now: Int64 = 1000, _ keys: VerificationKeys? = nil) -> JWTFault? {
        do throws(JWTFault) {
            let rules = self.issuer.rules
            _ = try (keys ?? self.keys).principal(of: try rules.parse(token.utf8), rules, now: now)
            return nil
        } catch {
            return error
        }
    }

    private func claims(_ changes: [String: String?]) -> String { self.issuer.claims(changes) }

    @Test("R8: the good token gets in: what follows fails for its own reason")
    func good() throws {
        for algorithm in JWTAlgorithm.allCases { #expect(self.fault(try self.issuer.token(algorithm)) == nil) }
    }

    @Test("R8: a token of another issuer's key under our key's id is refused")
    func wrong() throws {
        for algorithm in [JWTAlgorithm.es256, .es384, .edDSA] {
            #expect(self.fault(try self.stranger.token(algorithm)) == .badSignature, "\(algorithm)")
        }
    }

    @Test("R8: expired, future, wrong audience, wrong issuer: signed well, and refused")
    func wellSigned() throws {
        let attacks: [(String, JWTFault)] = [
            (self.claims(["exp": "940"]), .expired), (self.claims(["exp": "-1"]), .expired),
            (self.claims(["nbf": "1061"]), .notYetValid), (self.claims(["iat": "1061"]), .issuedInFuture),
            (self.claims(["aud": #""https://other.example""#]), .wrongAudience),
            (self.claims(["aud": #"["https://other.example"]"#]), .wrongAudience),
            (self.claims(["aud": nil]), .missingClaim("aud")),
            (self.claims(["iss": #""https://evil.example""#]), .wrongIssuer),
            (self.claims(["iss": nil]), .missingClaim("iss")),
            (self.claims(["exp": nil]), .missingClaim("exp")),
            (self.claims(["exp": #""9999""#]), .malformedClaim("exp")),
            (self.claims(["exp": "1e9"]), .malformedClaim("exp")),
            (self.claims(["exp": "99999999999999999999"]), .malformedClaim("exp")),
            (self.claims(["sub": nil]), .missingClaim("sub")),
            (self.claims(["sub": #""a\r\nb""#]), .malformedClaim("sub")),
        ]
        for (payload, fault) in attacks {
            for algorithm in JWTAlgorithm.allCases {
                #expect(self.fault(try self.issuer.token(algorithm, payload)) == fault, "\(payload)")
            }
        }
        #expect(self.fault(try self.issuer.token(.es256, self.claims(["exp": "941"]))) == nil, "the edge of the leeway")
    }

    @Test("R8: claims that stand twice are refused though they are signed")
    func duplicateClaims() throws {
        let payload = self.issuer.claims()
        for more in [#""aud":"x""#, #""exp":9999"#, #""\u0065xp":9999"#, #""sub":"root""#] {
            let doubled = payload.dropLast() + "," + more + "}"
            #expect(self.fault(try self.issuer.token(.es256, String(doubled))) == .duplicateMember, "\(more)")
        }
        let header = #"{"alg":"ES256","kid":"p256","kid":"p256"}"#
        #expect(self.fault(try self.issuer.token(.es256, header: header)) == .duplicateMember)
    }

    @Test("R8: unsigned tokens are refused: none, None, no signature, a signature stripped from a good token")
    func unsigned() throws {
        for none in ["none", "None", "NONE"] {
            let text = TokenIssuer.token(#"{"alg":"\#(none)","kid":"p256"}"#, self.issuer.claims()) { _ in [] }
            #expect(self.fault(text) == .unsigned)
        }
        let good = try self.issuer.token(.es256)
        let stripped = good.prefix(through: try #require(good.lastIndex(of: ".")))
        #expect(self.fault(String(stripped)) == .unsigned)
        #expect(self.fault(String(stripped.dropLast())) == .malformed)
    }

    @Test("R8: HS256 with the public key as its secret is refused, in whatever form the key is taken")
    func publicKeyAsSecret() throws {
        let numbers = try self.issuer.rsa.publicKey.getKeyPrimitives()
        let secrets: [Data] = [
            Data(self.issuer.rsa.publicKey.pemRepresentation.utf8), self.issuer.rsa.publicKey.derRepresentation,
            numbers.modulus, Data(TokenIssuer.base64URL(numbers.modulus).utf8), Data(try self.issuer.rsaJWK().utf8),
            self.issuer.p256.publicKey.rawRepresentation, self.issuer.ed25519.publicKey.rawRepresentation, Data(),
        ]
        for secret in secrets {
            for (algorithm, kid) in [("HS256", "rsa"), ("RS256", "rsa"), ("ES256", "p256"), ("EdDSA", "ed")] {
                let header = #"{"alg":"\#(algorithm)","kid":"\#(kid)"}"#
                let text = TokenIssuer.token(header, self.issuer.claims()) {
                    Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
                }
                #expect(self.fault(text) == (algorithm == "HS256" ? .algorithmNotAllowed : .badSignature))
            }
        }
    }

    @Test("R8: a signature under a header that names another algorithm or another key is refused")
    func mismatch() throws {
        for signed in JWTAlgorithm.allCases {
            for (alg, kid) in [
                ("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "p256"), ("ES384", "p384"), ("EdDSA", "ed"),
            ]
            where alg != signed.rawValue {
                let text = try self.issuer.token(signed, header: #"{"alg":"\#(alg)","kid":"\#(kid)"}"#)
                #expect(self.fault(text) == .badSignature, "\(signed) as \(alg)")
            }
            for kid in ["rsa", "p256", "p384", "ed"] {
                let text = try self.issuer.token(signed, header: #"{"alg":"\#(signed.rawValue)","kid":"\#(kid)"}"#)
                #expect([nil, .unsuitableKey].contains(self.fault(text)), "\(signed) with \(kid)")
            }
        }
        let narrowed = try VerificationKeys(TokenIssuer.set(self.issuer.rsaJWK(#","alg":"PS256""#)))
        #expect(self.fault(try self.issuer.token(.rs256), narrowed) == .unsuitableKey, "the key's own alg decides")
        #expect(self.fault(try self.issuer.token(.ps256), narrowed) == nil)
    }

    @Test("R8: an unknown kid is refused, and none at all where several keys would fit")
    func keyIDs() throws {
        for kid in ["x", "", "P256", "p256 ", "../p256", "p256\\u0000"] {
            let text = try self.issuer.token(.es256, header: #"{"alg":"ES256","kid":"\#(kid)"}"#)
            #expect(self.fault(text) == .unknownKey, "\(kid)")
        }
        let unnamed = try self.issuer.token(.es256, header: #"{"alg":"ES256"}"#)
        #expect(self.fault(unnamed) == nil, "only one key fits")
        let two = try VerificationKeys(TokenIssuer.set(self.issuer.p256JWK(), self.stranger.p256JWK(kid: "other")))
        #expect(self.fault(unnamed, two) == .ambiguousKey)
    }

    @Test("R8: a key that comes with the token, or an address of keys, is not followed")
    func embeddedKeys() throws {
        let jwk = self.stranger.p256JWK()
        for more in [
            #""jwk":\#(jwk)"#, #""jku":"http://127.0.0.1:1/jwks.json""#, #""x5u":"http://127.0.0.1:1/x""#,
            #""x5c":["AA"]"#,
        ] {
            for kid in [#","kid":"p256""#, ""] {
                let text = try self.stranger.token(.es256, header: #"{"alg":"ES256"\#(kid),\#(more)}"#)
                #expect(self.fault(text) == .badSignature, "\(more)")
            }
            let good = try self.issuer.token(.es256, header: #"{"alg":"ES256","kid":"p256",\#(more)}"#)
            #expect(self.fault(good) == nil, "they are not looked at")
        }
    }

    @Test("R8: weak keys verify nothing: RSA of 1024 bits, an exponent of 1")
    func weakKeys() throws {
        let short = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        let numbers = try short.publicKey.getKeyPrimitives()
        let n = TokenIssuer.base64URL(numbers.modulus)
        let e = TokenIssuer.base64URL(numbers.publicExponent)
        let long = TokenIssuer.base64URL(try self.issuer.rsa.publicKey.getKeyPrimitives().modulus)
        for key in [#""n":"\#(n)","e":"\#(e)""#, #""n":"\#(long)","e":"AQ""#] {
            let text = #"{"kty":"RSA","kid":"rsa",\#(key)}"#
            #expect(throws: JSONWebKeySet.Fault.noUsableKey) { try VerificationKeys(TokenIssuer.set(text)) }
            let keys = try VerificationKeys(TokenIssuer.set(text, self.issuer.p256JWK()))
            let token = try TokenIssuer.token(#"{"alg":"RS256","kid":"rsa"}"#, self.issuer.claims()) {
                Array(try short.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5).rawRepresentation)
            }
            #expect(self.fault(token, keys) == .unknownKey)
        }
    }

    @Test("R8: a token changed in any one place, cut off anywhere, or spelled otherwise is refused")
    func changed() throws {
        let good = try self.issuer.token(.es256)
        let bytes = Array(good.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(self.fault(String(decoding: changed, as: UTF8.self)) != nil, "\(index)")
        }
        for count in stride(from: 0, to: bytes.count, by: 3) {
            #expect(self.fault(String(decoding: bytes.prefix(count), as: UTF8.self)) != nil, "\(count)")
        }
        #expect(self.fault(String(good.dropLast())) != nil)
        #expect(self.fault(good + "A") == .badSignature)
        for other in [good + "=", good + "==", good + " ", " " + good, good + "\n", good + ".", "Bearer " + good] {
            #expect(self.fault(other) == .malformed, "\(other.suffix(3))")
        }
    }

    @Test("R8: a token of a mebibyte is refused before anything of it is read")
    func mebibyte() throws {
        let payload = self.claims(["x": #""\#(String(repeating: "x", count: 1 << 20))""#])
        let text = try self.issuer.token(.es256, payload)
        #expect(self.fault(text) == .tooLong)
        #expect(BearerToken(text) == nil)
    }
}
