// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig
internal import Glibc
internal import Logging
internal import Metrics

/// Runs the daemon in the foreground, from a configuration file, for one command or for one URL.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the daemon in the foreground (the default).",
        usage: """
            mcp-wsbridge --config bridge.toml
            mcp-wsbridge [--listen ADDRESS] -- COMMAND [ARGUMENT ...]
            mcp-wsbridge [--listen ADDRESS] --url URL
            """
    )

    private static let defaultAddress = "127.0.0.1:8765"

    @Option(name: .shortAndLong, help: "The configuration file.", completion: .file(extensions: ["toml"]))
    var config: String?

    @Option(
        name: .shortAndLong,
        help: "HOST:PORT, [IPV6]:PORT, unix:/PATH or systemd:NAME to serve one server at, under /mcp."
    )
    var listen: String?

    @Option(help: "The MCP server to serve, where it is reached over HTTP.")
    var url: String?

    @Flag(help: "Serve one server beyond this machine although nobody is asked for credentials.")
    var insecurePublic = false

    @Option(name: .long, help: "A variable of this environment that the one command gets too; may be repeated.")
    var inheritEnv: [String] = []

    @Argument(parsing: .postTerminator, help: "The MCP server to serve, and its arguments.")
    var command: [String] = []

    func validate() throws {
        let ways = [self.config != nil, !self.command.isEmpty, self.url != nil].count { $0 }
        if ways == 0 { throw ValidationError("Say what to serve: --config FILE, -- COMMAND, or --url URL.") }
        if ways > 1 { throw ValidationError("One of --config FILE, -- COMMAND and --url URL, not several.") }
        if self.config != nil, self.listen != nil || self.insecurePublic {
            throw ValidationError(
                "--listen and --insecure-public go with -- COMMAND or --url; with a file, set them under [listen]."
            )
        }
        if self.command.isEmpty, !self.inheritEnv.isEmpty {
            throw ValidationError("--inherit-env goes with -- COMMAND.")
        }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        // Until the daemon listens to it. Without a file there is nothing to read again: whoever closes the terminal ends it.
        if self.config != nil { signal(SIGHUP, SIG_IGN) }
        let sockets = try Self.passedSockets()
        let (served, audit) = try self.load(sockets)
        LoggingSystem.bootstrap(served.configuration.log.handler)
        let logger = Logger(label: "mcp-wsbridge")
        served.warn(file: self.config ?? "--", sockets: sockets, logger)
        let metrics = MetricsRegistry()
        // For the libraries: the bridge's own handles name their registry.
        MetricsSystem.bootstrap(metrics)
        let daemon = Daemon(
            served,
            load: self.reload(sockets, logger),
            audit: audit,
            notifier: ServiceNotifier(),
            metrics: metrics,
            version: Version.number,
            logger: logger
        ) { ports in
            StandardOutput.write(Banner.text(for: served.configuration, ports: ports))
        }
        do {
            try await daemon.runUntilSignalled()
        } catch {
            audit?.flush()
            LogWriter.shared.flush()
            if !(error is Daemon.EndedAtOnce) { StandardError.write("mcp-wsbridge: \(error)\n") }
            throw ExitCode(1)
        }
        audit?.flush()
        LogWriter.shared.flush()
    }

    /// Nil without a file, which there is nothing to read again of.
    private func reload(_ sockets: [PassedSocket], _ logger: Logger) -> Daemon.Load? {
        guard let config = self.config else { return nil }
        return { current throws(ConfigurationError) in
            try current.reloaded(from: config, sockets: sockets, logger)
        }
    }

    private static func passedSockets() throws -> [PassedSocket] {
        do throws(PassedSockets.Fault) {
            return try PassedSockets.take()
        } catch {
            StandardError.write("mcp-wsbridge: \(error)\n")
            throw ExitCode(1)
        }
    }

    private func load(_ sockets: [PassedSocket]) throws -> (ServedConfiguration, AuditLog?) {
        do throws(ConfigurationError) {
            let configuration =
                if let config = self.config {
                    try Configuration.load(path: config, sockets: sockets)
                } else if let url = self.url {
                    try Configuration.oneLiner(
                        listen: self.listen ?? Self.defaultAddress,
                        url: url,
                        option: "--url",
                        sockets: sockets,
                        insecurePublic: self.insecurePublic
                    )
                } else {
                    try Configuration.oneLiner(
                        listen: self.listen ?? Self.defaultAddress,
                        command: self.command,
                        sockets: sockets,
                        insecurePublic: self.insecurePublic,
                        inheritEnv: self.inheritEnv
                    )
                }
            let served = try ServedConfiguration(configuration)
            // The last one: where the others are wrong, no file is made.
            return (served, try AuditLog.of(configuration))
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
        let format: DaemonLogHandler.Format =
            switch self.format {
            case .text: .text
            case .json: .json
            // What is not there takes nothing.
            case .journal: Journal.isThere ? .journal : .json
            case .auto: Journal.isStandardError ? .journal : isatty(STDERR_FILENO) == 1 ? .text : .json
            }
        let level = Logger.Level(rawValue: self.level.rawValue) ?? .info
        return { DaemonLogHandler(label: $0, format: format, level: level) }
    }
}
