// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Crypto
import CryptoExtras
import Foundation
import Glibc

@testable import Bridge

/// An issuer of signed tokens, with keys that were made for this run of the tests.
struct TokenIssuer: Sendable {
    static let rsaKey = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    let name = "https://id.example"
    let audience = "https://bridge.example"
    let rsa: _RSA.Signing.PrivateKey
    let p256 = P256.Signing.PrivateKey()
    let p384 = P384.Signing.PrivateKey()
    let ed25519 = Curve25519.Signing.PrivateKey()

    init() throws {
        // It takes a while to find one, and no test minds who else uses it.
        self.rsa = try Self.rsaKey.get()
    }

    var rules: JWTRules {
        JWTRules(issuer: self.name, audiences: [self.audience], algorithms: Set(JWTAlgorithm.allCases))
    }

    // MARK: Keys

    static func base64URL(_ bytes: some Collection<UInt8>) -> String {
        String(Base64.encode(Array(bytes)).filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    func rsaJWK(_ more: String = "") throws -> String {
        let numbers = try self.rsa.publicKey.getKeyPrimitives()
        let n = Self.base64URL(numbers.modulus)
        return #"{"kty":"RSA","kid":"rsa","n":"\#(n)","e":"\#(Self.base64URL(numbers.publicExponent))"\#(more)}"#
    }

    func p256JWK(_ more: String = "", kid: String = "p256") -> String {
        Self.ecJWK("P-256", kid, Array(self.p256.publicKey.rawRepresentation), more)
    }

    func p384JWK() -> String { Self.ecJWK("P-384", "p384", Array(self.p384.publicKey.rawRepresentation), "") }

    private static func ecJWK(_ curve: String, _ kid: String, _ point: [UInt8], _ more: String) -> String {
        let (x, y) = (self.base64URL(point[..<(point.count / 2)]), self.base64URL(point[(point.count / 2)...]))
        return #"{"kty":"EC","crv":"\#(curve)","kid":"\#(kid)","x":"\#(x)","y":"\#(y)"\#(more)}"#
    }

    func ed25519JWK() -> String {
        #"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"\#(Self.base64URL(self.ed25519.publicKey.rawRepresentation))"}"#
    }

    static func set(_ keys: String...) -> [UInt8] { Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8) }

    /// One key of each kind.
    func jwks() throws -> [UInt8] {
        Self.set(try self.rsaJWK(), self.p256JWK(), self.p384JWK(), self.ed25519JWK())
    }

    // MARK: Tokens

    /// The claims of a good token, in the order of their names; nil takes one out.
    func claims(_ changes: [String: String?] = [:], now: Int64 = 1000) -> String {
        var claims: [String: String?] = [
            "iss": "\"\(self.name)\"", "aud": "\"\(self.audience)\"", "sub": #""alice""#, "exp": "\(now + 600)",
            "iat": "\(now)",
        ]
        claims.merge(changes) { _, new in new }
        let members = claims.sorted { $0.key < $1.key }
            .compactMap { name, value in value.map { #""\#(name)":\#($0)"# } }
        return "{\(members.joined(separator: ","))}"
    }

    /// Puts a token together and has it signed.
    static func token(_ header: String, _ payload: String, sign: ([UInt8]) throws -> [UInt8]) rethrows -> String {
        let input = "\(self.base64URL(header.utf8)).\(self.base64URL(payload.utf8))"
        return "\(input).\(self.base64URL(try sign(Array(input.utf8))))"
    }

    /// A token that says `algorithm` and is signed so.
    ///
    /// - Parameter header: what the header says, if not the algorithm and the id of its key.
    func token(_ algorithm: JWTAlgorithm, _ payload: String? = nil, header: String? = nil) throws -> String {
        let kid =
            switch algorithm {
            case .rs256, .ps256: "rsa"
            case .es256: "p256"
            case .es384: "p384"
            case .edDSA: "ed"
            }
        let header = header ?? #"{"alg":"\#(algorithm.rawValue)","kid":"\#(kid)"}"#
        return try Self.token(header, payload ?? self.claims()) { try self.sign($0, algorithm) }
    }

    func sign(_ input: [UInt8], _ algorithm: JWTAlgorithm) throws -> [UInt8] {
        switch algorithm {
        case .rs256:
            let digest = SHA256.hash(data: input)
            return Array(try self.rsa.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
        case .ps256:
            return Array(try self.rsa.signature(for: SHA256.hash(data: input), padding: .PSS).rawRepresentation)
        case .es256: return Array(try self.p256.signature(for: SHA256.hash(data: input)).rawRepresentation)
        case .es384: return Array(try self.p384.signature(for: SHA384.hash(data: input)).rawRepresentation)
        case .edDSA: return Array(try self.ed25519.signature(for: input))
        }
    }
}
