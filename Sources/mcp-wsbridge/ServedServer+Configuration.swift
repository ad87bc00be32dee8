// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Bridge
internal import BridgeConfig
internal import Glibc

extension ServedServer {
    /// All servers of a configuration with their environments.
    ///
    /// - Throws: every problem of every server at once.
    static func all(of configuration: Configuration) throws(ConfigurationError) -> [ServedServer] {
        var servers: [ServedServer] = []
        var problems: [ConfigurationError.Problem] = []
        let machine = configuration.servers.contains { $0.sandbox != nil } ? SandboxMachine.this : nil
        for (index, server) in configuration.servers.enumerated() {
            do throws(ConfigurationError) {
                var environment = try server.resolveEnvironment(
                    reading: FileContents.read(path:atMost:),
                    environment: Self.variable
                )
                var sandbox: ResolvedSandbox?
                if let machine { sandbox = try server.sandbox?.resolve(server: server.name, on: machine) }
                if let account = sandbox?.account { environment = environment.belonging(to: account, of: server) }
                servers.append(
                    ServedServer(
                        index: index,
                        configuration: server,
                        environment: environment,
                        upstream: try Self.upstream(server),
                        sandbox: sandbox,
                        drainTimeout: configuration.drain.timeout
                    )
                )
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return servers
    }

    /// Whether their sandboxes can be set up by whoever runs this.
    ///
    /// - Throws: what stands in the way.
    static func requireSandboxes(_ servers: [ServedServer]) throws(ConfigurationError) {
        let problems = servers.flatMap { server in
            (server.sandbox?.hindrances ?? []).map { hindrance in
                ConfigurationError.Problem(
                    place: server.configuration.sandbox?.place ?? server.configuration.place,
                    message: "server `\(server.configuration.name)`: sandbox: \(hindrance)"
                )
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    private static func upstream(_ server: Server) throws(ConfigurationError) -> UpstreamServer? {
        guard let upstream = server.upstream else { return nil }
        let name = server.name
        return try UpstreamServer(upstream, name: name) { () throws(ConfigurationError) in
            try upstream.resolveHeaders(
                server: name,
                reading: FileContents.read(path:atMost:),
                environment: Self.variable
            )
        }
    }

    fileprivate static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

extension Authentication {
    /// What a configuration asks of clients; nil without `[auth]`.
    ///
    /// - Throws: what is wrong with the files that it names.
    static func make(of configuration: Configuration) throws(ConfigurationError) -> Authentication? {
        guard let auth = configuration.auth else { return nil }
        return try Authentication(
            auth,
            keptClaims: configuration.templateClaims,
            reading: { path, limit throws(FileError) in try FileContents.read(path: path, atMost: limit) },
            environment: { ServedServer.variable($0) }
        )
    }
}

extension ServedAdmin {
    /// What a configuration says of its admin address; nil without `[admin]`.
    ///
    /// - Throws: what is wrong with the files that it names, and accounts that the machine does not have.
    static func make(of configuration: Configuration) throws(ConfigurationError) -> ServedAdmin? {
        guard let admin = configuration.admin else { return nil }
        return try ServedAdmin(
            admin,
            reading: { path, limit throws(FileError) in try FileContents.read(path: path, atMost: limit) },
            environment: { ServedServer.variable($0) }
        )
    }
}
