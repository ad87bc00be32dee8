// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// What is wrong with each listener in the light of its address and of `[auth]` (R6).
    func reportExposure(_ entries: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        let tables = entries["listen"]?.listenTables ?? []
        // Without a table there is the default address, which is local.
        for (table, listen) in zip(tables, listeners) {
            listen.reportExposure(of: table, isAsked: auth != nil || listen.authenticatesClients, &diagnostics)
            listen.reportAccess(of: table, isAsked: auth != nil || listen.authenticatesClients, &diagnostics)
        }
    }
}

extension Listen {
    /// - Parameter isAsked: clients have to say who they are.
    fileprivate func reportExposure(of table: ListenTable, isAsked: Bool, _ diagnostics: inout Diagnostics) {
        let remedy = "add [auth], or write insecure_public = true in [listen] if that is meant"
        let problem =
            isAsked
            ? address.clearTextProblem(isEncrypted: tls != nil, behindTLSProxy: behindTLSProxy)
            : address.exposureProblem(insecurePublic: insecurePublic, remedy: remedy)
        if let problem { diagnostics.report("`address` \(problem)", at: table.addressPosition) }
    }

    /// `mode`, `owner` and `group`.
    fileprivate func reportAccess(of table: ListenTable, isAsked: Bool, _ diagnostics: inout Diagnostics) {
        let present = ["mode", "owner", "group"].compactMap { table.entries[$0] }
        guard let address = table.address else { return }
        guard address.isUnixSocket else {
            for entry in present {
                diagnostics.report(
                    "`\(entry.key)` is for Unix sockets: \(address) is no file; write address = \"unix:/path\", or take "
                        + "it out",
                    at: entry.keyPosition
                )
            }
            return
        }
        guard access.mode.letsOthersConnect, !isAsked, !insecurePublic, let mode = table.entries["mode"] else { return }
        diagnostics.report(
            "`mode` \"\(access.mode)\" lets every user of this machine connect, and without authentication each could use "
                + "every configured server: write \"0660\" and a `group`, or add [auth], or write "
                + "insecure_public = true in [listen] if that is meant",
            at: mode.node.position
        )
    }
}
