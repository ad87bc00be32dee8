// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

extension Key<Configuration> {
    /// `[servers.NAME]`, any number of them.
    static let servers = Key(
        name: "servers",
        read: { entry, _, configuration, diagnostics in
            guard case .table(let entries) = entry.node.value else {
                let message =
                    "`servers` must be a table: write [servers.NAME] with single brackets, not \(entry.node.kind)"
                diagnostics.report(message, at: entry.node.position)
                return
            }
            configuration.servers = entries.compactMap { entry in
                Server(reading: entry, limits: configuration.limits, &diagnostics)
            }
            reportSharedPaths(entries, &diagnostics)
        },
        settings: { configuration in
            configuration.servers.flatMap { server in
                Server.schema.settings(of: server).map { $0.under(server.name).under("servers") }
            }
        }
    )

    // Judged on the document, not on the model, so that a server with another fault still counts.
    private static func reportSharedPaths(_ servers: [TOMLEntry], _ diagnostics: inout Diagnostics) {
        var owners: [String: TOMLEntry] = [:]
        for server in servers {
            var path = "/" + server.key
            var position = server.keyPosition
            if let entry = server.entries["path"] {
                guard case .string(let text) = entry.node.value else { continue }
                (path, position) = (text, entry.node.position)
            }
            if let owner = owners[path] {
                diagnostics.report(
                    "server `\(server.key)` has the path \(quoted(path)), which is already that of server `\(owner.key)` "
                        + "(line \(owner.keyPosition.line)): give it a `path` of its own",
                    at: position
                )
            } else {
                owners[path] = server
            }
        }
    }
}

extension Server {
    fileprivate init?(reading entry: TOMLEntry, limits: Limits, _ diagnostics: inout Diagnostics) {
        guard Self.isName(entry.key) else {
            diagnostics.report(
                "a server's name may hold only letters, digits, `_`, `-` and `.`, and not be `.` or `..`: "
                    + quoted(entry.key),
                at: entry.keyPosition
            )
            return nil
        }
        guard case .table(let entries) = entry.node.value else {
            let message =
                "`servers.\(entry.key)` must be a table: write [servers.NAME] and below it `command = [\"…\"]`"
            diagnostics.report("\(message), not \(entry.node.kind)", at: entry.node.position)
            return nil
        }
        self.init(name: entry.key, limits: limits, place: diagnostics.place(entry.keyPosition))
        let table = name.contains(".") ? "servers.\"\(name)\"" : "servers.\(name)"
        schema(for: entries).read(entries, name: table, into: &self, &diagnostics)
        reportKind(entries, at: entry.keyPosition, &diagnostics)
        reportUnheededRules(entries, &diagnostics)
        if entries["path"] == nil, ServerPath.reserved.contains(path) {
            diagnostics.report(
                "server `\(name)` would have the path \(quoted(path)), which is reserved for the bridge's own health "
                    + "answers: give it another `path`",
                at: entry.keyPosition
            )
        }
    }

    /// The keys that go with what is there; all of them where it is not clear what this server is.
    private func schema(for entries: [TOMLEntry]) -> TableSchema<Server> {
        switch (entries["command"], entries["url"], entries["builtin"]) {
        case (_?, nil, nil): Self.schema(of: .command)
        case (nil, _?, nil): Self.schema(of: .url)
        case (nil, nil, _?): Self.schema(of: .builtin)
        default: Self.schema
        }
    }

    private func reportKind(_ entries: [TOMLEntry], at position: TOMLPosition, _ diagnostics: inout Diagnostics) {
        let (command, url, builtin) = (entries["command"], entries["url"], entries["builtin"])
        if command == nil, url == nil, builtin == nil {
            let message =
                "server `\(name)` has neither `command` nor `url`: add, for example, "
                + "command = [\"uvx\", \"mcp-server-time\"] or url = \"http://127.0.0.1:9000/mcp\""
            diagnostics.report(message, at: position)
        }
        if command != nil, let url {
            let message =
                "server `\(name)` has both `command` and `url`: keep `command` to start a program, or `url` to dial "
                + "a server"
            diagnostics.report(message, at: url.keyPosition)
        }
        if let other = command != nil ? "command" : url != nil ? "url" : nil, let builtin {
            let message =
                "server `\(name)` has both `\(other)` and `builtin`: keep `\(other)` for a server of yours, or "
                + "`builtin` for the one inside the bridge"
            diagnostics.report(message, at: builtin.keyPosition)
        }
    }

    private static func isName(_ name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "_.-".utf8.contains(byte)
            }
        }
        return isPlain && !name.isEmpty && name != "." && name != ".."
    }
}
