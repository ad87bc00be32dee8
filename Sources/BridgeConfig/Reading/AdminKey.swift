// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Key<Configuration> {
    /// `[admin]`, whose presence alone opens an address.
    static let admin = Key(
        name: "admin",
        read: { entry, table, configuration, diagnostics in
            let before = diagnostics.problems.count
            var read = AdminTable()
            AdminTable.schema.read(entry.node, name: table.dotted("admin"), into: &read, &diagnostics)
            guard diagnostics.problems.count == before else { return }
            guard let address = read.address else {
                return diagnostics.report(
                    "[admin] needs an `address`: add, for example, address = \"unix:/run/mcp-wsbridge/admin.sock\"",
                    at: entry.keyPosition
                )
            }
            if let problem = read.problem(at: address) {
                return diagnostics.report(problem, at: entry.entries["address"]?.node.position ?? entry.keyPosition)
            }
            var admin = Admin(address: address, place: diagnostics.place(entry.keyPosition))
            admin.access = read.access
            admin.insecurePublic = read.insecurePublic
            admin.auth = read.auth
            admin.tapRedact = read.tapRedact
            configuration.admin = admin
        },
        settings: { configuration in
            AdminTable.schema.settings(of: AdminTable(configuration.admin)).map { $0.under("admin") }
        }
    )
}

/// `[admin]` while it is read.
private struct AdminTable: Sendable {
    var address: ListenAddress?
    var access = SocketAccess()
    var insecurePublic = false
    var auth = Auth()
    var tapRedact: [NamePattern] = []

    init() {}

    init(_ admin: Admin?) {
        self.address = admin?.address
        self.access = admin?.access ?? SocketAccess()
        self.insecurePublic = admin?.insecurePublic ?? false
        self.auth = admin?.auth ?? Auth()
        self.tapRedact = admin?.tapRedact ?? []
    }

    static let schema = TableSchema<AdminTable>(keys: [
        Key(optional: "address", .address, \.address),
        Key("mode", .socketMode, \.access.mode),
        Key(optional: "owner", .account(example: "mcp"), \.access.owner),
        Key(optional: "group", .account(example: "agents"), \.access.group),
        Key("insecure_public", .boolean, \.insecurePublic),
        Key("tap_redact", .namePatterns, \.tapRedact),
        Key<Auth>.operatorTokens.lifted(\.auth),
    ])

    func problem(at address: ListenAddress) -> String? {
        switch address {
        case .passed: "`address` of [admin] is one that the bridge opens itself: a host and port, or unix:/path"
        case .tcp where access != SocketAccess():
            "`mode`, `owner` and `group` are for Unix sockets: \(address) is no file"
        case .unix where access.mode.letsOthersConnect:
            "`mode` \"\(access.mode)\" lets every user of this machine see all connections and end the bridge: write \"0660\" "
                + "and a `group`"
        // Nobody else is asked who they are.
        case .tcp where !address.isLocal && auth.tokens.isEmpty && !insecurePublic:
            "`address` \(quoted("\(address)")) of [admin] can be reached from other machines, and anyone there could read the "
                + "metrics: use 127.0.0.1, [::1] or unix:/path, add [[admin.tokens]], or write insecure_public = true in "
                + "[admin] if that is meant"
        case .tcp, .unix: nil
        }
    }
}
