// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Bridge

@Suite("What is read into")
struct ReadAllocatorTests {
    /// Has the pool of a channel provide a buffer and fills it; how much fitted.
    private func read(_ pool: inout NIOPooledRecvBufferAllocator) -> Int {
        let (_, size) = pool.buffer(allocator: ByteBufferAllocator()) {
            $0.writeRepeatingByte(0, count: $0.writableBytes)
        }
        pool.record(actualReadBytes: size)
        return size
    }

    @Test("A small buffer stays with a connection, none from the handshake nor that of its event loop")
    func kept() {
        // As of a channel that reads once at each wake-up.
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: HandshakeReadAllocator())
        #expect(self.read(&pool) == 64)
        #expect(self.read(&pool) >= 2_048)
        pool.recvAllocator = LoopReadAllocator(LoopBuffers(), isFirst: false)
        #expect(self.read(&pool) >= LoopBuffers.size)
        #expect(self.read(&pool) >= LoopBuffers.size)
        #expect(pool.count == 1)
        // NIO reads into what it has kept where an allocator asks for no growth.
        pool.recvAllocator = FixedSizeRecvByteBufferAllocator(capacity: 1)
        pool.record(actualReadBytes: 1)
        #expect(self.read(&pool) == 64)
    }
}
