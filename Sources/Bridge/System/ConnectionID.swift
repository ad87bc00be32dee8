// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A connection's id: 96 random bits from the kernel's cryptographic source, as 24 hexadecimal digits (R75).
///
/// It finds a connection's log lines and marks its processes; it never proves who somebody is.
struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    let description: String

    static func random() -> ConnectionID {
        var source = SystemRandomNumberGenerator()
        let bits =
            UInt128(truncatingIfNeeded: source.next()) << 32 | UInt128(UInt32.random(in: 0 ... .max, using: &source))
        let text = String(unsafeUninitializedCapacity: 24) { digits in
            for place in 0..<24 {
                let digit = UInt8(truncatingIfNeeded: bits >> (4 * (23 - place))) & 15
                digits[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 24
        }
        return ConnectionID(description: text)
    }
}
