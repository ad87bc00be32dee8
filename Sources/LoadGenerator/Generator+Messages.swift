// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc
internal import Histogram

// The way of a message: bytes in, frames, answers, the next requests, bytes out.

// MARK: - In

extension Generator {
    /// Reads what is there, handles it, and sends what may be sent then.
    func receive(_ connection: ConnectionPointer) {
        guard connection.pointee.state != .slow else { return self.cut(connection) }
        // A large message takes many reads; another connection's turn must come nevertheless.
        var turns = 0
        while turns < 8 || connection.pointee.hasUnreadTLS {
            turns += 1
            let isShared = connection.pointee.rest.isEmpty && self.answersAreSmall
            let room: Int
            let place: UnsafeMutableRawPointer
            if isShared {
                room = self.readBuffer.count
                place = self.readBuffer.baseAddress.unsafelyUnwrapped
            } else {
                room = max(connection.pointee.missing, self.roomForAnswer)
                place = connection.pointee.rest.reserve(room)
            }
            let count = connection.pointee.read(place, room)
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    // What waited for the TLS handshake can go now.
                    if connection.pointee.tls != nil { self.flush(connection) }
                    return
                }
                return self.ended(connection, count < 0 ? errno : 0)
            }
            if isShared {
                let bytes = UnsafeRawBufferPointer(start: place, count: count)
                let used = self.take(bytes, of: connection)
                guard connection.pointee.state != .closed else { return }
                if used < count {
                    // The whole of what is to come fits behind it at once.
                    _ = connection.pointee.rest.reserve(count - used + connection.pointee.missing)
                    connection.pointee.rest.append(UnsafeRawBufferPointer(rebasing: bytes[used...]))
                }
            } else {
                connection.pointee.rest.commit(count)
                self.progress &+= 1
                if count < connection.pointee.missing {
                    connection.pointee.missing -= count
                } else {
                    let used = self.take(connection.pointee.rest.bytes, of: connection)
                    guard connection.pointee.state != .closed else { return }
                    connection.pointee.rest.consume(used)
                }
            }
            self.fill(connection)
            self.flush(connection)
            guard connection.pointee.state != .slow, count == room || connection.pointee.hasUnreadTLS else { return }
        }
    }

    /// Handles what is whole in `bytes`.
    ///
    /// - Returns: how many bytes were used. The connection may be closed then.
    func take(_ bytes: UnsafeRawBufferPointer, of connection: ConnectionPointer) -> Int {
        let now = Machine.now()
        var offset = 0
        guard self.isWebSocket else { return self.takeLines(bytes, of: connection, at: now) }
        if connection.pointee.state == .upgrading {
            offset = self.takeUpgrade(bytes, of: connection, at: now)
            guard offset > 0 else { return 0 }
        }
        while true {
            switch connection.pointee.frames.next(in: bytes, from: &offset) {
            case .text(let range):
                self.take(message: UnsafeRawBufferPointer(rebasing: bytes[range]), of: connection, at: now)
            case .needMoreData(let missing):
                connection.pointee.missing = missing
                return offset
            case let event:
                guard self.takeSpecial(event, bytes, of: connection, at: now) else { return offset }
            }
        }
    }

    /// Everything but a message in one frame; false when the connection has come to its end.
    private func takeSpecial(
        _ event: ServerFrames.Event,
        _ bytes: UnsafeRawBufferPointer,
        of connection: ConnectionPointer,
        at now: UInt64
    ) -> Bool {
        // It may have been let go of because of a message.
        guard connection.pointee.state != .closed else { return false }
        switch event {
        case .text, .needMoreData, .pong: break
        case .fragment(let range, let isFinal):
            connection.pointee.assembly.append(UnsafeRawBufferPointer(rebasing: bytes[range]))
            if isFinal {
                self.take(message: connection.pointee.assembly.bytes, of: connection, at: now)
                connection.pointee.assembly.removeAll()
            }
        case .ping(let range):
            let payload = UnsafeRawBufferPointer(rebasing: bytes[range])
            let size = MaskedFrameWriter.size(payload: payload.count)
            let place = connection.pointee.out.reserve(size)
            MaskedFrameWriter.writePong(payload, mask: self.nextMask(), to: place)
            connection.pointee.out.commit(size)
        case .close(let code, let reason):
            // The peer ends the TCP connection (RFC 6455 §7.1.1); its reader indicates that.
            guard connection.pointee.state != .closing else { return true }
            let words = String(decoding: bytes[reason], as: UTF8.self)
            self.fail(.closedEarly, connection, "the server closed: \(code?.description ?? "no code") \(words)")
            self.drop(connection)
            return false
        case .failed:
            let reason = connection.pointee.frames.failure?.reason ?? ""
            self.fail(.error, connection, "a frame that a client must not accept: \(reason)")
            self.drop(connection)
            return false
        }
        return true
    }

    private func takeLines(_ bytes: UnsafeRawBufferPointer, of connection: ConnectionPointer, at now: UInt64) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var offset = 0
        var scanned = connection.pointee.scanned
        while let end = memchr(base + scanned, CInt(UInt8(ascii: "\n")), bytes.count - scanned) {
            let line = UnsafeRawBufferPointer(start: base + offset, count: UnsafeRawPointer(end) - (base + offset))
            offset += line.count + 1
            scanned = offset
            if !line.isEmpty { self.take(message: line, of: connection, at: now) }
        }
        connection.pointee.scanned = bytes.count - offset
        connection.pointee.missing = 1
        return offset
    }

    @inline(__always)
    private func take(message: UnsafeRawBufferPointer, of connection: ConnectionPointer, at now: UInt64) {
        // Byte for byte what is expected: the id is outstanding here, and all of the rest as it was once verified.
        if self.expected != nil, let id = self.expected?.id(in: message), let slot = self.slot(of: id, on: connection) {
            self.expected?.set(connection: connection.pointee.number)
            if self.expected?.matches(message) == true {
                return self.answered(slot, of: connection, message.count, at: now)
            }
        }
        self.examine(message, of: connection, at: now)
    }

    /// The place of an outstanding request; nil where there is none with this id.
    @inline(__always)
    private func slot(of id: UInt64, on connection: ConnectionPointer) -> UInt64? {
        guard id >= MessageTemplate.firstID else { return nil }
        let slot = (id &- MessageTemplate.firstID) & ((1 &<< self.slotBits) &- 1)
        guard slot < connection.pointee.freshSlot else { return nil }
        return connection.pointee.slots[Int(truncatingIfNeeded: slot)].id == id ? slot : nil
    }

    @inline(__always)
    private func answered(_ slot: UInt64, of connection: ConnectionPointer, _ bytes: Int, at now: UInt64) {
        let sent = connection.pointee.slots[Int(truncatingIfNeeded: slot)].time
        connection.pointee.free(slot: slot)
        self.outstanding &-= 1
        self.report.done &+= 1
        self.report.bytesReceived &+= bytes
        // A request may leave at the very tick at which the clock was read for the answer.
        self.report.latencies.record(min(now > sent ? now &- sent : 0, LoadReport.longest))
        if self.isStorm { self.beginClose(connection) }
    }

    /// The thorough check, for what is not byte for byte as expected.
    @inline(never)
    private func examine(_ message: UnsafeRawBufferPointer, of connection: ConnectionPointer, at now: UInt64) {
        switch connection.pointee.state {
        case .initializing: self.takeInitializeAnswer(message, of: connection, at: now)
        case .running:
            do throws(AnswerCheck.Fault) {
                try self.judge(message, of: connection, at: now)
            } catch {
                let start = String(decoding: message.prefix(160), as: UTF8.self)
                self.fail(.mismatched, connection, "\(error.rawValue): \(start)")
            }
        case .slow: self.takeSlowAnswer(message, of: connection)
        case .closed, .connecting, .upgrading, .closing: break
        }
    }

    private func judge(
        _ message: UnsafeRawBufferPointer,
        of connection: ConnectionPointer,
        at now: UInt64
    ) throws(AnswerCheck.Fault) {
        guard self.options.echoCheck == .server else { throw .notTheSame }
        guard case .result(let id, let idAt, let result) = try AnswerCheck.kind(of: message) else { return }
        guard let slot = self.slot(of: id, on: connection) else { throw .notOutstanding }
        self.request.set(connection: connection.pointee.number)
        self.request.set(id: id)
        var textAt: Int?
        if let text = self.request.text {
            do throws(AnswerCheck.Fault) {
                textAt = try AnswerCheck.textPlace(text, in: message, result: result)
            } catch {
                // It was an answer, though a wrong one: no other will come.
                connection.pointee.free(slot: slot)
                self.outstanding -= 1
                throw error
            }
        }
        if self.lessons > 0 {
            self.lessons -= 1
            self.expected = MessageTemplate(Array(message), idAt: idAt, textAt: textAt)
        }
        self.answered(slot, of: connection, message.count, at: now)
    }
}

// MARK: - Out

extension Generator {
    /// Writes the requests that may leave now to the end of what waits to be sent.
    @inline(__always)
    func fill(_ connection: ConnectionPointer) {
        guard connection.pointee.state == .running else { return }
        switch self.pace {
        case .none: return
        case .closed: break
        case .bursts: guard connection.pointee.outstanding == 0 else { return }
        case .open:
            while connection.pointee.sent < connection.pointee.due, connection.pointee.outstanding < self.window {
                let due = self.schedule.due(turn: connection.pointee.sent, of: connection.pointee.number)
                self.backlog &-= 1
                self.write(connection, at: self.epoch &+ due)
            }
            return
        }
        let count = min(self.window &- connection.pointee.outstanding, self.remaining)
        guard count > 0 else { return }
        self.remaining &-= count
        let now = Machine.now()
        for _ in 0..<count { self.write(connection, at: now) }
    }

    /// Writes the next request, which counts from `time` on.
    @inline(__always)
    private func write(_ connection: ConnectionPointer, at time: UInt64) {
        let slot = connection.pointee.takeSlot()
        let turn = UInt64(truncatingIfNeeded: connection.pointee.sent)
        let id = MessageTemplate.firstID &+ ((turn &<< self.slotBits | slot) & MessageTemplate.idMask)
        connection.pointee.slots[Int(truncatingIfNeeded: slot)] = Slot(id: id, time: time)
        connection.pointee.sent &+= 1
        self.outstanding &+= 1
        self.request.set(connection: connection.pointee.number)
        self.request.set(id: id)
        self.write(message: UnsafeRawBufferPointer(self.request.bytes), connection)
        self.report.bytesSent &+= self.request.bytes.count
    }

    /// Writes a message as a frame or as a line.
    @inline(__always)
    func write(message: UnsafeRawBufferPointer, _ connection: ConnectionPointer) {
        if self.isWebSocket {
            let size = MaskedFrameWriter.size(payload: message.count)
            let place = connection.pointee.out.reserve(size)
            MaskedFrameWriter.writeText(message, mask: self.nextMask(), to: place)
            connection.pointee.out.commit(size)
        } else {
            let place = connection.pointee.out.reserve(message.count + 1)
            memcpy(place, message.baseAddress.unsafelyUnwrapped, message.count)
            place.storeBytes(of: UInt8(ascii: "\n"), toByteOffset: message.count, as: UInt8.self)
            connection.pointee.out.commit(message.count + 1)
        }
    }

    /// Sends what waits, or as much as is taken now.
    @inline(__always)
    func flush(_ connection: ConnectionPointer) {
        while !connection.pointee.out.isEmpty {
            let bytes = connection.pointee.out.bytes
            let count = connection.pointee.write(bytes)
            guard count >= 0 else {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    if connection.pointee.isInTLSHandshake { return }
                    if !connection.pointee.awaitsRoom { self.updateWatch(connection, awaitsRoom: true) }
                    return
                }
                // The reader comes upon the peer's end too, and upon what the peer said before it, which says more.
                connection.pointee.out.removeAll()
                break
            }
            connection.pointee.out.consume(count)
        }
        if connection.pointee.awaitsRoom { self.updateWatch(connection, awaitsRoom: false) }
    }

    /// xorshift: unpredictable is not what these masks have to be, only different (RFC 6455 §10.3 guards browsers).
    @inline(__always)
    func nextMask() -> UInt32 {
        self.maskState ^= self.maskState &<< 13
        self.maskState ^= self.maskState &>> 7
        self.maskState ^= self.maskState &<< 17
        return UInt32(truncatingIfNeeded: self.maskState)
    }
}
