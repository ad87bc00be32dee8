// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A `ws` or `wss` URL (RFC 6455 §3) of this machine: 127.0.0.0/8, [::1] or localhost, which is taken for 127.0.0.1.
///
/// Other addresses are refused: a load generator pointed at somebody else's machine is an attack, and what it would
/// measure is the network.
package struct LoopbackURL: Sendable, Equatable {
    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package enum Address: Sendable, Equatable {
        /// In the order of the address's bytes.
        case v4(UInt8, UInt8, UInt8, UInt8)
        /// ::1
        case v6
    }

    /// TLS is spoken.
    package let isSecure: Bool
    package let address: Address
    package let port: UInt16
    /// Path and query; at least `/`.
    package let path: String
    /// For the Host header.
    package let authority: String

    package init(parsing text: String) throws(Problem) {
        let isSecure = text.hasPrefix("wss://")
        guard isSecure || text.hasPrefix("ws://") else {
            throw Problem(description: "\(text): want ws://127.0.0.1:PORT/PATH.")
        }
        let rest = text.dropFirst(isSecure ? 6 : 5)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(authority.count)
        // The path becomes part of the request line.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw Problem(description: "\(text): a space, a '#' or a character beyond ASCII has no place in this URL.")
        }
        guard !authority.contains("@") else { throw Problem(description: "\(text): no user information, please.") }
        let host: Substring
        let port: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[...end]
            port = authority[authority.index(after: end)...]
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority.dropFirst(host.count)
        }
        guard let address = Self.loopback(host) else {
            throw Problem(
                description: """
                    \(text): only loopback addresses (127.0.0.1, [::1], localhost) are accepted: load on another \
                    machine is an attack on it, and would measure the network.
                    """
            )
        }
        guard port.hasPrefix(":"), let number = UInt16(port.dropFirst()), number > 0 else {
            throw Problem(description: "\(text): want a port, as in ws://127.0.0.1:8765/.")
        }
        self.isSecure = isSecure
        self.address = address
        self.port = number
        self.path = path.hasPrefix("/") ? String(path) : "/" + path
        self.authority = String(authority)
    }

    private static func loopback(_ host: Substring) -> Address? {
        switch host {
        case "localhost": return .v4(127, 0, 0, 1)
        case "[::1]": return .v6
        default:
            let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
            guard parts.count == 4, parts[0] == 127, let second = parts[1], let third = parts[2], let last = parts[3]
            else { return nil }
            return .v4(127, second, third, last)
        }
    }
}
