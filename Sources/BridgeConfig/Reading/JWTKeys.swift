// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

extension Key {
    /// `[auth.jwt]`, for whatever table holds it. Its absence means that no signed token is taken.
    ///
    /// `issuer`, `audience` and `jwks` must all be there: without one of them a token of somebody else's would do.
    static func jwt(_ path: any WritableKeyPath<Owner, JWTAuthentication?> & Sendable) -> Key<Owner> {
        Key(
            name: "jwt",
            read: { entry, table, owner, diagnostics in
                var draft = JWTDraft()
                let before = diagnostics.problems.count
                JWTDraft.schema.read(entry.node, name: table.dotted(entry.key), into: &draft, &diagnostics)
                if let jwt = draft.finished(at: diagnostics.place(entry.keyPosition)) {
                    owner[keyPath: path] = jwt
                } else if diagnostics.problems.count == before {
                    let message =
                        "`\(table.dotted(entry.key))` lacks \(draft.missing.map { "`\($0)`" }.joined(separator: " and ")): "
                        + "write issuer = \"https://id.example\", audience = \"https://bridge.example\" and "
                        + "jwks = \"https://id.example/.well-known/jwks.json\""
                    diagnostics.report(message, at: entry.keyPosition)
                }
                draft.reportUselessCA(entry, &diagnostics)
            },
            settings: { owner in
                JWTDraft.schema.settings(of: JWTDraft(owner[keyPath: path])).map { $0.under("jwt") }
            }
        )
    }
}

/// `[auth.jwt]` while it is read: without what must be there.
private struct JWTDraft: Sendable {
    var issuer: String?
    var audience: [String]?
    var jwks: JWTAuthentication.KeySource?
    /// What has a default, or may be missing.
    var rest = JWTAuthentication(issuer: "", audience: [], jwks: .file(path: ""), place: Place(file: ""))

    init() {}

    init(_ jwt: JWTAuthentication?) {
        guard let jwt else { return }
        self.issuer = jwt.issuer
        self.audience = jwt.audience
        self.jwks = jwt.jwks
        self.rest = jwt
    }

    static let schema = TableSchema<JWTDraft>(
        keys: [
            Key(optional: "issuer", .claimText("a string such as \"https://id.example\""), \.issuer),
            Key(optional: "audience", .audience, \.audience),
            Key(optional: "jwks", .keySource, \.jwks),
            Key(optional: "ca", .absolutePath(example: "/etc/ssl/internal.pem"), \.rest.ca),
            Key("algorithms", .algorithms, \.rest.algorithms),
            Key(optional: "servers_claim", .claimText("a string such as \"mcp_servers\""), \.rest.serversClaim),
            Key("name_claim", .claimText("a string such as \"sub\""), \.rest.nameClaim),
            Key("leeway", .leeway, \.rest.leeway),
        ],
        // What the key is called where keys are published.
        refused: ["jwks_uri": "is no key here: write `jwks`"]
    )

    var missing: [String] {
        [("issuer", self.issuer == nil), ("audience", self.audience == nil), ("jwks", self.jwks == nil)]
            .filter(\.1).map(\.0)
    }

    func finished(at place: Place) -> JWTAuthentication? {
        guard let issuer = self.issuer, let audience = self.audience, let jwks = self.jwks else { return nil }
        var jwt = self.rest
        jwt.issuer = issuer
        jwt.audience = audience
        jwt.jwks = jwks
        jwt.place = place
        return jwt
    }

    /// A `ca` where no TLS is done would make believe that something is verified.
    func reportUselessCA(_ table: TOMLEntry, _ diagnostics: inout Diagnostics) {
        guard let entry = table.entries["ca"], let jwks = self.jwks else { return }
        if case .url(let url) = jwks, url.scheme == .https { return }
        diagnostics.report("`ca` goes with a `jwks` that starts with https://: take it out", at: entry.keyPosition)
    }
}
