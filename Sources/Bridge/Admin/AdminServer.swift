// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// The admin address: HTTP/1.1 on an event loop of its own, so that it answers while those of the clients do not.
struct AdminServer: Sendable {
    /// Those who ask at once, and how long one may take over a request, or keep a connection open without one.
    private static let backlog: CInt = 64
    private static let maxConnections = 256
    private static let patience = TimeAmount.seconds(75)

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let file: UnixSocketFile?
    /// In use, where the configured one is 0; nil for a Unix socket.
    var port: Int? { self.channel.localAddress?.port }

    private init(_ group: MultiThreadedEventLoopGroup, _ channel: any Channel, _ file: UnixSocketFile?) {
        self.group = group
        self.channel = channel
        self.file = file
    }

    /// - Throws: ``ListenError``.
    static func start(_ served: ServedAdmin, _ site: AdminSite) async throws -> AdminServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let admin = served.configuration
        let reach: AdminClient.Reach =
            admin.address.isUnixSocket ? .unixSocket : admin.address.isLocal ? .loopback : .network
        let open = Tally()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.count < Self.maxConnections else { throw ChannelError.operationUnsupported }
                    open.add()
                    channel.closeFuture.whenComplete { _ in open.remove() }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.patience))
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
                    try pipeline.addHandler(AdminHandler(site, reach: reach))
                }
            }
        do {
            switch admin.address {
            case .passed: throw ChannelError.operationUnsupported
            case .tcp(let host, let port):
                return AdminServer(group, try await bootstrap.bind(host: host, port: port).get(), nil)
            case .unix(let path):
                let (file, descriptor) = try UnixSocketFile.bind(path, served.access)
                do {
                    return AdminServer(group, try await bootstrap.withBoundSocket(descriptor).get(), file)
                } catch {
                    file.remove()
                    throw error
                }
            }
        } catch {
            try? await group.shutdownGracefully()
            throw ListenError(address: admin.address, underlying: error)
        }
    }

    func close() async {
        try? await self.channel.close().get()
        self.file?.remove()
        try? await self.group.shutdownGracefully()
    }
}

/// One connection to the admin address.
private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let site: AdminSite
    private let reach: AdminClient.Reach
    private var head: HTTPRequestHead?
    /// A ``Tap`` answers, which may be silent for long.
    private var isTapping = false

    init(_ site: AdminSite, reach: AdminClient.Reach) {
        self.site = site
        self.reach = reach
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        // Nothing is said in a body.
        case .body: break
        case .end:
            guard let head = self.head.take() else { return }
            self.answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let client = AdminClient(
            reach: self.reach,
            host: head.headers.first(name: "host"),
            hasOrigin: head.headers.contains(name: "origin"),
            hasToken: self.principal(head) != nil
        )
        do throws(AdminRefusal) {
            let route = try AdminRoute(method: head.method.rawValue, target: head.uri)
            try client.requireAccess(to: route)
            let asker = AdminSite.Asker(
                name: self.name(head, context.channel),
                accept: head.headers["accept"].joined(separator: ","),
                channel: context.channel
            )
            if case .tap = route { self.isTapping = true }
            let answered = context.eventLoop.makePromise(of: AdminSite.Answer?.self)
            answered.completeWithTask { [site] in await site.answer(route, to: asker) }
            answered.futureResult.assumeIsolated().whenSuccess { answer in
                guard let answer else { return }
                self.isTapping = false
                self.write(answer, to: head, context)
            }
        } catch {
            self.write(
                AdminSite.answer(error.status, [("error", error.message)], allow: error.allow),
                to: head,
                context
            )
        }
    }

    /// Whose token it is; nil without a valid one.
    private func principal(_ head: HTTPRequestHead) -> Principal? {
        let values = head.headers["authorization"]
        guard let tokens = self.site.serving.operatorRules.tokens, values.count == 1,
            let text = values.first?.split(separator: " ", maxSplits: 1),
            text.count == 2, text[0].lowercased() == "bearer", let token = BearerToken(String(text[1])),
            case .valid(let principal, _) = tokens.verify(token, now: WallClock.now().seconds)
        else { return nil }
        return principal
    }

    /// Who asks, for the log.
    private func name(_ head: HTTPRequestHead, _ channel: any Channel) -> String {
        if let principal = self.principal(head) { return "\(principal)" }
        return UnixPeer(of: channel).map { "uid:\($0.user)" } ?? "\(channel.peerAddress)"
    }

    private func write(_ answer: AdminSite.Answer, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var headers: HTTPHeaders = [
            "content-type": answer.type, "content-length": "\(answer.body.utf8.count)", "cache-control": "no-store",
        ]
        if let allow = answer.allow { headers.add(name: "allow", value: allow) }
        if answer.status == 401 { headers.add(name: "www-authenticate", value: "Bearer") }
        let status = HTTPResponseStatus(statusCode: answer.status)
        let response = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(self.wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD {
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
        }
        let written = context.writeAndFlush(self.wrapOutboundOut(.end(nil))).assumeIsolated()
        if !head.isKeepAlive { written.whenComplete { _ in context.close(promise: nil) } }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            if !self.isTapping { context.close(promise: nil) }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension AdminHandler: Sendable {}
