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

    let key: ListenerKey
    let channel: any Channel
    /// Those that clients are given to.
    private let group: any EventLoopGroup
    /// Nil but for a Unix socket of the bridge's own.
    private let file: UnixSocketFile?
    /// The socket is the service manager's: who connects after the end finds the next bridge.
    fileprivate let isPassed: Bool
    /// The port in use, where the configured one is 0; nil for a Unix socket.
    var port: Int? { self.channel.localAddress?.port }

    private init(
        _ key: ListenerKey,
        _ channel: any Channel,
        _ group: any EventLoopGroup,
        file: UnixSocketFile? = nil,
        isPassed: Bool = false
    ) {
        self.key = key
        self.channel = channel
        self.group = group
        self.file = file
        self.isPassed = isPassed
    }

    /// Binds the address; clients can connect, and wait until ``accept()``.
    ///
    /// - Parameters:
    ///   - key: by which each worker knows what clients find there.
    ///   - workers: the worker of each event loop of `group`.
    /// - Throws: ``ListenError``.
    static func bind(
        _ served: ServedListener,
        key: ListenerKey,
        limits: Limits,
        group: any EventLoopGroup,
        workers: Workers
    ) async throws -> Listener {
        let address = served.configuration.address
        let userTimeout = Int(clamping: min(limits.writeTimeout.nanoseconds / 1_000_000 + 10_000, Int64(CInt.max)))
        let isTCP = if case .tcp = address { true } else { false }
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.maxMessagesPerRead, value: Self.acceptBurst)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPauseHandler())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let worker = try workers.worker(of: channel.eventLoop)
                    guard let site = worker.site(of: key) else { throw ChannelError.operationUnsupported }
                    let options = try channel.optionsNow
                    try options.setOption(.allowRemoteHalfClosure, value: true)
                    try options.setOption(.maxMessagesPerRead, value: 1)
                    let allocator: any RecvByteBufferAllocator =
                        site.tls == nil ? HandshakeReadAllocator() : ChannelBuffers.readEncrypted
                    try options.setOption(.recvAllocator, value: allocator)
                    try options.setOption(.writeBufferWaterMark, value: ChannelBuffers.unwritten)
                    if isTCP { try Self.setTCPOptions(options, userTimeout: userTimeout) }
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
                    let audit = worker.site.audit
                    if site.rules.forwarding.expectsProxyHeader {
                        let handler = ProxyHeaderHandler(site, log: worker.refusals, audit: audit)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    } else {
                        try site.tls?.addHandlers(to: channel, of: site, log: worker.refusals, audit: audit)
                    }
                    try channel.pipeline.syncOperations.addHandlers(
                        decoder,
                        UpgradeHandler(worker: worker, key: key, listener: site, decoder: decoder)
                    )
                }
            }
        do {
            if let passed = served.configuration.passed {
                return Listener(key, try await Self.listen(passed, bootstrap), group, isPassed: true)
            }
            switch address {
            case .passed: throw ChannelError.operationUnsupported
            case .tcp(let host, let port):
                return Listener(key, try await bootstrap.bind(host: host, port: port).get(), group)
            case .unix(let path):
                let (file, descriptor) = try UnixSocketFile.bind(path, served.access)
                do {
                    let channel = try await bootstrap.withBoundSocket(descriptor).get()
                    // The channel listens to it with a backlog of its own.
                    Glibc.listen(descriptor, Self.backlog)
                    return Listener(key, channel, group, file: file)
                } catch {
                    file.remove()
                    throw error
                }
            }
        } catch {
            throw ListenError(address: address, underlying: error)
        }
    }

    /// Another descriptor of the socket: it may be closed, and used once more after a reload.
    private static func listen(_ passed: PassedSocket, _ bootstrap: ServerBootstrap) async throws -> any Channel {
        let descriptor = fcntl(passed.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
        return try await bootstrap.withBoundSocket(descriptor).get()
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

    /// Lets those in who have connected, and who will.
    func accept() async throws {
        try await self.channel.setOption(.autoRead, value: true).get()
    }

    /// Accepts nobody any more; connections live on.
    func close() async {
        // Who has been accepted is on the way to an event loop, and would be dropped by a channel that is closed when it comes
        // back from there: first nobody more is accepted, then each loop has had its turn.
        try? await self.channel.setOption(.autoRead, value: false).get()
        for eventLoop in self.group.makeIterator() { try? await eventLoop.submit {}.get() }
        try? await self.channel.eventLoop.submit {}.get()
        try? await self.channel.close().get()
        self.file?.remove()
    }
}

/// All listeners of the daemon.
struct Listeners: Sendable {
    /// In the order of the configuration.
    private let all: [Listener]
    /// Those in use, in the order of the configuration; nil for a Unix socket.
    var ports: [Int?] { self.all.map(\.port) }

    /// None.
    init() { self.all = [] }

    private init(_ all: [Listener]) { self.all = all }

    /// Binds the addresses of a configuration that are not bound yet: where one is not to be had, nothing has changed.
    ///
    /// - Returns: those of `served`, the ones that were there already among them; to be used by ``replace(_:)``.
    /// - Throws: ``ListenError`` for the first that fails; nothing stays bound then that was not.
    func bind(_ served: ServedConfiguration, group: any EventLoopGroup, workers: Workers) async throws -> Listeners {
        var bound: [Listener] = []
        var new: [Listener] = []
        do {
            for (key, listener) in zip(served.configuration.listenerKeys, served.listeners) {
                if let same = self.all.first(where: { $0.key == key }) {
                    bound.append(same)
                    continue
                }
                let limits = served.configuration.limits
                let next = try await Listener.bind(listener, key: key, limits: limits, group: group, workers: workers)
                bound.append(next)
                new.append(next)
            }
            return Listeners(bound)
        } catch {
            for listener in new { await listener.close() }
            guard var error = error as? ListenError else { throw error }
            error.bound = (self.all + new).map(\.key.address)
            throw error
        }
    }

    /// Lets clients in here, and no longer where only `old` listens. Connections live on.
    func replace(_ old: Listeners) async throws {
        for listener in self.all where !old.has(listener.key) { try await listener.accept() }
        for listener in old.all where !self.has(listener.key) { await listener.close() }
    }

    private func has(_ key: ListenerKey) -> Bool { self.all.contains { $0.key == key } }

    /// Accepts nobody any more; connections live on.
    func close() async {
        for listener in self.all { await listener.close() }
    }

    /// Accepts nobody any more who can wait for the next bridge instead: at sockets of the service manager's.
    ///
    /// - Returns: those that are left; nil where there were no such sockets.
    func closePassed() async -> Listeners? {
        guard self.all.contains(where: \.isPassed) else { return nil }
        for listener in self.all where listener.isPassed { await listener.close() }
        return Listeners(self.all.filter { !$0.isPassed })
    }
}

/// The listener could not be set up.
package struct ListenError: Error, CustomStringConvertible {
    let address: ListenAddress
    let underlying: any Error
    /// Where the same daemon listened already.
    var bound: [ListenAddress] = []

    package var description: String {
        switch self.underlying {
        case let fault as UnixSocketFile.Fault:
            let reason = String(cString: strerror(fault.code))
            return "cannot listen on \(self.address): cannot \(fault.what): \(reason)\(fault.advice)"
        case let error as IOError:
            let reason = String(cString: strerror(error.errnoCode))
            return "cannot listen on \(self.address): \(reason)\(self.advice(error.errnoCode))"
        default: return "cannot listen on \(self.address): \(self.underlying)"
        }
    }

    private func advice(_ code: CInt) -> String {
        switch code {
        case EADDRINUSE:
            if let other = self.bound.first(where: { $0.mayOverlap(self.address) }) {
                "; the listener on \(other) has it already: give them different ports, or take one of the two out"
            } else {
                "; another program listens there: end it or choose another address (port 0 picks a free one)"
            }
        case EACCES, EPERM: "; the user that runs this has no right to"
        case EADDRNOTAVAIL: "; this machine has no such address"
        case ENOENT, ENOTDIR: "; its directory does not exist"
        default: ""
        }
    }
}
