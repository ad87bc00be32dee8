// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A bridge whose configuration is written anew while it runs.
private final class ReloadedBridge {
    let bridge: BridgeProcess
    private var reloads = 0

    init(_ configuration: String, folder: TemporaryFolder? = nil) throws {
        bridge = try BridgeProcess(configuration: configuration, folder: folder)
    }

    /// Has the bridge read this, and returns what its log says of that.
    func reload(_ configuration: String) throws -> LogRecord {
        try write(configuration)
        return try hangup()
    }

    func write(_ configuration: String) throws {
        let text = configuration.replacingOccurrences(of: "@FOLDER@", with: bridge.folder.path)
        try bridge.folder.write(text, to: "bridge.toml")
    }

    func hangup() throws -> LogRecord {
        bridge.program.signal(SIGHUP)
        reloads += 1
        var seen = 0
        return try bridge.waitLog("what SIGHUP came to") { record in
            guard Self.outcomes.contains(where: record.message.hasPrefix) else { return false }
            seen += 1
            return seen == reloads
        }
    }

    private static let outcomes = ["read the configuration again", "cannot use the configuration"]

    func status(_ path: String, _ headers: [String] = []) throws -> Int {
        try bridge.handshake(path, headers: headers).status
    }

    func status(atSocket name: String, _ path: String = "/echo") throws -> Int {
        let socket = try RawSocket(path: "\(bridge.folder.path)/\(name)")
        try socket.send(Handshake(path: path, port: 0, headers: []).bytes)
        return try socket.receiveAnswer().status
    }
}

/// SIGHUP: the configuration is replaced as a whole, for new connections.
@Suite struct ReloadTests {
    private static let listen = "[listen]\naddress = \"127.0.0.1:0\"\n"
    private static let echo = "[servers.echo]\nbuiltin = \"echo\"\n"

    private static func fixture(_ name: String, _ more: String = "") -> String {
        "[servers.\(name)]\ncommand = \(BridgeProcess.command([]))\n\(BridgeProcess.stopsSoon)\n\(more)\n"
    }

    private func variable(_ socket: RawWebSocket) throws -> String? {
        let entries = try socket.call("env").result?["env"] as? [String]
        return entries?.first { $0.hasPrefix("WHICH=") }
    }

    @Test("Reload: servers that are new or different are so for new connections, and old ones keep what they had")
    func servers() throws {
        let reloaded = try ReloadedBridge(
            Self.listen + Self.echo + Self.fixture("fixture", "env = { WHICH = \"old\" }")
        )
        let old = try reloaded.bridge.connect()
        #expect(try variable(old) == "WHICH=old")
        #expect(try reloaded.status("/other") == 404)
        let record = try reloaded.reload(
            // A server in front of the others gives each another number.
            Self.listen + Self.fixture("other") + Self.echo + Self.fixture("fixture", "env = { WHICH = \"new\" }")
        )
        #expect(record["servers_added"] == "other")
        #expect(record["servers_changed"] == "fixture")
        #expect(record["servers_removed"] == nil)
        #expect(record["listeners_changed"] == nil)
        let new = try reloaded.bridge.connect()
        #expect(try variable(new) == "WHICH=new")
        #expect(try variable(old) == "WHICH=old")
        #expect(try reloaded.bridge.connect("/other").call("count").contentText == "1")
        #expect(try reloaded.bridge.stop() == 0)
    }

    @Test("Reload: clients of a server that is removed get 1001: idle ones at once, busy ones once they are answered")
    func removed() throws {
        let reloaded = try ReloadedBridge(Self.listen + Self.echo + Self.fixture("fixture"))
        let bridge = reloaded.bridge
        let idle = try bridge.connect()
        let busy = try bridge.connect()
        let other = try bridge.connect("/echo")
        let pids = [try idle.serverPid(), try busy.serverPid()]
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        #expect(try reloaded.reload(Self.listen + Self.echo)["servers_removed"] == "fixture")
        let close = try idle.receiveClose()
        #expect(close?.code == 1001)
        #expect(close?.reason == "MCP server is not served any more")
        try idle.finishClose()
        #expect(try reloaded.status("/fixture") == 404)
        try busy.sendCall("release", id: "2")
        var answered: Set<Int> = []
        while answered.count < 2 { answered.insert(try busy.receiveMessage().id as? Int ?? 0) }
        #expect(answered == [1, 2])
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        for pid in pids { try ProcessTable.waitGone(pid) }
        #expect(try other.request("ping").result != nil)
        #expect(try bridge.stop() == 0)
    }

    @Test("Reload: after drain_timeout a request to a server that is removed is answered with why")
    func removedTooBusy() throws {
        let drain = "[drain]\ntimeout = \"300ms\"\n"
        let reloaded = try ReloadedBridge(Self.listen + drain + Self.echo + Self.fixture("fixture"))
        let busy = try reloaded.bridge.connect()
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        _ = try reloaded.reload(Self.listen + drain + Self.echo)
        let answer = try busy.receiveMessage()
        #expect(answer.id as? Int == 1)
        #expect(answer.cause == "server_removed")
        #expect(try busy.receiveClose()?.code == 1001)
    }

    @Test(
        "Reload: what is no good changes nothing, and says where and why",
        arguments: [
            ("[servers.more]\nbuiltin = \"ecko\"", "bridge.toml:6:11: "),
            ("[servers.more\n", "bridge.toml:"),
            ("[servers.more]\nbuiltin = \"echo\"\nenv = { A = { file = \"/nowhere\" } }", "env"),
            ("[servers.more]\ncommand = [\"x\"]\nenv = { A = { file = \"/nowhere\" } }", "/nowhere"),
            ("[listen.tls]\ncertificate = \"/nowhere\"\nkey = \"/nowhere\"", "/nowhere"),
            ("[auth.jwt]\nissuer = \"a\"", "bridge.toml:"),
        ]
    )
    func bad(_ more: String, _ said: String) throws {
        let good = Self.listen + Self.echo
        let reloaded = try ReloadedBridge(good)
        let open = try reloaded.bridge.connect("/echo")
        let record = try reloaded.reload(good + more)
        #expect(record.message.contains("goes on with the old one"))
        #expect(record["error"]?.contains(said) == true, "\(record.fields)")
        #expect(try reloaded.status("/more") == 404)
        #expect(try reloaded.status("/echo") == 101)
        #expect(try open.request("ping").result != nil)
        #expect(try reloaded.reload(good + "[servers.more]\nbuiltin = \"echo\"")["servers_added"] == "more")
        #expect(try reloaded.status("/more") == 101)
    }

    @Test("Reload: a file that is gone changes nothing")
    func gone() throws {
        let reloaded = try ReloadedBridge(Self.listen + Self.echo)
        try FileManager.default.removeItem(atPath: reloaded.bridge.folder.path + "/bridge.toml")
        #expect(try reloaded.hangup()["error"]?.contains("cannot be read") == true)
        #expect(try reloaded.status("/echo") == 101)
    }

    @Test("Reload: an address that is not to be had changes nothing, not even the servers")
    func addressInUse() throws {
        let other = try BridgeProcess(configuration: Self.listen + Self.echo)
        let reloaded = try ReloadedBridge("[[listen]]\naddress = \"127.0.0.1:0\"\n" + Self.echo)
        let record = try reloaded.reload(
            """
            [[listen]]
            address = "127.0.0.1:0"
            [[listen]]
            address = "unix:@FOLDER@/new"
            [[listen]]
            address = "127.0.0.1:\(other.port)"
            \(Self.echo)
            [servers.more]
            builtin = "echo"
            """
        )
        #expect(record["error"]?.contains("cannot listen on 127.0.0.1:\(other.port): Address already in use") == true)
        #expect(try reloaded.status("/more") == 404)
        #expect(!FileManager.default.fileExists(atPath: reloaded.bridge.folder.path + "/new"))
    }

    @Test("Reload: listeners come and go, those that stay keep their sockets, and connections live on")
    func listeners() throws {
        let stays = "[[listen]]\naddress = \"127.0.0.1:0\"\n"
        let reloaded = try ReloadedBridge(stays + "[[listen]]\naddress = \"unix:@FOLDER@/old\"\n" + Self.echo)
        let old = try RawWebSocket(socket: RawSocket(path: "\(reloaded.bridge.folder.path)/old"), path: "/echo")
        let record = try reloaded.reload(stays + "[[listen]]\naddress = \"unix:@FOLDER@/new\"\n" + Self.echo)
        #expect(record["listeners_added"]?.hasSuffix("/new") == true)
        #expect(record["listeners_removed"]?.hasSuffix("/old") == true)
        #expect(try reloaded.status(atSocket: "new") == 101)
        #expect(!FileManager.default.fileExists(atPath: reloaded.bridge.folder.path + "/old"))
        #expect(try old.request("ping").result != nil)
        // The kernel chose its port: another socket would have another.
        #expect(try reloaded.status("/echo") == 101)
        #expect(try reloaded.bridge.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: reloaded.bridge.folder.path + "/new"))
    }

    @Test("Reload, R4: what one listener allows is another thing from then on")
    func rules() throws {
        let reloaded = try ReloadedBridge(Self.listen + Self.echo)
        let origin = ["Origin: https://a.example"]
        #expect(try reloaded.status("/echo", origin) == 403)
        let allowed = Self.listen + "allowed_origins = [\"https://a.example\"]\n" + Self.echo
        #expect(try reloaded.reload(allowed)["listeners_changed"] == "127.0.0.1:0")
        #expect(try reloaded.status("/echo", origin) == 101)
        _ = try reloaded.reload(Self.listen + Self.echo)
        #expect(try reloaded.status("/echo", origin) == 403)
    }

    @Test("Reload: what takes a restart is named each time, and the rest is applied")
    func restart() throws {
        let reloaded = try ReloadedBridge(Self.listen + Self.echo)
        let new = """
            [listen]
            address = "127.0.0.1:0"
            event_loops = 1
            [log]
            level = "debug"
            [audit]
            to = "log"
            [servers.more]
            builtin = "echo"

            """
        for attempt in 1...2 {
            let record = try reloaded.reload(new + (attempt == 1 ? "" : Self.echo))
            #expect(attempt == 1 ? record["servers_removed"] == "echo" : record["servers_added"] == "echo")
            var seen = 0
            let warning = try reloaded.bridge.waitLog("what takes a restart") {
                guard $0.message.contains("until a restart") else { return false }
                seen += 1
                return seen == attempt
            }
            #expect(warning["settings"] == "event_loops of [listen], [log], [audit]")
        }
        #expect(try reloaded.status("/more") == 101)
    }

    @Test("Reload, R43: who is in counts for a new limit, and nobody is cut for it")
    func limits() throws {
        func configuration(_ most: Int) -> String {
            Self.listen + "[limits]\nmax_connections = \(most)\n" + Self.echo
        }
        let reloaded = try ReloadedBridge(configuration(3))
        let sockets = try (0..<3).map { _ in try reloaded.bridge.connect("/echo") }
        #expect(try reloaded.status("/echo") == 503)
        #expect(try reloaded.reload(configuration(2))["settings"] == "[limits]")
        #expect(try reloaded.status("/echo") == 503)
        for socket in sockets { #expect(try socket.request("ping").result != nil) }
        #expect(try sockets[0].close()?.code == 1000)
        try eventually("an end in the log") {
            reloaded.bridge.program.errors.lines.contains { $0.contains("connection ended") }
        }
        #expect(try reloaded.status("/echo") == 503)
        _ = try reloaded.reload(configuration(4))
        let more = try (0..<2).map { _ in try reloaded.bridge.connect("/echo") }
        #expect(try reloaded.status("/echo") == 503)
        #expect(more.count == 2)
    }

    @Test("Reload, R8: a token that is taken out is refused, who came with it stays, and no token is in the log")
    func tokens() throws {
        func configuration(_ name: String, _ token: String) -> String {
            Self.listen + "[[auth.tokens]]\nname = \"\(name)\"\ntoken = { file = \"@FOLDER@/\(token)\" }\n" + Self.echo
        }
        let folder = try TemporaryFolder()
        for name in ["first", "second"] { try folder.write("canary-\(name)-0123456789abcdef", to: name) }
        func bearer(_ name: String) -> [String] { ["Authorization: Bearer canary-\(name)-0123456789abcdef"] }
        let reloaded = try ReloadedBridge(configuration("a", "first"), folder: folder)
        let bridge = reloaded.bridge
        let old = try RawWebSocket(port: bridge.port, path: "/echo", headers: bearer("first"))
        #expect(try reloaded.reload(configuration("a", "second"))["settings"] == "[auth]")
        #expect(try reloaded.status("/echo", bearer("first")) == 401)
        #expect(try reloaded.status("/echo", bearer("second")) == 101)
        #expect(try old.request("ping").result != nil)
        // Without [auth] nobody is asked, and with it again everybody is.
        _ = try reloaded.reload(Self.listen + Self.echo)
        #expect(try reloaded.status("/echo") == 101)
        _ = try reloaded.reload(configuration("b", "first"))
        #expect(try reloaded.status("/echo") == 401)
        #expect(!bridge.everythingWritten.contains("canary"))
    }

    @Test("Reload: over and over, with clients coming all the time: each is served, and no descriptor is left")
    func often() throws {
        let more = "[[listen]]\naddress = \"unix:@FOLDER@/more\"\n"
        let always = "[[listen]]\naddress = \"127.0.0.1:0\"\n"
        let texts = [
            always + Self.echo + Self.fixture("fixture"),
            always + more + Self.fixture("fixture", "limits = { max_invalid = 7 }"),
        ]
        let reloaded = try ReloadedBridge(texts[0])
        let bridge = reloaded.bridge
        _ = try bridge.connect().call("count")
        try bridge.waitChildren(0)
        let before = try #require(ProcessTable.descriptors(of: bridge.pid))
        for round in 1...20 {
            let socket = try bridge.connect()
            try reloaded.write(texts[round % 2])
            bridge.program.signal(SIGHUP)
            #expect(try socket.call("count").contentText == "1")
            #expect(try bridge.connect().call("count").contentText == "1")
            #expect(try socket.close()?.code == 1000)
        }
        // Signals that come at once may be one: the last one is waited for by what it does.
        try reloaded.write(texts[0])
        bridge.program.signal(SIGHUP)
        try eventually("the listener that was removed to be gone") {
            let isThere = FileManager.default.fileExists(atPath: bridge.folder.path + "/more")
            return !isThere && (try? reloaded.status("/echo")) == 101
        }
        try bridge.waitChildren(0)
        try eventually("as many descriptors as before") { ProcessTable.descriptors(of: bridge.pid) ?? 0 <= before }
        #expect(try bridge.stop() == 0)
    }

    @Test("Reload, R44: SIGHUP in a drain opens nothing again")
    func draining() throws {
        let reloaded = try ReloadedBridge(Self.listen + Self.fixture("fixture"))
        let bridge = reloaded.bridge
        let busy = try bridge.connect()
        try busy.sendCall("hold", id: "1")
        #expect(try busy.request("ping").result != nil)
        bridge.program.signal(SIGTERM)
        _ = try bridge.waitLog("the drain") { $0.message == "draining" }
        try reloaded.write("[[listen]]\naddress = \"unix:@FOLDER@/new\"\n" + Self.fixture("fixture"))
        bridge.program.signal(SIGHUP)
        _ = try bridge.waitLog("SIGHUP") { $0.message.hasPrefix("draining; nothing") }
        #expect(!FileManager.default.fileExists(atPath: bridge.folder.path + "/new"))
        try busy.sendCall("release", id: "2")
        #expect(try busy.receiveClose()?.code == 1001)
        try busy.finishClose()
        #expect(try bridge.program.wait() == 0)
    }
}
