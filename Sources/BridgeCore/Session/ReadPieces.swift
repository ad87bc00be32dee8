// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Where what one read has brought is cut, so that the other side begins with its first messages while the bridge goes on
/// with the rest.
///
/// What one client has in flight moves as one lump otherwise, for which bridge, server and client wait in turn. In four pieces
/// 64 messages of 200 bytes in flight go 1.5 to 2.1 times as fast, for about as much CPU time each; two pieces hardly gain, eight
/// cost a third more time than four. What many connections bring overlaps anyway, and is seldom enough to be cut.
package struct ReadPieces: Sendable {
    private static let count = 4
    /// In bytes; what is less goes out in one write, since each costs a system call and perhaps a wake-up.
    private static let smallest = 1 << 10

    private let size: Int
    /// The first piece ends with the message behind which no more than so many bytes are left.
    private var end: Int

    /// - Parameter bytes: what was read.
    package init(of bytes: Int) {
        self.size = bytes / Self.count
        self.end = self.size >= Self.smallest ? bytes - self.size : 0
    }

    /// Whether a piece ends with the message that has just been handled, and another begins.
    ///
    /// - Parameter left: so many bytes of what was read are behind that message.
    @inline(__always)
    package mutating func isComplete(left: Int) -> Bool {
        guard left <= self.end, left > 0 else { return false }
        self.end = left - self.size
        return true
    }
}
