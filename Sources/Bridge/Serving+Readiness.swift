// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// Whether clients should be sent here.
extension Serving {
    /// How long a required server may take to say who it is. Some are fetched from the network before they start.
    private static let probeTimeout = Duration.seconds(60)
    /// How long it may meet `server/discover` with silence.
    private static let probeSilence = TimeAmount.seconds(10)

    /// Why nobody should be sent here; empty where all is well. Has required servers looked after of which nothing is known
    /// that is young enough; what that finds is told to whoever asks later.
    func reasonsAgainstReadiness() -> [String] {
        if self.isDraining { return ["the bridge drains"] }
        guard self.isListening else { return ["the bridge does not listen yet"] }
        let now = Connection.now()
        return self.servers.filter(\.configuration.isRequired).compactMap { server in
            let health = self.site.conditions.of(server.name)
            if health.isDue(now: now, after: server.configuration.probeInterval.nanoseconds) { self.probe(server) }
            if health.state == .unknown { return "server `\(server.name)` has not been tried yet" }
            return health.reason.map { "server `\(server.name)`: \($0)" }
        }
    }

    /// Finds out for those who ask on an event loop. To be called about once a second.
    func answerReadiness() {
        guard self.site.readiness.takeQuestion() else { return }
        self.site.readiness.found(isReady: self.reasonsAgainstReadiness().isEmpty)
    }

    private func probe(_ server: ServedServer) {
        guard self.probes[server.name] == nil else { return }
        self.site.conditions.asked(server.name)
        let site = ProbeSite(
            supervisor: self.site.supervisor,
            client: self.site.client,
            conversations: self.site.conversations,
            eventLoop: self.group.next(),
            logger: self.logger,
            timeout: .nanoseconds(Self.probeTimeout.nanoseconds),
            timeoutText: Self.probeTimeout.timeSpan,
            silence: Self.probeSilence,
            version: self.version
        )
        self.probes[server.name] = Task {
            let report = await Prober.probe(server, site)
            self.probed(server, report.outcome)
        }
    }

    private func probed(_ server: ServedServer, _ outcome: ProbeReport.Outcome) {
        self.probes[server.name] = nil
        // Of a configuration that is in use no more, nobody wants to know.
        guard !self.isDraining, self.servers.contains(where: { $0 === server }) else { return }
        let before = self.site.conditions.of(server.name).state
        switch outcome {
        case .answered: self.site.conditions.answered(server.name)
        case .failed(let reason): self.site.conditions.failed(server.name, reason, wasAsked: true)
        // Only a client can have it do anything.
        case .skipped where server.findsProgram: self.site.conditions.answered(server.name)
        case .skipped: self.site.conditions.failed(server.name, "its program cannot be found")
        }
        let after = self.site.conditions.of(server.name).state
        guard before != after else { return }
        var metadata: Logger.Metadata = [LogKey.server: "\(server.name)"]
        if case .unwell(let reason) = after {
            metadata[LogKey.reason] = "\(reason)"
            self.logger.warning("a required server is not well", metadata: metadata)
        } else {
            self.logger.notice("a required server is well", metadata: metadata)
        }
    }
}
