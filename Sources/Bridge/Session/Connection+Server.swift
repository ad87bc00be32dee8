// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// Server → client.
extension Connection: BackendReceiver {
    func received(line: UnsafeRawBufferPointer) {
        guard self.isOpen else { return }
        self.lendBuffers()
        self.noteServerTime()
        let replies = self.webSocket.outbound.tail.writerIndex
        let verdict = self.session.receivedFromServer(line, replies: &self.webSocket.outbound.tail)
        if self.tap != nil { self.show(line, verdict, since: replies) }
        switch verdict {
        case .forward(let range, let splice):
            self.send(line, range, splice)
            if self.webSocket.outbound.bytes >= Self.earlyFlush { self.flushToClient() }
        case .elements(let ranges):
            for range in ranges { self.received(line: UnsafeRawBufferPointer(rebasing: line[range])) }
        case .skipped(let reason): self.logSkip(reason, bytes: line.count)
        case .dropped, .replaced, .rewritten: break
        }
    }

    func received(assembled line: ByteBuffer) {
        guard line.readableBytes >= OutboundQueue.ownBufferSize, self.isOpen else {
            return line.withUnsafeReadableBytes { self.received(line: $0) }
        }
        self.noteServerTime()
        let replies = self.webSocket.outbound.tail.writerIndex
        let verdict = line.withUnsafeReadableBytes {
            self.session.receivedFromServer($0, replies: &self.webSocket.outbound.tail)
        }
        if self.tap != nil { line.withUnsafeReadableBytes { self.show($0, verdict, since: replies) } }
        switch verdict {
        case .forward(let range, nil):
            FrameWriter.writeTextHeader(payload: range.count, to: &self.webSocket.outbound.tail)
            let start = line.readerIndex + range.lowerBound
            guard let payload = line.getSlice(at: start, length: range.count) else { return }
            self.webSocket.outbound.append(payload, prefixed: true)
        case .forward(let range, let splice): line.withUnsafeReadableBytes { self.send($0, range, splice) }
        case .elements(let ranges):
            line.withUnsafeReadableBytes { bytes in
                for range in ranges { self.received(line: UnsafeRawBufferPointer(rebasing: bytes[range])) }
            }
        case .skipped(let reason): self.logSkip(reason, bytes: line.readableBytes)
        case .dropped, .replaced, .rewritten: break
        }
    }

    func receivedTooLong(prefix: ByteBuffer) {
        guard self.isOpen else { return }
        self.noteServerTime()
        let limit = self.server.configuration.limits.maxLine
        let replies = self.webSocket.outbound.tail.writerIndex
        let isAnswered = prefix.withUnsafeReadableBytes {
            self.session.receivedTooLong($0, limit: limit, replies: &self.webSocket.outbound.tail)
        }
        self.showReplies(since: replies)
        self.logger.warning("server wrote a line over max_line", metadata: [LogKey.limit: "\(limit)"])
        if !isAnswered { self.end(.lineTooLong(limit: limit)) }
    }

    func failed(_ id: RequestID, _ reply: BridgeReply) {
        guard self.isOpen else { return }
        self.noteServerTime()
        let replies = self.webSocket.outbound.tail.writerIndex
        self.session.answer(id, with: reply, into: &self.webSocket.outbound.tail)
        self.showReplies(since: replies)
    }

    func receivedOutputPiece() {
        self.flushToClient()
    }

    func receivedAllOutput() {
        defer { self.takeBackBuffers() }
        let now = self.takeServerTime()
        guard self.isOpen else { return }
        self.deadlines.passedMessage(at: now)
        self.flushToClient()
        self.endIfDrained()
    }

    func becameWritable() {
        guard self.isOpen else { return }
        self.deadlines.serverTook()
        self.flushToServer()
    }

    func outlives(_ end: SessionEnd, stderr: [String]) -> Bool {
        guard self.isOpen, self.drainEnd == nil, self.session.isModernOnly else { return false }
        self.lendBuffers()
        defer { self.takeBackBuffers() }
        self.session.now = Self.now()
        let replies = self.webSocket.outbound.tail.writerIndex
        self.session.serverReplaced(end.reply(stderr: stderr), into: &self.webSocket.outbound.tail)
        self.showReplies(since: replies)
        // Its requests have been answered with the rest.
        self.toServer.removeAll()
        self.deadlines.serverTook()
        self.flushToServer()
        self.flushToClient()
        return true
    }

    func ended(_ end: SessionEnd, stderr: [String]) {
        guard self.isOpen else { return }
        guard self.hasHeardClient || self.drainEnd != nil else { return self.awaitFirstMessage(end, stderr: stderr) }
        self.end(end, stderr: stderr)
    }

    /// Writes one message as a frame. `bytes` is copied: it is small, or has to be changed.
    private func send(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ splice: Session.Splice?) {
        guard let splice else {
            FrameWriter.writeText(UnsafeRawBufferPointer(rebasing: bytes[range]), to: &self.webSocket.outbound.tail)
            return
        }
        let count = range.count - splice.range.count + splice.replacement.count
        FrameWriter.writeTextHeader(payload: count, to: &self.webSocket.outbound.tail)
        self.webSocket.outbound.tail.writeBytes(bytes[range.lowerBound..<splice.range.lowerBound])
        self.webSocket.outbound.tail.writeBytes(splice.replacement)
        self.webSocket.outbound.tail.writeBytes(bytes[splice.range.upperBound..<range.upperBound])
    }

    /// A few of a server's non-messages go to the log, all are counted (R40). Never their text.
    private func logSkip(_ reason: String, bytes: Int) {
        self.loggedSkips += 1
        guard self.loggedSkips <= 5 else { return }
        self.logger.warning(
            "skipped a line of the server's",
            metadata: [LogKey.reason: "\(reason)", LogKey.bytes: "\(bytes)"]
        )
    }
}
