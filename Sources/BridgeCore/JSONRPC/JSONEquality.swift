// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Whether two JSON texts, both validated by ``EnvelopeScanner``, say the same.
///
/// Members of objects may stand in any order and strings compare by their text, but numbers compare as they are spelled:
/// `1` and `1.0` differ.
package enum JSONEquality {
    /// Texts nested deeper than this are taken for different, so that nobody's stack overflows.
    package static let maxDepth = 128

    package static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        Self.areEqual(Self.trimmed(a), Self.trimmed(b), depth: 1)
    }

    private static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let start = JSONText.skipSpace(text, 0)
        return UnsafeRawBufferPointer(rebasing: text[start..<JSONText.skipValue(text, start)])
    }

    /// - Parameters a, b: without white space round them.
    private static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, depth: Int) -> Bool {
        guard a.first == b.first, depth <= Self.maxDepth else { return false }
        // Equal bytes say the same: what is sent twice by one program mostly is spelled the same.
        if a.elementsEqual(b) { return true }
        return switch a.first {
        case UInt8(ascii: "\""): Self.text(a, 1..<a.count - 1) == Self.text(b, 1..<b.count - 1)
        case UInt8(ascii: "{"): Self.haveEqualMembers(a, b, depth: depth)
        case UInt8(ascii: "["): Self.haveEqualElements(a, b, depth: depth)
        default: false
        }
    }

    private static func haveEqualElements(
        _ a: UnsafeRawBufferPointer,
        _ b: UnsafeRawBufferPointer,
        depth: Int
    ) -> Bool {
        var others = ArrayElements(b)
        for element in ArrayElements(a) {
            guard let other = others.next() else { return false }
            let left = Self.trimmed(UnsafeRawBufferPointer(rebasing: a[element]))
            let right = Self.trimmed(UnsafeRawBufferPointer(rebasing: b[other]))
            guard Self.areEqual(left, right, depth: depth + 1) else { return false }
        }
        return others.next() == nil
    }

    private static func haveEqualMembers(
        _ a: UnsafeRawBufferPointer,
        _ b: UnsafeRawBufferPointer,
        depth: Int
    ) -> Bool {
        let lefts = Self.sortedMembers(a)
        let rights = Self.sortedMembers(b)
        guard lefts.count == rights.count else { return false }
        return zip(lefts, rights).allSatisfy { left, right in
            left.name == right.name
                && Self.areEqual(
                    UnsafeRawBufferPointer(rebasing: a[left.value]),
                    UnsafeRawBufferPointer(rebasing: b[right.value]),
                    depth: depth + 1
                )
        }
    }

    /// The members by name, those of the same name as they stand: two objects of many members must not cost the product.
    private static func sortedMembers(_ object: UnsafeRawBufferPointer) -> [(name: [UInt8], value: Range<Int>)] {
        ObjectMembers(object).map { (name: Self.text(object, $0.key), value: $0.value) }.sorted { left, right in
            left.name == right.name
                ? left.value.lowerBound < right.value.lowerBound : left.name.lexicographicallyPrecedes(right.name)
        }
    }

    /// A string's text; half of a surrogate pair has none and compares as it is spelled.
    private static func text(_ json: UnsafeRawBufferPointer, _ contents: Range<Int>) -> [UInt8] {
        let bytes = UnsafeRawBufferPointer(rebasing: json[contents])
        return JSONString.decode(bytes) ?? Array(bytes)
    }
}
