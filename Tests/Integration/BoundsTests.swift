// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What twenty connections cost while one side of each does not read (R46), measured in the bridge's memory. Heavy: one
/// after the other.
///
/// Socket and pipe buffers are the kernel's and stand in no RssAnon; so what grows there is what the bridge itself holds.
@Suite(.serialized) struct BoundsTests {
    private static let connections = 20
    /// Beside the queue and a message: what was read at once and passes the mark, what is under way in the channel's own
    /// buffer (each 64 KiB, and twice that by the time that it is seen), what buffers are larger than what they hold, and
    /// what the allocator keeps of what was freed: 250 to 350 KiB as a rule, seen as 410 on a loaded machine.
    private static let underWay = 512 << 10

    /// In KiB. Two of them, so that the bound is seen to grow as the queue does, and by no more.
    static let queues = [64, 1024]

    /// What all connections may take together.
    private static func bound(_ queue: Int) -> Int { connections * ((queue << 10) + underWay) }

    private static func limits(_ queue: Int) -> String {
        """
        queue = "\(queue)KiB"
        write_timeout = "120s"
        ping_interval = "0s"
        """
    }

    /// Bytes of memory that no file backs.
    private func anonymous(_ bridge: BridgeProcess) throws -> Int {
        let text = try #require(ProcessTable.status(of: bridge.pid, "RssAnon"))
        return try #require(text.split(separator: " ").first.flatMap { Int($0) }) << 10
    }

    /// Connections that have exchanged a ping, so that what each costs at rest is there before anything is measured.
    private func connectAll(_ bridge: BridgeProcess, receiveBuffer: CInt? = nil) throws -> [RawWebSocket] {
        let sockets = try (0..<Self.connections).map { _ in try bridge.connect(receiveBuffer: receiveBuffer) }
        for socket in sockets {
            try socket.sendFrame([], opcode: 9)
            #expect(try socket.receiveFrame()?.opcode == 10)
        }
        return sockets
    }

    @Test(
        "R46: clients that do not read: about the queue is held for each; once they read, all arrives in order",
        arguments: queues
    )
    func clientsDoNotRead(queue: Int) throws {
        let bridge = try BridgeProcess.fixture("chatters", limits: Self.limits(queue))
        let sockets = try connectAll(bridge, receiveBuffer: 4096)
        let servers = bridge.children.map(\.pid)
        #expect(servers.count == Self.connections)
        let before = try anonymous(bridge)
        for socket in sockets { try socket.sendCall("x", id: "1") }
        let written = try waitPaused(servers)
        try expectHeld(bridge, since: before, queue, passed: written)

        // Past all that had been written by the time of the pause, and on until memory would tell.
        let most = try #require(servers.map(ProcessTable.bytesWritten(by:)).max()) + (2 << 20)
        for socket in sockets {
            socket.socket.setReceiveBuffer(1 << 20)
            #expect(try socket.receiveText()?.contains(#""id":1,"#) == true)
            var received = 0
            var number = 0
            while received <= most {
                let text = try #require(try socket.receiveText(), "ended after \(number) messages")
                number += 1
                received += text.utf8.count
                guard text.utf8.starts(with: Self.chatter(number).utf8) else {
                    Issue.record("in place of message \(number): \(text.prefix(120))")
                    return
                }
            }
        }
        let all = try waitPaused(servers)
        #expect(all > written + (Self.connections << 21))
        try expectHeld(bridge, since: before, queue, passed: all)
    }

    /// Checks that the bridge holds queues that are full, and little else.
    private func expectHeld(_ bridge: BridgeProcess, since before: Int, _ queue: Int, passed: Int) throws {
        let growth = try anonymous(bridge) - before
        #expect(growth < Self.bound(queue), "\(growth) bytes more, with \(passed) written to it")
        let full = Self.connections * queue << 10
        #expect(growth > full / 2 && passed > full, "\(growth), \(passed): stopped by something else than the queue")
    }

    /// What message `number` of a chattering server begins with.
    private static func chatter(_ number: Int) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"\#(number) c"#
    }

    @Test(
        "R46: servers that do not read: about the queue is held for each; once they read, all arrives in order",
        arguments: queues
    )
    func serversDoNotRead(queue: Int) throws {
        let bridge = try BridgeProcess.fixture(limits: Self.limits(queue))
        let sockets = try connectAll(bridge)
        let servers = bridge.children.map(\.pid)
        #expect(servers.count == Self.connections)
        for pid in servers { kill(pid, SIGSTOP) }
        // Stopped ones could not end with the bridge if this test fails.
        defer { for pid in servers { kill(pid, SIGCONT) } }
        let before = try anonymous(bridge)
        var floods = sockets.map { Flood($0) }
        let sent = try Flood.sendAll(&floods, atMost: 256 << 20)
        try expectHeld(bridge, since: before, queue, passed: sent)
        #expect(sent < 256 << 20)

        for pid in servers { kill(pid, SIGCONT) }
        for flood in floods {
            try flood.finish()
            for number in 0..<flood.count {
                let text = try #require(try flood.socket.receiveText(), "ended after \(number) answers")
                guard text.utf8.starts(with: #"{"jsonrpc":"2.0","id":"\#(Flood.name(number))","#.utf8) else {
                    Issue.record("in place of answer \(number): \(text.prefix(120))")
                    return
                }
            }
        }
    }

    /// Waits until every one of these servers sleeps in write(2), since all between it and its client is full.
    ///
    /// - Returns: bytes that they have written in all.
    private func waitPaused(_ servers: [pid_t]) throws -> Int {
        var last = -1
        try eventually("the servers to be paused", within: 60) {
            let now = servers.map(ProcessTable.bytesWritten(by:)).reduce(0, +)
            defer { last = now }
            poll(nil, 0, 300)
            return now > 0 && now == last
        }
        return last
    }
}

/// A client that sends numbered requests for as long as somebody takes them.
private struct Flood {
    let socket: RawWebSocket
    /// Requests begun.
    private(set) var count = 0
    /// Of the last one, what nobody has taken yet.
    private var rest: ArraySlice<UInt8> = []

    private static let padding = [UInt8](repeating: UInt8(ascii: "x"), count: 8000)

    init(_ socket: RawWebSocket) { self.socket = socket }

    /// The id of a request, of one length for all.
    static func name(_ number: Int) -> String { String(1_000_000 + number) }

    private static func request(_ number: Int) -> [UInt8] {
        let head = #"{"jsonrpc":"2.0","id":"\#(name(number))","method":"ping","params":{"text":""#
        let payload = Array(head.utf8) + padding + Array(#""}}"#.utf8)
        // A mask of zeros leaves the bytes as they are, and is a mask all the same; this is a hot loop in a debug build.
        return [0x81, 0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), 0, 0, 0, 0] + payload
    }

    /// Sends until no socket has taken anything for a while, or `limit` bytes in all went.
    ///
    /// - Returns: how many bytes went.
    static func sendAll(_ floods: inout [Flood], atMost limit: Int) throws -> Int {
        var sent = 0
        while sent < limit {
            var entries = floods.map { pollfd(fd: $0.socket.socket.descriptor, events: Int16(POLLOUT), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), 500) > 0 else { break }
            for (index, entry) in entries.enumerated() where entry.revents != 0 { sent += try floods[index].sendSome() }
        }
        return sent
    }

    private mutating func sendSome() throws -> Int {
        if rest.isEmpty {
            rest = Self.request(count)[...]
            count += 1
        }
        let taken = try socket.socket.sendSome(Array(rest), within: 0)
        rest = rest.dropFirst(taken)
        return taken
    }

    /// Sends what is left of the last request.
    func finish() throws { try socket.socket.send(Array(rest)) }
}
