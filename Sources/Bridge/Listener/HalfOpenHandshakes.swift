// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// The clients of one event loop whose handshake is not done, be it PROXY, TLS or HTTP (R74): beyond `max_handshakes` the
/// oldest ones are cut, so that whoever opens connections and says nothing takes nobody's place.
///
/// Confined to its event loop.
final class HalfOpenHandshakes {
    /// Clients that come at once have their turn before any is cut.
    private static let interval = TimeAmount.milliseconds(100)

    private let eventLoop: any EventLoop
    private let loops: Int
    private var order: HalfOpen
    private var handlers: [HalfOpen.Number: UpgradeHandler] = [:]
    private var isLookDue = false
    /// Who waits for the last handshake to be done.
    private var onEmpty: [() -> Void] = []

    /// - Parameters:
    ///   - limit: `max_handshakes`.
    ///   - loops: how many event loops share it.
    init(limit: Int, eventLoop: any EventLoop, loops: Int) {
        self.eventLoop = eventLoop
        self.loops = loops
        self.order = HalfOpen(limit: Self.share(of: limit, loops))
    }

    private static func share(of limit: Int, _ loops: Int) -> Int { (limit + loops - 1) / loops }

    /// From now on `max_handshakes` is another.
    func limit(_ limit: Int) {
        self.order.limit(Self.share(of: limit, self.loops))
    }

    /// - Returns: what ``ended(_:)`` is to be called with, once.
    func began(_ handler: UpgradeHandler) -> HalfOpen.Number {
        let number = self.order.began()
        self.handlers[number] = handler
        if self.order.isOver, !self.isLookDue {
            self.isLookDue = true
            self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { self.cutExcess() }
        }
        return number
    }

    func ended(_ number: HalfOpen.Number) {
        self.order.ended(number)
        self.handlers[number] = nil
        self.tellIfEmpty()
    }

    /// Calls `callback` once, as soon as no handshake is under way.
    func whenEmpty(_ callback: @escaping () -> Void) {
        self.onEmpty.append(callback)
        self.tellIfEmpty()
    }

    private func tellIfEmpty() {
        guard self.handlers.isEmpty, !self.onEmpty.isEmpty else { return }
        let callbacks = self.onEmpty
        self.onEmpty = []
        for callback in callbacks { callback() }
    }

    private func cutExcess() {
        self.isLookDue = false
        var unheard: [UpgradeHandler] = []
        while let number = self.order.takeExcess() {
            guard let handler = self.handlers.removeValue(forKey: number) else { continue }
            // It is the bridge that is late: whoever has said something is heard first.
            if handler.isUnheard { unheard.append(handler) } else { handler.cut() }
        }
        for handler in unheard { handler.number = self.began(handler) }
        self.tellIfEmpty()
    }
}

/// Said to the handlers in front when a handshake is cut for others: they need not say that it took too long.
struct HandshakeCut: Sendable {}

@available(*, unavailable)
extension HalfOpenHandshakes: Sendable {}
