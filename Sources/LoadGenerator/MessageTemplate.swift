// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A message that differs from others only by digits: the request's id, and the connection's number.
///
/// The bytes are made once. Ids have ten digits always, so that nothing ever moves.
package struct MessageTemplate: ~Copyable {
    package static let idDigits = 10
    /// The smallest number with so many digits.
    package static let firstID: UInt64 = 1_000_000_000
    /// What may be added to the first id: 33 bits are ten digits still.
    package static let idMask: UInt64 = (1 << 33) - 1
    static let connectionDigits = 5

    /// The whole message, with the numbers set last.
    package let bytes: UnsafeMutableRawBufferPointer
    private let base: UnsafeMutableRawPointer
    /// Where the id stands, and where it stands again as part of the text; the same where there is no text.
    private let idAt: Int
    private let idInTextAt: Int
    private let connectionAt: Int?
    private var connection = -1

    /// - Parameters:
    ///   - message: any bytes where the numbers go.
    ///   - idAt: the offset of the id.
    ///   - textAt: the offset of the text's opening quote; nil for a message without one.
    package init(_ message: [UInt8], idAt: Int, textAt: Int?) {
        self.base = .allocate(byteCount: max(1, message.count), alignment: 64)
        self.bytes = UnsafeMutableRawBufferPointer(start: self.base, count: message.count)
        self.bytes.copyBytes(from: message)
        self.idAt = idAt
        self.connectionAt = textAt.map { $0 + 2 }
        self.idInTextAt = textAt.map { $0 + 2 + Self.connectionDigits + 1 } ?? idAt
    }

    deinit {
        self.base.deallocate()
    }

    /// Puts in the number of a connection, below 100,000.
    @inline(__always)
    package mutating func set(connection: Int) {
        guard connection != self.connection, let place = self.connectionAt else { return }
        self.connection = connection
        Self.write(UInt64(connection), digits: Self.connectionDigits, to: self.base + place)
    }

    /// Puts in an id of ten digits.
    @inline(__always)
    package func set(id: UInt64) {
        Self.write(id, digits: Self.idDigits, to: self.base + self.idAt)
        memcpy(self.base + self.idInTextAt, self.base + self.idAt, Self.idDigits)
    }

    /// The id of a message that is as long as this one; nil where there are no ten digits in its place, or it begins
    /// with a zero.
    @inline(__always)
    package func id(in message: UnsafeRawBufferPointer) -> UInt64? {
        guard message.count == self.bytes.count, let start = message.baseAddress else { return nil }
        var id: UInt64 = 0
        var worst: UInt8 = 0
        for index in 0..<Self.idDigits {
            let digit = start.load(fromByteOffset: self.idAt + index, as: UInt8.self) &- UInt8(ascii: "0")
            worst = max(worst, digit)
            id = id &* 10 &+ UInt64(digit)
        }
        return worst <= 9 && id >= Self.firstID ? id : nil
    }

    /// Whether a message in which ``id(in:)`` was found is this one, byte for byte, with that id and the connection
    /// that was set.
    @inline(__always)
    package func matches(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let start = message.baseAddress else { return false }
        memcpy(self.base + self.idAt, start + self.idAt, Self.idDigits)
        memcpy(self.base + self.idInTextAt, start + self.idAt, Self.idDigits)
        return memcmp(self.base, start, message.count) == 0
    }

    @inline(__always)
    private static func write(_ number: UInt64, digits: Int, to place: UnsafeMutableRawPointer) {
        var rest = number
        var index = digits
        while index > 0 {
            index &-= 1
            let quotient = rest / 10
            let digit = UInt8(truncatingIfNeeded: rest &- quotient &* 10) &+ UInt8(ascii: "0")
            place.storeBytes(of: digit, toByteOffset: index, as: UInt8.self)
            rest = quotient
        }
    }
}

// MARK: - Requests

extension MessageTemplate {
    /// The requests of a run: all that differs is the connection's number and the id, which the text names too.
    ///
    /// - Parameter size: about the size of a message in bytes; the text is filled up to it.
    package static func request(_ method: LoadOptions.Method, size: Int) -> MessageTemplate {
        let number = String(repeating: "0", count: Self.idDigits)
        let head = "{\"jsonrpc\":\"2.0\",\"id\":"
        let idAt = head.utf8.count
        switch method {
        case .ping:
            let bytes = Array((head + number + ",\"method\":\"ping\"}").utf8)
            return MessageTemplate(bytes, idAt: idAt, textAt: nil)
        case .call:
            let middle = ",\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"text\":"
            let text = "\"c" + String(repeating: "0", count: Self.connectionDigits) + "-" + number + "-"
            let tail = "\"}}}"
            let textAt = idAt + number.utf8.count + middle.utf8.count
            let filler = max(0, size - textAt - text.utf8.count - tail.utf8.count)
            // Letters in turn: what is lost, doubled or moved inside a long text shows.
            var bytes = Array((head + number + middle + text).utf8)
            bytes.reserveCapacity(bytes.count + filler + tail.utf8.count)
            for index in 0..<filler { bytes.append(UInt8(ascii: "a") + UInt8(truncatingIfNeeded: index % 23)) }
            bytes += tail.utf8
            return MessageTemplate(bytes, idAt: idAt, textAt: textAt)
        }
    }

    /// The text of a request with its quotes, as it has to stand in the answer; nil in a ping.
    package var text: UnsafeRawBufferPointer? {
        guard let connectionAt = self.connectionAt else { return nil }
        // Behind the text are its object, its parameters' and the message's closing brackets.
        return UnsafeRawBufferPointer(rebasing: self.bytes[(connectionAt - 2)..<(self.bytes.count - 3)])
    }
}
