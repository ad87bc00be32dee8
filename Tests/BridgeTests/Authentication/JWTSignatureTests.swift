// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Crypto
import Testing

@testable import Bridge

/// Signatures, against the examples of the RFCs and with keys of our own.
@Suite struct JWTSignatureTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let paragraph: String
        let algorithm: JWTAlgorithm
        let key: String
        let jws: String

        var testDescription: String { self.paragraph }
    }

    static let examples = [
        Example(
            paragraph: "RFC 7515 A.2",
            algorithm: .rs256,
            key:
                #"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPC"#
                + "JrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5"
                + "rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8N"
                + #"Aco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
            jws:
                "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
                + "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJ"
                + "dbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcO"
                + "Ln6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
                + "p0igcN_IoypGlUPQGe77Rw"
        ),
        Example(
            paragraph: "RFC 7515 A.3",
            algorithm: .es256,
            key: #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
                + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            jws:
                "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
                + "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        Example(
            paragraph: "RFC 8037 A.4",
            algorithm: .edDSA,
            key: #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            jws:
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR"
                + "4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ]

    @Test("R8: the examples of RFC 7515 and RFC 8037 verify, and with one bit changed do not", arguments: Self.examples)
    func published(_ example: Example) throws {
        let key = try VerificationKey(
            try #require(try JSONWebKeySet(Array(#"{"keys":[\#(example.key)]}"#.utf8)).keys.first).material
        )
        let parts = example.jws.split(separator: ".")
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        var signature = try #require(Base64URL.decode(parts[2].utf8))
        #expect(key.verifies(signature, over: message, example.algorithm))
        #expect(!key.verifies(signature, over: message + [0], example.algorithm))
        for algorithm in JWTAlgorithm.allCases where algorithm != example.algorithm {
            #expect(!key.verifies(signature, over: message, algorithm), "\(algorithm)")
        }
        signature[signature.count - 1] ^= 1
        #expect(!key.verifies(signature, over: message, example.algorithm))
    }

    @Test("R8: a token of each algorithm is verified and names its principal", arguments: JWTAlgorithm.allCases)
    func signed(_ algorithm: JWTAlgorithm) throws {
        let issuer = try TokenIssuer()
        let keys = try VerificationKeys(issuer.jwks())
        let token = try issuer.rules.parse(issuer.token(algorithm).utf8)
        let (principal, _) = try keys.principal(of: token, issuer.rules, now: 1000)
        #expect(principal == Principal(kind: .jwt, name: "alice", servers: nil, expiry: 1660))
    }

    @Test("R8: a signature of any other length, empty ones and those in DER included, verifies nothing")
    func lengths() throws {
        let issuer = try TokenIssuer()
        let message = Array("message".utf8)
        let rsa = try VerificationKey(.init(issuer.rsaJWK()))
        let p256 = try VerificationKey(.init(issuer.p256JWK()))
        let p384 = try VerificationKey(.init(issuer.p384JWK()))
        let ed25519 = try VerificationKey(.init(issuer.ed25519JWK()))
        for (key, algorithm) in [
            (rsa, JWTAlgorithm.rs256), (rsa, .ps256), (p256, .es256), (p384, .es384), (ed25519, .edDSA),
        ] {
            let good = try issuer.sign(message, algorithm)
            #expect(key.verifies(good, over: message, algorithm))
            for bad in [
                [], [0], good + [0], [0] + good, Array(good.dropLast()), [UInt8](repeating: 0, count: good.count),
            ] {
                #expect(!key.verifies(bad, over: message, algorithm), "\(algorithm) \(bad.count)")
            }
        }
        let der = try issuer.p256.signature(for: message).derRepresentation
        #expect(!p256.verifies(Array(der), over: message, .es256))
    }

    @Test("R8: a point that is not on its curve is no key, and the rest of the set still holds")
    func offCurve() throws {
        let issuer = try TokenIssuer()
        let x = TokenIssuer.base64URL([UInt8](repeating: 1, count: 32))
        let bad = #"{"kty":"EC","crv":"P-256","kid":"bad","x":"\#(x)","y":"\#(x)"}"#
        let keys = try VerificationKeys(TokenIssuer.set(bad, issuer.ed25519JWK()))
        #expect(keys.count == 1 && keys.refused == 1)
        let token = try issuer.rules.parse(issuer.token(.edDSA).utf8)
        #expect(throws: Never.self) { try keys.principal(of: token, issuer.rules, now: 1000) }
        #expect(throws: JSONWebKeySet.Fault.noUsableKey) { try VerificationKeys(TokenIssuer.set(bad)) }
    }
}

extension JSONWebKey.Material {
    /// The one key of a JSON text.
    init(_ key: String) throws {
        self = try #require(try JSONWebKeySet(TokenIssuer.set(key)).keys.first).material
    }
}
