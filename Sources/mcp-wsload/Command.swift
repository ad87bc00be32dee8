// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LoadGenerator

/// `mcp-wsload`: the command line.
struct Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp-wsload",
        abstract: "Puts load on an MCP server behind WebSocket, checks every answer, and says how long each took.",
        usage: """
            mcp-wsload [OPTIONS] ws://127.0.0.1:PORT/PATH
            mcp-wsload [OPTIONS] --stdio -- COMMAND [ARGUMENT ...]
            """,
        discussion: """
            One thread. Prints one JSON object; times in microseconds, the histogram as [nanoseconds, count].
            Only addresses of this machine are accepted.
            Exit status: 0 ok, 1 a wrong answer, a loss, a refusal or another failure, 2 usage.
            """
    )

    @Argument(help: "Where the server listens.")
    var url: String?

    @Flag(help: "Start COMMAND once for each connection and speak to it over its standard input and output.")
    var stdio = false

    @Option(help: "load, idle, churn (connect, initialize, close, again) or storm (all connects at once).")
    var mode = LoadOptions.Mode.load

    @Option(name: .shortAndLong, help: ArgumentHelp("How many connections.", valueName: "n"))
    var connections = 1

    @Option(name: [.customShort("f"), .long], help: ArgumentHelp("Requests outstanding on each.", valueName: "n"))
    var inFlight = 1

    @Option(name: .shortAndLong, help: ArgumentHelp("About the size of each request.", valueName: "bytes"))
    var size = 200

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Requests in all.", valueName: "n"))
    var messages: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("How long; 3 without --messages.", valueName: "seconds"))
    var duration: Double?

    @Option(name: .shortAndLong, help: ArgumentHelp("Requests in all that are not measured.", valueName: "n"))
    var warmUp = 0

    @Option(
        help: ArgumentHelp(
            "Open loop: so many requests a second in all. Latency counts from when a request was due.",
            valueName: "r"
        )
    )
    var rate: Double?

    @Option(help: "tools/call or ping.")
    var method = LoadOptions.Method.call

    @Flag(help: "Send all requests of a connection in one write, wait for all answers, again.")
    var burst = false

    @Option(
        help: ArgumentHelp(
            "Before the measured part, behind the warm-up, the load goes on so long unmeasured.",
            valueName: "seconds"
        )
    )
    var settle: Double = 0

    @Option(
        help: ArgumentHelp(
            "Connections besides that ask for much and do not read it. One that the server ends is a failure.",
            valueName: "n"
        )
    )
    var slow = 0

    @Option(
        help: ArgumentHelp(
            "What each slow connection reads after all, in small steps; 0 for nothing, ever.",
            valueName: "bytes/s"
        )
    )
    var slowRate = 0

    @Option(help: ArgumentHelp("How long idle connections are held.", valueName: "seconds"))
    var hold: Double = 5

    @Option(help: ArgumentHelp("How long nothing at all may happen.", valueName: "seconds"))
    var timeout: Double = 30

    @Option(help: ArgumentHelp("A header line of the handshake; may be repeated.", valueName: "'name: value'"))
    var header: [String] = []

    @Option(help: ArgumentHelp("The subprotocol to ask for; '' for none.", valueName: "name"))
    var subprotocol = "mcp"

    @Flag(name: .customLong("no-initialize"), help: "Begin without initialize.")
    var skipsInitialize = false

    @Option(help: "server: an MCP server answers. raw: the peer sends every message back as it is.")
    var echoCheck = LoadOptions.EchoCheck.server

    @Flag(help: "Print START and STOP round the measured part on standard error, and wait for a line after each.")
    var sync = false

    @Argument(parsing: .postTerminator, help: "The server to start, and its arguments.")
    var command: [String] = []

    /// The options as the generator takes them.
    func options() throws -> LoadOptions {
        var options = LoadOptions(target: try self.target())
        options.mode = self.mode
        options.connections = self.connections
        options.inFlight = self.inFlight
        options.size = self.size
        options.messages = self.messages
        options.duration = self.duration
        options.warmUp = self.warmUp
        options.rate = self.rate
        options.method = self.method
        options.isBurst = self.burst
        options.settle = self.settle
        options.slow = self.slow
        options.slowRate = self.slowRate
        options.hold = self.hold
        options.timeout = self.timeout
        options.headers = self.header
        options.subprotocol = self.subprotocol
        options.initializes = !self.skipsInitialize
        options.echoCheck = self.echoCheck
        options.isSynchronised = self.sync
        do throws(LoadOptions.Problem) {
            try options.validate()
        } catch {
            throw ValidationError("\(error)")
        }
        return options
    }

    private func target() throws -> LoadOptions.Target {
        if self.stdio {
            guard self.url == nil else { throw ValidationError("A URL or --stdio, not both.") }
            return .command(self.command)
        }
        guard self.command.isEmpty else { throw ValidationError("A command goes with --stdio.") }
        guard let url = self.url else {
            throw ValidationError("Say where the server is: ws://127.0.0.1:PORT/PATH, or --stdio -- COMMAND.")
        }
        do throws(LoopbackURL.Problem) {
            return .webSocket(try LoopbackURL(parsing: url))
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

extension LoadOptions.Mode: ExpressibleByArgument {}
extension LoadOptions.Method: ExpressibleByArgument {}
extension LoadOptions.EchoCheck: ExpressibleByArgument {}
