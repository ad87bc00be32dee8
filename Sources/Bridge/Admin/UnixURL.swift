// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// How the client of HTTP calls a path at a Unix socket.
enum UnixURL {
    static func text(socket: String, path: String) -> String {
        let isPlain: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        let digits = Array("0123456789ABCDEF".utf8)
        let host = socket.utf8.flatMap { byte -> [UInt8] in
            isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return "http+unix://\(String(decoding: host, as: UTF8.self))\(path)"
    }
}
