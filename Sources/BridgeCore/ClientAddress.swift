// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Where a client is.
package struct ClientAddress: Sendable, Hashable {
    /// Of the IP address, 4 or 16 in the order of the network; none for a process behind a Unix socket.
    package let bytes: [UInt8]
    /// Nil where there is none, or nobody knows.
    package let port: Int?

    /// An IPv4 address in the clothes of IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2), as a socket for both has it, becomes
    /// the IPv4 address that it is: nobody has two addresses because of them.
    package init(bytes: [UInt8], port: Int?) {
        self.bytes = IPAddressText.isMapped(bytes) ? Array(bytes[12...]) : bytes
        self.port = port
    }

    /// Behind a Unix socket.
    package static let local = ClientAddress(bytes: [], port: nil)
}

extension ClientAddress: CustomStringConvertible {
    /// As the log has it: `127.0.0.1:54368`, `[::1]:54368`, `unix`.
    package var description: String {
        guard let host = self.host else { return "unix" }
        let name = host.contains(":") ? "[\(host)]" : host
        return self.port.map { "\(name):\($0)" } ?? name
    }

    /// The IP address as text (RFC 5952); nil where there is none.
    package var host: String? {
        try? SocketAddress(packedIPAddress: ByteBuffer(bytes: self.bytes), port: 0).ipAddress
    }
}

/// Where the client of a connection is, and by whose word.
package struct ClientLocation: Sendable, Hashable {
    package let address: ClientAddress
    /// The other end of the socket, where that is a proxy that said where the client is; nil where it counts as the client.
    package let proxy: ClientAddress?

    package init(address: ClientAddress, proxy: ClientAddress? = nil) {
        self.address = address
        self.proxy = proxy
    }
}
