// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging
internal import NIOCore

/// The lines that the log gets about clients that are not let in: as many as somebody can read, and then a count (R74).
///
/// Confined to its event loop.
final class RefusalLog {
    /// Lines in one second, over all event loops.
    private static let perSecond = 100

    private let logger: Logger
    private let eventLoop: any EventLoop
    private var allowance: LogAllowance
    private var isCountDue = false

    /// - Parameter loops: how many event loops share the lines.
    init(_ logger: Logger, eventLoop: any EventLoop, loops: Int) {
        self.logger = logger
        self.eventLoop = eventLoop
        self.allowance = LogAllowance(perSecond: Self.perSecond / max(1, loops))
    }

    /// Writes a line of level info to the log of a listener, or counts it.
    func note(_ message: Logger.Message, _ metadata: @autoclosure () -> Logger.Metadata, to logger: Logger) {
        guard logger.logLevel <= .info else { return }
        if self.allowance.take(now: Connection.now()) { return logger.info(message, metadata: metadata()) }
        guard !self.isCountDue else { return }
        self.isCountDue = true
        self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.tellLeftOut() }
    }

    private func tellLeftOut() {
        self.isCountDue = false
        self.logger.notice(
            "refused more than is logged",
            metadata: [LogKey.count: "\(self.allowance.takeLeftOut())"]
        )
    }
}

@available(*, unavailable)
extension RefusalLog: Sendable {}
