// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON-RPC id (or an MCP progress token) by its JSON value, for matching (R26).
///
/// `1` and `"1"` differ; `"\u00e9"` and `"é"` are one, and so are `0` and `-0`. Text compares by its UTF-8 bytes, not
/// by Swift's canonical equivalence, under which different ids would meet.
package enum RequestID: Hashable, Sendable {
    case integer(Int64)
    /// An integer beyond 64 bits, by its digits.
    case bigInteger(Text)
    case string(Text)

    /// UTF-8 text compared byte by byte. Up to 15 bytes are held without an allocation.
    package struct Text: Hashable, Sendable {
        package let string: String

        package init(_ bytes: UnsafeRawBufferPointer) {
            self.string = String(decoding: bytes, as: UTF8.self)
        }

        package init(_ bytes: [UInt8]) {
            self.string = String(decoding: bytes, as: UTF8.self)
        }

        package static func == (left: Text, right: Text) -> Bool {
            left.string.utf8.elementsEqual(right.string.utf8)
        }

        package func hash(into hasher: inout Hasher) {
            var string = self.string
            string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    /// The id that a client may use: a string or an integer (schema `RequestId`); nil for all else, and for a string
    /// with half a surrogate pair, which no two JSON parsers read alike.
    package init?(_ value: Envelope.Value, in text: UnsafeRawBufferPointer) {
        switch value.kind {
        case .integer: self = Self.integer(UnsafeRawBufferPointer(rebasing: text[value.range]))
        case .string:
            let contents = UnsafeRawBufferPointer(rebasing: text[value.contents])
            if value.isEscaped {
                guard let decoded = JSONString.decode(contents) else { return nil }
                self = .string(Text(decoded))
            } else {
                self = .string(Text(contents))
            }
        case .fraction, .object, .array, .boolean, .null: return nil
        }
    }

    /// The id that a server answered with: also an integer that it spells with a fraction or an exponent, as runtimes
    /// do that know only floating point (`1.0`, `1e2`). Beyond ±(2^53−1) such a spelling may stand for several integers,
    /// and the wrong request must not be answered: nil.
    package init?(respelled value: Envelope.Value, in text: UnsafeRawBufferPointer) {
        if value.kind == .fraction {
            let token = UnsafeRawBufferPointer(rebasing: text[value.range])
            guard let number = Double(String(decoding: token, as: UTF8.self)), let integer = Int64(exactly: number),
                integer.magnitude < 1 << 53
            else { return nil }
            self = .integer(integer)
            return
        }
        self.init(value, in: text)
    }

    private static func integer(_ token: UnsafeRawBufferPointer) -> RequestID {
        var magnitude: Int64 = 0
        let isNegative = token.first == UInt8(ascii: "-")
        var at = isNegative ? 1 : 0
        // Eighteen digits fit whatever they are.
        let safeEnd = min(token.count, at + 18)
        while at < safeEnd {
            magnitude = magnitude &* 10 &+ Int64(token[at] &- UInt8(ascii: "0"))
            at += 1
        }
        while at < token.count {
            let (shifted, over) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, tooBig) = shifted.addingReportingOverflow(Int64(token[at] &- UInt8(ascii: "0")))
            if over || tooBig { return .bigInteger(Text(token)) }
            magnitude = sum
            at += 1
        }
        return .integer(isNegative ? -magnitude : magnitude)
    }
}
