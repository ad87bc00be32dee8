// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// `mcp-wsbridge`: the command line.
@main
struct Command: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp-wsbridge",
        abstract: "Puts MCP servers behind WebSocket.",
        usage: """
            mcp-wsbridge --config bridge.toml
            mcp-wsbridge [--listen ADDRESS] -- COMMAND [ARGUMENT ...]
            mcp-wsbridge check --config bridge.toml
            mcp-wsbridge token new [--name NAME]
            mcp-wsbridge health URL
            mcp-wsbridge status | top | tap ID | close ID | reload | drain [--admin ADDRESS]
            """,
        discussion: """
            Each WebSocket connection gets an MCP server process of its own, which ends with the connection.
            Without a subcommand it serves; `mcp-wsbridge help serve` lists the options of that.
            Exit status: 0 ok, 64 usage, 78 configuration, 1 anything else.
            """,
        version: "mcp-wsbridge \(Version.number)",
        subcommands: [
            Serve.self, Check.self, TokenCommand.self, StatusCommand.self, TopCommand.self, TapCommand.self,
            HealthCommand.self,
            CloseCommand.self, ReloadCommand.self, DrainCommand.self, DemoServerCommand.self,
        ],
        defaultSubcommand: Serve.self
    )
}
