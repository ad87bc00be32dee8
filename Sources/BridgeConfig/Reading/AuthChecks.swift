// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// What is wrong with `[auth]` in the light of the rest of the file (R6, R8).
    func reportAuth(_ entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        guard let auth, let table = entries["auth"] else {
            Self.reportNeedlessRequirements(entries, &diagnostics)
            return
        }
        // Where something else is wrong it may be the way in.
        if !auth.hasWays, !asksForCertificates, diagnostics.problems.isEmpty {
            diagnostics.report(
                "[auth] lets nobody in: add [[auth.tokens]] with what `mcp-wsbridge token new` prints, or take it out",
                at: table.keyPosition
            )
        }
        if auth.unix.isUsed, let unix = table.entries["unix"],
            // What is passed may be one.
            !listeners.contains(where: { $0.address.isUnixSocket || $0.address.isPassed })
        {
            let addresses = listeners.map(\.address.description).joined(separator: " or ")
            diagnostics.report(
                "[auth.unix] needs a Unix socket: \(addresses) does not tell which user connects; write "
                    + "address = \"unix:/path\" in [listen], or take it out",
                at: unix.keyPosition
            )
        }
        Self.reportUnknownServers(table, known: entries["servers"]?.entries.map(\.key) ?? [], &diagnostics)
    }

    private static func reportUnknownServers(
        _ auth: TOMLEntry,
        known: [String],
        _ diagnostics: inout Diagnostics
    ) {
        guard case .array(let tokens)? = auth.entries["tokens"]?.node.value else { return }
        for case .table(let token) in tokens.map(\.value) {
            guard case .array(let servers)? = token["servers"]?.node.value else { continue }
            for node in servers {
                guard case .string(let name) = node.value, !known.contains(name) else { continue }
                diagnostics.report(
                    "`servers` names \(quoted(name)), but there is no [servers.NAME] of that name",
                    at: node.position,
                    suggestion: Spelling.nearest(to: name, among: known)
                )
            }
        }
    }

    // Who writes that a server asks for credentials must not be left with one that does not.
    private static func reportNeedlessRequirements(_ entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        guard entries["auth"] == nil else { return }
        for server in entries["servers"]?.entries ?? [] {
            guard let entry = server.entries["auth"], case .string("required") = entry.node.value else { continue }
            diagnostics.report(
                "server `\(server.key)` requires credentials, but there is no [auth] that says which: add "
                    + "[[auth.tokens]] with what `mcp-wsbridge token new` prints",
                at: entry.node.position
            )
        }
    }
}

extension ListenAddress {
    /// What is wrong with asking for credentials here; nil when nothing is (R6).
    ///
    /// - Parameters:
    ///   - isEncrypted: the listener itself does TLS.
    ///   - behindTLSProxy: the operator's word that something before it does.
    func clearTextProblem(isEncrypted: Bool, behindTLSProxy: Bool) -> String? {
        guard !isLocal, !isEncrypted, !behindTLSProxy else { return nil }
        return
            "\(quoted(description)) can be reached from other machines, and without TLS every token would go there in "
            + "clear text: listen on 127.0.0.1, [::1] or unix:/path, or write behind_tls_proxy = true in [listen] where "
            + "a proxy before the bridge does TLS"
    }
}
