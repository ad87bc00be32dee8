// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What the kernel counts of a control group, as `memory.events` has it (cgroup-v2, "Memory Interface Files").
package enum ControlGroupEvents {
    /// Processes of the group that were killed for want of memory.
    package static func oomKills(in text: String) -> Int {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) ?? 0 }
        }
        return 0
    }
}
