// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What connections leave behind in the bridge's memory, and what hostile ones may take of it (R37, R46, R74).
@Suite struct MemoryTests {
    @Test("R37, R38: connections whose servers ended first leave no memory behind")
    func serverEndsFirst() throws {
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [limits]
                spawn_rate = 10000
                [servers.ends]
                command = ["/bin/sh", "-c", "read line; exit 0"]
                """
        )
        func connect(_ count: Int) throws {
            for _ in 0..<count {
                let socket = try bridge.connect("/ends")
                try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
                #expect(try socket.receiveMessage().isBridgeError)
                #expect(try socket.receiveClose()?.code == 1000)
                try socket.finishClose()
            }
            try bridge.waitChildren(0)
        }
        try connect(200)
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        try connect(400)
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        // A connection that is kept takes about 10 KiB: 4,000 in all.
        #expect(growth < 1500, "\(growth) KiB more after 400 connections")
    }

    @Test(
        "R46, R74: a client that draws answers from the bridge and reads none is stopped, in bounded memory",
        arguments: ["x", #"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#]
    )
    func answersNobodyReads(_ message: String) throws {
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [limits]
                queue = "256KiB"
                write_timeout = "60s"
                [servers.cat]
                command = ["/bin/cat"]
                tools = { allow = [] }
                """
        )
        let socket = try bridge.connect("/cat", receiveBuffer: 4096)
        // Never more than `max_invalid` in a row: each of seven bytes makes an answer of two hundred, and so does what a
        // policy denies.
        var burst: [UInt8] = []
        for _ in 0..<99 { burst += RawWebSocket.frame(Array(message.utf8)) }
        burst += RawWebSocket.frame(Array(#"{"jsonrpc":"2.0","method":"n"}"#.utf8))
        let before = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS")
        var sent = 0
        while sent < 16 << 20 {
            let count = try socket.socket.sendSome(burst, within: 3)
            sent += count
            if count < burst.count { break }
        }
        #expect(sent < 16 << 20, "\(sent) bytes were taken from a client that reads nothing")
        let growth = try ProcessTable.kibibytes(of: bridge.pid, "VmRSS") - before
        #expect(growth < 24_000, "\(growth) KiB more")
        // It goes on where it stopped.
        for _ in 0..<2000 { _ = try socket.receiveMessage() }
    }
}
