// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Counts what is open, and says when nothing is any more. Shared by all event loops.
final class Tally: Sendable {
    private struct State {
        var count = 0
        var onEmpty: [@Sendable () -> Void] = []
    }

    // Invariant: `onEmpty` is empty while `count` is 0.
    private let state = Mutex(State())

    var count: Int { self.state.withLock { $0.count } }

    func add() {
        self.state.withLock { $0.count += 1 }
    }

    func remove() {
        let callbacks = self.state.withLock { state in
            state.count -= 1
            guard state.count == 0 else { return [@Sendable () -> Void]() }
            defer { state.onEmpty = [] }
            return state.onEmpty
        }
        for callback in callbacks { callback() }
    }

    /// Calls `callback` once, as soon as nothing is open; on whatever thread that becomes so.
    func onEmpty(_ callback: @escaping @Sendable () -> Void) {
        let isEmpty = self.state.withLock { state in
            guard state.count > 0 else { return true }
            state.onEmpty.append(callback)
            return false
        }
        if isEmpty { callback() }
    }
}
