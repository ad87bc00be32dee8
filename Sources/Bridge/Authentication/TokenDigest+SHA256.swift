// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore
internal import CCrypto

extension TokenDigest {
    /// The SHA-256 of a token's text. Nil where libcrypto cannot make one.
    package static func sha256(_ text: [UInt8]) -> TokenDigest? {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        guard SHA256(text, text.count, &digest) != nil else { return nil }
        return TokenDigest(digest)
    }
}

/// A static token that nobody has yet: 256 random bits (R75).
package struct NewToken: Sendable {
    /// Tells a token that is found somewhere from other texts, for people and for scanners of secrets.
    package static let prefix = "mwb_"

    /// The prefix and 43 characters of the URL-safe alphabet, which also names of subprotocols may have.
    package let text: String
    /// What the configuration keeps of it: 64 hexadecimal digits.
    package let sha256: String

    /// Nil where libcrypto has no random bytes to give.
    package init?() {
        var bytes = [UInt8](repeating: 0, count: 32)
        var digest = [UInt8](repeating: 0, count: 32)
        guard RAND_bytes(&bytes, CInt(bytes.count)) == 1 else { return nil }
        let encoded = Base64.encode(bytes).utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        let text = Array(Self.prefix.utf8) + encoded
        guard SHA256(text, text.count, &digest) != nil else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        self.text = String(decoding: text, as: UTF8.self)
        self.sha256 = String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}
