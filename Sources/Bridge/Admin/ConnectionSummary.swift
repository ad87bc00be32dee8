// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// What operators are told of one connection.
struct ConnectionSummary: Sendable {
    let id: String
    let server: String
    let principal: String
    let peer: String
    let transport: String?
    let pid: Int32?
    let isDraining: Bool
    let ageMilliseconds: Int64
    let inFlight: Int
    let counters: Session.Counters
    let queuedToServer: Int
    let queuedToClient: Int

    init(_ connection: Connection, now: Int64) {
        self.id = connection.id.description
        self.server = connection.server.name
        self.principal = connection.client.principal.description
        self.peer = connection.client.address.description
        self.transport = connection.backend.transportName
        self.pid = connection.backend.pid
        self.isDraining = connection.drainEnd != nil
        self.ageMilliseconds = (now - connection.began) / 1_000_000
        self.inFlight = connection.session.inFlightCount
        self.counters = connection.session.counters
        self.queuedToServer = connection.toServer.bytes
        self.queuedToClient = connection.webSocket.outbound.bytes
    }

    /// One line.
    var json: String {
        var bytes = Array("{\"connection\":".utf8)
        func text(_ key: String?, _ value: String) {
            if let key { bytes.append(contentsOf: ",\"\(key)\":".utf8) }
            JSONString.append(value.utf8, to: &bytes)
        }
        func number(_ key: String, _ value: some BinaryInteger) {
            bytes.append(contentsOf: ",\"\(key)\":\(value)".utf8)
        }
        text(nil, self.id)
        text("server", self.server)
        text("principal", self.principal)
        text("peer", self.peer)
        if let transport { text("transport", transport) }
        if let pid { number("pid", pid) }
        text("state", self.isDraining ? "draining" : "open")
        number("age_ms", self.ageMilliseconds)
        number("in_flight", self.inFlight)
        number("messages_in", self.counters.messagesFromClient)
        number("messages_out", self.counters.messagesToClient)
        number("bytes_in", self.counters.bytesFromClient)
        number("bytes_out", self.counters.bytesToClient)
        number("queued_to_server", self.queuedToServer)
        number("queued_to_client", self.queuedToClient)
        return String(decoding: bytes, as: UTF8.self) + "}"
    }
}
