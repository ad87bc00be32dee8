// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Crypto
internal import CryptoExtras

/// A public key of an issuer, ready to verify signatures.
enum VerificationKey: Sendable {
    case rsa(_RSA.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)

    /// - Throws: if the numbers are no key: a point that is not on its curve, say.
    init(_ material: JSONWebKey.Material) throws {
        switch material {
        case .rsa(let n, let e): self = .rsa(try _RSA.Signing.PublicKey(n: n, e: e))
        // An uncompressed point (SEC 1 §2.3.4).
        case .p256(let x, let y): self = .p256(try P256.Signing.PublicKey(x963Representation: [4] + x + y))
        case .p384(let x, let y): self = .p384(try P384.Signing.PublicKey(x963Representation: [4] + x + y))
        case .ed25519(let x): self = .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: x))
        }
    }

    /// Whether `signature` over `message` was made with this key. False for an algorithm that is not one of the key's:
    /// no other bytes of a key are ever taken for it.
    func verifies(_ signature: [UInt8], over message: [UInt8], _ algorithm: JWTAlgorithm) -> Bool {
        switch (self, algorithm) {
        case (.rsa(let key), .rs256), (.rsa(let key), .ps256):
            key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature),
                for: SHA256.hash(data: message),
                padding: algorithm == .rs256 ? .insecurePKCS1v1_5 : .PSS
            )
        case (.p256(let key), .es256):
            (try? P256.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: SHA256.hash(data: message)) } ?? false
        case (.p384(let key), .es384):
            (try? P384.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: SHA384.hash(data: message)) } ?? false
        case (.ed25519(let key), .edDSA): key.isValidSignature(signature, for: message)
        default: false
        }
    }
}

/// The keys of an issuer, ready to use.
struct VerificationKeys: Sendable {
    private let set: JSONWebKeySet
    /// Those of `set`, in its order.
    private let keys: [VerificationKey]

    /// - Parameter text: a JWK set.
    init(_ text: [UInt8]) throws(JSONWebKeySet.Fault) {
        let read = try JSONWebKeySet(text)
        let usable = read.keys.compactMap { key in (try? VerificationKey(key.material)).map { (key, $0) } }
        self.set = try JSONWebKeySet(usable.map(\.0), refused: read.refused + read.keys.count - usable.count)
        self.keys = usable.map(\.1)
    }

    var count: Int { self.keys.count }
    /// How many keys of the set are no good.
    var refused: Int { self.set.refused }

    /// Whether other keys would make no difference to a token.
    func decide(_ token: JWTToken) -> Bool {
        do throws(JWTFault) {
            _ = try self.set.key(for: token)
            return true
        } catch {
            return error != .unknownKey
        }
    }

    /// Who the bearer of a token is: finds the key, verifies the signature, and only then reads the claims.
    ///
    /// - Parameter now: seconds since 1970.
    func principal(of token: JWTToken, _ rules: JWTRules, now: Int64) throws(JWTFault) -> (Principal, Claims) {
        let key = self.keys[try self.set.key(for: token)]
        guard key.verifies(token.signature, over: token.signingInput, token.algorithm) else { throw .badSignature }
        return try rules.principal(of: token, now: now)
    }
}
