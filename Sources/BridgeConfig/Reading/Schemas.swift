// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

// Every key of the configuration: its name, the form of its value, its place in the model. Defaults live in the model.

extension Configuration {
    // Tables are read in this order: servers inherit what [limits] says.
    static let schema = TableSchema<Configuration>(keys: [
        Key<Configuration>.listen,
        Key<Configuration>.auth,
        Key("limits", table: Limits.schema, \.limits),
        Key("drain", table: Drain.schema, \.drain),
        Key("log", table: Log.schema, \.log),
        Key<Configuration>.audit,
        Key<Configuration>.admin,
        Key<Configuration>.servers,
    ])
}

extension Listen {
    static let schema = TableSchema<Listen>(keys: [
        Key("address", .address, \.address),
        Key(
            "allowed_origins",
            .list("an array of strings such as [\"https://app.example\"]", of: .origin),
            \.allowedOrigins
        ),
        Key("allowed_hosts", .list("an array of strings such as [\"bridge.example\"]", of: .host), \.allowedHosts),
        Key("insecure_public", .boolean, \.insecurePublic),
        Key(optional: "public_url", .publicURL, \.publicURL),
        Key("behind_tls_proxy", .boolean, \.behindTLSProxy),
        Key<Listen>.trustedProxies,
        Key("forwarded_header", .choice, \.forwardedHeader),
        Key<Listen>.proxyProtocol,
        Key("health_paths", .boolean, \.healthPaths),
        Key<Listen>.tls,
        Key("mode", .socketMode, \.access.mode),
        Key(optional: "owner", .account(example: "mcp"), \.access.owner),
        Key(optional: "group", .account(example: "agents"), \.access.group),
    ])
}

extension Limits {
    static let schema = TableSchema<Limits>(keys: daemonOnly + perServer)

    /// What one server may override with its own value.
    private static let perServer: [Key<Limits>] = [
        Key("max_message", .size(from: 1), \.maxMessage),
        Key("max_fragments", .count(), \.maxFragments),
        Key("max_line", .size(from: 1), \.maxLine),
        Key("max_invalid", .count(), \.maxInvalid),
        Key("idle_timeout", .duration(mayBeZero: true), \.idleTimeout),
        Key("max_connection_age", .duration(mayBeZero: true), \.maxConnectionAge),
        Key("write_timeout", .duration(mayBeZero: false), \.writeTimeout),
        Key("ping_interval", .duration(mayBeZero: true), \.pingInterval),
        Key("pong_timeout", .duration(mayBeZero: true), \.pongTimeout),
        Key("queue", .size(from: 1024), \.queue),
        Key("message_rate", .count(from: 0), \.messageRate),
    ]

    /// Caps of the whole daemon, of which a server may have its own share, and what happens before a server is known.
    private static let daemonOnly: [Key<Limits>] = [
        Key("max_connections", .count(), \.maxConnections),
        Key("max_children", .count(), \.maxChildren),
        Key("spawn_rate", .count(), \.spawnRate),
        Key("max_connections_per_principal", .count(from: 0), \.maxConnectionsPerPrincipal),
        Key("max_connections_per_address", .count(from: 0), \.maxConnectionsPerAddress),
        Key("max_children_per_principal", .count(from: 0), \.maxChildrenPerPrincipal),
        Key("connect_rate", .count(from: 0), \.connectRate),
        Key("max_handshakes", .count(), \.maxHandshakes),
        Key("handshake_timeout", .duration(mayBeZero: false), \.handshakeTimeout),
    ]

    /// `[servers.NAME.limits]`.
    fileprivate static let serverSchema = TableSchema<Server>(
        keys: perServer.map { $0.lifted(\.limits) } + [
            Key(optional: "max_connections", .count(), \.ownCaps.maxConnections),
            Key(optional: "max_children", .count(), \.ownCaps.maxChildren),
            Key(optional: "spawn_rate", .count(), \.ownCaps.spawnRate),
            Key(optional: "max_connections_per_principal", .count(), \.ownCaps.maxConnectionsPerPrincipal),
            Key(optional: "max_connections_per_address", .count(), \.ownCaps.maxConnectionsPerAddress),
            Key(optional: "max_children_per_principal", .count(), \.ownCaps.maxChildrenPerPrincipal),
        ],
        refused: ["handshake_timeout", "connect_rate", "max_handshakes"].reduce(into: [:]) { refused, name in
            refused[name] =
                "belongs only in [limits]: during the handshake it is not yet known which server a client wants"
        }
    )
}

extension Drain {
    static let schema = TableSchema<Drain>(keys: [
        Key("delay", .duration(mayBeZero: true), \.delay),
        Key("timeout", .duration(mayBeZero: true), \.timeout),
    ])
}

extension Log {
    static let schema = TableSchema<Log>(keys: [
        Key("format", .choice, \.format),
        Key("level", .choice, \.level),
    ])
}

extension Server {
    /// Every key of every kind.
    static let schema = TableSchema<Server>(
        keys: [
            Key<Server>.command,
            Key<Server>.url,
            Key(optional: "builtin", .choice, \.builtin),
            Key("path", .path, \.path),
            Key("auth", .choice, \.authentication),
            Key(optional: "cwd", .absolutePath(example: "/srv/time"), \.cwd),
            Key("env", .environment, \.env),
            Key("inherit_env", .variableNames, \.inheritEnv),
            Key("protocol", .choice, \.protocolKind),
            Key("accept_binary", .boolean, \.acceptBinary),
            Key("stop", table: Stop.schema, \.stop),
            Key("restart", .choice, \.restart),
            Key("required", .boolean, \.isRequired),
            Key("probe_interval", .duration(mayBeZero: false), \.probeInterval),
            Key("oversize_response", .size(from: 0), \.oversizeResponse),
            Key("expose_stderr", .boolean, \.exposeStderr),
            Key("tools", table: AccessRule.schema, \.tools),
            Key("prompts", table: AccessRule.schema, \.prompts),
            Key("resources", table: AccessRule.schema, \.resources),
            Key<Server>.sandbox,
        ] + Upstream.schema.keys.map(Key<Server>.ofUpstream) + [Key("limits", table: Limits.serverSchema, \.self)],
        // The key that the configuration files of MCP clients have.
        refused: ["args": "is no key here: arguments follow the program in `command`, one string each"]
    )

    /// What servers of one kind may have; the keys of the others are refused with advice.
    static func schema(of kind: ServerKind) -> TableSchema<Server> {
        let refused = KindKey.refused(for: kind)
        let inLimits = refused.compactMap { key in
            key.path.hasPrefix("limits.")
                ? KindKey(path: String(key.path.dropFirst("limits.".count)), advice: key.advice) : nil
        }
        var keys = schema.keys
        if let index = keys.firstIndex(where: { $0.name == "limits" }) {
            keys[index] = Key("limits", table: Limits.serverSchema.refusing(inLimits), \.self)
        }
        // What is refused in the limits gets no other answer when it stands beside them.
        return TableSchema(keys: keys, refused: schema.refused).refusing(refused + inLimits)
    }
}

extension Upstream {
    /// The keys beside `url`.
    static let schema = TableSchema<Upstream>(keys: [
        Key("transport", .choice, \.transport),
        Key("headers", .headers, \.headers),
        Key(optional: "ca", .absolutePath(example: "/etc/ssl/internal.pem"), \.ca),
        Key<Upstream>.clientCertificate,
        Key("connect_timeout", .duration(mayBeZero: false), \.connectTimeout),
        Key("request_timeout", .duration(mayBeZero: true), \.requestTimeout),
        Key("max_event", .size(from: 1), \.maxEvent),
        Key("on_session_lost", .choice, \.onSessionLost),
        Key("max_parallel", .count(), \.maxParallel),
    ])
}

extension Server.Stop {
    static let schema = TableSchema<Server.Stop>(keys: [
        Key("stdin_grace", .duration(mayBeZero: true), \.stdinGrace),
        Key("term_grace", .duration(mayBeZero: true), \.termGrace),
    ])
}
