// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Keys that some JSON readers take for another one.
///
/// Go's and .NET's readers by default find a member whatever its case, so that `Name` behind `name` replaces it: a server
/// in such a language would call another tool than the one that was judged (the like of R24's duplicates). So would one in C
/// for which a key ends at a NUL.
enum LikeKey {
    /// Whether `key` is not `name`, but is to whoever does not tell case, or reads no further than to a NUL.
    ///
    /// - Parameters:
    ///   - key: the contents of a key's token.
    ///   - name: ASCII letters.
    static func resembles(_ key: UnsafeRawBufferPointer, isEscaped: Bool, _ name: StaticString) -> Bool {
        if isEscaped {
            // Half of a surrogate pair: nobody knows what becomes of it.
            guard let text = JSONString.decode(key) else { return true }
            return text.withUnsafeBytes { text in
                // Programs in C read nothing past a NUL.
                guard let end = text.firstIndex(of: 0) else { return Self.compare(text, name) == .alike }
                return Self.compare(UnsafeRawBufferPointer(rebasing: text[..<end]), name) != .different
            }
        }
        return Self.compare(key, name) == .alike
    }

    private enum Comparison {
        case same
        /// But for case.
        case alike
        case different
    }

    private static func compare(_ key: UnsafeRawBufferPointer, _ name: StaticString) -> Comparison {
        let count = name.utf8CodeUnitCount
        guard key.count >= count, key.count <= 3 * count else { return .different }
        var at = 0
        var isSame = key.count == count
        for index in 0..<count {
            guard at < key.count else { return .different }
            let letter = name.utf8Start[index]
            if key[at] != letter { isSame = false }
            guard Self.fold(key, &at) == letter | 0x20 else { return .different }
        }
        return at < key.count ? .different : isSame ? .same : .alike
    }

    /// Whether one of the members of `object` resembles one of `names`.
    static func stands(in object: UnsafeRawBufferPointer, _ names: [StaticString]) -> Bool {
        for member in ObjectMembers(object) {
            let key = UnsafeRawBufferPointer(rebasing: object[member.key])
            if names.contains(where: { Self.resembles(key, isEscaped: member.isKeyEscaped, $0) }) { return true }
        }
        return false
    }

    /// The letter at `at`, small. Beyond ASCII these have one of ASCII's as their other case: U+017F and U+212A, and in
    /// some languages U+0130 and U+0131.
    private static func fold(_ key: UnsafeRawBufferPointer, _ at: inout Int) -> UInt8 {
        let byte = key[at]
        at += 1
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return byte | 0x20
        case 0xC5 where at < key.count && key[at] == 0xBF:
            at += 1
            return UInt8(ascii: "s")
        case 0xC4 where at < key.count && (key[at] == 0xB0 || key[at] == 0xB1):
            at += 1
            return UInt8(ascii: "i")
        case 0xE2 where at + 1 < key.count && key[at] == 0x84 && key[at + 1] == 0xAA:
            at += 2
            return UInt8(ascii: "k")
        default: return byte
        }
    }
}
