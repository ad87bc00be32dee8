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
        let path = table.split(separator: ".", omittingEmptySubsequences: false)
        let isInServer = path.first == "servers" && path.count > 1
        let homes = defaults.compactMap { setting -> String? in
            var names = setting.path.split(separator: ".")
            guard names.removeLast() == key[...] else { return nil }
            if isInServer, names.count > 1, names[0] == "servers" {
                names[1] = path[1]
            }
            return names.joined(separator: ".")
        }
        return homes.first { $0.hasPrefix("servers.") == isInServer } ?? homes.first
    }
}
