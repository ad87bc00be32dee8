// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Configuration {
    /// The configuration of `mcp-wsbridge --listen ADDRESS -- COMMAND…`: one server at `/mcp`, named after its program.
    ///
    /// - Parameters:
    ///   - sockets: those that the service manager passed.
    ///   - insecurePublic: whether `--insecure-public` was given (R6).
    package static func oneLiner(
        listen address: String,
        command: [String],
        sockets: [PassedSocket] = [],
        insecurePublic: Bool,
        inheritEnv: [String] = []
    ) throws(ConfigurationError) -> Configuration {
        try oneLiner(listen: address, sockets, insecurePublic: insecurePublic) { limits throws(ConfigurationError) in
            let place = Place(file: "--")
            guard let program = command.first, !program.isEmpty else {
                throw ConfigurationError("no command is given: write, for example, -- uvx mcp-server-time", at: place)
            }
            var server = Server(name: serverName(program), command: command, limits: limits, place: place)
            server.inheritEnv = inheritEnv
            // Whoever types the command is the one who reads the errors.
            server.exposeStderr = true
            return server
        }
    }

    /// The same for a server that is dialled: `url` instead of a command, with every default; named after its host.
    ///
    /// - Parameter option: how the place of the URL on the command line is called in messages.
    package static func oneLiner(
        listen address: String,
        url: String,
        option: String,
        sockets: [PassedSocket] = [],
        insecurePublic: Bool
    ) throws(ConfigurationError) -> Configuration {
        try oneLiner(listen: address, sockets, insecurePublic: insecurePublic) { limits throws(ConfigurationError) in
            let place = Place(file: option)
            do throws(BadValue) {
                let url = try HTTPURL(parsing: url)
                var server = Server(name: serverName(url.hostWithoutBrackets), limits: limits, place: place)
                server.upstream = Upstream(url: url)
                return server
            } catch {
                throw ConfigurationError("the URL \(error.message)", at: place)
            }
        }
    }

    private static func oneLiner(
        listen address: String,
        _ sockets: [PassedSocket],
        insecurePublic: Bool,
        server: (Limits) throws(ConfigurationError) -> Server
    ) throws(ConfigurationError) -> Configuration {
        let option = Place(file: "--listen")
        var listen = Listen()
        do throws(BadValue) {
            listen.address = try ListenAddress(parsing: address)
            var free = sockets
            try listen.take(from: &free, all: sockets)
        } catch {
            throw ConfigurationError("the address \(error.message)", at: option)
        }
        listen.insecurePublic = insecurePublic
        let remedy = "add --insecure-public if that is meant"
        let problem =
            listen.address.exposureProblem(insecurePublic: insecurePublic, remedy: remedy)
            ?? listen.passedFileProblem(remedy: remedy)
        if let problem { throw ConfigurationError(problem, at: option) }
        var configuration = Configuration(listeners: [listen])
        var server = try server(configuration.limits)
        server.path = "/mcp"
        configuration.servers = [server]
        return configuration
    }

    private static func serverName(_ program: String) -> String {
        let base = program.split(separator: "/").last ?? "server"
        let name = String(base.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) ? $0 : "_" })
        return name == "." || name == ".." ? "server" : name
    }
}
