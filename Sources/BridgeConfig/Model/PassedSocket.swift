// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A listening socket that the service manager has bound, and passed when it started the bridge (sd_listen_fds(3)).
package struct PassedSocket: Sendable, Equatable {
    /// `FileDescriptorName=` of its unit, or else the unit's name.
    package let name: String
    /// Where it listens.
    package let address: ListenAddress
    /// That of the file of a Unix socket; nil for others.
    package let mode: SocketAccess.Mode?
    /// Open as long as the process lives.
    package let descriptor: Int32

    package init(name: String, address: ListenAddress, mode: SocketAccess.Mode? = nil, descriptor: Int32) {
        self.name = name
        self.address = address
        self.mode = mode
        self.descriptor = descriptor
    }
}
