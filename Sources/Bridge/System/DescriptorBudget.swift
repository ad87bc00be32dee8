// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import Logging

/// What the process's descriptors allow of connections and handshakes (R43, R74).
struct DescriptorBudget: Sendable {
    /// Descriptors of one child: three pipes, a pidfd. A connection to a server that is dialled is reckoned with as many.
    private static let perChild = 4
    /// Descriptors of the daemon itself: standard streams, one listener, supervisor, a child's ends while it starts, and some
    /// for handshakes.
    private static let own = 20
    private static let perLoop = 4

    /// The limit of the process.
    let descriptors: Int
    let loops: Int

    /// Names limits that the descriptors do not allow, and lowers the counts of connections and handshakes to what they do.
    func fit(_ configuration: Configuration, _ logger: Logger) -> Configuration {
        var configuration = configuration
        let free = self.descriptors - Self.own - (configuration.listeners.count - 1) - self.loops * Self.perLoop
        let most = max(1, self.connections(of: configuration, with: free))
        // Handshakes have what connections leave, or a part of that, which they use in turns.
        let left = free - self.descriptors(of: configuration, for: min(configuration.limits.maxConnections, most))
        let handshakes = max(1, left, free / 4)
        if configuration.limits.maxHandshakes > handshakes {
            logger.notice(
                "max_handshakes is more than the limit of descriptors allows",
                metadata: [
                    "max_handshakes": "\(configuration.limits.maxHandshakes)", "descriptors": "\(self.descriptors)",
                    LogKey.limit: "\(handshakes)",
                ]
            )
            configuration.limits.maxHandshakes = handshakes
        }
        guard configuration.limits.maxConnections > most else { return configuration }
        logger.warning(
            "max_connections is more than the limit of descriptors allows; raise LimitNOFILE or lower it",
            metadata: [
                "max_connections": "\(configuration.limits.maxConnections)",
                "descriptors": "\(self.descriptors)",
                LogKey.limit: "\(most)",
            ]
        )
        configuration.limits.maxConnections = most
        return configuration
    }

    /// How many connections go with so many descriptors: each takes one for the client's socket, and those of a child
    /// where it has one.
    private func connections(of configuration: Configuration, with descriptors: Int) -> Int {
        let servers = configuration.servers
        let whenAllHaveChildren = descriptors / (1 + Self.perChild)
        if servers.allSatisfy({ $0.builtin == nil }) { return whenAllHaveChildren }
        // Beside servers inside the bridge there are at most `max_children` connections that have one.
        guard servers.allSatisfy({ $0.upstream == nil }) else { return whenAllHaveChildren }
        let children = servers.contains(where: \.isStarted) ? configuration.limits.maxChildren : 0
        let (ofChildren, isOver) = children.multipliedReportingOverflow(by: Self.perChild)
        return max(whenAllHaveChildren, isOver ? 0 : descriptors - ofChildren)
    }

    /// The most that so many connections take.
    private func descriptors(of configuration: Configuration, for connections: Int) -> Int {
        let servers = configuration.servers
        let started = servers.contains(where: \.isStarted) ? min(connections, configuration.limits.maxChildren) : 0
        let children = servers.contains { $0.upstream != nil } ? connections : started
        return connections + children * Self.perChild
    }
}
