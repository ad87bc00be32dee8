// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on 127.0.0.1 that publishes keys, or does what a test wants instead.
final class KeyServer: Sendable {
    enum Behaviour: Sendable {
        case answer([UInt8], headers: [(String, String)] = [])
        case status(Int, headers: [(String, String)] = [])
        /// Takes the request and says nothing.
        case silence
        /// The head of an answer, and then nothing.
        case headOnly
        /// A body without an end, with or without its length announced.
        case endless(announced: Bool)
        /// Not HTTP.
        case garbage
    }

    private struct State {
        var behaviour: Behaviour
        var requests = 0
        var sent = 0
        var waiting: [(count: Int, promise: EventLoopPromise<Void>)] = []
        var held: [@Sendable () -> Void] = []
        var isHolding = false
    }

    private let state: Mutex<State>
    private let channel: any Channel
    let port: Int
    var requests: Int { self.state.withLock { $0.requests } }
    /// Bytes of endless bodies that have been handed to the kernel.
    var sent: Int { self.state.withLock { $0.sent } }

    init(_ behaviour: Behaviour, on group: any EventLoopGroup) throws {
        self.state = Mutex(State(behaviour: behaviour))
        let box = WeakBox()
        self.channel = try ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(server: box.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .wait()
        self.port = self.channel.localAddress?.port ?? 0
        box.value = self
    }

    func now(_ behaviour: Behaviour) { self.state.withLock { $0.behaviour = behaviour } }

    /// Answers are kept back until ``release()``.
    func hold() { self.state.withLock { $0.isHolding = true } }

    func release() {
        let held = self.state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        for answer in held { answer() }
    }

    /// Succeeds once so many requests have come.
    func whenRequests(_ count: Int, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let isThere = self.state.withLock { state in
            if state.requests < count { state.waiting.append((count, promise)) }
            return state.requests >= count
        }
        if isThere { promise.succeed() }
        return promise.futureResult
    }

    func close() async { try? await self.channel.close() }

    fileprivate func received(_ answer: @escaping @Sendable (Behaviour) -> Void) {
        let (behaviour, isHeld, done) = self.state.withLock { state in
            state.requests += 1
            let behaviour = state.behaviour
            if state.isHolding { state.held.append { answer(behaviour) } }
            let done = state.waiting.filter { $0.count <= state.requests }.map(\.promise)
            state.waiting.removeAll { $0.count <= state.requests }
            return (behaviour, state.isHolding, done)
        }
        for promise in done { promise.succeed() }
        if !isHeld { answer(behaviour) }
    }

    fileprivate func sent(_ bytes: Int) { self.state.withLock { $0.sent += bytes } }

    // SAFETY: set once, before the address of the server is known to anybody.
    private final class WeakBox: @unchecked Sendable {
        weak var value: KeyServer?
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let server: KeyServer?
        private var isEndless = false

        init(server: KeyServer?) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = self.unwrapInboundIn(data), let server = self.server else { return }
            let eventLoop = context.eventLoop
            let loopBound = NIOLoopBound((self, context), eventLoop: eventLoop)
            server.received { behaviour in
                eventLoop.execute { loopBound.value.0.answer(behaviour, loopBound.value.1) }
            }
        }

        private func answer(_ behaviour: Behaviour, _ context: ChannelHandlerContext) {
            switch behaviour {
            case .answer(let bytes, let headers):
                self.send(200, headers + [("Content-Length", "\(bytes.count)")], context)
                context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
                context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            case .status(let status, let headers):
                self.send(status, headers + [("Content-Length", "0")], context)
                context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            case .silence: break
            case .headOnly:
                self.send(200, [("Content-Length", "100")], context)
                context.flush()
            case .endless(let announced):
                self.send(200, announced ? [("Content-Length", "\(1 << 30)")] : [], context)
                self.isEndless = true
                self.sendMore(context)
            case .garbage:
                let bytes = ByteBuffer(string: "220 mail.example ESMTP\r\n")
                (try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self))?
                    .writeAndFlush(NIOAny(bytes), promise: nil)
            }
        }

        private func send(_ status: Int, _ headers: [(String, String)], _ context: ChannelHandlerContext) {
            let head = HTTPResponseHead(
                version: .http1_1,
                status: HTTPResponseStatus(statusCode: status),
                headers: HTTPHeaders(headers)
            )
            context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        }

        private func sendMore(_ context: ChannelHandlerContext) {
            let part = ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 16)
            while self.isEndless, context.channel.isActive, context.channel.isWritable {
                self.server?.sent(part.readableBytes)
                context.writeAndFlush(self.wrapOutboundOut(.body(.byteBuffer(part))), promise: nil)
            }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            if self.isEndless { self.sendMore(context) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
