// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

/// The path of a file below `config/` of this repository.
func shippedFile(_ name: String, from source: String = #filePath) -> String {
    source.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/config/" + name
}

@Suite("The files under config/")
struct ShippedFileTests {
    private func text(_ name: String) throws -> String {
        String(decoding: try FileContents.read(path: shippedFile(name), atMost: 1 << 20), as: UTF8.self)
    }

    /// The dotted paths of all keys with a value, tables resolved.
    private func leaves(_ entries: [TOMLEntry], under path: String = "") -> [String: TOMLEntry] {
        entries.reduce(into: [:]) { found, entry in
            let name = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            if case .table(let children) = entry.node.value, !children.isEmpty {
                found.merge(leaves(children, under: name)) { first, _ in first }
            } else if case .array(let tables) = entry.node.value, case .table? = tables.first?.value {
                for case .table(let children) in tables.map(\.value) {
                    found.merge(leaves(children, under: name)) { first, _ in first }
                }
            } else {
                found[name] = entry
            }
        }
    }

    /// `bridge.toml` with its commented-out keys and tables made real.
    private func uncommented() throws -> String {
        let names = Set(KnownKeys.defaults.flatMap { $0.path.split(separator: ".").map(String.init) })
        let lines = try text("bridge.toml").split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            // Beside a second listener, the first is one of several.
            if line == "[listen]" { return "[[listen]]" }
            let isKey = line.hasPrefix("# ") && names.contains { line.dropFirst(2).hasPrefix("\($0) = ") }
            let isTable = [
                "# [servers.", "# [listen.tls]", "# [[listen", "# [auth", "# [[auth", "# [admin", "# [[admin",
            ].contains {
                line.hasPrefix($0)
            }
            return isKey || isTable ? String(line.dropFirst(2)) : String(line)
        }.joined(separator: "\n")
    }

    /// The path of a key of one of the servers as that of any server.
    private func general(_ path: String) -> String {
        ["demo", "docs", "echo"].reduce(path) { $0.replacing("servers.\($1).", with: "servers.NAME.") }
            .replacing(".tokens.token.file", with: ".tokens.token")
    }

    @Test("bridge.toml is valid as shipped and serves the demo server")
    func shipped() throws {
        let configuration = try Configuration.load(path: shippedFile("bridge.toml"))
        #expect(configuration.servers.map(\.name) == ["demo"])
        #expect(configuration.servers.first?.command == ["mcp-wsbridge", "demo-server"])
        #expect(configuration.listeners == [Listen()])
        #expect(configuration.limits == Limits())
        #expect(configuration.drain == Drain())
        #expect(configuration.log == Log())
    }

    @Test("bridge.toml has every key, and each value there is the default of the model")
    func defaults() throws {
        let text = try uncommented()
        let configuration = try parse(text)
        #expect(configuration.servers.map(\.name) == ["demo", "docs", "echo"])
        let present = leaves(try TOMLDocument.parse(text)).keys
        #expect(Set(KnownKeys.defaults.map(\.path)) == Set(present.map(general)))

        // What has no default, and what the demo server needs to be one.
        let own: Set = [
            "servers.NAME.command", "servers.NAME.path", "servers.NAME.cwd", "servers.NAME.limits.max_connections",
            "servers.NAME.limits.max_children", "servers.NAME.limits.spawn_rate", "servers.NAME.url",
            "servers.NAME.limits.max_connections_per_principal", "servers.NAME.limits.max_connections_per_address",
            "servers.NAME.limits.max_children_per_principal",
            "servers.NAME.builtin", "servers.NAME.ca", "servers.NAME.client_certificate.certificate",
            "servers.NAME.client_certificate.key", "listen.tls.certificate", "listen.tls.key", "listen.tls.client_ca",
            "listen.public_url", "listen.address", "listen.owner", "listen.group", "auth.tokens.name",
            "auth.tokens.sha256", "auth.tokens.token", "auth.tokens.servers", "admin.address", "admin.owner",
            "admin.group", "admin.tokens.name", "admin.tokens.sha256", "admin.tokens.token",
            "auth.jwt.issuer", "auth.jwt.audience", "auth.jwt.jwks", "auth.jwt.ca", "auth.jwt.servers_claim",
            "servers.NAME.sandbox.memory", "servers.NAME.sandbox.processes", "servers.NAME.sandbox.files",
            "servers.NAME.sandbox.user", "servers.NAME.sandbox.group", "servers.NAME.sandbox.umask",
            "servers.NAME.sandbox.read_only", "servers.NAME.sandbox.read_write", "servers.NAME.tools.allow",
            "servers.NAME.prompts.allow", "servers.NAME.resources.allow",
        ]
        let defaults = Dictionary(uniqueKeysWithValues: KnownKeys.defaults.map { ($0.path, $0.value) })
        let settings = Configuration.schema.settings(of: configuration)
        for setting in settings {
            let path = general(setting.path)
            if !own.contains(path) {
                #expect(setting.value == defaults[path], "\(setting.path)")
            } else if present.contains(setting.path), !path.contains(".tokens.") {
                // One of several listeners has it.
                #expect(settings.contains { $0.path == setting.path && $0.value != nil }, "\(setting.path)")
            }
        }
    }

    @Test("The section of a server that is dialled has every key of its kind and none of the other")
    func dialled() throws {
        let table = leaves(try TOMLDocument.parse(uncommented())).keys.filter { $0.hasPrefix("servers.docs.") }
        let keys = Set(table.compactMap { $0.split(separator: ".").dropFirst(2).first.map(String.init) })
        #expect(keys == Set(KindKey.refused(for: .command).map(\.path)).union(["url"]))
    }

    @Test("Every key of bridge.toml has its reason above it")
    func reasons() throws {
        let shipped = try text("bridge.toml").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let real = try uncommented().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let names = Set(KnownKeys.defaults.flatMap { $0.path.split(separator: ".").map(String.init) })
        let docs = try #require(real.firstIndex(of: "[servers.docs]"))
        // Limits of one server stand without their reasons, which [limits] has.
        let lines = shipped[..<docs] + real[docs...]
        var seen = 0
        for (previous, line) in zip(lines, lines.dropFirst()) {
            let name = line.split(separator: " ").first.map(String.init) ?? ""
            guard line.hasPrefix("\(name) = "), names.contains(name) else { continue }
            seen += 1
            #expect(previous.hasPrefix("# "), "\(name)")
        }
        #expect(seen > 40)
    }

    @Test("minimal.toml serves one server with every default")
    func minimal() throws {
        let configuration = try Configuration.load(path: shippedFile("examples/minimal.toml"))
        let server = try #require(configuration.servers.first)
        #expect(configuration.servers.count == 1)
        #expect(server.path == "/time")
        #expect(server.command == ["uvx", "mcp-server-time"])
        #expect(server.limits == Limits())
        #expect(configuration.listeners[0].address == .tcp(host: "127.0.0.1", port: 8765))
    }

    @Test("R11: several.toml serves several servers, each with its own path and limits")
    func several() throws {
        let configuration = try Configuration.load(path: shippedFile("examples/several.toml"))
        #expect(configuration.servers.map(\.path) == ["/time", "/git/project", "/search"])
        #expect(configuration.listeners[0].address == .unix(path: "/run/mcp-wsbridge/bridge.sock"))
        let search = try #require(configuration.servers.last)
        #expect(search.limits.maxLine == 64 << 20)
        #expect(search.limits.idleTimeout == .seconds(300))
        #expect(search.ownCaps.maxChildren == 20)
        #expect(search.env.map(\.value) == [.text("warning"), .file(path: "/run/secrets/search-api-key")])
        #expect(configuration.servers[0].limits.maxLine == 16 << 20)
        #expect(configuration.servers[0].limits.idleTimeout == .seconds(1800))
    }

    @Test("http.toml serves what is dialled, each server with its own credentials and limits")
    func http() throws {
        let configuration = try Configuration.load(path: shippedFile("examples/http.toml"))
        #expect(configuration.servers.map(\.path) == ["/notes", "/docs", "/legacy"])
        #expect(configuration.servers.allSatisfy { $0.command.isEmpty })
        let upstreams = configuration.servers.compactMap(\.upstream)
        try #require(upstreams.count == 3)
        #expect(upstreams[0] == HTTPURL("http://127.0.0.1:9000/mcp").map(Upstream.init(url:)))
        #expect(upstreams[1].headers.map(\.name) == ["Authorization", "X-Team"])
        #expect(upstreams[1].headers.map(\.prefix) == ["Bearer ", ""])
        #expect(upstreams[1].headers.map(\.value) == [.file(path: "/run/secrets/docs"), .text("agents")])
        #expect(upstreams[1].ca == "/etc/ssl/internal.pem")
        #expect(upstreams[1].requestTimeout == .seconds(600))
        #expect(upstreams[2].transport == .sse)
        #expect(upstreams[2].clientCertificate?.key == "/etc/ssl/bridge.key")
        #expect(configuration.servers[2].ownCaps.maxConnections == 50)
        #expect(CheckReport(configuration, file: "http.toml", in: .everything).warnings.isEmpty)
    }

    @Test(
        "R6, R8, R76: secure.toml asks every client who it is, on an address that others can reach, and needs no leave for it"
    )
    func secure() throws {
        let configuration = try Configuration.load(path: shippedFile("examples/secure.toml"))
        #expect(configuration.listeners[0].address == .tcp(host: "0.0.0.0", port: 8443))
        #expect(!configuration.listeners[0].insecurePublic && !configuration.listeners[0].behindTLSProxy)
        let tls = try #require(configuration.listeners[0].tls)
        #expect(tls.clientCA != nil && tls.clientNames.count == 2)
        let auth = try #require(configuration.auth)
        #expect(auth.tokens.map(\.name) == ["ci"] && auth.tokens.map(\.servers) == [["time"]])
        #expect(auth.jwt?.serversClaim == "mcp_servers" && !auth.queryTokens)
        #expect(
            auth.jwt?.audience == ["https://bridge.example"]
                && configuration.listeners[0].publicURL?.origin == "https://bridge.example"
        )
        #expect(configuration.servers.map(\.path) == ["/time", "/git", "/docs", "/health"])
        #expect(configuration.servers.map(\.authentication) == [.required, .required, .required, .open])
        // The tools of mcp-server-git that change something are all refused.
        let git = configuration.servers[1]
        #expect(git.tools.deny.count == 5 && git.prompts.allow == [] && git.resources.allow == [])
    }
}
