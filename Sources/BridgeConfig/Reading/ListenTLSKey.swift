// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Key<Listen> {
    /// `[listen.tls]`: no TLS without it.
    static let tls = Key(
        name: "tls",
        read: { entry, table, listen, diagnostics in
            var draft = ListenTLSDraft()
            let before = diagnostics.problems.count
            ListenTLSDraft.schema.read(entry.node, name: table.dotted(entry.key), into: &draft, &diagnostics)
            if diagnostics.problems.count == before { draft.reportIncompleteness(of: entry, &diagnostics) }
            guard diagnostics.problems.count == before else { return }
            listen.tls = draft.finished
        },
        settings: { ListenTLSDraft.schema.settings(of: ListenTLSDraft($0.tls)).map { $0.under("tls") } }
    )
}

/// `[listen.tls]` while it is read.
private struct ListenTLSDraft: Sendable {
    var certificate: String?
    var key: String?
    var clientCA: String?
    var clientNames: [ClientNamePattern] = []
    var minimumVersion = ListenTLS.Version.v1_2

    static let schema = TableSchema<ListenTLSDraft>(keys: [
        Key(optional: "certificate", .absolutePath(example: "/etc/ssl/bridge.pem"), \.certificate),
        Key(optional: "key", .absolutePath(example: "/etc/ssl/bridge.key"), \.key),
        Key(optional: "client_ca", .absolutePath(example: "/etc/ssl/clients.pem"), \.clientCA),
        Key(
            "client_names",
            .list("an array of strings such as [\"spiffe://cluster.example/ns/agents/*\"]", of: .clientName),
            \.clientNames
        ),
        Key("minimum_version", .choice, \.minimumVersion),
    ])

    init(_ tls: ListenTLS? = nil) {
        guard let tls else { return }
        self.certificate = tls.certificate
        self.key = tls.key
        self.clientCA = tls.clientCA
        self.clientNames = tls.clientNames
        self.minimumVersion = tls.minimumVersion
    }

    var finished: ListenTLS? {
        guard let certificate = self.certificate, let key = self.key else { return nil }
        var tls = ListenTLS(certificate: certificate, key: key)
        tls.clientCA = self.clientCA
        tls.clientNames = self.clientNames
        tls.minimumVersion = self.minimumVersion
        return tls
    }

    func reportIncompleteness(of table: TOMLEntry, _ diagnostics: inout Diagnostics) {
        let missing = [("certificate", self.certificate), ("key", self.key)].filter { $0.1 == nil }.map { "`\($0.0)`" }
        if !missing.isEmpty {
            let message = "[listen.tls] lacks \(missing.joined(separator: " and ")): it needs a certificate and its key"
            diagnostics.report(message, at: table.keyPosition)
        }
        if self.clientCA == nil, let names = table.entries["client_names"], !self.clientNames.isEmpty {
            let message =
                "`client_names` needs `client_ca`: without an authority that vouches for them, names prove nothing"
            diagnostics.report(message, at: names.keyPosition)
        }
    }
}

extension ValueForm where Value == ClientNamePattern {
    /// An element of `client_names` (R76).
    static var clientName: Self {
        .text(
            "an array of strings such as \"spiffe://cluster.example/ns/agents/*\" or \"*.agents.example\"",
            write: { quoted($0.text) },
            parse: { text throws(BadValue) in
                guard HostSyntax.ipv6(text) == nil, HostSyntax.ipv4(text) == nil else {
                    throw BadValue("takes host names and URIs, not addresses such as \(quoted(text))")
                }
                do throws(ClientNamePattern.Fault) {
                    return try ClientNamePattern(text)
                } catch {
                    throw BadValue(error, text)
                }
            }
        )
    }
}

extension BadValue {
    fileprivate init(_ fault: ClientNamePattern.Fault, _ text: String) {
        switch fault {
        case .everybody:
            self.init("must not hold \"*\", which is everybody: leave `client_names` out if that is meant")
        case .wildcard:
            self.init(
                "takes `*` as the first label of a host name, \"*.agents.example\", or as the last segment of a URI, "
                    + "\"spiffe://cluster.example/agents/*\", not \(quoted(text))"
            )
        case .form:
            self.init(
                "takes host names such as \"agent.example\" and URIs such as \"spiffe://cluster.example/agent\", "
                    + "not \(quoted(text))"
            )
        }
    }
}
