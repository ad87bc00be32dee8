// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore
internal import CCrypto

extension AcceptKey {
    /// The value of `Sec-WebSocket-Accept` for a client's key (RFC 6455 §4.2.2, item 5.4).
    package static func accept(for key: String) -> String {
        let text = Array((key + Self.guid).utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        _ = SHA1(text, text.count, &digest)
        return Base64.encode(digest)
    }
}
