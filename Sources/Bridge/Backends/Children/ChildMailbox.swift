// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import CSpawn
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct SpawnRequest: Sendable {
    var command: ChildCommand
    var onExit: @Sendable (ChildExit) -> Void
    var onGone: @Sendable () -> Void
    var completion: @Sendable (Result<Child, SpawnError>) -> Void
}

/// What the event loops want from the supervisor's thread.
final class ChildMailbox: Sendable {
    struct Orders: Sendable {
        var ends: [ChildID] = []
        var kill = false
        var stop = false
        var onEmpty: [@Sendable () -> Void] = []
        var onStopped: [@Sendable () -> Void] = []
    }

    struct Batch {
        var orders: Orders
        var spawns: [SpawnRequest]
        var hasMoreSpawns: Bool
    }

    private struct Contents {
        var orders = Orders()
        /// Served from `firstSpawn` on.
        var spawns: [SpawnRequest?] = []
        var firstSpawn = 0
        /// The thread has been woken and has not looked yet.
        var isRung = false
        /// The descriptor is open and the thread will look.
        var isOpen = true
    }

    /// Written to wake the thread; open as long as `contents.isOpen`.
    let event: CInt
    let liveCount = Atomic<Int>(0)
    /// Guards everything that is on its way to the thread, and the life of `event`.
    private let contents = Mutex(Contents())

    init(event: CInt) {
        self.event = event
    }

    /// False when the thread has ended.
    func post(_ request: SpawnRequest) -> Bool {
        self.contents.withLock { contents in
            guard contents.isOpen, !contents.orders.stop else { return false }
            contents.spawns.append(request)
            self.ring(&contents)
            return true
        }
    }

    func post(end id: ChildID) {
        self.post { $0.ends.append(id) }
    }

    /// False when the thread has ended.
    @discardableResult
    func post(_ change: (inout Orders) -> Void) -> Bool {
        self.contents.withLock { contents in
            guard contents.isOpen else { return false }
            change(&contents.orders)
            self.ring(&contents)
            return true
        }
    }

    /// All orders, and the next few spawns: a burst of them must not keep the thread from its other work.
    func take(spawns limit: Int) -> Batch {
        self.contents.withLock { contents in
            let orders = contents.orders
            contents.orders = Orders()
            contents.isRung = false
            let end = min(contents.firstSpawn + limit, contents.spawns.count)
            var spawns: [SpawnRequest] = []
            for index in contents.firstSpawn..<end {
                if let request = contents.spawns[index] { spawns.append(request) }
                contents.spawns[index] = nil
            }
            contents.firstSpawn = end
            let hasMore = end < contents.spawns.count
            if !hasMore {
                contents.spawns = []
                contents.firstSpawn = 0
            }
            return Batch(orders: orders, spawns: spawns, hasMoreSpawns: hasMore)
        }
    }

    /// Nobody will look any more: closes the descriptor and hands back what nobody has seen.
    @discardableResult
    func close() -> (orders: Orders, spawns: [SpawnRequest]) {
        self.contents.withLock { contents in
            guard contents.isOpen else { return (Orders(), []) }
            contents.isOpen = false
            #if canImport(Glibc)
            _ = Glibc.close(self.event)
            #elseif canImport(Musl)
            _ = Musl.close(self.event)
            #endif
            let rest = contents.spawns.compactMap { $0 }
            let orders = contents.orders
            contents.spawns = []
            contents.orders = Orders()
            return (orders, rest)
        }
    }

    private func ring(_ contents: inout Contents) {
        guard !contents.isRung else { return }
        contents.isRung = true
        cspawn_bell_ring(self.event)
    }
}
