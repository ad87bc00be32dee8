// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore
internal import NIOSSL

/// What a client's TLS handshake has settled.
struct TLSSession: Sendable {
    /// `1.3`, say.
    let version: String
    /// Nil where no client is asked for a certificate.
    let client: ClientCertificateNames?

    init(version: TLSVersion?, client: ClientCertificateNames?) {
        self.client = client
        self.version =
            switch version {
            case .tlsv1: "1.0"
            case .tlsv11: "1.1"
            case .tlsv12: "1.2"
            case .tlsv13: "1.3"
            case nil: "unknown"
            }
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// What TLS has settled with the client of this channel; nil without TLS, and before its handshake is complete.
    ///
    /// For use on the channel's event loop.
    var tlsSession: TLSSession? { (try? self.handler(type: TLSConnectionHandler.self))?.session }

    /// Who the client of this channel is by its certificate, verified and allowed (R76); nil where none was asked for.
    ///
    /// For use on the channel's event loop.
    var clientCertificateNames: ClientCertificateNames? { self.tlsSession?.client }
}

extension CertificateName {
    /// The names of a certificate that are of use here, in its order.
    static func names(of certificate: NIOSSLCertificate) -> [CertificateName] {
        certificate._subjectAlternativeNames().compactMap { name in
            switch name.nameType {
            case .uri: .uri(bytes: name.contents)
            case .dnsName: .dns(bytes: name.contents)
            default: nil
            }
        }
    }
}
