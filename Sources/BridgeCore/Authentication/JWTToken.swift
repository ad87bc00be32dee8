// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON Web Token in its compact form (RFC 7515 §7.1, RFC 7519), taken apart. Nothing of it is proven yet.
///
/// `jku`, `x5u`, `jwk` and `x5c` of the header are never looked at: keys come from the configured place only.
package struct JWTToken: Sendable {
    /// A longer `kid` is no key's.
    static let maxKeyID = 512

    /// Allowed by ``JWTRules`` before the token gets here.
    package let algorithm: JWTAlgorithm
    /// `kid`; nil where the token does not say which key it was signed with.
    package let keyID: [UInt8]?
    /// The bytes that the signature is over: header, dot, payload, as they came.
    package let signingInput: [UInt8]
    package let signature: [UInt8]
    /// The claims as JSON text, to be read after the signature has been verified.
    let payload: [UInt8]

    /// - Parameter allowed: other algorithms are refused.
    init(_ text: some Collection<UInt8>, allowed: Set<JWTAlgorithm>) throws(JWTFault) {
        guard text.count <= BearerToken.longest else { throw .tooLong }
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed }
        let members = try JWTMembers(header)
        self.algorithm = try Self.algorithm(members, allowed)
        if members.has("crit") { throw .criticalExtension }
        try Self.checkType(members)
        guard !signature.isEmpty else { throw .unsigned }
        self.keyID = try Self.keyID(members)
        self.signingInput = Array(text.prefix(parts[0].count + 1 + parts[1].count))
        self.signature = signature
        self.payload = payload
    }

    private static func algorithm(_ header: JWTMembers, _ allowed: Set<JWTAlgorithm>) throws(JWTFault) -> JWTAlgorithm {
        guard let name = header.string("alg") else { throw .malformed }
        if String(decoding: name, as: UTF8.self).lowercased() == "none" { throw .unsigned }
        guard let algorithm = JWTAlgorithm(named: name), allowed.contains(algorithm) else { throw .algorithmNotAllowed }
        return algorithm
    }

    /// Access tokens say nothing, `JWT` or `at+jwt` (RFC 9068 §2.1); a token that was made for something else says so.
    private static func checkType(_ header: JWTMembers) throws(JWTFault) {
        guard header.has("typ") else { return }
        guard let type = header.string("typ") else { throw .malformed }
        switch String(decoding: type, as: UTF8.self).lowercased() {
        case "jwt", "at+jwt", "application/jwt", "application/at+jwt": return
        default: throw .typeNotAllowed
        }
    }

    private static func keyID(_ header: JWTMembers) throws(JWTFault) -> [UInt8]? {
        guard header.has("kid") else { return nil }
        guard let id = header.string("kid") else { throw .malformed }
        guard id.count <= Self.maxKeyID else { throw .unknownKey }
        return id
    }
}

extension JWTToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A token is a secret as long as it holds.
    package var description: String { "token" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
