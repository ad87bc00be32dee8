// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig
internal import Glibc
internal import Logging

/// Validates a configuration and prints what would be served; where asked for, tries each server.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        // Or else the name is made from that of the type at every start, by reflection: 3.6 million instructions.
        commandName: "check",
        abstract: "Validates a configuration and prints what would be served.",
        usage: """
            mcp-wsbridge check --config bridge.toml
            mcp-wsbridge check --config bridge.toml --probe [--json] [--timeout 30s]
            """,
        discussion: """
            With --probe it starts or dials each server, shakes hands with it and lists its tools.
            Exit status: 0 ok, 1 a server did not answer, 78 configuration.
            """
    )

    @Option(name: .shortAndLong, help: "The configuration file.", completion: .file(extensions: ["toml"]))
    var config: String

    @Flag(help: "Start or dial each server, and print its name, revision, transport, tools and time.")
    var probe = false

    @Flag(help: "Print what --probe found as one JSON document, with the names of the tools.")
    var json = false

    @Option(help: "How long --probe gives each server, such as 30s (default: 10s).")
    var timeout: String?

    func validate() throws {
        guard self.probe || (!self.json && self.timeout == nil) else {
            throw ValidationError("--json and --timeout go with --probe.")
        }
        _ = try self.timeLimit()
    }

    private func timeLimit() throws -> Duration {
        guard let timeout = self.timeout else { return .seconds(10) }
        guard let duration = Duration(timeSpan: timeout), duration > .zero, duration <= .seconds(86_400) else {
            throw ValidationError("--timeout takes a time span such as 500ms, 30s or 1m30s, of a day at the most.")
        }
        return duration
    }

    func run() async throws {
        let servers: [ServedServer]
        do throws(ConfigurationError) {
            let configuration = try Configuration.load(path: self.config)
            servers = try ServedServer.all(of: configuration)
            let listeners = try ServedListener.all(of: configuration)
            _ = try Authentication.make(of: configuration)
            _ = try ServedAdmin.make(of: configuration)
            let machine = CheckReport.Surroundings.thisMachine(
                listeners,
                servers,
                auditProblem: AuditLog.problem(of: configuration)
            )
            let report = CheckReport(configuration, file: self.config, in: machine)
            for warning in report.warnings { StandardError.write("warning: \(warning)\n") }
            if !self.probe { StandardOutput.write(report.lines.joined(separator: "\n") + "\n") }
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode(78)
        }
        if self.probe { try await self.probe(servers) }
    }

    private func probe(_ servers: [ServedServer]) async throws {
        // A server that has ended must not end this with it.
        signal(SIGPIPE, SIG_IGN)
        let logger = Logger(
            label: "mcp-wsbridge",
            factory: { DaemonLogHandler(label: $0, format: .text, level: .warning) }
        )
        let prober = Prober(servers, timeout: try self.timeLimit(), version: Version.number, logger: logger)
        let results: Prober.Results
        do {
            results = try await prober.run()
        } catch {
            StandardError.write("mcp-wsbridge: \(error)\n")
            throw ExitCode(1)
        }
        LogWriter.shared.flush()
        StandardOutput.write(self.json ? results.json : results.table)
        if !results.isSuccess { throw ExitCode(1) }
    }
}
