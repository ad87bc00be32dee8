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

@Suite("R39: a child that cannot be started", .serialized, .timeLimit(.minutes(2)))
struct SpawnFailureTests {
    /// A directory with programs that do not work; removed with the last test that uses it.
    private final class BrokenPrograms {
        let path: String

        init() throws {
            var template = Array("/tmp/mcp-wsbridge-spawn-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw SystemError(number: errno) }
            self.path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            try self.add("no-interpreter", "#!/nonexistent/interpreter\n", 0o755)
            try self.add("not-executable", "#!/bin/sh\n", 0o644)
            try self.add("no-format", "hello\n", 0o755)
        }

        deinit {
            for name in ["no-interpreter", "not-executable", "no-format"] { unlink("\(self.path)/\(name)") }
            rmdir(self.path)
        }

        private func add(_ name: String, _ text: String, _ mode: mode_t) throws {
            let file = open("\(self.path)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, mode)
            guard file >= 0 else { throw SystemError(number: errno) }
            defer { close(file) }
            guard write(file, text, text.utf8.count) == text.utf8.count else { throw SystemError(number: errno) }
        }
    }

    private struct SystemError: Error {
        let number: Int32
    }

    private let supervisor: ChildSupervisor
    private let broken: BrokenPrograms

    init() throws {
        self.supervisor = try ChildSupervisor(adoptsOrphans: false)
        self.broken = try BrokenPrograms()
    }

    private func failure(
        _ arguments: [String],
        environment: [(name: String, value: String)] = [("PATH", ChildProbe.path)],
        directory: String? = nil
    ) async throws -> SpawnError {
        do {
            let probe = try await ChildProbe.start(
                arguments,
                in: self.supervisor,
                environment: environment,
                directory: directory
            )
            self.supervisor.killAll()
            await probe.gone.value
            throw SystemError(number: 0)
        } catch let error as SpawnError {
            return error
        }
    }

    @Test("R39: a missing program is named, by path, by name and relative to the directory")
    func program() async throws {
        let path = try await self.failure(["/nonexistent/server", "x"])
        #expect(path.code == .programNotFound("/nonexistent/server"))
        #expect(path.message.contains("/nonexistent/server"))
        let name = try await self.failure(["no-such-server"])
        #expect(name.code == .programNotFound("no-such-server"))
        #expect(name.message.contains("PATH"))
        let relative = try await self.failure(["./server"], directory: "/usr/lib")
        #expect(relative.code == .programNotFound("./server"))
        #expect(relative.message.contains("/usr/lib"))
        #expect(try await self.failure(["/bin/sh/x"]).code == .programNotFound("/bin/sh/x"))
        #expect(try await self.failure([]).code == .programNotFound(""))
        #expect([path, name, relative].allSatisfy { !$0.isTransient })
    }

    @Test("R39: a missing directory is told from a missing program")
    func directory() async throws {
        let missing = try await self.failure(["/bin/true"], directory: "/nonexistent/dir")
        #expect(missing.code == .workingDirectory("/nonexistent/dir", errno: ENOENT))
        #expect(missing.message.contains("/nonexistent/dir"))
        let file = try await self.failure(["/bin/true"], directory: "/bin/sh")
        #expect(file.code == .workingDirectory("/bin/sh", errno: ENOTDIR))
        // With both missing the directory comes first, as it does in the child.
        let both = try await self.failure(["/nonexistent/server"], directory: "/nonexistent/dir")
        #expect(both.code == .workingDirectory("/nonexistent/dir", errno: ENOENT))
    }

    @Test("R39: a missing interpreter is told from a missing program")
    func interpreter() async throws {
        let path = "\(self.broken.path)/no-interpreter"
        #expect(try await self.failure([path]).code == .interpreterMissing(path))
        #expect(
            try await self.failure(["./no-interpreter"], directory: self.broken.path).code
                == .interpreterMissing("./no-interpreter")
        )
    }

    @Test("R39: what cannot be executed is named", arguments: ["not-executable", "no-format"])
    func notExecutable(_ name: String) async throws {
        let path = "\(self.broken.path)/\(name)"
        #expect(try await self.failure([path]).code == .notExecutable(path))
        #expect(try await self.failure([name], environment: [("PATH", self.broken.path)]).code == .notExecutable(path))
        #expect(try await self.failure([self.broken.path]).code == .notExecutable(self.broken.path))
    }

    @Test(
        "R42: the working directory is never searched for a program",
        arguments: ["", ".", ":", "::/usr/lib", "../../../../../../../../../../bin"]
    )
    func relativePath(_ path: String) async throws {
        let failure = try await self.failure(
            ["true"],
            environment: [("PATH", path)],
            directory: "/usr/bin"
        )
        #expect(failure.code == .programNotFound("true"))
    }

    @Test("R42: a NUL cannot cut an argument short")
    func nul() async throws {
        #expect(
            try await self.failure(["/bin/echo", "a\0b"]).code == .other(stage: "arguments", errno: EINVAL)
        )
    }

    @Test("R39: other children notice nothing of a failure")
    func others() async throws {
        let probe = try await ChildProbe.start(["cat"], in: self.supervisor)
        for _ in 0..<20 { _ = try await self.failure(["/nonexistent/server"]) }
        #expect(write(probe.child.stdin, "still\n", 6) == 6)
        #expect(try probe.line() == "still")
        probe.closeInput()
        #expect(await probe.exit.value == .exited(0))
        await probe.gone.value
        probe.closeOutputs()
        #expect(self.supervisor.liveCount == 0)
    }

    @Test("R39: without descriptors the failure is transient, leaves none open, and passes")
    func exhausted() async {
        await #expect(processExitsWith: .success) {
            let supervisor = try ChildSupervisor(adoptsOrphans: false)
            // Whatever is loaded and opened on first use has been by now.
            let first = try await ChildProbe.shell("exit 0", in: supervisor)
            await first.gone.value
            first.closeInput()
            first.closeOutputs()
            let before = openDescriptors()
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let full = limit
            // Every count from "no pipe at all" to "three pipes but no pidfd"; a child takes seven for a moment.
            for spare in 0..<7 {
                var ballast: [CInt] = []
                limit.rlim_cur = 64
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                while case let descriptor = dup(0), descriptor >= 0 { ballast.append(descriptor) }
                for _ in 0..<spare { close(ballast.removeLast()) }
                await #expect(throws: SpawnError.self) {
                    do {
                        _ = try await ChildProbe.shell("exit 0", in: supervisor)
                    } catch let error as SpawnError {
                        #expect(error.code == .resources(errno: EMFILE))
                        #expect(error.isTransient)
                        throw error
                    }
                }
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), [full])
                for descriptor in ballast { close(descriptor) }
                #expect(openDescriptors().subtracting(before) == [])
            }
            let last = try await ChildProbe.shell("exit 0", in: supervisor)
            #expect(await last.exit.value == .exited(0))
        }
    }
}
