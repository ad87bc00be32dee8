// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import DemoServer

/// The small built-in MCP server, so that the bridge can be tried with nothing else installed.
struct DemoServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-server",
        abstract: "Runs a small MCP server on standard input and output."
    )

    func run() throws {
        let status = DemoServer.run()
        if status != 0 { throw ExitCode(status) }
    }
}
