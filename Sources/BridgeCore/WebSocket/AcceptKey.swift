// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The proof that a server understood the handshake (RFC 6455 §4.2.2, item 5.4).
///
/// `Sec-WebSocket-Accept` is the base64 form of the SHA-1 digest of key and GUID; the digest is the shell's to compute.
package enum AcceptKey {
    /// What is appended to the client's key before the digest is taken.
    package static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Whether a client's key is what it must be: sixteen bytes in base64 (RFC 6455 §4.2.1, item 5).
    static func isValidClientKey(_ key: Substring) -> Bool {
        key.utf8.count == 24 && key.utf8.prefix(22).allSatisfy(Base64.alphabet.contains)
            && key.utf8.suffix(2).elementsEqual("==".utf8)
    }
}
