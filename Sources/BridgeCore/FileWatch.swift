// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Says when files that have changed are to be read again: once they have kept still from one look to the next.
///
/// Several files rarely change in the same moment, and some are written in place: a certificate without its new key,
/// or half a file, is not worth an error.
package struct FileWatch<Stamp: Equatable & Sendable>: Sendable {
    /// What was there when the files were read last, whether they were any good or not.
    private var read: Stamp
    private var seen: Stamp

    /// - Parameter stamp: what tells one state of the files from another, taken before they were read.
    package init(read stamp: Stamp) {
        self.read = stamp
        self.seen = stamp
    }

    /// Whether the files are to be read now.
    package mutating func look(_ stamp: Stamp) -> Bool {
        defer { self.seen = stamp }
        return stamp != self.read && stamp == self.seen
    }

    /// The files have been read, or tried.
    package mutating func wasRead(_ stamp: Stamp) {
        self.read = stamp
        self.seen = stamp
    }
}
