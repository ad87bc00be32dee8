// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// TLS with clients (R76): certificate, key and `client_ca` as they were read last.
///
/// Event loops ask for what the next client needs; the control plane reads the files again. Connections keep what they
/// began with.
package final class ListenerTLS: Sendable {
    /// Why the files are read again, for the log.
    enum Occasion: String {
        case hangup = "SIGHUP"
        case change = "a file has changed"
    }

    private struct Credentials {
        let context: NIOSSLContext
        let period: CertificatePeriod
    }

    /// More than any bundle of authorities has.
    private static let largestFile = 4 << 20

    private let configuration: ListenTLS
    // Invariant: what the files held when they were last any good. Taken once per client, never while a file is read.
    private let credentials: Mutex<Credentials>
    // Held while the files are read: two readers do not overtake each other. Never taken on an event loop.
    private let watch: Mutex<FileWatch<[FileStamp]>>

    /// Reads the files. Blocks; not for an event loop.
    ///
    /// - Throws: every file that cannot be used, and a key that is not the certificate's.
    package init(_ configuration: ListenTLS) throws(ConfigurationError) {
        self.configuration = configuration
        self.watch = Mutex(FileWatch(read: configuration.files.map { FileStamp(path: $0) }))
        self.credentials = Mutex(try Self.read(configuration))
    }

    /// When the certificate in use is valid.
    package var period: CertificatePeriod { self.credentials.withLock { $0.period } }

    /// Whether clients have to show a certificate.
    var verifiesClients: Bool { self.configuration.clientCA != nil }
    /// `client_names`.
    var allowedNames: [ClientNamePattern] { self.configuration.clientNames }

    /// Puts TLS in front of everything that a client's channel has and will have. On its event loop.
    ///
    /// - Parameter site: the listener's.
    func addHandlers(to channel: any Channel, of site: ListenerSite, log: RefusalLog, audit: AuditLog?) throws {
        let context = self.credentials.withLock { $0.context }
        let transport = NIOSSLServerHandler(context: context)
        try channel.pipeline.syncOperations.addHandlers(
            transport,
            TLSConnectionHandler(transport, of: self, logger: site.logger, log: log, audit: audit),
            position: .first
        )
    }

    // MARK: Reading again

    /// Looks whether a file has changed, and then reads all of them. Blocks; to be called about once a second.
    func readIfChanged(_ logger: Logger) {
        self.watch.withLock { watch in
            let stamps = self.configuration.files.map { FileStamp(path: $0) }
            if watch.look(stamps) { self.read(stamps, &watch, .change, logger) }
        }
    }

    /// Reads the files, changed or not. Blocks.
    func readAgain(_ logger: Logger) {
        self.watch.withLock { watch in
            self.read(self.configuration.files.map { FileStamp(path: $0) }, &watch, .hangup, logger)
        }
    }

    /// What is no good is logged, and what was good before stays in use.
    private func read(
        _ stamps: [FileStamp],
        _ watch: inout FileWatch<[FileStamp]>,
        _ occasion: Occasion,
        _ logger: Logger
    ) {
        watch.wasRead(stamps)
        do throws(ConfigurationError) {
            try self.refuseStreams(stamps)
            let credentials = try Self.read(self.configuration)
            self.credentials.withLock { $0 = credentials }
            logger.notice(
                "read the files of [listen.tls] again; new connections use them",
                metadata: [
                    LogKey.cause: "\(occasion.rawValue)",
                    LogKey.files: "\(self.configuration.files.joined(separator: ", "))",
                    LogKey.notAfter: "\(CertificatePeriod.text(credentials.period.notAfter))",
                ]
            )
        } catch {
            logger.error(
                "cannot use the files of [listen.tls] as they are now and goes on with the old ones",
                metadata: [LogKey.cause: "\(occasion.rawValue)", LogKey.error: "\(error)"]
            )
        }
    }

    /// - Throws: if one of the files is something that gives what it holds once, or may never end.
    private func refuseStreams(_ stamps: [FileStamp]) throws(ConfigurationError) {
        let problems = zip(self.configuration.files, stamps).filter { $0.1.isStream }.map { path, _ in
            ConfigurationError.Problem(place: Place(file: path), message: "is no file that can be read a second time")
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    private static func read(_ configuration: ListenTLS) throws(ConfigurationError) -> Credentials {
        var reader = PEMReader()
        let chain = reader.certificates(configuration.certificate, of: "certificate")
        let key = reader.key(configuration.key, of: "key")
        let authorities = configuration.clientCA.map { reader.certificates($0, of: "client_ca") }
        guard reader.problems.isEmpty, let leaf = chain.first, let key else {
            throw ConfigurationError(problems: reader.problems)
        }
        do {
            return Credentials(
                context: try NIOSSLContext(
                    configuration: TLSConfiguration(configuration, chain: chain, key: key, authorities: authorities)
                ),
                period: CertificatePeriod(notBefore: Int64(leaf.notValidBefore), notAfter: Int64(leaf.notValidAfter))
            )
        } catch NIOSSLError.failedToLoadPrivateKey {
            reader.report(
                "is not the key of the first certificate in \(configuration.certificate)",
                configuration.key,
                of: "key"
            )
        } catch {
            // The library's own words name types and lines of its source.
            reader.report("is of a kind that TLS has no use for", configuration.certificate, of: "certificate")
        }
        throw ConfigurationError(problems: reader.problems)
    }

    /// Reads PEM files one after the other and gathers what is wrong with them.
    private struct PEMReader {
        var problems: [ConfigurationError.Problem] = []

        mutating func certificates(_ path: String, of key: String) -> [NIOSSLCertificate] {
            guard let bytes = self.bytes(path, of: key) else { return [] }
            let certificates = (try? NIOSSLCertificate.fromPEMBytes(bytes)) ?? []
            if certificates.isEmpty { self.report("holds no certificate in PEM form", path, of: key) }
            return certificates
        }

        mutating func key(_ path: String, of key: String) -> NIOSSLPrivateKey? {
            guard let bytes = self.bytes(path, of: key) else { return nil }
            if let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) { return key }
            let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
            self.report(
                isEncrypted
                    ? "is encrypted, and there is nobody to ask for its passphrase"
                    : "holds no private key in PEM form",
                path,
                of: key
            )
            return nil
        }

        private mutating func bytes(_ path: String, of key: String) -> [UInt8]? {
            do throws(FileError) {
                return try FileContents.read(path: path, atMost: ListenerTLS.largestFile)
            } catch {
                self.report("cannot be read: \(error.reason)", path, of: key)
                return nil
            }
        }

        mutating func report(_ what: String, _ path: String, of key: String) {
            self.problems.append(.init(place: Place(file: path), message: "`\(key)` of [listen.tls] \(what)"))
        }
    }
}

extension ListenTLS {
    /// The files that belong together.
    fileprivate var files: [String] { [self.certificate, self.key] + (self.clientCA.map { [$0] } ?? []) }
}

extension TLSConfiguration {
    /// For TLS 1.2: forward secrecy and authenticated encryption, nothing else (RFC 9325 §4.2). TLS 1.3 has no other.
    private static let ciphers: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    fileprivate init(
        _ configuration: ListenTLS,
        chain: [NIOSSLCertificate],
        key: NIOSSLPrivateKey,
        authorities: [NIOSSLCertificate]?
    ) {
        self = .makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        self.minimumTLSVersion = configuration.minimumVersion == .v1_3 ? .tlsv13 : .tlsv12
        self.cipherSuiteValues = Self.ciphers
        self.applicationProtocols = ["http/1.1"]
        // Nobody waits for a client's part of the farewell (see TLSConnectionHandler); this only ends a timer.
        self.shutdownTimeout = .milliseconds(100)
        guard let authorities else { return }
        // Required and verified; a client has no host name to be compared with.
        self.certificateVerification = .noHostnameVerification
        self.trustRoots = .certificates(authorities)
        // A client that has several certificates chooses by these.
        self.sendCANameList = true
    }
}
