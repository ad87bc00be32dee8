// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a scripted server does with a request. Runs on a thread of its connection, so it may block. A handler that
/// returns without an answer gives 500; one that leaves an event stream open ends it.
///
/// It must not hold the server itself, or nothing would ever end; gates and recorded values are fine.
typealias HTTPHandler = @Sendable (HTTPRequest, HTTPReply) throws -> Void

/// An HTTP/1.1 server on 127.0.0.1 with every byte of its answers in the test's hand, on blocking sockets.
///
/// Each connection has two threads: one reads and records requests, so that the client's leaving is always noticed; the
/// other answers them in turn. Everything ends when nobody holds the server any more.
final class ScriptedHTTPServer: Sendable {
    let port: UInt16
    private let core: ScriptedHTTPCore

    /// The root, without a slash at its end.
    var origin: String { "http://127.0.0.1:\(port)" }
    var url: String { origin + "/mcp" }

    /// - Parameter sendBuffer: `SO_SNDBUF` of each connection, for tests of back-pressure.
    init(sendBuffer: CInt? = nil, _ handler: @escaping HTTPHandler = { _, reply in try reply.send(404) }) throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw POSIXError(.EMFILE) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 512) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else {
            close(listener)
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EADDRINUSE)
        }
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        port = UInt16(bigEndian: address.sin_port)
        core = ScriptedHTTPCore(listener: listener, sendBuffer: sendBuffer, handler: handler)
        core.startThread { [core] in core.acceptAll() }
    }

    deinit { core.stop() }

    /// Ends the server now: all connections are closed, new ones refused.
    func stop() { core.stop() }

    /// Replaces the handler; requests that are being answered keep theirs.
    func handle(_ handler: @escaping HTTPHandler) { core.locked { $0.handler = handler } }

    /// A gate that stops handlers until the test opens it.
    func gate() -> Gate { Gate(core: core) }

    // MARK: - What was seen

    /// Every request so far, in order of arrival.
    var requests: [HTTPRequest] { core.locked { $0.requests } }

    /// The requests so far that satisfy `predicate`.
    func requests(where predicate: (HTTPRequest) -> Bool) -> [HTTPRequest] { requests.filter(predicate) }

    /// Faults of handlers, other than that their client went away.
    var failures: [String] { core.locked { $0.failures } }

    /// Connections accepted so far.
    var connectionCount: Int { core.locked { $0.connections.count } }

    /// Waits for the `count`-th request that satisfies `predicate`, whether it came before or comes now.
    @discardableResult
    func wait(
        for what: String,
        count: Int = 1,
        within seconds: Double = Deadline.patience,
        where predicate: (HTTPRequest) -> Bool
    ) throws -> HTTPRequest {
        try core.wait(seconds) { state in
            state.requests.lazy.filter(predicate).dropFirst(count - 1).first
        } orFail: { state in
            "request \(count) that is \(what); there were: "
                + (state.requests.map(\.summary) + state.failures).joined(separator: ", ")
        }
    }

    /// Waits until the client has ended the connection that brought `request`, by FIN or by RST.
    func waitGone(_ request: HTTPRequest, within seconds: Double = Deadline.patience) throws {
        try core.wait(seconds) {
            $0.connections[request.connection].peerGone ? () : nil
        } orFail: { _ in
            "the end of the connection of \(request.summary)"
        }
    }

    /// Whether the client has ended the connection that brought `request`.
    func isGone(_ request: HTTPRequest) -> Bool { core.locked { $0.connections[request.connection].peerGone } }
}

/// Stops handlers until it is opened; stays open.
final class Gate: Sendable {
    private let core: ScriptedHTTPCore
    private let id = UUID()

    init(core: ScriptedHTTPCore) { self.core = core }

    func open() { core.locked { _ = $0.openGates.insert(id) } }

    /// Called by ``HTTPReply/wait(_:)``.
    func isOpen(_ state: ScriptedHTTPCore.State) -> Bool { state.openGates.contains(id) }
}

/// What the server, its connections and its threads share.
// SAFETY: `state` is touched under `condition` only; each change wakes whoever waits.
final class ScriptedHTTPCore: @unchecked Sendable {
    struct State {
        var handler: HTTPHandler
        var requests: [HTTPRequest] = []
        var connections: [ScriptedConnection] = []
        var failures: [String] = []
        var openGates: Set<UUID> = []
        var threads = 0
        var stopped = false
    }

    private let condition = NSCondition()
    private var state: State
    private let listener: CInt
    private let sendBuffer: CInt?

    init(listener: CInt, sendBuffer: CInt?, handler: @escaping HTTPHandler) {
        self.listener = listener
        self.sendBuffer = sendBuffer
        state = State(handler: handler)
    }

    func locked<Value>(_ body: (inout State) -> Value) -> Value {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body(&state)
    }

    /// Waits until `body` gives a value; without a deadline if `seconds` is nil.
    func wait<Value>(
        _ seconds: Double?,
        until body: (inout State) throws -> Value?,
        orFail what: (State) -> String = { _ in "" }
    ) throws -> Value {
        // NSCondition traps on `distantFuture`.
        let deadline = Deadline(seconds: seconds ?? 86_400).date
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let value = try body(&state) {
                condition.broadcast()
                return value
            }
            guard condition.wait(until: deadline) else { throw DeadlineExceeded(what(state)) }
        }
    }

    func startThread(_ body: @escaping @Sendable () -> Void) {
        locked { $0.threads += 1 }
        let thread = Thread { [self] in
            body()
            locked { $0.threads -= 1 }
        }
        thread.stackSize = 512 << 10
        thread.start()
    }

    func acceptAll() {
        while true {
            var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, -1)
            if locked({ $0.stopped }) { return }
            let descriptor = RunningProgram.whileNothingStarts {
                let descriptor = accept(listener, nil, nil)
                if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
                return descriptor
            }
            guard descriptor >= 0 else { continue }
            var on: CInt = 1
            setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
            if var size = sendBuffer {
                setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<CInt>.size))
            }
            let connection: ScriptedConnection? = locked { state in
                guard !state.stopped else { return nil }
                let connection = ScriptedConnection(core: self, descriptor: descriptor, number: state.connections.count)
                state.connections.append(connection)
                return connection
            }
            guard let connection else {
                close(descriptor)
                return
            }
            startThread { connection.readAll() }
            startThread { connection.answerAll() }
        }
    }

    /// Ends everything and waits until the threads are gone.
    func stop() {
        let open: [ScriptedConnection]? = locked { state in
            guard !state.stopped else { return nil }
            state.stopped = true
            return state.connections
        }
        guard let open else { return }
        // Wakes poll(2), which close(2) does not.
        shutdown(listener, CInt(SHUT_RDWR))
        for connection in open { connection.shutdownBoth() }
        try? wait(10, until: { $0.threads == 0 ? () : nil })
        close(listener)
        // Breaks the cycles between server and connections.
        locked { $0.connections = [] }
    }
}
