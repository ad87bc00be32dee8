// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Synchronization

/// The tools that have series of their own, over all event loops: a bounded set for each server, whatever it offers.
final class ToolNames: Sendable {
    // Invariant: at most ``RequestMeter/mostTools`` names for each server.
    private let names = Mutex<[String: Set<String>]>([:])

    /// Whether a tool that the server has answered for may have a series. Taken once for each tool and event loop.
    func admits(_ tool: String, of server: String) -> Bool {
        self.names.withLock { names in
            var known = names[server, default: []]
            guard !known.contains(tool) else { return true }
            guard known.count < RequestMeter.mostTools else { return false }
            known.insert(tool)
            names[server] = known
            return true
        }
    }
}
