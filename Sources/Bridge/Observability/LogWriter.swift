// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import CSpawn
internal import Glibc
internal import Synchronization

/// Writes log lines to standard error, and entries to the journal, from a thread of its own, so that no event loop ever waits
/// for a full pipe or a busy journal.
///
/// What finds the buffer full is counted and left out, and the count is written when there is room again.
package final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var entries: [JournalEntry] = []
        /// Of ``pending`` and ``entries``.
        var bytes = 0
        var lost = 0
        var isWriting = false
    }

    /// The most that waits, in bytes.
    private static let limit = 1 << 20

    // Invariant: `isWriting` while the thread holds bytes that are not written yet.
    private let state = Mutex(State())
    // SAFETY: a semaphore is made to be used from any thread; it lives as long as the process.
    private nonisolated(unsafe) let bell = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    package static let shared = LogWriter()

    private init() {
        sem_init(self.bell, 0, 0)
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { _ in
                LogWriter.shared.run()
                return nil
            },
            nil
        )
        pthread_detach(thread)
    }

    /// Queues one line, without its LF.
    package func write(_ line: String) {
        self.queue(line.utf8.count + 1) { state in
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(UInt8(ascii: "\n"))
        }
    }

    /// Queues an entry for the journal.
    func write(_ entry: JournalEntry) {
        self.queue(entry.bytes) { $0.entries.append(entry) }
    }

    private func queue(_ bytes: Int, _ append: (inout State) -> Void) {
        self.state.withLock { state in
            guard state.bytes + bytes <= Self.limit else {
                state.lost += 1
                return
            }
            state.bytes += bytes
            append(&state)
        }
        sem_post(self.bell)
    }

    /// Waits, at most a second, until all that was queued is written. For the end of the process.
    package func flush() {
        for _ in 0..<200 {
            let isIdle = self.state.withLock { $0.bytes == 0 && !$0.isWriting }
            if isIdle { return }
            var five = timespec(tv_sec: 0, tv_nsec: 5_000_000)
            nanosleep(&five, nil)
        }
    }

    private func run() {
        while true {
            sem_wait(self.bell)
            let (bytes, entries) = self.state.withLock { state -> ([UInt8], [JournalEntry]) in
                defer { state = State(isWriting: state.bytes > 0 || state.lost > 0) }
                if state.lost > 0 {
                    let unread = state.entries.isEmpty ? "standard error is not read" : "the journal takes no more"
                    state.pending.append(contentsOf: "(\(state.lost) log lines lost: \(unread))\n".utf8)
                }
                return (state.pending, state.entries)
            }
            Self.writeAll(bytes)
            for entry in entries { Journal.send(entry) }
            self.state.withLock { $0.isWriting = false }
        }
    }

    private static func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var at = 0
            while at < buffer.count {
                let count = Glibc.write(STDERR_FILENO, buffer.baseAddress.map { $0 + at }, buffer.count - at)
                if count < 0, errno == EAGAIN {
                    // Somebody who shares it has made it non-blocking. In C, since the compiler (6.3.1) may take `pollfd` for a
                    // structure of a module that this one cannot import.
                    cspawn_wait_writable(STDERR_FILENO)
                } else if count < 0, errno != EINTR {
                    return
                }
                at += max(0, count)
            }
        }
    }
}
