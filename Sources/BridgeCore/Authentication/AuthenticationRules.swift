// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What `[auth]` asks of handshakes.
package struct AuthenticationRules: Sendable {
    /// The names of the servers, in the configuration's order.
    package var servers: [String]
    /// Those with `auth = "none"`: nobody is asked there.
    package var openServers: Set<ServerIndex>
    /// Whether a token may stand in the query (R10).
    package var acceptsQueryTokens: Bool
    /// What a 401 refers to; nil where there is no issuer to go to.
    package var metadata: ResourceMetadata?

    package init(
        servers: [String],
        openServers: Set<ServerIndex> = [],
        acceptsQueryTokens: Bool = false,
        metadata: ResourceMetadata? = nil
    ) {
        self.servers = servers
        self.openServers = openServers
        self.acceptsQueryTokens = acceptsQueryTokens
        self.metadata = metadata
    }
}

/// A handshake that is well-formed and comes from where it may, of which it must be known who asks (R3).
///
/// Until then nothing about it tells whether its path exists.
package struct UnprovenHandshake: Sendable {
    package let credential: Credential?
    let path: String
    let server: ServerIndex?
    let subprotocol: String?
    let key: String
    let origin: String?
    let rules: AuthenticationRules

    /// Judges the rest in the order of R3: credential 401, path 404, permission 403.
    package func admit(_ outcome: Authenticator.Outcome) throws(HandshakeRejection) -> AcceptedHandshake {
        switch outcome {
        case .unknown(let fault): throw self.unauthorized(fault)
        case .unavailable(let seconds):
            throw .unavailable(
                .authenticationUnavailable,
                "The credential cannot be verified at the moment.",
                retryAfter: seconds
            )
        // What was fetched did not help.
        case .undecided: return try self.admit(.unavailable(retryAfter: 5))
        case .known(let principal, let claims):
            guard let server else { throw .noSuchPath(for: principal) }
            guard principal.mayUse(server: self.rules.servers[server]) else { throw .serverNotAllowed(to: principal) }
            return AcceptedHandshake(
                server: server,
                subprotocol: self.subprotocol,
                key: self.key,
                origin: self.origin,
                principal: principal,
                claims: claims
            )
        }
    }

    /// RFC 6750 §3: the Bearer challenge alone, whatever the carrier was, and where tokens come from (RFC 9728 §5.1).
    private func unauthorized(_ fault: CredentialFault?) -> HandshakeRejection {
        var challenge = "Bearer realm=\"mcp-wsbridge\""
        if fault != nil { challenge += ", error=\"invalid_token\"" }
        if let metadata = self.rules.metadata {
            challenge += ", resource_metadata=\"\(metadata.url(ofServerAt: self.path))\""
        }
        return .unauthorized(fault, challenge: challenge)
    }
}
