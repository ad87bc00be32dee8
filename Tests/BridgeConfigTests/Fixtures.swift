// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable import BridgeConfig

/// The smallest text that serves something; tests put it in front of or behind what they are about.
let anyServer = "[servers.a]\ncommand = [\"x\"]\n"

/// The same for a server that is dialled.
let anyUpstream = "[servers.a]\nurl = \"https://x.example\"\n"

/// The same for the one inside the bridge.
let anyBuiltin = "[servers.a]\nbuiltin = \"echo\"\n"

extension CheckReport.Surroundings {
    /// A machine that has every program, directory and file.
    static var everything: Self {
        Self(findsProgram: { _ in true }, hasDirectory: { _ in true }, fileProblem: { _ in nil })
    }

    /// A machine that has none.
    static var nothing: Self {
        Self(
            findsProgram: { _ in false },
            hasDirectory: { _ in false },
            fileProblem: { _ in FileError(reason: "no such file") }
        )
    }
}

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
