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

    /// What is wrong with whom the file of a socket lets in that the service manager made; nil when nothing is (R6). Clients
    /// are not asked who they are.
    ///
    /// - Parameter remedy: how to say that it is meant, where the address came from.
    func passedFileProblem(remedy: String) -> String? {
        guard let mode = passed?.mode, mode.letsOthersConnect, !insecurePublic else { return nil }
        return
            "\(quoted(address.description)) has mode \"\(mode)\", which lets every user of this machine connect, and "
            + "without authentication each could use every configured server: write SocketMode=0660 and SocketGroup= into "
            + "the unit of the socket, or \(remedy)"
    }

    /// `mode`, `owner` and `group`.
    fileprivate func reportAccess(of table: ListenTable, isAsked: Bool, _ diagnostics: inout Diagnostics) {
        let present = ["mode", "owner", "group"].compactMap { table.entries[$0] }
        guard let address = table.address else { return }
        guard address.isUnixSocket else {
            let advice =
                address.isPassed
                ? "is for sockets that the bridge makes: who may connect to \(address) is said by SocketMode=, SocketUser= "
                    + "and SocketGroup= of its unit"
                : "is for Unix sockets: \(address) is no file; write address = \"unix:/path\", or take it out"
            for entry in present { diagnostics.report("`\(entry.key)` \(advice)", at: entry.keyPosition) }
            return reportPassedFile(of: table, isAsked: isAsked, &diagnostics)
        }
        if passed != nil { return reportPassedFile(of: table, isAsked: isAsked, &diagnostics) }
        guard access.mode.letsOthersConnect, !isAsked, !insecurePublic, let mode = table.entries["mode"] else { return }
        diagnostics.report(
            "`mode` \"\(access.mode)\" lets every user of this machine connect, and without authentication each could use "
                + "every configured server: write \"0660\" and a `group`, or add [auth], or write "
                + "insecure_public = true in [listen] if that is meant",
            at: mode.node.position
        )
    }

    private func reportPassedFile(of table: ListenTable, isAsked: Bool, _ diagnostics: inout Diagnostics) {
        if !table.isPassed, let entry = table.entries["mode"], case .string(let text) = entry.node.value,
            let mode = passed?.mode, "\(mode)" != text
        {
            diagnostics.report(
                "`mode` \"\(text)\" is not that of the socket, \"\(mode)\", which the service manager made: write "
                    + "SocketMode=\(text) into its unit",
                at: entry.node.position
            )
        }
        let remedy = "add [auth], or write insecure_public = true in [listen] if that is meant"
        guard !isAsked, let problem = passedFileProblem(remedy: remedy) else { return }
        diagnostics.report("`address` \(problem)", at: table.addressPosition)
    }
}

extension ListenTable {
    fileprivate var isPassed: Bool { address?.isPassed ?? false }
}
