// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Glibc

/// A request that awaits its answer, or the place for one.
struct Slot {
    /// 0 for a free place.
    var id: UInt64 = 0
    /// When the request left or was due, in nanoseconds of the monotonic clock. Of a free place: the next free one.
    var time: UInt64 = 0
}

/// One connection of the generator, confined to its thread; lives in memory that the generator owns.
struct Connection {
    enum State: UInt8 {
        case closed
        /// The TCP handshake is not over.
        case connecting
        /// The response to the opening handshake is awaited.
        case upgrading
        /// The answer to `initialize` is awaited.
        case initializing
        case running
        /// A slow consumer that has asked. It reads when its turn comes, if ever, and not when there is something.
        case slow
        /// A close frame is sent, or a child's standard input is closed; the peer's end is awaited.
        case closing
    }

    let number: Int
    let isSlow: Bool
    var state = State.closed
    /// Counts the connects, so that an event for the one before is told apart.
    var generation: UInt32 = 0
    var input: CInt = -1
    /// The same as `input` for a socket.
    var output: CInt = -1
    /// OpenSSL's `SSL`, owned; nil without TLS.
    var tls: OpaquePointer?
    var child: pid_t = 0
    /// Readiness of `output` is awaited.
    var awaitsRoom = false

    /// Bytes to be sent.
    var out = ByteStore()
    /// Bytes received that are no whole message yet.
    var rest = ByteStore()
    /// How many bytes `rest` lacks at least.
    var missing = 1
    /// How much of `rest` is known to hold no line end.
    var scanned = 0
    /// The message so far that comes in fragments.
    var assembly = ByteStore()
    var frames = ServerFrames(maxMessage: Self.maxMessage)

    let slots: UnsafeMutablePointer<Slot>
    /// The first of the free places that were used before; `Self.noSlot` for none.
    var freeSlot = Self.noSlot
    /// Places from here on were never used.
    var freshSlot: UInt64 = 0
    var outstanding = 0
    /// Requests that were sent, and in an open loop those that are due.
    var sent = 0
    var due = 0
    /// When the connect began.
    var begun: UInt64 = 0

    static let noSlot = UInt64.max
    static let maxMessage = 512 << 20

    init(number: Int, isSlow: Bool, slots: UnsafeMutablePointer<Slot>) {
        self.number = number
        self.isSlow = isSlow
        self.slots = slots
    }

    /// Takes a free place; there must be one.
    @inline(__always)
    mutating func takeSlot() -> UInt64 {
        self.outstanding &+= 1
        guard self.freeSlot != Self.noSlot else {
            defer { self.freshSlot &+= 1 }
            return self.freshSlot
        }
        let slot = self.freeSlot
        self.freeSlot = self.slots[Int(truncatingIfNeeded: slot)].time
        return slot
    }

    @inline(__always)
    mutating func free(slot: UInt64) {
        self.slots[Int(truncatingIfNeeded: slot)] = Slot(id: 0, time: self.freeSlot)
        self.freeSlot = slot
        self.outstanding &-= 1
    }

    /// Forgets all that belonged to the connect before. Memory is kept.
    mutating func reset() {
        self.generation &+= 1
        self.input = -1
        self.output = -1
        self.tls = nil
        self.child = 0
        self.awaitsRoom = false
        self.out.removeAll()
        self.rest.removeAll()
        self.missing = 1
        self.scanned = 0
        self.assembly.removeAll()
        self.frames = ServerFrames(maxMessage: Self.maxMessage)
        for slot in 0..<Int(self.freshSlot) { self.slots[slot] = Slot() }
        self.freeSlot = Self.noSlot
        self.freshSlot = 0
        self.outstanding = 0
        self.sent = 0
        self.due = 0
    }

    mutating func free() {
        self.out.free()
        self.rest.free()
        self.assembly.free()
    }
}
