// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Key<Configuration> {
    /// `[auth]`, whose presence alone makes the bridge ask for credentials.
    static let auth = Key(
        name: "auth",
        read: { entry, table, configuration, diagnostics in
            var auth = Auth()
            Auth.schema.read(entry.node, name: table.dotted("auth"), into: &auth, &diagnostics)
            configuration.auth = auth
        },
        settings: { configuration in
            Auth.schema.settings(of: configuration.auth ?? Auth()).map { $0.under("auth") }
        }
    )
}

extension Auth {
    static let schema = TableSchema<Auth>(keys: [
        Key<Auth>.tokens,
        Key("query_tokens", .boolean, \.queryTokens),
        .jwt(\.jwt),
        Key("unix", table: Unix.schema, \.unix),
    ])
}

extension Auth.Unix {
    /// The greatest id is kept for "none".
    private static let ids = ValueForm<Int>.count(from: 0, to: 4_294_967_294)

    static let schema = TableSchema<Auth.Unix>(keys: [
        Key("allow_uids", .list("an array of user ids such as [1000]", of: ids), \.allowUIDs),
        Key("allow_gids", .list("an array of group ids such as [100]", of: ids), \.allowGIDs),
    ])
}

extension Key<Auth> {
    /// `[[auth.tokens]]`, any number of them.
    static let tokens = tokens(TokenTable.schema)
    /// `[[admin.tokens]]`.
    static let operatorTokens = tokens(TokenTable.operatorSchema)

    private static func tokens(_ schema: TableSchema<TokenTable>) -> Key<Auth> {
        Key(
            name: "tokens",
            read: { entry, table, auth, diagnostics in
                let name = table.dotted("tokens")
                guard case .array(let nodes) = entry.node.value else {
                    let message = "`tokens` must be an array of tables, each written [[\(name)]] with double brackets"
                    diagnostics.report("\(message), not \(entry.node.kind)", at: entry.node.position)
                    return
                }
                auth.tokens = nodes.compactMap { Auth.Token(reading: $0, schema, name: name, &diagnostics) }
                reportRepeated(nodes, &diagnostics)
            },
            settings: { auth in
                let tokens = auth.tokens.isEmpty ? [TokenTable()] : auth.tokens.map(TokenTable.init)
                return tokens.flatMap { schema.settings(of: $0) }.map { $0.under("tokens") }
            }
        )
    }

    /// Two tokens of one name could not be told apart in the log, and one token of two names would have either.
    private static func reportRepeated(_ tokens: [TOMLNode], _ diagnostics: inout Diagnostics) {
        var lines: [String: Int] = [:]
        for token in tokens {
            guard case .table(let entries) = token.value else { continue }
            for key in ["name", "sha256"] {
                guard let node = entries[key]?.node, case .string(let text) = node.value else { continue }
                if let line = lines["\(key) \(text.lowercased())"] {
                    diagnostics.report("`\(key)` is that of another token, in line \(line)", at: node.position)
                } else {
                    lines["\(key) \(text.lowercased())"] = node.position.line
                }
            }
        }
    }
}

extension Auth.Token {
    fileprivate init?(
        reading node: TOMLNode,
        _ schema: TableSchema<TokenTable>,
        name table: String,
        _ diagnostics: inout Diagnostics
    ) {
        var token = TokenTable()
        let before = diagnostics.problems.count
        schema.read(node, name: table, into: &token, &diagnostics)
        guard diagnostics.problems.count == before else { return nil }
        guard let name = token.name else {
            diagnostics.report("a token needs a `name`: add, for example, name = \"ci\"", at: node.position)
            return nil
        }
        let value: Value
        switch (token.sha256, token.token) {
        case (let digest?, nil): value = .sha256(digest)
        case (nil, let secret?): value = .secret(secret)
        case (nil, nil), (_?, _?):
            diagnostics.report(
                "token `\(name)` must have either `sha256` or `token`: `mcp-wsbridge token new` makes a token and "
                    + "prints its `sha256`",
                at: node.position
            )
            return nil
        }
        self.init(name: name, value: value, servers: token.servers, place: diagnostics.place(node.position))
    }
}

/// One of `[[auth.tokens]]` or `[[admin.tokens]]` while it is read.
private struct TokenTable: Sendable {
    var name: String?
    var sha256: String?
    var token: EnvironmentValue?
    var servers: [String]?

    init() {}

    init(_ token: Auth.Token) {
        self.name = token.name
        self.servers = token.servers
        switch token.value {
        case .sha256(let digest): self.sha256 = digest
        case .secret(let value): self.token = value
        }
    }

    static let schema = TableSchema<TokenTable>(
        keys: operatorSchema.keys + [Key(optional: "servers", .serverNames, \.servers)]
    )

    static let operatorSchema = TableSchema<TokenTable>(
        keys: [
            Key(optional: "name", .principalName, \.name),
            Key(optional: "sha256", .sha256, \.sha256),
            Key(optional: "token", .secretReference, \.token),
        ],
        refused: ["servers": "is for tokens of clients: one of [[admin.tokens]] is for the whole bridge"]
    )
}

extension ValueForm where Value == String {
    fileprivate static var principalName: Self {
        .text("a string such as \"ci\"", write: quoted) { text throws(BadValue) in
            let isPlain = text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_.@-".utf8.contains(byte)
                }
            }
            guard isPlain, (1...64).contains(text.utf8.count) else {
                // Not quoted: this may be the token itself, in the wrong place.
                throw BadValue("must be 1 to 64 letters, digits and the marks `_.@-`")
            }
            return text
        }
    }

    /// No message quotes it: what stands here by mistake may be the token.
    fileprivate static var sha256: Self {
        .text(
            "a string of 64 hexadecimal digits",
            write: { _ in "…" },
            parse: { text throws(BadValue) in
                guard TokenDigest(hex: text) != nil else {
                    throw BadValue(
                        "must be the SHA-256 of the token in 64 hexadecimal digits, as `mcp-wsbridge token new` prints "
                            + "it, not the token itself"
                    )
                }
                return text.lowercased()
            }
        )
    }
}

extension ValueForm where Value == [String] {
    fileprivate static var serverNames: Self {
        let expected = "an array of names of servers such as [\"time\"]"
        // Whether there are such servers is judged when all have been read.
        let names = list(expected, of: .text(expected, write: quoted) { text throws(BadValue) in text })
        return ValueForm(
            read: { node, key, diagnostics in
                guard let servers = names.read(node, key, &diagnostics) else { return nil }
                guard !servers.isEmpty else {
                    let message = "`\(key)` names no server: leave it out for all of them, or take the token out"
                    diagnostics.report(message, at: node.position)
                    return nil
                }
                return servers
            },
            write: names.write
        )
    }
}

extension ValueForm where Value == EnvironmentValue {
    /// A ``ValueReference``: for what must not stand in the configuration itself.
    fileprivate static var secretReference: Self {
        ValueForm(
            read: { node, key, diagnostics in
                let expected = ValueReference.forms
                guard case .table(let entries) = node.value else {
                    let advice = "who reads the configuration must not get the token; `sha256` may stand there"
                    let message = "`\(key)` must be \(expected), not \(node.kind): \(advice)"
                    diagnostics.report(message, at: node.position)
                    return nil
                }
                var reference = ValueReference()
                let before = diagnostics.problems.count
                ValueReference.schema.read(entries, name: "auth.tokens.\(key)", into: &reference, &diagnostics)
                if reference.value == nil, diagnostics.problems.count == before {
                    diagnostics.report("`\(key)` \(ValueReference.advice)", at: node.position)
                }
                return reference.value
            },
            write: { value in
                switch value {
                case .text, .template: "…"
                case .file(let path): "{ file = \(quoted(path)) }"
                case .environment(let name): "{ env = \(quoted(name)) }"
                case .credential(let name): "{ credential = \(quoted(name)) }"
                }
            }
        )
    }
}
