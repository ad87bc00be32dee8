// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The byte ranges of the elements of a JSON array that ``EnvelopeScanner`` has validated.
package struct ArrayElements: Sequence, IteratorProtocol {
    private let text: UnsafeRawBufferPointer
    private var at: Int

    /// - Parameter text: must outlive the iteration.
    package init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        self.at = (text.firstIndex(of: UInt8(ascii: "[")) ?? text.count - 1) + 1
    }

    package mutating func next() -> Range<Int>? {
        while self.at < self.text.count, Self.isBetween(self.text[self.at]) { self.at += 1 }
        guard self.at < self.text.count, self.text[self.at] != UInt8(ascii: "]") else { return nil }
        let start = self.at
        var depth = 0
        var isInString = false
        while self.at < self.text.count {
            let byte = self.text[self.at]
            if isInString {
                if byte == UInt8(ascii: "\\") { self.at += 1 } else if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]") where depth == 0, UInt8(ascii: ",") where depth == 0:
                    return start..<self.at
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
            }
            self.at += 1
        }
        return start..<self.text.count
    }

    private static func isBetween(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: ",")
    }
}
