// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `[admin]`: where operators and their tools ask how the bridge is.
package struct Admin: Sendable, Equatable {
    package var address: ListenAddress
    /// Who may connect to the file of a Unix socket.
    package var access = SocketAccess()
    /// The operator's word that an address beyond loopback without tokens is meant (R6).
    package var insecurePublic = false
    /// `[[admin.tokens]]`: who may see connections, and end things, without the Unix socket. Nothing but its tokens is used.
    package var auth = Auth()
    @NotCompared package var place: Place

    package init(address: ListenAddress, place: Place) {
        self.address = address
        self.place = place
    }
}
