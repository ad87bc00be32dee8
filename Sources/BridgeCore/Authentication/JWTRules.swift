// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Which tokens are let in (R8): what the operator says about them, and what RFC 7519 and RFC 8725 do.
///
/// The order is: ``parse(_:)``, the key by ``JSONWebKeySet/key(for:)``, the signature, ``principal(of:now:)``.
package struct JWTRules: Sendable {
    /// Longest name of a principal, bytes: it stands in every line of the log about its connection.
    package static let maxName = 256
    /// Most servers that a claim may name.
    static let maxServers = 1024

    /// Exactly what `iss` must be.
    package var issuer: String
    /// One of these must stand in `aud`, letter by letter. Never empty.
    package var audiences: [String]
    package var algorithms: Set<JWTAlgorithm>
    /// How far the clocks of issuer and bridge may be apart, seconds.
    package var leeway: Int64
    /// The claim that names the principal.
    package var nameClaim: String
    /// The claim that lists the servers which the principal may use; nil = all.
    package var serversClaim: String?
    /// The claims whose values are kept for templates.
    package var keptClaims: Set<String>

    package init(
        issuer: String,
        audiences: [String],
        algorithms: Set<JWTAlgorithm> = [.rs256, .es256, .edDSA],
        leeway: Int64 = 60,
        nameClaim: String = "sub",
        serversClaim: String? = nil,
        keptClaims: Set<String> = []
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.leeway = leeway
        self.nameClaim = nameClaim
        self.serversClaim = serversClaim
        self.keptClaims = keptClaims
    }

    /// Takes a token apart and judges its header.
    package func parse(_ token: some Collection<UInt8>) throws(JWTFault) -> JWTToken {
        try JWTToken(token, allowed: self.algorithms)
    }

    /// Judges the claims of a token whose signature has been verified.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: who the bearer is, until `exp` and the leeway (R9), and the kept claims that the token has.
    package func principal(of token: JWTToken, now: Int64) throws(JWTFault) -> (Principal, Claims) {
        let members = try JWTMembers(token.payload)
        try self.checkIssuer(members)
        try self.checkAudience(members)
        let expires = try self.checkTimes(members, now: now)
        let principal = Principal(
            kind: .jwt,
            name: try self.name(members),
            servers: try self.servers(members),
            expiry: expires
        )
        return (principal, self.values(members))
    }

    private func checkIssuer(_ members: JWTMembers) throws(JWTFault) {
        guard members.has("iss") else { throw .missingClaim("iss") }
        guard let issuer = members.string("iss") else { throw .malformedClaim("iss") }
        guard issuer.elementsEqual(self.issuer.utf8) else { throw .wrongIssuer }
    }

    /// RFC 7519 §4.1.3: one string, or an array of them.
    private func checkAudience(_ members: JWTMembers) throws(JWTFault) {
        guard members.has("aud") else { throw .missingClaim("aud") }
        guard let audiences = members.string("aud").map({ [$0] }) ?? members.strings("aud") else {
            throw .malformedClaim("aud")
        }
        let isOurs = audiences.contains { audience in
            self.audiences.contains { $0.utf8.elementsEqual(audience) }
        }
        guard isOurs else { throw .wrongAudience }
    }

    /// - Returns: when the token is no longer accepted, seconds since 1970: `exp` and the leeway.
    private func checkTimes(_ members: JWTMembers, now: Int64) throws(JWTFault) -> Int64 {
        guard let exp = try members.date("exp") else { throw .missingClaim("exp") }
        // RFC 7519 §4.1.4: not "on or after" that time.
        guard now < exp + self.leeway else { throw .expired }
        if let nbf = try members.date("nbf"), now + self.leeway < nbf { throw .notYetValid }
        if let iat = try members.date("iat"), now + self.leeway < iat { throw .issuedInFuture }
        return exp + self.leeway
    }

    private func name(_ members: JWTMembers) throws(JWTFault) -> String {
        guard members.has(self.nameClaim) else { throw .missingClaim(self.nameClaim) }
        guard let bytes = members.string(self.nameClaim), (1...Self.maxName).contains(bytes.count) else {
            throw .malformedClaim(self.nameClaim)
        }
        let name = String(decoding: bytes, as: UTF8.self)
        guard name.unicodeScalars.allSatisfy({ JSONString.isVisible($0) }) else {
            throw .malformedClaim(self.nameClaim)
        }
        return name
    }

    /// RFC 9068 §2.2.3.1 has lists as arrays, RFC 8693 §4.2 as words between blanks. Without the claim there is no server.
    private func servers(_ members: JWTMembers) throws(JWTFault) -> Set<String>? {
        guard let claim = self.serversClaim else { return nil }
        guard members.has(claim) else { return [] }
        let words = members.string(claim).map { $0.split(separator: UInt8(ascii: " ")).map(Array.init) }
        guard let names = words ?? members.strings(claim), names.count <= Self.maxServers else {
            throw .malformedClaim(claim)
        }
        return Set(names.map { String(decoding: $0, as: UTF8.self) })
    }

    private func values(_ members: JWTMembers) -> Claims {
        var values: [String: String] = [:]
        for name in self.keptClaims {
            values[name] = members.scalar(name).map { String(decoding: $0, as: UTF8.self) }
        }
        return Claims(values)
    }
}
