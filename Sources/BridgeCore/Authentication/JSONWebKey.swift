// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One public key of an issuer (RFC 7517 §4), of a kind that can verify signatures.
package struct JSONWebKey: Sendable, Equatable {
    /// The numbers of the key, big-endian (RFC 7518 §6, RFC 8037 §2).
    package enum Material: Sendable, Equatable {
        /// Modulus and exponent, without leading zeros.
        case rsa(n: [UInt8], e: [UInt8])
        /// 32 bytes each.
        case p256(x: [UInt8], y: [UInt8])
        /// 48 bytes each.
        case p384(x: [UInt8], y: [UInt8])
        /// 32 bytes.
        case ed25519(x: [UInt8])

        /// What a key of this kind can verify. The kind decides, never the header of a token.
        var algorithms: Set<JWTAlgorithm> {
            switch self {
            case .rsa: [.rs256, .ps256]
            case .p256: [.es256]
            case .p384: [.es384]
            case .ed25519: [.edDSA]
            }
        }
    }

    /// Shorter moduli can be factored (RFC 7518 §3.3).
    static let minModulusBits = 2048
    /// Longer ones take a verifier's time.
    static let maxModulusBits = 8192

    /// `kid`.
    package let id: [UInt8]?
    package let material: Material
    /// What the key is for: what its kind can do, narrowed by `alg`. Never empty.
    package let algorithms: Set<JWTAlgorithm>

    /// Why a key of a set is left out.
    package enum Fault: Error, Sendable, Equatable {
        /// A kind, a curve or a use that the bridge has no use for: no fault at all.
        case otherKind
        /// A member is missing, stands twice or cannot be what it says.
        case malformed
        /// An RSA key that is too short, too long or has an exponent that proves nothing.
        case weak
    }

    /// - Parameter text: the JSON object.
    init(_ text: [UInt8]) throws(Fault) {
        let members: JWTMembers
        do throws(JWTFault) { members = try JWTMembers(text) } catch { throw .malformed }
        guard let kind = members.string("kty") else { throw .malformed }
        let material = try Self.material(String(decoding: kind, as: UTF8.self), members)
        self.algorithms = try Self.algorithms(of: material, members)
        self.material = material
        self.id = members.string("kid")
        guard self.id != nil || !members.has("kid") else { throw .malformed }
    }

    private static func material(_ kind: String, _ members: JWTMembers) throws(Fault) -> Material {
        let curve = members.string("crv").map { String(decoding: $0, as: UTF8.self) }
        switch (kind, curve) {
        case ("RSA", _): return try Self.rsa(members)
        case ("EC", "P-256"):
            return .p256(x: try Self.bytes("x", members, count: 32), y: try Self.bytes("y", members, count: 32))
        case ("EC", "P-384"):
            return .p384(x: try Self.bytes("x", members, count: 48), y: try Self.bytes("y", members, count: 48))
        case ("OKP", "Ed25519"): return .ed25519(x: try Self.bytes("x", members, count: 32))
        default: throw .otherKind
        }
    }

    private static func bytes(_ name: String, _ members: JWTMembers, count: Int? = nil) throws(Fault) -> [UInt8] {
        guard let text = members.string(name), let bytes = Base64URL.decode(text), count == nil || bytes.count == count
        else { throw .malformed }
        return bytes
    }

    private static func rsa(_ members: JWTMembers) throws(Fault) -> Material {
        // Some issuers write the sign byte of their library before the number.
        let n = Array(try Self.bytes("n", members).drop { $0 == 0 })
        let e = Array(try Self.bytes("e", members).drop { $0 == 0 })
        guard let first = n.first, let last = n.last else { throw .malformed }
        let bits = n.count * 8 - first.leadingZeroBitCount
        let isExponent = e.count <= 4 && e.last.map { $0 & 1 == 1 } == true && e != [1]
        // An even modulus is no product of two large primes.
        guard (Self.minModulusBits...Self.maxModulusBits).contains(bits), last & 1 == 1, isExponent else { throw .weak }
        return .rsa(n: n, e: e)
    }

    private static func algorithms(of material: Material, _ members: JWTMembers) throws(Fault) -> Set<JWTAlgorithm> {
        if members.has("use"), members.string("use") != Array("sig".utf8) { throw .otherKind }
        if members.has("key_ops") {
            guard let operations = members.strings("key_ops") else { throw .malformed }
            guard operations.contains(Array("verify".utf8)) else { throw .otherKind }
        }
        guard members.has("alg") else { return material.algorithms }
        guard let name = members.string("alg") else { throw .malformed }
        guard let algorithm = JWTAlgorithm(named: name), material.algorithms.contains(algorithm) else {
            throw .otherKind
        }
        return [algorithm]
    }
}
