// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging
internal import NIOCore

/// A child process that another takes the place of when it dies, for a connection that can live on (R38). Lives on its client's
/// event loop.
///
/// The next one is started when the client has something to say, not before: a server that ends because nobody asks it anything
/// stays ended.
final class RestartingBackend: Backend, BackendReceiver {
    /// Starts a child in the place of one that has died.
    struct Successors {
        /// Asks for a place and makes the backend; nil where there is none now.
        let make: () -> StdioBackend?
        /// Starts it. The number is different for each.
        let start: (StdioBackend, Int) -> EventLoopFuture<Void>
        /// It runs.
        let started: () -> Void
        /// No more are started for this connection.
        let gaveUp: () -> Void
    }

    /// Until it is asked again whether there is a place.
    private static let placeInterval: Int64 = 1_000_000_000

    private enum State {
        case running(StdioBackend)
        /// None runs until the client says something.
        case down
        /// The client has said something; the time for the next one has not come.
        case waiting(Scheduled<Void>)
        case starting(StdioBackend)
        case over
    }

    private var state: State
    /// Who gets the output; nil before the handshake is done and after the end.
    private var receiver: (any BackendReceiver)?
    private let successors: Successors
    private let eventLoop: any EventLoop
    private let log: SessionLog
    private var schedule = RestartSchedule()
    private var restarts = 0
    /// When the one that runs was started.
    private var began: Int64
    /// No other before this.
    private var notBefore: Int64 = 0
    /// What the client said while none ran.
    private var held: [ByteBuffer] = []
    private var isReading = false
    private var lastPID: Int32?

    let transportName: String? = "stdio"

    init(_ first: StdioBackend, _ successors: Successors, eventLoop: any EventLoop, log: SessionLog) {
        self.state = .running(first)
        self.successors = successors
        self.eventLoop = eventLoop
        self.log = log
        self.began = Connection.now()
        self.lastPID = first.pid
    }

    private var running: StdioBackend? {
        if case .running(let backend) = self.state { backend } else { nil }
    }

    // MARK: Backend

    /// Of the one that runs; at the end, of the last one, for the records.
    var pid: Int32? {
        switch self.state {
        case .running(let backend): backend.pid
        case .over: self.lastPID
        case .down, .waiting, .starting: nil
        }
    }

    var isWritable: Bool {
        switch self.state {
        case .running(let backend): backend.isWritable
        case .down: true
        case .waiting, .starting, .over: false
        }
    }

    func writeNow(_ lines: inout ByteBuffer) -> Bool { self.running?.writeNow(&lines) ?? false }

    func write(_ lines: ByteBuffer) {
        if let running { return running.write(lines) }
        self.held.append(lines)
        if case .down = self.state { self.startNext() }
    }

    func flush() {
        self.running?.flush()
    }

    func setReading(_ isOn: Bool) {
        self.isReading = isOn
        self.running?.setReading(isOn)
    }

    func attach(_ receiver: any BackendReceiver) {
        guard let running else { return }
        self.receiver = receiver
        running.attach(self)
    }

    func end(farewell: ByteBuffer) {
        let state = self.state
        self.state = .over
        self.receiver = nil
        self.held = []
        switch state {
        case .running(let backend): backend.end(farewell: farewell)
        case .starting(let backend): backend.end(farewell: ByteBuffer())
        case .waiting(let timer): timer.cancel()
        case .down, .over: break
        }
    }

    // MARK: One after the other

    func ended(_ end: SessionEnd, stderr: [String]) {
        guard case .running(let old) = self.state, let receiver = self.receiver else { return }
        let pid = old.pid
        self.state = .down
        // Its descendants, and what it left unread.
        old.end(farewell: ByteBuffer())
        guard receiver.outlives(end, stderr: stderr) else { return self.finish(end, stderr) }
        var metadata: Logger.Metadata = [LogKey.reason: "\(end.reason)", LogKey.cause: "\(end.cause)"]
        if let pid { metadata[LogKey.pid] = "\(pid)" }
        self.log.logger.notice("the server ended; the connection goes on", metadata: metadata)
        self.plan(lived: Connection.now() - self.began, "\(end.reason)")
    }

    /// Decides when the next one may be started.
    private func plan(lived: Int64, _ last: String) {
        switch self.schedule.ended(lived: lived, now: Connection.now()) {
        case .restart(let time): self.notBefore = time
        case .giveUp:
            self.successors.gaveUp()
            self.finish(.serverCrashLoop(last), [])
        }
    }

    private func finish(_ end: SessionEnd, _ stderr: [String]) {
        let receiver = self.receiver
        self.state = .over
        self.receiver = nil
        self.held = []
        receiver?.ended(end, stderr: stderr)
    }

    private func startNext() {
        let wait = self.notBefore - Connection.now()
        guard wait <= 0 else {
            let timer = self.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [weak self] () -> Void in
                self?.startNext()
            }
            self.state = .waiting(timer)
            return
        }
        guard let backend = self.successors.make() else {
            // Whoever waits too long for that waits in vain: the write timeout is over then.
            self.notBefore = Connection.now() + Self.placeInterval
            return self.startNext()
        }
        self.state = .starting(backend)
        self.restarts += 1
        self.successors.start(backend, self.restarts).assumeIsolated().whenComplete { result in
            guard case .starting = self.state else { return }
            switch result {
            case .success: self.started(backend)
            case .failure(let error): self.failed(error, backend)
            }
        }
    }

    private func started(_ backend: StdioBackend) {
        self.successors.started()
        self.state = .running(backend)
        self.lastPID = backend.pid
        self.began = Connection.now()
        var metadata: Logger.Metadata = [LogKey.count: "\(self.restarts)"]
        if let pid = backend.pid { metadata[LogKey.pid] = "\(pid)" }
        self.log.logger.notice("the server was started again", metadata: metadata)
        backend.setReading(self.isReading)
        let held = self.held
        self.held = []
        for lines in held { backend.write(lines) }
        backend.flush()
        // It may be over by now, and tells so at once.
        backend.attach(self)
        if self.running === backend, backend.isWritable { self.receiver?.becameWritable() }
    }

    /// The client need not wait for a server that cannot be started: what it asked is answered.
    private func failed(_ error: any Error, _ backend: StdioBackend) {
        backend.end(farewell: ByteBuffer())
        let reason = (error as? SpawnError)?.message ?? "its pipes cannot be watched"
        self.log.logger.error("cannot start the server", metadata: [LogKey.error: "\(reason)"])
        self.held = []
        self.state = .down
        let end = SessionEnd.serverNotRestarted
        guard self.receiver?.outlives(end, stderr: []) == true else { return self.finish(end, []) }
        self.plan(lived: 0, end.reason)
    }

    // MARK: BackendReceiver

    func received(line: UnsafeRawBufferPointer) { self.receiver?.received(line: line) }
    func received(assembled line: ByteBuffer) { self.receiver?.received(assembled: line) }
    func receivedTooLong(prefix: ByteBuffer) { self.receiver?.receivedTooLong(prefix: prefix) }
    func failed(_ id: RequestID, _ reply: BridgeReply) { self.receiver?.failed(id, reply) }
    func receivedOutputPiece() { self.receiver?.receivedOutputPiece() }
    func receivedAllOutput() { self.receiver?.receivedAllOutput() }
    func becameWritable() { self.receiver?.becameWritable() }
}

@available(*, unavailable)
extension RestartingBackend: Sendable {}
