// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("Sockets that the service manager passes")
struct PassedSocketTests {
    private let web = PassedSocket(name: "web", address: .tcp(host: "127.0.0.1", port: 9), descriptor: 3)
    private let open = PassedSocket(name: "open", address: .tcp(host: "::", port: 9), descriptor: 4)
    private let file = PassedSocket(
        name: "file",
        address: .unix(path: "/run/b.sock"),
        mode: .init(bits: 0o660),
        descriptor: 5
    )
    private let everybody = PassedSocket(
        name: "all",
        address: .unix(path: "/run/all.sock"),
        mode: .init(bits: 0o666),
        descriptor: 6
    )

    private func read(_ listen: String, _ sockets: [PassedSocket]?) throws(ConfigurationError) -> [Listen] {
        try Configuration.parse(Array("\(listen)\n\(anyServer)".utf8), file: "b.toml", sockets: sockets).listeners
    }

    private func refusal(_ listen: String, _ sockets: [PassedSocket]) -> String {
        do throws(ConfigurationError) {
            _ = try read(listen, sockets)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("Service: a listener has the socket that it names, with the address and the mode that this has")
    func byName() throws {
        let listeners = try read(
            "[[listen]]\naddress = \"systemd:file\"\n[[listen]]\naddress = \"systemd:web\"",
            [web, file]
        )
        #expect(listeners.map(\.passed) == [file, web])
        #expect(listeners.map(\.address) == [file.address, web.address])
        #expect(listeners[0].access.mode == file.mode)
    }

    @Test("Service: a unit may have several sockets of one name, which are taken in their order")
    func severalOfOneName() throws {
        let second = PassedSocket(name: "web", address: .tcp(host: "127.0.0.1", port: 10), descriptor: 7)
        let text = "[[listen]]\naddress = \"systemd:web\"\n[[listen]]\naddress = \"systemd:web\""
        #expect(try read(text, [web, file, second]).map(\.passed) == [web, second])
        #expect(
            refusal(text, [web]).contains(
                "b.toml:4:11: `address` \"systemd:web\": the service manager passed no further"
            )
        )
    }

    @Test("Service: a socket that is bound to the address of a listener is used by it, without being named")
    func byAddress() throws {
        #expect(try read("[listen]\naddress = \"127.0.0.1:9\"", [file, web])[0].passed == web)
        #expect(try read("[listen]\naddress = \"unix:/run/b.sock\"\nmode = \"0660\"", [file])[0].passed == file)
        #expect(try read("[listen]\naddress = \"127.0.0.1:10\"", [file, web])[0].passed == nil)
        #expect(try read("", [PassedSocket(name: "x", address: Listen().address, descriptor: 3)])[0].passed != nil)
    }

    @Test("R6: what is passed is judged by where it listens, and by whom its file lets in")
    func exposure() throws {
        let named = refusal("[listen]\naddress = \"systemd:open\"", [open])
        #expect(named.contains("b.toml:2:11: `address` \"[::]:9\" can be reached from other machines"))
        #expect(try read("[listen]\naddress = \"systemd:open\"\ninsecure_public = true", [open])[0].passed == open)
        let file = refusal("[listen]\naddress = \"systemd:all\"", [everybody])
        #expect(file.contains("`address` \"unix:/run/all.sock\" has mode \"0666\", which lets every user"))
        #expect(file.contains("SocketMode=0660"))
        #expect(refusal("[listen]\naddress = \"unix:/run/all.sock\"", [everybody]) == file)
        #expect(try read("[listen]\naddress = \"systemd:all\"\ninsecure_public = true", [everybody]).count == 1)
        let asked = "[auth.unix]\nallow_uids = [1]"
        #expect(try read("[listen]\naddress = \"systemd:all\"\n\(asked)", [everybody]).count == 1)
    }

    @Test("R6: with tokens, a socket that other machines reach needs TLS like any other")
    func clearText() {
        let auth = "[[auth.tokens]]\nname = \"a\"\nsha256 = \"\(String(repeating: "0", count: 64))\""
        #expect(refusal("[listen]\naddress = \"systemd:open\"\n\(auth)", [open]).contains("clear text"))
    }

    @Test("Service: what was not passed is an error that names what was; who only checks a file does not know")
    func missing() throws {
        let text = "[listen]\naddress = \"systemd:bridge\""
        #expect(refusal(text, []).contains("passed no socket: start the bridge as a service"))
        #expect(
            refusal(text, [web, file]).contains("no further socket of that name, but \"systemd:web\", \"systemd:file\"")
        )
        let unknown = try read(text, nil)[0]
        #expect(unknown.address == .passed(name: "bridge") && unknown.passed == nil)
        let report = CheckReport(try parse("\(text)\n\(anyServer)"), file: "b.toml", in: .everything)
        #expect(report.lines.first == "listen    systemd:bridge (a socket of the service manager's)")
    }

    @Test("Service: mode, owner and group belong into the unit of the socket")
    func access() {
        for (key, value) in [("mode", "\"0600\""), ("owner", "1"), ("group", "1")] {
            let refused = refusal("[listen]\naddress = \"systemd:file\"\n\(key) = \(value)", [file])
            #expect(refused.contains("b.toml:3:1: `\(key)` is for sockets that the bridge makes"), "\(refused)")
        }
        let other = refusal("[listen]\naddress = \"unix:/run/b.sock\"\nmode = \"0600\"", [file])
        #expect(other.contains("`mode` \"0600\" is not that of the socket, \"0660\""))
        #expect(other.contains("SocketMode=0600"))
    }

    @Test("Service: one that is started without a file finds its socket too")
    func oneLiner() throws {
        let named = try Configuration.oneLiner(
            listen: "systemd:web",
            command: ["x"],
            sockets: [web],
            insecurePublic: false
        )
        #expect(named.listeners.map(\.passed) == [web])
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.oneLiner(listen: "systemd:web", command: ["x"], insecurePublic: false)
        }
        #expect(
            error?.description.contains("--listen: the address \"systemd:web\": the service manager passed no") == true
        )
        #expect(throws: ConfigurationError.self) {
            try Configuration.oneLiner(
                listen: "systemd:all",
                command: ["x"],
                sockets: [everybody],
                insecurePublic: false
            )
        }
    }
}
