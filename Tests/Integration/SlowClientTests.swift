// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Clients and servers that are slow, but alive, and ends that come upon full queues (R19, R35, R38, R46).
@Suite struct SlowClientTests {
    /// A bridge whose one server runs a shell script, with `printf` and the like.
    private static func bridge(_ script: String, server: String = "", limits: String = "") throws -> BridgeProcess {
        let folder = try TemporaryFolder()
        let file = try folder.write(script, to: "server.sh")
        return try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [limits]
                \(limits)
                [servers.script]
                command = ["/bin/sh", "\(file)"]
                \(server)
                """,
            folder: folder
        )
    }

    /// Takes what comes in small bites with a rest after each, until `count` bytes are there or the stream ends; the
    /// rests are what makes this client slow, nothing is waited for.
    private static func nibble(_ socket: RawSocket, _ count: Int, restMicroseconds: UInt32) throws -> Int {
        var chunk = [UInt8](repeating: 0, count: 8192)
        var total = 0
        let deadline = Deadline(seconds: 60)
        while total < count, !deadline.hasPassed {
            let got = read(socket.descriptor, &chunk, chunk.count)
            if got == 0 || (got < 0 && errno != EAGAIN) { break }
            total += max(0, got)
            usleep(restMicroseconds)
        }
        return total
    }

    @Test("R38, R35: what a server wrote before its end reaches a client on a slow line whole, then the close frame")
    func serverEndsBeforeSlowClient() throws {
        let bridge = try Self.bridge(
            #"""
            read line
            printf '{"jsonrpc":"2.0","id":1,"result":{"p":"'
            head -c 4194304 /dev/zero | tr '\0' x
            printf '"}}\n'
            """#
        )
        let socket = try bridge.connect("/script", receiveBuffer: 16_384)
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        // About three seconds for the message: more than the second that a stalled client gets for its close.
        _ = try Self.nibble(socket.socket, 4_194_304, restMicroseconds: 5_000)
        let record = try bridge.waitConnectionEnded()
        #expect(record["close_code"] == "1000", "\(record.fields)")
        #expect(record.number("duration_ms") ?? 0 > 1500, "the client was not slow")
    }

    @Test("R35, R38, R46: what a server wrote before its end reaches also a client that did not read by then")
    func serverEndsBeforeStalledClient() throws {
        let bridge = try BridgeProcess.fixture(limits: "ping_interval = \"0s\"")
        let socket = try bridge.connect(receiveBuffer: 4096)
        // The first answer stops the server's output; of the others the pipe takes what the bridge does not.
        let text = String(repeating: "t", count: 1000)
        var burst = RawWebSocket.frame(Array(RawWebSocket.callText("line", id: "0", #"{"n":8388608}"#).utf8))
        for id in 1...20 {
            burst += RawWebSocket.frame(Array(RawWebSocket.callText("echo", id: "\(id)", #"{"t":"\#(text)"}"#).utf8))
        }
        burst += RawWebSocket.frame(Array(RawWebSocket.callText("exit", id: "21", #"{"n":3}"#).utf8))
        try socket.socket.send(burst)
        try bridge.waitChildren(0)
        #expect(try socket.receiveText()?.utf8.count == 8_388_608)
        for id in 1...20 {
            let answer = try socket.receiveMessage()
            #expect(answer.id as? Int == id)
            #expect(answer.result != nil, "\(answer.text)")
        }
        #expect(try socket.receiveMessage().errorData?["exit_status"] as? Int == 3)
        #expect(try socket.receiveClose()?.code == 1001)
    }

    @Test("R35, R38: a server that has closed its input is read on all the same, and what it cannot get is answered")
    func closesInput() throws {
        let bridge = try Self.bridge(
            #"""
            mkfifo go
            read line
            exec <&-
            echo $$ >closed
            read line <go
            printf '{"jsonrpc":"2.0","id":1,"result":{}}\n'
            read line <go
            """#,
            server: "cwd = '@FOLDER@'"
        )
        let socket = try bridge.connect("/script")
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        _ = try bridge.folder.waitPids("closed")
        try socket.send(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        // A pong goes out at once, the request when all that came with it has been read: before the second pong.
        for _ in 0..<2 {
            try socket.sendFrame([], opcode: 9)
            #expect(try socket.receiveFrame()?.opcode == 10)
        }
        try bridge.folder.write("go\n", to: "go")
        let first = try socket.receiveMessage()
        #expect(first.id as? Int == 1)
        #expect(first.result != nil, "\(first.text)")
        let second = try socket.receiveMessage()
        #expect(second.id as? Int == 2)
        #expect(second.isBridgeError)
        #expect(try socket.receiveClose() != nil)
        try bridge.waitChildren(0)
    }

    @Test("R19: the answer to a close frame stands behind what the bridge still holds, at any size")
    func closeBehindOutput() throws {
        // The channel to the socket holds some of these sizes with nothing left in the queue before it.
        for size in stride(from: 2_600_000, to: 4_200_000, by: 100_000) {
            let bridge = try Self.bridge(
                #"""
                read line
                head -c \#(size) /dev/zero | tr '\0' x
                echo
                echo 1 >written
                cat >/dev/null
                """#,
                server: "protocol = 'lines'\ncwd = '@FOLDER@'"
            )
            let socket = try bridge.connect("/script", receiveBuffer: 65_536)
            try socket.send("go")
            _ = try bridge.folder.waitPids("written")
            try socket.sendClose()
            #expect(try socket.receiveText()?.utf8.count == size)
            #expect(try socket.receiveClose()?.code == 1000, "after \(size) bytes")
        }
    }

    @Test("R46: a client that reads slowly, but reads, is no client that does not read")
    func slowIsNotStalled() throws {
        let bridge = try Self.bridge(
            #"""
            read line
            head -c 12582912 /dev/zero | tr '\0' x
            echo
            cat >/dev/null
            """#,
            server: #"protocol = "lines""#,
            limits: "write_timeout = \"2s\"\nping_interval = \"0s\""
        )
        let socket = try bridge.connect("/script", receiveBuffer: 4096)
        try socket.send("go")
        // Forty KiB a second: a kernel that has taken megabytes ahead would tell of room every twenty seconds.
        #expect(try Self.nibble(socket.socket, 450_000, restMicroseconds: 100_000) >= 450_000)
        #expect(!bridge.everythingWritten.contains("client_write_timeout"))
    }

    @Test("R46, R35: a server that does not read ends the connection also where the pipe's own buffers hold all")
    func smallMessageToDeafServer() throws {
        let bridge = try Self.bridge(
            "exec sleep 1000",
            server: BridgeProcess.stopsSoon,
            limits: "write_timeout = \"500ms\"\nping_interval = \"0s\""
        )
        let socket = try bridge.connect("/script")
        let text = String(repeating: "z", count: 180_000)
        try socket.send(#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"t":"\#(text)"}}"#)
        let answer = try socket.receiveMessage()
        #expect(answer.cause == "server_write_timeout")
        #expect(try socket.receiveClose()?.code == 1008)
    }
}
