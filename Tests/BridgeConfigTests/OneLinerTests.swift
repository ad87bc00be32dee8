// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("The command line without a file")
struct OneLinerTests {
    private func refusal(_ address: String, _ command: [String], insecurePublic: Bool = false) -> String {
        do throws(ConfigurationError) {
            _ = try Configuration.oneLiner(listen: address, command: command, insecurePublic: insecurePublic)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("One command is served at /mcp, with its stderr for the client")
    func serves() throws {
        let configuration = try Configuration.oneLiner(
            listen: "127.0.0.1:0",
            command: ["/usr/bin/uvx", "mcp-server-time"],
            insecurePublic: false
        )
        #expect(configuration.listeners[0].address == .tcp(host: "127.0.0.1", port: 0))
        let server = try #require(configuration.servers.first)
        #expect(configuration.servers.count == 1)
        #expect(server.name == "uvx")
        #expect(server.path == "/mcp")
        #expect(server.exposeStderr)
        #expect(server.command == ["/usr/bin/uvx", "mcp-server-time"])
        #expect(configuration.limits == Limits())
    }

    @Test(
        "The name is fit for logs",
        arguments: [("./a b", "a_b"), ("/", "server"), ("..", "server"), ("ä.py", "_.py")]
    )
    func names(_ program: String, _ name: String) throws {
        let configuration = try Configuration.oneLiner(listen: "unix:/s", command: [program], insecurePublic: false)
        #expect(configuration.servers.first?.name == name)
    }

    @Test("R6: beyond loopback only with --insecure-public")
    func exposed() throws {
        #expect(
            refusal("0.0.0.0:80", ["x"])
                == "--listen: \"0.0.0.0:80\" can be reached from other machines, and without authentication anyone there could "
                + "use every configured server: listen on 127.0.0.1, [::1] or unix:/path, or add --insecure-public if that is "
                + "meant"
        )
        let configuration = try Configuration.oneLiner(listen: "0.0.0.0:80", command: ["x"], insecurePublic: true)
        #expect(configuration.listeners[0].insecurePublic)
    }

    @Test("A bad address or an absent command is refused")
    func refused() {
        #expect(refusal("127.0.0.1", ["x"]) == "--listen: the address needs a port: write \"127.0.0.1:8765\"")
        #expect(refusal("[::1]:1", []).contains("no command is given"))
        #expect(refusal("[::1]:1", [""]).contains("no command is given"))
    }

    private func dialling(_ url: String, insecurePublic: Bool = false) throws(ConfigurationError) -> Configuration {
        let address = insecurePublic ? "0.0.0.0:80" : "127.0.0.1:0"
        return try .oneLiner(listen: address, url: url, option: "--url", insecurePublic: insecurePublic)
    }

    @Test(
        "One URL is served at /mcp with every default",
        arguments: ["http://[::1]:9000/mcp?a", "https://docs.example"]
    )
    func dials(_ url: String) throws {
        let configuration = try dialling(url, insecurePublic: true)
        let server = try #require(configuration.servers.first)
        #expect(configuration.servers.count == 1)
        #expect(server.path == "/mcp")
        #expect(server.command.isEmpty)
        #expect(server.upstream == HTTPURL(url).map(Upstream.init(url:)))
        #expect(server.name == (url.contains("docs") ? "docs.example" : "__1"))
        #expect(configuration.limits == Limits())
    }

    @Test("A bad URL is refused, without it in the message")
    func refusedURL() {
        let error = #expect(throws: ConfigurationError.self) { try dialling("ws://user:canary@x") }
        #expect(error?.description.hasPrefix("--url: the URL must start with http:// or https://, not ws://") == true)
        #expect(error?.description.contains("canary") == false)
    }
}
