// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Who a client is by its certificate, which was verified against `client_ca`, and whose names `client_names` allows.
package struct ClientCertificateNames: Sendable, Equatable {
    /// In the order of the certificate; may be empty where `client_names` is.
    package let names: [CertificateName]
    /// The first name that an entry of `client_names` allows; without entries the first of all.
    package let matched: CertificateName?
    /// The certificate's last second, since 1970.
    package let notAfter: Int64

    /// - Parameters:
    ///   - names: those of a verified certificate.
    ///   - allowed: `client_names`; where it is empty, every verified certificate will do.
    /// - Returns: nil if no name is allowed.
    package init?(_ names: [CertificateName], notAfter: Int64, allowed: [ClientNamePattern]) {
        self.names = names
        self.notAfter = notAfter
        self.matched = allowed.isEmpty ? names.first : names.first { name in allowed.contains { $0.matches(name) } }
        if self.matched == nil, !allowed.isEmpty { return nil }
    }
}
