// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Who is asking: judges what a handshake presents, and what its connection proves by itself.
package struct Authenticator: Sendable {
    package enum Outcome: Sendable {
        /// - claims: what an issuer says about the principal.
        case known(Principal, claims: Claims)
        /// - Parameter: what is wrong with the credential; nil where there is none.
        case unknown(CredentialFault?)
        /// It cannot be told now.
        case unavailable(retryAfter: Int)
        /// To be asked again once the verifier has fetched what it needs.
        case undecided(by: any CredentialVerifier)
    }

    /// Asked in this order, until one knows the token.
    private let verifiers: [any CredentialVerifier]

    package init(_ verifiers: [any CredentialVerifier]) {
        self.verifiers = verifiers
    }

    /// Judges at once; on any event loop.
    ///
    /// A credential that is presented decides alone: a wrong token is not made good by the connection's own proof, and a
    /// right one says who it is.
    ///
    /// - Parameters:
    ///   - connection: who the connection itself proves to be, by a client certificate or as a process of this machine.
    ///   - now: seconds since 1970.
    package func authenticate(_ credential: Credential?, connection: Principal?, now: Int64) -> Outcome {
        guard let credential else {
            return connection.map { .known($0, claims: Claims()) } ?? .unknown(nil)
        }
        for verifier in self.verifiers where verifier.acceptsQueryTokens || !credential.carriers.contains(.query) {
            switch verifier.verify(credential.token, now: now) {
            case .notMine: continue
            case .valid(let principal, let claims):
                if let expiry = principal.expiry, expiry <= now { return .unknown(.expired) }
                return .known(principal, claims: claims)
            case .invalid(let fault): return .unknown(fault)
            case .undecided: return .undecided(by: verifier)
            case .unavailable(let seconds): return .unavailable(retryAfter: seconds)
            }
        }
        return .unknown(.unknown)
    }
}

/// Which processes of this machine are let in through a Unix socket without a token: `[auth.unix]`.
package struct UnixPeerRules: Sendable, Equatable {
    package let allowedUsers: Set<UInt32>
    package let allowedGroups: Set<UInt32>

    package init(allowedUsers: Set<UInt32>, allowedGroups: Set<UInt32>) {
        self.allowedUsers = allowedUsers
        self.allowedGroups = allowedGroups
    }

    /// - Parameter groups: the peer's primary group and its others.
    package func principal(user: UInt32, groups: [UInt32]) -> Principal? {
        let isAllowed = self.allowedUsers.contains(user) || groups.contains(where: self.allowedGroups.contains)
        return isAllowed ? Principal(kind: .unix, name: String(user)) : nil
    }
}
