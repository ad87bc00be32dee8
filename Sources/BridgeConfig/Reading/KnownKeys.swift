// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Every key that a configuration may hold, and the table it lives in.
enum KnownKeys {
    /// Stands for the name of a server in a dotted path.
    static let anyServer = "NAME"

    /// Every key with its default, dotted: `limits.max_message`, `servers.NAME.stop.stdin_grace`.
    static let defaults: [Setting] = {
        let server = Server(name: anyServer, place: Place(file: ""))
        return Configuration.schema.settings(of: Configuration(servers: [server]))
    }()

    /// The table where a key that stands in the wrong one belongs; nil for a key that exists nowhere.
    static func home(of key: String, in table: String) -> String? {
        let server = serverTable(of: table)
        let homes = defaults.compactMap { setting -> String? in
            var names = setting.path.split(separator: ".")
            guard names.removeLast() == key[...] else { return nil }
            let home = names.joined(separator: ".")
            // `name` and `servers` are what many a table could have: nobody looks for a token's there.
            if home.hasSuffix(".tokens"), !table.hasPrefix(home.prefix { $0 != "." }) { return nil }
            let prefix = "servers.\(anyServer)"
            guard let server, home.hasPrefix(prefix) else { return home }
            return server + home.dropFirst(prefix.count)
        }
        return homes.first { $0.hasPrefix("servers.") == (server != nil) } ?? homes.first
    }

    /// `servers.time` of `servers.time.limits`; nil outside the servers.
    private static func serverTable(of table: String) -> String? {
        guard table.hasPrefix("servers.") else { return nil }
        for part in [".limits", ".stop", ".client_certificate", ".tools", ".prompts", ".resources", ".sandbox"]
        where table.hasSuffix(part) {
            return String(table.dropLast(part.count))
        }
        return table
    }
}
