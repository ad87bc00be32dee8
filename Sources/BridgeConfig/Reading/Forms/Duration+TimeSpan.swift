// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// A time span as the configuration writes it, such as `30s` or `1h30m`; nil for anything else.
    package init?(timeSpan text: String) {
        guard let duration = try? TimeSpan.parse(text) else { return nil }
        self = duration
    }

    /// As the configuration writes it; finer than a millisecond is cut off.
    package var timeSpan: String { TimeSpan.text(self) }
}
