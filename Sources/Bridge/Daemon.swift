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

/// The bridge as a service: starts listening, serves, reads the configuration again at SIGHUP, drains at SIGTERM or SIGINT
/// (R44).
package struct Daemon: Service {
    /// Two signals came: the end is now, with what was in flight lost.
    package struct EndedAtOnce: Error {}

    /// How often files that may be replaced are looked at, so that a revoked token is soon of no use.
    private static let lookInterval = Duration.seconds(1)

    private let served: ServedConfiguration
    private let load: Load?
    private let audit: AuditLog?
    private let notifier: ServiceNotifier?
    private let metrics: MetricsRegistry
    private let version: String
    private let logger: Logger
    private let onListening: @Sendable (_ ports: [Int?]) -> Void

    /// A configuration that was read again, and what is different in it from the one in use.
    package typealias Reloaded = (served: ServedConfiguration, change: ConfigurationChange)
    /// Reads the configuration again, and all that it names. Blocks.
    package typealias Load = @Sendable (_ current: ServedConfiguration) throws(ConfigurationError) -> Reloaded

    /// - Parameters:
    ///   - load: called at each SIGHUP; nil where there is no file, and SIGHUP does what it did before.
    ///   - audit: that of the configuration, its file open; nil where no audit record is kept.
    ///   - notifier: who wants to hear how the service is; nil for nobody.
    ///   - metrics: where what happens seldom is counted.
    ///   - version: of the program, for who asks.
    ///   - onListening: called once clients can connect; the ports are those in use, in the order of the listeners, nil
    ///     for a Unix socket.
    package init(
        _ served: ServedConfiguration,
        load: Load? = nil,
        audit: AuditLog? = nil,
        notifier: ServiceNotifier? = nil,
        metrics: MetricsRegistry = MetricsRegistry(),
        version: String = "",
        logger: Logger,
        onListening: @escaping @Sendable (_ ports: [Int?]) -> Void
    ) {
        self.served = served
        self.load = load
        self.audit = audit
        self.notifier = notifier
        self.metrics = metrics
        self.version = version
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
        let configured = self.served.configuration.eventLoops
        let loops = configured > 0 ? configured : System.coreCount
        let budget = limit.map { DescriptorBudget(descriptors: Int(clamping: $0.now.soft), loops: loops) }
        let fitted = budget?.fit(self.served.configuration, self.logger) ?? self.served.configuration
        let logger = self.logger
        let groups = try ControlGroups.prepare(for: self.served.servers)
        let supervisor = try ChildSupervisor(
            adoptsOrphans: true,
            descriptorLimit: limit?.original,
            groups: groups,
            notice: { $0.log(to: logger) }
        )
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let client = UpstreamClient(self.served.servers, group: group)
        self.audit?.start(self.logger)
        let site = Site(
            admission: Admission(fitted),
            supervisor: supervisor,
            client: client,
            conversations: Tally(),
            logger: self.logger,
            metrics: BridgeMetrics(self.metrics),
            audit: self.audit
        )
        do {
            let found = NewClients(self.served, maxHandshakes: fitted.limits.maxHandshakes, self.logger)
            let workers = try await Workers(group, site: site, found)
            let serving = Serving(
                self.served,
                site: site,
                workers: workers,
                group: group,
                budget: budget,
                hasGroups: groups != nil,
                notifier: self.notifier,
                version: self.version
            )
            do {
                // Before anybody knows that this serves: the first SIGHUP counts.
                let hangups = self.load != nil ? await UnixSignalsSequence(trapping: .sighup) : nil
                let (drains, orders) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                let admin = try await self.startAdmin(serving, drain: { orders.yield() })
                do {
                    self.onListening(try await serving.start())
                    await serving.tellReady()
                    try await self.serve(serving, workers, site, hangups, drains)
                } catch {
                    await admin?.close()
                    throw error
                }
                await admin?.close()
                await serving.close()
            } catch {
                await serving.close()
                throw error
            }
        } catch {
            supervisor.killAll()
            _ = await Self.wait(atMost: Serving.killing, until: supervisor.onEmpty)
            await client.shutdown()
            supervisor.shutdown()
            try? await group.shutdownGracefully()
            throw error
        }
        await client.shutdown()
        supervisor.shutdown()
        try await group.shutdownGracefully()
    }

    /// Nil without `[admin]`.
    private func startAdmin(_ serving: Serving, drain: @escaping @Sendable () -> Void) async throws -> AdminServer? {
        guard let admin = self.served.admin else { return nil }
        let site = AdminSite(serving: serving, load: self.load, drain: drain)
        return try await AdminServer.start(admin, site)
    }

    /// Waits for the signal to stop, or an operator's order, then drains; a second signal ends everything at once. An order is
    /// no signal: whoever orders a drain first, as an orchestrator does, and sends SIGTERM then, does not want to hurry.
    private func serve(
        _ serving: Serving,
        _ workers: Workers,
        _ site: Site,
        _ hangups: UnixSignalsSequence?,
        _ drains: AsyncStream<Void>
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await withTaskGroup(of: Void.self) { causes in
                    causes.addTask { try? await gracefulShutdown() }
                    causes.addTask { for await _ in drains { return } }
                    await causes.next()
                    causes.cancelAll()
                }
                try Task.checkCancellation()
                try await serving.drain()
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
            if let hangups, let load = self.load {
                tasks.addTask {
                    for await _ in hangups { await serving.reload(load) }
                }
            }
            // A configuration that has no files that may change has some, perhaps, once it was read again.
            if self.load != nil || self.notifier != nil {
                tasks.addTask {
                    while true {
                        try await Task.sleep(for: Self.lookInterval)
                        await serving.readIfChanged()
                        await serving.tellStatus()
                        await serving.answerReadiness()
                    }
                }
            }
            if let notifier = self.notifier, let timeout = notifier.watchdogTimeout {
                tasks.addTask {
                    while true {
                        // Answered by every event loop in its turn: one that hangs keeps the others' word back.
                        try await workers.onEach { _ in }
                        notifier.send(.alive)
                        // As sd_watchdog_enabled(3) recommends.
                        try await Task.sleep(for: timeout / 2)
                    }
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
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
