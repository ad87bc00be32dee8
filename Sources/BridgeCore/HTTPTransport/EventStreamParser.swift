// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Reads an event stream (`text/event-stream`, HTML Standard §9.2.6), across any division into reads (R66).
///
/// Holds bytes only of an event that has begun. The data of an event that lies on one line in one read is a slice of that
/// read; else its bytes are copied once. Comments are skipped without being held, however long. What stands behind the
/// last blank line when the stream ends is no event: drop the parser then.
package struct EventStreamParser: Sendable {
    /// What stood before a blank line.
    package struct Event: Sendable, Equatable {
        /// `message` if none was named. Bytes that are not UTF-8 are replaced.
        package var name: String
        /// The `data` lines joined by LF, raw; empty if there were none, as in the priming event of 2025-11-25.
        package var data: ByteBuffer
        /// This event named an id, so that ``EventStreamParser/lastEventID`` is its own.
        package var hasID: Bool
    }

    /// What the next step found.
    package enum Output: Sendable, Equatable {
        case needMoreData
        case event(Event)
        /// The event is longer than the limit. The stream cannot be read any further: each later step says this again.
        case tooLong
    }

    /// The longest id that is kept, in bytes: a header has to take it back.
    package static let maxIDLength = 4096
    /// The longest time that a server can ask for, in milliseconds.
    package static let maxReconnectionTime = 3_600_000

    /// The "last event ID string" of the standard: what to send as `Last-Event-ID`.
    ///
    /// Set when an event ends; nil before the first id, after an empty one, and after one that is longer than
    /// ``maxIDLength``. An id with NUL is ignored. It may hold control characters and others beyond ASCII.
    package private(set) var lastEventID: String?
    /// Milliseconds to wait before the stream is asked for anew, as the last valid `retry` line says; known as soon as the
    /// line has been read.
    package private(set) var reconnectionTime: Int?

    private let limit: Int
    /// The beginning of a line whose end has not been read.
    private var partial: ByteBuffer?
    private var isInComment = false
    /// The last line ended with CR: an LF right behind it belongs to the same end.
    private var endedWithCR = false
    /// How many bytes of a byte order mark have been read; nil once that is decided.
    private var markBytes: Int? = 0
    private var isTooLong = false

    // The event that has begun.
    private var size = 0
    private var hasFields = false
    private var name = ""
    private var data: ByteBuffer?
    /// ``data`` is a slice of the read that is being looked at.
    private var isBorrowed = false
    private var id: String?

    /// - Parameter limit: the largest event, in bytes of all its lines without their ends and without comments.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Bytes held of an event that has begun.
    package var heldBytes: Int { (self.partial?.readableBytes ?? 0) + (self.data?.readableBytes ?? 0) }

    /// Consumes `input` up to the end of the next event. Call it until it asks for more data: then `input` is empty.
    package mutating func next(from input: inout ByteBuffer) -> Output {
        if self.isTooLong { return self.fail(&input) }
        if self.markBytes != nil { self.skipMark(&input) }
        while let first = input.getInteger(at: input.readerIndex, as: UInt8.self) {
            if self.endedWithCR {
                self.endedWithCR = false
                if first == 0x0A {
                    input.moveReaderIndex(forwardBy: 1)
                    continue
                }
            }
            let isComment = self.isInComment || self.partial == nil && first == UInt8(ascii: ":")
            let length = input.withUnsafeReadableBytes(lineLength)
            guard length < input.readableBytes else {
                if isComment { self.isInComment = true } else if !self.hold(&input) { return self.fail(&input) }
                input.moveReaderIndex(forwardBy: input.readableBytes)
                break
            }
            if isComment {
                self.isInComment = false
                input.moveReaderIndex(forwardBy: length)
                self.readEnd(&input)
                continue
            }
            guard self.size + (self.partial?.readableBytes ?? 0) + length <= self.limit else {
                return self.fail(&input)
            }
            let isWhole = self.partial == nil
            let line = self.readLine(length, from: &input)
            self.readEnd(&input)
            if line.readableBytes > 0 {
                self.take(line, isBorrowed: isWhole)
            } else if let event = self.finishEvent() {
                return .event(event)
            }
        }
        self.ownData()
        return .needMoreData
    }

    // MARK: Lines

    /// Takes one byte order mark off the beginning of the stream. What only began like one is the first line's.
    private mutating func skipMark(_ input: inout ByteBuffer) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        while let count = self.markBytes, let byte = input.getInteger(at: input.readerIndex, as: UInt8.self) {
            guard byte == mark[count] else {
                if count > 0 { self.partial = ByteBuffer(bytes: mark.prefix(count)) }
                self.markBytes = nil
                return
            }
            input.moveReaderIndex(forwardBy: 1)
            self.markBytes = count == 2 ? nil : count + 1
        }
    }

    /// Keeps all of `input`, which is the beginning or the middle of a line; false if that is too much.
    private mutating func hold(_ input: inout ByteBuffer) -> Bool {
        var line = self.partial ?? ByteBuffer()
        guard self.size + line.readableBytes + input.readableBytes <= self.limit else { return false }
        self.partial = nil
        line.writeImmutableBuffer(input)
        self.partial = line
        return true
    }

    private mutating func readLine(_ length: Int, from input: inout ByteBuffer) -> ByteBuffer {
        let rest = input.readSlice(length: length) ?? ByteBuffer()
        guard var line = self.partial else { return rest }
        self.partial = nil
        line.writeImmutableBuffer(rest)
        return line
    }

    private mutating func readEnd(_ input: inout ByteBuffer) {
        self.endedWithCR = input.readInteger(as: UInt8.self) == 0x0D
    }

    private mutating func fail(_ input: inout ByteBuffer) -> Output {
        self.isTooLong = true
        self.partial = nil
        self.data = nil
        input.moveReaderIndex(forwardBy: input.readableBytes)
        return .tooLong
    }

    // MARK: Fields

    private mutating func take(_ line: ByteBuffer, isBorrowed: Bool) {
        self.size += line.readableBytes
        guard let (field, start) = line.withUnsafeReadableBytes(field) else { return }
        var value = line
        value.moveReaderIndex(forwardBy: start)
        switch field {
        case .data:
            if self.data == nil {
                self.data = value
                self.isBorrowed = isBorrowed
            } else {
                self.data?.writeInteger(0x0A, as: UInt8.self)
                self.data?.writeImmutableBuffer(value)
                self.isBorrowed = false
            }
        case .event: self.name = String(buffer: value)
        case .id:
            guard !value.readableBytesView.contains(0) else { return }
            self.id = value.readableBytes > Self.maxIDLength ? "" : String(buffer: value)
        case .retry:
            guard let time = Self.milliseconds(value.readableBytesView) else { return }
            self.reconnectionTime = time
        }
        self.hasFields = true
    }

    private static func milliseconds(_ digits: ByteBufferView) -> Int? {
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), Self.maxReconnectionTime) }
    }

    /// At a blank line: the event, if one has begun.
    private mutating func finishEvent() -> Event? {
        defer {
            self.size = 0
            self.hasFields = false
            self.name = ""
            self.data = nil
            self.id = nil
        }
        if let id { self.lastEventID = id.isEmpty ? nil : id }
        guard self.hasFields else { return nil }
        return Event(
            name: self.name.isEmpty ? "message" : self.name,
            data: self.data ?? ByteBuffer(),
            hasID: self.id != nil
        )
    }

    /// A read's memory is not kept for the sake of an event that waits for its end.
    private mutating func ownData() {
        guard self.isBorrowed, let data else { return }
        self.data = ByteBuffer(bytes: data.readableBytesView)
        self.isBorrowed = false
    }
}

private enum Field {
    case data, event, id, retry
}

/// The field that a line names and where its value begins; nil if the standard knows no such field.
private func field(_ line: UnsafeRawBufferPointer) -> (Field, Int)? {
    func start(behind name: StaticString) -> Int? {
        let count = name.utf8CodeUnitCount
        let literal = UnsafeRawBufferPointer(start: name.utf8Start, count: count)
        guard line.count >= count, line.prefix(count).elementsEqual(literal) else { return nil }
        guard line.count > count else { return count }
        guard line[count] == UInt8(ascii: ":") else { return nil }
        return line.count > count + 1 && line[count + 1] == 0x20 ? count + 2 : count + 1
    }
    return start(behind: "data").map { (.data, $0) } ?? start(behind: "id").map { (.id, $0) }
        ?? start(behind: "event").map { (.event, $0) } ?? start(behind: "retry").map { (.retry, $0) }
}

/// How many bytes stand before the first CR or LF; all if there is none. Four words at a time, without a branch between
/// them, become vector instructions.
private func lineLength(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    let end = bytes.count
    var at = 0
    while at + 32 <= end {
        let hits =
            lineEnds(base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            | lineEnds(base.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self))
            | lineEnds(base.loadUnaligned(fromByteOffset: at + 16, as: UInt64.self))
            | lineEnds(base.loadUnaligned(fromByteOffset: at + 24, as: UInt64.self))
        if hits != 0 { break }
        at += 32
    }
    while at < end, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
    return at
}

/// Not zero if a byte of `word` is CR or LF.
@inline(__always)
private func lineEnds(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let feed = word ^ (ones &* 0x0A)
    let carriage = word ^ (ones &* 0x0D)
    return ((feed &- ones) & ~feed | (carriage &- ones) & ~carriage) & 0x8080_8080_8080_8080
}
