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

/// A value that comes once; any number may wait for it.
final class Arrival<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Value, Never>])
        case arrived(Value)
    }

    private let state = Mutex(State.waiting([]))

    func arrive(_ value: Value) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Value, Never>] in
            guard case .waiting(let waiters) = state else {
                Issue.record("called twice")
                return []
            }
            state = .arrived(value)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    var hasArrived: Bool {
        self.state.withLock { if case .arrived = $0 { true } else { false } }
    }

    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value = self.state.withLock { state -> Value? in
                    switch state {
                    case .arrived(let value):
                        return value
                    case .waiting(let waiters):
                        state = .waiting(waiters + [continuation])
                        return nil
                    }
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }
}

/// A child under test with everything that its supervisor says about it.
struct ChildProbe: Sendable {
    let child: Child
    let exit: Arrival<ChildExit>
    let gone: Arrival<Void>

    static let path = "/usr/local/bin:/usr/bin:/bin"

    static func start(
        _ arguments: [String],
        in supervisor: ChildSupervisor,
        environment: [(name: String, value: String)] = [("PATH", path)],
        directory: String? = nil,
        stdinGrace: Duration = .seconds(60),
        termGrace: Duration = .seconds(60),
        mark: String = "mark"
    ) async throws -> ChildProbe {
        let command = ChildCommand(
            arguments: arguments,
            environment: environment,
            workingDirectory: directory,
            stop: StopGraces(stdin: stdinGrace, term: termGrace),
            mark: mark
        )
        let exit = Arrival<ChildExit>()
        let gone = Arrival<Void>()
        let result = Arrival<Result<Child, SpawnError>>()
        supervisor.spawn(
            command,
            onExit: { exit.arrive($0) },
            onGone: { gone.arrive(()) },
            completion: { result.arrive($0) }
        )
        return ChildProbe(child: try await result.value.get(), exit: exit, gone: gone)
    }

    /// Runs a shell script.
    static func shell(
        _ script: String,
        in supervisor: ChildSupervisor,
        stdinGrace: Duration = .seconds(60),
        termGrace: Duration = .seconds(60),
        mark: String = "mark"
    ) async throws -> ChildProbe {
        try await self.start(
            ["/bin/sh", "-c", script],
            in: supervisor,
            stdinGrace: stdinGrace,
            termGrace: termGrace,
            mark: mark
        )
    }

    /// The next line of its standard output, without the newline; nil at the end.
    func line() throws -> String? {
        var bytes: [UInt8] = []
        while let byte = try self.read(self.child.stdout, atMost: 1).first {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// All that is left of its standard output: returns when nobody holds the pipe's other end.
    func output() throws -> String {
        var bytes: [UInt8] = []
        while case let more = try self.read(self.child.stdout, atMost: 4096), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    func closeInput() {
        close(self.child.stdin)
    }

    /// Closes what `closeInput()` does not.
    func closeOutputs() {
        close(self.child.stdout)
        close(self.child.stderr)
    }

    private struct Silence: Error {}

    private func read(_ descriptor: CInt, atMost count: Int) throws -> [UInt8] {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard waitForInput(&poll) == 1 else { throw Silence() }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, systemRead(descriptor, buffer.baseAddress, count))
        }
    }
}

private func waitForInput(_ descriptor: inout pollfd) -> CInt { poll(&descriptor, 1, 30_000) }

private func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

/// Open descriptors of this process and what they are; meaningful only where nothing else runs (exit tests).
///
/// What the Swift runtime and the test library have is theirs: timers come at any time, since time limits make them, and
/// an eventfd of the start may be closed at any time, so that only what is new can be ours. The one that reads the
/// directory is left out.
func openDescriptors() -> Set<String> {
    guard let directory = opendir("/proc/self/fd") else { return [] }
    defer { closedir(directory) }
    var found: Set<String> = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        var target = [UInt8](repeating: 0, count: 256)
        let count = target.withUnsafeMutableBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { buffer in
                buffer.baseAddress.map { readlink("/proc/self/fd/\(name)", $0, buffer.count) } ?? -1
            }
        }
        guard count > 0, CInt(name) != dirfd(directory) else { continue }
        let text = String(decoding: target[..<count], as: UTF8.self)
        if !text.contains("timerfd") { found.insert("\(name) \(text)") }
    }
    return found
}
