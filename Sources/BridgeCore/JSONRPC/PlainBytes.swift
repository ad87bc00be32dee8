// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The offset of the next quote, backslash or control character at or after `start`.
///
/// Thirty-two bytes at a time while they last, then eight: a message's bulk is the inside of strings.
@inline(__always)
func skipPlain(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    let raw = UnsafeRawPointer(bytes)
    while at + 8 <= end {
        let word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        let hit = specialBytes(UInt64(littleEndian: word))
        if hit != 0 { return at + hit.trailingZeroBitCount / 8 }
        at += 8
        // Past the first word the string is long enough for wide steps to pay. Four words without a branch between them
        // become vector instructions; comparisons of Swift's SIMD types do not, and cost twenty times as much.
        while at + 32 <= end {
            let hits =
                specialBytes(raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                | specialBytes(raw.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self))
                | specialBytes(raw.loadUnaligned(fromByteOffset: at + 16, as: UInt64.self))
                | specialBytes(raw.loadUnaligned(fromByteOffset: at + 24, as: UInt64.self))
            if hits != 0 { break }
            at += 32
        }
    }
    while at < end {
        let byte = bytes[at]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return at }
        at += 1
    }
    return end
}

/// The high bit of each byte of `word` that is a quote, a backslash or below 0x20; exact up to the first such byte.
@inline(__always)
private func specialBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let isQuote = (quote &- ones) & ~quote
    let isBackslash = (backslash &- ones) & ~backslash
    let isControl = (word &- (ones &* 0x20)) & ~word
    return (isQuote | isBackslash | isControl) & highs
}
