// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// What is served now: the configuration in use, and its listeners. A reload replaces both as a whole, a drain ends them.
///
/// Connections keep what they began with. Reading files blocks a thread of the runtime's, never an event loop.
actor Serving {
    /// How long clients may take to take their last answers and the close frame once the drain's time is over.
    private static let closing = Duration.seconds(6)
    /// How long the killed may take to be gone: one that the kernel holds, or a debugger, may never be.
    static let killing = Duration.seconds(5)
    /// How long clients who have connected to a socket of the service manager's may take to be done with the handshake.
    private static let handshakes = Duration.seconds(1)
    /// How long the farewells to servers behind URLs may take; the conversations bound themselves below that.
    private static let farewells = Duration.seconds(6)

    let site: Site
    let workers: Workers
    nonisolated let operatorRules: OperatorRules
    /// Of the program.
    let version: String
    let group: any EventLoopGroup
    let logger: Logger
    /// Nil where the process has no limit of descriptors.
    private let budget: DescriptorBudget?
    /// Whether children can have control groups of their own, which is decided once, at start.
    private let hasGroups: Bool
    private let notifier: ServiceNotifier?
    private var current: ServedConfiguration
    private var listeners = Listeners()
    private(set) var isListening = false
    private(set) var isDraining = false
    /// How long the children may take to end: those of servers that are no more among them.
    private var graces: Duration
    /// Why the configuration that was read last is not in use.
    private(set) var reloadFault: String?
    private var lastReload: Task<Void, Never>?
    /// Required servers that are being looked after, by name.
    var probes: [String: Task<Void, Never>] = [:]
    /// What the service manager heard last.
    private var told: ServiceStatus?

    init(
        _ served: ServedConfiguration,
        site: Site,
        workers: Workers,
        group: any EventLoopGroup,
        budget: DescriptorBudget?,
        hasGroups: Bool,
        notifier: ServiceNotifier?,
        version: String
    ) {
        self.current = served
        self.operatorRules = OperatorRules(served.admin)
        self.version = version
        self.site = site
        self.workers = workers
        self.group = group
        self.logger = site.logger
        self.budget = budget
        self.hasGroups = hasGroups
        self.notifier = notifier
        self.graces = served.graces
    }

    /// Those of the configuration in use.
    var servers: [ServedServer] { self.current.servers }

    /// Begins to serve.
    ///
    /// - Returns: the ports in use, in the order of the listeners; nil for a Unix socket.
    /// - Throws: ``ListenError``.
    func start() async throws -> [Int?] {
        self.current.authentication?.start(on: self.group.next(), self.logger)
        self.listeners = try await self.listeners.bind(self.current, group: self.group, workers: self.workers)
        try await self.listeners.replace(Listeners())
        self.isListening = true
        self.site.readiness.found(isReady: self.reasonsAgainstReadiness().isEmpty)
        return self.listeners.ports
    }

    /// Accepts nobody any more, and fetches nothing.
    func close() async {
        await self.stopListening()
        await self.current.authentication?.shutdown()
    }

    private func stopListening() async {
        let listeners = self.listeners
        self.listeners = Listeners()
        await listeners.close()
    }

    // MARK: Reading again

    /// Reads files that have changed again. To be called about once a second.
    func readIfChanged() {
        for (tls, logger) in self.listenerTLS { tls.readIfChanged(logger) }
        self.current.authentication?.reload(always: false, self.logger)
        self.current.admin?.tokens?.reload(always: false, self.logger)
    }

    /// Reads the configuration and all that it names again, and serves new clients by it. What is no good leaves what it is
    /// about as it was: a configuration all of it, a file of certificates or tokens what was read from it before.
    ///
    /// - Returns: why it is not used; nil where it is.
    @discardableResult
    func reload(_ load: @escaping Daemon.Load) async -> String? {
        // One after the other: a signal and an operator may both ask for it.
        let before = self.lastReload
        let reload = Task {
            await before?.value
            return await self.reloadNow(load)
        }
        self.lastReload = Task { _ = await reload.value }
        return await reload.value
    }

    private func reloadNow(_ load: Daemon.Load) async -> String? {
        // Whoever moves files away and says so expects them to be let go of, whatever the configuration is like.
        self.site.audit?.reopen(self.logger)
        guard !self.isDraining else {
            self.logger.notice("draining; nothing is read again")
            return "the bridge drains"
        }
        self.notifier?.send(.reloading(at: Connection.now()))
        let old = self.current
        do {
            let (new, change) = try load(old)
            try self.requireGroups(new)
            try await self.serve(new)
            self.log(change)
            self.reloadFault = nil
        } catch {
            self.reloadFault = "\(error)"
            self.logger.error(
                "cannot use the configuration as it is now and goes on with the old one",
                metadata: [LogKey.error: "\(error)"]
            )
        }
        // What is still in use may have files that hold something else by now.
        for (tls, logger) in self.listenerTLS where old.listeners.contains(where: { $0.tls === tls }) {
            tls.readAgain(logger)
        }
        if self.current.authentication === old.authentication {
            self.current.authentication?.reload(always: true, self.logger)
        } else {
            await old.authentication?.shutdown()
        }
        self.site.metrics.reloaded(isUsed: self.reloadFault == nil)
        self.tellReady()
        return self.reloadFault
    }

    private func serve(_ new: ServedConfiguration) async throws {
        let listeners = try await self.listeners.bind(new, group: self.group, workers: self.workers)
        if new.authentication !== self.current.authentication {
            new.authentication?.start(on: self.group.next(), self.logger)
        }
        let fitted = self.budget?.fit(new.configuration, self.logger) ?? new.configuration
        self.site.client.prepare(for: new.servers)
        self.site.admission.limit(by: fitted)
        let found = NewClients(new, maxHandshakes: fitted.limits.maxHandshakes, self.logger)
        let patience = TimeAmount.nanoseconds(new.configuration.drain.timeout.nanoseconds)
        self.graces = max(self.graces, new.graces)
        self.current = new
        self.operatorRules.use(new.admin)
        try await self.workers.onEach { $0.serve(found, patience: patience) }
        // A drain may have come in between, and have closed those that there were.
        guard !self.isDraining else { return await listeners.close() }
        let old = self.listeners
        self.listeners = listeners
        try await listeners.replace(old)
    }

    private func requireGroups(_ new: ServedConfiguration) throws(ConfigurationError) {
        guard !self.hasGroups else { return }
        let problems = new.servers.filter(\.needsControlGroup).map { server in
            ConfigurationError.Problem(
                place: server.configuration.sandbox?.place ?? server.configuration.place,
                message:
                    "server `\(server.name)`: sandbox: no server had limits of memory or processes when the bridge was "
                    + "started, so it made no control groups: restart it"
            )
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    private func log(_ change: ConfigurationChange) {
        guard !change.isEmpty else {
            return self.logger.notice("read the configuration again; it says the same as before")
        }
        let names: [(key: String, names: [String])] = [
            (LogKey.serversAdded, change.servers.added), (LogKey.serversChanged, change.servers.changed),
            (LogKey.serversRemoved, change.servers.removed), (LogKey.listenersAdded, change.listeners.added),
            (LogKey.listenersChanged, change.listeners.changed), (LogKey.listenersRemoved, change.listeners.removed),
            (LogKey.settings, change.tables),
        ]
        var metadata: Logger.Metadata = [:]
        for (key, names) in names where !names.isEmpty { metadata[key] = "\(names.joined(separator: ", "))" }
        if !metadata.isEmpty {
            self.logger.notice("read the configuration again; new connections use it", metadata: metadata)
        }
        guard !change.needsRestart.isEmpty else { return }
        self.logger.warning(
            "some settings that have changed stay as they were until a restart",
            metadata: [LogKey.settings: "\(change.needsRestart.joined(separator: ", "))"]
        )
    }

    /// Each once, with the log of its listener.
    private var listenerTLS: [(ListenerTLS, Logger)] {
        let listeners = self.current.listeners
        var found: [(ListenerTLS, Logger)] = []
        for listener in listeners {
            guard let tls = listener.tls, !found.contains(where: { $0.0 === tls }) else { continue }
            found.append((tls, listener.logger(from: self.logger, isOneOfSeveral: listeners.count > 1)))
        }
        return found
    }

    // MARK: The service manager

    /// How long a drain may be silent; it tells of itself every second.
    private static let drainSilence = 30

    private var status: ServiceStatus {
        ServiceStatus(
            isDraining: self.isDraining,
            connections: self.site.admission.connections,
            children: self.site.supervisor.liveCount,
            reloadFault: self.reloadFault
        )
    }

    /// Tells that everything is up, or that what was read again is in use, as far as it is any good.
    func tellReady() {
        guard !self.isDraining else { return }
        self.told = self.status
        self.notifier?.send(.ready(self.status))
    }

    /// Tells how things are, if they are otherwise than before. To be called about once a second.
    func tellStatus() {
        let status = self.status
        if self.isDraining {
            self.notifier?.send(.draining(status, seconds: Self.drainSilence))
        } else if status != self.told {
            self.notifier?.send(.status(status))
        }
        self.told = status
    }

    // MARK: The end

    /// Ends idle connections now and busy ones as they are answered, waits for them, and ends their children (R44).
    func drain() async throws {
        let (admission, supervisor, workers) = (self.site.admission, self.site.supervisor, self.workers)
        let drain = self.current.configuration.drain
        self.isDraining = true
        for probe in self.probes.values { probe.cancel() }
        self.notifier?.send(.stopping(self.status))
        // At sockets of the service manager's nobody need be refused: who connects from now on waits for the next bridge, and
        // who has connected is let in.
        let left = await self.listeners.closePassed()
        self.logger.info("draining", metadata: [LogKey.count: "\(admission.connections)"])
        if let left {
            self.listeners = left
            await self.finishHandshakes()
        }
        admission.startDraining()
        if drain.delay > .zero { try await Task.sleep(for: drain.delay) }
        await self.stopListening()
        try await workers.onEach { $0.drain() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await admission.whenEmpty() }
            tasks.addTask {
                try await Task.sleep(for: drain.timeout)
                try await workers.onEach { $0.endAll() }
                // Answers and close frames are on their way; a client that takes them by the drop waits no longer.
                try await Task.sleep(for: Self.closing)
                try await workers.onEach { $0.cutAll() }
                await admission.whenEmpty()
            }
            try await tasks.next()
            tasks.cancelAll()
        }
        if await !Daemon.wait(atMost: self.graces + Self.killing, until: supervisor.onEmpty) {
            self.logger.error(
                "processes cannot be ended and are left alone",
                metadata: [LogKey.count: "\(supervisor.liveCount)"]
            )
            supervisor.killAll()
        }
        // Every connection has ended by now; servers behind URLs are told so in the time that this may take (R53).
        _ = await Daemon.wait(atMost: Self.farewells, until: self.site.conversations.onEmpty)
        self.logger.info("stopped")
    }
}

extension Serving {
    /// Waits, but not long, until no handshake is under way.
    private func finishHandshakes() async {
        let handshakes = Tally()
        try? await self.workers.onEach { worker in
            handshakes.add()
            worker.handshakes.whenEmpty { handshakes.remove() }
        }
        _ = await Daemon.wait(atMost: Self.handshakes, until: handshakes.onEmpty)
    }
}

extension ServedConfiguration {
    /// How long the children may take to end.
    fileprivate var graces: Duration {
        self.configuration.servers.map { $0.stop.stdinGrace + $0.stop.termGrace }.max() ?? .zero
    }
}

extension ServedServer {
    /// Whether its children have limits that take a control group.
    var needsControlGroup: Bool { self.sandbox?.child.groupLimits.isEmpty == false }
}
