// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Bridge
internal import BridgeCore
internal import Glibc

/// What a bridge that runs is doing, again and again.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows the connections of a bridge that runs, live: the busiest first, ^C ends it.",
        discussion: "Memory and CPU are those of the MCP servers' processes, where these are on this machine."
    )

    @OptionGroup var options: AdminOptions

    @Option(help: "Seconds between two looks.")
    var interval: Double = 1

    @Option(help: "How many looks; without it there is no end.")
    var count: Int?

    func validate() throws {
        guard (0.1...3_600).contains(self.interval) else { throw ValidationError("--interval takes 0.1 to 3600.") }
        guard self.count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count takes a number from 1 on.") }
    }

    func run() async throws {
        let console = try self.options.console()
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var last: (connections: [ListedConnection], use: [Int32: ProcessUse], time: ContinuousClock.Instant)?
        var looks = 0
        while true {
            var connections: [ListedConnection] = []
            try await AdminOptions.run { () async throws(OperatorConsole.Fault) in
                connections = try await console.connections()
            }
            let now = ContinuousClock.now
            let use = Dictionary(
                connections.compactMap(\.pid).compactMap { pid in ProcessUse.now(of: pid).map { (pid, $0) } },
                uniquingKeysWith: { first, _ in first }
            )
            if let last {
                let elapsed = (now - last.time).components
                let table = ConnectionTable(connections).text(
                    since: last.connections,
                    nanoseconds: elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000,
                    use: { pid in use[pid].map { (now: $0, before: last.use[pid]) } }
                )
                // Home, and what was there is taken away.
                StandardOutput.write((isTerminal ? "\u{1B}[H\u{1B}[2J" : "") + table + (isTerminal ? "" : "\n"))
                looks += 1
                if let count, looks >= count { return }
            }
            last = (connections, use, now)
            try await Task.sleep(for: .seconds(self.interval))
        }
    }
}
