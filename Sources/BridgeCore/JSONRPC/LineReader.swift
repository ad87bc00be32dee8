// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import NIOCore

/// Splits a child's output into lines at LF (R40), across any division into reads.
///
/// Holds bytes only while a line is incomplete. The bytes of one line are never copied more than once.
package struct LineReader: Sendable {
    /// What the next step found.
    package enum Event {
        case needMoreData
        /// A line that lay whole in `input`: its bytes are the next `count` readable ones, and the caller must consume
        /// `count + 1` (the LF too) before the next step.
        case line(count: Int)
        /// A line that came in several reads, without its LF.
        case assembled(ByteBuffer)
        /// The line is longer than the limit; its first bytes, at least as many as the limit, for finding out whose it
        /// was. The rest is skipped.
        case tooLong(prefix: ByteBuffer)
    }

    /// The longest line taken, in bytes.
    private let limit: Int
    /// The beginning of a line that is not whole yet.
    private(set) var partial: ByteBuffer?
    private var isSkipping = false

    /// - Parameter limit: the longest line, in bytes without LF.
    package init(limit: Int) {
        self.limit = limit
    }

    package mutating func next(from input: inout ByteBuffer) -> Event {
        guard input.readableBytes > 0 else { return .needMoreData }
        let newline = input.withUnsafeReadableBytes { bytes -> Int? in
            bytes.baseAddress.flatMap { base in
                memchr(base, 0x0A, bytes.count).map { UnsafeRawPointer($0) - base }
            }
        }
        if self.isSkipping {
            guard let newline else {
                input.moveReaderIndex(forwardBy: input.readableBytes)
                return .needMoreData
            }
            input.moveReaderIndex(forwardBy: newline + 1)
            self.isSkipping = false
            return self.next(from: &input)
        }
        guard let newline else { return self.hold(&input) }
        guard var line = self.partial else {
            if newline > self.limit {
                let prefix = input.readSlice(length: newline) ?? ByteBuffer()
                input.moveReaderIndex(forwardBy: 1)
                return .tooLong(prefix: prefix)
            }
            return .line(count: newline)
        }
        self.partial = nil
        if line.readableBytes + newline > self.limit {
            let kept = self.limit - line.readableBytes
            Self.move(kept, from: &input, to: &line)
            input.moveReaderIndex(forwardBy: newline - kept + 1)
            return .tooLong(prefix: line)
        }
        Self.move(newline, from: &input, to: &line)
        input.moveReaderIndex(forwardBy: 1)
        return .assembled(line)
    }

    /// The last line, which ended at the end of the stream without LF.
    package mutating func finish() -> ByteBuffer? {
        defer { self.partial = nil }
        return self.partial
    }

    private mutating func hold(_ input: inout ByteBuffer) -> Event {
        var line = self.partial ?? ByteBuffer()
        self.partial = nil
        let count = input.readableBytes
        if line.readableBytes + count > self.limit {
            self.isSkipping = true
            if line.readableBytes == 0 {
                return .tooLong(prefix: input.readSlice(length: count) ?? ByteBuffer())
            }
            let kept = self.limit - line.readableBytes
            Self.move(kept, from: &input, to: &line)
            input.moveReaderIndex(forwardBy: count - kept)
            return .tooLong(prefix: line)
        }
        Self.move(count, from: &input, to: &line)
        self.partial = line
        return .needMoreData
    }

    private static func move(_ count: Int, from input: inout ByteBuffer, to line: inout ByteBuffer) {
        input.withUnsafeReadableBytes { bytes in
            _ = line.writeBytes(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        }
        input.moveReaderIndex(forwardBy: count)
    }
}
