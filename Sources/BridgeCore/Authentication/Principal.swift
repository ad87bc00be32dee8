// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Who uses a connection, from its handshake to its end (R75). Holds no secret: it may be logged and shown.
package struct Principal: Sendable, Equatable {
    /// What it proved itself with.
    package enum Kind: String, Sendable, CaseIterable {
        /// With nothing: there is no `[auth]`, or the server is open.
        case anonymous
        /// A static token of the configuration.
        case token
        /// A signed token of an issuer.
        case jwt
        /// A client certificate.
        case certificate
        /// The credentials of the process behind a Unix socket.
        case unix
    }

    package let kind: Kind
    /// Unique within its kind: the name of a static token, the subject of a JWT, a name of a certificate, a user id. Of
    /// somebody else's making, so that it may hold any character.
    package let name: String
    /// Names of the servers that it may use; nil for all.
    package let servers: Set<String>?
    /// When what it proved itself with is over, in seconds since 1970; nil for never. Its connections end by then (R9).
    package let expiry: Int64?

    package init(kind: Kind, name: String, servers: Set<String>? = nil, expiry: Int64? = nil) {
        self.kind = kind
        self.name = name
        self.servers = servers
        self.expiry = expiry
    }

    /// Whoever comes to an open server.
    package static let anonymous = Principal(kind: .anonymous, name: "")

    package func mayUse(server name: String) -> Bool {
        self.servers?.contains(name) ?? true
    }
}

extension Principal: CustomStringConvertible {
    /// `token:ci`, `unix:1000`, `anonymous`: two principals never look the same in a log.
    package var description: String {
        self.kind == .anonymous ? self.kind.rawValue : "\(self.kind.rawValue):\(self.name)"
    }
}

/// What an issuer says about a principal, by the name of the claim: texts as they are, numbers and booleans as in JSON.
///
/// May hold secrets, for the operator's templates: descriptions show names alone (R73).
package struct Claims: Sendable, Equatable {
    package let values: [String: String]

    package init(_ values: [String: String] = [:]) {
        self.values = values
    }
}

extension Claims: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "claims \(self.values.keys.sorted().joined(separator: ", "))" }

    package var debugDescription: String { self.description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
