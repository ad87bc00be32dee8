// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix

/// A child process and its three pipes (R36–R41). Lives on its client's event loop; processes are the
/// ``ChildSupervisor``'s.
final class StdioBackend: Backend, ChildInput.Delegate {
    /// How long a server's output is read on after it exited, and again after the last process that is known of has:
    /// what is left may hold the pipes for ever (R38).
    private static let exitDrain = TimeAmount.seconds(1)
    /// How long a server may live on after closing its output, or without taking input, before that counts as its end
    /// (R35, R45).
    ///
    /// One that exits closes its output a little before its exit is seen. To wait longer than needed delays the rare
    /// answer that the output was closed; to wait too short a time, on a loaded machine, hides the exit status and
    /// makes a crash look like an orderly end.
    private static let exitAfterOutput = TimeAmount.seconds(2)

    /// Who gets the output; nil before the handshake is done and after the end.
    private var receiver: (any BackendReceiver)?
    private(set) var pid: Int32?
    let transportName: String? = "stdio"
    private let server: ServedServer
    /// Until the child is started.
    private var values: ExpandedValues?
    private let supervisor: ChildSupervisor
    fileprivate let buffers: LoopBuffers
    private let eventLoop: any EventLoop
    private let log: SessionLog
    private var child: Child?
    /// Nil before the child runs.
    private var input: ChildInput?
    private var outputChannel: (any Channel)?
    private var errorChannel: (any Channel)?
    private var lines: LineReader
    private var errors: StandardErrorLines
    private var exit: ChildExit?
    private var isOutputOver = false
    private var isErrorOver = false
    /// No process that the supervisor knows of is left.
    private var isFamilyGone = false
    /// The server closed its stdin before all messages were written to it.
    private var hasRefusedInput = false
    private var isEnding = false
    private var hasReported = false
    private var patience: Scheduled<Void>?
    /// Who wants to know how the process ended, and whether it was to.
    private var onExit: ((ChildExit, _ isWanted: Bool) -> Void)?
    /// Whether output is read: not before the client's handshake is done, and not while the client does not read.
    fileprivate private(set) var isReading = false

    /// - Parameters:
    ///   - values: what the client brought for the server's templates; nil where there are none.
    ///   - buffers: those of `eventLoop`.
    init(
        server: ServedServer,
        values: ExpandedValues? = nil,
        supervisor: ChildSupervisor,
        buffers: LoopBuffers,
        eventLoop: any EventLoop,
        log: SessionLog
    ) {
        self.server = server
        self.values = values
        self.supervisor = supervisor
        self.buffers = buffers
        self.eventLoop = eventLoop
        self.log = log
        self.lines = LineReader(limit: server.configuration.limits.maxLine)
        self.errors = StandardErrorLines(secrets: server.environment.secrets + (values?.secrets ?? []))
    }

    /// Starts the child (R39); the future fails with ``SpawnError``, or with the error of its pipes.
    ///
    /// - Parameters:
    ///   - restart: how many were started before for the same connection.
    ///   - exited: called on the event loop when the process itself has exited, and whether it had been told to.
    ///   - gone: called on the supervisor's thread when no descendant of the child is left; not after a failure to start it.
    func start(
        _ id: ConnectionID,
        restart: Int = 0,
        exited: ((ChildExit, _ isWanted: Bool) -> Void)? = nil,
        gone: @escaping @Sendable () -> Void
    ) -> EventLoopFuture<Void> {
        self.onExit = exited
        let promise = self.eventLoop.makePromise(of: Child.self)
        let this = NIOLoopBound(self, eventLoop: self.eventLoop)
        let eventLoop = self.eventLoop
        self.supervisor.spawn(
            self.server.command(id, restart: restart, self.values.take()),
            onExit: { exit in eventLoop.execute { this.value.exited(exit) } },
            onGone: {
                gone()
                eventLoop.execute { this.value.familyGone() }
            },
            completion: { promise.completeWith($0.mapError { $0 }) }
        )
        return promise.futureResult.assumeIsolated().flatMap { self.connect($0) }.nonisolated()
    }

    /// Hands the pipes to the event loop.
    private func connect(_ child: Child) -> EventLoopFuture<Void> {
        self.child = child
        self.pid = child.pid
        let this = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.input = ChildInput(descriptor: child.stdin, eventLoop: self.eventLoop, delegate: self)
        let outputChannel = self.openPipe(child.stdout) { ChildOutputHandler(this.value) }
        let errorChannel = self.openPipe(child.stderr) { ChildErrorHandler(this.value) }
        // Each by itself, so that `end` closes those that there are where another could not be made.
        outputChannel.assumeIsolated().whenSuccess { self.outputChannel = $0 }
        errorChannel.assumeIsolated().whenSuccess { self.errorChannel = $0 }
        let both = outputChannel.and(errorChannel).assumeIsolated()
        // The client may have gone, or the child ended, in the meantime, whatever has become of the pipes.
        both.whenComplete { _ in
            if self.isEnding { self.closeInput(farewell: ByteBuffer()) }
        }
        return both.map { _ in }.nonisolated()
    }

    /// Has a channel read what the child writes. The pipe's end is closed if there can be none.
    private func openPipe(
        _ descriptor: CInt,
        _ handler: @escaping @Sendable () -> some ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        let readAllocator = LoopReadAllocator(self.buffers)
        let channel = NIOPipeBootstrap(group: self.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let options = try channel.optionsNow
                    try options.setOption(.maxMessagesPerRead, value: 1)
                    try options.setOption(.recvAllocator, value: readAllocator)
                    try channel.pipeline.syncOperations.addHandler(handler())
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
        channel.whenFailure { _ in close(descriptor) }
        return channel
    }

    // MARK: Backend

    var isWritable: Bool { self.input?.isWritable ?? true }

    func writeNow(_ lines: inout ByteBuffer) -> Bool { self.input?.writeNow(&lines) ?? false }

    func write(_ lines: ByteBuffer) {
        self.input?.write(lines)
    }

    func flush() {
        if self.input?.isOpen != true { self.inputRefused() }
    }

    func setReading(_ isOn: Bool) {
        guard self.isReading != isOn else { return }
        self.isReading = isOn
        if isOn { self.outputChannel?.read() }
    }

    func end(farewell: ByteBuffer) {
        guard !self.isEnding else { return }
        self.isEnding = true
        self.receiver = nil
        self.closeInput(farewell: farewell)
    }

    private func closeInput(farewell: ByteBuffer) {
        // From here on the output is read into nothing, so that a child blocked in a write sees its input end.
        self.setReading(true)
        self.input?.end(farewell)
        if let child = self.child { self.supervisor.end(child.id) }
    }

    // MARK: Output

    fileprivate func received(_ output: ByteBuffer) {
        guard let receiver = self.receiver else { return }
        var output = output
        var pieces = ReadPieces(of: output.readableBytes)
        while true {
            switch self.lines.next(from: &output) {
            case .needMoreData: return self.buffers.takeBack(input: output)
            case .line(let count):
                output.withUnsafeReadableBytes { bytes in
                    receiver.received(line: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                }
                output.moveReaderIndex(forwardBy: count + 1)
                if pieces.isComplete(left: output.readableBytes) { receiver.receivedOutputPiece() }
            case .assembled(let line): receiver.received(assembled: line)
            case .tooLong(let prefix): receiver.receivedTooLong(prefix: prefix)
            }
        }
    }

    fileprivate func receivedAll() {
        self.receiver?.receivedAllOutput()
    }

    func inputBecameWritable() {
        self.receiver?.becameWritable()
    }

    /// Messages are lost, and requests among them will not be answered by a server that lives on (R35).
    func inputRefused() {
        guard !self.hasRefusedInput, !self.isEnding else { return }
        self.hasRefusedInput = true
        if self.exit == nil, !self.isOutputOver { self.wait(Self.exitAfterOutput) }
    }

    fileprivate func receivedError(_ bytes: ByteBuffer) {
        self.tell(bytes.withUnsafeReadableBytes { self.errors.receive($0, now: Connection.now()) })
    }

    private func tell(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        let logger = self.log.logger
        for line in lines { logger.info("server wrote to stderr", metadata: [LogKey.stderr: "\(line)"]) }
    }

    // MARK: The end

    fileprivate func outputEnded() {
        guard !self.isOutputOver else { return }
        self.isOutputOver = true
        if let last = self.lines.finish() { self.receiver?.received(assembled: last) }
        self.receivedAll()
        if self.exit == nil { self.wait(Self.exitAfterOutput) } else { self.reportIfOver() }
    }

    fileprivate func errorEnded() {
        guard !self.isErrorOver else { return }
        self.isErrorOver = true
        self.tell(self.errors.finish(now: Connection.now()))
        self.reportIfOver()
    }

    private func exited(_ exit: ChildExit) {
        self.onExit.take()?(exit, self.isEnding)
        self.exit = exit
        self.reportIfOver()
        if !self.hasReported { self.wait(Self.exitDrain) }
    }

    /// What the pipes still hold may not have been read: their ends, which nobody keeps open any more, come behind it.
    private func familyGone() {
        self.isFamilyGone = true
        self.input?.close()
        if !self.isOutputOver || !self.isErrorOver { self.wait(Self.exitDrain) }
    }

    private func wait(_ time: TimeAmount) {
        self.patience?.cancel()
        self.patience = self.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.patienceOver() }
    }

    private func patienceOver() {
        // What stopped reading is a client that does not read: the write timeout decides how long that may last.
        if !self.isOutputOver, !self.isReading { return self.wait(Self.exitDrain) }
        self.report()
        guard self.isFamilyGone else { return }
        // Somebody whom the supervisor has not found, or has given up, holds them.
        self.outputChannel?.close(promise: nil)
        self.errorChannel?.close(promise: nil)
    }

    private func reportIfOver() {
        if self.exit != nil, self.isOutputOver, self.isErrorOver { self.report() }
    }

    private func report() {
        guard !self.hasReported, self.exit != nil || self.isOutputOver || self.hasRefusedInput else { return }
        // Before the handshake is done there is nobody to tell: `attach` asks again.
        guard let receiver = self.receiver else { return }
        self.hasReported = true
        self.patience?.cancel()
        let stderr = self.server.configuration.exposeStderr ? self.errors.tail : []
        let end: SessionEnd =
            if let exit = self.exit { .serverExited(exit) } else if self.isOutputOver { .serverClosedOutput } else {
                .serverStalled
            }
        self.receiver = nil
        receiver.ended(end, stderr: stderr)
    }

    func attach(_ receiver: any BackendReceiver) {
        // A daemon that drains ends the connection before that.
        guard !self.isEnding else { return }
        self.receiver = receiver
        if self.exit != nil { self.wait(Self.exitDrain) }
        self.reportIfOver()
    }
}

/// The child's stdout.
private final class ChildOutputHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never

    private let backend: StdioBackend

    init(_ backend: StdioBackend) {
        self.backend = backend
    }

    func read(context: ChannelHandlerContext) {
        if self.backend.isReading { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.backend.received(self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.backend.receivedAll()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.backend.outputEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The child's stderr.
private final class ChildErrorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let backend: StdioBackend

    init(_ backend: StdioBackend) {
        self.backend = backend
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.backend.receivedError(bytes)
        self.backend.buffers.takeBack(input: bytes)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.backend.errorEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension StdioBackend: Sendable {}
