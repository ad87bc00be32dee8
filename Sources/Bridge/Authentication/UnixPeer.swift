// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc
internal import NIOCore

/// The process at the other end of a Unix socket, as the kernel noted it when the connection was made.
struct UnixPeer: Sendable, Equatable {
    /// Linux's number; the C library does not name it.
    private static let peerGroups: CInt = 59  // SO_PEERGROUPS

    let user: UInt32
    /// Its primary group first.
    let groups: [UInt32]

    /// Nil where the channel is no Unix socket. To be called on its event loop.
    init?(of channel: any Channel) {
        guard case .unixDomainSocket? = channel.localAddress,
            let peer = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self,
                { UnixPeer(descriptor: $0) }
            )
        else { return nil }
        guard let peer else { return nil }
        self = peer
    }

    /// Nil where the kernel does not tell.
    init?(descriptor: CInt) {
        // struct ucred: pid, uid, gid.
        var credentials: [UInt32] = [0, .max, .max]
        var length = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0,
            length == credentials.count * MemoryLayout<UInt32>.size, credentials[1] != .max
        else { return nil }
        self.user = credentials[1]
        self.groups = [credentials[2]] + Self.supplementaryGroups(of: descriptor)
    }

    private static func supplementaryGroups(of descriptor: CInt) -> [UInt32] {
        // Linux's NGROUPS_MAX.
        var groups = [UInt32](repeating: 0, count: 65_536)
        var length = socklen_t(groups.count * MemoryLayout<UInt32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, Self.peerGroups, &groups, &length) == 0 else { return [] }
        return Array(groups.prefix(Int(length) / MemoryLayout<UInt32>.size))
    }
}
