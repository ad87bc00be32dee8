// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// Stands behind NIOSSL in a client's channel (R76): says who the client is, lets nobody else through, and makes the
/// channel behave towards the handlers behind it as one without TLS does.
///
/// Lives on the channel's event loop, for as long as the channel.
final class TLSConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case handshaking
        case open(TLSSession)
        /// Said so in the log, and closed.
        case failed
    }

    /// What is encrypted at once, two records: NIOSSL keeps the room for the largest write for as long as the connection.
    private static let piece = 32 << 10

    private let transport: NIOSSLServerHandler
    private let listener: ListenerTLS
    private let logger: Logger
    private let log: RefusalLog
    private let audit: AuditLog?
    private var state = State.handshaking
    private var isWriting = false
    private var isWritabilityNews = false

    /// - Parameter transport: the handler in front of this.
    init(
        _ transport: NIOSSLServerHandler,
        of listener: ListenerTLS,
        logger: Logger,
        log: RefusalLog,
        audit: AuditLog?
    ) {
        self.transport = transport
        self.listener = listener
        self.logger = logger
        self.log = log
        self.audit = audit
    }

    /// Nil until the handshake is complete.
    var session: TLSSession? {
        if case .open(let session) = self.state { session } else { nil }
    }

    // MARK: The handshake

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { self.handshakeCompleted(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func handshakeCompleted(_ context: ChannelHandlerContext) {
        guard case .handshaking = self.state else { return }
        do throws(ClientRefusal) {
            self.state = .open(TLSSession(version: self.transport.tlsVersion, client: try self.identifyClient()))
        } catch {
            self.fail(error.description, context)
        }
    }

    /// Who the client is; nil where nobody is asked. NIOSSL has verified the certificate, or a session resumed that
    /// began with it: then only its end may have come since.
    private func identifyClient() throws(ClientRefusal) -> ClientCertificateNames? {
        guard self.listener.verifiesClients else { return nil }
        guard let certificate = self.transport.peerCertificate else { throw .noCertificate }
        let notAfter = Int64(certificate.notValidAfter)
        guard WallClock.now().seconds <= notAfter else { throw .expired }
        let names = CertificateName.names(of: certificate)
        guard let client = ClientCertificateNames(names, notAfter: notAfter, allowed: self.listener.allowedNames)
        else { throw .otherNames(names) }
        return client
    }

    /// The one line that the log gets about a client that did not come in.
    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        self.state = .failed
        var metadata = context.channel.clientLocation.metadata
        metadata[LogKey.reason] = "\(reason)"
        self.log.note("TLS handshake failed", metadata, to: self.logger)
        self.audit?.refusedTLS(reason, context.channel)
        context.close(promise: nil)
        self.closeTransport(context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch self.state {
        case .handshaking: self.fail(HandshakeFailure.words(error), context)
        case .failed: break
        case .open:
            // A client that ends TCP without a word in TLS has gone, as one does that has no TLS: the end itself follows.
            if case NIOSSLError.uncleanShutdown? = error as? NIOSSLError { return }
            context.fireErrorCaught(error)
        }
    }

    /// Whoever cuts a handshake for others says so in the log.
    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is HandshakeCut, case .handshaking = self.state { self.state = .failed }
        context.triggerUserOutboundEvent(event, promise: promise)
    }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = self.state else { return }
        // A slice has no room of its own: nobody takes NIOSSL's buffer for one of the event loop's (see LoopBuffers).
        context.fireChannelRead(self.wrapInboundOut(self.unwrapInboundIn(data).slice()))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var rest = self.unwrapOutboundIn(data)
        guard rest.readableBytes > Self.piece else { return context.write(data, promise: promise) }
        self.isWriting = true
        while rest.readableBytes > Self.piece, let piece = rest.readSlice(length: Self.piece) {
            context.writeAndFlush(self.wrapOutboundOut(piece), promise: nil)
        }
        context.write(self.wrapOutboundOut(rest), promise: promise)
        self.isWriting = false
        if self.isWritabilityNews {
            self.isWritabilityNews = false
            context.fireChannelWritabilityChanged()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Whoever hears of it may write, which would come between the pieces.
        if self.isWriting { self.isWritabilityNews = true } else { context.fireChannelWritabilityChanged() }
    }

    // MARK: The end

    /// Sends `close_notify` and closes, without waiting for the client's (RFC 8446 §6.1). Whoever closes has waited for
    /// what it wanted to wait for; a client that is gone would hold its place for longer than without TLS.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else { return context.close(mode: mode, promise: promise) }
        if case .handshaking = self.state {
            // Nobody else closes a channel whose handshake is under way.
            self.fail("the client did not complete it within handshake_timeout", context)
        } else {
            context.close(promise: nil)
        }
        self.closeTransport(context, promise: promise)
    }

    /// Closes the channel from below NIOSSL.
    private func closeTransport(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        if let below = try? context.pipeline.syncOperations.context(handler: self.transport) {
            below.close(promise: promise)
        } else {
            // The channel is closed, and its pipeline empty.
            promise?.succeed()
        }
    }
}

@available(*, unavailable)
extension TLSConnectionHandler: Sendable {}

/// Why a client that has completed the handshake is not let in.
private enum ClientRefusal: Error, CustomStringConvertible {
    case noCertificate
    case expired
    case otherNames([CertificateName])

    /// How many names are shown.
    private static let shown = 5

    var description: String {
        switch self {
        case .noCertificate: return "the client has no certificate"
        case .expired: return "the client's certificate has expired"
        case .otherNames(let names):
            let list = names.prefix(Self.shown).map(\.description).joined(separator: ", ")
            let more = names.count > Self.shown ? ", …" : ""
            return "client_names allows none of the names of the client's certificate: "
                + (names.isEmpty ? "it has none" : list + more)
        }
    }
}

/// What went wrong in a handshake, in words for the operator.
private enum HandshakeFailure {
    static func words(_ error: any Error) -> String {
        switch error {
        case NIOSSLError.handshakeFailed(let error): return Self.words(error)
        case BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack):
            return stack.first.map { Self.words($0) } ?? "no reason was given"
        case NIOSSLError.uncleanShutdown, BoringSSLError.syscallError, BoringSSLError.zeroReturn:
            return "the client went away"
        case let error as IOError: return String(cString: strerror(error.errnoCode)).lowercased()
        default: return "no reason was given"
        }
    }

    private static func words(_ error: BoringSSLInternalError) -> String {
        if error == .eofDuringHandshake || error == .eofDuringAdditionalCertficiateChainValidation {
            return "the client went away"
        }
        guard let reason = error.reason else { return "no reason was given" }
        switch reason {
        case "HTTP_REQUEST", "HTTPS_PROXY_REQUEST": return "the client speaks HTTP without TLS"
        case "WRONG_VERSION_NUMBER": return "the client does not speak TLS"
        case "UNSUPPORTED_PROTOCOL", "NO_SUPPORTED_VERSIONS_ENABLED":
            return "the client speaks only versions of TLS that are older than minimum_version"
        case "NO_SHARED_CIPHER", "WRONG_CURVE", "NO_SHARED_GROUP":
            return "no cipher suite or curve is common to both sides"
        case "PEER_DID_NOT_RETURN_A_CERTIFICATE": return "the client has no certificate"
        case "CERTIFICATE_VERIFY_FAILED":
            return "the client's certificate is not valid: it comes from no authority of client_ca, has expired, or is "
                + "not meant for clients"
        case "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
            "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE":
            return "the client refuses the bridge's certificate (\(BoringSSLInternalError.words(for: reason)))"
        default: return BoringSSLInternalError.words(for: reason)
        }
    }
}
