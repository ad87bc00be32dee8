// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Logging

/// A listener of the configuration with what only the machine can tell: its certificate, the ids of its socket's owner.
package struct ServedListener: Sendable {
    package let configuration: Listen
    /// Nil for none.
    package let tls: ListenerTLS?
    let access: ResolvedAccess

    /// Reads the files that it names. Blocks; not for an event loop.
    ///
    /// - Parameter old: whose TLS goes on where the settings are the same; what its files hold is not read then.
    /// - Throws: what is wrong with them, and accounts that the machine does not have.
    package init(_ configuration: Listen, reusing old: [ServedListener] = []) throws(ConfigurationError) {
        let access: ResolvedAccess
        do throws(ConfigurationError) {
            access = try configuration.access.resolve(reading: FileContents.read(path:atMost:))
        } catch {
            let problems = error.problems + Self.problems(of: configuration.tls)
            throw ConfigurationError(problems: problems)
        }
        self.configuration = configuration
        self.access = access
        if let same = old.first(where: { $0.configuration.tls == configuration.tls }) {
            self.tls = same.tls
        } else {
            self.tls = if let tls = configuration.tls { try ListenerTLS(tls) } else { nil }
        }
    }

    private static func problems(of tls: ListenTLS?) -> [ConfigurationError.Problem] {
        guard let tls else { return [] }
        do throws(ConfigurationError) {
            _ = try ListenerTLS(tls)
            return []
        } catch {
            return error.problems
        }
    }

    /// All of a configuration.
    ///
    /// - Throws: every problem of every listener at once.
    package static func all(
        of configuration: Configuration,
        reusing old: [ServedListener] = []
    ) throws(ConfigurationError) -> [ServedListener] {
        var listeners: [ServedListener] = []
        var problems: [ConfigurationError.Problem] = []
        for listen in configuration.listeners {
            do throws(ConfigurationError) {
                listeners.append(try ServedListener(listen, reusing: old))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return listeners
    }

    /// The log of what concerns this listener alone: it says which one that is, where there are several.
    func logger(from logger: Logger, isOneOfSeveral: Bool) -> Logger {
        guard isOneOfSeveral else { return logger }
        var logger = logger
        logger[metadataKey: LogKey.listener] = "\(self.configuration.address)"
        return logger
    }
}

extension HandshakeRules {
    /// Those of one listener.
    init(_ configuration: Configuration, _ listen: Listen) {
        let reach: Reach =
            switch listen.address {
            case .unix: .unixSocket
            // What is served has the address of the socket.
            case .tcp, .passed: listen.address.isLocal ? .loopback : .network
            }
        self.init(
            reach: reach,
            allowedOrigins: Set(listen.allowedOrigins.compactMap { WebOrigin($0) }),
            allowedHosts: listen.allowedHosts.compactMap { Authority($0) },
            paths: Dictionary(
                configuration.servers.enumerated().map { ($0.element.path, $0.offset) },
                uniquingKeysWith: { first, _ in first }
            ),
            authentication: AuthenticationRules(
                configuration,
                publicURL: listen.publicURL,
                authorizationServers: configuration.auth?.jwt.map { [$0.issuer] } ?? []
            ),
            forwarding: listen.forwarding,
            answersHealth: listen.healthPaths
        )
    }
}
