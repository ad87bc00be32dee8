// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Which trace a client's connection belongs to, by the header `traceparent` of its handshake (W3C Trace Context §3.2).
package struct TraceParent: Sendable, Equatable {
    /// 32 hexadecimal digits, not all of them 0.
    package let traceID: String
    /// 16 of them: the span that the client was in.
    package let spanID: String

    /// Nil for what is none. A later version may have more behind what this one has.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            [bytes[..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]].allSatisfy({ $0.allSatisfy(Self.isDigit) }),
            !bytes[..<2].elementsEqual("ff".utf8), bytes[3..<35].contains(where: { $0 != 0x30 }),
            bytes[36..<52].contains(where: { $0 != 0x30 })
        else { return nil }
        let isFirstVersion = bytes[..<2].elementsEqual("00".utf8)
        guard bytes.count == 55 || (!isFirstVersion && bytes[55] == Self.dash) else { return nil }
        self.traceID = String(decoding: bytes[3..<35], as: UTF8.self)
        self.spanID = String(decoding: bytes[36..<52], as: UTF8.self)
    }

    private static let dash = UInt8(ascii: "-")

    /// Capitals are none (§3.2.2.3).
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}
