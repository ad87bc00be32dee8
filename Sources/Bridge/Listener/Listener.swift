// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// The listening socket: accepts clients and gives each its pipeline (R6, R18).
struct Listener: Sendable {
    /// Connections that the kernel holds ready, and those taken in one wake-up: storms of connects are normal when a
    /// deployment restarts.
    private static let backlog: CInt = 1_024
    private static let acceptBurst: UInt = 64
    /// What the kernel takes ahead of what it can send: without this mark it takes megabytes, tells of room only when a
    /// third of that is free, and a slow client looks like one that reads nothing (R46); a pong waits behind it (R13).
    private static let unsentMark = 128 << 10

    let channel: any Channel
    /// The port in use, where the configured one is 0; nil for a Unix socket.
    var port: Int? { self.channel.localAddress?.port }

    /// Binds the address and accepts from now on.
    ///
    /// - Parameters:
    ///   - tls: how TLS is done with clients; nil for none.
    ///   - workers: the worker of each event loop of `group`.
    /// - Throws: ``ListenError``.
    static func start(
        _ address: ListenAddress,
        limits: Limits,
        tls: ListenerTLS?,
        group: any EventLoopGroup,
        workers: Workers
    ) async throws -> Listener {
        let userTimeout = Int(clamping: min(limits.writeTimeout.nanoseconds / 1_000_000 + 10_000, Int64(CInt.max)))
        let isTCP = if case .tcp = address { true } else { false }
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.maxMessagesPerRead, value: Self.acceptBurst)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPauseHandler())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let options = try channel.optionsNow
                    try options.setOption(.allowRemoteHalfClosure, value: true)
                    try options.setOption(.maxMessagesPerRead, value: 1)
                    let allocator = tls == nil ? ChannelBuffers.read : ChannelBuffers.readEncrypted
                    try options.setOption(.recvAllocator, value: allocator)
                    try options.setOption(.writeBufferWaterMark, value: ChannelBuffers.unwritten)
                    if isTCP { try Self.setTCPOptions(options, userTimeout: userTimeout) }
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
                    let worker = try workers.worker(of: channel.eventLoop)
                    let site = worker.site
                    let forwarding = site.rules.forwarding
                    if forwarding.expectsProxyHeader {
                        let handler = ProxyHeaderHandler(
                            forwarding,
                            tls: tls,
                            log: worker.refusals,
                            audit: site.audit,
                            logger: site.logger
                        )
                        try channel.pipeline.syncOperations.addHandler(handler)
                    } else {
                        try tls?.addHandlers(to: channel, log: worker.refusals, audit: site.audit)
                    }
                    try channel.pipeline.syncOperations.addHandlers(
                        decoder,
                        UpgradeHandler(worker: worker, decoder: decoder)
                    )
                }
            }
        do {
            switch address {
            case .tcp(let host, let port):
                return Listener(channel: try await bootstrap.bind(host: host, port: port).get())
            case .unix(let path):
                try UnixSocketFile.removeStale(path)
                // The socket is born with the mode it keeps (R6): nothing else of this process makes files now.
                let mask = umask(0o177)
                defer { umask(mask) }
                return Listener(channel: try await bootstrap.bind(unixDomainSocketPath: path).get())
            }
        } catch {
            throw ListenError(address: address, underlying: error)
        }
    }

    /// Keep-alive, and an end for peers that acknowledge nothing (R18). The bridge's own write timeout comes first.
    private static func setTCPOptions(_ options: any NIOSynchronousChannelOptions, userTimeout: Int) throws {
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(
            ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)),
            value: Self.unsentMark
        )
        try options.setOption(
            ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)),
            value: userTimeout
        )
    }

    /// Accepts nobody any more; connections live on.
    func close() async {
        try? await self.channel.close().get()
    }
}

/// The listener could not be set up.
package struct ListenError: Error, CustomStringConvertible {
    let address: ListenAddress
    let underlying: any Error

    package var description: String {
        guard let error = self.underlying as? IOError else {
            return "cannot listen on \(self.address): \(self.underlying)"
        }
        let advice =
            switch error.errnoCode {
            case EADDRINUSE:
                "; another program listens there: end it or choose another address (port 0 picks a free one)"
            case EACCES, EPERM: "; the user that runs this has no right to"
            case EADDRNOTAVAIL: "; this machine has no such address"
            case ENOENT, ENOTDIR: "; its directory does not exist"
            default: ""
            }
        return "cannot listen on \(self.address): \(String(cString: strerror(error.errnoCode)))\(advice)"
    }
}

/// The file of a Unix socket.
enum UnixSocketFile {
    /// Takes away a socket that a dead daemon left behind; a live one, or a file of another kind, stays and is an error.
    static func removeStale(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw IOError(errnoCode: EEXIST, reason: "a file that is no socket is in the way")
        }
        let address = try SocketAddress(unixDomainSocketPath: path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        defer { Glibc.close(descriptor) }
        let outcome = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard outcome != 0, errno == ECONNREFUSED else { throw IOError(errnoCode: EADDRINUSE, reason: "bind") }
        unlink(path)
    }

    /// Takes the daemon's own socket away when it stops listening.
    static func remove(_ path: String) {
        unlink(path)
    }
}
