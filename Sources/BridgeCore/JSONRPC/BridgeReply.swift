// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON-RPC error response that the bridge itself makes (R24, R31): told from a server's by `data.origin`.
package struct BridgeReply: Sendable {
    /// JSON-RPC 2.0 §5.1. None of the codes that MCP's revisions reserve is among them.
    package enum Code: Int, Sendable {
        case parseError = -32_700
        case invalidRequest = -32_600
        case internalError = -32_603
        /// A policy of the operator's: like HTTP's, and beyond what JSON-RPC reserves (R31).
        case forbidden = 403
    }

    /// A field of `data`.
    package enum Datum: Sendable, Equatable {
        case integer(Int)
        case text(String)
    }

    package var code: Code
    package var message: String
    /// Machine-readable reason, `data.cause`.
    package var cause: String
    /// More fields of `data`, in order.
    package var data: [(key: String, value: Datum)] = []

    package init(_ code: Code, _ message: String, cause: String, data: [(key: String, value: Datum)] = []) {
        self.code = code
        self.message = message
        self.cause = cause
        self.data = data
    }

    /// The response as one line of JSON.
    ///
    /// - Parameters:
    ///   - id: the id token as the client wrote it; nil where none was usable (`null`).
    ///   - connection: the connection's id, for finding its log lines.
    package func encoded(id: [UInt8]?, connection: String) -> [UInt8] {
        var text = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        text.append(contentsOf: id ?? Array("null".utf8))
        text.append(contentsOf: ",\"error\":{\"code\":\(self.code.rawValue),\"message\":".utf8)
        JSONString.append(self.message.utf8, to: &text)
        text.append(contentsOf: ",\"data\":{\"origin\":\"mcp-wsbridge\",\"cause\":".utf8)
        JSONString.append(self.cause.utf8, to: &text)
        text.append(contentsOf: ",\"connection\":".utf8)
        JSONString.append(connection.utf8, to: &text)
        for (key, value) in self.data {
            text.append(UInt8(ascii: ","))
            JSONString.append(key.utf8, to: &text)
            text.append(UInt8(ascii: ":"))
            switch value {
            case .integer(let number): text.append(contentsOf: String(number).utf8)
            case .text(let string): JSONString.append(string.utf8, to: &text)
            }
        }
        text.append(contentsOf: "}}}".utf8)
        return text
    }
}
