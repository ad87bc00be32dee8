// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Bridge
internal import BridgeConfig
internal import Logging

extension ServedConfiguration {
    /// Reads and opens all that a configuration names. Blocks.
    ///
    /// - Parameter old: what is kept of it where the settings are the same: certificates, tokens and the keys of issuers.
    /// - Throws: what is wrong with it.
    init(_ configuration: Configuration, reusing old: ServedConfiguration? = nil) throws(ConfigurationError) {
        let servers = try ServedServer.all(of: configuration)
        try ServedServer.requireSandboxes(servers)
        let listeners = try ServedListener.all(of: configuration, reusing: old?.listeners ?? [])
        let isSame =
            configuration.auth == old?.configuration.auth
            && configuration.templateClaims == old?.configuration.templateClaims
        let authentication = if isSame { old?.authentication } else { try Authentication.make(of: configuration) }
        let admin = try ServedAdmin.make(of: configuration)
        self.init(
            configuration,
            listeners: listeners,
            servers: servers,
            authentication: authentication,
            admin: admin
        )
    }

    /// What the configuration file says by now.
    ///
    /// - Parameter sockets: those that the service manager passed.
    /// - Throws: what is wrong with it.
    func reloaded(
        from path: String,
        sockets: [PassedSocket],
        _ logger: Logger
    ) throws(ConfigurationError) -> Daemon.Reloaded {
        var configuration = try Configuration.load(path: path, sockets: sockets)
        let change = ConfigurationChange(from: self.configuration, to: &configuration)
        let new = try Self(configuration, reusing: self)
        new.warn(file: path, sockets: sockets, logger)
        return (new, change)
    }

    /// Tells the log what looks wrong, though it may be meant.
    func warn(file: String, sockets: [PassedSocket], _ logger: Logger) {
        for socket in sockets where !self.configuration.listeners.contains(where: { $0.passed == socket }) {
            logger.warning("nobody listens to the socket \(socket.name), \(socket.address), of the service manager's")
        }
        let surroundings = CheckReport.Surroundings.thisMachine(self.listeners, self.servers)
        for warning in CheckReport.warnings(of: self.configuration, file: file, in: surroundings) {
            logger.warning("\(warning)")
        }
    }
}
