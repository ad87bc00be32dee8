// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge

/// Shows the messages of one connection of a bridge that runs.
struct TapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap",
        abstract: "Shows the messages of one connection as they pass, a line of JSON each; ^C ends it.",
        discussion: """
            Values of members whose names say that they are secrets are not shown, nor those of tap_redact in [admin]; long
            texts are cut. That somebody looks is in the log and the audit record. The connection does not wait for whoever
            looks: what is not taken in time is left out, and counted.
            """
    )

    @OptionGroup var options: AdminOptions
    @OptionGroup var chosen: ChosenConnection

    func run() async throws {
        let console = try self.options.console()
        try await AdminOptions.run { () async throws(OperatorConsole.Fault) in
            try await console.tap(self.chosen.connection) { StandardOutput.write($0) }
        }
    }
}
