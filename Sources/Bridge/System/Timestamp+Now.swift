// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Timestamp {
    /// By the machine's clock.
    static func now() -> Timestamp {
        let now = WallClock.now()
        return Timestamp(seconds: now.seconds, milliseconds: Int(now.nanoseconds / 1_000_000))
    }
}
