// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A subject alternative name of a client's certificate (RFC 5280 §4.2.1.6), of the kinds that name programs.
///
/// Only well-formed ones: what an authority may have signed in spite of its form names nobody here, and cannot disturb
/// the log.
package enum CertificateName: Sendable, Hashable {
    /// To the letter, as in the certificate. Printable ASCII without spaces.
    case uri(String)
    /// A host name in lower case; never a wildcard.
    case dns(String)

    /// SPIFFE §2.3: 2,048 bytes must be supported.
    private static let longestURI = 2_048
    /// RFC 1035 §2.3.4, as text.
    private static let longestHost = 253

    /// - Parameter bytes: the contents of a `uniformResourceIdentifier`.
    package static func uri(bytes: some Collection<UInt8>) -> CertificateName? {
        guard (1...Self.longestURI).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }),
            Self.hasScheme(bytes)
        else { return nil }
        return .uri(String(decoding: bytes, as: UTF8.self))
    }

    /// - Parameter bytes: the contents of a `dNSName`.
    package static func dns(bytes: some Collection<UInt8>) -> CertificateName? {
        guard (1...Self.longestHost).contains(bytes.count) else { return nil }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ Self.isLabel($0) }) else { return nil }
        return .dns(String(decoding: bytes.map(\.lowercase), as: UTF8.self))
    }

    /// RFC 3986 §3.1, and something behind it.
    private static func hasScheme(_ bytes: some Collection<UInt8>) -> Bool {
        guard let first = bytes.first, first.isLetter, let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            return false
        }
        return bytes[..<colon].allSatisfy { $0.isLetter || $0.isDigit || "+-.".utf8.contains($0) }
            && bytes.index(after: colon) != bytes.endIndex
    }

    /// RFC 1123 §2.1, and the underscore of names for services.
    private static func isLabel(_ label: some Collection<UInt8>) -> Bool {
        guard (1...63).contains(label.count), label.first != UInt8(ascii: "-") else { return false }
        var last: UInt8 = 0
        for byte in label {
            guard byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") else {
                return false
            }
            last = byte
        }
        return last != UInt8(ascii: "-")
    }
}

extension CertificateName: CustomStringConvertible {
    /// The name alone.
    package var description: String {
        switch self {
        case .uri(let name), .dns(let name): name
        }
    }
}

extension UInt8 {
    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }
}
