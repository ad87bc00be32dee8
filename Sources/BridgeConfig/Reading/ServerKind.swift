// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The ways to reach an MCP server.
enum ServerKind: Sendable {
    /// Started, one child per connection.
    case command
    /// Dialled over HTTP.
    case url
    /// Part of the bridge.
    case builtin
}

/// A key that only servers of one kind have, and what to tell whoever gives it to another.
struct KindKey: Sendable {
    /// Relative to `[servers.NAME]`, dotted: `cwd`, `limits.max_line`.
    let path: String
    /// Follows the name of the key.
    let advice: String

    /// What a server of a kind must not have.
    static func refused(for kind: ServerKind) -> [KindKey] {
        switch kind {
        case .command: ofURL
        case .url: ofCommand
        case .builtin: ofOthers
        }
    }

    private static let ofCommand = [
        commandOnly("cwd", "nothing is started for a `url`: take it out"),
        commandOnly("env", "nothing is started for a `url`: credentials go into `headers`"),
        commandOnly("inherit_env", "nothing is started for a `url`: credentials go into `headers`"),
        commandOnly("protocol", "behind a `url` MCP is spoken, and every message is checked: take it out"),
        commandOnly("stop", "nothing is started for a `url`, so that nothing has to be ended: take it out"),
        commandOnly("restart", "nothing is started for a `url`, so that nothing has to be started again: take it out"),
        commandOnly("expose_stderr", "there is no stderr behind a `url`: take it out"),
        commandOnly("sandbox", "nothing is started for a `url`: its own process is to be confined where it is started"),
        commandOnly("limits.max_line", "behind a `url` write `max_event` in [servers.NAME] instead"),
        commandOnly("limits.max_children", "nothing is started for a `url`: `max_connections` limits its use"),
        commandOnly("limits.spawn_rate", "nothing is started for a `url`: `max_connections` limits its use"),
        commandOnly(
            "limits.max_children_per_principal",
            "nothing is started for a `url`: `max_connections_per_principal` limits its use"
        ),
    ]

    private static let ofURL = [
        urlOnly("transport", "a `command` is spoken to on its stdin and stdout: take it out"),
        urlOnly("headers", "a `command` gets its credentials in `env`"),
        urlOnly("ca", "nothing is dialled for a `command`: take it out"),
        urlOnly("client_certificate", "nothing is dialled for a `command`: take it out"),
        urlOnly("connect_timeout", "nothing is dialled for a `command`: take it out"),
        urlOnly("request_timeout", "a `command` may take as long as it likes: take it out"),
        urlOnly("max_event", "for a `command` write `max_line` in [servers.NAME.limits] instead"),
        urlOnly("on_session_lost", "the session of a `command` ends with its process: take it out"),
        urlOnly("max_parallel", "a `command` gets every message at once: take it out"),
    ]

    /// What neither needs: the server inside the bridge has nothing to be started, dialled or limited with.
    private static let ofOthers =
        ofCommand.map { key in
            let advice =
                switch key.path {
                case "limits.max_children", "limits.spawn_rate": "`max_connections` limits its use"
                case "limits.max_children_per_principal": "`max_connections_per_principal` limits its use"
                default: "take it out"
                }
            return commandOnly(key.path, "nothing is started for a `builtin`: \(advice)")
        }
        + ofURL.map { urlOnly($0.path, "nothing is dialled for a `builtin`: take it out") }

    private static func commandOnly(_ path: String, _ reason: String) -> KindKey {
        KindKey(path: path, advice: "is for servers with a `command`; \(reason)")
    }

    private static func urlOnly(_ path: String, _ reason: String) -> KindKey {
        KindKey(path: path, advice: "is for servers with a `url`; \(reason)")
    }
}
