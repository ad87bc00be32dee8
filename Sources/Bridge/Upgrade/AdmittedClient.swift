// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// A client that has its place and waits for its 101 (R7): makes its backend, then its connection.
///
/// Confined to the client's event loop. Each ends with `connection`, `abandon` or `failed`, which give the place back or hand
/// it on.
struct AdmittedClient {
    /// The backend of a session that is about to begin.
    enum NewBackend {
        /// Serves at once.
        case ready(any Backend)
        /// Serves once its program runs.
        case program(StdioBackend)
    }

    let client: Client
    let handshake: AcceptedHandshake
    let grant: Admission.Grant
    /// The server's templates, filled in from the handshake; nil where it has none.
    let values: ExpandedValues?
    /// The trace that the client says it belongs to.
    private let trace: TraceParent?
    private let id = ConnectionID.random()
    private let server: ServedServer
    private let worker: Worker
    private let listener: ListenerSite
    private let log: SessionLog

    init(
        _ client: Client,
        _ handshake: AcceptedHandshake,
        _ grant: Admission.Grant,
        _ values: ExpandedValues?,
        trace: TraceParent?,
        _ worker: Worker,
        _ listener: ListenerSite
    ) {
        self.client = client
        self.handshake = handshake
        self.grant = grant
        self.values = values
        self.trace = trace
        self.server = listener.servers[handshake.server]
        self.worker = worker
        self.listener = listener
        self.log = SessionLog(listener.logger, self.id, server: self.server.name)
    }

    func makeBackend(on eventLoop: any EventLoop) -> NewBackend {
        if self.server.configuration.builtin != nil {
            return .ready(BuiltinBackend(eventLoop: eventLoop, answers: self.worker.answers))
        }
        if let upstream = self.server.upstream {
            // Nothing is dialled before the client's first message.
            let (conversations, conditions) = (self.worker.site.conversations, self.worker.site.conditions)
            conversations.add()
            let name = self.server.name
            return .ready(
                HTTPBackend(
                    upstream,
                    values: self.values,
                    client: self.worker.site.client,
                    queue: self.server.configuration.limits.queue,
                    eventLoop: eventLoop,
                    log: self.log,
                    dialled: { problem in
                        if let problem { conditions.failed(name, problem) } else { conditions.answered(name) }
                    },
                    gone: { conversations.remove() }
                )
            )
        }
        return .program(self.program(on: eventLoop))
    }

    private func program(on eventLoop: any EventLoop) -> StdioBackend {
        StdioBackend(
            server: self.server,
            values: self.values,
            supervisor: self.worker.site.supervisor,
            buffers: self.worker.buffers,
            eventLoop: eventLoop,
            log: self.log
        )
    }

    /// Starts the program of a backend; fails as `StdioBackend.start` does.
    ///
    /// - Parameter restart: how many were started before.
    func start(_ backend: StdioBackend, restart: Int = 0) -> EventLoopFuture<Void> {
        let site = self.worker.site
        let grant = self.grant
        let begin = Connection.now()
        let exited = { (exit: ChildExit, isWanted: Bool) in
            site.conditions.ended(grant.server, exit, isWanted: isWanted, began: begin)
        }
        let start = backend.start(self.id, restart: restart, exited: exited, gone: { site.admission.childGone(grant) })
        start.assumeIsolated().whenSuccess {
            site.admission.spawned(grant)
            site.metrics.started(grant.server, nanoseconds: Connection.now() - begin)
            site.conditions.started(grant.server)
        }
        start.assumeIsolated().whenFailure { error in
            site.metrics.startFailed(grant.server)
            // A child whose pipes could not be watched runs, and the supervisor gives its place back.
            guard let error = error as? SpawnError else { return }
            site.admission.spawnFailed(grant, now: Connection.now())
            if error.isOfServer { site.conditions.failed(grant.server, error.message) }
        }
        return start
    }

    /// The backend itself, or one that starts another when it dies, where the server is to be started again.
    private func outliving(_ backend: any Backend, on eventLoop: any EventLoop) -> any Backend {
        guard self.server.configuration.restart != .never, let first = backend as? StdioBackend else { return backend }
        let (site, name) = (self.worker.site, self.server.name)
        let successors = RestartingBackend.Successors(
            make: {
                site.admission.requestAnother(self.grant, now: Connection.now()) ? self.program(on: eventLoop) : nil
            },
            start: { self.start($0, restart: $1) },
            started: { site.metrics.restarted(name) },
            gaveUp: { site.metrics.gaveUp(name) }
        )
        return RestartingBackend(first, successors, eventLoop: eventLoop, log: self.log)
    }

    /// The client went while its backend was made.
    func abandon(_ backend: any Backend) {
        self.end(backend, .clientGone)
    }

    /// The program of a backend did not start.
    ///
    /// - Returns: what its client is told.
    func failed(_ error: any Error, _ backend: StdioBackend) -> HandshakeRejection {
        self.worker.site.admission.connectionEnded(self.grant)
        backend.end(farewell: ByteBuffer())
        guard let error = error as? SpawnError else {
            self.log.logger.error("cannot watch the server's pipes", metadata: [LogKey.error: "\(error)"])
            return .unavailable(.backendUnavailable, "No descriptors left.", retryAfter: 1)
        }
        self.log.logger.error("cannot start the server", metadata: [LogKey.error: "\(error)"])
        return .unavailable(
            .backendUnavailable,
            "The MCP server could not be started: \(error.clientMessage)",
            retryAfter: error.isTransient ? 1 : 10
        )
    }

    /// The connection that takes the place over, with its handler at the end of the channel's pipeline; nil where that is not
    /// possible, and then all is given back.
    func connection(_ backend: any Backend, _ channel: any Channel) -> Connection? {
        let backend = self.outliving(backend, on: channel.eventLoop)
        let connection = Connection(
            id: self.id,
            server: self.server,
            backend: backend,
            client: self.client,
            grant: self.grant,
            worker: self.worker,
            eventLoop: channel.eventLoop,
            log: self.log
        )
        var metadata = self.client.metadata(isAsked: self.listener.authentication != nil)
        metadata.add(self.trace)
        if let pid = backend.pid { metadata[LogKey.pid] = "\(pid)" }
        if let url = self.server.configuration.upstream?.url { metadata[LogKey.url] = "\(url.origin)" }
        self.log.logger.info("connection began", metadata: metadata)
        do {
            // With TLS it is NIOSSL that reads, into a buffer of its own.
            if self.client.tls == nil {
                let allocator = LoopReadAllocator(self.worker.buffers, isFirst: false)
                try channel.syncOptions?.setOption(.recvAllocator, value: allocator)
            }
            try channel.pipeline.syncOperations.addHandler(connection.webSocket)
        } catch {
            self.log.logger.error("cannot set up the connection", metadata: [LogKey.error: "\(error)"])
            self.end(backend, .bridgeFault("cannot set up the connection"))
            return nil
        }
        self.worker.add(connection)
        connection.start()
        backend.attach(connection)
        return connection
    }

    private func end(_ backend: any Backend, _ reason: SessionEnd) {
        self.worker.site.audit?.ended(self.id, self.server, pid: backend.pid, self.client, reason)
        self.worker.site.admission.connectionEnded(self.grant)
        backend.end(farewell: ByteBuffer())
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
        case .sandbox(let step, _): "its sandbox could not be set up (\(step))."
        case .resources: "the machine has no process, memory or descriptor left for it."
        case .stopping: "the bridge is stopping."
        case .other: "it could not be executed."
        }
    }
}

@available(*, unavailable)
extension AdmittedClient: Sendable {}
