// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// `[auth.jwt]`: whose signed tokens are taken (R8).
package struct JWTAuthentication: Sendable, Equatable {
    /// Where the issuer's public keys are.
    package enum KeySource: Sendable, Equatable {
        /// `https`, or `http` on this machine.
        case url(HTTPURL)
        /// An absolute path.
        case file(path: String)
    }

    /// What `iss` must be, letter by letter.
    package var issuer: String
    /// One of these must stand in `aud`. Never empty.
    package var audience: [String]
    package var jwks: KeySource
    /// A PEM file of certificate authorities for an `https` URL, absolute; nil = those of the system.
    package var ca: String?
    /// Never empty.
    package var algorithms: [JWTAlgorithm] = [.rs256, .es256, .edDSA]
    /// The claim that lists the servers a principal may use; nil = all of them.
    package var serversClaim: String?
    /// The claim that names the principal.
    package var nameClaim = "sub"
    /// How far the clocks of issuer and bridge may be apart.
    package var leeway: Duration = .seconds(60)
    /// Of the table.
    @NotCompared package var place: Place

    package init(issuer: String, audience: [String], jwks: KeySource, place: Place) {
        self.issuer = issuer
        self.audience = audience
        self.jwks = jwks
        self.place = place
    }

    /// What tokens are judged by.
    ///
    /// - Parameter keptClaims: those that templates name.
    package func rules(keptClaims: Set<String> = []) -> JWTRules {
        JWTRules(
            issuer: self.issuer,
            audiences: self.audience,
            algorithms: Set(self.algorithms),
            leeway: self.leeway.components.seconds,
            nameClaim: self.nameClaim,
            serversClaim: self.serversClaim,
            keptClaims: keptClaims
        )
    }
}
