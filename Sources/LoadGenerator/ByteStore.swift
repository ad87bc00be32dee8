// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Bytes of one connection that wait, to be sent or to become whole: a queue in one piece of memory.
///
/// Trivial on purpose, so that a connection is plain memory and no message costs a reference count; whoever owns it
/// calls ``free()``.
struct ByteStore {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    @inline(__always) var count: Int { self.end &- self.start }
    @inline(__always) var isEmpty: Bool { self.end == self.start }

    /// Valid until the next change.
    @inline(__always) var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: self.base.map { $0 + self.start }, count: self.count)
    }

    /// Room for `count` bytes at the end, to be filled and then counted with ``commit(_:)``.
    @inline(__always)
    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if let base = self.base, self.capacity &- self.end >= count { return base + self.end }
        return self.makeRoom(count)
    }

    @inline(__always)
    mutating func commit(_ count: Int) { self.end &+= count }

    /// Takes bytes away at the front.
    @inline(__always)
    mutating func consume(_ count: Int) {
        self.start &+= count
        if self.start == self.end {
            self.start = 0
            self.end = 0
        }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        self.reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        self.commit(bytes.count)
    }

    mutating func removeAll() {
        self.start = 0
        self.end = 0
    }

    mutating func free() {
        self.base?.deallocate()
        self = ByteStore()
    }

    private mutating func makeRoom(_ count: Int) -> UnsafeMutableRawPointer {
        let held = self.count
        if let base = self.base, self.capacity - held >= count, self.start >= held {
            base.copyMemory(from: base + self.start, byteCount: held)
        } else {
            let capacity = max(512, held + count, held > 0 ? 2 * self.capacity : 0)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
            if let base = self.base {
                larger.copyMemory(from: base + self.start, byteCount: held)
                base.deallocate()
            }
            self.base = larger
            self.capacity = capacity
        }
        self.start = 0
        self.end = held
        return self.base.unsafelyUnwrapped + held
    }
}
