// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("What a valid configuration means")
struct ReadingTests {
    @Test("Every key of the general sections reaches the model")
    func sections() throws {
        let configuration = try parse(
            """
            [listen]
            address = "[::1]:0"
            allowed_origins = ["https://app.example", "http://localhost:3000", "chrome-extension://abc", "http://[::1]:8080"]
            allowed_hosts = ["Bridge.Example", "10.0.0.1", "[fd00::1]"]
            insecure_public = true
            event_loops = 3
            [limits]
            max_message = "1B"
            max_fragments = 1
            max_line = "2KiB"
            max_invalid = 3
            max_connections = 4
            max_children = 5
            spawn_rate = 6
            idle_timeout = "7s"
            max_connection_age = "8s"
            handshake_timeout = "9s"
            max_connections_per_principal = 14
            max_connections_per_address = 15
            max_children_per_principal = 16
            connect_rate = 17
            max_handshakes = 18
            message_rate = 19
            write_timeout = "10s"
            ping_interval = "0s"
            pong_timeout = "12s"
            queue = "13KiB"
            [drain]
            delay = "1s"
            timeout = "2m"
            [log]
            format = "text"
            level = "debug"

            """ + anyServer
        )
        #expect(configuration.listeners[0].address == .tcp(host: "::1", port: 0))
        #expect(configuration.listeners[0].allowedOrigins.count == 4)
        #expect(configuration.listeners[0].allowedHosts == ["bridge.example", "10.0.0.1", "[fd00::1]"])
        #expect(configuration.listeners[0].insecurePublic)
        #expect(configuration.eventLoops == 3)
        var limits = Limits()
        limits.maxMessage = 1
        limits.maxFragments = 1
        limits.maxLine = 2048
        limits.maxInvalid = 3
        limits.maxConnections = 4
        limits.maxChildren = 5
        limits.spawnRate = 6
        limits.idleTimeout = .seconds(7)
        limits.maxConnectionAge = .seconds(8)
        limits.handshakeTimeout = .seconds(9)
        limits.writeTimeout = .seconds(10)
        limits.pingInterval = .zero
        limits.pongTimeout = .seconds(12)
        limits.queue = 13 << 10
        limits.maxConnectionsPerPrincipal = 14
        limits.maxConnectionsPerAddress = 15
        limits.maxChildrenPerPrincipal = 16
        limits.connectRate = 17
        limits.maxHandshakes = 18
        limits.messageRate = 19
        #expect(configuration.limits == limits)
        #expect(configuration.drain.delay == .seconds(1))
        #expect(configuration.drain.timeout == .seconds(120))
        #expect(configuration.log.format == .text)
        #expect(configuration.log.level == .debug)
        #expect(configuration.servers.first?.limits == limits)
    }

    @Test("Every key of a server reaches the model")
    func server() throws {
        let configuration = try parse(
            """
            [servers."git-1_x.y"]
            command = ["git", "", "ü"]
            path = "/git/(1)"
            cwd = "/srv"
            env = { A = "", B = { file = "/f" }, "C D" = { env = "X" } }
            inherit_env = ["HTTPS_PROXY"]
            protocol = "lines"
            accept_binary = true
            stop = { stdin_grace = "0s", term_grace = "1s" }
            oversize_response = "1MB"
            expose_stderr = true
            """
        )
        let server = try #require(configuration.servers.first)
        #expect(server.name == "git-1_x.y")
        #expect(server.command == ["git", "", "ü"])
        #expect(server.path == "/git/(1)")
        #expect(server.cwd == "/srv")
        #expect(server.env.map(\.name) == ["A", "B", "C D"])
        #expect(server.env.map(\.value) == [.text(""), .file(path: "/f"), .environment(name: "X")])
        #expect(server.env.map(\.place.column) == [9, 17, 38])
        #expect(server.inheritEnv == ["HTTPS_PROXY"])
        #expect(server.protocolKind == .lines)
        #expect(server.acceptBinary)
        #expect(server.stop.stdinGrace == .zero)
        #expect(server.stop.termGrace == .seconds(1))
        #expect(server.oversizeResponse == 1_000_000)
        #expect(server.exposeStderr)
        #expect(server.place == Place(file: "b.toml", line: 1, column: 10))
    }

    @Test("R11: a server's limits replace the general ones wherever [limits] stands; its caps hold in addition")
    func overrides() throws {
        let configuration = try parse(
            """
            [servers.b.limits]
            max_message = "1KiB"
            max_children = 3
            max_connections_per_principal = 4
            message_rate = 5
            ping_interval = "0s"
            [servers.b]
            command = ["b"]
            [servers.a]
            command = ["a"]
            [limits]
            max_message = "2KiB"
            max_line = "3KiB"
            max_children = 10
            """
        )
        #expect(configuration.servers.map(\.name) == ["b", "a"])
        let (b, a) = (configuration.servers[0], configuration.servers[1])
        #expect(b.limits.maxMessage == 1024)
        #expect(b.limits.maxLine == 3072)
        #expect(b.limits.pingInterval == .zero)
        #expect(b.limits.maxChildren == 10)
        #expect(b.ownCaps.maxChildren == 3)
        #expect(b.ownCaps.maxConnections == nil)
        #expect(b.ownCaps.maxConnectionsPerPrincipal == 4)
        #expect(b.limits.maxConnectionsPerPrincipal == 0)
        #expect(b.limits.messageRate == 5)
        #expect(a.limits.messageRate == 0)
        #expect(a.limits == configuration.limits)
        #expect(a.ownCaps == OwnCaps())
    }

    @Test(
        "Sizes",
        arguments: [
            ("0B", 0), ("512B", 512), ("64KiB", 65_536), ("4MiB", 4_194_304), ("1GiB", 1_073_741_824), ("10KB", 10_000),
            ("3MB", 3_000_000), ("1GB", 1_000_000_000), ("007B", 7),
        ]
    )
    func sizes(_ text: String, _ bytes: Int) throws {
        #expect(try Size.parse(text) == bytes)
        #expect(try Size.parse(Size.text(bytes)) == bytes)
    }

    @Test(
        "Sizes that are none",
        arguments: [
            "", "4", "MiB", "-1B", "+1B", "1.5MiB", "4 MiB", "4M", "4mib", "4MiBs", "4KiB4B", "٤B",
            "99999999999999999999B",
            "9223372036854775807KiB", "0x10B",
        ]
    )
    func badSizes(_ text: String) {
        #expect(throws: BadValue.self) { try Size.parse(text) }
    }

    @Test(
        "Durations",
        arguments: [
            ("0s", .zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("1h", .seconds(3600)),
            ("1h30m", .seconds(5400)), ("1h1m1s1ms", .milliseconds(3_661_001)), ("90m", .seconds(5400)), ("0h", .zero),
        ] as [(String, Duration)]
    )
    func durations(_ text: String, _ duration: Duration) throws {
        #expect(try TimeSpan.parse(text) == duration)
        #expect(try TimeSpan.parse(TimeSpan.text(duration)) == duration)
    }

    @Test(
        "Durations that are none",
        arguments: [
            "", "0", "30", "s", "-1s", "1.5s", "1 s", "30sec", "30S", "1m1h", "1s1s", "1h30", "1d", "1us", "٣s",
            "9223372036854775807h", "99999999999999999999s",
        ]
    )
    func badDurations(_ text: String) {
        #expect(throws: BadValue.self) { try TimeSpan.parse(text) }
    }

    @Test("The shortest spelling of a value is what reports show")
    func spellings() {
        #expect(Size.text(0) == "0B")
        #expect(Size.text(1536) == "1536B")
        #expect(Size.text(4 << 20) == "4MiB")
        #expect(TimeSpan.text(.zero) == "0s")
        #expect(TimeSpan.text(.milliseconds(5_400_250)) == "1h30m250ms")
    }

    @Test("Names that are near are found, others are not")
    func nearest() {
        let keys = ["max_message", "max_line", "path", "cwd", "command"]
        #expect(Spelling.nearest(to: "max_mesage", among: keys) == "max_message")
        #expect(Spelling.nearest(to: "maxMessage", among: keys) == "max_message")
        #expect(Spelling.nearest(to: "max-message", among: keys) == "max_message")
        #expect(Spelling.nearest(to: "ptah", among: keys) == "path")
        #expect(Spelling.nearest(to: "cmd", among: keys) == "cwd")
        #expect(Spelling.nearest(to: "comand", among: keys) == "command")
        #expect(Spelling.nearest(to: "colour", among: keys) == nil)
        #expect(Spelling.nearest(to: "", among: keys) == nil)
        #expect(Spelling.distance(Array("ab".utf8), Array("ba".utf8)) == 1)
        #expect(Spelling.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
    }
}
