// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Key<Server> {
    /// `url`, which makes a server one that is dialled. Stands before the keys of ``Upstream`` in the schema.
    static let url = Key(
        name: "url",
        read: { entry, _, server, diagnostics in
            if let url = ValueForm<HTTPURL>.url.read(entry.node, "url", &diagnostics) {
                server.upstream = Upstream(url: url)
            }
        },
        settings: { [Setting(path: "url", value: $0.upstream.map { ValueForm<HTTPURL>.url.write($0.url) })] }
    )

    /// A key of the upstream as one of its server.
    ///
    /// Where there is no upstream, the value is still checked, and the settings are the defaults.
    static func ofUpstream(_ key: Key<Upstream>) -> Key<Server> {
        Key(
            name: key.name,
            read: { entry, table, server, diagnostics in
                guard var upstream = server.upstream ?? .anywhere else { return }
                key.read(entry, table, &upstream, &diagnostics)
                if server.upstream != nil { server.upstream = upstream }
            },
            settings: { server in (server.upstream ?? .anywhere).map(key.settings) ?? [] }
        )
    }
}

extension Upstream {
    /// Every default, for a server without a valid URL; never nil.
    fileprivate static let anywhere = HTTPURL("http://localhost/").map(Upstream.init(url:))
}

extension Key<Upstream> {
    /// `{ certificate = "/path", key = "/path" }`, both or neither.
    static let clientCertificate = Key(
        name: "client_certificate",
        read: { entry, table, upstream, diagnostics in
            var pair = CertificatePair()
            let before = diagnostics.problems.count
            CertificatePair.schema.read(entry.node, name: table.dotted(entry.key), into: &pair, &diagnostics)
            if let certificate = pair.certificate, let key = pair.key {
                upstream.clientCertificate = Upstream.ClientCertificate(certificate: certificate, key: key)
            } else if diagnostics.problems.count == before {
                let message =
                    "`client_certificate` must have both parts: write { certificate = \"/path/client.pem\", "
                    + "key = \"/path/client.key\" }"
                diagnostics.report(message, at: entry.node.position)
            }
        },
        settings: { upstream in
            let pair = CertificatePair(
                certificate: upstream.clientCertificate?.certificate,
                key: upstream.clientCertificate?.key
            )
            return CertificatePair.schema.settings(of: pair).map { $0.under("client_certificate") }
        }
    )
}

/// `client_certificate` while it is read.
private struct CertificatePair: Sendable {
    var certificate: String?
    var key: String?

    static let schema = TableSchema<CertificatePair>(keys: [
        Key(optional: "certificate", .absolutePath(example: "/etc/ssl/client.pem"), \.certificate),
        Key(optional: "key", .absolutePath(example: "/etc/ssl/client.key"), \.key),
    ])
}
