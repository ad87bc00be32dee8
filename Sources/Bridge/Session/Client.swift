// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging
internal import NIOCore

/// Who is at the other end of a connection, as the handshake has shown it; the same from begin to end (R75).
struct Client: Sendable {
    let principal: Principal
    /// What an issuer says about the principal.
    let claims: Claims
    /// Where it really is, whatever proxies are between.
    let address: ClientAddress
    /// The other end of the socket, where that is a proxy that said so.
    let proxy: ClientAddress?
    /// The page's origin, where it is a browser.
    let origin: String?
    /// Nil without TLS.
    let tls: TLSSession?
}

extension Client {
    /// To be made on the channel's event loop.
    init(_ handshake: AcceptedHandshake, _ channel: any Channel) {
        self.principal = handshake.principal
        self.claims = handshake.claims
        let location = channel.clientLocation
        self.address = location.address
        self.proxy = location.proxy
        self.origin = handshake.origin
        self.tls = channel.pipeline.syncOperations.tlsSession
    }

    /// What the log tells of it.
    ///
    /// - Parameter isAsked: clients are asked who they are.
    func metadata(isAsked: Bool) -> Logger.Metadata {
        var metadata = ClientLocation(address: self.address, proxy: self.proxy).metadata
        if isAsked { metadata[LogKey.principal] = "\(self.principal)" }
        if let tls { metadata[LogKey.tls] = "\(tls.version)" }
        if let name = self.tls?.client?.matched { metadata[LogKey.clientName] = "\(name)" }
        return metadata
    }
}

extension Channel {
    /// Where the client of this channel is, as far as that is known by now: before the handshake, and without a trusted
    /// proxy, the other end of the socket. To be called on the channel's event loop, until the handshake is over.
    var clientLocation: ClientLocation {
        let upgrade = try? self.pipeline.syncOperations.handler(type: UpgradeHandler.self)
        return upgrade?.location ?? ClientLocation(address: self.peerAddress)
    }

    /// The address of ``clientLocation``.
    var clientAddress: ClientAddress { self.clientLocation.address }

    /// The other end of the socket: a client, or a proxy.
    var peerAddress: ClientAddress {
        guard let address = self.remoteAddress, let port = address.port else { return .local }
        let bytes = address.withSockAddr { pointer, size in
            let text = UnsafeRawBufferPointer(start: pointer, count: size)
            // `sockaddr_in` and `sockaddr_in6`: family and port first, and then the flow of the latter.
            return address.protocol == .inet ? Array(text[4..<8]) : Array(text[8..<24])
        }
        return ClientAddress(bytes: bytes, port: port)
    }
}

extension ClientLocation {
    /// What the log tells of it.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [LogKey.peer: "\(self.address)"]
        if let proxy { metadata[LogKey.proxy] = "\(proxy)" }
        return metadata
    }
}
