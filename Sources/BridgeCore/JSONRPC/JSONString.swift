// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// JSON string tokens (RFC 8259 §7) as bytes: decoding, comparing, writing.
package enum JSONString {
    /// The UTF-8 text of a string token's contents (between the quotes), escapes decoded; nil if an escape names half
    /// of a surrogate pair, which no UTF-8 can say.
    ///
    /// The token's syntax has been validated by ``EnvelopeScanner``.
    package static func decode(_ contents: UnsafeRawBufferPointer) -> [UInt8]? {
        var text: [UInt8] = []
        text.reserveCapacity(contents.count)
        var at = 0
        while at < contents.count {
            let byte = contents[at]
            guard byte == UInt8(ascii: "\\"), at + 1 < contents.count else {
                text.append(byte)
                at += 1
                continue
            }
            let letter = contents[at + 1]
            at += 2
            switch letter {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = Self.scalar(contents, &at) else { return nil }
                text.append(contentsOf: Array(String(Character(scalar)).utf8))
            default: text.append(letter)
            }
        }
        return text
    }

    /// The scalar of `XXXX` at `at` (behind `\u`), taking a following `\uXXXX` along if it completes a pair.
    private static func scalar(_ contents: UnsafeRawBufferPointer, _ at: inout Int) -> Unicode.Scalar? {
        guard let first = Self.fourDigits(contents, at) else { return nil }
        at += 4
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) }
        guard at + 6 <= contents.count, contents[at] == UInt8(ascii: "\\"), contents[at + 1] == UInt8(ascii: "u"),
            let second = Self.fourDigits(contents, at + 2), second & 0xFC00 == 0xDC00
        else { return nil }
        at += 6
        return Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF))
    }

    private static func fourDigits(_ contents: UnsafeRawBufferPointer, _ at: Int) -> UInt32? {
        guard at + 4 <= contents.count else { return nil }
        var value: UInt32 = 0
        for index in at..<at + 4 {
            guard let digit = Self.hexDigit(contents[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// The value of a hexadecimal digit in ASCII.
    @inline(__always)
    package static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Whether a string token's contents are the text `literal`, after unescaping.
    @inline(__always)
    package static func equals(
        _ contents: UnsafeRawBufferPointer,
        isEscaped: Bool,
        _ literal: StaticString
    ) -> Bool {
        let count = literal.utf8CodeUnitCount
        if isEscaped {
            let other = UnsafeRawBufferPointer(start: literal.utf8Start, count: count)
            return Self.decode(contents).map { $0.elementsEqual(other) } ?? false
        }
        guard contents.count == count, let base = contents.baseAddress else { return false }
        return cbytes_equal(base, literal.utf8Start, count)
    }

    /// Appends `text` as a string token, quotes included; control characters are escaped, all else stays.
    package static func append(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        output.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
