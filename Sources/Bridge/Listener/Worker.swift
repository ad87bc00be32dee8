// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// What the process has once, whatever the configuration; the same for all event loops.
struct Site: Sendable {
    let admission: Admission
    let supervisor: ChildSupervisor
    let client: UpstreamClient
    /// Conversations with servers behind URLs that are not over.
    let conversations: Tally
    let logger: Logger
    let metrics: BridgeMetrics
    let conditions = ServerConditions()
    let readiness = Readiness()
    let tools = ToolNames()
    /// Nil where no audit record is kept.
    var audit: AuditLog?
}

/// One event loop's connections, and what new clients find there. Confined to that loop.
final class Worker {
    let site: Site
    let handshakes: HalfOpenHandshakes
    let refusals: RefusalLog
    let buffers = LoopBuffers()
    /// For the connections to servers inside the bridge.
    let answers = BuiltinBackend.AnswerBuffer()
    private var connections: [ConnectionID: Connection] = [:]
    /// What was counted of each server, by its name: of those that are no more, too, since a count never falls.
    private var tallies: [String: ServerTally] = [:]
    private var sites: [ListenerKey: ListenerSite]
    /// The names of the servers that there are.
    private var servers: Set<String>
    private var isDraining = false
    private let eventLoop: any EventLoop
    /// When connections want to be woken: one timer for all of them, at the earliest time.
    private var wakeTimes = DeadlineQueue<ConnectionID>()
    private var timer: Scheduled<Void>?
    private var timerTime: Int64 = .max

    /// - Parameter loops: how many event loops the site has; accepted clients are spread over them evenly.
    init(site: Site, _ found: NewClients, eventLoop: any EventLoop, loops: Int) {
        self.site = site
        self.sites = found.sites
        self.servers = found.servers
        self.handshakes = HalfOpenHandshakes(limit: found.maxHandshakes, eventLoop: eventLoop, loops: loops)
        self.refusals = RefusalLog(site.logger, eventLoop: eventLoop, loops: loops)
        self.eventLoop = eventLoop
    }

    // MARK: New clients

    /// What clients find at a listener now; nil where there is none any more.
    func site(of key: ListenerKey) -> ListenerSite? { self.sites[key] }

    /// From now on new clients find this. Connections to servers that are no more end: idle ones now, busy ones as they are
    /// answered, all after `patience`.
    func serve(_ found: NewClients, patience: TimeAmount) {
        self.sites = found.sites
        self.servers = found.servers
        self.handshakes.limit(found.maxHandshakes)
        let orphans = self.connections.values.filter { !found.servers.contains($0.server.name) }
        guard !orphans.isEmpty else { return }
        for connection in orphans { connection.drain(.serverRemoved) }
        let ids = orphans.map(\.id)
        self.eventLoop.assumeIsolated().scheduleTask(in: patience) {
            for id in ids { self.connections[id]?.end(.serverRemoved) }
        }
    }

    // MARK: Counts

    /// Where the connections of one server are counted.
    func tally(of server: String) -> ServerTally {
        if let tally = self.tallies[server] { return tally }
        let tools = self.site.tools
        let tally = ServerTally(isAdmitted: { tools.admits($0, of: server) })
        self.tallies[server] = tally
        return tally
    }

    /// What was counted so far, and what there is now, by the names of the servers.
    var totals: [String: ServerTotals] {
        var totals = self.tallies.mapValues(\.totals)
        for connection in self.connections.values { totals[connection.server.name]?.count(connection) }
        return totals
    }

    /// Of all that there are now.
    var summaries: [ConnectionSummary] {
        let now = Connection.now()
        return self.connections.values.map { ConnectionSummary($0, now: now) }
    }

    /// Ends the connection of this id as an operator wants it; false where there is none here.
    func close(_ id: String) -> Bool {
        guard let connection = self.connections.values.first(where: { $0.id.description == id }) else { return false }
        connection.end(.closedByOperator)
        return true
    }

    /// Shows an operator the messages of the connection of this id.
    func tap(_ id: String, _ order: Tap.Order) -> Tap.Outcome {
        guard let connection = self.connections.values.first(where: { $0.id.description == id }) else {
            return .noSuchConnection
        }
        let outcome = connection.attach(order)
        guard case .attached = outcome else { return outcome }
        // By its id: an operator who does not go must not keep a connection that has ended.
        let (this, eventLoop) = (NIOLoopBound(self, eventLoop: self.eventLoop), self.eventLoop)
        let connectionID = connection.id
        order.channel.closeFuture.whenComplete { _ in
            eventLoop.execute { this.value.connections[connectionID]?.tap = nil }
        }
        return outcome
    }

    // MARK: Connections

    func add(_ connection: Connection) {
        self.connections[connection.id] = connection
        self.tally(of: connection.server.name).began += 1
        if self.isDraining { return connection.drain(.draining) }
        // It was let in while the server was being taken out.
        if !self.servers.contains(connection.server.name) { connection.drain(.serverRemoved) }
    }

    func remove(_ connection: Connection) {
        self.connections[connection.id] = nil
        self.site.admission.connectionEnded(connection.grant)
    }

    /// Calls the connection's ``Connection/woken(at:)`` at `time`, in nanoseconds of ``Connection/now()``, if it is open
    /// then. What was asked for is not taken back: whoever is woken looks whether it still matters.
    func wake(_ id: ConnectionID, at time: Int64) {
        self.wakeTimes.add(id, at: time)
        if time < self.timerTime { self.armTimer(for: time) }
    }

    private func armTimer(for time: Int64) {
        self.timer?.cancel()
        self.timerTime = time
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(
            deadline: .uptimeNanoseconds(UInt64(max(0, time)))
        ) {
            self.wakeAll()
        }
    }

    private func wakeAll() {
        self.timerTime = .max
        let now = Connection.now()
        while let id = self.wakeTimes.take(now: now) { self.connections[id]?.woken(at: now) }
        if let next = self.wakeTimes.earliest, next < self.timerTime { self.armTimer(for: next) }
    }

    /// Ends idle connections now and busy ones as they are answered (R44).
    func drain() {
        self.isDraining = true
        for connection in self.connections.values { connection.drain(.draining) }
    }

    /// Ends all connections now, requests in flight answered with errors (R44).
    func endAll() {
        self.isDraining = true
        for connection in self.connections.values { connection.end(.draining) }
    }

    /// Cuts whoever has not taken the end by now.
    func cutAll() {
        for connection in self.connections.values { connection.cut() }
    }
}

@available(*, unavailable)
extension Worker: Sendable {}

/// What a configuration has for new clients.
struct NewClients: Sendable {
    let sites: [ListenerKey: ListenerSite]
    /// The names of the servers that there are.
    let servers: Set<String>
    /// Handshakes that may be under way at once, over all event loops.
    let maxHandshakes: Int

    /// - Parameter maxHandshakes: as many as the descriptors allow.
    init(_ served: ServedConfiguration, maxHandshakes: Int, _ logger: Logger) {
        self.sites = served.sites(logger)
        self.servers = Set(served.servers.map(\.name))
        self.maxHandshakes = maxHandshakes
    }
}

/// The workers of all event loops, to be found by their loop.
struct Workers: Sendable {
    private let workers: [ObjectIdentifier: NIOLoopBound<Worker>]

    init(_ group: any EventLoopGroup, site: Site, _ found: NewClients) async throws {
        var workers: [ObjectIdentifier: NIOLoopBound<Worker>] = [:]
        let loops = group.makeIterator().reduce(0) { count, _ in count + 1 }
        for eventLoop in group.makeIterator() {
            let worker = eventLoop.submit {
                NIOLoopBound(Worker(site: site, found, eventLoop: eventLoop, loops: loops), eventLoop: eventLoop)
            }
            workers[ObjectIdentifier(eventLoop)] = try await worker.get()
        }
        self.workers = workers
    }

    /// The worker of the event loop that this is called on.
    func worker(of eventLoop: any EventLoop) throws -> Worker {
        guard let worker = self.workers[ObjectIdentifier(eventLoop)] else {
            throw ChannelError.inappropriateOperationForState
        }
        return worker.value
    }

    /// Each of them, for its loop.
    var all: some Collection<NIOLoopBound<Worker>> { self.workers.values }

    /// Has each loop call `body` with its worker, and waits for none of them.
    ///
    /// - Parameter before: called once for each, before.
    func post(_ body: @escaping @Sendable (Worker) -> Void, before: () -> Void) {
        for _ in self.workers { before() }
        for worker in self.workers.values { worker.eventLoop.execute { body(worker.value) } }
    }

    /// Calls `body` with each worker, on its loop.
    func onEach(_ body: @escaping @Sendable (Worker) -> Void) async throws {
        for worker in self.workers.values {
            try await worker.eventLoop.submit { body(worker.value) }.get()
        }
    }
}
