// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The messages of a probe, each one line of JSON without its LF.
enum ProbeMessage {
    /// Who asks.
    struct Client {
        var version: String
        /// What a modern request names as its revision.
        var modernVersion: String

        /// An `Implementation` object.
        fileprivate var info: String { #"{"name":"mcp-wsbridge","version":\#(JSONString.token(self.version))}"# }

        /// `params._meta` of a modern request (2026-07-28, "Per-request metadata").
        fileprivate var metadata: String {
            #"{"io.modelcontextprotocol/protocolVersion":"\#(self.modernVersion)","#
                + #""io.modelcontextprotocol/clientInfo":\#(self.info),"#
                + #""io.modelcontextprotocol/clientCapabilities":{}}"#
        }
    }

    static func discover(id: Int64, _ client: Client) -> [UInt8] {
        self.request(id, "server/discover", #"{"_meta":\#(client.metadata)}"#)
    }

    static func initialize(id: Int64, version: String, _ client: Client) -> [UInt8] {
        self.request(
            id,
            "initialize",
            #"{"protocolVersion":"\#(version)","capabilities":{},"clientInfo":\#(client.info)}"#
        )
    }

    static let initialized = Array(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.utf8)

    /// - Parameters:
    ///   - cursor: a JSON string token; nil for the first page.
    ///   - client: of a modern request; nil for a legacy one.
    static func listTools(id: Int64, cursor: [UInt8]?, _ client: Client?) -> [UInt8] {
        let members = [
            cursor.map { #""cursor":"# + String(decoding: $0, as: UTF8.self) },
            client.map { #""_meta":"# + $0.metadata },
        ]
        return self.request(id, "tools/list", "{" + members.compactMap(\.self).joined(separator: ",") + "}")
    }

    static func cancelled(id: Int64) -> [UInt8] {
        Array(
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id),"reason":"over"}}"#.utf8
        )
    }

    /// The answer to a request of the server's: it has asked somebody who offers nothing.
    ///
    /// - Parameter id: the id token as the server wrote it.
    static func reply(to id: [UInt8], isPing: Bool) -> [UInt8] {
        let outcome = isPing ? #""result":{}"# : #""error":{"code":-32601,"message":"Method not found"}"#
        return Array(#"{"jsonrpc":"2.0","id":"#.utf8) + id + Array(",\(outcome)}".utf8)
    }

    private static func request(_ id: Int64, _ method: String, _ params: String) -> [UInt8] {
        Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#.utf8)
    }
}

extension JSONString {
    /// The text as a string token.
    static func token(_ text: String) -> String {
        var token: [UInt8] = []
        Self.append(text.utf8, to: &token)
        return String(decoding: token, as: UTF8.self)
    }
}
