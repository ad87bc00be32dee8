// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeCore

/// What a bridge that runs is doing, once.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Prints the connections of a bridge that runs.",
        discussion: "Exit status: 0 while it is ready for clients, 1 where it is not, or does not answer."
    )

    @OptionGroup var options: AdminOptions

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let console = try self.options.console()
        var isReady = true
        try await AdminOptions.run { () async throws(OperatorConsole.Fault) in
            if self.json { return StandardOutput.write(try await console.connectionList()) }
            let reasons = try await console.reasonsAgainstReadiness()
            isReady = reasons.isEmpty
            let connections = try await console.connections()
            let state = isReady ? "ready" : "not ready: \(reasons.joined(separator: ", "))"
            let count = connections.count
            StandardOutput.write("\(state), \(count) connection\(count == 1 ? "" : "s")\n")
            if !connections.isEmpty { StandardOutput.write("\n" + ConnectionTable(connections).text) }
        }
        if !isReady { throw ExitCode(1) }
    }
}
