// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// A configuration with all that was read and opened for it. Replaced as a whole by a reload.
package struct ServedConfiguration: Sendable {
    package let configuration: Configuration
    /// Those of ``configuration``, with what their files hold.
    package let listeners: [ServedListener]
    /// Those of ``configuration``, with their environments.
    package let servers: [ServedServer]
    /// That of ``configuration``; nil without `[auth]`.
    package let authentication: Authentication?
    /// That of ``configuration``; nil without `[admin]`.
    package let admin: ServedAdmin?

    package init(
        _ configuration: Configuration,
        listeners: [ServedListener],
        servers: [ServedServer],
        authentication: Authentication?,
        admin: ServedAdmin? = nil
    ) {
        self.configuration = configuration
        self.listeners = listeners
        self.servers = servers
        self.authentication = authentication
        self.admin = admin
    }

    /// What clients find at each of the listeners.
    func sites(_ logger: Logger) -> [ListenerKey: ListenerSite] {
        let sites = self.listeners.map { listener in
            ListenerSite(self, listener, listener.logger(from: logger, isOneOfSeveral: self.listeners.count > 1))
        }
        return Dictionary(zip(self.configuration.listenerKeys, sites), uniquingKeysWith: { first, _ in first })
    }
}

/// What every handshake at one listener needs to know, of one configuration; the same for all event loops.
final class ListenerSite: Sendable {
    let rules: HandshakeRules
    /// What the rules call by their indices.
    let servers: [ServedServer]
    /// Nil without `[auth]`.
    let authentication: Authentication?
    /// Nil for none.
    let tls: ListenerTLS?
    let handshakeTimeout: TimeAmount
    let logger: Logger

    /// Without servers and TLS: what handlers in front of the handshake need.
    init(rules: HandshakeRules, logger: Logger) {
        self.rules = rules
        self.servers = []
        self.authentication = nil
        self.tls = nil
        self.handshakeTimeout = .seconds(10)
        self.logger = logger
    }

    init(_ served: ServedConfiguration, _ listener: ServedListener, _ logger: Logger) {
        self.rules = HandshakeRules(served.configuration, listener.configuration)
        self.servers = served.servers
        self.authentication = served.authentication
        self.tls = listener.tls
        self.handshakeTimeout = .nanoseconds(served.configuration.limits.handshakeTimeout.nanoseconds)
        self.logger = logger
    }
}
