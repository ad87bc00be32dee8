// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
package import BridgeCore

/// A server of the configuration with everything that a connection to it needs, made once at start.
///
/// A class, since each connection keeps it: a reference in the place of half a kilobyte.
package final class ServedServer: Sendable {
    package let index: Int
    package let configuration: Server
    /// The child's variables, and the values among them that must never be shown.
    package let environment: ResolvedEnvironment
    /// What is dialled, where the server has a URL.
    package let upstream: UpstreamServer?
    /// What clients bring for it in their handshakes.
    package let templates: ServerTemplates
    /// What children are confined to, looked up.
    package let sandbox: ResolvedSandbox?
    /// Nil where clients may use all of it.
    private let policy: AccessPolicy?
    /// How fast messages may come from one client; nil for as fast as they like.
    let messageRate: Rate?
    /// How long a connection may take to finish that has to end (R43, R44).
    private let drainTimeout: Duration

    package init(
        index: Int,
        configuration: Server,
        environment: ResolvedEnvironment,
        upstream: UpstreamServer? = nil,
        sandbox: ResolvedSandbox? = nil,
        drainTimeout: Duration = Drain().timeout
    ) {
        self.index = index
        self.configuration = configuration
        self.environment = environment
        self.upstream = upstream
        self.messageRate = Rate(perSecond: configuration.limits.messageRate)
        self.templates = configuration.templates
        self.sandbox = sandbox
        self.drainTimeout = drainTimeout
        self.policy = AccessPolicy(
            tools: configuration.tools,
            prompts: configuration.prompts,
            resources: configuration.resources
        )
    }

    /// Whether the program is there, looked for as it will be at the start of a child.
    package var findsProgram: Bool {
        guard let program = self.configuration.command.first else { return true }
        return (try? ProgramSearch.resolve(program, environment: self.environment.variables)) != nil
    }

    var name: String { self.configuration.name }

    var readerLimits: MessageReader.Limits {
        MessageReader.Limits(
            maxMessage: self.configuration.limits.maxMessage,
            maxFragments: self.configuration.limits.maxFragments,
            acceptBinary: self.configuration.acceptBinary
        )
    }

    var deadlines: Deadlines.Settings {
        let limits = self.configuration.limits
        return Deadlines.Settings(
            idleTimeout: limits.idleTimeout.nanoseconds,
            maxConnectionAge: limits.maxConnectionAge.nanoseconds,
            retirement: self.drainTimeout.nanoseconds,
            pingInterval: limits.pingInterval.nanoseconds,
            pongTimeout: limits.pongTimeout.nanoseconds,
            writeTimeout: limits.writeTimeout.nanoseconds
        )
    }

    func sessionSettings(_ id: ConnectionID) -> Session.Settings {
        Session.Settings(
            framing: self.configuration.protocolKind == .lines ? .lines : .mcp,
            maxInvalid: self.configuration.limits.maxInvalid,
            oversizeResponse: self.configuration.oversizeResponse,
            connection: id.description,
            policy: self.policy
        )
    }

    /// What to start for one connection.
    ///
    /// - Parameters:
    ///   - restart: how many were started before for the same connection. Each has a mark of its own: the descendants of the
    ///     one before are still being looked for by theirs.
    ///   - values: what its client brought for the templates.
    func command(_ id: ConnectionID, restart: Int, _ values: ExpandedValues?) -> ChildCommand {
        var arguments = self.configuration.command
        for argument in values?.arguments ?? [] { arguments[argument.index] = argument.value }
        var command = ChildCommand(
            arguments: arguments,
            environment: self.environment.variables + (values?.variables ?? []),
            workingDirectory: self.configuration.cwd,
            stop: StopGraces(
                stdin: self.configuration.stop.stdinGrace,
                term: self.configuration.stop.termGrace
            ),
            mark: restart == 0 ? "\(id)" : "\(id).\(restart)"
        )
        command.sandbox = self.sandbox?.child
        return command
    }
}

extension Duration {
    /// Whole nanoseconds, at most what 64 bits hold.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isOver ? .max : product + attoseconds / 1_000_000_000
    }
}
