// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The place of a server in the configuration's order.
package typealias ServerIndex = Int

/// A handshake that may become a connection, if there is a place for it.
package struct AcceptedHandshake: Sendable {
    /// Whose path was asked for.
    package let server: ServerIndex
    /// What to select, `mcp`; nil: select nothing, and send no such header.
    package let subprotocol: String?
    /// The client's key, for ``AcceptKey``.
    package let key: String
    /// The page's origin, which is allowed; nil for programs that are no browsers.
    package let origin: String?
    package let principal: Principal
    /// What an issuer says about the principal.
    package let claims: Claims
}

/// Whether a request becomes a WebSocket connection, and to which server.
package enum HandshakeVerdict: Sendable {
    case accepted(AcceptedHandshake)
    /// Who asks must be known first.
    case unproven(UnprovenHandshake)
    case refused(HandshakeRejection)
    /// No handshake, but a question for the metadata of a server: 200 with this JSON.
    case metadata(String)
    /// No handshake, but a question whether the bridge is well, or whether it takes clients.
    case health(HealthQuestion)
}

/// What load balancers and orchestrators ask.
package enum HealthQuestion: String, Sendable {
    /// The event loop that takes the request up turns.
    case liveness = "/healthz"
    /// Clients are let in.
    case readiness = "/readyz"
}

/// Who may open a connection on one listener, and what lives on its paths (R1, R3, R4, R5, R11).
///
/// Judged are, in the order of R3: the request's form, its host, its origin, its credential, its path. What depends on the
/// moment (rates, capacity, draining) comes after and is judged by who knows it.
package struct HandshakeRules: Sendable {
    /// Where the listener can be reached from.
    package enum Reach: Sendable {
        /// From this machine alone: host names are checked against DNS rebinding.
        case loopback
        case network
        /// A Unix socket, which no browser can reach.
        case unixSocket
    }

    /// The one subprotocol that is ever selected.
    package static let subprotocol = "mcp"

    package var reach: Reach
    package var allowedOrigins: Set<WebOrigin>
    /// Besides the loopback names on a loopback listener. Where it is empty, other listeners take any host.
    package var allowedHosts: [Authority]
    /// The servers by their exact paths.
    package var paths: [String: ServerIndex]
    /// Nil without `[auth]`: nobody is asked who they are.
    package var authentication: AuthenticationRules?
    /// Who is believed about where a client is.
    package var forwarding: ForwardingRules
    /// Plain requests for ``HealthQuestion`` are answered.
    package var answersHealth: Bool

    package init(
        reach: Reach,
        allowedOrigins: Set<WebOrigin> = [],
        allowedHosts: [Authority] = [],
        paths: [String: ServerIndex],
        authentication: AuthenticationRules? = nil,
        forwarding: ForwardingRules = ForwardingRules(),
        answersHealth: Bool = false
    ) {
        self.reach = reach
        self.allowedOrigins = allowedOrigins
        self.allowedHosts = allowedHosts
        self.paths = paths
        self.authentication = authentication
        self.forwarding = forwarding
        self.answersHealth = answersHealth
    }

    /// Judges a request by what it says.
    package func judge(_ request: HandshakeRequest) -> HandshakeVerdict {
        if let question = healthQuestion(of: request) { return .health(question) }
        do throws(HandshakeRejection) {
            if let metadata = try metadata(for: request) { return .metadata(metadata) }
            let handshake = try OpeningHandshake(request)
            try judgeHost(handshake.authority)
            try judgeOrigin(handshake.origins)
            let server = paths[handshake.path]
            let subprotocol = handshake.subprotocols.contains(Self.subprotocol) ? Self.subprotocol : nil
            if let authentication {
                // Before the path is looked at: a malformed credential is one at an open server, too.
                let credential = try Credential.presented(
                    authorizations: handshake.authorizations,
                    subprotocols: handshake.subprotocols,
                    query: authentication.acceptsQueryTokens ? handshake.query : nil
                )
                if server.map({ !authentication.openServers.contains($0) }) ?? true {
                    return .unproven(
                        UnprovenHandshake(
                            credential: credential,
                            path: handshake.path,
                            server: server,
                            subprotocol: subprotocol,
                            key: handshake.key,
                            origin: handshake.origins.first,
                            rules: authentication
                        )
                    )
                }
            }
            guard let server else { throw HandshakeRejection.noSuchPath() }
            return .accepted(
                AcceptedHandshake(
                    server: server,
                    subprotocol: subprotocol,
                    key: handshake.key,
                    origin: handshake.origins.first,
                    principal: .anonymous,
                    claims: Claims()
                )
            )
        } catch {
            return .refused(error)
        }
    }

    /// Whose path a request asks for, whether it may or not: for the audit record, never for the client.
    package func server(ofTarget target: String) -> ServerIndex? {
        paths[String(Substring(target.utf8.prefix { $0 != UInt8(ascii: "?") }))]
    }

    /// Nil for every request but a plain GET or HEAD for one of the two paths. Who asks needs no credential and no name for
    /// the bridge: a load balancer knows its address at the most, and the answer is one word.
    private func healthQuestion(of request: HandshakeRequest) -> HealthQuestion? {
        guard answersHealth, request.method == "GET" || request.method == "HEAD", request.values("Upgrade").isEmpty,
            request.values("Origin").isEmpty
        else { return nil }
        return HealthQuestion(rawValue: request.target)
    }

    /// The answer to a plain GET for the metadata of a server (RFC 9728 §3); nil for every other request.
    private func metadata(for request: HandshakeRequest) throws(HandshakeRejection) -> String? {
        guard let metadata = authentication?.metadata, request.method == "GET", request.values("Upgrade").isEmpty,
            request.target.utf8.starts(with: ResourceMetadata.prefix.utf8)
        else { return nil }
        let hosts = request.values("Host")
        guard hosts.count == 1, let authority = Authority(String(hosts[0])) else {
            throw .malformed("There must be one Host header, a host with an optional port.")
        }
        let path = try OpeningHandshake.pathAndQuery(of: request.target, authority: authority).path
        guard let server = ResourceMetadata.serverPath(ofTarget: path) else { return nil }
        try judgeHost(authority)
        try judgeOrigin(request.values("Origin").map(String.init))
        return metadata.document(forServerAt: server)
    }

    private func judgeHost(_ host: Authority) throws(HandshakeRejection) {
        if allowedHosts.contains(where: { host.isAllowed(by: $0) }) { return }
        switch reach {
        case .loopback:
            guard host.isLoopback else {
                throw .hostNotAllowed("Host \(host) is neither a loopback name nor in allowed_hosts.")
            }
        case .network, .unixSocket:
            guard allowedHosts.isEmpty else { throw .hostNotAllowed("Host \(host) is not in allowed_hosts.") }
        }
    }

    private func judgeOrigin(_ origins: [String]) throws(HandshakeRejection) {
        guard let first = origins.first else { return }
        guard origins.count == 1 else { throw .originNotAllowed("There is more than one Origin header.") }
        guard let origin = WebOrigin(first), allowedOrigins.contains(origin) else {
            throw .originNotAllowed("Origin \(first) is not in allowed_origins.")
        }
    }
}
