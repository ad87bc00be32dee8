// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a `Cache-Control` field says about how long an answer is good (RFC 9111 §5.2.2).
package enum CacheControl {
    /// Nanoseconds; zero where the answer must not be kept, nil where nothing is said.
    ///
    /// - Parameter fields: the values of all fields of this name.
    package static func maxAge(_ fields: [String]) -> Int64? {
        var maxAge: Int64?
        for directive in fields.flatMap({ $0.utf8.split(separator: UInt8(ascii: ",")) }) {
            let parts = directive.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard let name = parts.first else { continue }
            switch Self.trimmed(name).lowercased() {
            case "no-store", "no-cache": return 0
            case "max-age" where parts.count == 2:
                let digits = Self.trimmed(parts[1]).filter { $0 != "\"" }
                guard let seconds = Int64(digits), seconds >= 0 else { continue }
                maxAge = min(seconds, 31_536_000) * 1_000_000_000
            default: continue
            }
        }
        return maxAge
    }

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        String(decoding: text.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
    }
}
