// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One entry of `trusted_proxies`.
package enum TrustedProxy: Sendable, Hashable {
    case network(IPNetwork)
    /// Whoever connects through a Unix socket.
    case unix

    func contains(_ address: ClientAddress) -> Bool {
        switch self {
        case .network(let network): network.contains(address)
        case .unix: address.bytes.isEmpty
        }
    }
}

extension TrustedProxy: CustomStringConvertible {
    /// As in the configuration.
    package var description: String {
        switch self {
        case .network(let network): network.description
        case .unix: "unix"
        }
    }
}

/// Whom a listener believes about where a client is, and in which words. By default nobody.
package struct ForwardingRules: Sendable, Equatable {
    /// No chain of proxies is longer: who names more has made them up.
    static let longestChain = 32

    /// `trusted_proxies`.
    package var trusted: [TrustedProxy]
    /// The one header that is read: a proxy that writes one passes on what its client wrote into the other.
    package var header: ForwardedHeader
    /// Whether every connection begins with a header of the PROXY protocol.
    package var expectsProxyHeader: Bool

    package init(
        trusted: [TrustedProxy] = [],
        header: ForwardedHeader = .xForwardedFor,
        expectsProxyHeader: Bool = false
    ) {
        self.trusted = trusted
        self.header = header
        self.expectsProxyHeader = expectsProxyHeader
    }

    /// Whether this is the address of a proxy whose word counts.
    package func trusts(_ address: ClientAddress) -> Bool {
        self.trusted.contains { $0.contains(address) }
    }

    /// Finds the client: from the other end of the socket back along the proxies, to the first that is not trusted.
    ///
    /// Who is not trusted is the client, whatever it says about others; where nobody is left who knows, it is the last that is
    /// known. So a client that writes such headers itself is never taken for somebody else.
    ///
    /// - Parameters:
    ///   - peer: the other end of the socket.
    ///   - said: what it said in a PROXY header; nil without one.
    ///   - lines: the values of all lines of ``header`` in the request, in their order; none as long as there is no request.
    package func locate(
        peer: ClientAddress,
        said: ProxyHeader? = nil,
        lines: @autoclosure () -> [String] = []
    ) -> ClientLocation {
        guard self.trusts(peer) else { return ClientLocation(address: peer) }
        var address = peer
        switch said {
        case nil, .local?: break
        case .client(let client)?: address = client
        // The request is a client's, and nobody has said whose: its headers are not the proxy's.
        case .undisclosed?: return ClientLocation(address: peer)
        }
        if self.trusts(address) {
            var addresses = ForwardedAddresses(self.header, lines: lines())
            for _ in 0..<Self.longestChain {
                guard self.trusts(address), let next = addresses.next() else { break }
                address = next
            }
        }
        return ClientLocation(address: address, proxy: address == peer ? nil : peer)
    }
}
