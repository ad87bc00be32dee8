// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc

// Slow consumers: they ask for more than all buffers on the way hold, and read a little at a time, or nothing.

extension Generator {
    /// The most that one of them reads at once in bytes: so little that no fast connection's turn comes late.
    private static let slowStep = 8 << 10
    /// Turns of each in a second, where that makes steps no larger.
    private static let slowTurns = 32
    /// What the kernel is asked to hold of what comes to one that reads, in bytes, and the largest segment to it, which is
    /// Ethernet's. With the defaults of loopback the server's kernel alone takes 4 MiB at once, and the server sleeps for
    /// seconds; so it has to work for each of them about every second.
    private static let slowBuffer: CInt = 16 << 10
    private static let slowSegment: CInt = 1460

    /// How much is asked for at first. One that never reads gets nothing of it; of what comes to one that reads, each
    /// answer is asked for anew, so that there is always more to come. Small ones then, so that the server works for it
    /// all the time and not for one large answer now and then.
    private var slowAnswers: (count: Int, bytes: Int) {
        self.options.slowRate == 0 ? (32, 1 << 20) : (256, 64 << 10)
    }

    /// How much one of them reads when its turn comes, in bytes.
    private var slowTurnSize: Int { min(Self.slowStep, max(1, self.options.slowRate / Self.slowTurns)) }

    // MARK: - Begin

    /// Keeps the buffers of a slow consumer's socket small; to be called before it connects.
    func narrow(_ descriptor: CInt) {
        guard self.options.slowRate > 0 else { return }
        var buffer = Self.slowBuffer
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<CInt>.size))
        var segment = Self.slowSegment
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_MAXSEG, &segment, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Asks for more than all buffers on the way hold. What comes of it wakes nobody.
    func askForMuch(_ connection: ConnectionPointer) {
        for _ in 0..<self.slowAnswers.count { self.ask(connection) }
        connection.pointee.state = .slow
        self.slowAlive += 1
        self.updateWatch(connection, awaitsRoom: connection.pointee.awaitsRoom)
    }

    private func ask(_ connection: ConnectionPointer) {
        connection.pointee.sent += 1
        self.write(
            """
            {"jsonrpc":"2.0","id":\(connection.pointee.sent + 1),"method":"tools/call","params":{"name":"big",\
            "arguments":{"bytes":\(self.slowAnswers.bytes)}}}
            """,
            connection
        )
    }

    // MARK: - Read

    /// From now on slow consumers read, if they are to; to be called when all have asked.
    func beginSlowReads() {
        guard self.options.slowRate > 0, self.slowAlive > 0 else { return }
        self.slowDue = Machine.now() + self.slowInterval
    }

    /// How long after one slow consumer's turn the next one's comes, in nanoseconds: they take turns evenly.
    private var slowInterval: UInt64 {
        UInt64(1e9 * Double(self.slowTurnSize) / Double(self.options.slowRate * self.options.slow))
    }

    /// How long until the next turn in nanoseconds.
    func untilSlowRead() -> UInt64 {
        let now = Machine.now()
        return self.slowDue > now ? self.slowDue - now : 0
    }

    /// Lets the slow consumer read whose turn has come, if one's has: one at a time, for the others' sake.
    func readSlowly() {
        let now = Machine.now()
        // The last of them may have gone meanwhile.
        guard self.slowDue <= now else { return }
        let connection = self.connections + self.options.connections + self.slowTurn
        self.slowTurn = (self.slowTurn + 1) % self.options.slow
        // A turn that comes late is not made up for: who is slow has no claim.
        self.slowDue = max(self.slowDue + self.slowInterval, now)
        if connection.pointee.state == .slow { self.readStep(connection) }
    }

    private func readStep(_ connection: ConnectionPointer) {
        let size = self.slowTurnSize
        let place = connection.pointee.rest.reserve(max(connection.pointee.missing, size))
        let count = connection.pointee.read(place, size)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return self.ended(connection, count < 0 ? errno : 0)
        }
        self.report.slowBytes += count
        connection.pointee.rest.commit(count)
        guard count >= connection.pointee.missing else {
            connection.pointee.missing -= count
            return
        }
        let used = self.take(connection.pointee.rest.bytes, of: connection)
        guard connection.pointee.state == .slow else { return }
        connection.pointee.rest.consume(used)
        self.flush(connection)
    }

    /// Takes what came for a slow consumer, and asks for as much again. Only its size is looked at, which costs no time.
    func takeSlowAnswer(_ message: UnsafeRawBufferPointer, of connection: ConnectionPointer) {
        guard message.count < self.slowAnswers.bytes else { return self.ask(connection) }
        if let kind = try? AnswerCheck.kind(of: message), kind == .other { return }
        let start = String(decoding: message.prefix(160), as: UTF8.self)
        self.fail(.mismatched, connection, "\(self.slowAnswers.bytes) bytes were asked for: \(start)")
        self.drop(connection)
    }

    // MARK: - End

    /// The peer has cut off a connection that is not being read from.
    func cut(_ connection: ConnectionPointer) {
        self.ended(connection, self.fault(of: connection))
    }

    private func fault(of connection: ConnectionPointer) -> CInt {
        var number: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(connection.pointee.input, SOL_SOCKET, SO_ERROR, &number, &size)
        return number
    }

    /// Sends a pong that nobody asked for (RFC 6455 §5.5.3): the end of a connection cannot be read while more waits before
    /// it, but the kernel of a server that has closed answers with a reset.
    private func probe(_ connection: ConnectionPointer) {
        let size = MaskedFrameWriter.size(payload: 0)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        MaskedFrameWriter.writePong(empty, mask: self.nextMask(), to: connection.pointee.out.reserve(size))
        connection.pointee.out.commit(size)
        self.flush(connection)
    }

    /// A slow consumer is let go of; when it was the last, there are no turns any more.
    func leaveSlow() {
        self.slowAlive -= 1
        if self.slowAlive == 0 { self.slowDue = .max }
    }

    /// Looks which slow consumers are there still, and for which of them bytes wait.
    func countSlow() {
        for index in self.options.connections..<self.connectionCount where self.connections[index].state == .slow {
            let connection = self.connections + index
            self.probe(connection)
            let number = self.fault(of: connection)
            guard number == 0 else {
                self.ended(connection, number)
                continue
            }
            var byte: UInt8 = 0
            let count = recv(connection.pointee.input, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT))
            // Its end was there to be read, but its turn had not come.
            if count == 0 { self.ended(connection, 0) }
            if count < 0, errno != EAGAIN { self.ended(connection, errno) }
            if count > 0 { self.report.slowWaiting += 1 }
        }
        self.report.slowAlive = self.slowAlive
    }
}
