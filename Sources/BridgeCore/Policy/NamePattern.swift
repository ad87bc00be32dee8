// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A name of a tool or prompt, or a resource's URI, or many of them: `*` stands for any run of characters, also for none.
///
/// Nothing else is special, and nothing escapes the star. Texts compare byte by byte: case counts, and so does how a
/// letter is composed. Matching takes time in proportion to the name, whatever the pattern (R74).
package struct NamePattern: Sendable, Equatable {
    /// As the operator wrote it.
    package let text: String
    /// What stands between the stars; the first and the last may be empty.
    private let pieces: [Piece]

    package init(_ text: String) {
        self.text = text
        let parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        self.pieces = parts.enumerated().filter { index, part in
            index == 0 || index == parts.count - 1 || !part.isEmpty
        }.map { Piece(Array($0.element)) }
    }

    /// Whether the pattern matches the whole of `name`, UTF-8.
    package func matches(_ name: [UInt8]) -> Bool {
        guard let first = self.pieces.first, let last = self.pieces.last else { return false }
        guard self.pieces.count > 1 else { return name == first.bytes }
        guard name.count >= first.bytes.count + last.bytes.count, name.starts(with: first.bytes),
            name.suffix(last.bytes.count).elementsEqual(last.bytes)
        else { return false }
        // The leftmost place for each piece leaves most room for those behind it: there is nothing to go back to.
        var rest = first.bytes.count..<name.count - last.bytes.count
        for piece in self.pieces.dropFirst().dropLast() {
            guard let end = piece.endOfFirst(in: name, rest) else { return false }
            rest = end..<rest.upperBound
        }
        return true
    }
}

/// A text to look for, with what the search of Knuth, Morris and Pratt has to know about it.
private struct Piece: Sendable, Equatable {
    let bytes: [UInt8]
    /// For each beginning of the text, the length of the longest one that is also its end.
    private let borders: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var borders = [Int](repeating: 0, count: bytes.count)
        var length = 0
        for index in bytes.indices.dropFirst() {
            while length > 0, bytes[index] != bytes[length] { length = borders[length - 1] }
            if bytes[index] == bytes[length] { length += 1 }
            borders[index] = length
        }
        self.borders = borders
    }

    /// The offset behind the first place in `range` of `name` where the text stands; nil if there is none.
    func endOfFirst(in name: [UInt8], _ range: Range<Int>) -> Int? {
        var length = 0
        for index in range {
            while length > 0, name[index] != self.bytes[length] { length = self.borders[length - 1] }
            if name[index] == self.bytes[length] { length += 1 }
            if length == self.bytes.count { return index + 1 }
        }
        return nil
    }
}
