// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1

/// One connection: collects a request, passes it on, writes the response. Requests come one after the other; a client
/// that does not wait for a response is cut off.
final class DemoHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long what a refused client still sends is read, so that it sees the refusal and no reset.
    private static let lingering = TimeAmount.seconds(5)

    private enum State {
        case idle
        case collecting(HTTPRequestHead, body: ByteBuffer)
        case answering(isKeptAlive: Bool, hasBody: Bool)
        /// The response is out; the rest of the request is passed over and the connection ends.
        case refused
    }

    /// The request that is being answered. Set by ``DemoHTTPLoop``.
    var exchange: DemoHTTP.ExchangeID?
    private let loop: DemoHTTPLoop
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var isCounted = false
    private var timer: Scheduled<Void>?

    init(_ loop: DemoHTTPLoop) {
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        isCounted = loop.opened()
        guard isCounted else { return context.close(promise: nil) }
        expect(within: loop.limits.firstRequest)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if isCounted { loop.closed() }
        if let exchange { loop.lost(exchange) }
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (_, .refused): break
        case (.head(let head), .idle): begin(head, context: context)
        case (.body(var bytes), .collecting(let head, var body)):
            guard body.readableBytes + bytes.readableBytes <= loop.limits.body else { return refuse(context: context) }
            // Else the buffer would be copied for each piece.
            state = .refused
            body.writeBuffer(&bytes)
            state = .collecting(head, body: body)
        case (.end, .collecting(let head, let body)): pass(head, body)
        case (.head, _), (.body, _), (.end, _): context.close(promise: nil)
        }
    }

    private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        guard length <= loop.limits.body else { return refuse(context: context) }
        state = .collecting(head, body: context.channel.allocator.buffer(capacity: length))
        expect(within: loop.limits.wholeBody)
        if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
        }
    }

    private func pass(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        timer?.cancel()
        state = .answering(isKeptAlive: head.isKeepAlive, hasBody: head.method != .HEAD)
        let request = DemoHTTPRequest(
            method: head.method.rawValue,
            target: head.uri,
            headers: DemoHTTPHeaders(head.headers.map { ($0.name, $0.value) }),
            body: Array(body.readableBytesView)
        )
        loop.receive(request, from: self)
    }

    private func refuse(context: ChannelHandlerContext) {
        state = .answering(isKeptAlive: false, hasBody: true)
        respond(.refusal(413, "A message may have \(loop.limits.body) bytes at most"))
    }

    private func expect(within time: TimeAmount) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }
}

// MARK: - Responses

extension DemoHTTPHandler {
    /// Writes a response; what belongs to a stream follows by `write` and `end`.
    func respond(_ response: DemoHTTPResponse) {
        guard let context, case .answering(let isKeptAlive, let hasBody) = state else { return }
        var headers = HTTPHeaders(response.headers.all)
        if !response.isStream, response.status != 204 {
            headers.add(name: "content-length", value: String(response.body.count))
        }
        if !isKeptAlive { headers.add(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if hasBody, !response.body.isEmpty { write(response.body) }
        if response.isStream {
            context.flush()
        } else {
            end()
        }
    }

    /// Writes a piece of a stream. A client that reads nothing while the channel's buffer fills is cut off: it may
    /// resume, and the server holds no more than that for it.
    func write(_ bytes: [UInt8]) {
        guard let context else { return }
        guard context.channel.isWritable else { return context.close(promise: nil) }
        context.writeAndFlush(
            wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes)))),
            promise: nil
        )
    }

    /// Ends the response.
    func end() {
        guard let context, case .answering(let isKeptAlive, _) = state else { return }
        exchange = nil
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        state = isKeptAlive ? .idle : .refused
        if isKeptAlive {
            expect(within: loop.limits.nextRequest)
        } else {
            context.close(mode: .output, promise: nil)
            expect(within: Self.lingering)
        }
    }
}

@available(*, unavailable)
extension DemoHTTPHandler: Sendable {}
