// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The proof that a server understood the handshake (RFC 6455 §4.2.2, item 5.4).
///
/// `Sec-WebSocket-Accept` is the base64 form of the SHA-1 digest of key and GUID; the digest is the shell's to compute.
package enum AcceptKey {
    /// What is appended to the client's key before the digest is taken.
    package static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The base64 form of some bytes, with padding (RFC 4648 §4).
    package static func base64(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var pending = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            pending += 8
            while pending >= 6 {
                pending -= 6
                text.append(alphabet[Int(bits >> UInt32(pending) & 0x3F)])
            }
        }
        if pending > 0 { text.append(alphabet[Int(bits << UInt32(6 - pending) & 0x3F)]) }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a client's key is what it must be: sixteen bytes in base64 (RFC 6455 §4.2.1, item 5).
    static func isValidClientKey(_ key: Substring) -> Bool {
        key.utf8.count == 24 && key.utf8.prefix(22).allSatisfy(alphabet.contains)
            && key.utf8.suffix(2).elementsEqual("==".utf8)
    }
}
