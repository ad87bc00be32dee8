// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import NIOCore

/// Messages that an operator is shown (``Tap``).
extension Connection {
    /// Shows an operator the messages from now on.
    func attach(_ order: Tap.Order) -> Tap.Outcome {
        guard self.isOpen else { return .noSuchConnection }
        guard self.tap == nil else { return .taken }
        let secrets = (self.server.upstream?.secrets ?? []) + self.server.environment.secrets
        self.tap = Tap(order, secrets: secrets)
        self.recordTap(order.operatorName)
        return .attached
    }

    /// Shows a message of the client's.
    ///
    /// - Returns: where what the bridge answers by itself begins, for ``showReplies(since:)``.
    func show(_ message: ByteBuffer, from start: Int) -> Int {
        self.tap.map { tap in message.withBytes(from: start) { tap.saw($0, from: .client) } }
        return self.webSocket.outbound.tail.writerIndex
    }

    /// Shows a message of the server's that goes on, or the one that was made of it.
    func show(_ line: UnsafeRawBufferPointer, _ verdict: Session.OnServerLine, since start: Int) {
        switch verdict {
        case .forward(let range, _): self.tap?.saw(UnsafeRawBufferPointer(rebasing: line[range]), from: .server)
        case .rewritten: self.showReplies(since: start, from: .server)
        case .replaced: self.showReplies(since: start)
        case .elements, .dropped, .skipped: break
        }
    }

    /// Shows the messages in the frames that the bridge itself has made since there were so many bytes of them.
    func showReplies(since start: Int, from side: Tap.Side = .bridge) {
        guard let tap, start < self.webSocket.outbound.tail.writerIndex else { return }
        self.webSocket.outbound.tail.withBytes(from: start) { bytes in
            var frames = ServerFrames(maxMessage: .max)
            var offset = 0
            while case .text(let range) = frames.next(in: bytes, from: &offset) {
                tap.saw(UnsafeRawBufferPointer(rebasing: bytes[range]), from: side)
            }
        }
    }
}
