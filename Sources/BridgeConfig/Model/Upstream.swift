// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// `[servers.NAME]` with a `url`: an MCP server that is dialled over HTTP instead of started.
package struct Upstream: Sendable, Equatable {
    /// How the server is spoken to.
    package enum Transport: String, Sendable, CaseIterable {
        /// Streamable HTTP first, HTTP+SSE where that is not understood (R65).
        case auto
        case streamableHTTP = "streamable-http"
        /// HTTP+SSE of revision 2024-11-05.
        case sse
    }

    /// What happens when the server has forgotten the session (R52).
    package enum SessionLoss: String, Sendable, CaseIterable {
        /// The handshake is replayed, unseen by the client.
        case reinitialize
        /// The connection ends.
        case close
    }

    /// Paths of PEM files, absolute.
    package struct ClientCertificate: Sendable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package var url: HTTPURL
    package var transport = Transport.auto
    /// The server's own credentials and whatever else every request to it carries.
    package var headers: [UpstreamHeader] = []
    /// A PEM file of certificate authorities, absolute; nil = those of the system.
    package var ca: String?
    package var clientCertificate: ClientCertificate?
    /// How long connecting may take, TLS included; never zero.
    package var connectTimeout: Duration = .seconds(5)
    /// How long a request may take to be answered; zero = for ever. Never holds for `subscriptions/listen`.
    package var requestTimeout: Duration = .zero
    /// Largest event and largest JSON body from the server, bytes (R66).
    package var maxEvent = 16 << 20
    package var onSessionLost = SessionLoss.reinitialize
    /// Requests in flight at once per connection; more wait (R30).
    package var maxParallel = 64

    package init(url: HTTPURL) {
        self.url = url
    }
}

/// One field of `headers`.
package struct UpstreamHeader: Sendable, Equatable {
    /// A token (RFC 9110 §5.1), as the operator wrote it.
    package let name: String
    /// Stands before the value, `Bearer `, say.
    package let prefix: String
    package let value: EnvironmentValue
    @NotCompared package var place: Place

    package init(name: String, prefix: String, value: EnvironmentValue, place: Place) {
        self.name = name
        self.prefix = prefix
        self.value = value
        self.place = place
    }
}
