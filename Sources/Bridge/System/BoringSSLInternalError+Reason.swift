// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOSSL

extension BoringSSLInternalError {
    /// BoringSSL's name of the reason; only its text has it, `… OPENSSL_internal:NAME at FILE:LINE`.
    var reason: Substring? {
        let text = self.description
        guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return nil }
        let name = text[mark.upperBound...].prefix { $0 != " " }
        return name.isEmpty ? nil : name
    }

    /// The reason in lower case, for whoever may look it up.
    static func words(for reason: Substring) -> String {
        String(reason.lowercased().map { $0 == "_" ? " " : $0 })
    }
}
