// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The value of an `Mcp-Name` or `Mcp-Param-*` header (2026-07-28, Streamable HTTP, "Value Encoding"; R57, R58).
package enum FieldValue {
    private static let opening = "=?base64?"
    private static let closing = "?="

    /// `text` as it is, or in Base64 between markers if a header could not carry it, or if it looks like such a value itself.
    ///
    /// - Parameter text: UTF-8.
    package static func encode(_ text: some Collection<UInt8>) -> String {
        if Self.isPlain(text) { return String(decoding: text, as: UTF8.self) }
        return Self.opening + Base64.encode(text) + Self.closing
    }

    /// Visible ASCII, and spaces between. A tab between would be legal in a header (RFC 9110 §5.5), but clients and
    /// servers differ about whether the specification counts it among the control characters; in Base64 all take it.
    private static func isPlain(_ text: some Collection<UInt8>) -> Bool {
        var last: UInt8?
        for byte in text {
            guard 0x21...0x7E ~= byte || byte == 0x20 && last != nil else { return false }
            last = byte
        }
        guard last != 0x20 else { return false }
        return !(text.starts(with: Self.opening.utf8) && text.suffix(2).elementsEqual(Self.closing.utf8))
    }
}
