// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CEpoll
internal import Glibc

/// One run: one thread, one epoll, non-blocking descriptors.
///
/// It must never be the bottleneck: no NIO channels, no allocation, closure or reference count per message. What every
/// message passes is in `Generator+Messages.swift`.
package final class Generator {
    /// Why a run cannot begin; the command tells and exits with 1.
    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    typealias ConnectionPointer = UnsafeMutablePointer<Connection>

    /// When requests leave.
    enum Pace {
        case none
        /// The next leaves when an answer has come.
        case closed
        /// In bursts of a whole window, when all answers have come.
        case bursts
        /// When the schedule says.
        case open
    }

    let options: LoadOptions
    let isWebSocket: Bool
    let isStorm: Bool
    /// Whether answers are read where all connections' are. A large one has no room there, and is read to its place.
    let answersAreSmall: Bool
    /// How much is read at once where the rest of an answer is.
    let roomForAnswer: Int
    var report = LoadReport()

    let poll: CInt
    let events: UnsafeMutableBufferPointer<epoll_event>
    /// Where all connections read to that have no rest waiting.
    let readBuffer: UnsafeMutableRawBufferPointer
    let connections: UnsafeMutablePointer<Connection>
    /// The slow ones included, which come last.
    let connectionCount: Int
    let slots: UnsafeMutablePointer<Slot>
    let slotBits: UInt64
    /// The most requests outstanding on one connection.
    let window: Int

    var request: MessageTemplate
    /// What answers look like, learned from the first that passed the thorough check.
    var expected: MessageTemplate?
    /// How often another look may still be learned.
    var lessons = 16
    /// Nil where the target speaks no TLS.
    let tls: ClientTLS?
    let upgradeRequest: [UInt8]
    var maskState: UInt64

    var pace = Pace.none
    /// Requests that may still be begun, all connections together.
    var remaining = 0
    var outstanding = 0
    /// Requests of the open loop that are due and not sent, on connections that live.
    var backlog = 0
    let schedule: OpenLoopSchedule
    /// The start of the schedule.
    var epoch: UInt64 = 0
    /// What must go on growing, or the run has stalled.
    var progress = 0
    /// Connections in no state but closed, the slow ones apart, and those of them that are running.
    var alive = 0
    var running = 0
    /// Setups begun and neither finished nor failed.
    var settingUp = 0
    /// Ended connections whose child has not ended yet.
    var unreaped: [pid_t] = []
    var lastSetup: UInt64 = 0
    /// When a slow consumer is to read next, and whose turn it is, counted from the first of them; `.max` while none reads.
    var slowDue = UInt64.max
    var slowTurn = 0
    /// Those in state slow.
    var slowAlive = 0

    /// - Parameter options: valid ones.
    package init(_ options: LoadOptions) throws(StartError) {
        self.options = options
        self.connectionCount = options.connections + options.slow
        let limit = Machine.raiseDescriptorLimit()
        let isWebSocket = if case .webSocket = options.target { true } else { false }
        self.isWebSocket = isWebSocket
        self.isStorm = options.mode == .storm
        self.answersAreSmall = options.size <= 64 << 10
        self.roomForAnswer = max(64 << 10, options.size + 1024)
        let needed = self.connectionCount * (isWebSocket ? 1 : 2) + 16
        guard needed <= limit else {
            throw StartError(
                description: """
                    \(self.connectionCount) connections need \(needed) descriptors, but the hard limit is \(limit): \
                    raise it (ulimit -Hn) or ask for fewer.
                    """
            )
        }
        self.poll = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard self.poll >= 0 else { throw StartError(description: "epoll: \(Machine.words(errno))") }
        signal(SIGPIPE, SIG_IGN)
        if options.rate != nil { cepoll_exact_timers() }

        self.events = .allocate(capacity: 256)
        self.readBuffer = .allocate(byteCount: 256 << 10, alignment: 4096)
        switch options.mode {
        case .load where options.rate != nil: self.window = max(options.inFlight, LoadOptions.openLoopWindow)
        case .load: self.window = options.inFlight
        case .idle, .churn, .storm: self.window = 1
        }
        self.slotBits = UInt64(Int.bitWidth - (self.window - 1).leadingZeroBitCount)
        // Pages of places that are never used are never touched.
        let slotCount = self.connectionCount * self.window
        guard let slots = calloc(slotCount, MemoryLayout<Slot>.stride) else {
            throw StartError(description: "no memory for \(slotCount) requests in flight")
        }
        self.slots = slots.bindMemory(to: Slot.self, capacity: slotCount)
        self.connections = .allocate(capacity: self.connectionCount)
        for index in 0..<self.connectionCount {
            let places = self.slots + index * self.window
            let connection = Connection(number: index, isSlow: index >= options.connections, slots: places)
            (self.connections + index).initialize(to: connection)
        }
        self.request = MessageTemplate.request(options.method, size: options.size)
        if options.echoCheck == .raw { self.expected = MessageTemplate.request(options.method, size: options.size) }
        if case .webSocket(let url) = options.target {
            self.tls = url.isSecure ? ClientTLS() : nil
            guard self.tls != nil || !url.isSecure else { throw StartError(description: "OpenSSL has no TLS.") }
            self.upgradeRequest = OpeningHandshake.request(
                url,
                subprotocol: options.subprotocol,
                headers: options.headers
            )
        } else {
            self.tls = nil
            self.upgradeRequest = []
        }
        self.maskState = UInt64.random(in: 1...UInt64.max)
        self.schedule = OpenLoopSchedule(rate: options.rate ?? 1, connections: options.connections)
        self.report.mode = options.mode
        self.report.connections = options.connections
        self.report.inFlight = options.inFlight
        self.report.size = self.request.bytes.count
        self.report.slow = options.slow
    }

    deinit {
        for index in 0..<self.connectionCount {
            let connection = self.connections + index
            if connection.pointee.input >= 0 { close(connection.pointee.input) }
            if !self.isWebSocket, connection.pointee.output >= 0 { close(connection.pointee.output) }
            if connection.pointee.child > 0 { Child.end(connection.pointee.child) }
            connection.pointee.free()
        }
        for child in self.unreaped { Child.end(child) }
        self.connections.deinitialize(count: self.connectionCount)
        self.connections.deallocate()
        free(self.slots)
        self.readBuffer.deallocate()
        self.events.deallocate()
        close(self.poll)
    }

    // MARK: - Failures

    func fail(_ kind: Failures.Kind, _ connection: ConnectionPointer, _ words: @autoclosure () -> String) {
        let name = connection.pointee.isSlow ? "slow connection" : "connection"
        self.report.failures.count(kind, "\(name) \(connection.pointee.number): \(words())")
    }

    // MARK: - Events

    /// Waits for events, at most so long, and handles them; then lets a slow consumer read whose turn has come.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    func turn(atMost nanoseconds: UInt64) -> Bool {
        let capacity = CInt(self.events.count)
        let base = self.events.baseAddress.unsafelyUnwrapped
        let hasSlowReaders = self.slowDue != .max
        let wait = hasSlowReaders ? min(nanoseconds, self.untilSlowRead()) : nanoseconds
        let count = cepoll_wait(self.poll, base, capacity, Int64(clamping: wait))
        for index in 0..<Int(count) { self.handle(base[index]) }
        if hasSlowReaders { self.readSlowly() }
        return count > 0
    }

    /// What an event carries: generation, number, and whether it is about a child's standard input.
    private static func label(_ connection: ConnectionPointer, isChildInput: Bool) -> UInt64 {
        UInt64(connection.pointee.generation) << 32 | UInt64(connection.pointee.number) << 1 | (isChildInput ? 1 : 0)
    }

    @inline(__always)
    private func handle(_ event: epoll_event) {
        let label = event.data.u64
        let connection = self.connections + Int(truncatingIfNeeded: label & 0xFFFF_FFFF) / 2
        guard connection.pointee.generation == UInt32(truncatingIfNeeded: label >> 32),
            connection.pointee.state != .closed
        else { return }
        if connection.pointee.state == .connecting { return self.connected(connection) }
        if event.events & EPOLLOUT.rawValue != 0 || label & 1 != 0 {
            self.flush(connection)
            guard label & 1 == 0 else { return }
        }
        if event.events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { self.receive(connection) }
    }

    func watch(_ connection: ConnectionPointer) {
        let isConnecting = connection.pointee.state == .connecting
        var event = epoll_event()
        event.events = isConnecting ? EPOLLOUT.rawValue : EPOLLIN.rawValue
        event.data.u64 = Self.label(connection, isChildInput: false)
        epoll_ctl(self.poll, EPOLL_CTL_ADD, connection.pointee.input, &event)
    }

    /// Begins or ends waiting until `output` takes bytes again; a slow connection's bytes wake nobody.
    func updateWatch(_ connection: ConnectionPointer, awaitsRoom: Bool) {
        connection.pointee.awaitsRoom = awaitsRoom
        var event = epoll_event()
        if self.isWebSocket {
            event.events = connection.pointee.state == .slow ? 0 : EPOLLIN.rawValue
            if awaitsRoom { event.events |= EPOLLOUT.rawValue }
            event.data.u64 = Self.label(connection, isChildInput: false)
            epoll_ctl(self.poll, EPOLL_CTL_MOD, connection.pointee.input, &event)
        } else {
            event.events = EPOLLOUT.rawValue
            event.data.u64 = Self.label(connection, isChildInput: true)
            let operation = awaitsRoom ? EPOLL_CTL_ADD : EPOLL_CTL_DEL
            epoll_ctl(self.poll, operation, connection.pointee.output, &event)
        }
    }
}
