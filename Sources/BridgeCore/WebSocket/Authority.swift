// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A host with an optional port, as in a Host header (RFC 9110 §7.2) or in a URI (RFC 3986 §3.2).
package struct Authority: Hashable, Sendable {
    /// In lower case; an IPv6 address keeps its brackets.
    package let host: String
    package let port: UInt16?

    /// Parses `host` or `host:port`. User information, an empty host, an empty port and white space are refused; nothing
    /// is decoded or normalised but letter case, so that `127.1` or `localhos%74` stay what they are.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let hostEnd: Int
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let address = bytes[1..<bracket]
            guard address.contains(UInt8(ascii: ":")), address.allSatisfy({ $0.isHexDigit || $0 == 0x3A || $0 == 0x2E })
            else { return nil }
            hostEnd = bracket + 1
        } else {
            hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            guard hostEnd > 0, bytes[..<hostEnd].allSatisfy(\.isRegisteredNameCharacter) else { return nil }
        }
        if hostEnd < bytes.count {
            let digits = bytes[(hostEnd + 1)...]
            guard bytes[hostEnd] == UInt8(ascii: ":"), 1...5 ~= digits.count, digits.allSatisfy(\.isDigit),
                let port = UInt16(String(decoding: digits, as: UTF8.self))
            else { return nil }
            self.port = port
        } else {
            port = nil
        }
        host = String(decoding: bytes[..<hostEnd].map(\.lowercased), as: UTF8.self)
    }

    /// Whether the host can only mean this machine: `localhost`, `[::1]`, or an address in 127.0.0.0/8 in the plain
    /// dotted form. A name with a trailing dot or in another spelling cannot be told from a rebound one and does not count.
    package var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual("127".utf8) else { return false }
        return parts.allSatisfy { part in
            1...3 ~= part.count && part.allSatisfy(\.isDigit) && UInt8(String(part) ?? "") != nil
                && (part.count == 1 || part.first != UInt8(ascii: "0"))
        }
    }

    /// Whether a Host header with this authority is meant by an entry of an allow-list.
    ///
    /// An entry without a port means each port. A Host header without one means the scheme's default, 80 or 443; which of
    /// them cannot be seen behind a proxy that ends TLS.
    package func isAllowed(by entry: Authority) -> Bool {
        guard host == entry.host else { return false }
        guard let allowed = entry.port else { return true }
        guard let port else { return allowed == 80 || allowed == 443 }
        return port == allowed
    }
}

extension Authority: CustomStringConvertible {
    package var description: String { port.map { "\(host):\($0)" } ?? host }
}
