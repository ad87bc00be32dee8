// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging
internal import NIOCore

/// Reads the header of the PROXY protocol with which a trusted proxy begins each connection, and cuts everybody else.
///
/// The first handler of a client's channel, on its event loop, until the header has been read: then it tells the handlers
/// behind it, as a user event of type `ProxyHeader`, puts TLS in its place where there is any, and is gone. Time is that of
/// the handshake: `handshake_timeout` is counted by ``UpgradeHandler``, from the beginning of the connection.
final class ProxyHeaderHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let listener: ListenerSite
    private let log: RefusalLog
    private let audit: AuditLog?
    private var reader = ProxyHeaderReader()
    /// Neither has the header been read nor has the connection failed.
    private var isReading = true

    /// - Parameter audit: for TLS behind the header.
    init(_ listener: ListenerSite, log: RefusalLog, audit: AuditLog?) {
        self.listener = listener
        self.log = log
        self.audit = audit
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        let channel = context.channel
        guard self.isReading, !self.listener.rules.forwarding.trusts(channel.peerAddress) else { return }
        guard channel.remoteAddress != nil || channel.localAddress?.port == nil else {
            // Reset before it was accepted: there is nobody about whom something could be said.
            self.isReading = false
            return context.close(promise: nil)
        }
        self.fail("proxy_protocol lets nobody connect but trusted_proxies", context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.isReading else { return }
        var bytes = self.unwrapInboundIn(data)
        do throws(ProxyHeaderFault) {
            guard let header = try self.reader.read(from: &bytes) else { return }
            self.leave(header, bytes, context)
        } catch {
            self.fail("\(error)", context)
        }
    }

    /// - Parameter rest: what came behind the header.
    private func leave(_ header: ProxyHeader, _ rest: ByteBuffer, _ context: ChannelHandlerContext) {
        self.isReading = false
        let pipeline = context.pipeline.syncOperations
        context.fireUserInboundEventTriggered(header)
        do {
            try self.listener.tls?.addHandlers(to: context.channel, of: self.listener, log: self.log, audit: self.audit)
        } catch {
            self.listener.logger.error("cannot set up TLS", metadata: [LogKey.error: "\(error)"])
            return context.close(promise: nil)
        }
        pipeline.removeHandler(context: context, promise: nil)
        // From the head of the pipeline: what is first there now was not behind this handler before.
        if rest.readableBytes > 0 { pipeline.fireChannelRead(NIOAny(rest)) }
    }

    // MARK: Failing

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        self.say(reason, context)
        context.close(promise: nil)
    }

    /// The one line that the log gets about a connection that did not come in.
    private func say(_ reason: String, _ context: ChannelHandlerContext) {
        self.isReading = false
        var metadata = ClientLocation(address: context.channel.peerAddress).metadata
        metadata[LogKey.reason] = "\(reason)"
        self.log.note("PROXY header refused", metadata, to: self.listener.logger)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if self.isReading, case ChannelEvent.inputClosed = event {
            // Who connects, says nothing and goes looks whether somebody listens: balancers do so all day.
            if self.reader.hasBegun { self.say("the connection ended within the PROXY header", context) }
            self.isReading = false
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.isReading = false
        context.fireErrorCaught(error)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is HandshakeCut { self.isReading = false }
        context.triggerUserOutboundEvent(event, promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Nobody else closes a channel whose header is awaited.
        if self.isReading { self.say("no PROXY header came within handshake_timeout", context) }
        context.close(mode: mode, promise: promise)
    }
}

@available(*, unavailable)
extension ProxyHeaderHandler: Sendable {}
