// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import BridgeConfig
internal import BridgeCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// What came of a look for new keys.
enum KeyLoad: Sendable {
    /// - maxAge: how long they are good, as the issuer says, nanoseconds.
    case keys(VerificationKeys, maxAge: Int64?)
    /// The keys at hand are the newest.
    case unchanged
    /// In words, for the log.
    case failed(String)
}

/// Where the keys of an issuer come from.
protocol KeyLoader: Sendable {
    var policy: KeyCache.Policy { get }
    /// For the log: no path, no query.
    var name: String { get }

    /// Looks for new keys; never fails. One call at a time.
    func load(on eventLoop: any EventLoop) -> EventLoopFuture<KeyLoad>

    /// To be called when no load is under way.
    func shutdown() async
}

/// Keys behind a URL.
///
/// A client of its own, for one request in a quarter of an hour: no connection is kept, and nothing that servers behind
/// URLs do holds it up.
struct KeyURLLoader: KeyLoader {
    let policy: KeyCache.Policy
    private let timeout: TimeAmount
    private let url: HTTPURL
    private let tls: TLSConfiguration?
    private let client: HTTPClient

    /// - Parameter timeout: for a look, from the resolving of the name to the last byte; handshakes wait for it.
    init(
        _ url: HTTPURL,
        tls: TLSConfiguration?,
        policy: KeyCache.Policy = .url,
        timeout: TimeAmount = .seconds(5),
        group: any EventLoopGroup
    ) {
        self.url = url
        self.timeout = timeout
        self.tls = tls
        self.policy = policy
        var configuration = HTTPClient.Configuration(
            // A redirect would let whoever answers there say whose keys are good.
            redirectConfiguration: .disallow,
            timeout: .init(connect: timeout),
            connectionPool: .init(idleTimeout: .seconds(1))
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.tracing.tracer = nil
        self.client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    var name: String { self.url.origin }

    func load(on eventLoop: any EventLoop) -> EventLoopFuture<KeyLoad> {
        let request: HTTPClient.Request
        do {
            request = try HTTPClient.Request(
                url: self.url.description,
                headers: ["Accept": "application/jwk-set+json, application/json", "User-Agent": "mcp-wsbridge"],
                tlsConfiguration: self.tls
            )
        } catch {
            return eventLoop.makeSucceededFuture(.failed("the URL cannot be dialled"))
        }
        let task = self.client.execute(
            request: request,
            delegate: ResponseAccumulator(request: request, maxBodySize: JSONWebKeySet.maxLength),
            eventLoop: .delegateAndChannel(on: eventLoop),
            deadline: .now() + self.timeout
        )
        return task.futureResult.map { Self.read($0) }.recover { .failed(Self.words($0)) }
    }

    private static func read(_ response: HTTPClient.Response) -> KeyLoad {
        guard response.status == .ok else {
            let hint = response.headers.contains(name: "location") ? ", a redirect, which is not followed" : ""
            return .failed("it answered with HTTP status \(response.status.code)\(hint)")
        }
        do throws(JSONWebKeySet.Fault) {
            let keys = try VerificationKeys(response.body.map { Array($0.readableBytesView) } ?? [])
            return .keys(keys, maxAge: CacheControl.maxAge(response.headers["cache-control"]))
        } catch {
            return .failed("what it answered \(error.explanation)")
        }
    }

    private static func words(_ error: any Error) -> String {
        if error is ResponseAccumulator.ResponseTooBigError {
            return "its answer \(JSONWebKeySet.Fault.tooLong.explanation)"
        }
        return UpstreamFault.words(error)
    }

    func shutdown() async { try? await self.client.shutdown() }
}

/// Keys in a file, read again when it changes.
final class KeyFileLoader: KeyLoader {
    let policy = KeyCache.Policy.file
    private let path: String
    // Invariant: the stamp of the file as it was before its contents were read last.
    private let stamp: Mutex<FileStamp>
    /// The keys that the file held at first.
    let first: VerificationKeys

    /// Reads the file for the first time. Blocks; not for an event loop.
    ///
    /// - Throws: what is wrong with it.
    init(path: String) throws(KeyFileError) {
        self.path = path
        self.stamp = Mutex(FileStamp(path: path))
        self.first = try Self.read(path)
    }

    var name: String { self.path }

    private static func read(_ path: String) throws(KeyFileError) -> VerificationKeys {
        let text: [UInt8]
        do throws(FileError) {
            text = try FileContents.read(path: path, atMost: JSONWebKeySet.maxLength)
        } catch {
            throw KeyFileError(reason: "cannot be read: \(error.reason)")
        }
        do throws(JSONWebKeySet.Fault) {
            return try VerificationKeys(text)
        } catch {
            throw KeyFileError(reason: error.explanation)
        }
    }

    func load(on eventLoop: any EventLoop) -> EventLoopFuture<KeyLoad> {
        NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { self.reload() }
            .recover { _ in .failed("the threads for files have been stopped") }
    }

    private func reload() -> KeyLoad {
        let stamp = FileStamp(path: self.path)
        let isChanged = self.stamp.withLock { last in
            defer { last = stamp }
            return last != stamp
        }
        // A file that is no good is complained about once.
        guard isChanged else { return .unchanged }
        guard !stamp.isStream else { return .failed("the file has become something else") }
        do throws(KeyFileError) {
            return .keys(try Self.read(self.path), maxAge: nil)
        } catch {
            return .failed("the file \(error.reason)")
        }
    }

    func shutdown() async {}
}

/// Why the keys in a file cannot be used, to follow the name of the file.
struct KeyFileError: Error {
    let reason: String
}
