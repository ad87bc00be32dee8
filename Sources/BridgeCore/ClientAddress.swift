// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Where a client is.
package struct ClientAddress: Sendable, Hashable {
    /// Of the IP address, 4 or 16 in the order of the network; none for a process behind a Unix socket.
    package let bytes: [UInt8]
    /// Nil where there is none, or nobody knows.
    package let port: Int?

    package init(bytes: [UInt8], port: Int?) {
        self.bytes = bytes
        self.port = port
    }

    /// Behind a Unix socket.
    package static let local = ClientAddress(bytes: [], port: nil)
}
