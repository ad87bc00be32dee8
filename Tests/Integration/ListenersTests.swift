// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A bridge with several listeners: `/fixture` is a process, `/echo` inside the bridge.
private struct SeveralListeners {
    let bridge: BridgeProcess
    /// Of the TCP listeners, in their order.
    let ports: [UInt16]

    /// - Parameters:
    ///   - listeners: the `[[listen]]` tables; `@FOLDER@` stands for the bridge's folder.
    ///   - tcp: how many of them are TCP.
    init(
        _ listeners: String,
        tcp: Int,
        more: String = "",
        prefix: [String] = [],
        folder: TemporaryFolder? = nil
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        bridge = try BridgeProcess(
            configuration: """
                \(listeners)
                [servers.fixture]
                command = \(BridgeProcess.command(["pidfile=@FOLDER@/pids"]))
                \(BridgeProcess.stopsSoon)
                [servers.echo]
                builtin = "echo"
                \(more)
                """,
            folder: folder,
            prefix: prefix
        )
        var ports: [UInt16] = []
        _ = try bridge.program.output.wait(for: "the addresses") { line in
            if ports.count < tcp, let port = line.firstMatch(of: /wss?:\/\/[^:]+:([0-9]+)\/fixture/)?.1 {
                ports += [UInt16(port) ?? 0]
            }
            return ports.count == tcp
        }
        self.ports = ports
    }

    func status(at port: UInt16, _ headers: [String] = [], _ path: String = "/echo") throws -> Int {
        let socket = try RawSocket(port: port)
        try socket.send(Handshake(path: path, port: port, headers: headers).bytes)
        return try socket.receiveAnswer().status
    }

    func status(atSocket name: String, _ headers: [String] = [], _ path: String = "/echo") throws -> Int {
        let socket = try RawSocket(path: "\(bridge.folder.path)/\(name)")
        try socket.send(Handshake(path: path, port: 0, headers: headers).bytes)
        return try socket.receiveAnswer().status
    }
}

private func status(ofFile path: String) throws -> stat {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Surprise("\(path) to be there") }
    return status
}

private func permissions(_ path: String) throws -> mode_t { try status(ofFile: path).st_mode & 0o7777 }

/// Several `[[listen]]` in one bridge.
@Suite struct ListenersTests {
    @Test("R11, R4, R5: every server is at every listener, and what one allows is refused at another")
    func rules() throws {
        let several = try SeveralListeners(
            """
            [[listen]]
            address = "127.0.0.1:0"
            allowed_origins = ["https://a.example"]
            allowed_hosts = ["a.example"]
            [[listen]]
            address = "127.0.0.1:0"
            allowed_origins = ["https://b.example"]
            [[listen]]
            address = "unix:@FOLDER@/s"
            allowed_hosts = ["c.example"]
            """,
            tcp: 2
        )
        let (a, b) = (several.ports[0], several.ports[1])
        #expect(try several.status(at: a, ["Origin: https://a.example"]) == 101)
        #expect(try several.status(at: b, ["Origin: https://a.example"]) == 403)
        #expect(try several.status(at: a, ["Origin: https://b.example"]) == 403)
        #expect(try several.status(at: b, ["Origin: https://b.example"]) == 101)
        #expect(try several.status(atSocket: "s", ["Host: c.example", "Origin: https://a.example"]) == 403)
        #expect(try several.status(at: a, ["Host: a.example"]) == 101)
        #expect(try several.status(at: b, ["Host: a.example"]) == 421)
        #expect(try several.status(atSocket: "s", ["Host: a.example"]) == 421)
        #expect(try several.status(atSocket: "s", ["Host: c.example"]) == 101)
        // A loopback name is one of a loopback listener only.
        #expect(try several.status(atSocket: "s", ["Host: localhost"]) == 421)
        #expect(try several.status(at: b, ["Host: localhost"]) == 101)

        let sockets = [
            try RawWebSocket(port: a, path: "/fixture"), try RawWebSocket(port: b, path: "/fixture"),
            try RawWebSocket(
                socket: RawSocket(path: "\(several.bridge.folder.path)/s"),
                path: "/fixture",
                headers: ["Host: c.example"]
            ),
        ]
        for socket in sockets { #expect(try socket.call("count").contentText == "1") }
        let refused = try several.bridge.waitLog("a refusal at the second") {
            $0.message == "handshake refused" && $0["reason"] == "host_not_allowed"
        }
        #expect(refused["listener"] == "127.0.0.1:0")
        let began = try several.bridge.waitLog("a connection at the socket") {
            $0.message == "connection began" && $0["listener"] == "unix:\(several.bridge.folder.path)/s"
        }
        #expect(began["peer"] == "unix")
    }

    @Test("R76: TLS at one listener is none at another, and the session of one opens no other")
    func tls() throws {
        let several = try SeveralListeners(
            """
            [[listen]]
            address = "127.0.0.1:0"
            [listen.tls]
            certificate = "\(try Certificates.path("server.pem"))"
            key = "\(try Certificates.path("server.key"))"
            [[listen]]
            address = "127.0.0.1:0"
            [[listen]]
            address = "127.0.0.1:0"
            [listen.tls]
            certificate = "\(try Certificates.path("renewed.pem"))"
            key = "\(try Certificates.path("renewed.key"))"
            client_ca = "\(try Certificates.path("clients.pem"))"
            """,
            tcp: 3
        )
        let ports = several.ports
        let open = try TLSSocket(port: ports[0])
        #expect(open.serverName == "server")
        let socket = try RawWebSocket(socket: open, path: "/fixture")
        #expect(try socket.call("count").contentText == "1")
        #expect(try several.status(at: ports[1]) == 101)
        #expect(throws: (any Error).self) { try TLSSocket(port: ports[1]) }
        #expect(throws: (any Error).self) { try several.status(at: ports[0]) }
        let known = try RawWebSocket(socket: TLSSocket(port: ports[2], .init(certificate: "client")), path: "/echo")
        #expect((known.socket as? TLSSocket)?.serverName == "renewed")
        #expect(try known.request("ping").result != nil)
        // Whoever was let in where nobody is asked comes with that session to where everybody is.
        var stranger = TLSSocket.Options()
        let session = try #require(open.session)
        stranger.session = session
        for options in [TLSSocket.Options(), stranger] {
            #expect(throws: (any Error).self) {
                try RawWebSocket(socket: TLSSocket(port: ports[2], options), path: "/echo")
            }
        }
        let failure = try several.bridge.waitTLSFailure("has no certificate")
        #expect(failure["listener"] == "127.0.0.1:0")
    }

    @Test(
        "R76: the certificates of all listeners are read again, when they change and at SIGHUP",
        arguments: [false, true]
    )
    func reload(isSignalled: Bool) throws {
        let folder = try TemporaryFolder()
        func put(_ name: String, as used: String) throws {
            for kind in ["pem", "key"] {
                try folder.write(try Certificates.contents("\(name).\(kind)"), to: "\(used).\(kind)")
            }
        }
        for used in ["a", "b"] { try put("server", as: used) }
        let several = try SeveralListeners(
            ["a", "b"].map { used in
                """
                [[listen]]
                address = "127.0.0.1:0"
                [listen.tls]
                certificate = "@FOLDER@/\(used).pem"
                key = "@FOLDER@/\(used).key"
                """
            }.joined(separator: "\n"),
            tcp: 2,
            folder: folder
        )
        let old = try several.ports.map { try RawWebSocket(socket: TLSSocket(port: $0), path: "/fixture") }
        for used in ["a", "b"] { try put("renewed", as: used) }
        if isSignalled { several.bridge.program.signal(SIGHUP) }
        for used in ["a", "b"] {
            _ = try several.bridge.waitLog("the files of \(used)") {
                $0.message.hasPrefix("read the files of [listen.tls] again")
                    && $0["files"]?.contains("/\(used).pem") == true
            }
        }
        for port in several.ports { #expect(try TLSSocket(port: port).serverName == "renewed") }
        for socket in old { #expect(try socket.call("count").contentText == "1") }

        // A bad file of one leaves the other alone.
        try folder.write("none", to: "a.pem")
        try put("server", as: "b")
        several.bridge.program.signal(SIGHUP)
        _ = try several.bridge.waitLog("the bad file") {
            $0.message.hasPrefix("cannot use the files of [listen.tls]") && $0["error"]?.contains("/a.pem") == true
        }
        try eventually("the good file") { try TLSSocket(port: several.ports[1]).serverName == "server" }
        #expect(try TLSSocket(port: several.ports[0]).serverName == "renewed")
    }

    @Test("R8: one [auth] for all listeners: a token opens each, a user of the machine the Unix socket alone")
    func authentication() throws {
        let folder = try TemporaryFolder()
        try folder.write(GuardedBridge.ci, to: "ci")
        let several = try SeveralListeners(
            """
            [[listen]]
            address = "127.0.0.1:0"
            public_url = "https://a.example"
            [[listen]]
            address = "127.0.0.1:0"
            public_url = "https://b.example"
            [[listen]]
            address = "unix:@FOLDER@/s"
            """,
            tcp: 2,
            more: """
                [[auth.tokens]]
                name = "ci"
                token = { file = "@FOLDER@/ci" }
                [auth.unix]
                allow_uids = [\(getuid())]
                [auth.jwt]
                issuer = "https://id.example"
                audience = "https://a.example"
                jwks = "http://127.0.0.1:9/"
                """,
            folder: folder
        )
        for port in several.ports {
            #expect(try several.status(at: port) == 401)
            #expect(try several.status(at: port, ["Authorization: Bearer \(GuardedBridge.ci)"]) == 101)
        }
        #expect(try several.status(atSocket: "s") == 101)
        // RFC 9728: each says what it is called.
        for (port, name) in zip(several.ports, ["a", "b"]) {
            let socket = try RawSocket(port: port)
            try socket.send(Handshake(path: "/echo", port: port).bytes)
            let challenge = try #require(try socket.receiveAnswer()["WWW-Authenticate"])
            #expect(challenge.contains("https://\(name).example/.well-known/oauth-protected-resource/echo"))
        }
    }

    // MARK: Begin and end

    @Test("R11: where one address is not to be had, the bridge names it and does not start; nothing is left")
    func inUse() throws {
        let folder = try TemporaryFolder()
        let other = try BridgeProcess.fixture()
        for (name, last) in [
            ("127.0.0.1:\(other.port)", "127.0.0.1:\(other.port)"),
            ("unix:\(folder.path)/no/s", "unix:\(folder.path)/no/s"),
        ] {
            let file = try folder.write(
                """
                [[listen]]
                address = "unix:\(folder.path)/first"
                mode = "0660"
                [[listen]]
                address = "127.0.0.1:0"
                [[listen]]
                address = "\(last)"
                [[listen]]
                address = "unix:\(folder.path)/never"
                [servers.fixture]
                command = \(BridgeProcess.command(["pidfile=\(folder.path)/pids"]))
                """,
                to: "bridge.toml"
            )
            let run = try BridgeProcess.run(["--config", file])
            #expect(run.status == 1)
            #expect(run.errors.contains("cannot listen on \(name): "), "\(run.errors)")
            #expect(run.output.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["bridge.toml"])
        }
        #expect(try other.connect().call("count").contentText == "1")
    }

    @Test("R11: a port that one listener has already is said to be that")
    func samePort() throws {
        // Free a moment ago, and nobody else's as long as the kernel goes round.
        let port = try BridgeProcess.fixture().port
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [[listen]]
            address = "127.0.0.1:\(port)"
            [[listen]]
            address = "localhost:\(port)"
            [servers.a]
            builtin = "echo"
            """,
            to: "bridge.toml"
        )
        let run = try BridgeProcess.run(["--config", file])
        // Where localhost is ::1 first, both can be had.
        guard run.status != 0 else { return }
        #expect(run.status == 1)
        #expect(run.errors.contains("the listener on 127.0.0.1:\(port) has it already"), "\(run.errors)")
    }

    @Test("R44: a drain closes all listeners, and takes their files away")
    func drain() throws {
        let several = try SeveralListeners(
            """
            [[listen]]
            address = "unix:@FOLDER@/s"
            [[listen]]
            address = "127.0.0.1:0"
            [[listen]]
            address = "127.0.0.1:0"
            [[listen]]
            address = "unix:@FOLDER@/t"
            mode = "0660"
            """,
            tcp: 2
        )
        let folder = several.bridge.folder.path
        let idle = try RawWebSocket(port: several.ports[0], path: "/fixture")
        let busy = try RawWebSocket(socket: RawSocket(path: "\(folder)/t"), path: "/fixture")
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        several.bridge.program.signal(SIGTERM)
        #expect(try idle.receiveClose()?.code == 1001)
        // They close before any connection is told.
        for port in several.ports { #expect(throws: (any Error).self) { try several.status(at: port) } }
        for name in ["s", "t"] { #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(name)")) }
        try idle.finishClose()
        try busy.sendCall("release", id: "2")
        for _ in 0..<2 { _ = try busy.receiveMessage() }
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try several.bridge.program.wait() == 0)
    }

    @Test("R44: a second signal takes the files of the sockets away, too")
    func secondSignal() throws {
        let several = try SeveralListeners(
            "[[listen]]\naddress = \"unix:@FOLDER@/s\"\n[[listen]]\naddress = \"127.0.0.1:0\"",
            tcp: 1,
            more: "[drain]\ndelay = \"1h\""
        )
        several.bridge.program.signal(SIGTERM)
        _ = try several.bridge.waitLog("the drain") { $0.message == "draining" }
        #expect(FileManager.default.fileExists(atPath: several.bridge.folder.path + "/s"))
        // Two that come while the first is being delivered are one.
        try eventually("the end of the bridge") {
            several.bridge.program.signal(SIGTERM)
            return ProcessTable.entry(several.bridge.pid).map { $0.state == "Z" } ?? true
        }
        #expect(try several.bridge.program.wait() == 1)
        #expect(!FileManager.default.fileExists(atPath: several.bridge.folder.path + "/s"))
    }

    @Test("R11: the banner has each server at each listener, and a client for one that it can reach")
    func banner() throws {
        let several = try SeveralListeners(
            """
            [[listen]]
            address = "unix:@FOLDER@/s"
            [[listen]]
            address = "127.0.0.1:0"
            [listen.tls]
            certificate = "\(try Certificates.path("server.pem"))"
            key = "\(try Certificates.path("server.key"))"
            client_ca = "\(try Certificates.path("clients.pem"))"
            [[listen]]
            address = "127.0.0.1:0"
            """,
            tcp: 2
        )
        _ = try several.bridge.program.output.wait(for: "the end of the banner") { $0.hasPrefix("asyncio.run") }
        let lines = several.bridge.program.output.lines
        for path in ["/fixture", "/echo"] {
            let urls = [
                "ws+unix:\(several.bridge.folder.path)/s:\(path)", "wss://127.0.0.1:\(several.ports[0])\(path)",
                "ws://127.0.0.1:\(several.ports[1])\(path)",
            ]
            for url in urls { #expect(lines.contains { $0.hasSuffix(" \(url)") }, "\(url) in \(lines)") }
        }
        #expect(lines.contains { $0.contains("websocket_client(\"ws://127.0.0.1:\(several.ports[1])/fixture\")") })
    }

    @Test("R43: listeners are reckoned with among the descriptors")
    func descriptors() throws {
        let listeners = (0..<8).map { "[[listen]]\naddress = \"unix:@FOLDER@/\($0)\"\nallowed_hosts = []" }
        let several = try SeveralListeners(
            listeners.joined(separator: "\n").replacingOccurrences(
                of: "@FOLDER@/0\"",
                with: "@FOLDER@/0\"\nevent_loops = 1"
            ),
            tcp: 0,
            more: "[limits]\nmax_connections = 50",
            prefix: ["prlimit", "--nofile=64:64"]
        )
        let record = try several.bridge.waitLog("a warning about descriptors") { $0.number("max_connections") == 50 }
        let most = try #require(record.number("limit"))
        let sockets = try (0..<most).map { index in
            try RawWebSocket(
                socket: RawSocket(path: "\(several.bridge.folder.path)/\(index % 8)"),
                path: "/fixture"
            )
        }
        #expect(try several.status(atSocket: "7", [], "/fixture") == 503)
        for socket in sockets { #expect(try socket.call("count").contentText == "1") }
    }
}

/// `mode`, `owner` and `group` of Unix sockets, and attempts to get in all the same.
@Suite struct SocketAccessTests {
    static let isRoot = getuid() == 0
    /// Two users and a group that this machine need not know.
    static let (owner, member, group, stranger) = (4_200_001, 4_200_002, 4_300_001, 4_200_003)

    private func bridge(_ lines: String, folder: TemporaryFolder? = nil) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "unix:@FOLDER@/s"
                \(lines)
                [servers.echo]
                builtin = "echo"
                """,
            folder: folder,
            // As open as can be: it is the bridge that closes.
            prefix: ["sh", "-c", "umask 000; exec \"$@\"", "sh"]
        )
    }

    @Test(
        "R6: the socket has the mode of the configuration, 0600 by default, whatever the umask",
        arguments: ["", "0660", "0620"]
    )
    func mode(_ mode: String) throws {
        let bridge = try bridge(mode.isEmpty ? "" : "mode = \"\(mode)\"")
        let path = bridge.folder.path + "/s"
        #expect(try permissions(path) == (mode.isEmpty ? 0o600 : mode_t(mode, radix: 8)))
        #expect(try status(ofFile: path).st_uid == getuid())
        #expect(try RawWebSocket(socket: RawSocket(path: path), path: "/echo").request("ping").result != nil)
        // Killed: what it leaves is in the way of nobody.
        bridge.program.signal(SIGKILL)
        try bridge.program.wait()
        let next = try self.bridge("mode = \"0666\"\ninsecure_public = true", folder: bridge.folder)
        #expect(try permissions(path) == 0o666)
        #expect(try next.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// Whether a process of this user and group gets a connection.
    private func connects(_ user: Int, _ group: Int, to path: String) throws -> Bool {
        // As Debian has it in any case.
        let script = "socket S, AF_UNIX, SOCK_STREAM, 0; connect S, pack_sockaddr_un $ARGV[0] or exit $!"
        let program = try RunningProgram([
            "setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "/usr/bin/perl", "-MSocket", "-e",
            script,
            path,
        ])
        let status = try program.wait()
        guard status == 0 || status == EACCES else { throw Surprise("a verdict on the right to connect: \(status)") }
        return status == 0
    }

    @Test("R6: owner and group can connect, others cannot", .enabled(if: isRoot, "SKIPPED: needs root"))
    func owners() throws {
        let bridge = try bridge("mode = \"0660\"\nowner = \(Self.owner)\ngroup = \"\(Self.group)\"")
        let path = bridge.folder.path + "/s"
        let status = try status(ofFile: path)
        #expect(status.st_uid == Self.owner && status.st_gid == Self.group)
        #expect(try connects(Self.owner, Self.stranger, to: path))
        #expect(try connects(Self.member, Self.group, to: path))
        #expect(try !connects(Self.stranger, Self.stranger, to: path))
        #expect(try bridge.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("R6: by default nobody but the bridge's own user can connect", .enabled(if: isRoot, "SKIPPED: needs root"))
    func closed() throws {
        let bridge = try bridge("")
        #expect(try !connects(Self.member, Int(getgid()), to: bridge.folder.path + "/s"))
    }

    @Test(
        "R6: a bridge that may not give its socket away does not start, and says why",
        .enabled(if: isRoot, "SKIPPED: needs root"),
        arguments: [
            ("owner = \(owner)", "cannot give its socket to user \(owner): Operation not permitted; only root can"),
            (
                "group = \(group)",
                "cannot give its socket to group \(group): Operation not permitted; a user who is not"
            ),
        ]
    )
    func notPermitted(line: String, message: String) throws {
        let folder = try TemporaryFolder()
        // The build folder may be out of the other user's reach.
        let program = "\(folder.path)/mcp-wsbridge"
        try FileManager.default.copyItem(atPath: BridgeProcess.executable, toPath: program)
        let file = try folder.write(
            "[listen]\naddress = \"unix:\(folder.path)/s\"\nmode = \"0660\"\n\(line)\n[servers.a]\nbuiltin = \"echo\"",
            to: "bridge.toml"
        )
        let bridge = try RunningProgram(
            [
                "setpriv", "--reuid=\(Self.stranger)", "--regid=\(Self.stranger)", "--clear-groups", program,
                "--config", file,
            ],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        #expect(try bridge.wait() == 1)
        try bridge.errors.waitEnd()
        let text = bridge.errors.lines.joined(separator: "\n")
        #expect(text.contains("cannot listen on unix:\(folder.path)/s: \(message)"), "\(text)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/s"))
    }

    @Test(
        "R6: accounts that the machine does not have are errors of the configuration, all with their places",
        arguments: ["check", "serve"]
    )
    func unknown(command: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            [[listen]]
            address = "127.0.0.1:0"
            [listen.tls]
            certificate = "\(folder.path)/none.pem"
            key = "\(folder.path)/none.key"
            [[listen]]
            address = "unix:\(folder.path)/s"
            owner = "nobody-of-this-name"
            group = "root"
            [[listen]]
            address = "unix:\(folder.path)/t"
              group = "no-group-of-this-name"
            [servers.a]
            builtin = "echo"
            """,
            to: "bridge.toml"
        )
        let run = try BridgeProcess.run([command, "--config", file])
        #expect(run.status == 78)
        #expect(
            run.errors.contains("\(file):8:9: `owner` \"nobody-of-this-name\" is not in /etc/passwd"),
            "\(run.errors)"
        )
        #expect(run.errors.contains("\(file):12:11: `group` \"no-group-of-this-name\" is not in /etc/group"))
        #expect(run.errors.contains("none.pem: `certificate` of [listen.tls] cannot be read"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/s"))
    }

    @Test("R6: check says who may connect to a socket, and refuses one for everybody")
    func check() throws {
        let folder = try TemporaryFolder()
        for (mode, isTaken) in [("0660", true), ("0666", false)] {
            let file = try folder.write(
                """
                [listen]
                address = "unix:\(folder.path)/s"
                mode = "\(mode)"
                group = "root"
                [servers.a]
                builtin = "echo"
                """,
                to: "bridge.toml"
            )
            let run = try BridgeProcess.run(["check", "--config", file])
            #expect(run.status == (isTaken ? 0 : 78))
            if isTaken {
                #expect(run.output.contains("unix:\(folder.path)/s (this machine only), mode 0660, group root"))
            } else {
                #expect(run.errors.contains("\(file):3:8: `mode` \"0666\" lets every user"))
                #expect(try BridgeProcess.run(["--config", file]).status == 78)
            }
        }
    }
}
