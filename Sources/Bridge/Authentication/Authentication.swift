// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore

/// All that `[auth]` asks for: the verifiers of credentials, and what a connection proves by itself.
///
/// Made before there are event loops, so that `check` finds what is wrong with its files. Used by all of them at once.
package final class Authentication: Sendable {
    private let authenticator: Authenticator
    private let tokens: TokenStore?
    private let jwt: JWTVerifier?
    private let unixPeers: UnixPeerRules?

    /// Reads the files that the configuration names. Blocks; not for an event loop.
    ///
    /// - Parameters:
    ///   - keptClaims: the claims of signed tokens that templates ask for.
    ///   - reading: gives the contents of a file, at most so many bytes; ``FileContents/read(path:atMost:)`` in production.
    ///   - environment: a variable of the daemon's own environment.
    /// - Throws: what is wrong with the files.
    package init(
        _ auth: Auth,
        keptClaims: Set<String> = [],
        reading: @escaping @Sendable (_ path: String, _ limit: Int) throws(FileError) -> [UInt8],
        environment: @escaping @Sendable (_ name: String) -> String?
    ) throws(ConfigurationError) {
        let tokens = try TokenStore(files: auth.tokenFiles) { () throws(ConfigurationError) in
            try auth.resolveTokens(reading: reading, environment: environment)
        }
        let jwt = if let jwt = auth.jwt { try JWTVerifier(jwt, keptClaims: keptClaims) } else { JWTVerifier?.none }
        self.tokens = tokens
        self.jwt = jwt
        // A static token may have the form of a signed one: those that are known are asked first.
        let verifiers: [(any CredentialVerifier)?] = [tokens, jwt]
        self.authenticator = Authenticator(verifiers.compactMap(\.self))
        self.unixPeers =
            auth.unix.isUsed
            ? UnixPeerRules(
                allowedUsers: Set(auth.unix.allowUIDs.map { UInt32(truncatingIfNeeded: $0) }),
                allowedGroups: Set(auth.unix.allowGIDs.map { UInt32(truncatingIfNeeded: $0) })
            ) : nil
    }

    /// For verifiers of any kind, without files.
    init(_ verifiers: [any CredentialVerifier]) {
        self.tokens = nil
        self.jwt = nil
        self.authenticator = Authenticator(verifiers)
        self.unixPeers = nil
    }

    /// Begins to fetch what is behind URLs, which goes on until ``shutdown()``. To be called once.
    func start(on eventLoop: any EventLoop, _ logger: Logger) {
        self.jwt?.start(on: eventLoop, logger: logger)
    }

    /// To be called before the event loops end.
    func shutdown() async {
        await self.jwt?.shutdown()
    }

    /// Who asks, as far as it can be told at once. To be called on the channel's event loop.
    func authenticate(_ credential: Credential?, on channel: any Channel) -> Authenticator.Outcome {
        self.authenticator.authenticate(
            credential,
            connection: credential == nil ? self.principal(of: channel) : nil,
            now: WallClock.now().seconds
        )
    }

    /// Who the connection itself proves to be: by a certificate, as long as that holds, or as a process of this machine.
    private func principal(of channel: any Channel) -> Principal? {
        if let certificate = channel.pipeline.syncOperations.clientCertificateNames, let name = certificate.matched {
            return Principal(kind: .certificate, name: "\(name)", expiry: certificate.notAfter)
        }
        return self.unixPeers.flatMap { rules in
            UnixPeer(of: channel).flatMap { rules.principal(user: $0.user, groups: $0.groups) }
        }
    }

    /// Reads what has changed again. Blocks; not for an event loop.
    ///
    /// - Parameter always: the operator says that something has changed.
    func reload(always: Bool, _ logger: Logger) {
        self.tokens?.reload(always: always, logger)
        // Otherwise it looks after its keys itself.
        if always { self.jwt?.reload() }
    }
}

extension AuthenticationRules {
    /// - Parameters:
    ///   - publicURL: where clients reach the listener from outside.
    ///   - authorizationServers: the issuers whose tokens are taken.
    init?(_ configuration: Configuration, publicURL: HTTPURL?, authorizationServers: [String]) {
        guard let auth = configuration.auth else { return nil }
        let openServers = configuration.servers.indices.filter { configuration.servers[$0].authentication == .open }
        var metadata: ResourceMetadata?
        if let url = publicURL, !authorizationServers.isEmpty {
            metadata = ResourceMetadata(origin: url.origin, authorizationServers: authorizationServers)
        }
        self.init(
            servers: configuration.servers.map(\.name),
            openServers: Set(openServers),
            acceptsQueryTokens: auth.queryTokens,
            metadata: metadata
        )
    }
}
