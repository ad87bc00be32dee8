// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CCrypto

/// A connection's id: 96 random bits from a cryptographic source, as 24 hexadecimal digits (R75).
///
/// It finds a connection's log lines and marks its processes; it never proves who somebody is.
struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    let description: String

    /// Nil where libcrypto has no random bytes to give.
    static func random() -> ConnectionID? {
        var bytes = [UInt8](repeating: 0, count: 12)
        guard RAND_bytes(&bytes, CInt(bytes.count)) == 1 else { return nil }
        let digits = Array("0123456789abcdef")
        return ConnectionID(description: String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
    }
}
