// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig

/// Whether a bridge is well, for whoever starts and ends it: container engines, scripts.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Asks a bridge whether it is well, for the health check of a container.",
        discussion: """
            URL is http:// or https:// with host and port, where health_paths = true in [listen] or the [admin] address is,
            or unix:/path of [admin]. Without a path it is /readyz: ready for clients; /healthz asks whether it lives.
            Exit status: 0 well, 1 not, or no answer within five seconds.
            """
    )

    @Argument(help: "http://127.0.0.1:8765/healthz, say, or unix:/run/mcp-wsbridge/admin.sock")
    var url: String

    @Flag(help: "Take any certificate: for a bridge that is asked by another name than that of its own.")
    var insecure = false

    func run() async throws {
        let question: HealthQuestion
        do throws(OperatorConsole.Fault) {
            question = try HealthQuestion(self.url, takesAnyCertificate: self.insecure)
        } catch {
            throw ValidationError(error.description)
        }
        try await AdminOptions.run { () async throws(OperatorConsole.Fault) in try await question.ask() }
    }
}
