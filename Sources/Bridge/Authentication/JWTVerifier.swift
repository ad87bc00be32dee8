// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
package import BridgeCore
package import Logging
package import NIOCore
internal import NIOSSL
internal import Synchronization

/// Verifies the signed tokens of one issuer (R8).
///
/// Made before there are event loops, so that `check` finds what is wrong with its files; ``start(on:logger:)`` then
/// begins to fetch. Used by all event loops at once.
package final class JWTVerifier: CredentialVerifier {
    private struct Started {
        let keys: IssuerKeys
        let logger: Logger
    }

    private let rules: JWTRules
    private let source: JWTAuthentication.KeySource
    private let tls: TLSConfiguration?
    private let file: KeyFileLoader?
    // Invariant: nil before the start; then never changed.
    private let started = Mutex<Started?>(nil)

    /// Reads the files that the configuration names. Blocks; not for an event loop.
    ///
    /// - Parameter keptClaims: those that templates name.
    /// - Throws: what is wrong with the files.
    package init(_ configuration: JWTAuthentication, keptClaims: Set<String> = []) throws(ConfigurationError) {
        self.rules = configuration.rules(keptClaims: keptClaims)
        self.source = configuration.jwks
        switch configuration.jwks {
        case .url(let url):
            self.file = nil
            self.tls = url.scheme == .https ? try Self.tls(configuration) : nil
        case .file(let path):
            self.tls = nil
            do throws(KeyFileError) {
                self.file = try KeyFileLoader(path: path)
            } catch {
                throw Self.problem("`jwks`: the file \(path) \(error.reason)", configuration)
            }
        }
    }

    private static func problem(_ message: String, _ configuration: JWTAuthentication) -> ConfigurationError {
        ConfigurationError(problems: [.init(place: configuration.place, message: message)])
    }

    private static func tls(_ configuration: JWTAuthentication) throws(ConfigurationError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        guard let ca = configuration.ca else { return tls }
        do {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(ca))
        } catch {
            let why =
                FileContents.problem(path: ca).map { "cannot be read: \($0.reason)" }
                ?? "holds nothing usable in PEM form"
            throw Self.problem("`ca`: the file \(ca) \(why)", configuration)
        }
        return tls
    }

    /// Begins to fetch keys, which goes on until ``shutdown()``. To be called once.
    ///
    /// - Parameter eventLoop: which the fetches are on.
    package func start(on eventLoop: any EventLoop, logger: Logger) {
        self.start(on: eventLoop, policy: .url, logger: logger)
    }

    /// - Parameters:
    ///   - policy: of keys behind a URL.
    ///   - timeout: of one fetch from there.
    func start(
        on eventLoop: any EventLoop,
        policy: KeyCache.Policy,
        timeout: TimeAmount = .seconds(5),
        logger: Logger
    ) {
        let keys: IssuerKeys
        switch self.source {
        case .url(let url):
            let loader = KeyURLLoader(url, tls: self.tls, policy: policy, timeout: timeout, group: eventLoop)
            keys = IssuerKeys(loader, first: nil, on: eventLoop, logger: logger)
        case .file:
            guard let file = self.file else { return }
            keys = IssuerKeys(file, first: file.first, on: eventLoop, logger: logger)
        }
        self.started.withLock { $0 = Started(keys: keys, logger: logger) }
        keys.refresh()
    }

    /// Fetches the keys anew, or looks at their file: the operator says that something has changed.
    package func reload() {
        self.started.withLock { $0 }?.keys.refresh()
    }

    /// Ends the fetching. To be called before the event loops end.
    package func shutdown() async {
        await self.started.withLock { $0 }?.keys.shutdown()
    }

    /// How many handshakes wait for keys.
    var waiting: Int { self.started.withLock { $0 }?.keys.waiting ?? 0 }

    // MARK: CredentialVerifier

    package func verify(_ token: BearerToken, now: Int64) -> CredentialVerdict {
        let text = Array(token.text.utf8)
        // Every form of a signed token has two dots and no padding: a static one is left to who knows those.
        guard text.count(where: { $0 == UInt8(ascii: ".") }) == 2 else { return .notMine }
        guard let started = self.started.withLock({ $0 }) else { return .unavailable(retryAfter: 1) }
        do throws(JWTFault) {
            let token = try self.rules.parse(text)
            let (decision, keys) = started.keys.received { $0.decide(token) }
            switch (decision, keys) {
            case (.fetch, _): return .undecided
            case (.use, let keys?):
                let (principal, claims) = try keys.principal(of: token, self.rules, now: now)
                return .valid(principal, claims: claims)
            case (.unavailable, _), (.use, nil): return .unavailable(retryAfter: started.keys.retryAfter)
            }
        } catch {
            started.logger.debug("token refused", metadata: [LogKey.reason: "\(error.word)"])
            return .invalid(error.credentialFault)
        }
    }

    package func fetch(_ done: @escaping @Sendable () -> Void) {
        guard let started = self.started.withLock({ $0 }) else { return done() }
        started.keys.request(done)
    }
}
