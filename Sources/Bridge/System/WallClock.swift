// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The machine's clock, exactly: time(2) lags behind it by up to a tick of the kernel's, so that a token would still hold
/// by the one when its connection has ended by the other.
enum WallClock {
    /// Since 1970.
    static func now() -> (seconds: Int64, nanoseconds: Int64) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return (Int64(now.tv_sec), Int64(now.tv_nsec))
    }
}
