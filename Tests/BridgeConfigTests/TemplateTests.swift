// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("Templates in a configuration")
struct TemplateTests {
    private static let auth = "[[auth.tokens]]\nname = \"ci\"\ntoken = { env = \"T\" }\n"
    private static let jwt = """
        [auth.jwt]
        issuer = "https://id.example"
        audience = "https://bridge.example"
        jwks = "https://id.example/keys"

        """

    private static func template(_ text: String) throws -> ValueTemplate { try ValueTemplate(parsing: text) }

    @Test("R72: values of env and headers, and arguments behind the program, may be templates")
    func allowed() throws {
        let configuration = try parse(
            """
            \(Self.jwt)
            [servers.a]
            command = ["x", "--user={{principal}}", "plain", "{{peer}}", '{{"{{"}}name}}']
            env = { A = "Bearer {{header:X-Token}}", B = "plain", C = '{{"{{"}}x', D = "{{claim:sub}}" }
            [servers.b]
            url = "https://x.example"
            headers = { Authorization = "Bearer {{claim:https://x.example/up}}", X-B = "{{'{{'}}" }
            """
        )
        let (started, dialled) = (configuration.servers[0], configuration.servers[1])
        #expect(started.command == ["x", "…{{principal}}", "plain", "{{peer}}", "{{name}}"])
        #expect(started.argumentTemplates.map(\.index) == [1, 3])
        #expect(started.argumentTemplates.first?.template == (try Self.template("--user={{principal}}")))
        #expect(started.argumentTemplates.map(\.place.column) == [17, 50])
        #expect(
            started.env.map(\.value) == [
                .template(try Self.template("Bearer {{header:X-Token}}")), .text("plain"), .text("{{x"),
                .template(try Self.template("{{claim:sub}}")),
            ]
        )
        #expect(started.templates.sources == [.header("X-Token"), .claim("sub"), .principal, .peer])
        #expect(dialled.templates.sources == [.claim("https://x.example/up")])
        #expect(dialled.upstream?.headers.last?.value == .text("{{"))
        #expect(configuration.templateClaims == ["sub", "https://x.example/up"])
        #expect(try parse(anyServer).servers.first?.templates.isEmpty == true)
    }

    private static let places =
        "templates may stand only in the values of `env` and `headers`, and in `command` behind the program"
    private static let program =
        "2:12: `command` holds `{{` in its program, which no client may choose: \(places)"

    private static let misplaced: [(String, String)] = [
        (anyServer + "cwd = \"/srv/{{principal}}\"", "3:7: `cwd` holds `{{`: \(places)"),
        (anyServer + "path = \"/{{peer}}\"", "3:8: `path` holds `{{`: \(places)"),
        (anyServer + "env = { A = { file = \"/srv/{{peer}}\" } }", "3:22: `file` holds `{{`: \(places)"),
        (anyServer + "env = { A = { env = \"{{peer}}\" } }", "3:21: `env` holds `{{`: \(places)"),
        (anyServer + "inherit_env = [\"{{peer}}\"]", "3:16: `inherit_env` holds `{{`: \(places)"),
        (anyServer + "tools = { allow = [\"{{principal}}_*\"] }", "3:20: `allow` holds `{{`: \(places)"),
        ("[servers.a]\nurl = \"https://{{peer}}/\"", "2:7: `url` holds `{{`: \(places)"),
        (anyUpstream + "ca = \"/{{peer}}\"", "3:6: `ca` holds `{{`: \(places)"),
        (
            anyUpstream + "headers = { A = { file = \"/f\", prefix = \"{{peer}} \" } }",
            "3:41: `prefix` holds `{{`: \(places)"
        ),
        (
            "[servers.a]\ncommand = [\"{{header:X}}\", \"y\"]",
            program
        ),
        (
            "[servers.a]\ncommand = [\"/srv/{{principal}}/run\"]",
            program
        ),
        (
            anyServer + "env = { \"{{peer}}\" = \"a\" }",
            "3:9: `env` holds `{{` in a name: \(places)"
        ),
    ]

    @Test("R42, R72: anywhere else a template is refused, with its place and where it may stand", arguments: misplaced)
    func elsewhere(_ text: String, _ message: String) {
        #expect(refusal(of: text) == "b.toml:\(message)")
    }

    @Test(
        "R42: no template decides which code is run",
        arguments: [
            "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "NODE_OPTIONS", "PYTHONPATH", "SHELL",
        ]
    )
    func codeVariables(_ name: String) {
        let text = "\(anyServer)env = { \(name) = \"{{header:X}}\" }"
        let column = 12 + name.count
        #expect(
            refusal(of: text) == "b.toml:3:\(column): `env.\(name)` must not be a template: it decides which code is "
                + "run, and no client may choose that"
        )
        #expect(refusal(of: text.replacing("{{header:X}}", with: "/x")).isEmpty)
    }

    @Test(
        "R42: no template stands within a script",
        arguments: [
            ([#""sh""#, #""-c""#, #""run {{header:X}}""#], 3), ([#""/bin/bash""#, #""-lc""#, #""{{peer}}""#], 3),
            ([#""python3""#, #""-c""#, #""print('{{header:X}}')""#], 3),
            ([#""node""#, #""-e""#, #""{{header:X}}""#], 3), ([#""node""#, #""--eval""#, #""{{header:X}}""#], 3),
            ([#""x""#, #""-c""#, #""{{header:X}}""#], nil),
            ([#""sh""#, #""-c""#, #""run $1""#, #""x""#, #""{{header:X}}""#], nil),
            ([#""python3""#, #""server.py""#, #""{{header:X}}""#], nil),
        ] as [([String], Int?)]
    )
    func scripts(_ words: [String], _ refused: Int?) {
        let report = refusal(of: "[servers.a]\ncommand = [\(words.joined(separator: ", "))]")
        guard let refused else {
            #expect(report.isEmpty)
            return
        }
        let column = 12 + words[..<(refused - 1)].reduce(0) { $0 + $1.count + 2 }
        #expect(report.hasPrefix("b.toml:2:\(column): `command` holds a template within a script for `"), "\(report)")
    }

    @Test(
        "R72: a text with braces that is no template is refused with its place, and the way to write them",
        arguments: [
            (anyServer + "env = { A = \"{{\" }", "3:13: `env.A` holds `{{` without `}}` behind it"),
            ("[servers.a]\ncommand = [\"x\", \"y\", \"{{ name }}\"]", "2:22: `command` may hold {{header:NAME}}"),
            (anyUpstream + "headers = { A = \"{{header:}}\" }", "3:17: `headers.A` names a header that none can be"),
            (anyUpstream + "headers = { A = \"{{claim}}\" }", "3:17: `headers.A` must say which claim"),
        ]
    )
    func malformed(_ text: String, _ message: String) {
        let report = refusal(of: text)
        #expect(report.hasPrefix("b.toml:\(message)"), "\(report)")
        #expect(report.hasSuffix("; for the two braces themselves write {{\"{{\"}}"))
    }

    @Test(
        "R72: the text around a template must be fit for where it stands",
        arguments: [
            (anyServer + "env = { A = \"\\u0000{{peer}}\" }", "3:13: `env.A` must not hold a NUL character"),
            ("[servers.a]\ncommand = [\"x\", \"\\u0000{{peer}}\"]", "2:17: `command` must not hold a NUL character"),
            (
                anyUpstream + "headers = { A = \"{{peer}}\\r\\nB: c\" }",
                "3:17: `headers.A` holds a line break or NUL, which no header can carry"
            ),
            (
                anyUpstream + "headers = { A = \" {{peer}}\" }",
                "3:17: `headers.A` holds a blank at its start or end, which servers would strip"
            ),
        ]
    )
    func surroundings(_ text: String, _ message: String) {
        #expect(refusal(of: text) == "b.toml:\(message)")
    }

    @Test(
        "R72: what no client of a server can have is not asked for",
        arguments: [
            (
                "", "env = { A = \"{{claim:x}}\" }",
                "asks for a claim of the client's token ({{claim:x}}), but there is no [auth.jwt]: add it, with `issuer`, "
                    + "`audience` and `jwks`"
            ),
            (
                auth, "env = { A = \"{{claim:x}}\" }",
                "asks for a claim of the client's token ({{claim:x}}), but there is no [auth.jwt]: add it, with `issuer`, "
                    + "`audience` and `jwks`"
            ),
            (jwt, "env = { A = \"{{claim:x}}{{principal}}\" }", nil),
            (
                jwt, "auth = \"none\"\nenv = { A = \"{{claim:x}}{{principal}}\" }",
                "asks for a claim of the client's token ({{claim:x}}), but with auth = \"none\" nobody is asked for a "
                    + "credential: take one of the two out"
            ),
            (
                "", "env = { A = \"{{principal}}\" }",
                "asks for the name of the client ({{principal}}), but there is no [auth]: add [[auth.tokens]] with what "
                    + "`mcp-wsbridge token new` prints"
            ),
            (auth, "env = { A = \"{{principal}}\" }", nil),
            (
                auth, "auth = \"none\"\nenv = { A = \"{{principal}}\" }",
                "asks for the name of the client ({{principal}}), but with auth = \"none\" nobody is asked for a credential: "
                    + "take one of the two out"
            ),
            ("", "env = { A = \"{{header:x}}{{peer}}\" }", nil),
            (auth, "auth = \"none\"\nenv = { A = \"{{header:x}}{{peer}}\" }", nil),
        ] as [(String, String, String?)]
    )
    func nobodyHas(_ auth: String, _ server: String, _ message: String?) {
        let report = refusal(of: auth + anyServer + server)
        guard let message else {
            #expect(report.isEmpty)
            return
        }
        #expect(report.hasSuffix(": server `a`: `env.A` \(message)"), "\(report)")
        #expect(report.split(separator: "\n").count == 1)
    }

    @Test("R72: the same holds for arguments and headers, each at its place; a faulty [auth.jwt] counts as one")
    func otherPlaces() {
        let command = "[servers.a]\ncommand = [\"x\", \"{{principal}}\"]\n"
        #expect(refusal(of: command).hasPrefix("b.toml:2:17: server `a`: `command` asks for the name of the client"))
        let headers = "\(anyUpstream)headers = { A = \"{{claim:x}}\" }"
        #expect(refusal(of: headers).hasPrefix("b.toml:3:13: server `a`: `headers.A` asks for a claim"))
        let faulty = refusal(of: Self.jwt.replacing("issuer", with: "isuer") + headers)
        #expect(!faulty.contains("asks for a claim"), "\(faulty)")
    }

    @Test("R72: files and variables of the daemon are taken as they are, braces and all")
    func references() throws {
        let text = "\(anyServer)env = { A = { file = \"/f\" }, B = { env = \"C\" }, HOME = \"{{peer}}\" }"
        let server = try #require(try parse(text).servers.first)
        let environment = try server.resolveEnvironment(
            reading: { _, _ throws(FileError) in Array("{{header:X}}\n".utf8) },
            environment: { ["C": "{{claim:y}}", "HOME": "/home", "USER": "me"][$0] }
        )
        // HOME comes with each client, and never from the daemon.
        let pairs = environment.variables.map { "\($0.name)=\($0.value)" }
        #expect(pairs == ["USER=me", "A={{header:X}}", "B={{claim:y}}"])
        #expect(server.templates.sources == [.peer])
        let words = ["x", "{{header:X}}"]
        let oneLiner = try Configuration.oneLiner(listen: "127.0.0.1:1", command: words, insecurePublic: false)
        #expect(oneLiner.servers.first?.command == words && oneLiner.servers.first?.templates.isEmpty == true)
    }

    @Test("What cannot be seen gets into no report: neither by a claim, nor by an argument")
    func invisible() throws {
        let claim = refusal(of: "\(Self.jwt)\(anyServer)env = { A = \"{{claim:a\u{85}b}}\" }")
        #expect(claim.hasSuffix("`env.A` names a claim with a character that cannot be seen"), "\(claim)")
        let configuration = try parse("[servers.a]\ncommand = [\"x\u{85}\", \"y\u{202E}\"]")
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
        #expect(report.lines.contains(#"  command   "x\u0085" "y\u202E""#), "\(report.lines)")
    }

    @Test("R73: check shows the places of templates, and nothing of the text around them")
    func report() throws {
        let configuration = try parse(
            """
            [servers.a]
            command = ["x", "--key=canary{{header:X-Key}}", "{{peer}}"]
            env = { A = "canary {{header:X-Token}}", B = "canary" }
            [servers.b]
            url = "https://x.example"
            headers = { X-A = "canary{{header:X-A}}" }
            """
        )
        let report = CheckReport(configuration, file: "b.toml", in: .everything)
        #expect(
            report.lines.joined(separator: "\n") == """
                listen    127.0.0.1:8765 (this machine only)

                a  ws://127.0.0.1:8765/a
                  command   x …{{header:X-Key}} {{peer}}
                  protocol  mcp
                  env       A (…{{header:X-Token}}), B

                b  ws://127.0.0.1:8765/b
                  url       https://x.example/
                  transport auto
                  headers   X-A (…{{header:X-A}})
                """
        )
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("canary") && !"\(configuration)".contains("canary"))
        #expect(Server.schema.settings(of: configuration.servers[0]).allSatisfy { !"\($0)".contains("canary") })
    }

    private func warnings(_ text: String) throws -> [String] {
        CheckReport(try parse(text), file: "b.toml", in: .everything).warnings.map(\.description)
    }

    @Test("R72: check warns of tokens that are passed on, of secrets in arguments, and of names that two may have")
    func doubts() throws {
        let passed = try warnings(
            """
            [servers.a]
            command = ["x", "--key={{header:X-Key}}", "{{peer}}"]
            env = { A = "{{header:authorization}}", B = "{{header:Sec-WebSocket-Protocol}}", C = "{{header:Cookie}}" }
            """
        )
        try #require(passed.count == 3)
        #expect(passed.allSatisfy { $0.hasPrefix("b.toml:1:10: server `a`: ") })
        #expect(passed[0].contains("`env.A` passes on Authorization") && passed[0].contains("token passthrough"))
        #expect(passed[1].contains("`env.B` passes on Sec-WebSocket-Protocol"))
        #expect(passed[2].contains("an argument of `command` holds the header X-Key: every user of this machine"))
        let names = anyServer + "env = { A = \"{{principal}}\" }"
        #expect(try warnings(Self.auth + names).isEmpty)
        #expect(try warnings(Self.auth + Self.jwt + names).first?.contains("two clients may have the same") == true)
        let clear = try warnings(
            "[servers.a]\nurl = \"http://x.example\"\nheaders = { X-A = \"{{header:X-A}}\", X-B = \"{{peer}}\" }"
        )
        #expect(clear.count == 1 && clear[0].contains("`X-A` would go to x.example in clear text"), "\(clear)")
    }
}
