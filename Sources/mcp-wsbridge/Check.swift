// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig

/// Validates a configuration and prints what would be served.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validates a configuration and prints what would be served."
    )

    @Option(name: .shortAndLong, help: "The configuration file.", completion: .file(extensions: ["toml"]))
    var config: String

    func run() throws {
        do throws(ConfigurationError) {
            let configuration = try Configuration.load(path: self.config)
            let servers = try ServedServer.all(of: configuration)
            let report = CheckReport(configuration, file: self.config, in: .thisMachine(servers))
            for warning in report.warnings { StandardError.write("warning: \(warning)\n") }
            StandardOutput.write(report.lines.joined(separator: "\n") + "\n")
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode(78)
        }
    }
}
