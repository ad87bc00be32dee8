// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import DemoServer

/// The small built-in MCP server, so that the bridge can be tried with nothing else installed.
struct DemoServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-server",
        abstract: "Runs a small MCP server on standard input and output, or over HTTP."
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Serve HTTP at this address of this machine, such as 127.0.0.1:9000; port 0 picks one.",
            valueName: "host:port"
        ),
        transform: { text in
            do throws(DemoHTTPAddress.Problem) {
                return try DemoHTTPAddress(parsing: text)
            } catch {
                throw ValidationError("\(error)")
            }
        }
    )
    var http: DemoHTTPAddress?

    func run() throws {
        if let http {
            try self.serve(at: http)
        } else {
            let status = DemoServer.run()
            if status != 0 { throw ExitCode(status) }
        }
    }

    private func serve(at address: DemoHTTPAddress) throws {
        let server: DemoHTTPServer
        do throws(DemoHTTPServer.ListenError) {
            server = try DemoHTTPServer(at: address)
        } catch {
            StandardError.write("mcp-wsbridge: \(error)\n")
            throw ExitCode(1)
        }
        server.waitForSignal { StandardOutput.write(server.greeting) }
        server.stop()
    }
}
