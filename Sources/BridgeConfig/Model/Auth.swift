// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `[auth]`: who is let in. Where it stands, nobody comes in without a credential but to servers with `auth = "none"`.
package struct Auth: Sendable, Equatable {
    /// One of `[[auth.tokens]]`.
    package struct Token: Sendable, Equatable {
        package enum Value: Sendable, Equatable {
            /// 64 hexadecimal digits.
            case sha256(String)
            /// Where the token itself is; never a text of the configuration.
            case secret(EnvironmentValue)
        }

        /// Letters, digits and the marks `_.@-`; no two tokens have the same.
        package var name: String
        package var value: Value
        /// Names of the servers that it opens; nil for all.
        package var servers: [String]?
        @NotCompared package var place: Place

        package init(name: String, value: Value, servers: [String]? = nil, place: Place) {
            self.name = name
            self.value = value
            self.servers = servers
            self.place = place
        }
    }

    /// `[auth.unix]`: processes of this machine that are let in through a Unix socket without a token.
    package struct Unix: Sendable, Equatable {
        package var allowUIDs: [Int] = []
        package var allowGIDs: [Int] = []

        package init() {}

        /// Somebody is let in so.
        package var isUsed: Bool { !allowUIDs.isEmpty || !allowGIDs.isEmpty }
    }

    package var tokens: [Token] = []
    /// Whose signed tokens are taken; nil = nobody's.
    package var jwt: JWTAuthentication?
    /// Whether static tokens may stand in the query of the URL (R10).
    package var queryTokens = false
    package var unix = Unix()

    package init() {}

    /// Who may use a server that asks, a few words each.
    ///
    /// - Parameter certificates: clients show certificates on the way in.
    package func ways(toServer name: String, certificates: Bool) -> [String] {
        let tokens = tokens.filter { $0.servers?.contains(name) ?? true }.map { "token \($0.name)" }
        let users = unix.allowUIDs.map { "user \($0)" } + unix.allowGIDs.map { "group \($0)" }
        return tokens + (jwt.map { ["tokens of \($0.issuer)"] } ?? [])
            + (certificates ? ["clients with a certificate"] : []) + users
    }

    /// Somebody can come in, certificates aside.
    package var hasWays: Bool { !tokens.isEmpty || jwt != nil || unix.isUsed }
}

extension Auth.Token.Value: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where the token is, or that its digest stands here; not the digest (R73).
    package var description: String {
        switch self {
        case .sha256: "sha256"
        case .secret(let value): value.description
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
