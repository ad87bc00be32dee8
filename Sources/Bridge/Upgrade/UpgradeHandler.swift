// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// The opening handshake of one client (RFC 6455 §4.2, R3, R7, R39): judges the request, has the backend started, and
/// only then answers 101 and gives its place to the WebSocket.
///
/// Lives on the client channel's event loop, behind NIO's HTTP/1.1 request decoder.
final class UpgradeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a refused client may take to read the answer and go.
    private static let lingerTimeout = TimeAmount.seconds(2)

    private enum State {
        case awaitingHead
        case awaitingEnd(HTTPRequestHead)
        /// What it takes to verify the client's credential is being fetched.
        case verifying
        /// The backend is being started.
        case starting
        /// Answered with something else than a 101.
        case refused
        case upgraded
    }

    private let worker: Worker
    private let key: ListenerKey
    /// As it was when the request came.
    private var listener: ListenerSite
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private var state = State.awaitingHead
    private var deadline: Scheduled<Void>?
    private var isReadHeld = false
    private var isGone = false
    /// Where the client is, once a trusted proxy may have said so.
    private(set) var location: ClientLocation?
    /// What the proxy said before the request.
    private var proxyHeader: ProxyHeader?
    /// Among the handshakes that are not done; nil before, and from the moment on at which this one has its place.
    var number: HalfOpen.Number?
    /// Nil while the handler is in no open channel.
    private var context: ChannelHandlerContext?
    /// Known once who asks has been let in, and there is but to see whether there is a place.
    private var client: Client?

    /// - Parameter listener: what `worker` has under `key`.
    init(
        worker: Worker,
        key: ListenerKey,
        listener: ListenerSite,
        decoder: ByteToMessageHandler<HTTPRequestDecoder>
    ) {
        self.worker = worker
        self.key = key
        self.listener = listener
        self.decoder = decoder
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        self.number = self.worker.handshakes.began(self)
        let timeout = self.listener.handshakeTimeout
        if timeout > .zero {
            self.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
                context.close(promise: nil)
            }
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.deadline?.cancel()
        self.isGone = true
        self.leaveHandshakes()
        self.context = nil
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    private func leaveHandshakes() {
        if let number = self.number.take() { self.worker.handshakes.ended(number) }
    }

    /// The client has sent something that nobody has read yet, though it would be read.
    var isUnheard: Bool {
        switch self.state {
        case .awaitingHead, .awaitingEnd: break
        case .verifying, .starting, .refused, .upgraded: return false
        }
        let pipeline = self.context?.pipeline.syncOperations
        return
            (try? pipeline?.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
                var byte: UInt8 = 0
                return recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) > 0
            }) ?? false
    }

    /// There are too many handshakes that are not done, and this is the oldest (R74).
    func cut() {
        self.number = nil
        guard let context = self.context else { return }
        // The end of half a request is no news.
        self.state = .refused
        self.isGone = true
        self.worker.refusals.note(
            "handshake cut: more than max_handshakes are not done",
            [LogKey.peer: "\(context.channel.clientAddress)"],
            to: self.listener.logger
        )
        context.triggerUserOutboundEvent(HandshakeCut(), promise: nil)
        context.close(promise: nil)
    }

    /// While the backend starts nothing is read: the client's first messages wait in its socket.
    func read(context: ChannelHandlerContext) {
        switch self.state {
        case .verifying, .starting: self.isReadHeld = true
        default: context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.state, self.unwrapInboundIn(data)) {
        case (.awaitingHead, .head(let head)):
            // Judged by what holds now, not when the client connected.
            self.listener = self.worker.site(of: self.key) ?? self.listener
            self.locate(head, context)
            self.state = .awaitingEnd(head)
        case (.awaitingEnd(let head), .body):
            let verdict = self.verdict(on: head)
            self.refuse(
                self.pause(verdict, context) ?? verdict.rejection ?? .malformed("A WebSocket handshake has no body."),
                to: head,
                context
            )
        case (.awaitingEnd(let head), .end): self.judge(head, context)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let header = event as? ProxyHeader {
            self.proxyHeader = header
            self.locate(nil, context)
        }
        if case ChannelEvent.inputClosed = event {
            // Half a connection is no use to a handshake; a refused client has read its answer.
            self.isGone = true
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch self.state {
        case .awaitingHead where error is HTTPParserError:
            self.refuse(.malformed("This is not HTTP/1.1."), to: nil, context)
        // What follows a refused request makes no difference: to close now could reset the answer away.
        case .refused where error is HTTPParserError: break
        default: context.close(promise: nil)
        }
    }

    // MARK: Judging

    /// Finds out where the client is, by the word of trusted proxies.
    private func locate(_ head: HTTPRequestHead?, _ context: ChannelHandlerContext) {
        let rules = self.listener.rules.forwarding
        self.location = rules.locate(
            peer: context.channel.peerAddress,
            said: self.proxyHeader,
            lines: head?.headers[rules.header.rawValue] ?? []
        )
    }

    private func verdict(on head: HTTPRequestHead) -> HandshakeVerdict {
        self.listener.rules.judge(
            HandshakeRequest(
                method: head.method.rawValue,
                target: head.uri,
                httpMajor: head.version.major,
                httpMinor: head.version.minor,
                headers: head.headers.map { (name: $0.name, value: $0.value) }
            )
        )
    }

    /// What answers a handshake whose address has failed too often, in the place of any word on credential or path; nil: it
    /// is judged.
    private func pause(_ verdict: HandshakeVerdict, _ context: ChannelHandlerContext) -> HandshakeRejection? {
        guard verdict.mayBeGuess else { return nil }
        return self.worker.site.admission.pause(of: context.channel.clientAddress, now: Connection.now())
    }

    private func judge(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let verdict = self.verdict(on: head)
        if let rejection = self.pause(verdict, context) { return self.refuse(rejection, to: head, context) }
        switch verdict {
        case .refused(let rejection): self.refuse(rejection, to: head, context)
        case .metadata(let json): self.answer(HTTPAnswer.document(json), context)
        case .health(let question):
            let site = self.worker.site
            let isWell = question == .liveness || (!site.admission.isDraining && site.readiness.ask())
            self.answer(HTTPAnswer.health(isWell: isWell, withBody: head.method != .HEAD), context)
        case .unproven(let handshake): self.authenticate(handshake, mayFetch: true, head, context)
        case .accepted(let handshake): self.admit(handshake, head, context)
        }
    }

    /// Finds out who asks; where that takes a fetch, goes on when it is done.
    private func authenticate(
        _ handshake: UnprovenHandshake,
        mayFetch: Bool,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        // Without `[auth]` no handshake is in need of a proof.
        let outcome =
            self.listener.authentication?.authenticate(handshake.credential, on: context.channel) ?? .unknown(nil)
        if mayFetch, case .undecided(let verifier) = outcome {
            self.state = .verifying
            let fetched = context.eventLoop.makePromise(of: Void.self)
            verifier.fetch { fetched.succeed() }
            fetched.futureResult.assumeIsolated().whenComplete { _ in
                guard !self.isGone else { return }
                self.authenticate(handshake, mayFetch: false, head, context)
            }
            return
        }
        do throws(HandshakeRejection) {
            self.admit(try handshake.admit(outcome), head, context)
        } catch {
            self.refuse(error, to: head, context)
        }
    }

    private func admit(_ handshake: AcceptedHandshake, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let client = Client(handshake, context.channel)
        self.client = client
        let server = self.listener.servers[handshake.server]
        let values: ExpandedValues?
        do throws(TemplateFailure) {
            values = try server.values(from: client, head)
        } catch {
            let more: Logger.Metadata = [LogKey.server: "\(server.name)", LogKey.cause: "\(error)"]
            return self.refuse(error.rejection, to: head, context, more)
        }
        let grant: Admission.Grant
        do throws(HandshakeRejection) {
            grant = try self.worker.site.admission.request(
                server.configuration,
                principal: handshake.principal,
                address: client.address,
                now: Connection.now()
            )
        } catch {
            return self.refuse(error, to: head, context)
        }
        // From here on it is counted among the connections.
        self.leaveHandshakes()
        let trace = head.headers.first(name: "traceparent").flatMap { TraceParent($0) }
        let admitted = AdmittedClient(client, handshake, grant, values, trace: trace, self.worker, self.listener)
        self.start(admitted, head, context)
    }

    /// - Parameter more: what the log tells beside the rest.
    private func refuse(
        _ rejection: HandshakeRejection,
        to head: HTTPRequestHead?,
        _ context: ChannelHandlerContext,
        _ more: Logger.Metadata = [:]
    ) {
        var metadata = context.channel.clientLocation.metadata
        metadata[LogKey.status] = "\(rejection.status)"
        metadata[LogKey.reason] = "\(rejection.code.rawValue)"
        if let fault = rejection.fault { metadata[LogKey.fault] = "\(fault.rawValue)" }
        if let principal = rejection.principal { metadata[LogKey.principal] = "\(principal)" }
        metadata.merge(more) { _, new in new }
        self.worker.refusals.note("handshake refused", metadata, to: self.listener.logger)
        if rejection.code.answersGuess {
            self.worker.site.admission.failed(at: context.channel.clientAddress, now: Connection.now())
        }
        self.worker.site.metrics.refused(rejection.code)
        self.recordRefusal(rejection, head, context)
        self.answer(HTTPAnswer.refusal(rejection, withBody: head?.method != .HEAD), context)
    }

    private func recordRefusal(
        _ rejection: HandshakeRejection,
        _ head: HTTPRequestHead?,
        _ context: ChannelHandlerContext
    ) {
        let site = self.worker.site
        guard let audit = site.audit else { return }
        let server = head.flatMap { self.listener.rules.server(ofTarget: $0.uri) }
        let name = server.map { self.listener.servers[$0].name }
        audit.refused(rejection, head, server: name, self.client, context.channel)
    }

    /// Answers with something else than a 101, and ends the connection behind it.
    private func answer(_ answer: ByteBuffer, _ context: ChannelHandlerContext) {
        self.state = .refused
        context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
        // Closing at once could reset the connection under an answer that the client has not read yet.
        context.close(mode: .output, promise: nil)
        self.deadline?.cancel()
        self.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTimeout) {
            context.close(promise: nil)
        }
        if self.isReadHeld { context.read() }
    }

    // MARK: Starting and switching

    private func start(_ admitted: AdmittedClient, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch admitted.makeBackend(on: context.eventLoop) {
        case .ready(let backend): self.accept(admitted, backend, context)
        case .program(let backend):
            self.state = .starting
            admitted.start(backend).assumeIsolated().whenComplete { result in
                switch result {
                case .success: self.accept(admitted, backend, context)
                case .failure(let error):
                    let rejection = admitted.failed(error, backend)
                    guard !self.isGone else { return self.recordRefusal(rejection, head, context) }
                    self.refuse(rejection, to: head, context)
                }
            }
        }
    }

    private func accept(_ admitted: AdmittedClient, _ backend: any Backend, _ context: ChannelHandlerContext) {
        guard !self.isGone else { return admitted.abandon(backend) }
        let handshake = admitted.handshake
        let answer = HTTPAnswer.switchingProtocols(key: handshake.key, subprotocol: handshake.subprotocol)
        context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
        // The write itself may have found the client gone: the channel has said all that it will say.
        guard !self.isGone else { return admitted.abandon(backend) }
        self.state = .upgraded
        self.deadline?.cancel()
        let channel = context.channel
        guard let connection = admitted.connection(backend, channel) else { return context.close(promise: nil) }
        let isReadHeld = self.isReadHeld
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        // The decoder hands on what came right behind the handshake; no read completes after that by itself.
        channel.pipeline.syncOperations.removeHandler(self.decoder).assumeIsolated().whenComplete { _ in
            connection.receivedAll()
            if isReadHeld { channel.read() }
        }
    }
}

extension HandshakeVerdict {
    /// Who asks tries a credential or a path.
    fileprivate var mayBeGuess: Bool {
        switch self {
        case .unproven: true
        case .refused(let rejection): rejection.code.answersGuess
        case .accepted, .metadata, .health: false
        }
    }

    fileprivate var rejection: HandshakeRejection? {
        if case .refused(let rejection) = self { rejection } else { nil }
    }
}

@available(*, unavailable)
extension UpgradeHandler: Sendable {}
