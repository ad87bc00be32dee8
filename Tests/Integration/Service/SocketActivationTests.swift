// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Sockets that the service manager makes and passes (sd_listen_fds(3)).
@Suite struct SocketActivationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/bridge.sock" }

    /// Runs a program in its place, with sockets as a service manager passes them: `NAME,unix,PATH,MODE` or `NAME,tcp`.
    private static let manager = """
        import fcntl, os, socket, sys
        end = sys.argv.index("--")
        made, names = [], []
        for text in sys.argv[1:end]:
            name, kind, *rest = text.split(",")
            if kind == "tcp":
                listener = socket.create_server(("127.0.0.1", 0))
            else:
                listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "unix" else socket.SOCK_DGRAM)
                listener.bind(rest[0])
                os.chmod(rest[0], int(rest[1], 8))
                if kind == "unix":
                    listener.listen(64)
            made.append(fcntl.fcntl(listener, fcntl.F_DUPFD, 100))
            names.append(name)
        for index, descriptor in enumerate(made):
            os.dup2(descriptor, 3 + index)
            os.close(descriptor)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(made)), LISTEN_FDNAMES=":".join(names))
        os.execv(sys.argv[end + 1], sys.argv[end + 1:])
        """

    private static func manager(_ sockets: [String]) -> [String] {
        ["/usr/bin/env", "python3", "-c", manager] + sockets + ["--"]
    }

    private func bridge(_ sockets: [String], _ listen: String, more: String = "") throws -> BridgeProcess {
        try BridgeProcess(
            configuration: "\(listen)\n[servers.fixture]\ncommand = \(BridgeProcess.command([]))\n\(more)",
            folder: folder,
            prefix: Self.manager(sockets)
        )
    }

    private func connect() throws -> RawWebSocket {
        try RawWebSocket(socket: RawSocket(path: path), path: "/fixture")
    }

    @Test("Service: several sockets, of both kinds, are served by their names; the file of one outlives the bridge")
    func byName() throws {
        let bridge = try bridge(
            ["web,tcp", "local,unix,\(path),600"],
            "[[listen]]\naddress = \"systemd:web\"\n[[listen]]\naddress = \"systemd:local\""
        )
        #expect(try bridge.connect().call("count").contentText == "1")
        let local = try connect()
        #expect(try local.call("count").contentText == "1")
        // Nothing of it is a server's business.
        let variables = try local.call("env").result?["env"] as? [String] ?? []
        #expect(!variables.contains { $0.hasPrefix("LISTEN_") })
        #expect(try bridge.stop() == 0)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("Service: a socket that has the address of a listener is used for it; it survives reloads that leave it out")
    func byAddress() throws {
        let listen = "[[listen]]\naddress = \"unix:\(path)\"\n"
        let other = "[[listen]]\naddress = \"unix:\(folder.path)/other.sock\"\n"
        let bridge = try bridge(["local,unix,\(path),600"], listen + other)
        #expect(try connect().call("count").contentText == "1")
        for text in [other, listen + other] {
            let server = "[servers.fixture]\ncommand = \(BridgeProcess.command([]))\n"
            try bridge.folder.write(text + server, to: "bridge.toml")
            bridge.program.signal(SIGHUP)
            #expect(
                try bridge.program.errors.wait(for: "the reload") { $0.contains("new connections use it") } != nil
            )
        }
        #expect(try connect().call("count").contentText == "1")
        #expect(try bridge.stop() == 0)
    }

    @Test(
        "R6: a socket that lets everybody in is refused, and so is one that takes no connections",
        arguments: [
            ("unix", "666", CInt(78), "SocketMode=0660"), ("datagram", "600", 1, "its unit needs ListenStream="),
        ]
    )
    func refused(kind: String, mode: String, status: CInt, message: String) throws {
        let refused = #expect(throws: BridgeDidNotStart.self) {
            try bridge(["local,\(kind),\(path),\(mode)"], "[listen]\naddress = \"systemd:local\"")
        }
        #expect(refused?.status == status)
        #expect(refused?.errors.contains { $0.contains(message) } == true, "\(refused?.errors ?? [])")
    }

    @Test("Service: who connects while the bridge drains is left for the next one, and not refused")
    func drain() throws {
        let bridge = try bridge(
            ["local,unix,\(path),600"],
            "[listen]\naddress = \"systemd:local\"\nevent_loops = 1"
        )
        // This one is about to say what it wants, and has been accepted when the next one has.
        let half = try RawSocket(path: path)
        let request = Handshake(path: "/fixture", port: 0).bytes
        try half.send(Array(request.prefix(20)))
        let busy = try connect()
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        #expect(try bridge.program.errors.wait(for: "the drain") { $0.contains("draining") } != nil)
        let late = try RawWebSocket(socket: half, sending: Array(request.dropFirst(20)))
        #expect(try late.request("initialize").result != nil)
        #expect(try late.receiveClose()?.code == 1001)
        try late.finishClose()
        let next = try RawSocket(path: path)
        try next.send(request)
        try busy.sendCall("release", id: "2")
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try bridge.program.wait() == 0)
        // Nobody is there any more who could have answered: this service manager holds nothing.
        #expect(try next.receiveToEnd().isEmpty)
    }
}
