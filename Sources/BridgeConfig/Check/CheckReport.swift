// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// What `mcp-wsbridge check` prints: what would be served, and what looks doubtful though it is valid.
package struct CheckReport: Sendable, Equatable {
    /// Lines of text, no secrets.
    package let lines: [String]
    /// One sentence each, with its place.
    package let warnings: [ConfigurationError.Problem]

    /// What the report asks of the machine; injected, so that the report is a pure function.
    package struct Surroundings {
        /// Whether the program of this server can be started: `command[0]` as a path, or looked up on PATH.
        package let findsProgram: (Server) -> Bool
        /// Whether a directory exists at an absolute path.
        package let hasDirectory: (String) -> Bool
        /// Why a file at an absolute path cannot be read; nil when it can.
        package let fileProblem: (String) -> FileError?
        /// Why the file of `[audit]` could not be opened; nil where it could, or there is none.
        package var auditProblem: FileError?
        /// Whether there is anything at an absolute path.
        package var hasPath: (String) -> Bool = { _ in true }
        /// The sandbox of a server, looked up; nil without one.
        package var sandbox: (Server) -> ResolvedSandbox? = { _ in nil }
        /// When the certificates of `[listen.tls]` are valid, by their paths.
        package var certificates: [String: CertificatePeriod] = [:]
        /// The time, seconds since 1970.
        package var now: Int64 = 0

        package init(
            findsProgram: @escaping (Server) -> Bool,
            hasDirectory: @escaping (String) -> Bool,
            fileProblem: @escaping (String) -> FileError?
        ) {
            self.findsProgram = findsProgram
            self.hasDirectory = hasDirectory
            self.fileProblem = fileProblem
        }
    }

    package init(_ configuration: Configuration, file: String, in surroundings: Surroundings) {
        let limits = Self.changed(
            Limits.schema.settings(of: configuration.limits),
            Limits.schema.settings(of: Limits())
        )
        lines =
            configuration.listeners.flatMap { Self.lines($0, surroundings) }
            + Self.line("auth", Self.summary(configuration.auth), indent: "")
            + Self.line("audit", Self.parts(configuration.audit), indent: "")
            + Self.line("admin", configuration.admin.map(Self.parts) ?? [], indent: "")
            + Self.line("limits", limits, indent: "")
            + configuration.servers.flatMap { Self.lines($0, configuration, surroundings) }
        warnings = Self.warnings(of: configuration, file: file, in: surroundings)
    }

    /// The warnings alone: the daemon starts with them, and making the lines would cost it a fourteenth of its start's
    /// instructions.
    package static func warnings(
        of configuration: Configuration,
        file: String,
        in surroundings: Surroundings
    ) -> [ConfigurationError.Problem] {
        Self.warnings(configuration, file)
            + Self.warnings(configuration.limits, configuration, file)
            + Self.certificateWarnings(configuration, surroundings)
            + Self.proxyWarnings(configuration, file)
            + Self.warnings(configuration.audit, surroundings)
            + Self.adminWarnings(configuration, file)
            + configuration.servers.flatMap { Self.warnings($0, configuration, surroundings) }
    }

    private static func lines(_ listen: Listen, _ surroundings: Surroundings) -> [String] {
        let reach =
            if listen.address.isPassed { "a socket of the service manager's" } else {
                listen.address.isLocal ? "this machine only" : "reachable from other machines"
            }
        return line("listen", ["\(listen.address) (\(reach))"] + parts(listen.access), indent: "")
            + line("tls", listen.tls.map { parts($0, surroundings) } ?? [], indent: "")
            + line("proxies", summary(ofProxies: listen), indent: "")
    }

    private static func parts(_ access: SocketAccess) -> [String] {
        let defaults = SocketAccess()
        return (access.mode == defaults.mode ? [] : ["mode \(access.mode)"])
            + (access.owner.map { ["owner \($0)"] } ?? []) + (access.group.map { ["group \($0)"] } ?? [])
    }

    private static func parts(_ tls: ListenTLS, _ surroundings: Surroundings) -> [String] {
        let period = surroundings.certificates[tls.certificate]
        let end = period.map { " until \(CertificatePeriod.text($0.notAfter))" } ?? ""
        let names = tls.clientNames.isEmpty ? "any name" : tls.clientNames.map(\.text).joined(separator: " or ")
        return ["\(tls.minimumVersion.rawValue) or newer", "certificate \(tls.certificate)\(end)", "key \(tls.key)"]
            + (tls.clientCA.map { ["clients with a certificate of \($0) for \(names)"] } ?? [])
    }

    private static func parts(_ admin: Admin) -> [String] {
        let count = admin.auth.tokens.count
        let reach = admin.address.isLocal ? "this machine only" : "reachable from other machines"
        return ["\(admin.address) (\(reach))"] + Self.parts(admin.access)
            + (count > 0 ? ["\(count) \(count == 1 ? "token" : "tokens")"] : [])
    }

    private static func parts(_ audit: Audit) -> [String] {
        switch audit {
        case .off: []
        case .log: ["to the log"]
        case .file(let path, _): [path]
        }
    }

    private static func lines(
        _ server: Server,
        _ configuration: Configuration,
        _ surroundings: Surroundings
    ) -> [String] {
        let inherited = Server(name: server.name, limits: configuration.limits, place: server.place)
        let changed = Self.changed(
            Server.schema.settings(of: server).filter(isNews),
            Server.schema.settings(of: inherited).filter(isNews)
        )
        let urls = configuration.listeners.map { $0.webSocketURL(path: server.path) }
        let padding = String(repeating: " ", count: server.name.count)
        return ["", "\(server.name)  \(urls.first ?? "")"] + urls.dropFirst().map { "\(padding)  \($0)" }
            + (server.upstream.map(lines) ?? server.builtin.map(lines) ?? commandLines(server))
            + line("sandbox", surroundings.sandbox(server)?.summary ?? [])
            + line("open to", audience(of: server, configuration))
            + line("changed", changed)
    }

    /// What `[auth]` asks for, without names.
    private static func summary(_ auth: Auth?) -> [String] {
        guard let auth else { return [] }
        var methods: [String] = []
        let count = auth.tokens.count
        if count > 0 { methods.append("\(count) \(count == 1 ? "token" : "tokens")") }
        if auth.queryTokens { methods.append("also in the query of the URL") }
        if let jwt = auth.jwt { methods.append("tokens of \(jwt.issuer)") }
        if auth.unix.isUsed { methods.append("users of this machine") }
        return methods
    }

    /// Who may use a server; nothing without `[auth]`.
    private static func audience(of server: Server, _ configuration: Configuration) -> [String] {
        guard let auth = configuration.auth else { return [] }
        if server.authentication == .open { return ["anybody (auth = \"none\")"] }
        let ways = auth.ways(toServer: server.name, certificates: configuration.asksForCertificates)
        return ways.isEmpty ? ["nobody"] : ways
    }

    private static func commandLines(_ server: Server) -> [String] {
        line("command", [server.command.map(argument).joined(separator: " ")])
            + line("cwd", server.cwd.map { [$0] } ?? [])
            + line("protocol", [server.protocolKind.rawValue])
            + line("env", server.env.map(variable) + server.inheritEnv.map { "\($0) (inherited)" })
    }

    private static func lines(_ builtin: Server.Builtin) -> [String] {
        line("builtin", ["\(builtin.rawValue) (inside the bridge: nothing is started or dialled)"])
    }

    private static func lines(_ upstream: Upstream) -> [String] {
        let client = upstream.clientCertificate.map { ["certificate \($0.certificate)", "key \($0.key)"] }
        return line("url", [upstream.url.withoutQuery])
            + line("transport", [upstream.transport.rawValue])
            + line("headers", upstream.headers.map(\.description))
            + line("ca", upstream.ca.map { [$0] } ?? [])
            + line("client", client ?? [])
    }

    /// Whether a setting has no line of its own and says something new.
    private static func isNews(_ setting: Setting) -> Bool {
        let shown: Set<Substring> = [
            "command", "path", "auth", "cwd", "env", "inherit_env", "protocol",
            "url", "transport", "headers", "ca", "client_certificate", "builtin", "sandbox",
        ]
        return setting.path.split(separator: ".").first.map { !shown.contains($0) } ?? true
    }

    private static func variable(_ entry: EnvironmentEntry) -> String {
        switch entry.value {
        case .text: entry.name
        case .template, .file, .environment, .credential: "\(entry.name) (\(entry.value))"
        }
    }

    // Quoted where white space or an empty text would mislead about where an argument ends.
    private static func argument(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0 > " " && $0 != "\"" && $0 != "\\" && visible($0) == String($0) }
        return isPlain ? text : quoted(text)
    }

    private static func line(_ label: String, _ values: [String], indent: String = "  ") -> [String] {
        guard !values.isEmpty else { return [] }
        let padding = String(repeating: " ", count: max(1, 10 - label.count))
        // Paths may hold what would break the line, or be taken by a terminal for an order.
        let text = values.joined(separator: ", ").unicodeScalars.map(visible).joined()
        return ["\(indent)\(label)\(padding)\(text)"]
    }

    private static func changed(_ settings: [Setting], _ defaults: [Setting]) -> [String] {
        zip(settings, defaults).compactMap { setting, standard in
            setting == standard ? nil : setting.value.map { "\(setting.path) = \($0)" }
        }
    }
}
