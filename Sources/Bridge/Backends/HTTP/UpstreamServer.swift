// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOSSL
internal import Synchronization

/// A server behind a URL with what every request to it carries: the operator's headers, and how TLS is done.
package final class UpstreamServer: Sendable {
    /// Files of headers are looked at this often at the most, nanoseconds.
    private static let recheck: Int64 = 1_000_000_000

    private struct State {
        var headers: ResolvedHeaders
        var stamps: [FileStamp]
        var checked: Int64 = 0
    }

    package let configuration: Upstream
    let tls: TLSConfiguration?
    private let name: String
    private let files: [String]
    private let resolve: @Sendable () throws(ConfigurationError) -> ResolvedHeaders
    // Invariant: `headers` is what the files held at `stamps`, or the last that could be used.
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: the server's, for the log.
    ///   - resolve: reads the headers anew.
    /// - Throws: the problems of the headers and of the TLS files.
    package init(
        _ configuration: Upstream,
        name: String,
        resolve: @escaping @Sendable () throws(ConfigurationError) -> ResolvedHeaders
    ) throws(ConfigurationError) {
        self.configuration = configuration
        self.name = name
        self.resolve = resolve
        self.tls = try configuration.tls(server: name)
        let files = configuration.headerFiles
        let stamps = files.map { FileStamp(path: $0) }
        // Nothing is read again where something cannot be.
        self.files = stamps.contains { $0.isStream } ? [] : files
        self.state = Mutex(State(headers: try resolve(), stamps: stamps))
    }

    /// The operator's headers as they are now: files are read again when they change, but for pipes.
    ///
    /// Blocks for as long as the file system takes, at the most once in ``recheck``.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    func headers(now: Int64, _ logger: Logger) -> [(name: String, value: String)] {
        if self.files.isEmpty { return self.state.withLock { $0.headers.fields } }
        return self.state.withLock { state in
            guard now - state.checked >= Self.recheck else { return state.headers.fields }
            state.checked = now
            let stamps = self.files.map { FileStamp(path: $0) }
            guard stamps != state.stamps else { return state.headers.fields }
            state.stamps = stamps
            do throws(ConfigurationError) {
                try self.refuseStreams(stamps)
                state.headers = try self.resolve()
                logger.info("read the headers of a server again", metadata: [LogKey.server: "\(self.name)"])
            } catch {
                logger.error(
                    "cannot read the headers of a server again and goes on with the old ones",
                    metadata: [LogKey.server: "\(self.name)", LogKey.error: "\(error)"]
                )
            }
            return state.headers.fields
        }
    }

    /// - Throws: if one of the files has become something that may never end.
    private func refuseStreams(_ stamps: [FileStamp]) throws(ConfigurationError) {
        let problems = zip(self.files, stamps).filter { $0.1.isStream }.map { path, _ in
            let message = "server `\(self.name)`: the file \(path) has become something else"
            return ConfigurationError.Problem(place: Place(file: path), message: message)
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    /// Values of the headers that must never be shown (R73).
    var secrets: [String] { self.state.withLock { $0.headers.secrets } }

    func conversationSettings(queue: Int) -> HTTPConversation.Settings {
        let transport: HTTPConversation.Transport =
            switch self.configuration.transport {
            case .auto: .auto
            case .streamableHTTP: .streamableHTTP
            case .sse: .eventStream
            }
        return HTTPConversation.Settings(
            url: self.configuration.url,
            transport: transport,
            reinitializes: self.configuration.onSessionLost == .reinitialize,
            maxParallel: self.configuration.maxParallel,
            queue: queue,
            maxEvent: self.configuration.maxEvent,
            requestTimeout: self.configuration.requestTimeout.nanoseconds,
            endpointTimeout: self.configuration.connectTimeout.nanoseconds
        )
    }
}

extension Upstream {
    /// How TLS is done with the server (R55); nil where there is none.
    ///
    /// - Throws: a file that cannot be used.
    fileprivate func tls(server: String) throws(ConfigurationError) -> TLSConfiguration? {
        guard self.url.scheme == .https else { return nil }
        var tls = TLSConfiguration.makeClientConfiguration()
        var problems: [ConfigurationError.Problem] = []
        func attempt(_ key: String, _ path: String, _ read: () throws -> Void) {
            do { try read() } catch {
                let why =
                    FileContents.problem(path: path).map { "cannot be read: \($0.reason)" }
                    ?? "holds nothing usable in PEM form"
                let message = "server `\(server)`: `\(key)`: the file \(path) \(why)"
                problems.append(.init(place: Place(file: path), message: message))
            }
        }
        if let ca = self.ca {
            attempt("ca", ca) { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(ca)) }
        }
        if let files = self.clientCertificate {
            attempt("client_certificate", files.certificate) {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) }
            }
            attempt("client_certificate", files.key) {
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return tls
    }
}
