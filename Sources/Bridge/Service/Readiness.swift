// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Whether clients should be sent here, for those who ask on an event loop (`health_paths`).
///
/// They get what was found out last, and have it found out again within a second.
final class Readiness: Sendable {
    private let isReady = Atomic(false)
    private let wasAsked = Atomic(false)

    /// What was found out last.
    func ask() -> Bool {
        self.wasAsked.store(true, ordering: .relaxed)
        return self.isReady.load(ordering: .relaxed)
    }

    /// Whether somebody has asked since this was called last.
    func takeQuestion() -> Bool { self.wasAsked.exchange(false, ordering: .relaxed) }

    func found(isReady: Bool) {
        self.isReady.store(isReady, ordering: .relaxed)
    }
}
