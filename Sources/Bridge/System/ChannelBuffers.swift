// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// How much a channel with TLS reads at once, and how much any channel to a client or a child holds unwritten.
enum ChannelBuffers {
    /// What TLS decrypts at once: NIOSSL keeps the room for the largest for as long as the connection.
    static let readEncrypted = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2_048, maximum: 32_768)
    /// Little: what waits belongs into an ``OutboundQueue``, where a pong can pass it.
    static let unwritten = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)
}

extension Channel {
    /// The options, to be set on the channel's event loop. A bootstrap sets those that it is given one after the other by
    /// futures: a tenth of what a connection with its child costs.
    var optionsNow: any NIOSynchronousChannelOptions {
        get throws {
            guard let options = self.syncOptions else { throw ChannelError.operationUnsupported }
            return options
        }
    }
}
