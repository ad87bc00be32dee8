// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A child's standard error on its way to the log (R41) and, where the operator allows it, to the client (R38).
///
/// A value without I/O or clock. Always takes all there is, whatever the length of the lines; what the log gets is
/// limited in rate and in length, and secrets are blotted out.
package struct StandardErrorLines: Sendable {
    /// The most of a line that is kept, in bytes.
    package static let lineLimit = 1_024
    /// Lines that go to the log in one second.
    package static let linesPerSecond = 50
    /// Lines kept for the answer to the client.
    package static let tailLines = 20

    private let secrets: [[UInt8]]
    private var line: [UInt8] = []
    private var isCut = false
    private var windowStart: Int64 = .min
    private var inWindow = 0
    /// The last lines, oldest first.
    package private(set) var tail: [String] = []
    /// Lines that the rate limit kept from the log since it was last asked.
    private var suppressed = 0

    /// - Parameter secrets: values that must never be shown; each line of a longer one by itself.
    package init(secrets: [String]) {
        // By bytes, since CRLF is one Character; the longest first, lest a shorter one leave the end of it behind.
        self.secrets = secrets.flatMap { $0.utf8.split { $0 == 0x0A || $0 == 0x0D } }.map { Array($0) }
            .filter { $0.count >= 4 }.sorted { $0.count > $1.count }
    }

    /// A text of a server's on one line and no longer than one, without what must not be shown.
    package static func redacted(_ text: String, secrets: [String]) -> String {
        var lines = Self(secrets: secrets)
        var bytes = Array(text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
        bytes.append(0x0A)
        _ = bytes.withUnsafeBytes { lines.receive($0, now: 0) }
        return lines.tail.last ?? ""
    }

    /// Takes what was read and returns the lines for the log.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer, now: Int64) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                self.endLine(now: now, into: &lines)
            } else if self.line.count < Self.lineLimit {
                self.line.append(byte)
            } else {
                self.isCut = true
            }
        }
        return lines
    }

    /// The stream has ended: the last line, if it had no LF, and how many the log never saw.
    package mutating func finish(now: Int64) -> [String] {
        var lines: [String] = []
        if !self.line.isEmpty { self.endLine(now: now, into: &lines) }
        if let note = self.takeSuppressed() { lines.append(note) }
        return lines
    }

    private mutating func endLine(now: Int64, into lines: inout [String]) {
        var text = self.line
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        for secret in self.secrets { text.blot(secret) }
        let string = String(decoding: text, as: UTF8.self) + (self.isCut ? "…" : "")
        self.line = []
        self.isCut = false
        guard !string.isEmpty else { return }
        if self.tail.count == Self.tailLines { self.tail.removeFirst() }
        self.tail.append(string)
        if self.windowStart == .min || now - self.windowStart >= 1_000_000_000 {
            self.windowStart = now
            self.inWindow = 0
            if let note = self.takeSuppressed() { lines.append(note) }
        }
        guard self.inWindow < Self.linesPerSecond else {
            self.suppressed += 1
            return
        }
        self.inWindow += 1
        lines.append(string)
    }

    private mutating func takeSuppressed() -> String? {
        guard self.suppressed > 0 else { return nil }
        defer { self.suppressed = 0 }
        return "(\(self.suppressed) lines not logged)"
    }
}

extension [UInt8] {
    /// Puts `[redacted]` for each occurrence of `secret`, and for its beginning at the very end, where a cut may be.
    fileprivate mutating func blot(_ secret: [UInt8]) {
        var at = 0
        while at < self.count {
            guard self[at] == secret[0] else {
                at += 1
                continue
            }
            let length = Swift.min(secret.count, self.count - at)
            if self[at..<at + length].elementsEqual(secret[..<length]), length == secret.count || length >= 4 {
                self.replaceSubrange(at..<at + length, with: "[redacted]".utf8)
                at += 10
            } else {
                at += 1
            }
        }
    }
}
