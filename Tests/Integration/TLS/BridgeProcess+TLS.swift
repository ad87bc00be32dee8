// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

extension BridgeProcess {
    /// A bridge with `[listen.tls]` and one server: FixtureServer with these behaviours at `/fixture`.
    ///
    /// - Parameters:
    ///   - certificate: of `Tests/certificates`; the paths of others can be given by `folder`, as `@FOLDER@/NAME`.
    ///   - clients: further lines of `[listen.tls]`; `@CLIENTS@` stands for the path of the clients' authority.
    static func tls(
        _ behaviours: String...,
        certificate: String = "server",
        more: String = "",
        limits: String = "",
        server: String = "",
        folder: TemporaryFolder? = nil
    ) throws -> BridgeProcess {
        let paths = try ["pem", "key"].map { kind in
            certificate.hasPrefix("@") ? "\(certificate).\(kind)" : try Certificates.path("\(certificate).\(kind)")
        }
        return try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [listen.tls]
                certificate = "\(paths[0])"
                key = "\(paths[1])"
                \(more.replacingOccurrences(of: "@CLIENTS@", with: try Certificates.path("clients.pem")))
                [limits]
                \(limits)
                [servers.fixture]
                command = \(command(behaviours))
                \(server)
                """,
            folder: folder
        )
    }

    /// A connection in TLS, which must be accepted.
    func connectTLS(_ options: TLSSocket.Options = .init(), path: String = "/fixture") throws -> RawWebSocket {
        try RawWebSocket(socket: TLSSocket(port: port, options), path: path)
    }

    /// The record of a failed TLS handshake that gives this reason; empty for any.
    func waitTLSFailure(_ reason: String) throws -> LogRecord {
        try waitLog("TLS handshake failed: \(reason)") {
            $0.message == "TLS handshake failed" && (reason.isEmpty || $0["reason"]?.contains(reason) == true)
        }
    }
}
