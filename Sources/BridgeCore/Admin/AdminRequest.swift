// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What may be asked of, or ordered at, the admin address.
package enum AdminRoute: Sendable, Equatable {
    case health
    case readiness
    case metrics
    case connections
    case drain
    case reload
    /// By the id that the log shows.
    case close(connection: String)
    /// Likewise: its messages, as they pass.
    case tap(connection: String)

    /// Whether it is for operators only: it tells of clients, or changes something.
    package var isGuarded: Bool {
        switch self {
        case .health, .readiness, .metrics: false
        case .connections, .drain, .reload, .close, .tap: true
        }
    }

    private var method: String {
        switch self {
        case .health, .readiness, .metrics, .connections, .tap: "GET"
        case .drain, .reload, .close: "POST"
        }
    }

    private init?(path: Substring) {
        switch path {
        case "/healthz": self = .health
        case "/readyz": self = .readiness
        case "/metrics": self = .metrics
        case "/connections": self = .connections
        case "/drain": self = .drain
        case "/reload": self = .reload
        default:
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 4, parts[1] == "connections", !parts[2].isEmpty else { return nil }
            switch parts[3] {
            case "close": self = .close(connection: String(parts[2]))
            case "tap": self = .tap(connection: String(parts[2]))
            default: return nil
            }
        }
    }

    /// - Parameter target: of the request, a path with or without a query.
    /// - Throws: the refusal of what there is not.
    package init(method: String, target: String) throws(AdminRefusal) {
        guard let route = AdminRoute(path: target.prefix { $0 != "?" }) else { throw .notFound }
        var isAsked = method == route.method || (method == "HEAD" && route.method == "GET")
        // It has no end.
        if case .tap = route, method == "HEAD" { isAsked = false }
        guard isAsked else { throw AdminRefusal(status: 405, message: "use \(route.method)", allow: route.method) }
        self = route
    }
}

/// Why the admin address does not do what it is asked to.
package struct AdminRefusal: Error, Sendable, Equatable {
    package let status: Int
    package let message: String
    /// The method that is allowed, where it is that that was wrong.
    package var allow: String?

    package init(status: Int, message: String, allow: String? = nil) {
        self.status = status
        self.message = message
        self.allow = allow
    }

    package static let notFound = AdminRefusal(status: 404, message: "there is nothing at this path")
}

/// Who asks at the admin address.
package struct AdminClient: Sendable {
    package enum Reach: Sendable, Equatable {
        /// A process that could open the socket, which is for whom its mode lets in.
        case unixSocket
        case loopback
        case network
    }

    package var reach: Reach
    package var host: String?
    /// It is a page in a browser that asks.
    package var hasOrigin: Bool
    /// It has shown a token of `[[admin.tokens]]`.
    package var hasToken: Bool

    package init(reach: Reach, host: String?, hasOrigin: Bool, hasToken: Bool) {
        self.reach = reach
        self.host = host
        self.hasOrigin = hasOrigin
        self.hasToken = hasToken
    }

    /// - Throws: why it may not.
    package func requireAccess(to route: AdminRoute) throws(AdminRefusal) {
        if self.hasOrigin { throw AdminRefusal(status: 403, message: "this is not for pages in browsers") }
        // A name that somebody has bound to this machine's own address (DNS rebinding).
        if self.reach == .loopback, self.host.flatMap({ Authority($0) })?.isLoopback != true {
            throw AdminRefusal(status: 421, message: "ask for localhost: this is this machine's own address")
        }
        guard route.isGuarded, self.reach != .unixSocket, !self.hasToken else { return }
        throw AdminRefusal(
            status: 401,
            message: "this takes a token of [[admin.tokens]], or the Unix socket of [admin] address = \"unix:/path\""
        )
    }
}
