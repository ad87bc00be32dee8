// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// `[admin]`: where operators and their tools ask how the bridge is.
package struct Admin: Sendable, Equatable {
    package var address: ListenAddress
    /// Who may connect to the file of a Unix socket.
    package var access = SocketAccess()
    /// The operator's word that an address beyond loopback without tokens is meant (R6).
    package var insecurePublic = false
    /// `[[admin.tokens]]`: who may see connections, and end things, without the Unix socket. Nothing but its tokens is used.
    package var auth = Auth()
    /// Names of members of messages whose values a tap does not show, beside those that it never shows.
    package var tapRedact: [NamePattern] = []
    @NotCompared package var place: Place

    package init(address: ListenAddress, place: Place) {
        self.address = address
        self.place = place
    }
}
