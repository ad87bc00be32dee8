// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Dispatch
import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Bridge
@testable import BridgeConfig

/// Listeners that begin together (R11).
@Suite(.timeLimit(.minutes(1))) struct ListenersTests {
    /// What it takes to listen: event loops, one server inside the bridge.
    private struct Rig {
        let group: MultiThreadedEventLoopGroup
        let served: ServedConfiguration
        let supervisor: ChildSupervisor
        let admission: Admission
        let client: UpstreamClient
        let workers: Workers

        init(loops: Int = 1) async throws {
            self.group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
            self.served = try Self.served([Self.anyPort])
            self.supervisor = try ChildSupervisor(adoptsOrphans: false)
            self.admission = Admission(self.served.configuration)
            self.client = UpstreamClient(self.served.servers, group: self.group)
            let site = Site(
                admission: self.admission,
                supervisor: self.supervisor,
                client: self.client,
                conversations: Tally(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                metrics: BridgeMetrics(MetricsRegistry())
            )
            self.workers = try await Workers(
                self.group,
                site: site,
                NewClients(self.served, maxHandshakes: 1024, site.logger)
            )
        }

        static let anyPort = ListenAddress.tcp(host: "127.0.0.1", port: 0)

        static func served(_ addresses: [ListenAddress]) throws -> ServedConfiguration {
            var configuration = try Configuration.parse(
                Array("[servers.a]\nbuiltin = \"echo\"".utf8),
                file: "test.toml"
            )
            configuration.listeners = addresses.map { address in
                var listen = Listen()
                listen.address = address
                return listen
            }
            let servers = configuration.servers.enumerated().map { index, server in
                let environment = ResolvedEnvironment(variables: [], secrets: [])
                return ServedServer(index: index, configuration: server, environment: environment)
            }
            return ServedConfiguration(
                configuration,
                listeners: try ServedListener.all(of: configuration),
                servers: servers,
                authentication: nil
            )
        }

        func bind(_ address: ListenAddress) async throws -> Listener {
            var listen = Listen()
            listen.address = address
            return try await Listener.bind(
                try ServedListener(listen),
                key: ListenerKey(Self.anyPort),
                limits: Limits(),
                group: self.group,
                workers: self.workers
            )
        }

        func shutdown() async throws {
            await self.client.shutdown()
            self.supervisor.shutdown()
            try await self.group.shutdownGracefully()
        }
    }

    /// A client that has sent its handshake.
    private func connect(port: Int) throws -> CInt {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        try #require(address.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) } == 0)
        let lines = [
            "GET /a HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", "",
        ]
        let bytes = Array(lines.joined(separator: "\r\n").utf8)
        try #require(send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
        return descriptor
    }

    @Test("R11: who connects before all addresses are bound is let in by nobody until they are")
    func waits() async throws {
        let rig = try await Rig()
        let open = try await rig.bind(.tcp(host: "127.0.0.1", port: 0))
        try await open.accept()
        let waiting = try await rig.bind(.tcp(host: "127.0.0.1", port: 0))
        let early = try connect(port: try #require(waiting.port))
        let client = try connect(port: try #require(open.port))
        defer { for descriptor in [early, client] { close(descriptor) } }
        // By the time that this one has its answer, the one event loop would have seen the other.
        var answer = [UInt8](repeating: 0, count: 12)
        #expect(recv(client, &answer, answer.count, 0) == 12)
        #expect(String(decoding: answer, as: UTF8.self) == "HTTP/1.1 101")
        #expect(rig.admission.connections == 1)
        await waiting.close()
        // Reset: there never was anybody at the other end.
        #expect(recv(early, &answer, answer.count, 0) <= 0)

        let late = try await rig.bind(.tcp(host: "127.0.0.1", port: 0))
        let patient = try connect(port: try #require(late.port))
        try await late.accept()
        #expect(recv(patient, &answer, answer.count, 0) == 12)
        shutdown(client, CInt(SHUT_RDWR))
        close(patient)
        for listener in [open, late] { await listener.close() }
        rig.admission.startDraining()
        await rig.admission.whenEmpty()
        try await rig.shutdown()
    }

    @Test(
        "R44: who has been accepted is served, though the listener is closed before an event loop takes the client up"
    )
    func acceptedBeforeTheEnd() async throws {
        let rig = try await Rig(loops: 2)
        let listener = try await rig.bind(.tcp(host: "127.0.0.1", port: 0))
        try await listener.accept()
        let own = listener.channel.eventLoop
        let other = try #require(rig.group.makeIterator().first { $0 !== own })
        let (isHeld, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        other.execute {
            isHeld.signal()
            mayGoOn.wait()
        }
        isHeld.wait()
        let port = try #require(listener.port)
        // Loops take turns, so that the second or the third is answered, and the one before it waits for the other loop.
        let clients = [try connect(port: port), try connect(port: port), try connect(port: port)]
        defer { for descriptor in clients { close(descriptor) } }
        var answered = clients.dropFirst().map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        try #require(poll(&answered, 2, 20_000) > 0)
        let waiting = answered[0].revents != 0 ? clients[0] : clients[1]
        let closing = Task { await listener.close() }
        for _ in 0..<10 { try await own.submit {}.get() }
        mayGoOn.signal()
        await closing.value
        var answer = [UInt8](repeating: 0, count: 12)
        #expect(recv(waiting, &answer, answer.count, 0) == 12)
        #expect(String(decoding: answer, as: UTF8.self) == "HTTP/1.1 101")
        for client in clients { shutdown(client, CInt(SHUT_RDWR)) }
        rig.admission.startDraining()
        await rig.admission.whenEmpty()
        try await rig.shutdown()
    }

    @Test(
        "R11: an address that another listener may have taken is said to be that, where no other program has to be it",
        arguments: [
            ("[::]:80", "0.0.0.0:80", true), ("127.0.0.2:80", "127.0.0.1:80", false), ("a:80", "[::1]:80", true),
        ]
    )
    func advice(_ bound: String, _ address: String, _ isOurs: Bool) throws {
        let error = ListenError(
            address: try ListenAddress(parsing: address),
            underlying: IOError(errnoCode: EADDRINUSE, reason: "bind"),
            bound: [try ListenAddress(parsing: bound)]
        )
        #expect(error.description.contains("the listener on \(bound) has it already") == isOurs)
        #expect(error.description.contains("another program listens there") != isOurs)
    }

    @Test("R11: an address that is not to be had ends the start, names itself and frees the others")
    func inUse() async throws {
        let rig = try await Rig()
        let taken = try await rig.bind(.tcp(host: "127.0.0.1", port: 0))
        let port = try #require(taken.port)
        let first = try await rig.bind(.tcp(host: "127.0.0.1", port: 0))
        let free = try #require(first.port)
        await first.close()
        let error = await #expect(throws: ListenError.self) {
            _ = try await Listeners().bind(
                try Rig.served([.tcp(host: "127.0.0.1", port: free), .tcp(host: "127.0.0.1", port: port)]),
                group: rig.group,
                workers: rig.workers
            )
        }
        #expect(
            error?.description.hasPrefix("cannot listen on 127.0.0.1:\(port): Address already in use; another") == true
        )
        // Free again.
        let again = try await rig.bind(.tcp(host: "127.0.0.1", port: free))
        await again.close()
        await taken.close()
        try await rig.shutdown()
    }
}
