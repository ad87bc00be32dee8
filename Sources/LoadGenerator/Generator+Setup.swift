// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import CEpoll
internal import COpenSSL
internal import Glibc
internal import Histogram

// The life of a connection but for its messages: connect, upgrade, initialize, end.

// MARK: - Begin

extension Generator {
    /// Begins a connection.
    func begin(_ connection: ConnectionPointer) {
        connection.pointee.reset()
        connection.pointee.begun = Machine.now()
        switch self.options.target {
        case .webSocket(let url): self.connect(connection, to: url)
        case .command(let words): self.start(connection, words)
        }
    }

    private func connect(_ connection: ConnectionPointer, to url: LoopbackURL) {
        let family = url.address == .v6 ? AF_INET6 : AF_INET
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return self.fail(.error, connection, "socket: \(Machine.words(errno))") }
        var one: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        if connection.pointee.isSlow { self.narrow(descriptor) }
        connection.pointee.input = descriptor
        connection.pointee.output = descriptor
        connection.pointee.tls = self.tls?.begin(on: descriptor)
        self.opened(connection, .connecting)
        if Self.connect(descriptor, to: url) == 0 {
            connection.pointee.state = .upgrading
            self.watch(connection)
            self.sendUpgrade(connection)
        } else if errno == EINPROGRESS {
            self.watch(connection)
        } else {
            self.refused(connection, url, errno)
        }
    }

    private static func connect(_ descriptor: CInt, to url: LoopbackURL) -> CInt {
        switch url.address {
        case .v4(let first, let second, let third, let fourth):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = url.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: [first, second, third, fourth]) }
            return Self.connect(descriptor, &address)
        case .v6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = url.port.bigEndian
            address.sin6_addr = in6addr_loopback
            return Self.connect(descriptor, &address)
        }
    }

    private static func connect<Address>(_ descriptor: CInt, _ address: inout Address) -> CInt {
        withUnsafeBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return Glibc.connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    private func refused(_ connection: ConnectionPointer, _ url: LoopbackURL, _ number: CInt) {
        let kind: Failures.Kind = number == ECONNREFUSED ? .refused : .error
        self.fail(kind, connection, "connect to \(url.authority): \(Machine.words(number))")
        self.drop(connection)
    }

    /// The TCP handshake is over, one way or the other.
    func connected(_ connection: ConnectionPointer) {
        guard case .webSocket(let url) = self.options.target else { return }
        var number: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(connection.pointee.input, SOL_SOCKET, SO_ERROR, &number, &size)
        guard number == 0 else { return self.refused(connection, url, number) }
        connection.pointee.state = .upgrading
        self.updateWatch(connection, awaitsRoom: false)
        self.sendUpgrade(connection)
    }

    private func start(_ connection: ConnectionPointer, _ words: [String]) {
        do throws(Child.StartError) {
            let child = try Child.start(words)
            connection.pointee.child = child.pid
            connection.pointee.input = child.input
            connection.pointee.output = child.output
        } catch {
            return self.fail(.error, connection, "starting \(words[0]): \(Machine.words(error.number))")
        }
        self.opened(connection, .initializing)
        self.watch(connection)
        self.upgraded(connection, at: Machine.now())
        self.flush(connection)
    }

    private func opened(_ connection: ConnectionPointer, _ state: Connection.State) {
        connection.pointee.state = state
        guard !connection.pointee.isSlow else { return }
        self.alive += 1
        self.settingUp += 1
    }

    private func sendUpgrade(_ connection: ConnectionPointer) {
        self.upgradeRequest.withUnsafeBytes { connection.pointee.out.append($0) }
        self.flush(connection)
    }

    /// Takes the response to the opening handshake.
    ///
    /// - Returns: how many bytes were used; 0 if it is not whole, or the connection has come to its end.
    func takeUpgrade(_ bytes: UnsafeRawBufferPointer, of connection: ConnectionPointer, at now: UInt64) -> Int {
        switch OpeningHandshake.judge(bytes, subprotocol: self.options.subprotocol) {
        case .incomplete:
            connection.pointee.missing = 1
            return 0
        case .accepted(let end):
            self.upgraded(connection, at: now)
            return end
        case .refused(let status):
            self.fail(.refused, connection, "the server refused: \(status)")
        case .invalid(let problem):
            self.fail(.error, connection, "the opening handshake: \(problem)")
        }
        self.drop(connection)
        return 0
    }

    private func upgraded(_ connection: ConnectionPointer, at now: UInt64) {
        self.progress += 1
        guard self.options.initializes, self.options.echoCheck == .server else {
            return self.ready(connection, at: now)
        }
        connection.pointee.state = .initializing
        self.write(
            """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",\
            "capabilities":{},"clientInfo":{"name":"mcp-wsload","version":"1"}}}
            """,
            connection
        )
    }

    func write(_ message: String, _ connection: ConnectionPointer) {
        var message = message
        message.withUTF8 { self.write(message: UnsafeRawBufferPointer($0), connection) }
    }

    /// Takes what comes before the answer to `initialize`, and that.
    func takeInitializeAnswer(_ message: UnsafeRawBufferPointer, of connection: ConnectionPointer, at now: UInt64) {
        do throws(AnswerCheck.Fault) {
            guard case .result(let id, _, _) = try AnswerCheck.kind(of: message) else { return }
            guard id == 1 else { throw .initialize }
        } catch {
            let start = String(decoding: message.prefix(160), as: UTF8.self)
            self.fail(.error, connection, "\(AnswerCheck.Fault.initialize.rawValue): \(error.rawValue): \(start)")
            self.drop(connection)
            return
        }
        self.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", connection)
        self.ready(connection, at: now)
    }

    private func ready(_ connection: ConnectionPointer, at now: UInt64) {
        self.progress += 1
        connection.pointee.state = .running
        if connection.pointee.isSlow { return self.askForMuch(connection) }
        self.running += 1
        self.settingUp -= 1
        self.report.setups += 1
        self.report.setupLatencies.record(min(now - connection.pointee.begun, LoadReport.longest))
        self.lastSetup = now
        if self.options.mode == .churn { self.beginClose(connection) }
    }
}

// MARK: - End

extension Generator {
    /// Ends a connection in the orderly way; its end is awaited.
    func beginClose(_ connection: ConnectionPointer) {
        switch connection.pointee.state {
        case .closed, .closing: return
        case .connecting, .upgrading, .slow: return self.drop(connection)
        case .initializing, .running: break
        }
        self.leaveRunning(connection)
        connection.pointee.state = .closing
        if self.isWebSocket {
            let size = MaskedFrameWriter.size(payload: 2)
            MaskedFrameWriter.writeClose(
                .normal,
                mask: self.nextMask(),
                to: connection.pointee.out.reserve(size)
            )
            connection.pointee.out.commit(size)
            self.flush(connection)
        } else {
            // A child ends at the end of its input.
            self.flush(connection)
            self.closeChildInput(connection)
        }
    }

    private func closeChildInput(_ connection: ConnectionPointer) {
        guard connection.pointee.output >= 0 else { return }
        close(connection.pointee.output)
        connection.pointee.output = -1
        connection.pointee.out.removeAll()
        connection.pointee.awaitsRoom = false
    }

    /// The peer's end was read.
    func ended(_ connection: ConnectionPointer, _ number: CInt) {
        let state = connection.pointee.state
        switch state {
        case .closing: break
        case .upgrading: self.fail(.refused, connection, "the server hung up during the opening handshake")
        default:
            let cause = number == 0 ? "" : ": \(Machine.words(number))"
            self.fail(.closedEarly, connection, "the connection was lost without a close frame\(cause)")
        }
        self.drop(connection)
        guard self.options.mode == .churn, state == .closing else { return }
        self.report.done += 1
        self.report.latencies.record(min(Machine.now() - connection.pointee.begun, LoadReport.longest))
    }

    private func leaveRunning(_ connection: ConnectionPointer) {
        guard !connection.pointee.isSlow else { return }
        switch connection.pointee.state {
        case .running: self.running -= 1
        case .connecting, .upgrading, .initializing: self.settingUp -= 1
        case .closed, .closing, .slow: break
        }
    }

    /// Lets go of a connection; what is outstanding on it is lost.
    func drop(_ connection: ConnectionPointer) {
        guard connection.pointee.state != .closed else { return }
        self.leaveRunning(connection)
        self.progress += 1
        if !connection.pointee.isSlow { self.alive -= 1 }
        if connection.pointee.state == .slow { self.leaveSlow() }
        connection.pointee.state = .closed
        SSL_free(connection.pointee.tls)
        connection.pointee.tls = nil
        close(connection.pointee.input)
        if !self.isWebSocket { self.closeChildInput(connection) }
        if connection.pointee.child > 0 {
            self.unreaped.append(connection.pointee.child)
            self.reap()
        }
        connection.pointee.input = -1
        connection.pointee.output = -1
        connection.pointee.child = 0
        let unsent = connection.pointee.due - connection.pointee.sent
        if self.pace == .open, unsent > 0 { self.backlog -= unsent }
        let lost = connection.pointee.outstanding + (self.pace == .open ? max(0, unsent) : 0)
        self.outstanding -= connection.pointee.outstanding
        connection.pointee.outstanding = 0
        let number = connection.pointee.number
        self.report.failures.count(.lost, times: lost, "connection \(number): \(lost) requests without an answer")
    }

    /// Collects children that have ended.
    func reap() { self.unreaped.removeAll { Child.hasEnded($0) } }
}
