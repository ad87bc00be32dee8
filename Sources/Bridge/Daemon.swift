// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import UnixSignals

/// The bridge as a service: starts listening, serves, drains at SIGTERM or SIGINT (R44).
package struct Daemon: Service {
    /// Two signals came: the end is now, with what was in flight lost.
    package struct EndedAtOnce: Error {}

    /// Descriptors of one child: three pipes, a pidfd. A connection to a server that is dialled is reckoned with as many.
    private static let descriptorsPerChild = 4
    /// Descriptors of the daemon itself: standard streams, one listener, supervisor, a child's ends while it starts, and some
    /// for handshakes.
    private static let ownDescriptors = 20
    /// How long clients may take to take their last answers and the close frame once the drain's time is over.
    private static let closing = Duration.seconds(6)
    /// How long the killed may take to be gone: one that the kernel holds, or a debugger, may never be.
    private static let killing = Duration.seconds(5)
    /// How long the farewells to servers behind URLs may take; the conversations bound themselves below that.
    private static let farewells = Duration.seconds(6)
    /// How often files that may be replaced are looked at, so that a revoked token is soon of no use.
    private static let lookInterval = Duration.seconds(1)
    /// Descriptors of one event loop.
    private static let descriptorsPerLoop = 4

    private let configuration: Configuration
    private let servers: [ServedServer]
    private let listeners: [ServedListener]
    private let readsAgainAtHangup: Bool
    private let authentication: Authentication?
    private let audit: AuditLog?
    private let logger: Logger
    private let onListening: @Sendable (_ ports: [Int?]) -> Void

    /// - Parameters:
    ///   - listeners: those of `configuration`, with what their files hold.
    ///   - servers: those of `configuration`, with their environments.
    ///   - readsAgainAtHangup: whether SIGHUP has files read again; otherwise it does what it did before.
    ///   - authentication: that of `configuration`; nil without `[auth]`.
    ///   - audit: that of `configuration`, its file open; nil where no audit record is kept.
    ///   - onListening: called once clients can connect; the ports are those in use, in the order of the listeners, nil
    ///     for a Unix socket.
    package init(
        _ configuration: Configuration,
        listeners: [ServedListener],
        servers: [ServedServer],
        readsAgainAtHangup: Bool = false,
        authentication: Authentication?,
        audit: AuditLog? = nil,
        logger: Logger,
        onListening: @escaping @Sendable (_ ports: [Int?]) -> Void
    ) {
        self.configuration = configuration
        self.listeners = listeners
        self.servers = servers
        self.readsAgainAtHangup = readsAgainAtHangup
        self.authentication = authentication
        self.audit = audit
        self.logger = logger
        self.onListening = onListening
    }

    /// ``run()`` until SIGTERM or SIGINT, as a process does that is nothing else.
    package func runUntilSignalled() async throws {
        // The daemon's own log says what happens; the group's would say it twice.
        var quiet = Logger(label: "lifecycle")
        quiet.logLevel = .error
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet
            )
        )
        try await group.run()
    }

    /// Serves until the group shuts down gracefully and all connections and children are gone.
    ///
    /// - Throws: ListenError, `SpawnError` where children cannot be watched, or EndedAtOnce.
    package func run() async throws {
        let limit = DescriptorLimit.raise()
        var configuration = self.configuration
        let loops = configuration.eventLoops > 0 ? configuration.eventLoops : System.coreCount
        if let limit { self.fit(&configuration, loops: loops, into: Int(clamping: limit.now.soft)) }
        let logger = self.logger
        let supervisor = try ChildSupervisor(
            adoptsOrphans: true,
            descriptorLimit: limit?.original,
            groups: try ControlGroups.prepare(for: self.servers),
            notice: { $0.log(to: logger) }
        )
        let admission = Admission(configuration)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let client = UpstreamClient(self.servers, group: group)
        self.authentication?.start(on: group.next(), self.logger)
        self.audit?.start(self.logger)
        do {
            let site = Site(
                authentication: self.authentication,
                servers: self.servers,
                admission: admission,
                supervisor: supervisor,
                client: client,
                conversations: Tally(),
                logger: logger,
                handshakeTimeout: .nanoseconds(configuration.limits.handshakeTimeout.nanoseconds),
                maxHandshakes: configuration.limits.maxHandshakes,
                audit: self.audit
            )
            let workers = try await Workers(group, site: site)
            // Before anybody knows that this serves: the first SIGHUP counts.
            let hangups = self.readsAgainAtHangup ? await UnixSignalsSequence(trapping: .sighup) : nil
            let listeners = try await Listeners.start(
                self.listeners,
                sites: self.listeners.map { listener in
                    ListenerSite(
                        rules: HandshakeRules(configuration, listener.configuration),
                        logger: self.logger(of: listener)
                    )
                },
                limits: configuration.limits,
                group: group,
                workers: workers
            )
            self.onListening(listeners.ports)
            do {
                try await self.serve(listeners, workers, site, hangups)
            } catch {
                await listeners.close()
                throw error
            }
        } catch {
            supervisor.killAll()
            _ = await Self.wait(atMost: Self.killing, until: supervisor.onEmpty)
            await client.shutdown()
            await self.authentication?.shutdown()
            supervisor.shutdown()
            try? await group.shutdownGracefully()
            throw error
        }
        await client.shutdown()
        await self.authentication?.shutdown()
        supervisor.shutdown()
        try await group.shutdownGracefully()
    }

    /// Waits for the signal to stop, then drains; a second signal ends everything at once.
    private func serve(
        _ listeners: Listeners,
        _ workers: Workers,
        _ site: Site,
        _ hangups: UnixSignalsSequence?
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await gracefulShutdown()
                try await self.drain(listeners, workers, site)
            }
            tasks.addTask {
                var count = 0
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    count += 1
                    guard count > 1 else { continue }
                    site.supervisor.killAll()
                    // Each leaves its audit record; that they are told why costs nothing then.
                    try? await workers.onEach {
                        $0.endAll()
                        $0.cutAll()
                    }
                    throw EndedAtOnce()
                }
            }
            if let hangups { tasks.addTask { await self.readAgain(at: hangups) } }
            if self.listeners.contains(where: { $0.tls != nil }) || self.authentication?.hasFiles == true {
                tasks.addTask {
                    while true {
                        try await Task.sleep(for: Self.lookInterval)
                        for listener in self.listeners { listener.tls?.readIfChanged(self.logger(of: listener)) }
                        self.authentication?.reload(always: false, self.logger)
                    }
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    /// Has files read again at each SIGHUP, until the task is cancelled.
    private func readAgain(at hangups: UnixSignalsSequence) async {
        for await _ in hangups {
            for listener in self.listeners { listener.tls?.readAgain(self.logger(of: listener)) }
            self.authentication?.reload(always: true, self.logger)
            self.audit?.reopen(self.logger)
            if self.listeners.allSatisfy({ $0.tls == nil }), self.authentication == nil,
                self.audit?.hasFile != true
            {
                self.logger.notice("SIGHUP: there is nothing that is read again; other settings take a restart")
            }
        }
    }

    private func logger(of listener: ServedListener) -> Logger {
        listener.logger(from: self.logger, isOneOfSeveral: self.listeners.count > 1)
    }

    private func drain(_ listeners: Listeners, _ workers: Workers, _ site: Site) async throws {
        let admission = site.admission
        let supervisor = site.supervisor
        self.logger.info("draining", metadata: [LogKey.count: "\(admission.connections)"])
        admission.startDraining()
        if self.configuration.drain.delay > .zero { try await Task.sleep(for: self.configuration.drain.delay) }
        await listeners.close()
        try await workers.onEach { $0.drain() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await admission.whenEmpty() }
            tasks.addTask {
                try await Task.sleep(for: self.configuration.drain.timeout)
                try await workers.onEach { $0.endAll() }
                // Answers and close frames are on their way; a client that takes them by the drop waits no longer.
                try await Task.sleep(for: Self.closing)
                try await workers.onEach { $0.cutAll() }
                await admission.whenEmpty()
            }
            try await tasks.next()
            tasks.cancelAll()
        }
        let graces = self.configuration.servers.map { $0.stop.stdinGrace + $0.stop.termGrace }.max() ?? .zero
        if await !Self.wait(atMost: graces + Self.killing, until: supervisor.onEmpty) {
            self.logger.error(
                "processes cannot be ended and are left alone",
                metadata: [LogKey.count: "\(supervisor.liveCount)"]
            )
            supervisor.killAll()
        }
        // Every connection has ended by now; servers behind URLs are told so in the time that this may take (R53).
        _ = await Self.wait(atMost: Self.farewells, until: site.conversations.onEmpty)
        self.logger.info("stopped")
    }

    /// Names limits that the descriptors do not allow, and lowers the counts of connections and handshakes to what they do
    /// (R43, R74).
    private func fit(_ configuration: inout Configuration, loops: Int, into descriptors: Int) {
        let free = descriptors - Self.ownDescriptors - (self.listeners.count - 1) - loops * Self.descriptorsPerLoop
        let most = max(1, self.connections(with: free))
        // Handshakes have what connections leave, or a part of that, which they use in turns.
        let left = free - self.descriptors(for: min(configuration.limits.maxConnections, most))
        let handshakes = max(1, left, free / 4)
        if configuration.limits.maxHandshakes > handshakes {
            self.logger.notice(
                "max_handshakes is more than the limit of descriptors allows",
                metadata: [
                    "max_handshakes": "\(configuration.limits.maxHandshakes)", "descriptors": "\(descriptors)",
                    LogKey.limit: "\(handshakes)",
                ]
            )
            configuration.limits.maxHandshakes = handshakes
        }
        guard configuration.limits.maxConnections > most else { return }
        self.logger.warning(
            "max_connections is more than the limit of descriptors allows; raise LimitNOFILE or lower it",
            metadata: [
                "max_connections": "\(configuration.limits.maxConnections)",
                "descriptors": "\(descriptors)",
                LogKey.limit: "\(most)",
            ]
        )
        configuration.limits.maxConnections = most
    }

    /// How many connections go with so many descriptors: each takes one for the client's socket, and those of a child
    /// where it has one.
    private func connections(with descriptors: Int) -> Int {
        let servers = self.configuration.servers
        let whenAllHaveChildren = descriptors / (1 + Self.descriptorsPerChild)
        if servers.allSatisfy({ $0.builtin == nil }) { return whenAllHaveChildren }
        // Beside servers inside the bridge there are at most `max_children` connections that have one.
        guard servers.allSatisfy({ $0.upstream == nil }) else { return whenAllHaveChildren }
        let children = servers.contains(where: \.isStarted) ? self.configuration.limits.maxChildren : 0
        let (ofChildren, isOver) = children.multipliedReportingOverflow(by: Self.descriptorsPerChild)
        return max(whenAllHaveChildren, isOver ? 0 : descriptors - ofChildren)
    }

    /// The most that so many connections take.
    private func descriptors(for connections: Int) -> Int {
        let servers = self.configuration.servers
        let started = servers.contains(where: \.isStarted) ? min(connections, self.configuration.limits.maxChildren) : 0
        let children = servers.contains { $0.upstream != nil } ? connections : started
        return connections + children * Self.descriptorsPerChild
    }
}

extension Daemon: CustomStringConvertible {
    /// What the service group calls it. Without this the group has the runtime print the whole configuration by
    /// reflection, at every start and whether it is logged or not: 25 of 58 million instructions.
    package var description: String { "Daemon" }
}

extension Daemon {
    /// Returns true as soon as `onEmpty` calls back; false if the time is over before, or the task is cancelled.
    static func wait(
        atMost limit: Duration,
        until onEmpty: (@escaping @Sendable () -> Void) -> Void
    ) async -> Bool {
        let (emptied, continuation) = AsyncStream.makeStream(of: Never.self)
        onEmpty { continuation.finish() }
        return await withTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                for await _ in emptied {}
                return !Task.isCancelled
            }
            tasks.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? false
        }
    }
}

extension ChildNotice {
    fileprivate func log(to logger: Logger) {
        switch self {
        case .survivors(let mark, let leader, let count, let signal):
            logger.info(
                "processes outlived their server and get a signal",
                metadata: [
                    LogKey.connection: "\(mark)", LogKey.pid: "\(leader)", LogKey.count: "\(count)",
                    LogKey.signal: "\(signal)",
                ]
            )
        case .abandoned(let mark, let leader, let count):
            logger.error(
                "processes outlasted SIGKILL and are left alone",
                metadata: [LogKey.connection: "\(mark)", LogKey.pid: "\(leader)", LogKey.count: "\(count)"]
            )
        case .statusLost(let mark, let pid, let error):
            logger.error(
                "a server's exit status was lost",
                metadata: [LogKey.connection: "\(mark)", LogKey.pid: "\(pid)", LogKey.error: "errno \(error)"]
            )
        case .processTableUnreadable(let error):
            logger.error(
                "/proc cannot be read: descendants that left their group cannot be found",
                metadata: [LogKey.error: "errno \(error)"]
            )
        }
    }
}
