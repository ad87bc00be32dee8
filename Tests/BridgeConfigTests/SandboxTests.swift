// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("What a child is confined to")
struct SandboxTests {
    /// A machine that can do everything.
    private static let able = SandboxMachine(
        isRoot: true,
        landlockABI: 7,
        leastLandlockABI: 3,
        descriptors: 4096,
        accounts: AccountFiles(
            passwd: "root:x:0:0::/root:/bin/sh\nmcp:x:1001:1002::/var/lib/mcp:\n",
            group: "mcp:x:1002:\ngit:x:20:mcp\n"
        ),
        groupProblem: nil
    )

    private func resolve(
        _ sandbox: String,
        on machine: SandboxMachine = able
    ) throws(ConfigurationError) -> ResolvedSandbox? {
        let server = try parse(anyServer + "sandbox = { \(sandbox) }").servers[0]
        return try server.sandbox?.resolve(server: server.name, on: machine)
    }

    @Test("R42: every key reaches the model; without the table there is no sandbox")
    func keys() throws {
        #expect(try parse(anyServer).servers[0].sandbox == nil)
        let text =
            anyServer + """
                [servers.a.sandbox]
                memory = "512MiB"
                processes = 64
                files = 1024
                no_new_privileges = true
                user = "mcp"
                group = "git"
                umask = "0077"
                read_only = ["/usr", "/srv/git"]
                read_write = ["/srv/git/work"]
                """
        let sandbox = try #require(try parse(text).servers[0].sandbox)
        var expected = Sandbox(place: Place(file: "b.toml", line: 3, column: 12))
        expected.memory = 512 << 20
        expected.processes = 64
        expected.files = 1024
        expected.user = "mcp"
        expected.group = "git"
        expected.umask = 0o077
        expected.readOnly = ["/usr", "/srv/git"]
        expected.readWrite = ["/srv/git/work"]
        #expect(sandbox == expected)
        let empty = try #require(try parse(anyServer + "sandbox = {}").servers[0].sandbox)
        #expect(empty.noNewPrivileges && !empty.restrictsPaths)
        #expect(try parse(anyServer + "sandbox = { read_only = [] }").servers[0].sandbox?.restrictsPaths == true)
    }

    @Test(
        "what is wrong with a sandbox is told with its place",
        arguments: [
            ("sandbox = true", "b.toml:3:11", "must be a table"),
            ("sandbox = { memory = 5 }", "b.toml:3:22", "needs a unit"),
            ("sandbox = { memory = \"1KiB\" }", "b.toml:3:22", "must be between \"1MiB\""),
            ("sandbox = { processes = 0 }", "b.toml:3:25", "must be between 1"),
            ("sandbox = { files = 3 }", "b.toml:3:21", "must be between 16"),
            ("sandbox = { user = 1001 }", "b.toml:3:20", "a name such as \"mcp\", not an integer"),
            ("sandbox = { user = \"1001\" }", "b.toml:3:20", "not the number"),
            ("sandbox = { user = \"\" }", "b.toml:3:20", "must be a name"),
            ("sandbox = { user = \"a:b\" }", "b.toml:3:20", "must be a name"),
            ("sandbox = { group = \"mcp\" }", "b.toml:3:13", "needs `user`"),
            ("sandbox = { umask = 63 }", "b.toml:3:21", "octal digits in quotes"),
            ("sandbox = { umask = \"0088\" }", "b.toml:3:21", "octal digits in quotes"),
            ("sandbox = { umask = \"1777\" }", "b.toml:3:21", "at most \"0777\""),
            ("sandbox = { umask = \"\" }", "b.toml:3:21", "octal digits in quotes"),
            ("sandbox = { read_only = \"/usr\" }", "b.toml:3:25", "an array of absolute paths"),
            ("sandbox = { read_only = [\"/usr\", \"git\"] }", "b.toml:3:34", "must be an absolute path"),
            ("sandbox = { read_write = [\"~/x\"] }", "b.toml:3:27", "must be an absolute path"),
            (
                "sandbox = { no_new_privileges = false, read_only = [] }", "b.toml:3:33",
                "needs no_new_privileges = true"
            ),
            ("sandbox = { readonly = [] }", "b.toml:3:13", "did you mean `read_only`"),
            ("sandbox = { cwd = \"/\" }", "b.toml:3:13", "it belongs in [servers.a]"),
            ("umask = \"0077\"", "b.toml:3:1", "it belongs in [servers.a.sandbox]"),
        ]
    )
    func wrong(_ line: String, _ place: String, _ message: String) {
        let report = refusal(of: anyServer + line)
        #expect(report.hasPrefix(place + ":") && report.contains(message), "\(report)")
    }

    @Test("a sandbox for a server that is not started is refused with advice", arguments: [anyUpstream, anyBuiltin])
    func otherKinds(_ server: String) {
        let report = refusal(of: server + "sandbox = { files = 100 }")
        #expect(report.contains("b.toml:3:1: `sandbox` is for servers with a `command`"), "\(report)")
    }

    @Test("R42: names are looked up, with all groups of the user; a group of its own replaces the primary one")
    func names() throws {
        let plain = try #require(try resolve("user = 'mcp'"))
        #expect(plain.child.user == .init(id: 1001, group: 1002, groups: [1002, 20]))
        #expect(plain.account?.home == "/var/lib/mcp")
        let other = try #require(try resolve("user = 'mcp', group = 'git'"))
        #expect(other.child.user == .init(id: 1001, group: 20, groups: [20]))
        #expect(throws: ConfigurationError.self) { try resolve("user = 'mpc'") }
        #expect(throws: ConfigurationError.self) { try resolve("user = 'mcp', group = 'mpc'") }
    }

    @Test(
        "R42: a kernel without the Landlock that paths need is an error, and matters to nothing else",
        arguments: [0, 1, 2]
    )
    func landlock(_ version: Int) throws {
        var machine = Self.able
        machine.landlockABI = version
        for paths in ["read_only = []", "read_write = ['/srv']"] {
            let error = #expect(throws: ConfigurationError.self) { try resolve(paths, on: machine) }
            #expect(
                error?.description.contains(
                    "b.toml:3:1: server `a`: sandbox: `read_only` and `read_write` need Landlock"
                ) == true
            )
        }
        #expect(try resolve("files = 100, user = 'mcp', memory = '1GiB'", on: machine)?.hindrances == [])
        machine.landlockABI = 3
        let old = try #require(try resolve("read_only = []", on: machine))
        #expect(old.hindrances.isEmpty && old.remarks.contains { $0.contains("signals") })
        #expect(try resolve("read_only = [], user = 'mcp'")?.remarks == [])
    }

    @Test("R42: memory counts the family where there are control groups, else each process; processes need groups")
    func groups() throws {
        let grouped = try #require(try resolve("memory = '512MiB', processes = 64"))
        #expect(grouped.child.groupLimits == .init(memory: 512 << 20, processes: 64) && grouped.child.memory == nil)
        #expect(grouped.hindrances.isEmpty && grouped.remarks.isEmpty)
        var machine = Self.able
        machine.groupProblem = "no cgroup v2"
        let alone = try #require(try resolve("memory = '512MiB'", on: machine))
        #expect(alone.child.memory == 512 << 20 && alone.child.groupLimits.isEmpty)
        #expect(alone.hindrances.isEmpty && alone.remarks.contains { $0.contains("no cgroup v2") })
        let hindered = try #require(try resolve("processes = 64", on: machine))
        #expect(hindered.hindrances.contains { $0.contains("Delegate=yes") && $0.contains("no cgroup v2") })
    }

    @Test("R42: who is not root can change no user, and raise no limit of descriptors")
    func notRoot() throws {
        var machine = Self.able
        machine.isRoot = false
        #expect(try resolve("user = 'mcp'", on: machine)?.hindrances.count == 1)
        #expect(try resolve("files = 4097", on: machine)?.hindrances.count == 1)
        #expect(try resolve("files = 4096, umask = '0077', read_only = []", on: machine)?.hindrances == [])
        #expect(try resolve("user = 'mcp', files = 4097")?.hindrances == [])
    }

    @Test("R42: another user has another home, unless the configuration says which")
    func environment() throws {
        let server = try parse(
            anyServer + "env = { SHELL = '/said' }\ninherit_env = ['LOGNAME']\nsandbox = { user = 'mcp' }"
        ).servers[0]
        let daemon = ["HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash", "PATH": "/bin"]
        let resolved = try server.resolveEnvironment(
            reading: { _, _ throws(FileError) in throw FileError(reason: "none") },
            environment: { daemon[$0] }
        )
        let account = try #require(Self.able.accounts.account(named: "mcp"))
        let variables = resolved.belonging(to: account, of: server).variables
        #expect(
            Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value) })
                == ["HOME": "/var/lib/mcp", "USER": "mcp", "LOGNAME": "root", "SHELL": "/said", "PATH": "/bin"]
        )
    }

    @Test("`check` shows the sandbox, and warns of paths that are not there and of what the caller may not do")
    func shown() throws {
        let text =
            "sandbox = { memory = '512MiB', processes = 64, user = 'mcp', umask = '077', read_only = ['/srv/git'] }"
        let configuration = try parse(anyServer + text)
        var machine = Self.able
        machine.isRoot = false
        let resolved = try configuration.servers[0].sandbox?.resolve(server: "a", on: machine)
        var surroundings = CheckReport.Surroundings.everything
        surroundings.sandbox = { _ in resolved }
        surroundings.hasPath = { _ in false }
        let report = CheckReport(configuration, file: "b.toml", in: surroundings)
        let line = report.lines.first { $0.contains("sandbox") }
        #expect(
            line
                == "  sandbox   memory 512MiB (of all its processes), processes 64, no new privileges, user mcp (1001:1002), "
                + "umask 077, reads /srv/git, no other files (Landlock 7)"
        )
        let warnings = report.warnings.map(\.description)
        #expect(warnings.contains { $0.contains("\"/srv/git\" of `read_only` does not exist") }, "\(warnings)")
        #expect(warnings.contains { $0.contains("the bridge would not start like this: `user`") }, "\(warnings)")
        #expect(!report.lines.contains { $0.contains("changed") })
    }
}
