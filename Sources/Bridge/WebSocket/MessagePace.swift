// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// What a client has sent beyond `message_rate` (R74), until it may be taken: then it is not read from either, so that it
/// waits like one whose server is slow, and nothing is lost.
///
/// Confined to its event loop. A connection without `message_rate` has none.
final class MessagePace {
    /// Messages are taken together that come due in this time, so that a fast rate needs no timer for each.
    private static let gathering: Int64 = 50_000_000

    private let rate: Rate
    private var due = Rate.full
    /// Empty while nothing is held.
    private var held = ByteBuffer()
    private var timer: Scheduled<Void>?
    private(set) var isHolding = false
    /// There are tokens again, but the server takes nothing, or the client takes no answers (R46).
    private(set) var waitsForPeer = false

    init(_ rate: Rate) {
        self.rate = rate
    }

    func mayTake(now: Int64) -> Bool { self.rate.wait(self.due, now: now) == 0 }

    /// A message or control frame was taken.
    func took(now: Int64) { self.due = self.rate.taken(self.due, now: now) }

    /// Keeps what has been read and may not be taken yet, behind what is kept already.
    func hold(_ rest: ByteBuffer) {
        self.isHolding = true
        // A copy: what was read into is the buffer of the whole event loop.
        self.held.writeImmutableBuffer(rest)
    }

    /// Calls `body` once there are tokens.
    func whenDue(on eventLoop: any EventLoop, now: Int64, _ body: @escaping () -> Void) {
        let wait = self.rate.wait(self.due, gathering: Self.gathering, now: now)
        self.waitsForPeer = false
        self.timer?.cancel()
        self.timer = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait), body)
    }

    /// Calls `body` in a turn of its own, tokens or not.
    func soon(on eventLoop: any EventLoop, _ body: @escaping () -> Void) {
        self.waitsForPeer = false
        self.timer?.cancel()
        self.timer = eventLoop.assumeIsolated().scheduleTask(in: .zero, body)
    }

    func waitForPeer() {
        self.waitsForPeer = true
    }

    /// Gives back what was held, and holds nothing.
    func release() -> ByteBuffer {
        self.timer?.cancel()
        self.timer = nil
        self.isHolding = false
        self.waitsForPeer = false
        defer { self.held = ByteBuffer() }
        return self.held
    }
}

@available(*, unavailable)
extension MessagePace: Sendable {}
