// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// The parts of HTTP's syntax that the opening handshake needs, in bytes of ASCII (RFC 9110 §5.5, §5.6).

extension UInt8 {
    var isDigit: Bool { 0x30...0x39 ~= self }
    var isLetter: Bool { 0x41...0x5A ~= self || 0x61...0x7A ~= self }
    var isHexDigit: Bool { isDigit || 0x41...0x46 ~= self || 0x61...0x66 ~= self }
    var lowercased: UInt8 { 0x41...0x5A ~= self ? self | 0x20 : self }

    /// `tchar`: what names of headers and tokens are made of.
    var isTokenCharacter: Bool {
        if isLetter || isDigit { return true }
        return switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// What a `reg-name` is made of (RFC 3986 §3.2.2).
    var isRegisteredNameCharacter: Bool { isDigit || isLetter || "-._~%!$&'()*+,;=".utf8.contains(self) }
}

/// Whether two texts are the same but for the case of ASCII letters.
func equalIgnoringCase(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8) { $0.lowercased == $1.lowercased }
}

/// A value without the white space round it.
func trimmed(_ value: Substring) -> Substring {
    var value = value.utf8
    while value.first == 0x20 || value.first == 0x09 { value.removeFirst() }
    while value.last == 0x20 || value.last == 0x09 { value.removeLast() }
    return Substring(value)
}

/// The elements of comma lists, in order over all lines of the header; empty ones are left out.
func listElements(_ values: [Substring]) -> [Substring] {
    values.flatMap { value in
        value.utf8.split(separator: UInt8(ascii: ",")).map { trimmed(Substring($0)) }.filter { !$0.isEmpty }
    }
}
