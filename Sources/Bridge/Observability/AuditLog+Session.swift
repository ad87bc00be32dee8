// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore
internal import NIOHTTP1

/// What is recorded of connections, on their event loops.
extension AuditLog {
    /// A connection is over, for whatever reason. To be called once for each that was accepted.
    ///
    /// - Parameters:
    ///   - nanoseconds: since the handshake was answered; 0 where the client was gone by then.
    ///   - closeCode: that of RFC 6455 §7.1.5.
    func ended(
        _ id: ConnectionID,
        _ server: ServedServer,
        pid: Int32?,
        _ client: Client,
        _ end: SessionEnd,
        closeCode: CloseCode = .abnormal,
        nanoseconds: Int64 = 0,
        counters: Session.Counters = Session.Counters()
    ) {
        let connection = AuditRecord.Connection(
            id: "\(id)",
            server: server.name,
            pid: pid,
            end: end,
            closeCode: closeCode,
            milliseconds: nanoseconds / 1_000_000,
            counters: counters
        )
        self.record(.connection(connection), of: AuditRecord.Client(client))
    }

    /// The policy kept something from a server.
    func denied(_ denials: [Denial], more: Int, _ id: ConnectionID, _ server: ServedServer, _ client: Client) {
        let client = AuditRecord.Client(client)
        for denial in denials { self.record(.denied(denial, connection: "\(id)", server: server.name), of: client) }
        if more > 0 { self.record(.deniedMore(count: more, connection: "\(id)", server: server.name), of: client) }
    }

    /// An operator begins to read the messages of a connection.
    func tapped(by operatorName: String, _ id: ConnectionID, _ server: ServedServer, _ client: Client) {
        self.record(.tapped(by: operatorName, connection: "\(id)", server: server.name), of: AuditRecord.Client(client))
    }

    /// A handshake was refused.
    ///
    /// - Parameters:
    ///   - server: whose path was asked for, where there is one.
    ///   - client: nil where it was refused before it was known who asks.
    func refused(
        _ rejection: HandshakeRejection,
        _ head: HTTPRequestHead?,
        server: String?,
        _ client: Client?,
        _ channel: any Channel
    ) {
        let client =
            client.map { AuditRecord.Client($0) }
            ?? AuditRecord.Client(channel, principal: rejection.principal, origin: head?.headers.first(name: "Origin"))
        self.record(.refused(rejection, server: server), of: client)
    }

    /// The handshake of TLS came to nothing.
    func refusedTLS(_ reason: String, _ channel: any Channel) {
        self.record(.refusedTLS(reason: reason), of: AuditRecord.Client(channel, principal: nil, origin: nil))
    }
}

extension AuditRecord.Client {
    fileprivate init(_ client: Client) {
        self.init(
            principal: client.principal,
            peer: "\(client.address)",
            origin: client.origin,
            tls: client.tls?.version,
            certificate: client.tls?.client?.matched
        )
    }

    /// Of a channel that is open.
    fileprivate init(_ channel: any Channel, principal: Principal?, origin: String?) {
        let tls = channel.pipeline.syncOperations.tlsSession
        self.init(
            principal: principal,
            peer: "\(channel.clientAddress)",
            origin: origin,
            tls: tls?.version,
            certificate: tls?.client?.matched
        )
    }
}
