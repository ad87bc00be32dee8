// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeConfig
import BridgeCore
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Bridge

/// Keys from an issuer that rotates them, goes away, is slow or hostile, and from a file that changes.
@Suite struct KeySourceTests {
    private static let second: Int64 = 1_000_000_000

    /// A verifier of tokens whose keys come from a server of the test's.
    private struct Rig {
        let issuer: TokenIssuer
        let server: KeyServer
        let verifier: JWTVerifier
        let log = LogLines()

        /// - Parameter policy: nil stands for one that fetches only when it is asked to.
        init(
            _ behaviour: KeyServer.Behaviour? = nil,
            policy: KeyCache.Policy? = nil,
            timeout: TimeAmount = .seconds(5)
        ) async throws {
            self.issuer = try TokenIssuer()
            let group = MultiThreadedEventLoopGroup.singleton
            let keys = TokenIssuer.set(self.issuer.p256JWK())
            self.server = try await KeyServer.start(behaviour ?? .answer(keys), on: group)
            let url = try #require(HTTPURL("http://127.0.0.1:\(self.server.port)/keys?secret=canary"))
            self.verifier = try JWTVerifier(self.issuer.configuration(.url(url)))
            self.verifier.start(
                on: group.next(),
                policy: policy ?? .lazy(pause: 0),
                timeout: timeout,
                logger: self.log.logger
            )
        }

        func verify(_ token: String, now: Int64 = 1000) throws -> CredentialVerdict {
            self.verifier.verify(try #require(BearerToken(token)), now: now)
        }

        func fetch() async { await self.verifier.fetched() }

        /// As a handshake does it: asks, fetches where it is told to, and asks once more.
        func judge(_ token: String) async throws -> CredentialVerdict {
            let verdict = try self.verify(token)
            guard verdict == .undecided else { return verdict }
            await self.fetch()
            return try self.verify(token)
        }

        func end() async {
            await self.verifier.shutdown()
            await self.server.close()
        }
    }

    @Test("R8: the keys are fetched at the start, and a token of the issuer gets in")
    func first() async throws {
        let rig = try await Rig(policy: .lazy(pause: 3600 * Self.second))
        let verdict = try await rig.judge(rig.issuer.token(.es256))
        let principal = Principal(kind: .jwt, name: "alice", servers: nil, expiry: 1660)
        #expect(verdict == .valid(principal, claims: Claims()))
        #expect(try rig.verify(rig.issuer.token(.es256), now: 1660) == .invalid(.expired))
        #expect(try rig.verify(TokenIssuer().token(.es256)) == .invalid(.badSignature))
        #expect(try rig.verify("static-token") == .notMine)
        #expect(try rig.verify("a.b") == .notMine)
        #expect(try rig.verify("a.b.c") == .invalid(.malformed))
        #expect(rig.server.requests == 1)
        await rig.end()
        #expect(!rig.log.text.contains("canary"), "the query of a URL may be a secret")
    }

    @Test("R8: a rotated key is fetched when the first token of it comes, and the old one is good no longer")
    func rotation() async throws {
        let rig = try await Rig()
        let old = try rig.issuer.token(.es256)
        let next = try TokenIssuer()
        let new = try next.token(.es256, header: #"{"alg":"ES256","kid":"next"}"#)
        _ = try await rig.judge(old)
        rig.server.now(.answer(TokenIssuer.set(next.p256JWK(kid: "next"))))
        #expect(try rig.verify(old).isValid)
        #expect(try rig.verify(new) == .undecided)
        #expect(try await rig.judge(new).isValid)
        #expect(try await !rig.judge(old).isValid)
        await rig.end()
    }

    @Test("R8: unknown keys are asked for once in a while, however many tokens name them")
    func rateLimit() async throws {
        let rig = try await Rig(policy: .lazy(pause: 3600 * Self.second))
        await rig.fetch()
        let strange = try rig.issuer.token(.es256, header: #"{"alg":"ES256","kid":"strange"}"#)
        for _ in 0..<100 {
            #expect(try await rig.judge(strange) == .invalid(.unknownKey))
            await rig.fetch()
        }
        #expect(rig.server.requests == 1)
        await rig.end()
    }

    @Test("R8: all who wait for keys wait for one fetch, and other tokens are verified meanwhile")
    func sharedFetch() async throws {
        let rig = try await Rig()
        let known = try rig.issuer.token(.es256)
        let strange = try rig.issuer.token(.es256, header: #"{"alg":"ES256","kid":"strange"}"#)
        _ = try await rig.judge(known)
        let before = rig.server.requests
        rig.server.hold()
        #expect(try rig.verify(strange) == .undecided)
        let told = Tally()
        for _ in 0..<50 {
            told.add()
            rig.verifier.fetch { told.remove() }
        }
        try await rig.server.whenRequests(before + 1, on: MultiThreadedEventLoopGroup.singleton.next()).get()
        #expect(try rig.verify(known).isValid, "nobody waits whose key is known")
        #expect(told.count == 50)
        rig.server.release()
        await withCheckedContinuation { continuation in told.onEmpty { continuation.resume() } }
        #expect(rig.server.requests == before + 1)
        await rig.end()
    }

    @Test("R8: keys are fetched anew in time, without anybody asking")
    func refreshed() async throws {
        var policy = KeyCache.Policy.lazy(pause: 0)
        policy.lifetime = 5_000_000
        policy.lifetimes = 1_000_000...5_000_000
        let rig = try await Rig(policy: policy)
        try await rig.server.whenRequests(4, on: MultiThreadedEventLoopGroup.singleton.next()).get()
        await rig.end()
    }

    @Test("R8: the issuer says how long its keys are good")
    func maxAge() async throws {
        var policy = KeyCache.Policy.lazy(pause: 0)
        policy.lifetimes = 1_000_000...3600 * Self.second
        let rig = try await Rig(.status(500), policy: policy)
        let keys = TokenIssuer.set(rig.issuer.p256JWK())
        rig.server.now(.answer(keys, headers: [("Cache-Control", "public, max-age=0")]))
        try await rig.server.whenRequests(4, on: MultiThreadedEventLoopGroup.singleton.next()).get()
        await rig.end()
    }

    static let outages: [KeyServer.Behaviour] = [
        .status(500), .status(404), .status(302, headers: [("Location", "/elsewhere")]),
        .status(301, headers: [("Location", "http://127.0.0.1:1/keys")]), .silence, .headOnly, .garbage,
        .endless(announced: true), .endless(announced: false), .answer([]), .answer(Array("<html>".utf8)),
        .answer(Array(#"{"keys":[]}"#.utf8)),
    ]

    @Test("R8: whatever the issuer answers instead of keys, the old ones stay good", arguments: Self.outages)
    func outage(_ behaviour: KeyServer.Behaviour) async throws {
        let rig = try await Rig(policy: .lazy(pause: 3600 * Self.second), timeout: .milliseconds(500))
        let token = try rig.issuer.token(.es256)
        #expect(try await rig.judge(token).isValid)
        let before = rig.server.requests
        rig.server.now(behaviour)
        await rig.verifier.reloaded()
        while !rig.log.text.contains("goes on with the old ones") { await Task.yield() }
        #expect(rig.server.requests == before + 1, "no redirect is followed")
        #expect(try rig.verify(token).isValid)
        // What had gone into the buffers of both kernels before the bridge closed.
        #expect(rig.server.sent < 64 << 20)
        await rig.end()
    }

    @Test("R8: an issuer that is gone leaves the old keys good; without any, clients are told to come again")
    func gone() async throws {
        let rig = try await Rig()
        let token = try rig.issuer.token(.es256)
        #expect(try await rig.judge(token).isValid)
        await rig.server.close()
        await rig.fetch()
        #expect(try rig.verify(token).isValid)
        await rig.verifier.shutdown()

        let url = try #require(HTTPURL("http://127.0.0.1:\(rig.server.port)/keys"))
        let other = try JWTVerifier(rig.issuer.configuration(.url(url)))
        let bearer = try #require(BearerToken(token))
        #expect(other.verify(bearer, now: 1000) == .unavailable(retryAfter: 1), "not started yet")
        var policy = KeyCache.Policy.lazy(pause: 0)
        policy.pauseWithoutKeys = 3600 * Self.second
        let log = LogLines()
        other.start(on: MultiThreadedEventLoopGroup.singleton.next(), policy: policy, logger: log.logger)
        await other.fetched()
        guard case .unavailable(let seconds) = other.verify(bearer, now: 1000) else {
            Issue.record("a token was judged without keys")
            return
        }
        #expect((3590...3601).contains(seconds))
        #expect(log.text.contains("no signed token can be verified"))
        await other.shutdown()
    }

    @Test("R8: who waits for keys is told when the daemon stops")
    func shutdownTells() async throws {
        let rig = try await Rig(.silence)
        async let told: Void = rig.fetch()
        try await rig.server.whenRequests(1, on: MultiThreadedEventLoopGroup.singleton.next()).get()
        while rig.verifier.waiting < 1 { await Task.yield() }
        await rig.verifier.shutdown()
        await told
        // On a machine that is busy the first fetch may have been given up, and others begun.
        let before = rig.server.requests
        await rig.fetch()
        #expect(rig.server.requests == before, "nothing is fetched after the end")
        await rig.server.close()
    }

    // MARK: Files

    private func withFile(_ contents: [UInt8], _ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("jwks-\(UUID().uuidString).json").path
        try Data(contents).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test("R8: keys come from a file, which is read again when it changes; a bad one leaves the old keys good")
    func file() async throws {
        let issuer = try TokenIssuer()
        let next = try TokenIssuer()
        try await self.withFile(TokenIssuer.set(issuer.p256JWK())) { path in
            let log = LogLines()
            let verifier = try JWTVerifier(issuer.configuration(.file(path: path)))
            verifier.start(on: MultiThreadedEventLoopGroup.singleton.next(), logger: log.logger)
            let old = try #require(BearerToken(try issuer.token(.es256)))
            let new = try #require(BearerToken(try next.token(.es256)))
            func judge(_ token: BearerToken) async -> CredentialVerdict {
                await verifier.reloaded()
                var verdict = verifier.verify(token, now: 1000)
                // On a machine that is busy a second may have passed.
                while verdict == .undecided {
                    await verifier.fetched()
                    verdict = verifier.verify(token, now: 1000)
                }
                return verdict
            }
            #expect(await judge(old).isValid)
            #expect(await judge(new) == .invalid(.badSignature))

            try Data("{".utf8).write(to: URL(fileURLWithPath: path))
            #expect(await judge(old).isValid)
            #expect(log.text.contains("goes on with the old ones"))
            let complaints = log.count
            #expect(await judge(old).isValid)
            #expect(log.count == complaints, "it is complained about once")
            try FileManager.default.removeItem(atPath: path)
            #expect(await judge(old).isValid)

            // As it is replaced by renaming.
            try Data(TokenIssuer.set(next.p256JWK())).write(to: URL(fileURLWithPath: path), options: .atomic)
            #expect(await judge(new).isValid)
            #expect(await judge(old) == .invalid(.badSignature))
            await verifier.shutdown()
        }
    }

    @Test("R8: a file of keys that cannot be used is an error at the start, with its place")
    func badFile() async throws {
        let issuer = try TokenIssuer()
        func problem(_ path: String) -> String {
            do throws(ConfigurationError) {
                _ = try JWTVerifier(issuer.configuration(.file(path: path)))
                return ""
            } catch {
                return error.description
            }
        }
        #expect(
            problem("/nowhere/jwks.json")
                == "b.toml:7:1: `jwks`: the file /nowhere/jwks.json cannot be read: no such file"
        )
        try await self.withFile(Array("{}".utf8)) { path in
            #expect(problem(path).hasSuffix("is no JSON object with an array `keys`"))
        }
        try await self.withFile([UInt8](repeating: 0x20, count: JSONWebKeySet.maxLength + 1)) { path in
            #expect(problem(path).hasSuffix("cannot be read: larger than 256KiB"))
        }
        try await self.withFile(Array(#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.utf8)) { path in
            #expect(problem(path).contains("has no key that can be used"))
        }
    }
}

extension KeyServer.Behaviour: CustomTestStringConvertible {
    var testDescription: String { String("\(self)".prefix(60)) }
}

extension KeyServer {
    /// Binding blocks: not on a thread of the tests' tasks.
    static func start(_ behaviour: Behaviour, on group: any EventLoopGroup) async throws -> KeyServer {
        try await NIOThreadPool.singleton.runIfActive { try KeyServer(behaviour, on: group) }
    }
}

extension TokenIssuer {
    func configuration(_ source: JWTAuthentication.KeySource) -> JWTAuthentication {
        let place = Place(file: "b.toml", line: 7, column: 1)
        var configuration = JWTAuthentication(issuer: self.name, audience: [self.audience], jwks: source, place: place)
        configuration.algorithms = JWTAlgorithm.allCases
        return configuration
    }
}

extension JWTVerifier {
    /// ``fetch(_:)`` as a handshake waits for it.
    fileprivate func fetched() async {
        await withCheckedContinuation { continuation in self.fetch { continuation.resume() } }
    }

    /// ``reload()``, and what comes of it.
    fileprivate func reloaded() async {
        self.reload()
        // Joins the look that is under way.
        await self.fetched()
    }
}

extension CredentialVerdict {
    fileprivate var isValid: Bool {
        if case .valid = self { true } else { false }
    }
}

extension KeyCache.Policy {
    /// Nothing is fetched by the clock.
    fileprivate static func lazy(pause: Int64) -> Self {
        var policy = Self.url
        policy.pause = pause
        policy.pauseWithoutKeys = 0
        return policy
    }
}

/// What was logged.
private final class LogLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.lines.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }

    private let lines = Mutex<[String]>([])

    var text: String { self.lines.withLock { $0.joined(separator: "\n") } }
    var count: Int { self.lines.withLock { $0.count } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }
}
