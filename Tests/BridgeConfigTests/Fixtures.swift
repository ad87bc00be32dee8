// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable import BridgeConfig

/// The smallest text that serves something; tests put it in front of or behind what they are about.
let anyServer = "[servers.a]\ncommand = [\"x\"]\n"

func parse(_ text: String) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(Array(text.utf8), file: "b.toml")
}

/// The report of a text that must be refused, one problem a line; empty when it was accepted.
func refusal(of text: String) -> String {
    do throws(ConfigurationError) {
        _ = try parse(text)
        return ""
    } catch {
        return error.description
    }
}
