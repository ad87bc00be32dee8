// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import BridgeConfig
internal import BridgeCore
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// The HTTP client of the whole process: connections to all servers that have a URL.
///
/// A pool for each event loop: a client that is told to use a certain loop of several keeps none of its connections.
final class UpstreamClient: Sendable {
    /// A connection that carries nothing is closed before common servers close it (uvicorn and Node after 5 s): a request
    /// must not meet a connection that is being closed, since nobody could tell whether it was processed (R54).
    private static let idleTimeout = TimeAmount.seconds(3)
    /// Each open stream holds a connection of its own: no limit but that of the descriptors.
    private static let connectionsPerHost = 100_000

    /// The time that connecting may take belongs to a client as a whole.
    private struct Key: Hashable {
        let eventLoop: ObjectIdentifier
        let connectTimeout: Duration
    }

    private let group: any EventLoopGroup
    // Invariant: one for each event loop and each time that a server asks for, or has asked for.
    private let clients = Mutex<[Key: HTTPClient]>([:])

    init(_ servers: [ServedServer], group: any EventLoopGroup) {
        self.group = group
        self.prepare(for: servers)
    }

    /// Makes what these servers need and is not there yet. Nothing is taken away: connections live on.
    func prepare(for servers: [ServedServer]) {
        let times = Set(servers.compactMap { $0.upstream?.configuration.connectTimeout })
        self.clients.withLock { clients in
            for eventLoop in self.group.makeIterator() {
                for time in times {
                    let key = Key(eventLoop: ObjectIdentifier(eventLoop), connectTimeout: time)
                    guard clients[key] == nil else { continue }
                    clients[key] = HTTPClient(
                        eventLoopGroupProvider: .shared(eventLoop),
                        configuration: Self.configuration(connectTimeout: time)
                    )
                }
            }
        }
    }

    private static func configuration(connectTimeout: Duration) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .nanoseconds(connectTimeout.nanoseconds)),
            connectionPool: .init(
                idleTimeout: Self.idleTimeout,
                concurrentHTTP1ConnectionsPerHostSoftLimit: Self.connectionsPerHost
            )
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        // A span for every request, which nobody looks at.
        configuration.tracing.tracer = nil
        // The one place where the client lets its connections be touched.
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(FlushCoalescingHandler(), position: .first)
                try Self.keepAlive(channel)
            }
        }
        return configuration
    }

    /// A server that vanished without a word is noticed in a minute and a half: a stream may be silent for hours, and
    /// without `request_timeout` a request may take as long as it likes (R35).
    private static func keepAlive(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        for (name, value) in [(TCP_KEEPIDLE, 60), (TCP_KEEPINTVL, 10), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 90_000)] {
            try options.setOption(
                ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: name)),
                value: value
            )
        }
    }

    /// Sends a request with the operator's own headers; `exchange` is told its course on `eventLoop`.
    ///
    /// - Parameter fields: those of the operator's headers that are different for each client.
    /// - Throws: where the request cannot be expressed.
    func execute(
        _ request: UpstreamRequest,
        of server: UpstreamServer,
        with fields: [(name: String, value: String)],
        on eventLoop: any EventLoop,
        _ exchange: UpstreamExchange,
        _ logger: Logger
    ) throws {
        let key = Key(
            eventLoop: ObjectIdentifier(eventLoop),
            connectTimeout: server.configuration.connectTimeout
        )
        guard let client = self.clients.withLock({ $0[key] }) else {
            throw HTTPClientError.alreadyShutdown
        }
        var headers = HTTPHeaders(request.fields.map { ($0.name, $0.value) })
        for field in server.headers(now: Connection.now(), logger) { headers.add(name: field.name, value: field.value) }
        for field in fields { headers.add(name: field.name, value: field.value) }
        if !headers.contains(name: "User-Agent") { headers.add(name: "User-Agent", value: "mcp-wsbridge") }
        let task = client.execute(
            request: try HTTPClient.Request(
                url: request.url.description,
                method: HTTPMethod(rawValue: request.method.rawValue),
                headers: headers,
                body: request.body.map { .byteBuffer($0) },
                tlsConfiguration: server.tls
            ),
            delegate: exchange,
            eventLoop: .delegate(on: eventLoop)
        )
        exchange.started(task)
    }

    /// Closes all connections. To be called when no exchange is under way.
    func shutdown() async {
        for client in self.clients.withLock({ Array($0.values) }) { try? await client.shutdown() }
    }
}
