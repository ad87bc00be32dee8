// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The origin of a web page: scheme, host and port, nothing else (RFC 6454 §4, §7).
package struct WebOrigin: Hashable, Sendable {
    /// In lower case.
    package let scheme: String
    /// Nil for a scheme whose origins have none, such as `file://`. A port that is its scheme's default is left out.
    package let authority: String?

    /// Parses an Origin header or an entry of an allow-list. `null`, several origins, a path, a trailing slash and user
    /// information are refused.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, bytes[0].isLetter,
            bytes[..<colon].allSatisfy({ $0.isLetter || $0.isDigit || "+-.".utf8.contains($0) }),
            bytes[colon...].starts(with: "://".utf8)
        else { return nil }
        let scheme = String(decoding: bytes[..<colon].map(\.lowercased), as: UTF8.self)
        let rest = String(decoding: bytes[(colon + 3)...], as: UTF8.self)
        let defaultPort: UInt16? =
            switch scheme {
            case "http", "ws": 80
            case "https", "wss": 443
            default: nil
            }
        if rest.isEmpty, defaultPort == nil {
            authority = nil
        } else {
            guard let parsed = Authority(rest) else { return nil }
            authority = parsed.port == defaultPort ? parsed.host : parsed.description
        }
        self.scheme = scheme
    }
}
