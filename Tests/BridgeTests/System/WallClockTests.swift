// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Bridge

@Suite("The machine's clock")
struct WallClockTests {
    /// time(2) is behind by up to a tick of the kernel's just then.
    @Test("R9: a second that has begun has begun for tokens, too")
    func secondBegins() {
        var start = timespec()
        clock_gettime(CLOCK_REALTIME, &start)
        var now = start
        while now.tv_sec == start.tv_sec { clock_gettime(CLOCK_REALTIME, &now) }
        #expect(WallClock.now().seconds >= Int64(now.tv_sec))
    }
}
