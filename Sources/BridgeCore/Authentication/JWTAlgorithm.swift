// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The signatures of tokens that the bridge can verify (RFC 7518 §3.1, RFC 8037 §3.1). All of them are asymmetric: there
/// is neither `none` nor a keyed hash, for which the public key could be taken for the secret.
package enum JWTAlgorithm: String, Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    case ps256 = "PS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA on P-384 with SHA-384.
    case es384 = "ES384"
    /// Ed25519; the other curve of the name is not supported.
    case edDSA = "EdDSA"

    /// The algorithm of a name in a token or key. `Ed25519` is the newer name of EdDSA on that curve (RFC 9864 §2.2).
    init?(named name: [UInt8]) {
        let name = String(decoding: name, as: UTF8.self)
        self.init(rawValue: name == "Ed25519" ? "EdDSA" : name)
    }
}
