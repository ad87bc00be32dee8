// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object that ``EnvelopeScanner`` has validated, as byte ranges.
///
/// Nothing is decoded, and values are stepped over without recursion. A text that is no object has no members.
package struct ObjectMembers: Sequence, IteratorProtocol {
    /// `key` is what stands between the quotes; `value` has no white space round it.
    package typealias Element = (key: Range<Int>, isKeyEscaped: Bool, value: Range<Int>)

    private let text: UnsafeRawBufferPointer
    private var at: Int

    /// - Parameter text: must outlive the iteration; the ranges are offsets into it.
    package init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        let start = JSONText.skipSpace(text, 0)
        self.at = start < text.count && text[start] == UInt8(ascii: "{") ? start + 1 : text.count
    }

    package mutating func next() -> Element? {
        self.at = JSONText.skipSpace(self.text, self.at)
        if self.at < self.text.count, self.text[self.at] == UInt8(ascii: ",") {
            self.at = JSONText.skipSpace(self.text, self.at + 1)
        }
        guard self.at < self.text.count, self.text[self.at] == UInt8(ascii: "\"") else { return nil }
        let keyStart = self.at + 1
        let (keyEnd, isKeyEscaped) = JSONText.skipString(self.text, self.at)
        let colon = JSONText.skipSpace(self.text, keyEnd)
        let start = JSONText.skipSpace(self.text, colon + 1)
        let end = JSONText.skipValue(self.text, start)
        self.at = end
        guard start < end, keyStart < keyEnd else { return nil }
        return (keyStart..<keyEnd - 1, isKeyEscaped, start..<end)
    }

    /// The value of the member `name` of the object `text`; of several the last, which is what JSON parsers agree on.
    /// Names compare after unescaping.
    package static func value(of name: StaticString, in text: UnsafeRawBufferPointer) -> Range<Int>? {
        var found: Range<Int>?
        for member in ObjectMembers(text) {
            let key = UnsafeRawBufferPointer(rebasing: text[member.key])
            if JSONString.equals(key, isEscaped: member.isKeyEscaped, name) { found = member.value }
        }
        return found
    }
}

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
            at = skipPlain(bytes, at, text.count)
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
}
