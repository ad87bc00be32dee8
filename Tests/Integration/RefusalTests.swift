// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Refusals that could have been connections: none may cost a process (R7).
///
/// Every server notes its pid before it does anything else, and the bridge ends only when all children are gone: so
/// after its end the file tells how many there ever were.
@Suite struct RefusalTests {
    private func spawned(_ bridge: BridgeProcess) -> Int {
        (bridge.folder.read("pids") ?? "").split(separator: "\n").count
    }

    @Test("R7: a handshake beyond a limit spawns nothing", arguments: ["max_connections = 1", "max_children = 1"])
    func capacity(limits: String) throws {
        let bridge = try BridgeProcess.fixture("pidfile=@FOLDER@/pids", limits: limits)
        let socket = try bridge.connect()
        for _ in 0..<10 {
            let answer = try bridge.handshake()
            #expect(answer.status == 503)
            #expect(answer.json?["error"] as? String == "at_capacity")
        }
        #expect(try socket.call("count").contentText == "1")
        #expect(try bridge.stop() == 0)
        #expect(spawned(bridge) == 1)
    }

    @Test("R7: a handshake beyond spawn_rate spawns nothing")
    func spawnRate() throws {
        let bridge = try BridgeProcess.fixture("pidfile=@FOLDER@/pids", limits: "spawn_rate = 1")
        let answers = try (0..<10).map { _ in try bridge.handshake().status }
        #expect(answers.contains(503))
        #expect(try bridge.stop() == 0)
        #expect(spawned(bridge) == answers.count { $0 == 101 })
    }

    @Test("R7, R44: a handshake during the drain spawns nothing")
    func draining() throws {
        let bridge = try BridgeProcess.fixture("pidfile=@FOLDER@/pids", drain: #"delay = "2s""#)
        bridge.program.signal(SIGTERM)
        _ = try bridge.waitLog("the drain to begin") { $0.message == "draining" }
        // The record comes a moment before the first refusal.
        var admitted = 0
        var refused = 0
        try eventually("refusals") {
            let answer = try bridge.handshake()
            if answer.status == 101 { admitted += 1 }
            if answer.status == 503 {
                #expect(answer.json?["error"] as? String == "draining")
                refused += 1
            }
            return refused >= 5
        }
        #expect(try bridge.program.wait() == 0)
        #expect(spawned(bridge) == admitted)
    }

    @Test("R7, R39: a handshake during the pause after failed starts spawns nothing, though it could by now")
    func backOff() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/server"
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [servers.fixture]
                command = ["\(program)", "--behaviour", "pidfile=@FOLDER@/pids"]
                """,
            folder: folder
        )
        // A refusal that names the program was an attempt. Each failure doubles the pause: after four it is 2 s.
        var attempts = 0
        try eventually("four attempts") {
            let answer = try bridge.handshake()
            #expect(answer.status == 503)
            #expect(answer.json?["error"] as? String == "backend_unavailable")
            if answer.body.contains(program) { attempts += 1 }
            return attempts == 4
        }
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: BridgeProcess.fixture)
        for _ in 0..<5 {
            let answer = try bridge.handshake()
            #expect(answer.status == 503)
            #expect(answer.json?["error"] as? String == "backend_unavailable")
        }
        #expect(try bridge.stop() == 0)
        #expect(spawned(bridge) == 0)
    }
}
