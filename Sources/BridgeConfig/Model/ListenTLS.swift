// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// `[listen.tls]`: TLS with clients (R76). Paths are absolute, the files in PEM form.
package struct ListenTLS: Sendable, Equatable {
    /// The oldest version that clients may speak.
    package enum Version: String, Sendable, CaseIterable {
        case v1_2 = "1.2"
        case v1_3 = "1.3"
    }

    /// The certificate of the bridge, and behind it those that lead to an authority.
    package var certificate: String
    package var key: String
    /// Authorities that clients' certificates are verified with; nil = no client is asked for one.
    package var clientCA: String?
    /// Which of them may connect; empty = all. Never without ``clientCA``.
    package var clientNames: [ClientNamePattern] = []
    package var minimumVersion = Version.v1_2

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

extension Listen {
    /// The URL at which clients reach a path of this listener: `wss://` with TLS, `ws://` without.
    ///
    /// - Parameter port: the port that was really bound, where the configured one is 0.
    package func webSocketURL(path: String, port: Int? = nil) -> String {
        self.address.webSocketURL(path: path, port: port, isSecure: self.tls != nil)
    }

    /// Whether every client has to prove who it is, whatever server it wants.
    package var authenticatesClients: Bool { self.tls?.clientCA != nil }
}
