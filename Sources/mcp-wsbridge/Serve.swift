// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig
internal import Glibc
internal import Logging

/// Runs the daemon in the foreground, from a configuration file or for one command.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the daemon in the foreground (the default).",
        usage: """
            mcp-wsbridge --config bridge.toml
            mcp-wsbridge [--listen ADDRESS] -- COMMAND [ARGUMENT ...]
            """
    )

    @Option(name: .shortAndLong, help: "The configuration file.", completion: .file(extensions: ["toml"]))
    var config: String?

    @Option(name: .shortAndLong, help: "HOST:PORT, [IPV6]:PORT or unix:/PATH to serve one command at, under /mcp.")
    var listen: String?

    @Flag(help: "Serve one command beyond this machine although nobody is asked for credentials.")
    var insecurePublic = false

    @Option(name: .long, help: "A variable of this environment that the one command gets too; may be repeated.")
    var inheritEnv: [String] = []

    @Argument(parsing: .postTerminator, help: "The MCP server to serve, and its arguments.")
    var command: [String] = []

    func validate() throws {
        switch (self.config, self.command.isEmpty) {
        case (nil, true):
            throw ValidationError("Say what to serve: --config FILE, or -- COMMAND.")
        case (.some, false):
            throw ValidationError("Either --config FILE or -- COMMAND, not both.")
        case (.some, true) where self.listen != nil || self.insecurePublic:
            throw ValidationError(
                "--listen and --insecure-public go with -- COMMAND; with a file, set them under [listen]."
            )
        default: break
        }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let (configuration, servers) = try self.load()
        LoggingSystem.bootstrap(configuration.log.handler)
        let logger = Logger(label: "mcp-wsbridge")
        for warning in CheckReport(configuration, file: self.config ?? "--", in: .thisMachine(servers)).warnings {
            logger.warning("\(warning)")
        }
        let daemon = Daemon(configuration, servers: servers, logger: logger) { port in
            StandardOutput.write(Banner.text(for: configuration, port: port))
        }
        do {
            try await daemon.runUntilSignalled()
        } catch {
            LogWriter.shared.flush()
            if !(error is Daemon.EndedAtOnce) { StandardError.write("mcp-wsbridge: \(error)\n") }
            throw ExitCode(1)
        }
        LogWriter.shared.flush()
    }

    private func load() throws -> (Configuration, [ServedServer]) {
        do throws(ConfigurationError) {
            let configuration =
                if let config = self.config {
                    try Configuration.load(path: config)
                } else {
                    try Configuration.oneLiner(
                        listen: self.listen ?? "127.0.0.1:8765",
                        command: self.command,
                        insecurePublic: self.insecurePublic,
                        inheritEnv: self.inheritEnv
                    )
                }
            return (configuration, try ServedServer.all(of: configuration))
        } catch {
            StandardError.write("\(error)\n")
            // What was wrong stands on the command line, or in a file.
            throw self.config == nil ? ExitCode.validationFailure : ExitCode(78)
        }
    }
}

extension BridgeConfig.Log {
    /// Makes the log handler that the configuration asks for.
    fileprivate var handler: @Sendable (String) -> any LogHandler {
        let format: StandardErrorLogHandler.Format =
            switch self.format {
            case .text: .text
            case .json: .json
            case .auto: isatty(STDERR_FILENO) == 1 ? .text : .json
            }
        let level = Logger.Level(rawValue: self.level.rawValue) ?? .info
        return { StandardErrorLogHandler(label: $0, format: format, level: level) }
    }
}
