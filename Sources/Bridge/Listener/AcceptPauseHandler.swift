// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Stops accepting for a moment when accept fails: out of descriptors it fails at once and for ever, and the event loop
/// would spin (R39, R74).
///
/// NIO's own `AcceptBackoffHandler` delays the next read, but the listening socket stays registered for reading in the
/// meantime, so the loop spins all the same; turning automatic reading off takes the socket out.
final class AcceptPauseHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)

    private var isPaused = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, !self.isPaused, let options = context.channel.syncOptions else { return }
        self.isPaused = true
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            // A listener that was closed meanwhile has no options to set.
            try? options.setOption(.autoRead, value: true)
        }
    }
}

@available(*, unavailable)
extension AcceptPauseHandler: Sendable {}
