// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// By what a client's handshakes and connections are counted as those of one address (R43).
///
/// An IPv4 address, or the first 64 bits of an IPv6 one: these are what one household or machine is given, which can come from
/// any of the 2^64 addresses behind them. An IPv4 address in the clothes of IPv6 (RFC 4291 section 2.5.5.2), as a listener for
/// both shows it, counts as IPv4: all of them have the same first 64 bits.
package struct ClientNetwork: Sendable, Hashable {
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    private let isIPv4: Bool
    private let prefix: UInt64

    /// Nil for a client that has no IP address.
    package init?(_ address: ClientAddress) {
        let bytes: ArraySlice<UInt8>
        switch address.bytes.count {
        case 4: (self.isIPv4, bytes) = (true, address.bytes[...])
        case 16 where address.bytes.starts(with: Self.mapped): (self.isIPv4, bytes) = (true, address.bytes[12...])
        case 16: (self.isIPv4, bytes) = (false, address.bytes[..<8])
        default: return nil
        }
        self.prefix = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// By what a client is counted.
package struct CountedClient: Sendable, Hashable {
    /// Nil for who has proved nothing: anonymous clients are not one client.
    package let principal: Principal.Identity?
    /// Nil where there is no IP address.
    package let network: ClientNetwork?

    package init(_ principal: Principal, at address: ClientAddress) {
        self.principal = principal.identity
        self.network = ClientNetwork(address)
    }
}

extension Principal {
    /// Who a principal is, whatever it may do and for how long.
    package struct Identity: Sendable, Hashable {
        let kind: Kind
        let name: String
    }

    /// Nil for ``anonymous``, which may be anybody.
    var identity: Identity? {
        self.kind == .anonymous ? nil : Identity(kind: self.kind, name: self.name)
    }
}
