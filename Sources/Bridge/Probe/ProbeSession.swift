// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// What the probes of one run share. Belongs to their event loop.
struct ProbeSite: Sendable {
    let supervisor: ChildSupervisor
    let client: UpstreamClient
    /// Conversations with servers that are dialled, to their very end.
    let conversations: Tally
    let eventLoop: any EventLoop
    let logger: Logger
    /// How long one server may take, all told.
    let timeout: TimeAmount
    let timeoutText: String
    /// How long `server/discover` may be met with silence.
    let silence: TimeAmount
    /// The bridge's own.
    let version: String
}

/// The probe of one server: does what ServerProbe decides, with a backend as a session has it. Lives on the event loop
/// of its site.
final class ProbeSession: BackendReceiver {
    private let server: ServedServer
    private let site: ProbeSite
    private let promise: EventLoopPromise<ProbeReport>
    private var probe: ServerProbe
    /// The one that is spoken to; nil while it starts, and at the end.
    private var backend: (any Backend)?
    /// Counts the backends, so that what comes late from an earlier one is told apart.
    private var generation = 0
    private var began: Int64 = 0
    private var deadline: Scheduled<Void>?
    private var silence: Scheduled<Void>?
    private var isOver = false

    /// - Parameter promise: gets the report, exactly once.
    init(_ server: ServedServer, site: ProbeSite, promise: EventLoopPromise<ProbeReport>) {
        self.server = server
        self.site = site
        self.promise = promise
        self.probe = ServerProbe(clientVersion: site.version)
    }

    func start() {
        guard !self.isOver else { return }
        self.began = Connection.now()
        self.deadline = self.site.eventLoop.assumeIsolated().scheduleTask(in: self.site.timeout) {
            self.perform(self.probe.timedOut(self.site.timeoutText))
        }
        self.open()
    }

    /// Ends the probe, whatever it has found.
    func interrupt() {
        self.finish(.failed("interrupted"))
    }

    // MARK: Backends

    private func open() {
        self.generation += 1
        let site = self.site
        if self.server.configuration.builtin != nil {
            return self.speak(to: BuiltinBackend(eventLoop: site.eventLoop, answers: BuiltinBackend.AnswerBuffer()))
        }
        if let upstream = self.server.upstream {
            site.conversations.add()
            let backend = HTTPBackend(
                upstream,
                client: site.client,
                queue: self.server.configuration.limits.queue,
                eventLoop: site.eventLoop,
                log: SessionLog(site.logger),
                gone: { site.conversations.remove() }
            )
            return self.speak(to: backend)
        }
        let backend = StdioBackend(
            server: self.server,
            supervisor: site.supervisor,
            buffers: LoopBuffers(),
            eventLoop: site.eventLoop,
            log: SessionLog(site.logger)
        )
        backend.start(.random(), gone: {}).assumeIsolated().whenComplete { result in
            switch result {
            case .success where self.isOver: backend.end(farewell: ByteBuffer())
            case .success: self.speak(to: backend)
            case .failure(let error):
                // A child whose pipes could not be watched runs.
                backend.end(farewell: ByteBuffer())
                self.finish(.failed((error as? SpawnError)?.message ?? "its pipes cannot be watched"))
            }
        }
    }

    private func speak(to backend: any Backend) {
        self.backend = backend
        let generation = self.generation
        // Tells at once of a child that has ended already.
        backend.attach(self)
        backend.setReading(true)
        guard generation == self.generation, !self.isOver else { return }
        self.perform(self.probe.begin())
        guard generation == self.generation, self.probe.takesSilenceForLegacy else { return }
        self.silence = self.site.eventLoop.assumeIsolated().scheduleTask(in: self.site.silence) {
            self.perform(self.probe.silent())
        }
    }

    private func closeBackend() {
        self.silence?.cancel()
        var farewell = ByteBuffer()
        if let message = self.probe.farewell {
            farewell.writeBytes(message)
            farewell.writeString("\n")
        }
        let backend = self.backend
        self.backend = nil
        backend?.end(farewell: farewell)
    }

    // MARK: Acting

    private func perform(_ actions: [ServerProbe.Action]) {
        for action in actions where !self.isOver {
            switch action {
            case .send(let message):
                var line = ByteBuffer(bytes: message)
                line.writeString("\n")
                self.backend?.write(line)
                self.backend?.flush()
            case .restart:
                self.closeBackend()
                self.open()
            case .finished(let findings):
                self.finish(.answered(self.redacted(findings), transport: self.backend?.transportName ?? "HTTP"))
            case .failed(let reason): self.finish(.failed(self.redacted(reason)))
            }
        }
    }

    private func finish(_ outcome: ProbeReport.Outcome) {
        guard !self.isOver else { return }
        self.isOver = true
        self.deadline?.cancel()
        let nanoseconds = self.began == 0 ? 0 : Connection.now() - self.began
        self.closeBackend()
        self.promise.succeed(
            ProbeReport(server: self.server.name, outcome: outcome, nanoseconds: nanoseconds)
        )
    }

    /// A text of the server's on one line, without what must not be shown (R73).
    private func redacted(_ text: String) -> String {
        let secrets = self.server.upstream?.secrets ?? self.server.environment.secrets
        return StandardErrorLines.redacted(text, secrets: secrets)
    }

    private func redacted(_ findings: ProbeFindings) -> ProbeFindings {
        var findings = findings
        findings.serverName = findings.serverName.map { self.redacted($0) }
        findings.serverVersion = findings.serverVersion.map { self.redacted($0) }
        findings.revision = self.redacted(findings.revision)
        findings.tools = findings.tools.map { $0.map { self.redacted($0) } }
        return findings
    }

    // MARK: BackendReceiver

    func received(line: UnsafeRawBufferPointer) {
        self.perform(self.probe.received(line))
    }

    func received(assembled line: ByteBuffer) {
        self.perform(line.withUnsafeReadableBytes { self.probe.received($0) })
    }

    func receivedTooLong(prefix: ByteBuffer) {
        let limit = self.server.configuration.limits.maxLine
        self.finish(.failed("it wrote a line of more than \(limit) bytes"))
    }

    func failed(_ id: RequestID, _ reply: BridgeReply) {
        self.perform(self.probe.failed(id, reply))
    }

    func receivedAllOutput() {}

    func becameWritable() {}

    func ended(_ end: SessionEnd, stderr: [String]) {
        let words = stderr.last.map { "; its last words on stderr: \($0)" } ?? ""
        self.perform(self.probe.ended("the \(end.reason)\(words)"))
    }
}

@available(*, unavailable)
extension ProbeSession: Sendable {}
