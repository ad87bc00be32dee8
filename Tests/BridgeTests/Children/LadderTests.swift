// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Bridge
import BridgeCore
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("R37: ending a child and its descendants", .serialized, .timeLimit(.minutes(2)))
struct LadderTests {
    let supervisor: ChildSupervisor

    init() throws {
        self.supervisor = try ChildSupervisor(adoptsOrphans: false)
    }

    @Test("R37: a child that ends on end of input gets no signal")
    func endOfInput() async throws {
        let probe = try await ChildProbe.shell("trap 'echo signal' TERM; cat; echo bye; exit 4", in: self.supervisor)
        probe.closeInput()
        self.supervisor.end(probe.child.id)
        #expect(await probe.exit.value == .exited(4))
        await probe.gone.value
        #expect(try probe.output() == "bye\n")
        probe.closeOutputs()
    }

    @Test("R37: ignores end of input: SIGTERM")
    func ignoresEndOfInput() async throws {
        let probe = try await ChildProbe.start(["sleep", "1000"], in: self.supervisor, stdinGrace: .milliseconds(20))
        probe.closeInput()
        self.supervisor.end(probe.child.id)
        #expect(await probe.exit.value == .signaled(15, coreDumped: false))
        await probe.gone.value
        probe.closeOutputs()
    }

    @Test("R37: ignores SIGTERM: SIGKILL")
    func ignoresTerm() async throws {
        let probe = try await ChildProbe.shell(
            "trap '' TERM; echo ready; exec sleep 1000",
            in: self.supervisor,
            stdinGrace: .milliseconds(20),
            termGrace: .milliseconds(20)
        )
        #expect(try probe.line() == "ready")
        probe.closeInput()
        self.supervisor.end(probe.child.id)
        #expect(await probe.exit.value == .signaled(9, coreDumped: false))
        await probe.gone.value
        probe.closeOutputs()
    }

    @Test("R37: the whole group gets the signals of the ladder")
    func group() async throws {
        let probe = try await ChildProbe.shell(
            "(sleep 1000; true) & (trap '' TERM; echo ready; exec sleep 1000) & wait; wait",
            in: self.supervisor,
            stdinGrace: .milliseconds(20),
            // The leader must have had the time to die of SIGTERM; the grandchild that ignores it takes all of it.
            termGrace: .seconds(1)
        )
        #expect(try probe.line() == "ready")
        probe.closeInput()
        self.supervisor.end(probe.child.id)
        #expect(await probe.exit.value == .signaled(15, coreDumped: false))
        await probe.gone.value
        // Nobody holds the pipe any more.
        #expect(try probe.output() == "")
        probe.closeOutputs()
    }

    @Test("R37: a grandchild that outlives its leader is ended, with its pipe held open or not")
    func grandchild() async throws {
        let probe = try await ChildProbe.shell("sleep 1000 & echo ready", in: self.supervisor)
        #expect(try probe.line() == "ready")
        #expect(await probe.exit.value == .exited(0))
        await probe.gone.value
        #expect(try probe.output() == "")
        probe.closeInput()
        probe.closeOutputs()
    }

    @Test("R37: so is one that ignores SIGTERM, after its grace, and the log hears of it")
    func stubbornGrandchild() async throws {
        let notices = Mutex<[EndLadder.Signal]>([])
        let heard = Arrival<Void>()
        let supervisor = try ChildSupervisor(adoptsOrphans: false) { notice in
            guard case .survivors("stubborn", _, 1, let signal) = notice else { return }
            let isFirstKill = notices.withLock { signals in
                signals.append(signal)
                return signal == .kill && signals.count { $0 == .kill } == 1
            }
            if isFirstKill { heard.arrive(()) }
        }
        let probe = try await ChildProbe.shell(
            "(trap '' TERM; echo ready; exec sleep 1000) & read x",
            in: supervisor,
            termGrace: .milliseconds(100),
            mark: "stubborn"
        )
        #expect(try probe.line() == "ready")
        probe.closeInput()
        #expect(await probe.exit.value == .exited(1))
        await probe.gone.value
        #expect(try probe.output() == "")
        await heard.value
        #expect(notices.withLock { $0.first } == .terminate)
        probe.closeOutputs()
    }

    @Test("R37: job control within the session does not escape")
    func otherGroup() async throws {
        // Not every sh has job control without a terminal.
        let probe = try await ChildProbe.start(
            ["bash", "-c", "set -m; sleep 1000 & echo ready; read x"],
            in: self.supervisor
        )
        #expect(try probe.line() == "ready")
        probe.closeInput()
        _ = await probe.exit.value
        await probe.gone.value
        #expect(try probe.output() == "")
        probe.closeOutputs()
    }

    @Test("R44: a second signal kills every family at once, and nothing is started any more")
    func killAll() async throws {
        var probes: [ChildProbe] = []
        for index in 0..<5 {
            let probe = try await ChildProbe.shell(
                "trap '' TERM; (trap '' TERM; exec sleep 1000) & echo ready; wait",
                in: self.supervisor,
                mark: "k\(index)"
            )
            #expect(try probe.line() == "ready")
            probes.append(probe)
        }
        self.supervisor.end(probes[0].child.id)
        self.supervisor.killAll()
        let empty = Arrival<Void>()
        self.supervisor.onEmpty { empty.arrive(()) }
        for probe in probes {
            #expect(await probe.exit.value == .signaled(9, coreDumped: false))
            await probe.gone.value
            #expect(try probe.output() == "")
            probe.closeInput()
            probe.closeOutputs()
        }
        await empty.value
        #expect(self.supervisor.liveCount == 0)
        await #expect(throws: SpawnError.self) { try await ChildProbe.shell("exit 0", in: self.supervisor) }
    }

    @Test("R44: empty means no child, no ladder and no stray; the thread ends after the last")
    func shutdown() async throws {
        let supervisor = try ChildSupervisor(adoptsOrphans: false)
        let idle = Arrival<Void>()
        supervisor.onEmpty { idle.arrive(()) }
        await idle.value
        let probe = try await ChildProbe.start(["cat"], in: supervisor)
        let empty = Arrival<Bool>()
        let stopped = Arrival<Bool>()
        supervisor.onEmpty { empty.arrive(probe.gone.hasArrived) }
        supervisor.shutdown { stopped.arrive(probe.gone.hasArrived) }
        do {
            _ = try await ChildProbe.start(["cat"], in: supervisor)
            Issue.record("started after shutdown")
        } catch let error as SpawnError {
            #expect(error.code == .stopping)
        }
        #expect(!empty.hasArrived && !stopped.hasArrived)
        probe.closeInput()
        #expect(await empty.value)
        #expect(await stopped.value)
        probe.closeOutputs()
        let late = Arrival<Void>()
        supervisor.onEmpty { late.arrive(()) }
        supervisor.shutdown()
        supervisor.killAll()
        supervisor.end(probe.child.id)
        await late.value
    }
}
