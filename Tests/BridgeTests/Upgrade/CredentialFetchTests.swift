// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Bridge
@testable import BridgeConfig

/// Handshakes whose credential takes a fetch to be verified, and what becomes of a principal that expires.
@Suite(.timeLimit(.minutes(1))) struct CredentialFetchTests {
    /// Has no keys at first, and is given some when the test says so.
    private final class Issuer: CredentialVerifier {
        private struct State {
            var verdict = CredentialVerdict.undecided
            var waiting: [@Sendable () -> Void] = []
        }

        private let state = Mutex(State())
        /// A handshake waits.
        let asked = Arrival<Bool>()

        func verify(_ token: BearerToken, now: Int64) -> CredentialVerdict { self.state.withLock { $0.verdict } }

        func fetch(_ done: @escaping @Sendable () -> Void) {
            self.state.withLock { $0.waiting.append(done) }
            self.asked.arrive(true)
        }

        /// Ends the fetch, on the calling thread.
        func fetched(_ verdict: CredentialVerdict) {
            let waiting = self.state.withLock { state in
                state.verdict = verdict
                defer { state.waiting = [] }
                return state.waiting
            }
            for done in waiting { done() }
        }
    }

    /// What came from the bridge.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var bytes: [UInt8] = []
        let head = Arrival<String>()
        let all = Arrival<String>()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.bytes += Array(buffer: self.unwrapInboundIn(data))
            let text = String(decoding: self.bytes, as: Unicode.ASCII.self)
            if text.contains("\r\n\r\n"), !self.head.hasArrived { self.head.arrive(text) }
            // The bridge would wait for the answer to its close frame.
            if text.contains("credential expired") { context.close(promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.all.arrive(String(decoding: self.bytes, as: Unicode.ASCII.self))
        }
    }

    private struct Client {
        let channel: any Channel
        let head: Arrival<String>
        let all: Arrival<String>

        func send(_ bytes: [UInt8]) async throws { try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    }

    /// A listener on one event loop: `/guarded` never answers a request, `/open` is open.
    private struct Rig {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let issuer = Issuer()
        let supervisor: ChildSupervisor
        let admission: Admission
        let upstreams: UpstreamClient
        let listener: Listener

        init() async throws {
            let text = """
                [listen]
                address = "127.0.0.1:0"
                [[auth.tokens]]
                name = "unused"
                token = { env = "UNUSED" }
                [servers.guarded]
                command = ["/bin/sleep", "60"]
                stop = { stdin_grace = "0s", term_grace = "1s" }
                [servers.open]
                builtin = "echo"
                auth = "none"
                """
            let configuration = try Configuration.parse(Array(text.utf8), file: "test.toml")
            self.supervisor = try ChildSupervisor(adoptsOrphans: false)
            self.admission = Admission(configuration)
            let servers = configuration.servers.enumerated().map { index, server in
                let environment = ResolvedEnvironment(variables: [], secrets: [])
                return ServedServer(index: index, configuration: server, environment: environment)
            }
            self.upstreams = UpstreamClient(servers, group: self.group)
            let site = Site(
                admission: self.admission,
                supervisor: self.supervisor,
                client: self.upstreams,
                conversations: Tally(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                metrics: BridgeMetrics(MetricsRegistry())
            )
            let served = ServedConfiguration(
                configuration,
                listeners: try ServedListener.all(of: configuration),
                servers: servers,
                authentication: Authentication([self.issuer])
            )
            let found = NewClients(served, maxHandshakes: 1024, site.logger)
            self.listener = try await Listener.bind(
                served.listeners[0],
                key: configuration.listenerKeys[0],
                limits: Limits(),
                group: self.group,
                workers: try await Workers(self.group, site: site, found)
            )
            try await self.listener.accept()
        }

        /// Begins a handshake, with bytes behind it.
        func connect(_ path: String, saying bytes: [UInt8] = []) async throws -> Client {
            let port = try #require(self.listener.port)
            let (channel, head, all) = try await ClientBootstrap(group: self.group)
                .connect(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let collector = Collector()
                        try channel.pipeline.syncOperations.addHandler(collector)
                        return (channel, collector.head, collector.all)
                    }
                }
            let client = Client(channel: channel, head: head, all: all)
            let lines = [
                "GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                "Authorization: Bearer x.y.z", "", "",
            ]
            try await client.send(Array(lines.joined(separator: "\r\n").utf8) + bytes)
            return client
        }

        func shutdown() async throws {
            await self.listener.close()
            self.admission.startDraining()
            await self.admission.whenEmpty()
            await self.upstreams.shutdown()
            self.supervisor.killAll()
            self.supervisor.shutdown()
            try await self.group.shutdownGracefully()
        }
    }

    private func principal(_ expiry: Int64? = nil) -> CredentialVerdict {
        .valid(Principal(kind: .jwt, name: "alice", expiry: expiry), claims: Claims())
    }

    @Test("R8: a handshake waits for the keys of the issuer without holding up its event loop")
    func waits() async throws {
        let rig = try await Rig()
        let waiting = try await rig.connect("/guarded")
        _ = await rig.issuer.asked.value
        // The same event loop serves others meanwhile.
        let other = try await rig.connect("/open")
        #expect(await other.head.value.hasPrefix("HTTP/1.1 101 "))
        #expect(!waiting.head.hasArrived)
        rig.issuer.fetched(principal())
        #expect(await waiting.head.value.hasPrefix("HTTP/1.1 101 "))
        for client in [waiting, other] { try await client.channel.close() }
        try await rig.shutdown()
    }

    @Test(
        "R3, R8: what the fetch brings decides, and if it brings nothing the client is to come again",
        arguments: [
            (CredentialVerdict.invalid(.unknownKey), "401"), (.undecided, "503"), (.unavailable(retryAfter: 9), "503"),
            (.notMine, "401"), (.valid(Principal(kind: .jwt, name: "a", servers: []), claims: Claims()), "403"),
        ]
    )
    func refuses(_ verdict: CredentialVerdict, _ status: String) async throws {
        let rig = try await Rig()
        let client = try await rig.connect("/guarded")
        _ = await rig.issuer.asked.value
        rig.issuer.fetched(verdict)
        let answer = await client.all.value
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("Retry-After: ") == (status == "503"))
        #expect(rig.admission.connections == 0)
        try await rig.shutdown()
    }

    @Test("R7, R8: a client that leaves before the keys are there costs nothing")
    func leaves() async throws {
        let rig = try await Rig()
        let client = try await rig.connect("/guarded")
        _ = await rig.issuer.asked.value
        try await client.channel.close()
        // Whoever is served after that has come after the end was seen.
        let other = try await rig.connect("/open")
        _ = await other.head.value
        rig.issuer.fetched(principal())
        try await other.channel.close()
        try await rig.shutdown()
        #expect(rig.supervisor.liveCount == 0)
    }

    @Test("R9: when a credential expires, requests in flight are answered and the connection ends with 1001")
    func expires() async throws {
        let rig = try await Rig()
        // All is said before the clock of the credential runs, however slow the machine.
        let request = Array(#"{"jsonrpc":"2.0","id":"seven","method":"tools/list"}"#.utf8)
        let client = try await rig.connect(
            "/guarded",
            saying: [0x81, 0x80 | UInt8(request.count), 0, 0, 0, 0] + request
        )
        _ = await rig.issuer.asked.value
        rig.issuer.fetched(principal(Int64(time(nil)) + 2))
        #expect(await client.head.value.hasPrefix("HTTP/1.1 101 "))
        let text = await client.all.value
        let answer = try #require(text.firstRange(of: #""id":"seven""#))
        #expect(text.contains(#""cause":"credential_expired""#))
        // The close frame: its length, 1001 and the reason. Bytes that are no ASCII were replaced.
        let close = try #require(text.firstRange(of: "\u{3}\u{FFFD}credential expired"))
        #expect(answer.lowerBound < close.lowerBound)
        try await rig.shutdown()
    }
}
