// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Writes log lines to standard error from a thread of its own, so that no event loop ever waits for a full pipe.
///
/// Lines that find the buffer full are counted and left out, and the count is written when there is room again.
package final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
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
        self.state.withLock { state in
            guard state.pending.count + line.utf8.count < Self.limit else {
                state.lost += 1
                return
            }
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(UInt8(ascii: "\n"))
        }
        sem_post(self.bell)
    }

    /// Waits, at most a second, until all that was queued is written. For the end of the process.
    package func flush() {
        for _ in 0..<200 {
            let isIdle = self.state.withLock { $0.pending.isEmpty && !$0.isWriting }
            if isIdle { return }
            var five = timespec(tv_sec: 0, tv_nsec: 5_000_000)
            nanosleep(&five, nil)
        }
    }

    private func run() {
        while true {
            sem_wait(self.bell)
            let bytes = self.state.withLock { state -> [UInt8] in
                defer { state.pending = [] }
                if state.lost > 0 {
                    state.pending.append(
                        contentsOf: "(\(state.lost) log lines lost: standard error is not read)\n".utf8
                    )
                    state.lost = 0
                }
                state.isWriting = !state.pending.isEmpty
                return state.pending
            }
            Self.writeAll(bytes)
            self.state.withLock { $0.isWriting = false }
        }
    }

    private static func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var at = 0
            while at < buffer.count {
                let count = Glibc.write(STDERR_FILENO, buffer.baseAddress.map { $0 + at }, buffer.count - at)
                if count < 0, errno == EAGAIN {
                    // Somebody who shares it has made it non-blocking.
                    var room = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                    poll(&room, 1, -1)
                } else if count < 0, errno != EINTR {
                    return
                }
                at += max(0, count)
            }
        }
    }
}
