// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The variable by which a child's descendants are known even after they have left its group and session.
package enum ConnectionMark {
    /// Its value is the connection's id.
    package static let variable = "MCP_WSBRIDGE_CONNECTION"

    /// The mark in an environment block as `/proc/PID/environ` shows it: `NAME=value` entries, each ended by a NUL.
    ///
    /// Nil when there is none. Where the variable stands twice the first counts, as for getenv(3).
    package static func find(in block: UnsafeRawBufferPointer) -> String? {
        var start = 0
        while start < block.count {
            let entry = UnsafeRawBufferPointer(rebasing: block[start...])
            let end = entry.firstIndex(of: 0) ?? entry.count
            if let value = Self.value(of: UnsafeRawBufferPointer(rebasing: entry[..<end])) { return value }
            start += end + 1
        }
        return nil
    }

    private static func value(of entry: UnsafeRawBufferPointer) -> String? {
        let name = self.variable.utf8
        guard entry.count > name.count, entry[name.count] == UInt8(ascii: "="), entry.starts(with: name) else {
            return nil
        }
        return String(decoding: entry[(name.count + 1)...], as: UTF8.self)
    }
}
