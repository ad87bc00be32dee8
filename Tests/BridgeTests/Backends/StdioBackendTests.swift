// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import CSpawn
import Dispatch
import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Bridge
@testable import BridgeConfig

/// The end of a child against its last output, where an integration test could not say what comes first.
@Suite(.timeLimit(.minutes(1))) struct StdioBackendTests {
    /// What a receiver was told when the server was over.
    private struct Report: Sendable, Equatable {
        var lines: [String]
        var end: SessionEnd
        var stderr: [String]
        /// How many lines had been passed on when a piece of a read was.
        var pieces: [Int] = []
    }

    private final class Receiver: BackendReceiver {
        private var lines: [String] = []
        private var pieces: [Int] = []
        private let first: Arrival<String>
        private let report: Arrival<Report>

        init(first: Arrival<String>, report: Arrival<Report>) {
            self.first = first
            self.report = report
        }

        private func received(_ line: String) {
            if self.lines.isEmpty { self.first.arrive(line) }
            self.lines.append(line)
        }

        func received(line: UnsafeRawBufferPointer) { self.received(String(decoding: line, as: UTF8.self)) }
        func received(assembled line: ByteBuffer) { self.received(String(buffer: line)) }
        func receivedTooLong(prefix: ByteBuffer) { Issue.record("too long") }
        func failed(_ id: RequestID, _ reply: BridgeReply) { Issue.record("\(reply)") }
        func receivedOutputPiece() { self.pieces.append(self.lines.count) }
        func receivedAllOutput() {}
        func becameWritable() {}
        func ended(_ end: SessionEnd, stderr: [String]) {
            self.report.arrive(Report(lines: self.lines, end: end, stderr: stderr, pieces: self.pieces))
        }
    }

    /// A backend on an event loop of its own.
    private struct Rig: Sendable {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let supervisor: ChildSupervisor
        let firstLine = Arrival<String>()
        let report = Arrival<Report>()
        let backend: NIOLoopBound<StdioBackend>

        /// Starts a shell script. The supervisor adopts no orphans: what leaves the session is not found.
        init(_ script: String) async throws {
            let supervisor = try ChildSupervisor(adoptsOrphans: false)
            let (first, report) = (self.firstLine, self.report)
            let eventLoop = self.group.next()
            var configuration = Server(name: "script", command: ["/bin/sh", "-c", script], place: Place(file: "test"))
            configuration.exposeStderr = true
            let server = ServedServer(
                index: 0,
                configuration: configuration,
                environment: ResolvedEnvironment(variables: [("PATH", ChildProbe.path)], secrets: [])
            )
            let id = ConnectionID.random()
            self.backend = try await eventLoop.flatSubmit {
                let backend = StdioBackend(
                    server: server,
                    supervisor: supervisor,
                    buffers: LoopBuffers(),
                    eventLoop: eventLoop,
                    log: SessionLog(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                )
                return backend.start(id, gone: {}).assumeIsolated().map {
                    backend.setReading(true)
                    backend.attach(Receiver(first: first, report: report))
                    return NIOLoopBound(backend, eventLoop: eventLoop)
                }.nonisolated()
            }.get()
            self.supervisor = supervisor
        }

        /// Sends a line to the server and keeps the event loop busy until none of the server's processes is left.
        func sendAndStall() {
            self.backend.eventLoop.execute {
                self.backend.value.write(ByteBuffer(string: "go\n"))
                self.backend.value.flush()
                let gone = DispatchSemaphore(value: 0)
                self.supervisor.onEmpty { gone.signal() }
                gone.wait()
            }
        }

        func shutDown() async throws {
            try await self.group.shutdownGracefully()
        }
    }

    @Test(
        "R38, R35: what a server wrote last is passed on, however late the event loop comes to it",
        arguments: [
            ("exit 3", SessionEnd.serverExited(.exited(3))),
            ("kill -9 $$", .serverExited(.signaled(9, coreDumped: false))),
        ]
    )
    func lateEventLoop(how: String, end: SessionEnd) async throws {
        let rig = try await Rig("read line; echo last words; printf 'no newline'; echo why >&2; \(how)")
        rig.sendAndStall()
        #expect(await rig.report.value == Report(lines: ["last words", "no newline"], end: end, stderr: ["why"]))
        try await rig.shutDown()
    }

    @Test("Much that is read at once is passed on in pieces")
    func pieces() async throws {
        let rig = try await Rig("read line; i=0; while [ $i -lt 100 ]; do printf '%099d\\n' $i; i=$((i + 1)); done")
        rig.sendAndStall()
        let report = await rig.report.value
        #expect(report.lines.count == 100)
        #expect(report.pieces.count == 3 && report.pieces.allSatisfy((1..<100).contains), "\(report.pieces)")
        try await rig.shutDown()
    }

    @Test(
        "R37, R38: a process that nobody finds may hold the pipes: the end is told all the same, and they are closed",
        arguments: [false, true]
    )
    func strayHoldsPipes(endsFirst: Bool) async throws {
        // Writes until nobody reads.
        let rig = try await Rig("setsid sh -c 'echo $$; while echo x; do sleep 0.1; done' & read line; exit 0")
        let stray = try #require(Int32(await rig.firstLine.value))
        let pidfd = cspawn_pidfd_open(stray)
        try #require(pidfd >= 0)
        defer { close(pidfd) }
        if endsFirst {
            try await rig.backend.eventLoop.submit { rig.backend.value.end(farewell: ByteBuffer()) }.get()
        } else {
            rig.sendAndStall()
            #expect(await rig.report.value.end == .serverExited(.exited(0)))
        }
        var entry = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 30_000) == 1, "it still finds a reader")
        if entry.revents == 0 { kill(stray, SIGKILL) }
        try await rig.shutDown()
    }
}
