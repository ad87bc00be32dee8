// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The client's side of the opening handshake (RFC 6455 §4.1).
package enum OpeningHandshake {
    /// The key of RFC 6455 §1.3 and the proof for it: known beforehand, so that no digest has to be computed.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    /// The largest head of a response in bytes.
    static let maxHead = 64 << 10

    package static func request(_ url: LoopbackURL, subprotocol: String, headers: [String]) -> [UInt8] {
        var text = """
            GET \(url.path) HTTP/1.1\r
            Host: \(url.authority)\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: \(Self.key)\r
            Sec-WebSocket-Version: 13\r

            """
        if !subprotocol.isEmpty { text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        for header in headers { text += header + "\r\n" }
        return Array((text + "\r\n").utf8)
    }

    package enum Outcome: Equatable, Sendable {
        case incomplete
        /// The connection is a WebSocket; its first frame begins at this offset.
        case accepted(end: Int)
        /// The server said no: its status line, and the beginning of what it says besides.
        case refused(String)
        /// The server said yes in a way that a client must not accept.
        case invalid(String)
    }

    /// Judges the beginning of what a server sent.
    package static func judge(_ bytes: UnsafeRawBufferPointer, subprotocol: String) -> Outcome {
        guard let end = Self.headEnd(bytes) else {
            return bytes.count > Self.maxHead ? .invalid("the head of the response does not end") : .incomplete
        }
        let lines = String(decoding: bytes[..<(end - 4)], as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let status = lines.first, status.hasPrefix("HTTP/1.1 ") else { return .invalid("that is no HTTP") }
        guard status.dropFirst(9).hasPrefix("101") else {
            let words = String(decoding: bytes[end...].prefix(120), as: UTF8.self)
            return .refused(words.isEmpty ? String(status) : "\(status): \(words)")
        }
        var accept: Substring?
        var chosen: Substring = ""
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return .invalid("a header line without a colon") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "sec-websocket-accept": accept = value
            case "sec-websocket-protocol": chosen = value
            case "sec-websocket-extensions": return .invalid("an extension that was not offered: \(value)")
            default: break
            }
        }
        guard let accept, accept == Self.accept else { return .invalid("Sec-WebSocket-Accept is missing or wrong") }
        guard chosen == subprotocol else { return .invalid("subprotocol '\(chosen)' instead of '\(subprotocol)'") }
        return .accepted(end: end)
    }

    /// The offset behind the empty line.
    private static func headEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { at in
            bytes[at] == 0x0D && bytes[at + 1] == 0x0A && bytes[at + 2] == 0x0D && bytes[at + 3] == 0x0A
        }.map { $0 + 4 }
    }
}
