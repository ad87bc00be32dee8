// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// `[listen]`, or one of several `[[listen]]`: a listener with everything that is its own.
package struct Listen: Sendable, Equatable {
    package var address: ListenAddress = .tcp(host: "127.0.0.1", port: 8765)
    /// The socket of the service manager's that is used, and listens at ``address``; nil where the bridge makes its own.
    package var passed: PassedSocket?
    /// Origins that browsers may connect from, spelled as browsers send them: lower case, no default port, no path (R4).
    package var allowedOrigins: [String] = []
    /// Host names, beside the loopback ones, that a loopback listener answers to: lower case, no port; IPv6 in brackets (R5).
    package var allowedHosts: [String] = []
    /// The operator's word that an address beyond loopback without authentication is meant (R6).
    package var insecurePublic = false
    /// Where clients reach the bridge from outside, without a path: for what it says about itself (R8).
    package var publicURL: HTTPURL?
    /// The operator's word that a proxy before the bridge does TLS, so that tokens cross no network in clear text.
    package var behindTLSProxy = false
    /// The proxies that are believed about where a client is; nobody by default.
    package var trustedProxies: [TrustedProxy] = []
    /// The header in which they say so.
    package var forwardedHeader = ForwardedHeader.xForwardedFor
    /// Whether every connection begins with a header of the PROXY protocol, version 2.
    package var proxyProtocol = false
    /// Whether `/healthz` and `/readyz` are answered here, for load balancers that cannot reach the admin address.
    package var healthPaths = false
    /// How clients are spoken to in TLS; nil = in clear text.
    package var tls: ListenTLS?
    /// Who may connect to the file of a Unix socket; the default at any other address.
    package var access = SocketAccess()

    package init() {}
}

extension Listen {
    /// The three settings that are about proxies, as what decides has them.
    package var forwarding: ForwardingRules {
        ForwardingRules(
            trusted: self.trustedProxies,
            header: self.forwardedHeader,
            expectsProxyHeader: self.proxyProtocol
        )
    }

    /// Whether more can connect than users of this machine whom somebody chose: other machines, or, to a file, everybody.
    var isOpenToStrangers: Bool { !self.address.isLocal || self.access.mode.letsOthersConnect }
}
