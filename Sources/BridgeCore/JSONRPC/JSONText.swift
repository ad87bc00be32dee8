// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// Steps over the tokens of a validated JSON text. Offsets never pass the text's end, whatever it holds.
enum JSONText {
    static func skipSpace(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = Swift.min(start, text.count)
        while at < text.count, Self.isSpace(text[at]) { at += 1 }
        return at
    }

    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// The offset behind the string whose opening quote is at `start`, and whether it holds an escape.
    static func skipString(_ text: UnsafeRawBufferPointer, _ start: Int) -> (end: Int, isEscaped: Bool) {
        guard let base = text.baseAddress else { return (text.count, false) }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        var isEscaped = false
        var at = start + 1
        while at < text.count {
            at = cbytes_skip_plain(bytes, at, text.count)
            guard at < text.count else { break }
            switch text[at] {
            case UInt8(ascii: "\""): return (at + 1, isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                at += 2
            default: at += 1
            }
        }
        return (text.count, isEscaped)
    }

    /// The offset behind the value that begins at `start`.
    static func skipValue(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start
        var depth = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                at = Self.skipString(text, at).end
                if depth == 0 { return at }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                at += 1
                depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                // At depth 0 the bracket is of the container round a number or a literal.
                if depth == 0 { return at }
                at += 1
                depth -= 1
                if depth == 0 { return at }
            case UInt8(ascii: ",") where depth == 0: return at
            case let byte where depth == 0 && Self.isSpace(byte): return at
            default: at += 1
            }
        }
        return text.count
    }

    /// What a string value says; nil if `value` is no string, or holds half of a surrogate pair.
    static func string(_ value: UnsafeRawBufferPointer?) -> [UInt8]? {
        guard let value, value.count >= 2, value.first == UInt8(ascii: "\"") else { return nil }
        return JSONString.decode(UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1]))
    }

    /// The ranges to cut out of an array or object so that the elements marked are gone, each with the comma that goes
    /// with it; ascending, and those that touch are one.
    ///
    /// - Parameter elements: all elements, ascending, without white space round them.
    static func cuts(_ elements: [(range: Range<Int>, isCut: Bool)]) -> [Range<Int>] {
        var cuts: [Range<Int>] = []
        var hasKept = false
        for (index, element) in elements.enumerated() {
            guard element.isCut else {
                hasKept = true
                continue
            }
            // Behind an element that stays goes the comma before, in front of the first that stays the comma behind.
            let isLast = index == elements.count - 1
            let start = hasKept ? elements[index - 1].range.upperBound : element.range.lowerBound
            let end = hasKept || isLast ? element.range.upperBound : elements[index + 1].range.lowerBound
            if let last = cuts.last, last.upperBound == start {
                cuts[cuts.count - 1] = last.lowerBound..<end
            } else {
                cuts.append(start..<end)
            }
        }
        return cuts
    }
}
