// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The place of a server in the configuration's order.
package typealias ServerIndex = Int

/// Whether a request becomes a WebSocket connection, and to which server.
package enum HandshakeVerdict: Sendable {
    /// - server: Whose path was asked for.
    /// - subprotocol: What to select, `mcp`; nil: select nothing, and send no such header.
    /// - key: The client's key, for ``AcceptKey``.
    case accepted(server: ServerIndex, subprotocol: String?, key: String)
    case refused(HandshakeRejection)
}

/// Who may open a connection on one listener, and what lives on its paths (R1, R3, R4, R5, R11).
///
/// Judged are, in the order of R3: the request's form, its host, its origin, its path. What depends on the moment (rates,
/// capacity, draining) comes after and is judged by who knows it.
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

    package init(
        reach: Reach,
        allowedOrigins: Set<WebOrigin> = [],
        allowedHosts: [Authority] = [],
        paths: [String: ServerIndex]
    ) {
        self.reach = reach
        self.allowedOrigins = allowedOrigins
        self.allowedHosts = allowedHosts
        self.paths = paths
    }

    /// Judges a request by what it says.
    package func judge(_ request: HandshakeRequest) -> HandshakeVerdict {
        do throws(HandshakeRejection) {
            let handshake = try OpeningHandshake(request)
            try judgeHost(handshake.authority)
            try judgeOrigin(handshake.origins)
            guard let server = paths[handshake.path] else { throw HandshakeRejection.noSuchPath() }
            let isOffered = handshake.subprotocols.contains(Self.subprotocol)
            return .accepted(
                server: server,
                subprotocol: isOffered ? Self.subprotocol : nil,
                key: handshake.key
            )
        } catch {
            return .refused(error)
        }
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
