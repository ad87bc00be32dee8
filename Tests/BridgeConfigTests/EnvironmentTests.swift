// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("The environment of a child")
struct EnvironmentTests {
    /// Must never be seen in anything that is written.
    private let canary = "canary-7f3a"

    private func server(_ lines: String) throws -> Server {
        try #require(try parse(anyServer + lines).servers.first)
    }

    private func resolve(
        _ server: Server,
        files: [String: [UInt8]] = [:],
        daemon: [String: String] = [:]
    ) throws(ConfigurationError) -> ResolvedEnvironment {
        try server.resolveEnvironment(
            reading: { path, _ throws(FileError) in
                guard let bytes = files[path] else { throw FileError(reason: "no such file") }
                return bytes
            },
            environment: { daemon[$0] }
        )
    }

    private func pairs(_ environment: ResolvedEnvironment) -> [String: String] {
        Dictionary(environment.variables.map { ($0.name, $0.value) }) { first, second in "\(first), then \(second)" }
    }

    @Test("R42: a child gets the nine basic variables where the daemon has them, and nothing else")
    func basics() throws {
        let basics = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "TZ", "TMPDIR"]
        var daemon = Dictionary(uniqueKeysWithValues: basics.map { ($0, "d-\($0)") })
        let expected = daemon
        daemon["LD_PRELOAD"] = "/evil.so"
        daemon["AWS_SECRET_ACCESS_KEY"] = "x"
        daemon["LC_ALL"] = "C"
        let environment = try resolve(server(""), daemon: daemon)
        #expect(pairs(environment) == expected)
        #expect(environment.variables.map(\.name) == basics)
        #expect(environment.secrets.isEmpty)
        #expect(try resolve(server("")).variables.isEmpty)
    }

    @Test("R42: inherit_env adds what the daemon has; env has the last word; no name comes twice")
    func precedence() throws {
        let server = try server(
            "inherit_env = [\"EXTRA\", \"ABSENT\", \"PATH\", \"BOTH\"]\nenv = { TZ = \"UTC\", BOTH = \"e\", NEW = \"\" }"
        )
        let environment = try resolve(
            server,
            daemon: ["TZ": "CET", "EXTRA": "1", "PATH": "/bin", "BOTH": "d", "OTHER": "2"]
        )
        #expect(pairs(environment) == ["TZ": "UTC", "EXTRA": "1", "PATH": "/bin", "BOTH": "e", "NEW": ""])
        #expect(environment.secrets.isEmpty)
    }

    @Test(
        "A file's value loses one trailing newline and nothing else",
        arguments: [
            ("s", "s"), ("s\n", "s"), ("s\r\n", "s"), ("s\n\n", "s\n"), (" s ", " s "), ("a\nb\n", "a\nb"), ("\n", ""),
            ("", ""),
            ("s\r", "s\r"), ("ü\n", "ü"),
        ]
    )
    func files(_ contents: String, _ value: String) throws {
        let server = try server("env = { A = { file = \"/f\" } }")
        let environment = try resolve(server, files: ["/f": Array(contents.utf8)])
        #expect(pairs(environment).mapValues { Array($0.utf8) } == ["A": Array(value.utf8)])
        #expect(environment.secrets == (value.isEmpty ? [] : [value]))
    }

    @Test("R73: values from files and variables are listed for redaction; texts and basics are not")
    func secrets() throws {
        let server = try server("env = { A = { file = \"/f\" }, B = { env = \"D\" }, C = \"text\" }")
        let environment = try resolve(server, files: ["/f": Array("one\n".utf8)], daemon: ["D": "two", "HOME": "/h"])
        #expect(environment.secrets == ["one", "two"])
        #expect(pairs(environment) == ["A": "one", "B": "two", "C": "text", "HOME": "/h"])
    }

    @Test("R73: a credential of the service is read from where the service manager put it, and is a secret")
    func credential() throws {
        let server = try server("env = { A = { credential = \"token\" } }")
        let files = ["/run/credentials/a.service/token": Array("one\n".utf8)]
        let environment = try resolve(
            server,
            files: files,
            daemon: ["CREDENTIALS_DIRECTORY": "/run/credentials/a.service"]
        )
        #expect(pairs(environment) == ["A": "one"])
        #expect(environment.secrets == ["one"])
        let error = #expect(throws: ConfigurationError.self) { try resolve(server, files: files) }
        #expect(error?.description.contains("there is no credential `token`: the service manager gives them") == true)
    }

    @Test("R73: of a secret with several lines each longer line is listed as well")
    func secretLines() throws {
        let server = try server("env = { A = { file = \"/f\" } }")
        let value = "-----BEGIN KEY-----\r\nMIIEvQIBADAN\nab\n-----END KEY-----"
        let environment = try resolve(server, files: ["/f": Array("\(value)\n".utf8)])
        #expect(environment.secrets == [value, "-----BEGIN KEY-----", "MIIEvQIBADAN", "-----END KEY-----"])
    }

    @Test("What is missing is named with server, variable and path, all at once")
    func missing() throws {
        let server = try server(
            "env = { A = { file = \"/run/none\" }, B = { env = \"NONE\" }, C = { file = \"/bin\" } }"
        )
        let error = #expect(throws: ConfigurationError.self) { try resolve(server, files: ["/bin": [0x61, 0, 0x62]]) }
        #expect(
            error?.description == """
                b.toml:3:9: server `a`: env `A`: the file /run/none cannot be read: no such file
                b.toml:3:37: server `a`: env `B`: the daemon's environment has no variable `NONE`: set it or take the line out
                b.toml:3:59: server `a`: env `C`: the file /bin holds NUL or is not valid UTF-8
                """
        )
    }

    @Test("R73: no description, reflection or error shows a secret")
    func canaries() throws {
        let text = """
            \(anyServer)env = { A = "\(canary)", B = { file = "/f" }, C = { env = "D" } }
            """
        let configuration = try parse(text)
        let server = try #require(configuration.servers.first)
        let environment = try resolve(server, files: ["/f": Array(canary.utf8)], daemon: ["D": canary])
        #expect(environment.secrets == [canary, canary])
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(environment, to: &dumped)
        let shown = [
            "\(configuration)", String(reflecting: configuration), "\(server.env)", String(reflecting: server.env),
            "\(environment)", String(reflecting: environment), "\([environment])", "\(Optional(environment) as Any)",
            dumped,
            CheckReport(configuration, file: "b.toml", in: .nothing).lines.joined(),
            Server.schema.settings(of: server).map { "\($0)" }.joined(),
        ]
        #expect(shown.allSatisfy { !$0.contains(canary) && !$0.isEmpty })
        #expect(dumped.contains("env"))
    }

    @Test(
        "R73: errors about an environment do not quote what may be a secret",
        arguments: [
            "env = { A = \"CANARY{{\" }", "env = { A = \"{{CANARY}}\" }",
            "env = { \"{{CANARY}}\" = \"x\" }", "env = { A = \"CANARY\\u0000\" }", "env = { \"A=CANARY\" = \"x\" }",
            "env = { PATH = \"CANARY{{header:X}}\" }",
            "env = { A = [\"CANARY\"] }", "env = \"CANARY\"", "env = { A = { file = \"CANARY\" } }",
            "env = { A = { env = \"A=CANARY\" } }", "inherit_env = [\"A=CANARY\"]",
            "env = { A = { file = [\"CANARY\"] } }",
        ]
    )
    func errorsWithoutSecrets(_ line: String) {
        let report = refusal(of: anyServer + line.replacing("CANARY", with: canary))
        #expect(report.hasPrefix("b.toml:3:"))
        #expect(!report.contains(canary), "\(report)")
    }

    @Test(
        "Bad names and references in env are refused",
        arguments: [
            (
                "env = { \"\" = \"x\" }",
                "b.toml:3:9: `env` holds an empty name: give the name of an environment variable"
            ),
            (
                "env = { \"A=B\" = \"x\" }",
                "b.toml:3:9: `env` takes names of variables without `=`: values go into `env`"
            ),
            ("env = { \"A\\u0000\" = \"x\" }", "b.toml:3:9: `env` must not hold a NUL character"),
            ("inherit_env = [\"A\", \"LC_*\"]", "b.toml:3:21: `inherit_env` takes no wildcards: list each name"),
            (
                "env = { PORT = 80 }",
                "b.toml:3:16: `env.PORT` must be a string in quotes, { file = \"/path\" }, { env = \"NAME\" } or "
                    + "{ credential = \"name\" }, not an integer"
            ),
            (
                "env = { A = {} }",
                "b.toml:3:13: `env.A` must have one of `file`, `env` and `credential`: write { file = \"/path\" }, "
                    + "{ env = \"NAME\" } or { credential = \"name\" }"
            ),
            (
                "env = { A = { file = \"/f\", env = \"B\" } }",
                "b.toml:3:13: `env.A` must have one of `file`, `env` and `credential`: write { file = \"/path\" }, "
                    + "{ env = \"NAME\" } or { credential = \"name\" }"
            ),
            (
                "env = { A = { credential = \"a/b\" } }",
                "b.toml:3:28: `credential` must be the name of a credential, as LoadCredential= of the service has it before "
                    + "the colon"
            ),
            (
                "env = { A = { credential = \"..\" } }",
                "b.toml:3:28: `credential` must be the name of a credential, as LoadCredential= of the service has it before "
                    + "the colon"
            ),
            (
                "env = { A = { file = \"f\" } }",
                "b.toml:3:22: `file` must be an absolute path, one that starts with a slash"
            ),
            (
                "env = [\"A=B\"]",
                "b.toml:3:7: `env` must be a table such as { TZ = \"UTC\", TOKEN = { file = \"/run/secrets/token\" } }, "
                    + "not an array"
            ),
        ]
    )
    func badEntries(_ line: String, _ expected: String) {
        #expect(refusal(of: anyServer + line) == expected)
    }
}
