// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the commands say to the user.
enum StandardOutput {
    /// Writes all of `text`; a reader that has gone is no error.
    static func write(_ text: String) { _ = writeAll(Array(text.utf8), to: STDOUT_FILENO) }

    /// Likewise; false once the reader has gone.
    static func write(_ bytes: [UInt8]) -> Bool { writeAll(bytes, to: STDOUT_FILENO) }
}

/// What the commands complain about.
enum StandardError {
    /// Writes all of `text`; a reader that has gone is no error.
    static func write(_ text: String) { _ = writeAll(Array(text.utf8), to: STDERR_FILENO) }
}

private func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
    bytes.withUnsafeBytes { bytes in
        var at = 0
        while at < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + at }, bytes.count - at)
            if count < 0, errno != EINTR { return false }
            at += max(0, count)
        }
        return true
    }
}
