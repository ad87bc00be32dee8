// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The text of IP addresses, read as strictly as `inet_pton` does: no octal, no short forms, no zones.
package enum IPAddressText {
    /// Of the longest address (RFC 4291 §2.2, with an IPv4 address as its end).
    private static let longest = 45

    /// The 4 or 16 bytes of an address without brackets and port; nil for what is none.
    package static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count <= Self.longest else { return nil }
        return text.contains(UInt8(ascii: ":")) ? Self.ipv6(text) : Self.ipv4(text)
    }

    /// Whether 16 bytes are an IPv4 address (RFC 4291 §2.5.5.2).
    package static func isMapped(_ bytes: [UInt8]) -> Bool {
        bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    }

    private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { part -> UInt8? in
            // A leading zero means octal to some and nothing to others.
            guard part.count == 1 || part.first != UInt8(ascii: "0"), let number = DecimalText.number(part, atMost: 255)
            else { return nil }
            return UInt8(number)
        }
        return bytes.count == 4 ? bytes : nil
    }

    private static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        guard let gap else {
            let bytes = Self.groups(text, mayEndInIPv4: true)
            return bytes?.count == 16 ? bytes : nil
        }
        guard let head = Self.groups(text[..<gap], mayEndInIPv4: false),
            let tail = Self.groups(text[(gap + 2)...], mayEndInIPv4: true),
            // `::` stands for one group at least.
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Groups of 16 bits between colons; none for the empty text.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let end = Self.ipv4(part) else { return nil }
                bytes += end
                continue
            }
            guard 1...4 ~= part.count else { return nil }
            var group: UInt16 = 0
            for digit in part {
                guard let value = JSONString.hexDigit(digit) else { return nil }
                group = group << 4 | UInt16(value)
            }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes
    }
}

/// Numbers as they stand in addresses and ports.
enum DecimalText {
    /// Up to five digits and nothing else; nil for a number beyond `most`.
    static func number(_ digits: ArraySlice<UInt8>, atMost most: Int) -> Int? {
        guard 1...5 ~= digits.count, digits.allSatisfy(\.isDigit) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number <= most ? number : nil
    }
}
