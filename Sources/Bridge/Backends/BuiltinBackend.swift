// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// The server inside the bridge (`builtin = "echo"`): what EchoServer answers, without process, descriptor or timer.
///
/// Lives on its client's event loop and answers within ``write(_:)``, so that a message costs no hop, and what one wake-up
/// brings is answered in that wake-up: whoever writes then writes out what came of it. Everything else happens in a turn
/// of its own on the event loop (``takeTurn()``): what is left after the client was paused, and what follows a large
/// answer. So a client that asks for much leaves the other connections of its loop their turns, and no call of the
/// receiver's ends in another call of the same kind.
final class BuiltinBackend: Backend {
    /// Where answers are put together: one for all connections of an event loop, so that an idle one keeps no buffer.
    final class AnswerBuffer {
        /// Nil while it is in use. Nowhere here does an empty ByteBuffer stand for none: all of these are one object,
        /// whose reference count all event loops would write to.
        fileprivate var bytes: ByteBuffer?
    }

    /// What is held while nothing is answered, as a pipe would: with this much no more is taken. What was written last
    /// is taken whole, so that there may be twice as much.
    private static let capacity = 64 << 10

    /// Who gets the answers; nil before the handshake is done and after the end.
    private var receiver: (any BackendReceiver)?
    let pid: Int32? = nil
    let transportName: String? = "built-in"
    private let eventLoop: any EventLoop
    private let answers: AnswerBuffer
    private var lines = LineReader(limit: .max)
    /// What has been written and not been answered; nil for nothing.
    private var unanswered: ByteBuffer?
    private var isReading = false
    /// Until then nothing is answered.
    private var isTurnDue = false
    /// A call of the receiver's is under way that may come back here.
    private var isAnswering = false
    private var isOver = false

    /// - Parameter answers: that of the event loop.
    init(eventLoop: any EventLoop, answers: AnswerBuffer) {
        self.eventLoop = eventLoop
        self.answers = answers
    }

    // MARK: Backend

    var isWritable: Bool { self.unanswered.map { $0.readableBytes < Self.capacity } ?? true }

    func write(_ lines: ByteBuffer) {
        guard self.receiver != nil else { return }
        if self.unanswered?.writeImmutableBuffer(lines) == nil { self.unanswered = lines }
        self.answer()
    }

    func writeNow(_ lines: inout ByteBuffer) -> Bool {
        guard self.isWritable else { return false }
        self.write(lines)
        lines.moveReaderIndex(to: lines.writerIndex)
        return true
    }

    /// Nothing is left to do: what could be answered has been.
    func flush() {}

    func setReading(_ isOn: Bool) {
        guard self.isReading != isOn else { return }
        self.isReading = isOn
        // Not at once: this is called in the midst of writing to the client.
        if isOn, self.unanswered != nil { self.scheduleTurn() }
    }

    func attach(_ receiver: any BackendReceiver) {
        // A daemon that drains ends the connection before that.
        guard !self.isOver else { return }
        self.receiver = receiver
    }

    func end(farewell: ByteBuffer) {
        self.isOver = true
        self.receiver = nil
        self.unanswered = nil
    }

    // MARK: Answering

    /// Answers what has been written, until the client is paused or a turn is due.
    private func answer() {
        // What an answer leads to may lead back here; the loop below sees to it.
        guard !self.isAnswering else { return }
        self.isAnswering = true
        var answer = self.answers.bytes.take() ?? ByteBuffer()
        while self.isReading, !self.isTurnDue, let receiver = self.receiver, self.answerNext(into: &answer) {
            guard answer.readableBytes > 0 else { continue }
            if answer.readableBytes < OutboundQueue.ownBufferSize {
                answer.withUnsafeReadableBytes { receiver.received(line: $0) }
                answer.clear()
            } else {
                // Its own buffer goes to the client without a copy. The receiver looks only at the end of its wake-up
                // whether the client takes so much: till then one such answer is enough (R46).
                self.scheduleTurn()
                receiver.received(assembled: answer)
                answer = ByteBuffer()
            }
        }
        self.answers.bytes = answer
        self.isAnswering = false
    }

    /// Takes one message and writes the answer to it, if any; false where no whole message is there.
    private func answerNext(into answer: inout ByteBuffer) -> Bool {
        guard var lines = self.unanswered.take() else { return false }
        defer { if lines.readableBytes > 0 { self.unanswered = lines } }
        switch self.lines.next(from: &lines) {
        case .needMoreData: return false
        case .line(let count):
            lines.withUnsafeReadableBytes { bytes in
                EchoServer.answer(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)), to: &answer)
            }
            lines.moveReaderIndex(forwardBy: count + 1)
        case .assembled(let message): message.withUnsafeReadableBytes { EchoServer.answer($0, to: &answer) }
        case .tooLong: break
        }
        return true
    }

    private func scheduleTurn() {
        guard !self.isTurnDue else { return }
        self.isTurnDue = true
        self.eventLoop.assumeIsolated().execute { self.takeTurn() }
    }

    /// Goes on with what is left, up to and including one large answer.
    private func takeTurn() {
        self.isTurnDue = false
        guard self.isReading else { return }
        let wasWritable = self.isWritable
        self.answer()
        if !wasWritable, self.isWritable { self.receiver?.becameWritable() }
        self.receiver?.receivedAllOutput()
        // Whoever paused and resumed meanwhile has seen to that already.
        if self.isReading, self.unanswered != nil { self.scheduleTurn() }
    }
}

@available(*, unavailable)
extension BuiltinBackend: Sendable {}
