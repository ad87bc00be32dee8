// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ScriptedMCPServer {
    /// A bridge in front of this server, the transport told so that nothing is tried out.
    func bridge(
        _ server: String = "",
        limits: String = "",
        transport: String = "streamable-http"
    ) throws -> BridgeProcess {
        // A ping would push out what the bridge forgot to.
        let silent = limits.contains("ping_interval") ? "" : "ping_interval = \"0s\"\n"
        return try BridgeProcess.http(
            url,
            server: "transport = \"\(transport)\"\n" + server,
            limits: silent + limits
        )
    }
}

extension BridgeProcess {
    func connectDocs(receiveBuffer: CInt? = nil) throws -> RawWebSocket {
        try connect("/docs", receiveBuffer: receiveBuffer)
    }

    /// A connection that has shaken hands in a legacy revision.
    func connectLegacy(_ version: String = "2025-11-25", receiveBuffer: CInt? = nil) throws -> RawWebSocket {
        let socket = try connectDocs(receiveBuffer: receiveBuffer)
        try socket.initialize(version)
        return socket
    }
}

extension RawWebSocket {
    /// A request of 2026-07-28 as text.
    ///
    /// - Parameters:
    ///   - fields: members of `params` besides the envelope, without braces.
    static func modernText(
        _ method: String,
        id: String,
        _ fields: String = "",
        version: String = "2026-07-28"
    ) -> String {
        let meta =
            #""_meta":{"\#(MCPScript.metaVersion)":"\#(version)","io.modelcontextprotocol/clientCapabilities":{}}"#
        return
            #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(meta)\#(fields.isEmpty ? "" : ",")\#(fields)}}"#
    }

    func sendModern(_ method: String, id: String, _ fields: String = "", version: String = "2026-07-28") throws {
        try send(Self.modernText(method, id: id, fields, version: version))
    }

    /// Sends a request of 2026-07-28; the next message must be its response.
    func modern(_ method: String, id: Int, _ fields: String = "", version: String = "2026-07-28") throws -> Message {
        try sendModern(method, id: "\(id)", fields, version: version)
        return try receive(id: id)
    }

    /// The next message, which must be a response with this id.
    func receive(id: Int, within seconds: Double = Deadline.patience) throws -> Message {
        let message = try receiveMessage(within: seconds)
        guard message.method == nil, message.id as? Int == id else {
            throw Surprise("in place of a response to \(id): \(message.text.prefix(300))")
        }
        return message
    }

    /// Shows that nothing is under way to the client and that the connection lives: the answer to a ping comes next.
    func expectQuiet(_ id: Int = 424_242) throws {
        try send(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
        _ = try receive(id: id)
    }

    /// The same for 2026-07-28, which has no ping.
    func expectQuietModern(_ id: Int = 424_242) throws { _ = try modern("server/discover", id: id) }

    /// Waits until the bridge has taken what was sent so far off the socket.
    func waitRead() throws {
        try sendFrame([1], opcode: 9)
        guard try receiveFrame()?.opcode == 10 else { throw Surprise("something in place of the pong") }
    }
}
