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

    /// The values of two members in one pass: a message may be long.
    static func texts(
        of first: StaticString,
        _ second: StaticString,
        in text: UnsafeRawBufferPointer
    ) -> (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?) {
        var found: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer?)
        for member in ObjectMembers(text) {
            let key = UnsafeRawBufferPointer(rebasing: text[member.key])
            if JSONString.equals(key, isEscaped: member.isKeyEscaped, first) {
                found.0 = UnsafeRawBufferPointer(rebasing: text[member.value])
            } else if JSONString.equals(key, isEscaped: member.isKeyEscaped, second) {
                found.1 = UnsafeRawBufferPointer(rebasing: text[member.value])
            }
        }
        return found
    }

    /// The value of the member `name`, where that is a string.
    package static func string(of name: StaticString, in text: UnsafeRawBufferPointer) -> String? {
        Self.text(of: name, in: text).flatMap { Self.string($0) }
    }

    /// What a JSON string says; nil for another value.
    package static func string(_ value: UnsafeRawBufferPointer) -> String? {
        JSONText.string(value).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The text of the value of the member `name`: ``value(of:in:)`` for those who go on inside it.
    package static func text(of name: StaticString, in text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        Self.value(of: name, in: text).map { UnsafeRawBufferPointer(rebasing: text[$0]) }
    }
}
