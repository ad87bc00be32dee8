// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable internal import BridgeCore

/// Texts as header values: always such as a header can carry, and always to be read back.
func fuzzBase64(_ bytes: UnsafeRawBufferPointer) {
    let encoded = Base64.encode(bytes)
    requireEqual(decoded(Array(encoded.utf8)), Array(bytes), "Base64 reads back (RFC 4648 §4)")
    requireEqual(encoded.utf8.count, (bytes.count + 2) / 3 * 4, "Base64 is padded")
    requireEqual(
        AcceptKey.isValidClientKey(encoded[...]),
        bytes.count == 16,
        "sixteen bytes in Base64 are a client's key (RFC 6455 §4.2.1)"
    )
    let value = FieldValue.encode(bytes)
    requireFieldValue(value)
    requireEqual(meaning(of: value), Array(bytes), "R57: an encoded value reads back")
    if let text = bytes.text, AcceptKey.isValidClientKey(text[...]) {
        requireEqual(bytes.count, 24, "a client's key has 24 characters")
        require(text.hasSuffix("=="), "a client's key is sixteen bytes")
    }
}

/// RFC 9110 §5.5: visible ASCII, blanks only between.
func requireFieldValue(_ value: String) {
    let isVisible = value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    require(isVisible && value.utf8.first != 0x20 && value.utf8.last != 0x20, "a header can carry the value", value)
}

/// What a server makes of a value (2026-07-28, "Value Encoding").
private func meaning(of value: String) -> [UInt8]? {
    guard value.hasPrefix("=?base64?"), value.hasSuffix("?=") else { return Array(value.utf8) }
    return decoded(Array(value.utf8.dropFirst(9).dropLast(2)))
}

/// RFC 4648 §4, as it reads; nil for what is no Base64.
private func decoded(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var bits: [Bool] = []
    for byte in text.dropLast(padding) {
        let six: UInt8
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): six = byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): six = byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): six = byte + 4
        case UInt8(ascii: "+"): six = 62
        case UInt8(ascii: "/"): six = 63
        default: return nil
        }
        for shift in (0..<6).reversed() { bits.append(six >> shift & 1 == 1) }
    }
    let count = bits.count / 8
    guard bits[(count * 8)...].allSatisfy({ !$0 }) else { return nil }
    return (0..<count).map { byte in bits[byte * 8..<byte * 8 + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) } }
}
