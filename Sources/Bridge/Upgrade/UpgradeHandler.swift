// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
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
    private let listener: ListenerSite
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private var state = State.awaitingHead
    private var deadline: Scheduled<Void>?
    private var isReadHeld = false
    private var isGone = false

    init(worker: Worker, listener: ListenerSite, decoder: ByteToMessageHandler<HTTPRequestDecoder>) {
        self.worker = worker
        self.listener = listener
        self.decoder = decoder
    }

    func channelActive(context: ChannelHandlerContext) {
        let timeout = self.worker.site.handshakeTimeout
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
        context.fireChannelInactive()
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
        case (.awaitingHead, .head(let head)): self.state = .awaitingEnd(head)
        case (.awaitingEnd(let head), .body):
            self.refuse(
                self.verdict(on: head).rejection ?? .malformed("A WebSocket handshake has no body."),
                to: head,
                context
            )
        case (.awaitingEnd(let head), .end): self.judge(head, context)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
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

    private func judge(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch self.verdict(on: head) {
        case .refused(let rejection): self.refuse(rejection, to: head, context)
        case .metadata(let json): self.answer(HTTPAnswer.document(json), context)
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
            self.worker.site.authentication?.authenticate(handshake.credential, on: context.channel) ?? .unknown(nil)
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
        if let rejection = self.worker.site.admission.request(server: handshake.server, now: Connection.now()) {
            self.refuse(rejection, to: head, context)
        } else {
            self.start(handshake, head, context)
        }
    }

    private func refuse(_ rejection: HandshakeRejection, to head: HTTPRequestHead?, _ context: ChannelHandlerContext) {
        var metadata: Logger.Metadata = [
            LogKey.status: "\(rejection.status)",
            LogKey.reason: "\(rejection.code.rawValue)",
            LogKey.peer: "\(context.channel.clientAddress)",
        ]
        if let fault = rejection.fault { metadata[LogKey.fault] = "\(fault.rawValue)" }
        if let principal = rejection.principal { metadata[LogKey.principal] = "\(principal)" }
        self.listener.logger.info("handshake refused", metadata: metadata)
        self.answer(HTTPAnswer.refusal(rejection, withBody: head?.method != .HEAD), context)
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

    private func start(_ handshake: AcceptedHandshake, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let site = self.worker.site
        let index = handshake.server
        let id = ConnectionID.random()
        let server = site.servers[index]
        var logger = self.listener.logger
        logger[metadataKey: LogKey.connection] = "\(id)"
        logger[metadataKey: LogKey.server] = "\(server.name)"
        let client = Client(handshake, context.channel)
        let accept = { (backend: any Backend) in
            let answer = HTTPAnswer.switchingProtocols(key: handshake.key, subprotocol: handshake.subprotocol)
            context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
            guard !self.isGone else {
                // The write itself found the client gone: the channel has said all that it will say.
                site.admission.connectionEnded(server: index)
                return backend.end(farewell: ByteBuffer())
            }
            self.upgrade(id, server, backend, client, logger, context)
        }
        if server.configuration.builtin != nil {
            return accept(BuiltinBackend(eventLoop: context.eventLoop, answers: self.worker.answers))
        }
        if let upstream = server.upstream {
            // Nothing is dialled before the client's first message.
            let conversations = site.conversations
            conversations.add()
            return accept(
                HTTPBackend(
                    upstream,
                    client: site.client,
                    queue: server.configuration.limits.queue,
                    eventLoop: context.eventLoop,
                    logger: logger,
                    gone: { conversations.remove() }
                )
            )
        }
        self.state = .starting
        let backend = StdioBackend(
            server: server,
            supervisor: site.supervisor,
            buffers: self.worker.buffers,
            eventLoop: context.eventLoop,
            logger: logger
        )
        let admission = site.admission
        backend.start(id, gone: { admission.childGone(server: index) }).assumeIsolated().whenComplete { result in
            switch result {
            case .success where self.isGone:
                admission.spawned(server: index)
                admission.connectionEnded(server: index)
                backend.end(farewell: ByteBuffer())
            case .success:
                admission.spawned(server: index)
                accept(backend)
            case .failure(let error):
                admission.connectionEnded(server: index)
                // A child whose pipes could not be watched runs.
                backend.end(farewell: ByteBuffer())
                self.startFailed(error, index, logger, head, context)
            }
        }
    }

    private func startFailed(
        _ error: any Error,
        _ index: Int,
        _ logger: Logger,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let admission = self.worker.site.admission
        guard let error = error as? SpawnError else {
            // The child runs, its pipes could not be watched: the supervisor gives the child's place back.
            logger.error("cannot watch the server's pipes", metadata: [LogKey.error: "\(error)"])
            return self.refuse(
                .unavailable(.backendUnavailable, "No descriptors left.", retryAfter: 1),
                to: head,
                context
            )
        }
        admission.spawnFailed(server: index, now: Connection.now())
        logger.error("cannot start the server", metadata: [LogKey.error: "\(error)"])
        guard !self.isGone else { return }
        let message = "The MCP server could not be started: \(error.clientMessage)"
        self.refuse(
            .unavailable(.backendUnavailable, message, retryAfter: error.isTransient ? 1 : 10),
            to: head,
            context
        )
    }

    private func upgrade(
        _ id: ConnectionID,
        _ server: ServedServer,
        _ backend: any Backend,
        _ client: Client,
        _ logger: Logger,
        _ context: ChannelHandlerContext
    ) {
        self.state = .upgraded
        self.deadline?.cancel()
        let worker = self.worker
        let connection = Connection(
            id: id,
            server: server,
            backend: backend,
            client: client,
            worker: worker,
            eventLoop: context.eventLoop,
            logger: logger
        )
        var metadata = client.metadata(isAsked: worker.site.authentication != nil)
        if let pid = backend.pid { metadata[LogKey.pid] = "\(pid)" }
        if let url = server.configuration.upstream?.url { metadata[LogKey.url] = "\(url.origin)" }
        logger.info("connection began", metadata: metadata)
        do {
            // With TLS it is NIOSSL that reads, into a buffer of its own.
            if client.tls == nil {
                try context.channel.syncOptions?.setOption(.recvAllocator, value: LoopReadAllocator(worker.buffers))
            }
            try context.pipeline.syncOperations.addHandler(connection.webSocket)
        } catch {
            logger.error("cannot set up the connection", metadata: [LogKey.error: "\(error)"])
            backend.end(farewell: ByteBuffer())
            worker.site.admission.connectionEnded(server: server.index)
            return context.close(promise: nil)
        }
        worker.add(connection)
        connection.start()
        backend.attach(connection)
        let isReadHeld = self.isReadHeld
        let channel = context.channel
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        // The decoder hands on what came right behind the handshake; no read completes after that by itself.
        channel.pipeline.syncOperations.removeHandler(self.decoder).assumeIsolated().whenComplete { _ in
            connection.receivedAll()
            if isReadHeld { channel.read() }
        }
    }
}

extension SpawnError {
    /// What the client is told (R39): which program or directory it was, not where it was looked for.
    fileprivate var clientMessage: String {
        switch self.code {
        case .programNotFound(let program): "there is no program named \(program)."
        case .notExecutable(let program): "\(program) is not executable."
        case .interpreterMissing(let program): "\(program) asks for an interpreter that is not there."
        case .workingDirectory(let directory, _): "its working directory \(directory) cannot be entered."
        case .resources: "the machine has no process, memory or descriptor left for it."
        case .stopping: "the bridge is stopping."
        case .other: "it could not be executed."
        }
    }
}

extension HandshakeVerdict {
    fileprivate var rejection: HandshakeRejection? {
        if case .refused(let rejection) = self { rejection } else { nil }
    }
}

@available(*, unavailable)
extension UpgradeHandler: Sendable {}
