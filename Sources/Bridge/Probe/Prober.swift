// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import UnixSignals

/// Dials or starts the servers of a configuration, each for itself, and asks them who they are: `check --probe`.
package struct Prober: Sendable {
    /// Servers that are probed at once.
    private static let parallel = 4
    /// How long `server/discover` may be met with silence at the most, and no longer than half of the timeout: many
    /// servers are slow to start, few are mute when they do not know a method.
    private static let silence = Duration.seconds(10)
    /// How long the killed may take to be gone.
    private static let killing = Duration.seconds(5)
    /// How long the farewells to servers behind URLs may take; the conversations bound themselves below that.
    private static let farewells = Duration.seconds(6)

    /// What a run has found.
    package struct Results: Sendable {
        let reports: [ProbeReport]

        /// Whether no server failed.
        package var isSuccess: Bool { !self.reports.contains(where: \.isFailure) }
        /// A table with a line for each server.
        package var table: String { ProbeReport.table(self.reports) }
        /// One JSON document.
        package var json: String { ProbeReport.json(self.reports) }
    }

    private let servers: [ServedServer]
    private let timeout: Duration
    private let version: String
    private let logger: Logger

    /// - Parameters:
    ///   - timeout: how long each server may take, from its start to its last answer.
    ///   - version: the bridge's own, which servers are told.
    package init(_ servers: [ServedServer], timeout: Duration, version: String, logger: Logger) {
        self.servers = servers.map(\.showingLastWords)
        self.timeout = timeout
        self.version = version
        self.logger = logger
    }

    /// Probes all servers, and returns when they have been told that it is over and no process is left.
    ///
    /// SIGINT and SIGTERM end the probes that are under way; a second one kills what they started.
    /// - Throws: `SpawnError` where children cannot be watched.
    package func run() async throws -> Results {
        let supervisor = try ChildSupervisor(
            adoptsOrphans: true,
            // A server that needs one says by itself that there is none.
            groups: try? ControlGroups.prepare(for: self.servers)
        )
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let site = ProbeSite(
            supervisor: supervisor,
            client: UpstreamClient(self.servers, group: group),
            conversations: Tally(),
            eventLoop: group.next(),
            logger: self.logger,
            timeout: .nanoseconds(self.timeout.nanoseconds),
            timeoutText: self.timeout.timeSpan,
            silence: .nanoseconds(min(Self.silence, self.timeout / 2).nanoseconds),
            version: self.version
        )
        let reports = await self.probeUntilSignalled(site)
        await site.client.shutdown()
        supervisor.shutdown()
        try await group.shutdownGracefully()
        return Results(reports: reports)
    }

    private func probeUntilSignalled(_ site: ProbeSite) async -> [ProbeReport] {
        // Trapped before anything is started, so that nothing outlives a signal.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let probing = Task { await self.probeAll(site) }
        return await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                var count = 0
                for await _ in signals {
                    count += 1
                    if count == 1 { probing.cancel() } else { site.supervisor.killAll() }
                }
            }
            let reports = await probing.value
            await self.end(site)
            tasks.cancelAll()
            return reports
        }
    }

    private func probeAll(_ site: ProbeSite) async -> [ProbeReport] {
        await withTaskGroup(of: (Int, ProbeReport).self) { tasks in
            var waiting = self.servers.enumerated().makeIterator()
            func startNext() {
                guard let (index, server) = waiting.next() else { return }
                tasks.addTask { (index, await Self.probe(server, site)) }
            }
            for _ in 0..<Self.parallel { startNext() }
            var reports: [(Int, ProbeReport)] = []
            for await report in tasks {
                reports.append(report)
                startNext()
            }
            return reports.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Probes one server. Cancelled, it ends what it has begun.
    static func probe(_ server: ServedServer, _ site: ProbeSite) async -> ProbeReport {
        guard server.configuration.protocolKind == .mcp || server.upstream != nil else {
            return ProbeReport(server: server.name, outcome: .skipped("`protocol` = \"lines\" is not MCP"))
        }
        guard server.templates.isEmpty else {
            let needs = server.templates.sources.map { "\($0)" }.joined(separator: ", ")
            return ProbeReport(server: server.name, outcome: .skipped("it needs what only a client brings: \(needs)"))
        }
        let eventLoop = site.eventLoop
        let promise = eventLoop.makePromise(of: ProbeReport.self)
        do {
            let session = try await eventLoop.submit {
                NIOLoopBound(ProbeSession(server, site: site, promise: promise), eventLoop: eventLoop)
            }.get()
            return try await withTaskCancellationHandler {
                eventLoop.execute { session.value.start() }
                return try await promise.futureResult.get()
            } onCancel: {
                eventLoop.execute { session.value.interrupt() }
            }
        } catch {
            return ProbeReport(server: server.name, outcome: .failed("\(error)"))
        }
    }

    /// Waits until servers have taken their farewells and no process is left.
    private func end(_ site: ProbeSite) async {
        let graces = self.servers.map { $0.configuration.stop.stdinGrace + $0.configuration.stop.termGrace }.max()
        if await !Daemon.wait(atMost: (graces ?? .zero) + Self.killing, until: site.supervisor.onEmpty) {
            self.logger.error(
                "processes cannot be ended and are left alone",
                metadata: [LogKey.count: "\(site.supervisor.liveCount)"]
            )
            site.supervisor.killAll()
        }
        _ = await Daemon.wait(atMost: Self.farewells, until: site.conversations.onEmpty)
    }
}

extension ServedServer {
    /// The same server, whose end tells the last lines of its stderr (R38): the operator is the one who asks.
    fileprivate var showingLastWords: ServedServer {
        var configuration = self.configuration
        configuration.exposeStderr = true
        return ServedServer(
            index: self.index,
            configuration: configuration,
            environment: self.environment,
            upstream: self.upstream,
            sandbox: self.sandbox
        )
    }
}
