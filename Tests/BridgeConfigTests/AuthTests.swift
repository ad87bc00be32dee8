// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("[auth]")
struct AuthTests {
    private static let digest = String(repeating: "ab", count: 32)
    /// A section that lets somebody in.
    private static let auth = "[[auth.tokens]]\nname = \"ci\"\nsha256 = \"\(digest)\"\n"

    @Test("Tokens, users and what servers ask for are read as they stand")
    func reading() throws {
        let configuration = try parse(
            """
            [listen]
            address = "unix:/run/s"
            public_url = "https://Bridge.example/"
            [auth]
            query_tokens = true
            [[auth.tokens]]
            name = "ci"
            sha256 = "\(Self.digest.uppercased())"
            servers = ["a"]
            [[auth.tokens]]
            name = "ops@example.org"
            token = { file = "/run/token" }
            [auth.unix]
            allow_uids = [0, 1000]
            allow_gids = [4294967294]
            [servers.a]
            command = ["x"]
            [servers.b]
            command = ["x"]
            auth = "none"
            """
        )
        let auth = try #require(configuration.auth)
        #expect(auth.tokens.map(\.name) == ["ci", "ops@example.org"])
        #expect(auth.tokens.map(\.value) == [.sha256(Self.digest), .secret(.file(path: "/run/token"))])
        #expect(auth.tokens.map(\.servers) == [["a"], nil])
        #expect(auth.queryTokens)
        #expect(auth.unix.allowUIDs == [0, 1000])
        #expect(auth.unix.allowGIDs == [4_294_967_294])
        #expect(configuration.servers.map(\.authentication) == [.required, .open])
        #expect(configuration.listeners[0].publicURL?.origin == "https://bridge.example")
        #expect(auth.tokenFiles == ["/run/token"])
        #expect(try parse(anyServer).auth == nil)
    }

    @Test("One that is wrong is refused at its place, and nothing of it is quoted")
    func wrongTokens() throws {
        let refusal = refusal(
            of: """
                [[auth.tokens]]
                name = "mwb_canary secret"
                sha256 = "canary"
                [[auth.tokens]]
                name = "a"
                token = "canary"
                [[auth.tokens]]
                name = "b"
                token = { env = "A", file = "/x" }
                [[auth.tokens]]
                name = "c"
                [[auth.tokens]]
                sha256 = "\(Self.digest)"
                [[auth.tokens]]
                name = "a"
                sha256 = "\(Self.digest.uppercased())"
                servers = []
                tokn = 1
                \(anyServer)
                """
        )
        let problems = refusal.split(separator: "\n").map(String.init)
        let places = problems.map { $0.split(separator: ":")[1...2].joined(separator: ":") }
        #expect(places == ["2:8", "3:10", "6:9", "9:9", "10:1", "12:1", "15:8", "16:10", "17:11", "18:1"])
        #expect(!refusal.contains("canary"))
        #expect(problems.last?.contains("did you mean `token`?") == true)
        #expect(problems[2].contains("sha256"))
    }

    @Test("A token opens only servers that are there")
    func unknownServers() {
        let refusal = refusal(of: Self.auth + "servers = [\"tiem\", \"git\"]\n[servers.time]\ncommand = [\"x\"]\n")
        #expect(
            refusal == """
                b.toml:4:12: `servers` names "tiem", but there is no [servers.NAME] of that name; did you mean `time`?
                b.toml:4:20: `servers` names "git", but there is no [servers.NAME] of that name
                """
        )
    }

    @Test(
        "R8: [auth] that lets nobody in, and credentials that nobody asks for, are mistakes",
        arguments: [
            ("[auth]\n\(anyServer)", "b.toml:1:2: [auth] lets nobody in"),
            ("auth.tokens = []\n\(anyServer)", "b.toml:1:1: [auth] lets nobody in"),
            ("[auth.unix]\n\(anyServer)", "[auth] lets nobody in"),
            ("[auth.unix]\nallow_uids = [1]\n\(anyServer)", "b.toml:1:7: [auth.unix] needs a Unix socket"),
            ("\(anyServer)auth = \"required\"", "b.toml:3:8: server `a` requires credentials"),
            ("[auth.tokens]\nname = \"a\"\n\(anyServer)", "double brackets"),
            ("[auth]\nallow_uids = [1]\n\(anyServer)", "it belongs in [auth.unix]"),
            ("[auth.unix]\nallow_uids = [-1]\n\(anyServer)", "between 0 and 4294967294"),
            ("\(anyServer)auth = \"non\"", "did you mean \"none\"?"),
            ("[listen]\npublic_url = \"https://x.example/a\"\n\(anyServer)", "2:14: `public_url` must be scheme"),
            ("[listen]\npublic_url = \"wss://x.example\"\n\(anyServer)", "2:14: `public_url` must start"),
        ]
    )
    func contradictions(_ text: String, _ expected: String) {
        #expect(refusal(of: text).contains(expected))
    }

    @Test(
        "R6: with [auth] an address beyond loopback is served where no token crosses a network in clear text",
        arguments: [
            ("0.0.0.0:1", "", false), ("0.0.0.0:1", "behind_tls_proxy = true", true),
            ("bridge.example:1", "insecure_public = true", false), ("127.0.0.1:1", "", true), ("unix:/s", "", true),
        ]
    )
    func exposure(_ address: String, _ more: String, _ isServed: Bool) {
        let refusal = refusal(of: "[listen]\naddress = \"\(address)\"\n\(more)\n\(Self.auth)\(anyServer)")
        #expect(refusal.isEmpty == isServed)
        if !isServed { #expect(refusal.contains("b.toml:2:11: `address`") && refusal.contains("behind_tls_proxy")) }
    }

    @Test("R6: an encrypted listener needs nobody's word")
    func encrypted() throws {
        let address = try ListenAddress(parsing: "0.0.0.0:1")
        #expect(address.clearTextProblem(isEncrypted: true, behindTLSProxy: false) == nil)
        #expect(address.clearTextProblem(isEncrypted: false, behindTLSProxy: true) == nil)
        #expect(address.clearTextProblem(isEncrypted: false, behindTLSProxy: false) != nil)
    }

    // MARK: Values

    private func resolve(_ contents: [String: String], _ variables: [String: String] = [:]) -> String {
        let auth = try? parse(
            """
            [[auth.tokens]]
            name = "a"
            token = { file = "/a" }
            [[auth.tokens]]
            name = "b"
            token = { env = "B" }
            \(anyServer)
            """
        ).auth
        do throws(ConfigurationError) {
            let tokens = try auth?.resolveTokens(
                reading: { path, _ throws(FileError) in
                    guard let text = contents[path] else { throw FileError(reason: "no such file") }
                    return Array(text.utf8)
                },
                environment: { variables[$0] }
            )
            return (tokens ?? []).map { if case .text(let text) = $0.value { text } else { "" } }
                .joined(separator: " ")
        } catch {
            return error.description
        }
    }

    @Test("Tokens come from files, without their newline, and from variables")
    func values() {
        let good = "0123456789abcdef"
        #expect(resolve(["/a": good + "\n"], ["B": "x" + good]) == "\(good) x\(good)")
    }

    @Test("R73: a token that cannot be used is refused by its name, and never shown")
    func badValues() {
        for (text, what) in [
            ("canary", "fewer than 16"), ("canary canary canary", "no header"), ("canary\ncanary\ncanary", "no header"),
            ("canary-canary-\u{E9}", "no header"), ("", "fewer than 16"),
            (String(repeating: "canary", count: 3_000), "16384 bytes"),
        ] {
            let refusal = resolve(["/a": text], ["B": text])
            let lines = refusal.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.contains(what) })
            #expect(lines.first?.hasPrefix("b.toml:1:1: token `a`: the file /a") == true)
            #expect(!refusal.contains("canary"))
        }
        #expect(resolve([:]).contains("token `a`: the file /a cannot be read: no such file"))
        #expect(resolve([:]).contains("token `b`: the daemon's environment has no variable `B`"))
    }

    @Test("R73: no description of a configuration shows what proves who somebody is")
    func hidden() throws {
        let configuration = try parse(Self.auth + anyServer)
        var dumped = ""
        dump(configuration.auth, to: &dumped)
        #expect(!dumped.contains("abab"))
        #expect(!"\(configuration)".contains("abab"))
        let settings = Configuration.schema.settings(of: configuration)
        #expect(!settings.contains { $0.value?.contains("abab") == true })
        let token = try #require(configuration.auth?.tokens.first)
        let resolved = ResolvedToken(token: token, value: .text("canary"))
        dump(resolved, to: &dumped)
        #expect(!dumped.contains("canary"))
        #expect(!"\(resolved)".contains("canary"))
    }

    // MARK: check

    @Test("check says who may use what")
    func report() throws {
        let configuration = try parse(
            """
            [listen]
            address = "0.0.0.0:1"
            behind_tls_proxy = true
            insecure_public = true
            \(Self.auth)servers = ["a"]
            [servers.a]
            builtin = "echo"
            [servers.b]
            builtin = "echo"
            [servers.c]
            builtin = "echo"
            auth = "none"
            """
        )
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
        #expect(
            report.lines.filter { $0.contains("auth") || $0.contains("open to") } == [
                "auth      1 token",
                "  open to   token ci",
                "  open to   nobody",
                "  open to   anybody (auth = \"none\")",
            ]
        )
        #expect(
            report.warnings.map(\.description) == [
                "b.toml: `insecure_public` has no effect: [auth] decides who may use the servers",
                "b.toml:11:10: server `b`: nobody can use it: no token has it among its `servers`",
                "b.toml:13:10: server `c`: anyone who can reach 0.0.0.0:1 can use it: it has `auth` = \"none\"",
            ]
        )
        let open = try parse("\(anyServer)auth = \"none\"")
        #expect(
            CheckReport(open, file: "b.toml", in: .everything).warnings.map(\.description) == [
                "b.toml:1:10: server `a`: `auth` = \"none\" has no effect: there is no [auth], so that every server is open"
            ]
        )
    }

    @Test("check lists users of a Unix socket")
    func unixReport() throws {
        let configuration = try parse(
            """
            [listen]
            address = "unix:/s"
            [auth]
            query_tokens = true
            [auth.unix]
            allow_uids = [1]
            allow_gids = [2]
            \(anyServer)
            """
        )
        let lines = CheckReport(configuration, file: "b.toml", in: .everything).lines
        #expect(lines.contains("auth      also in the query of the URL, users of this machine"))
        #expect(lines.contains("  open to   user 1, group 2"))
    }
}
