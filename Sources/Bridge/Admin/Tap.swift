// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// What an operator is shown of one connection's messages as they pass: a line of JSON for each.
///
/// Made for the admin address, then confined to the event loop of the connection that it is put on. The connection does not
/// wait for the operator: what he does not take in time is left out, and he is told how much that was.
final class Tap {
    enum Side: String {
        case client, server
        /// An answer of the bridge's own.
        case bridge
    }

    /// Bytes on their way to the operator at the most.
    private static let mostPending = 8 << 20

    /// An operator's wish for one.
    struct Order: Sendable {
        let redaction: TapRedaction
        /// Of the operator, who waits for an answer.
        let channel: any Channel
        /// Who that is.
        let operatorName: String
    }

    enum Outcome: Sendable {
        /// The operator is answered by the tap from now on.
        case attached
        case noSuchConnection
        /// Another operator looks at it.
        case taken
    }

    private let redaction: TapRedaction
    private let channel: any Channel
    /// Bytes on their way to the operator: added to here, taken off on the admin address's event loop.
    private let pending = PendingBytes()
    private var omitted = 0

    /// How long the operator may take over the last lines.
    private static let patience = TimeAmount.seconds(5)

    /// Answers the operator.
    ///
    /// - Parameter secrets: what must not be shown wherever it stands.
    init(_ order: Order, secrets: [String]) {
        self.redaction = order.redaction.hiding(secrets)
        self.channel = order.channel
        let headers: HTTPHeaders = [
            "content-type": "application/x-ndjson", "transfer-encoding": "chunked", "cache-control": "no-store",
            "connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        self.channel.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil)
    }

    /// A message has come from the client or the server, or the bridge has made one for the client.
    func saw(_ message: UnsafeRawBufferPointer, from side: Side) {
        guard self.pending.count.load(ordering: .relaxed) < Self.mostPending else {
            self.omitted += 1
            return
        }
        self.tellOmitted()
        var line = Self.begin("from", side.rawValue)
        line.append(contentsOf: ",\"bytes\":\(message.count)".utf8)
        let whole = line.count
        line.append(contentsOf: ",\"message\":".utf8)
        let isLong = message.count > TapRedaction.messageLimit
        if isLong || !self.redaction.append(message, to: &line) {
            line.removeSubrange(whole...)
            line.append(contentsOf: ",\"omitted\":\"\(isLong ? "too long" : "not JSON")\"".utf8)
        }
        self.send(line)
    }

    /// The connection is over.
    func ended(_ end: SessionEnd) {
        self.tellOmitted()
        var line = Self.begin("event", "ended")
        line.append(contentsOf: ",\"cause\":\"\(end.cause)\"".utf8)
        self.send(line)
        let channel = self.channel
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
        // One who reads nothing keeps it no longer than this.
        channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    private func tellOmitted() {
        guard self.omitted > 0 else { return }
        var line = Self.begin("event", "omitted")
        line.append(contentsOf: ",\"count\":\(self.omitted)".utf8)
        self.omitted = 0
        self.send(line)
    }

    private static func begin(_ key: String, _ value: String) -> [UInt8] {
        Array("{\"time\":\"\(Timestamp.now())\",\"\(key)\":\"\(value)\"".utf8)
    }

    private func send(_ line: [UInt8]) {
        var text = line
        text.append(contentsOf: "}\n".utf8)
        let count = text.count
        let pending = self.pending
        pending.count.add(count, ordering: .relaxed)
        self.channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: text))))
            .whenComplete { _ in pending.count.subtract(count, ordering: .relaxed) }
    }
}

@available(*, unavailable)
extension Tap: Sendable {}

private final class PendingBytes: Sendable {
    let count = Atomic(0)
}
