// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeConfig

/// Has a bridge that runs drain and end.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Has a bridge let nobody in any more and end as its connections do, as SIGTERM does."
    )

    @OptionGroup var options: AdminOptions

    @Option(
        help: "How long to wait first, such as 5s; clients are let in meanwhile (default: 0s)."
    )
    var after: String?

    func validate() throws { _ = try self.wait() }

    private func wait() throws -> Duration {
        guard let after = self.after else { return .zero }
        guard let duration = Duration(timeSpan: after), duration <= .seconds(3_600) else {
            throw ValidationError("--after takes a time span such as 500ms, 5s or 1m30s, of an hour at the most.")
        }
        return duration
    }

    func run() async throws {
        let console = try self.options.console()
        try await Task.sleep(for: try self.wait())
        try await AdminOptions.run { () async throws(OperatorConsole.Fault) in try await console.order("/drain") }
    }
}

/// Has a bridge that runs read its configuration again.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Has a bridge read its configuration again, as SIGHUP does, and says what is wrong with it."
    )

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let console = try self.options.console()
        try await AdminOptions.run { () async throws(OperatorConsole.Fault) in try await console.order("/reload") }
    }
}

/// Ends one connection of a bridge that runs.
struct CloseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "Ends one connection of a bridge; its requests in flight are answered with errors."
    )

    @OptionGroup var options: AdminOptions
    @OptionGroup var chosen: ChosenConnection

    func run() async throws {
        let console = try self.options.console()
        try await AdminOptions.run { () async throws(OperatorConsole.Fault) in
            try await console.order("/connections/\(self.chosen.connection)/close")
        }
    }
}

/// Which connection of a bridge a command is for.
struct ChosenConnection: ParsableArguments {
    @Argument(help: "The connection's id, as `status` and the log show it.")
    var connection: String

    func validate() throws {
        guard !self.connection.isEmpty,
            self.connection.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
        else { throw ValidationError("An id is digits and small letters.") }
    }
}
