// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension CheckReport {
    /// What the templates of a server give away.
    static func templateWarnings(_ server: Server, _ configuration: Configuration) -> [String] {
        server.templateUses.flatMap { use in
            let sources = use.template.sources
            let named = sources.filter(\.isSecret).map { "\($0)" }
            var messages = sources.compactMap { passthrough($0).map { "`\(use.key)` passes on \($0)" } }
            if use.key == "command", !named.isEmpty {
                messages.append(
                    "an argument of `command` holds \(named.joined(separator: " and ")): every user of this machine can "
                        + "read arguments of processes; put secrets into `env`"
                )
            }
            if sources.contains(.principal), kinds(configuration) > 1 {
                messages.append(
                    "`\(use.key)` holds {{principal}}, a name without its kind: with more than one way to prove who one is, "
                        + "two clients may have the same"
                )
            }
            return messages
        }
    }

    /// The headers in which clients prove to the bridge who they are.
    private static func passthrough(_ source: ValueTemplate.Source) -> String? {
        guard case .header(let name) = source else { return nil }
        let advice =
            "which MCP forbids (token passthrough): let clients bring what is meant for the server in a header of its own"
        switch name.lowercased() {
        case "authorization": return "Authorization, the token that a client shows to the bridge, \(advice)"
        case "sec-websocket-protocol":
            return "Sec-WebSocket-Protocol, where pages in browsers show their token to the bridge, \(advice)"
        default: return nil
        }
    }

    /// In how many ways a client can prove who it is.
    private static func kinds(_ configuration: Configuration) -> Int {
        guard let auth = configuration.auth else { return 0 }
        return [
            !auth.tokens.isEmpty, auth.jwt != nil, auth.unix.isUsed,
            configuration.listeners.contains(where: \.authenticatesClients),
        ]
        .count { $0 }
    }
}
