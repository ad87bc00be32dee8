// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Bridge
import BridgeCore
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("R39, R42: starting a child", .serialized, .timeLimit(.minutes(2)))
struct SpawnTests {
    let supervisor: ChildSupervisor

    init() throws {
        self.supervisor = try ChildSupervisor(adoptsOrphans: false)
    }

    private func output(of arguments: [String], directory: String? = nil) async throws -> String {
        let probe = try await ChildProbe.start(arguments, in: self.supervisor, directory: directory)
        probe.closeInput()
        defer { probe.closeOutputs() }
        let output = try probe.output()
        await probe.gone.value
        return output
    }

    @Test("R39: a program is found in the child's PATH and speaks through the pipes")
    func speaks() async throws {
        let probe = try await ChildProbe.start(["cat"], in: self.supervisor)
        defer { probe.closeOutputs() }
        #expect(write(probe.child.stdin, "hello\n", 6) == 6)
        #expect(try probe.line() == "hello")
        #expect(self.supervisor.liveCount == 1)
        probe.closeInput()
        #expect(await probe.exit.value == .exited(0))
        await probe.gone.value
        #expect(self.supervisor.liveCount == 0)
        #expect(try probe.output() == "")
    }

    @Test("R42: no shell touches the arguments, and the working directory is the configured one")
    func arguments() async throws {
        let odd = ["$HOME", "a b", "*", "'\"", "", "\u{e9}\n"]
        #expect(try await self.output(of: ["printf", "[%s]"] + odd) == odd.map { "[\($0)]" }.joined())
        #expect(try await self.output(of: ["pwd", "-P"], directory: "/usr/lib") == "/usr/lib\n")
        #expect(try await self.output(of: ["./env", "printf", "ok"], directory: "/usr/bin") == "ok")
    }

    @Test("R42: the environment is what was given, and the connection's mark, once")
    func environment() async throws {
        let probe = try await ChildProbe.start(
            ["/usr/bin/env"],
            in: self.supervisor,
            environment: [("A", "1"), ("MCP_WSBRIDGE_CONNECTION", "forged"), ("B", "x=y z")],
            mark: "c-17"
        )
        probe.closeInput()
        defer { probe.closeOutputs() }
        #expect(try probe.output() == "MCP_WSBRIDGE_CONNECTION=c-17\nA=1\nB=x=y z\n")
        await probe.gone.value
    }

    @Test("R42: descriptors do not leak, close-on-exec or not")
    func descriptors() async throws {
        let leaks = (0..<20).map { _ in dup(0) } + [fcntl(0, F_DUPFD, 700)]
        defer { for leak in leaks { close(leak) } }
        #expect(leaks.allSatisfy { $0 >= 0 && fcntl($0, F_GETFD) == 0 })
        // The fourth is the directory that ls itself reads.
        #expect(try await self.output(of: ["ls", "/proc/self/fd"]) == "0\n1\n2\n3\n")
    }

    @Test("R42: the parent's ends are close-on-exec")
    func parentEnds() async throws {
        let probe = try await ChildProbe.start(["cat"], in: self.supervisor)
        for end in [probe.child.stdin, probe.child.stdout, probe.child.stderr] {
            #expect(fcntl(end, F_GETFD) == FD_CLOEXEC)
        }
        probe.closeInput()
        await probe.gone.value
        probe.closeOutputs()
    }

    @Test("R42: the descriptor limit is handed back")
    func limit() async throws {
        let supervisor = try ChildSupervisor(
            adoptsOrphans: false,
            descriptorLimit: DescriptorLimit(soft: 123, hard: 456)
        )
        let probe = try await ChildProbe.shell("ulimit -Sn; ulimit -Hn", in: supervisor)
        probe.closeInput()
        #expect(try probe.output() == "123\n456\n")
        await probe.gone.value
        probe.closeOutputs()
    }

    @Test("R42: ignored and blocked signals of the daemon are not the child's")
    func signals() async throws {
        // As in the daemon, whose event loops need it so; the supervisor's thread blocks everything besides.
        signal(SIGPIPE, SIG_IGN)
        let status = try await self.output(of: ["cat", "/proc/self/status"])
        let signals = status.split(separator: "\n").filter { $0.hasPrefix("Sig") && !$0.hasPrefix("SigQ") }
        #expect(signals.map { $0.prefix(6) } == ["SigPnd", "SigBlk", "SigIgn", "SigCgt"])
        #expect(signals.allSatisfy { $0.hasSuffix("\t0000000000000000") }, "\(signals)")
    }

    @Test("R36, R37: each child leads a session and a group of its own")
    func session() async throws {
        let probe = try await ChildProbe.start(["cut", "-d ", "-f", "1,5,6,7", "/proc/self/stat"], in: self.supervisor)
        probe.closeInput()
        let pid = probe.child.pid
        #expect(try probe.output() == "\(pid) \(pid) \(pid) 0\n")
        await probe.gone.value
        probe.closeOutputs()
    }

    @Test(
        "R38: exit status and signal are told",
        arguments: [
            ("exit 0", .exited(0)),
            ("exit 3", .exited(3)),
            ("exit 255", .exited(255)),
            ("kill -KILL $$", .signaled(9, coreDumped: false)),
            ("kill -TERM $$", .signaled(15, coreDumped: false)),
            ("ulimit -c 0; kill -SEGV $$", .signaled(11, coreDumped: false)),
        ] as [(String, ChildExit)]
    )
    func exits(_ script: String, _ expected: ChildExit) async throws {
        let probe = try await ChildProbe.shell(script, in: self.supervisor)
        #expect(await probe.exit.value == expected)
        await probe.gone.value
        probe.closeInput()
        probe.closeOutputs()
    }

    @Test("R36: many at once, each with its own pipes and exit")
    func many() async throws {
        let supervisor = self.supervisor
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<50 {
                group.addTask {
                    let probe = try await ChildProbe.shell("read x; exit $x", in: supervisor, mark: "m\(index)")
                    _ = write(probe.child.stdin, "\(index)\n", index < 10 ? 2 : 3)
                    #expect(await probe.exit.value == .exited(Int32(index)))
                    await probe.gone.value
                    probe.closeInput()
                    probe.closeOutputs()
                }
            }
            try await group.waitForAll()
        }
        #expect(supervisor.liveCount == 0)
    }
}
