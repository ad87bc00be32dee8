// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a service manager hears and gives.
@Suite struct ServiceTests {
    private let manager: NotifySocket

    init() throws { manager = try NotifySocket() }

    private func bridge(
        _ more: String = "",
        environment: [String: String] = [:],
        configuration: String? = nil
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: configuration ?? """
                [listen]
                address = "127.0.0.1:0"
                event_loops = 2
                [servers.fixture]
                command = \(BridgeProcess.command([]))
                \(more)
                """,
            environment: ["NOTIFY_SOCKET": manager.path, "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        )
    }

    @Test("Service: it is ready once it serves, says how many there are of what, and that it stops")
    func life() throws {
        let bridge = try bridge()
        let ready = try manager.wait(for: "READY") { $0["READY"] == "1" }
        #expect(ready["STATUS"] == "Serving 0 connections, 0 MCP servers running")
        let busy = try bridge.connect()
        try manager.wait(for: "a connection") { $0["STATUS"] == "Serving 1 connection, 1 MCP server running" }
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        let stopping = try manager.wait(for: "STOPPING") { $0["STOPPING"] == "1" }
        #expect(stopping["STATUS"]?.hasPrefix("Draining: 1 connection left") == true)
        // As long as it drains it asks for time.
        for _ in 0..<2 {
            let draining = try manager.wait(for: "the drain") { $0["EXTEND_TIMEOUT_USEC"] != nil }
            #expect(draining["STATUS"]?.hasPrefix("Draining: 1 connection left") == true)
        }
        try busy.sendCall("release", id: "2")
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try bridge.program.wait() == 0)
    }

    @Test(
        "Service: a reload is told with its time, and that it is over; one that is refused is in the status until the next"
    )
    func reload() throws {
        let good = "[listen]\naddress = \"127.0.0.1:0\"\n[servers.echo]\nbuiltin = \"echo\"\n"
        let bridge = try bridge(configuration: good)
        try manager.wait(for: "READY") { $0["READY"] == "1" }
        for (text, refused) in [
            (good + "[servers.more]\nbuiltin = \"echo\"\n", false), ("[lisen]\n", true), (good, false),
        ] {
            var before = timespec()
            clock_gettime(CLOCK_MONOTONIC, &before)
            try bridge.folder.write(text, to: "bridge.toml")
            bridge.program.signal(SIGHUP)
            let reloading = try manager.wait(for: "RELOADING") { $0["RELOADING"] == "1" }
            let time = try #require(reloading["MONOTONIC_USEC"].flatMap { Int($0) })
            #expect(time >= before.tv_sec * 1_000_000 + before.tv_nsec / 1_000)
            let ready = try manager.wait(for: "READY again") { $0["READY"] == "1" }
            #expect(ready["STATUS"]?.contains("refused: ") == refused, "\(ready)")
            #expect(ready["STATUS"]?.contains("did you mean `listen`?") == refused)
        }
    }

    @Test("R42, R73: what the service manager gives the bridge is not given to a server")
    func children() throws {
        let folder = try TemporaryFolder()
        try folder.write("canary-credential", to: "token")
        let bridge = try bridge(
            "env = { TOKEN = { credential = \"token\" } }",
            environment: ["CREDENTIALS_DIRECTORY": folder.path, "WATCHDOG_USEC": "60000000"]
        )
        let variables = try bridge.connect().call("env").result?["env"] as? [String] ?? []
        #expect(variables.contains("TOKEN=canary-credential"))
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY"] {
            #expect(!variables.contains { $0.hasPrefix("\(name)=") })
        }
        #expect(try bridge.stop() == 0)
        #expect(!bridge.everythingWritten.contains("canary"))
    }

    @Test("Service: without a service manager nothing is told, and one that is gone does no harm")
    func nobody() throws {
        let bridge = try bridge(environment: ["NOTIFY_SOCKET": manager.folder.path + "/nobody"])
        #expect(try bridge.connect().call("count").contentText == "1")
        #expect(try bridge.stop() == 0)
        #expect(try manager.next(within: 0) == nil)
    }

    @Test(
        "Service: the watchdog is fed while every event loop turns, and not while one of them hangs",
        .enabled(if: geteuid() == 0, "to stop a thread of another process takes root")
    )
    func watchdog() throws {
        let timeout = 0.4
        let bridge = try bridge(environment: ["WATCHDOG_USEC": "\(Int(timeout * 1_000_000))"])
        for _ in 0..<3 { try manager.wait(for: "WATCHDOG") { $0["WATCHDOG"] == "1" } }
        let stopped = try StoppedThread(of: bridge.pid, named: "NIO-ELT-")
        // One that was on its way may still come.
        while try manager.next(within: timeout)?["WATCHDOG"] != nil {}
        #expect(try manager.next(within: 3 * timeout) == nil)
        try stopped.resume()
        for _ in 0..<3 { try manager.wait(for: "WATCHDOG again") { $0["WATCHDOG"] == "1" } }
        #expect(try bridge.stop() == 0)
    }
}

/// One thread of a process that stands still while the others go on, as a debugger has it.
private final class StoppedThread {
    private let debugger: RunningProgram

    private static let script = """
        import ctypes, os, signal, sys
        libc, thread = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
        for request in (0x4206, 0x4207):  # PTRACE_SEIZE, PTRACE_INTERRUPT
            if libc.ptrace(ctypes.c_long(request), ctypes.c_long(thread), None, None) != 0:
                sys.exit(os.strerror(ctypes.get_errno()))
        os.waitpid(thread, 0x40000000)  # __WALL
        print("stopped", flush=True)
        signal.pause()
        """

    /// - Parameter name: how its name begins; one of those that have such a name.
    init(of process: pid_t, named name: String) throws {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
        let thread = tasks.first { task in
            let comm = try? String(contentsOfFile: "/proc/\(process)/task/\(task)/comm", encoding: .utf8)
            return comm?.hasPrefix(name) == true
        }
        guard let thread else { throw Surprise("no thread \(name)") }
        debugger = try RunningProgram(["/usr/bin/env", "python3", "-c", Self.script, thread])
        guard try debugger.output.wait(for: "the thread to stand still", { $0 == "stopped" }) != nil else {
            throw Surprise("no debugger: \(debugger.errors.lines)")
        }
    }

    func resume() throws {
        // What it blocks it has from whoever runs the tests. The thread goes on when its debugger is gone.
        debugger.signal(SIGKILL)
        _ = try debugger.wait()
    }
}
