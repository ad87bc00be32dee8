// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Glibc
internal import Logging
internal import Synchronization

/// Writes the audit record (R77) from a thread of its own, so that no event loop ever waits for a disk.
///
/// What cannot be kept is counted and told, in the record as soon as there is room and in the log; connections go on.
package final class AuditLog: Sendable {
    private struct State {
        var queue = AuditQueue()
        /// Nil for the log.
        var file: AuditFile?
        var isStarted = false
        var isEnd = false
        /// All that came before ``isEnd`` has been written, or could not be.
        var hasEnded = false
    }

    /// How long refusals that are left out wait to be told of, and how often a disk that was full is tried.
    private static let pause = 1

    /// Nil for the log.
    private let path: String?
    // Invariant: the thread takes all that is in `queue` at once, and writes it to the `file` that it saw then.
    private let state: Mutex<State>
    // SAFETY: a semaphore is made to be used from any thread; it lives as long as the process.
    private nonisolated(unsafe) let bell = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    private init(_ file: AuditFile?, path: String?) {
        self.path = path
        var state = State()
        state.file = file
        self.state = Mutex(state)
        sem_init(self.bell, 0, 0)
    }

    /// That of a configuration, its file open; nil where it is off. Blocks; not for an event loop.
    ///
    /// - Throws: a file that cannot be opened, with the place that names it.
    package static func of(_ configuration: Configuration) throws(ConfigurationError) -> AuditLog? {
        switch configuration.audit {
        case .off: return nil
        case .log: return AuditLog(nil, path: nil)
        case .file(let path, let place):
            do throws(FileError) {
                return AuditLog(try AuditFile(path: path), path: path)
            } catch {
                let message = "the file \(path.debugDescription) of `to` in [audit] cannot be opened: \(error.reason)"
                throw ConfigurationError(problems: [.init(place: place, message: message)])
            }
        }
    }

    /// Why the file of a configuration could not be opened now; nil where it could, or there is none. Makes nothing.
    package static func problem(of configuration: Configuration) -> FileError? {
        guard case .file(let path, _) = configuration.audit else { return nil }
        return AuditFile.problem(path: path)
    }

    /// Begins to write, until the process ends. To be called once.
    ///
    /// - Parameter logger: is told of what cannot be written.
    func start(_ logger: Logger) {
        self.state.withLock { $0.isStarted = true }
        let start = Unmanaged.passRetained(Start(log: self, logger: logger)).toOpaque()
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { start in
                guard let start else { return nil }
                let taken = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
                taken.log.run(taken.logger)
                return nil
            },
            start
        )
        pthread_detach(thread)
    }

    /// What the thread begins with.
    private final class Start {
        let log: AuditLog
        let logger: Logger

        init(log: AuditLog, logger: Logger) {
            self.log = log
            self.logger = logger
        }
    }

    /// Queues a record. On any thread; never waits for a disk.
    func record(_ event: AuditRecord.Event, of client: AuditRecord.Client) {
        let record = AuditRecord(time: .now(), client: client, event: event)
        let isNews = self.state.withLock { $0.queue.add(record, now: Connection.now()) }
        if isNews { sem_post(self.bell) }
    }

    /// Opens the file anew: its name may stand for another one by now. What was not written yet goes there. Where that
    /// fails, the old one stays. Blocks; not for an event loop.
    func reopen(_ logger: Logger) {
        guard let path = self.path else { return }
        do throws(FileError) {
            let file = try AuditFile(path: path)
            self.state.withLock { $0.file = file }
            sem_post(self.bell)
            logger.notice("opened the audit file again", metadata: [LogKey.files: "\(path)"])
        } catch {
            logger.error(
                "cannot open the audit file again and goes on with the old one",
                metadata: [LogKey.files: "\(path)", LogKey.error: "\(error)"]
            )
        }
    }

    /// Waits, at most a second, until all that was queued is written. For the end of the process, when nothing more comes.
    package func flush() {
        let isStarted = self.state.withLock { state in
            state.isEnd = true
            return state.isStarted
        }
        guard isStarted else { return }
        sem_post(self.bell)
        for _ in 0..<200 {
            if self.state.withLock({ $0.hasEnded }) { return }
            var five = timespec(tv_sec: 0, tv_nsec: 5_000_000)
            nanosleep(&five, nil)
        }
    }

    // MARK: The thread

    private func run(_ logger: Logger) {
        var faults = AuditFaults()
        var current: AuditFile?
        var isTorn = false
        while true {
            let (batch, file, isEnd) = self.state.withLock { state in
                let batch = state.queue.take(now: Connection.now(), time: .now(), isEnd: state.isEnd)
                return (batch, state.file, state.isEnd)
            }
            if file !== current {
                current = file
                isTorn = file?.isTorn ?? false
            }
            self.write(batch, to: file, &isTorn, &faults, logger)
            self.state.withLock { $0.hasEnded = isEnd }
            self.wait()
        }
    }

    private func write(
        _ batch: AuditQueue.Batch,
        to file: AuditFile?,
        _ isTorn: inout Bool,
        _ faults: inout AuditFaults,
        _ logger: Logger
    ) {
        guard !batch.bytes.isEmpty else { return }
        guard let file else {
            for line in batch.bytes.split(separator: UInt8(ascii: "\n")) {
                LogWriter.shared.write(String(decoding: line, as: UTF8.self))
            }
            return
        }
        var error: CInt?
        // The rest of a record that is not whole stays alone on its line.
        if isTorn { error = file.append([UInt8(ascii: "\n")]).error }
        var written = 0
        if error == nil {
            (written, error) = file.append(batch.bytes)
            isTorn = written > 0 && batch.bytes[written - 1] != UInt8(ascii: "\n")
        }
        guard let error else {
            if let lost = faults.succeeded() {
                logger.notice("the audit record can be written again", metadata: [LogKey.count: "\(lost)"])
            }
            return
        }
        let lost = self.state.withLock { $0.queue.failed(batch, written: written) }
        if let lost = faults.failed(lost, now: Connection.now()) {
            logger.error(
                "cannot write the audit record: connections go on without",
                metadata: [LogKey.error: "\(String(cString: strerror(error)))", LogKey.count: "\(lost)"]
            )
        }
    }

    /// Waits for news; for what is still to be told not longer than a second.
    private func wait() {
        if self.state.withLock({ $0.queue.isEmpty }) {
            sem_wait(self.bell)
        } else {
            var end = timespec()
            clock_gettime(CLOCK_REALTIME, &end)
            end.tv_sec += Self.pause
            sem_timedwait(self.bell, &end)
        }
    }
}
