// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

/// `[auth.jwt]`.
@Suite struct JWTAuthenticationTests {
    /// A table that holds it, without the rest of a configuration.
    private struct Auth: Sendable {
        var jwt: JWTAuthentication?

        static let schema = TableSchema<Auth>(keys: [.jwt(\.jwt)])
    }

    private static let least = """
        [jwt]
        issuer = "https://id.example"
        audience = "https://bridge.example"
        jwks = "https://id.example/.well-known/jwks.json"

        """

    private func read(_ text: String) throws -> (JWTAuthentication?, [String]) {
        var auth = Auth()
        var diagnostics = Diagnostics(file: "b.toml")
        Auth.schema.read(try TOMLDocument.parse(text), name: "auth", into: &auth, &diagnostics)
        return (auth.jwt, diagnostics.problems.map(\.description))
    }

    private func problems(_ line: String, replacing old: String? = nil) throws -> [String] {
        let key = old ?? String(line.prefix { $0 != " " })
        let lines = Self.least.split(separator: "\n").filter { !$0.hasPrefix("\(key) ") }
        return try self.read((lines + [line[...]]).joined(separator: "\n") + "\n").1
    }

    @Test("R8: the least that must be there, and the defaults of the rest")
    func least() throws {
        let (jwt, problems) = try self.read(Self.least)
        #expect(problems.isEmpty)
        let read = try #require(jwt)
        #expect(read.issuer == "https://id.example")
        #expect(read.audience == ["https://bridge.example"])
        #expect(read.jwks == HTTPURL("https://id.example/.well-known/jwks.json").map { .url($0) })
        #expect(read.algorithms == [.rs256, .es256, .edDSA])
        #expect(read.serversClaim == nil)
        #expect(read.nameClaim == "sub")
        #expect(read.leeway == .seconds(60))
        #expect(read.place == Place(file: "b.toml", line: 1, column: 2))
        #expect(try self.read("").0 == nil)
    }

    @Test("R8: every key is read, and becomes what tokens are judged by")
    func all() throws {
        let more = """
            ca = "/etc/ssl/internal.pem"
            algorithms = ["ES384", "PS256"]
            servers_claim = "https://claims.example/servers"
            name_claim = "email"
            leeway = "5s"

            """
        let text = Self.least.replacing(#""https://bridge.example""#, with: #"["a", "urn:b"]"#) + more
        let (jwt, problems) = try self.read(text)
        #expect(problems.isEmpty)
        let rules = try #require(jwt).rules(keptClaims: ["upstream"])
        #expect(jwt?.ca == "/etc/ssl/internal.pem")
        #expect(rules.audiences == ["a", "urn:b"])
        #expect(rules.algorithms == [.es384, .ps256])
        #expect(rules.serversClaim == "https://claims.example/servers")
        #expect(rules.nameClaim == "email")
        #expect(rules.leeway == 5)
        #expect(rules.keptClaims == ["upstream"])
        let settings = Auth.schema.settings(of: Auth(jwt: jwt)).map { "\($0.path) = \($0.value ?? "–")" }
        #expect(
            settings == [
                #"jwt.issuer = "https://id.example""#, #"jwt.audience = ["a", "urn:b"]"#,
                #"jwt.jwks = "https://id.example/.well-known/jwks.json""#, #"jwt.ca = "/etc/ssl/internal.pem""#,
                #"jwt.algorithms = ["ES384", "PS256"]"#, #"jwt.servers_claim = "https://claims.example/servers""#,
                #"jwt.name_claim = "email""#, #"jwt.leeway = "5s""#,
            ]
        )
    }

    @Test("R8: keys may be in a file, or on this machine without TLS")
    func sources() throws {
        for source in ["/etc/jwks.json", "http://127.0.0.1:8080/jwks", "http://[::1]/jwks", "http://localhost/jwks"] {
            #expect(try self.problems(#"jwks = "\#(source)""#).isEmpty, "\(source)")
        }
    }

    @Test("R8: issuer, audience and keys are all asked for, in one message")
    func missing() throws {
        let text = "[jwt]\nissuer = \"https://id.example\"\n"
        #expect(
            try self.read(text).1 == [
                "b.toml:1:2: `auth.jwt` lacks `audience` and `jwks`: write issuer = \"https://id.example\", audience = "
                    + "\"https://bridge.example\" and jwks = \"https://id.example/.well-known/jwks.json\""
            ]
        )
        #expect(try self.read("jwt = {}").1.count == 1)
        #expect(
            try self.read("jwt = 1").1 == [
                "b.toml:1:7: `auth.jwt` must be a table, written [auth.jwt] with single brackets, not an integer"
            ]
        )
    }

    @Test(
        "R8: what would open a door is refused, each with its reason",
        arguments: [
            ("algorithms = [\"none\"]", "everybody could write such a token"),
            ("algorithms = [\"HS256\"]", "could write tokens itself"), ("algorithms = []", "not an array of nothing"),
            ("algorithms = [\"RS265\"]", "did you mean \"RS256\"?"),
            ("algorithms = \"RS256\"", "must be an array of some of"),
            ("audience = []", "a token for anybody is a token for nobody"), ("audience = \"\"", "must not be empty"),
            ("audience = [\"a\", 1]", "not an integer"), ("audience = \"a b\"", "must not hold blanks"),
            ("issuer = \"\"", "must not be empty"), ("issuer = \"https://id.example \"", "must not hold blanks"),
            ("issuer = 1", "not an integer"), ("jwks = \"jwks.json\"", "must be an absolute path, or a URL"),
            ("jwks = \"http://id.example/jwks\"", "can let everybody in"),
            ("jwks = \"http://127.0.0.1.evil.example/jwks\"", "can let everybody in"),
            ("jwks = \"ftp://id.example/jwks\"", "must start with http:// or https://"),
            ("jwks = \"https://u:p@id.example/jwks\"", "must not hold a user name"),
            ("leeway = \"1h\"", "five minutes at the most"), ("leeway = \"1500ms\"", "whole seconds"),
            ("leeway = 60", "needs a unit"), ("name_claim = \"\"", "must not be empty"),
            ("servers_claim = [\"a\"]", "not an array"), ("ca = \"ca.pem\"", "must be an absolute path"),
            ("jwks_uri = \"https://id.example\"", "write `jwks`"), ("isuer = \"a\"", "did you mean `issuer`?"),
        ]
    )
    func refused(_ line: String, _ reason: String) throws {
        let problems = try self.problems(line)
        #expect(problems.count == 1 && problems[0].contains(reason), "\(problems)")
    }

    @Test("R8: an authority without TLS would verify nothing, and is refused")
    func uselessCA() throws {
        let text =
            Self.least.replacing("https://id.example/.well-known", with: "http://127.0.0.1") + "ca = \"/a.pem\"\n"
        #expect(
            try self.read(text).1.map { $0.contains("`ca` goes with a `jwks` that starts with https://") } == [true]
        )
    }
}
