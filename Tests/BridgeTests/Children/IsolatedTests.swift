// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Bridge
import BridgeCore
import CSpawn
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What concerns a whole process (the subreaper, all its descriptors, its death) is tested in one of its own.
@Suite("R37, R39: as a daemon does it", .serialized, .timeLimit(.minutes(3)))
struct IsolatedTests {
    @Test("R37: a descendant that left the session is found by its mark and ended, without a zombie")
    func daemonised() async {
        await #expect(processExitsWith: .success) {
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            let probe = try await ChildProbe.shell(
                """
                setsid sleep 1000 >/dev/null 2>&1 &
                echo $!
                read x
                """,
                in: supervisor,
                mark: "d1"
            )
            let stray = try #require(try probe.line().flatMap { Int32($0) })
            probe.closeInput()
            supervisor.end(probe.child.id)
            await probe.gone.value
            #expect(kill(stray, 0) == -1 && errno == ESRCH)
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }

    @Test("R37: one that no look has found while its family was ended is ended by a later look")
    func missed() async {
        await #expect(processExitsWith: .success) {
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            let first = try await ChildProbe.shell("read x", in: supervisor, mark: "gone")
            first.closeInput()
            supervisor.end(first.child.id)
            await first.gone.value
            // As one is left that was not seen: an orphan with the mark of a family that is gone.
            let script = """
                MCP_WSBRIDGE_CONNECTION=gone setsid sleep 1000 >/dev/null 2>&1 &
                echo $!
                read x
                """
            let probe = try await ChildProbe.shell(script, in: supervisor, mark: "d2")
            let stray = try #require(try probe.line().flatMap { Int32($0) })
            #expect(kill(stray, 0) == 0)
            probe.closeInput()
            supervisor.end(probe.child.id)
            await probe.gone.value
            while kill(stray, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }

    @Test("R37: so are its own daemonised children, and those that ignore SIGTERM; other families notice nothing")
    func nested() async {
        await #expect(processExitsWith: .success) {
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            let script = """
                setsid sh -c 'trap "" TERM; setsid sleep 1000 & echo $!; exec sleep 1000' &
                setsid sh -c 'setsid setsid sleep 1000 & echo $!; wait' &
                (setsid sleep 1000 & echo orphan $!)
                read x
                """
            let ended = try await ChildProbe.shell(script, in: supervisor, termGrace: .milliseconds(100), mark: "e")
            let kept = try await ChildProbe.shell(script, in: supervisor, mark: "k")
            var orphans: [Int32] = []
            for probe in [ended, kept] {
                for _ in 0..<3 {
                    let line = try #require(try probe.line())
                    if line.hasPrefix("orphan ") { orphans.append(try #require(Int32(line.dropFirst(7)))) }
                }
            }
            try #require(orphans.count == 2)
            ended.closeInput()
            supervisor.end(ended.child.id)
            await ended.gone.value
            // All that ever held the pipe are gone.
            #expect(try ended.output() == "")
            #expect(supervisor.liveCount == 1)
            #expect(kill(orphans[0], 0) == -1 && errno == ESRCH)
            #expect(kill(orphans[1], 0) == 0, "an orphan of the other family")
            var poll = pollfd(fd: kept.child.stdout, events: Int16(POLLIN), revents: 0)
            #expect(Glibc.poll(&poll, 1, 0) == 0, "the strays of the other family hold its pipe")
            kept.closeInput()
            supervisor.end(kept.child.id)
            supervisor.killAll()
            await kept.gone.value
            #expect(try kept.output() == "")
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }

    @Test("R37: after many children no process, zombie or descriptor is left")
    func baseline() async {
        await #expect(processExitsWith: .success) {
            let before = openDescriptors()
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            for round in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<10 {
                        group.addTask {
                            let probe = try await ChildProbe.shell(
                                "sleep 1000 & echo x; read x",
                                in: supervisor,
                                mark: "b\(round).\(index)"
                            )
                            #expect(try probe.line() == "x")
                            probe.closeInput()
                            supervisor.end(probe.child.id)
                            await probe.gone.value
                            probe.closeOutputs()
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(supervisor.liveCount == 0)
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
            let stopped = Arrival<Void>()
            supervisor.shutdown { stopped.arrive(()) }
            await stopped.value
            #expect(openDescriptors().subtracting(before) == [])
        }
    }

    @Test("R42: a daemon without standard descriptors of its own gives its children theirs")
    func noStandardDescriptors() async {
        await #expect(processExitsWith: .success) {
            // The supervisor's own descriptors get these numbers.
            for descriptor: CInt in 0...2 { close(descriptor) }
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            let probe = try await ChildProbe.shell(
                "read x; echo out $x; echo error >&2; ls /proc/self/fd",
                in: supervisor
            )
            #expect(write(probe.child.stdin, "a\n", 2) == 2)
            #expect(try probe.output() == "out a\n0\n1\n2\n3\n")
            var error = [UInt8](repeating: 0, count: 16)
            #expect(read(probe.child.stderr, &error, 16) == 6)
            #expect(await probe.exit.value == .exited(0))
        }
    }

    @Test("R38: an ignored SIGCHLD, inherited from whoever started the daemon, does not hide exit statuses")
    func ignoredChildSignal() async {
        await #expect(processExitsWith: .success) {
            signal(SIGCHLD, SIG_IGN)
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            let probe = try await ChildProbe.shell("exit 5", in: supervisor)
            #expect(await probe.exit.value == .exited(5))
            await probe.gone.value
        }
    }

    @Test("R37: an exit status taken by somebody else is told, and no signal goes to a freed number")
    func statusTaken() async {
        await #expect(processExitsWith: .success) {
            let lost = Arrival<ChildNotice>()
            let supervisor = try ChildSupervisor(adoptsOrphans: false) { lost.arrive($0) }
            let probe = try await ChildProbe.start(["cat"], in: supervisor)
            // From now on the kernel reaps by itself.
            signal(SIGCHLD, SIG_IGN)
            probe.closeInput()
            #expect(await probe.exit.value == .exited(-1))
            await probe.gone.value
            #expect(await lost.value == .statusLost(mark: "mark", pid: probe.child.pid, errno: ECHILD))
        }
    }

    @Test("R37: a daemon that is killed takes its children with it")
    func parentDeath() async throws {
        let result = try await #require(
            processExitsWith: .signal(SIGKILL),
            observing: [\.standardOutputContent]
        ) {
            let supervisor = try ChildSupervisor(adoptsOrphans: true)
            let probe = try await ChildProbe.start(["sleep", "1000"], in: supervisor)
            let text = "pid=\(probe.child.pid)\n"
            write(1, text, text.utf8.count)
            kill(getpid(), SIGKILL)
        }
        let text = String(decoding: result.standardOutputContent, as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("pid=") })
        let pid = try #require(Int32(line.dropFirst(4)))
        let pidfd = cspawn_pidfd_open(pid)
        guard pidfd >= 0 else {
            #expect(errno == ESRCH)
            return
        }
        defer { close(pidfd) }
        var poll = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        #expect(Glibc.poll(&poll, 1, 30_000) == 1)
    }
}
