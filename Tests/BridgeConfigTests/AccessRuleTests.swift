// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("What clients may use of a server")
struct AccessRuleTests {
    private static func names(_ names: String...) -> [NamePattern] { names.map(NamePattern.init) }

    @Test(
        "Tool policy: every key reaches the model, for every kind of server",
        arguments: [anyServer, anyUpstream, anyBuiltin]
    )
    func keys(_ server: String) throws {
        let text =
            server + """
                tools = { allow = ["git_*", "a"], deny = ["git_push"] }
                prompts.deny = ["*"]
                [servers.a.resources]
                allow = []
                """
        let model = try #require(try parse(text).servers.first)
        #expect(model.tools == AccessRule(allow: Self.names("git_*", "a"), deny: Self.names("git_push")))
        #expect(model.prompts == AccessRule(deny: Self.names("*")))
        // Nothing allowed is not the same as nothing said.
        #expect(model.resources == AccessRule(allow: []) && !model.resources.isOpen)
        let open = try #require(try parse(server + "tools = {}").servers.first)
        #expect(open.tools.isOpen && open.prompts.isOpen && open.resources.isOpen)
    }

    @Test(
        "Tool policy: what is wrong with a rule is told with its place",
        arguments: [
            (#"tools = ["git_*"]"#, "b.toml:3:9", "must be a table"),
            (#"tools = { allow = "git_*" }"#, "b.toml:3:19", "an array of names"),
            (#"tools = { alow = [] }"#, "b.toml:3:11", "did you mean `allow`"),
            (#"tools = { deny = ["a", ""] }"#, "b.toml:3:24", "an empty name"),
            (#"prompts = { deny = ["a\n"] }"#, "b.toml:3:21", "control characters"),
            (#"resources = { allow = [1] }"#, "b.toml:3:24", "not an integer"),
            (#"tool = { allow = [] }"#, "b.toml:3:1", "did you mean `tools`"),
            ("protocol = \"lines\"\ntools = { deny = [\"a\"] }", "b.toml:4:1", "needs protocol = \"mcp\""),
            ("protocol = \"lines\"\nresources.deny = []", "b.toml:4:1", "needs protocol = \"mcp\""),
            ("protocol = \"lines\"\nrestart = \"modern-only\"", "b.toml:4:11", "needs protocol = \"mcp\""),
        ]
    )
    func wrong(_ line: String, _ place: String, _ message: String) {
        let report = refusal(of: anyServer + line)
        #expect(report.hasPrefix(place + ":") && report.contains(message), "\(report)")
    }

    @Test("`check` shows the rules")
    func shown() throws {
        let configuration = try parse(anyServer + #"tools = { allow = ["git_*"], deny = ["git_push"] }"#)
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
        let changed = report.lines.first { $0.contains("changed") }
        #expect(changed?.contains(#"tools.allow = ["git_*"], tools.deny = ["git_push"]"#) == true, "\(report.lines)")
    }
}
