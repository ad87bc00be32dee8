// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import CSpawn
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Bridge

/// A child's stdin, with a pipe's other end in the test's hands.
@Suite(.timeLimit(.minutes(1))) struct ChildInputTests {
    private final class Listener: ChildInput.Delegate {
        let writable: Arrival<Void>
        let refused: Arrival<Void>

        init(writable: Arrival<Void>, refused: Arrival<Void>) {
            self.writable = writable
            self.refused = refused
        }

        func inputBecameWritable() { if !self.writable.hasArrived { self.writable.arrive(()) } }
        func inputRefused() { self.refused.arrive(()) }
    }

    private struct Rig: Sendable {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let reader: CInt
        let writable = Arrival<Void>()
        let refused = Arrival<Void>()
        let input: NIOLoopBound<ChildInput>

        init() async throws {
            signal(SIGPIPE, SIG_IGN)
            var ends: [CInt] = [-1, -1]
            try #require(cspawn_pipe(&ends) == 0)
            let (reader, writer) = (ends[0], ends[1])
            self.reader = reader
            let eventLoop = self.group.next()
            let (writable, refused) = (self.writable, self.refused)
            self.input = try await eventLoop.submit {
                let listener = Listener(writable: writable, refused: refused)
                let input = ChildInput(descriptor: writer, eventLoop: eventLoop, delegate: listener)
                return NIOLoopBound(input, eventLoop: eventLoop)
            }.get()
        }

        func on<Result: Sendable>(_ body: @escaping @Sendable (ChildInput) -> Result) async throws -> Result {
            let input = self.input
            return try await input.eventLoop.submit { body(input.value) }.get()
        }

        /// Reads `count` bytes, or up to the end.
        func read(_ count: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while bytes.count < count {
                let got = Glibc.read(self.reader, &piece, min(piece.count, count - bytes.count))
                guard got > 0 else { break }
                bytes += piece.prefix(got)
            }
            return bytes
        }
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    }

    @Test("R46: what the pipe does not hold is written in order when it is read, the farewell last")
    func backlog() async throws {
        let rig = try await Rig()
        let bytes = Self.pattern(300_000)
        let isWritable = try await rig.on { input in
            var small = ByteBuffer(bytes: bytes[..<1_000])
            #expect(input.writeNow(&small) && small.readableBytes == 0)
            var large = ByteBuffer(bytes: bytes[1_000..<200_000])
            #expect(!input.writeNow(&large))
            #expect(large.readableBytes > 0)
            input.write(large)
            input.write(ByteBuffer(bytes: bytes[200_000...]))
            return input.isWritable
        }
        #expect(!isWritable)
        #expect(rig.read(bytes.count) == bytes)
        await rig.writable.value
        try await rig.on { input in
            #expect(input.isWritable)
            input.end(ByteBuffer(string: "bye"))
        }
        #expect(rig.read(100) == Array("bye".utf8))
        #expect(!rig.refused.hasArrived)
        close(rig.reader)
        try await rig.group.shutdownGracefully()
    }

    @Test("R35: bytes for a child that reads no more are refused, once")
    func brokenPipe() async throws {
        let rig = try await Rig()
        close(rig.reader)
        let isOpen = try await rig.on { input in
            var bytes = ByteBuffer(string: "lost")
            #expect(!input.writeNow(&bytes))
            input.write(bytes)
            input.write(bytes)
            input.end(ByteBuffer())
            return input.isOpen
        }
        await rig.refused.value
        #expect(!isOpen)
        try await rig.group.shutdownGracefully()
    }

    @Test("R35: a few bytes that wait for a full pipe are refused too, when nobody will ever read them")
    func smallBacklog() async throws {
        let rig = try await Rig()
        try await rig.on { input in
            // A pipe holds 64 KiB, and so little more does not make a channel unwritable.
            var bytes = ByteBuffer(bytes: Self.pattern(66_000))
            #expect(!input.writeNow(&bytes))
            input.write(bytes)
        }
        await rig.writable.value
        close(rig.reader)
        await rig.refused.value
        try await rig.group.shutdownGracefully()
    }

    @Test("R37: the end of the input is the end of the pipe, also of one that was never full")
    func end() async throws {
        let rig = try await Rig()
        try await rig.on { $0.end(ByteBuffer(string: "farewell")) }
        #expect(rig.read(100) == Array("farewell".utf8))
        close(rig.reader)
        try await rig.group.shutdownGracefully()
    }
}
