// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import CSystemd
internal import Glibc

/// The systemd journal.
package enum Journal {
    /// Whether there is one that takes entries. Never in static executables, which are without libsystemd
    /// (packaging/no-systemd.c); libsystemd itself says EINVAL to an entry without fields.
    package static var isThere: Bool {
        access("/run/systemd/journal/socket", W_OK) == 0 && sd_journal_sendv(nil, 0) != -ENOSYS
    }

    /// Whether standard error is connected to it: systemd has started this process and nobody redirects its output
    /// (systemd.exec(5), `$JOURNAL_STREAM`).
    package static var isStandardError: Bool {
        guard let stream = getenv("JOURNAL_STREAM").map({ String(cString: $0) }) else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)" && Self.isThere
    }

    /// Waits for the journal where that is busy. What it does not take is lost.
    static func send(_ entry: JournalEntry) {
        // One piece of memory, so that no pointer outlives what it points into.
        var bytes = entry.fields.flatMap(\.self)
        bytes.withUnsafeMutableBytes { buffer in
            var start = 0
            let vectors = entry.fields.map { field -> iovec in
                defer { start += field.count }
                return iovec(iov_base: buffer.baseAddress.map { $0 + start }, iov_len: field.count)
            }
            _ = sd_journal_sendv(vectors, CInt(vectors.count))
        }
    }
}
