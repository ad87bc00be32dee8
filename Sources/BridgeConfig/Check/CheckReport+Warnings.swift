// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension CheckReport {
    static func warnings(_ configuration: Configuration, _ file: String) -> [ConfigurationError.Problem] {
        let messages = configuration.listeners.flatMap { listen in
            [exposureWarning(listen, configuration), closedWarning(listen, configuration)].compactMap(\.self)
                + accessWarnings(listen)
        }
        return messages.map { .init(place: Place(file: file), message: $0) }
    }

    /// Limits of principals where there are none.
    static func warnings(
        _ limits: Limits,
        _ configuration: Configuration,
        _ file: String
    )
        -> [ConfigurationError.Problem]
    {
        guard configuration.auth == nil else { return [] }
        let shares = [
            ("max_connections_per_principal", limits.maxConnectionsPerPrincipal),
            ("max_children_per_principal", limits.maxChildrenPerPrincipal),
        ]
        return shares.filter { $0.1 > 0 }.map { name, _ in
            let message = "`\(name)` has no effect: without [auth] nobody is known by name"
            return .init(place: Place(file: file), message: message)
        }
    }

    /// Who can use everything through this listener, and what does not change that.
    private static func exposureWarning(_ listen: Listen, _ configuration: Configuration) -> String? {
        if configuration.auth != nil {
            // Which of several is meant, no line tells.
            let which = configuration.listeners.count > 1 ? " of \(listen.address)" : ""
            return listen.insecurePublic
                ? "`insecure_public`\(which) has no effect: [auth] decides who may use the servers" : nil
        }
        if listen.isOpenToStrangers {
            guard !listen.authenticatesClients else { return nil }
            return "anyone who can reach \(listen.address) can use every configured server: there is no authentication"
        }
        return listen.insecurePublic
            ? "`insecure_public` has no effect: \(listen.address) is reachable from this machine only" : nil
    }

    /// A listener that lets nobody in.
    private static func closedWarning(_ listen: Listen, _ configuration: Configuration) -> String? {
        guard let auth = configuration.auth, auth.tokens.isEmpty, auth.jwt == nil, !listen.authenticatesClients,
            !(auth.unix.isUsed && (listen.address.isUnixSocket || listen.address.isPassed)),
            configuration.servers.allSatisfy({ $0.authentication == .required })
        else { return nil }
        return "nobody can come in at \(listen.address): [auth] has no credential that clients could present there"
    }

    /// What of `[admin]` does not do what it looks like, and what it is needed for.
    static func adminWarnings(_ configuration: Configuration, _ file: String) -> [ConfigurationError.Problem] {
        var messages: [String] = []
        if let admin = configuration.admin {
            if admin.insecurePublic, admin.address.isLocal {
                messages.append(
                    "`insecure_public` of [admin] has no effect: \(admin.address) is reachable from this machine only"
                )
            }
            if case .tcp = admin.address, admin.auth.tokens.isEmpty {
                messages.append(
                    "nobody is an operator at \(admin.address): without [[admin.tokens]] it tells health and metrics only"
                )
            }
        } else if !configuration.listeners.contains(where: \.healthPaths),
            let server = configuration.servers.first(where: \.isRequired)
        {
            messages.append(
                "`required` of server `\(server.name)` has no effect: without [admin] or health_paths nobody asks for /readyz"
            )
        }
        return messages.map { .init(place: Place(file: file), message: $0) }
    }

    private static func accessWarnings(_ listen: Listen) -> [String] {
        let access = listen.access
        var messages: [String] = []
        if access.group != nil, !access.mode.letsGroupConnect {
            messages.append(
                "`group` of \(listen.address) has no effect: `mode` \"\(access.mode)\" does not let a group connect, which "
                    + "takes the right to write, as in \"0660\""
            )
        }
        if access.owner != nil, !access.mode.letsOwnerConnect {
            messages.append(
                "`owner` of \(listen.address) has no effect: `mode` \"\(access.mode)\" does not let the owner connect"
            )
        }
        return messages
    }

    static func certificateWarnings(
        _ configuration: Configuration,
        _ surroundings: Surroundings
    ) -> [ConfigurationError.Problem] {
        var paths: [String] = []
        // Several listeners may have the same.
        for case let path? in configuration.listeners.map(\.tls?.certificate) where !paths.contains(path) {
            paths.append(path)
        }
        return paths.compactMap { path in
            surroundings.certificates[path]?.problem(now: surroundings.now).map { problem in
                .init(place: Place(file: path), message: "the certificate of [listen.tls] \(problem)")
            }
        }
    }

    /// `check` opens no file: a user who is not the daemon's, or a directory that comes with the service, is no mistake.
    static func warnings(_ audit: Audit, _ surroundings: Surroundings) -> [ConfigurationError.Problem] {
        guard case .file(let path, let place) = audit, let problem = surroundings.auditProblem else { return [] }
        let message = "the file \(quoted(path)) of `to` in [audit] cannot be opened: \(problem.reason)"
        return [.init(place: place, message: message)]
    }

    static func warnings(
        _ server: Server,
        _ configuration: Configuration,
        _ surroundings: Surroundings
    ) -> [ConfigurationError.Problem] {
        var messages = authWarnings(server, configuration)
        if let program = server.command.first, !surroundings.findsProgram(server) {
            let looksLikeCommandLine = server.command.count == 1 && program.contains(" ")
            let hint = looksLikeCommandLine ? "; write each argument as a string of its own" : ""
            messages.append("the program \(quoted(program)) was not found\(hint)")
        }
        if let directory = server.cwd, !surroundings.hasDirectory(directory) {
            messages.append("the directory \(quoted(directory)) does not exist")
        }
        let caps = [
            ("max_connections", server.ownCaps.maxConnections, configuration.limits.maxConnections),
            ("max_children", server.ownCaps.maxChildren, configuration.limits.maxChildren),
            ("spawn_rate", server.ownCaps.spawnRate, configuration.limits.spawnRate),
        ]
        let shares = [
            (
                "max_connections_per_principal", server.ownCaps.maxConnectionsPerPrincipal,
                configuration.limits.maxConnectionsPerPrincipal
            ),
            (
                "max_connections_per_address", server.ownCaps.maxConnectionsPerAddress,
                configuration.limits.maxConnectionsPerAddress
            ),
            (
                "max_children_per_principal", server.ownCaps.maxChildrenPerPrincipal,
                configuration.limits.maxChildrenPerPrincipal
            ),
        ].filter { $0.2 > 0 }
        for (name, own, whole) in caps + shares {
            if let own, own > whole {
                messages.append("`\(name)` = \(own) has no effect: [limits] allows \(whole) for all servers together")
            }
        }
        let largest = server.upstream?.maxEvent ?? server.limits.maxLine
        if server.builtin == nil, server.oversizeResponse > largest {
            messages.append(
                server.upstream == nil
                    ? "`oversize_response` has no effect: `max_line` ends the connection first"
                    : "`oversize_response` has no effect: nothing larger than `max_event` is taken from the server"
            )
        }
        messages += server.upstream.map { warnings($0, surroundings) } ?? []
        messages += templateWarnings(server, configuration)
        messages += server.sandbox.map { warnings($0, surroundings.sandbox(server), surroundings) } ?? []
        return messages.map { .init(place: server.place, message: "server `\(server.name)`: \($0)") }
    }

    private static func warnings(
        _ sandbox: Sandbox,
        _ resolved: ResolvedSandbox?,
        _ surroundings: Surroundings
    ) -> [String] {
        let missing = [("read_only", sandbox.readOnly ?? []), ("read_write", sandbox.readWrite ?? [])]
            .flatMap { key, paths in paths.filter { !surroundings.hasPath($0) }.map { (key, $0) } }
        return missing.map { "sandbox: \(quoted($1)) of `\($0)` does not exist: no server starts without it" }
            + (resolved?.hindrances ?? []).map { "sandbox: the bridge would not start like this: \($0)" }
            + (resolved?.remarks ?? []).map { "sandbox: \($0)" }
    }

    private static func authWarnings(_ server: Server, _ configuration: Configuration) -> [String] {
        let certificates = configuration.asksForCertificates
        let open = configuration.listeners.filter { $0.isOpenToStrangers && !$0.authenticatesClients }
        let addresses = open.map(\.address.description).joined(separator: " or ")
        switch (server.authentication, configuration.auth) {
        case (.open, nil): return ["`auth` = \"none\" has no effect: there is no [auth], so that every server is open"]
        case (.open, _?) where !open.isEmpty:
            return ["anyone who can reach \(addresses) can use it: it has `auth` = \"none\""]
        case (.required, let auth?) where auth.ways(toServer: server.name, certificates: certificates).isEmpty:
            return ["nobody can use it: no token has it among its `servers`"]
        case (.open, _?), (.required, _): return []
        }
    }

    private static func warnings(_ upstream: Upstream, _ surroundings: Surroundings) -> [String] {
        let certificate = upstream.clientCertificate
        let files = [
            ("ca", upstream.ca), ("client_certificate.certificate", certificate?.certificate),
            ("client_certificate.key", certificate?.key),
        ]
        var messages = files.compactMap { key, path -> String? in
            guard let path, let problem = surroundings.fileProblem(path) else { return nil }
            return "the file \(quoted(path)) of `\(key)` cannot be read: \(problem.reason)"
        }
        guard upstream.url.scheme == .http else { return messages }
        for (key, isSet) in [("ca", upstream.ca != nil), ("client_certificate", certificate != nil)] where isSet {
            messages.append("`\(key)` has no effect: `url` starts with http://, which is not encrypted")
        }
        let secrets = upstream.headers.filter(\.isSecret).map { "`\($0.name)`" }
        if !ListenAddress.isLoopback(host: upstream.url.hostWithoutBrackets), !secrets.isEmpty {
            messages.append(
                "\(secrets.joined(separator: ", ")) would go to \(upstream.url.authority) in clear text: "
                    + "write https:// in `url`"
            )
        }
        return messages
    }
}
