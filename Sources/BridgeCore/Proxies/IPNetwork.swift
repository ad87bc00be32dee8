// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A block of IP addresses in the notation of CIDR (RFC 4632 §3.1): `10.0.0.0/8`, `fd00::/8`; a lone address is itself.
package struct IPNetwork: Sendable, Hashable {
    /// Why a text is no network.
    package enum Fault: Error, Equatable {
        case form
        /// The length of the prefix is none, or beyond this.
        case prefix(longest: Int)
        /// Bits are set behind the prefix; this is the network that the address is in.
        case hostBits(IPNetwork)
    }

    /// 4 or 16 bytes, none of them set behind the prefix.
    private let address: [UInt8]
    /// How many bits of an address have to be those of this one.
    package let prefix: Int

    private init(address: [UInt8], prefix: Int) {
        self.address = address
        self.prefix = prefix
    }

    /// IPv4 addresses in the clothes of IPv6 are IPv4 addresses, as in ``ClientAddress``.
    package init(_ text: String) throws(Fault) {
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard var address = IPAddressText.bytes(parts[0]) else { throw .form }
        var prefix = address.count * 8
        if parts.count == 2 {
            guard let number = DecimalText.number(parts[1], atMost: prefix),
                parts[1].count == 1 || parts[1].first != UInt8(ascii: "0")
            else { throw .prefix(longest: prefix) }
            prefix = number
        }
        if IPAddressText.isMapped(address), prefix >= 96 {
            address = Array(address[12...])
            prefix -= 96
        }
        let network = IPNetwork(address: Self.masked(address, prefix), prefix: prefix)
        guard network.address == address else { throw .hostBits(network) }
        self = network
    }

    /// Port and process make no difference.
    package func contains(_ client: ClientAddress) -> Bool {
        client.bytes.count == self.address.count && Self.masked(client.bytes, self.prefix) == self.address
    }

    private static func masked(_ address: [UInt8], _ prefix: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let bits = min(8, max(0, prefix - index * 8))
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> bits)
        }
    }
}

extension IPNetwork: CustomStringConvertible {
    /// `10.0.0.0/8`; a lone address stands alone.
    package var description: String {
        let host = ClientAddress(bytes: self.address, port: nil).host ?? ""
        return self.prefix == self.address.count * 8 ? host : "\(host)/\(self.prefix)"
    }
}
