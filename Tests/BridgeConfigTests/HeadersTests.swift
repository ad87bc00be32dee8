// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@testable import BridgeConfig

@Suite("The headers of a server behind a URL")
struct HeadersTests {
    /// Must never be seen in anything that is written.
    private let canary = "canary-7f3a"

    private func upstream(_ headers: String) throws -> Upstream {
        try #require(try parse("\(anyUpstream)headers = { \(headers) }").servers.first?.upstream)
    }

    private func resolve(
        _ upstream: Upstream,
        files: [String: [UInt8]] = [:],
        daemon: [String: String] = [:]
    ) throws(ConfigurationError) -> ResolvedHeaders {
        try upstream.resolveHeaders(
            server: "a",
            reading: { path, limit throws(FileError) in
                guard let bytes = files[path] else { throw FileError(reason: "no such file") }
                guard bytes.count <= limit else { throw FileError(reason: "larger than \(Size.text(limit))") }
                return bytes
            },
            environment: { daemon[$0] }
        )
    }

    private func pairs(_ headers: ResolvedHeaders) -> [String] {
        headers.fields.map { "\($0.name): \($0.value)" }
    }

    @Test("Texts, files and variables become fields in the order of the file, prefixes before their values")
    func fields() throws {
        let upstream = try upstream(
            "X-B = \"a\\tb c\", Authorization = { file = \"/f\", prefix = \"Bearer \" }, cookie = { env = \"D\", prefix = \"k=\" }"
        )
        let headers = try resolve(upstream, files: ["/f": Array("one\n".utf8)], daemon: ["D": "two"])
        #expect(pairs(headers) == ["X-B: a\tb c", "Authorization: Bearer one", "cookie: k=two"])
        #expect(try resolve(upstream.replacing(headers: [])).fields.isEmpty)
    }

    @Test("R73: values from files and variables are redacted without their prefix; so are texts that are credentials")
    func secrets() throws {
        let headers = try resolve(
            upstream(
                "A = { file = \"/f\", prefix = \"Bearer \" }, B = { env = \"D\" }, C = \"text\", authorization = \"Basic xyz\", "
                    + "Cookie = \"k=v\""
            ),
            files: ["/f": Array("one".utf8)],
            daemon: ["D": "two"]
        )
        #expect(headers.secrets == ["one", "two", "Basic xyz", "xyz", "k=v"])
    }

    @Test("A file that is read again gives its new value, and the same file an equal result")
    func rereading() throws {
        let upstream = try upstream(
            "A = { file = \"/f\" }, B = { file = \"/g\" }, C = { file = \"/f\" }, D = { env = \"E\" }"
        )
        #expect(upstream.headerFiles == ["/f", "/g"])
        let daemon = ["E": "e"]
        let first = try resolve(upstream, files: ["/f": [0x31], "/g": [0x32]], daemon: daemon)
        let same = try resolve(upstream, files: ["/f": [0x31, 0x0A], "/g": [0x32]], daemon: daemon)
        let second = try resolve(upstream, files: ["/f": [0x33], "/g": [0x32]], daemon: daemon)
        #expect(first == same)
        #expect(first != second)
        #expect(pairs(second) == ["A: 3", "B: 2", "C: 3", "D: e"])
    }

    private static let lineBreak = "holds a line break or NUL, which no header can carry"
    private static let blank = "holds a blank at its start or end, which servers would strip"
    private static let invisible =
        "holds a character that is not visible ASCII, which not every server would understand"

    @Test(
        "A file's value loses one trailing newline, and what is left must be fit for a header",
        arguments: [
            ("s", "s", ""), ("s\n", "s", ""), ("s\r\n", "s", ""), ("a b\tc", "a b\tc", ""), ("\u{21}\u{7E}", "!~", ""),
            ("s\n\n", "", lineBreak), ("a\nb", "", lineBreak), ("a\r\nX-Evil: b", "", lineBreak),
            ("s\r", "", lineBreak),
            (" s", "", blank), ("s ", "", blank), ("\ts", "", blank), ("s\t\n", "", blank), (" ", "", blank),
            ("ü", "", invisible), ("a\u{7F}", "", invisible), ("a\u{1B}b", "", invisible), ("a\u{B}", "", invisible),
            ("", "", "is empty"), ("\n", "", "is empty"),
        ]
    )
    func files(_ contents: String, _ value: String, _ message: String) throws {
        let upstream = try upstream("A = { file = \"/f\", prefix = \"p \" }")
        do throws(ConfigurationError) {
            let headers = try resolve(upstream, files: ["/f": Array(contents.utf8)])
            #expect(message.isEmpty && pairs(headers) == ["A: p \(value)"])
            #expect(headers.secrets == [value])
        } catch {
            #expect(error.description == "b.toml:3:13: server `a`: header `A`: the file /f \(message)")
        }
    }

    @Test("What cannot be had is named with server, header and path, all at once")
    func missing() throws {
        let upstream = try upstream(
            "A = { file = \"/none\" }, B = { env = \"NONE\" }, C = { file = \"/nul\" }, D = { file = \"/large\" }, "
                + "E = { env = \"BAD\" }, F = { env = \"EMPTY\" }"
        )
        let error = #expect(throws: ConfigurationError.self) {
            try resolve(
                upstream,
                files: ["/nul": [0x61, 0, 0x62], "/large": Array(repeating: 0x61, count: 16_385)],
                daemon: ["BAD": "a\nb", "EMPTY": ""]
            )
        }
        #expect(
            error?.description == """
                b.toml:3:13: server `a`: header `A`: the file /none cannot be read: no such file
                b.toml:3:37: server `a`: header `B`: the daemon's environment has no variable `NONE`: set it or take the line out
                b.toml:3:59: server `a`: header `C`: the file /nul holds NUL or is not valid UTF-8
                b.toml:3:82: server `a`: header `D`: the file /large cannot be read: larger than 16KiB
                b.toml:3:107: server `a`: header `E`: the variable `BAD` holds a line break or NUL, which no header can carry
                b.toml:3:128: server `a`: header `F`: the variable `EMPTY` is empty
                """
        )
    }

    @Test("R73: no description, reflection or report shows a value, a prefix or a query")
    func canaries() throws {
        let text = """
            [servers.a]
            url = "https://x.example/?key=\(canary)"
            headers = { A = "\(canary)", B = { file = "/f", prefix = "\(canary) " }, C = { env = "D" } }
            """
        let configuration = try parse(text)
        let server = try #require(configuration.servers.first)
        let upstream = try #require(server.upstream)
        let headers = try resolve(upstream, files: ["/f": Array(canary.utf8)], daemon: ["D": canary])
        #expect(headers.secrets == [canary, canary])
        #expect(upstream.url.target.contains(canary))
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(headers, to: &dumped)
        dump(upstream, to: &dumped)
        dump(upstream.headers, to: &dumped)
        let report = CheckReport(configuration, file: "b.toml", in: .nothing)
        let shown = [
            "\(configuration)", String(reflecting: configuration), "\(server)", String(reflecting: upstream),
            "\(upstream)", "\(upstream.headers)", String(reflecting: upstream.headers), "\(headers)",
            String(reflecting: headers), "\([headers])", "\(Optional(headers) as Any)", dumped, report.lines.joined(),
            "\(report)", Server.schema.settings(of: server).map { "\($0)" }.joined(),
        ]
        #expect(shown.allSatisfy { !$0.contains(canary) && !$0.isEmpty })
        #expect(dumped.contains("x.example/?…"))
        #expect("\(headers)" == "headers A, B, C")
    }

    @Test(
        "R73: errors about headers do not quote what may be a secret",
        arguments: [
            "\"Authorization: CANARY\" = \"x\"", "A = \"CANARY\\n\"", "A = \" CANARY\"", "A = \"CANARYü\"",
            "A = \"CANARY{{\"", "A = \"{{CANARY}}\"", "A = \" CANARY{{header:X}}\"",
            "A = [\"CANARY\"]", "A = { file = \"CANARY\" }", "A = { env = \"A=CANARY\" }",
            "A = { file = \"/f\", prefix = \"CANARY\\n\" }", "A = { file = \"/f\", prefix = [\"CANARY\"] }",
            "\"a CANARY\" = \"x\", \"A CANARY\" = \"x\"",
        ]
    )
    func errorsWithoutSecrets(_ header: String) {
        let report = refusal(of: "\(anyUpstream)headers = { \(header.replacing("CANARY", with: canary)) }")
        #expect(report.hasPrefix("b.toml:3:"))
        #expect(!report.lowercased().contains(canary), "\(report)")
    }

    private static let names =
        "`headers` takes names of headers, of letters, digits and hyphens, without blanks and colons"
    private static let made = "it is set by the bridge, which makes the request and reads the answer"
    private static let kept = "it belongs to the HTTP connection, which the bridge keeps itself"
    private static let mcp = "it is set by the bridge for each message, as MCP has it"

    @Test(
        "Names that HTTP, MCP or the bridge owns are refused with the reason, whatever their case",
        arguments: [
            ("Host", "it is made from `url`"), ("Content-Length", made), ("content-type", made),
            ("Content-Encoding", made), ("ACCEPT", made), ("Accept-Encoding", made), ("Expect", made),
            ("Transfer-Encoding", kept), ("Connection", kept), ("Proxy-Connection", kept), ("upgrade", kept),
            ("TE", kept), ("Trailer", kept), ("Keep-Alive", kept), ("Mcp-Session-Id", mcp), ("MCP-Session-ID", mcp),
            ("MCP-Protocol-Version", mcp), ("mcp-method", mcp), ("Mcp-Name", mcp), ("Last-Event-ID", mcp),
            ("Mcp-Param-Region", "it is made by the bridge from the arguments of a call"),
            ("mcp-param-", "it is made by the bridge from the arguments of a call"),
        ]
    )
    func owned(_ name: String, _ reason: String) {
        let expected = "b.toml:3:13: `headers` must not set `\(name)`: \(reason)"
        #expect(refusal(of: "\(anyUpstream)headers = { \(name) = \"x\" }") == expected)
    }

    @Test(
        "Names that are free",
        arguments: [
            "Cookie", "Authorization", "X-Mcp-Session-Id", "Accept-Language", "User-Agent", "\"!#$%&'*+.^_`|~\"",
        ]
    )
    func free(_ name: String) {
        #expect(refusal(of: "\(anyUpstream)headers = { \(name) = \"x\" }").isEmpty)
    }

    @Test(
        "Bad headers are refused",
        arguments: [
            ("{ \"\" = \"x\" }", "b.toml:3:13: `headers` holds an empty name: give the name of a header"),
            ("{ \"a b\" = \"x\" }", "b.toml:3:13: \(names)"), ("{ \"a:\" = \"x\" }", "b.toml:3:13: \(names)"),
            ("{ \"a\\r\\nb\" = \"x\" }", "b.toml:3:13: \(names)"), ("{ \"ä\" = \"x\" }", "b.toml:3:13: \(names)"),
            (
                "{ X-A = \"x\", x-a = \"y\" }",
                "b.toml:3:24: `headers` sets `x-a` twice, first in line 3: the case of a name does not count"
            ),
            ("{ A = \"a\\nb\" }", "b.toml:3:17: `headers.A` \(lineBreak)"),
            ("{ A = \"a\\r\\nb\" }", "b.toml:3:17: `headers.A` \(lineBreak)"),
            ("{ A = \"a\\u0000\" }", "b.toml:3:17: `headers.A` \(lineBreak)"),
            ("{ A = \" a\" }", "b.toml:3:17: `headers.A` \(blank)"),
            ("{ A = \"a\\t\" }", "b.toml:3:17: `headers.A` \(blank)"),
            ("{ A = \"ä\" }", "b.toml:3:17: `headers.A` \(invisible)"),
            ("{ A = { file = \"/f\", prefix = \" p\" } }", "b.toml:3:41: `prefix` \(blank)"),
            ("{ A = { file = \"/f\", prefix = \"p\\n\" } }", "b.toml:3:41: `prefix` \(lineBreak)"),
            (
                "{ A = { file = \"/f\", prefix = 1 } }",
                "b.toml:3:41: `prefix` must be a string such as \"Bearer \", not an integer"
            ),
            (
                "{ A = 1 }",
                "b.toml:3:17: `headers.A` must be a string in quotes, { file = \"/path\", prefix = \"Bearer \" }, "
                    + "{ env = \"NAME\" } or { credential = \"name\" }, not an integer"
            ),
            (
                "{ A = { prefix = \"p\" } }",
                "b.toml:3:17: `headers.A` must have one of `file`, `env` and `credential`: write { file = \"/path\" }, "
                    + "{ env = \"NAME\" } or { credential = \"name\" }"
            ),
            (
                "{ A = { file = \"/f\", env = \"B\" } }",
                "b.toml:3:17: `headers.A` must have one of `file`, `env` and `credential`: write { file = \"/path\" }, "
                    + "{ env = \"NAME\" } or { credential = \"name\" }"
            ),
            (
                "{ A = { file = \"f\" } }",
                "b.toml:3:26: `file` must be an absolute path, one that starts with a slash"
            ),
            (
                "{ A = { file = \"/f\", prefx = \"p\" } }",
                "b.toml:3:32: unknown key `prefx` in [servers.NAME.headers.A]; did you mean `prefix`?"
            ),
            (
                "[\"A: b\"]",
                "b.toml:3:11: `headers` must be a table such as { X-Team = \"agents\", Authorization = { file = "
                    + "\"/run/secrets/token\", prefix = \"Bearer \" } }, not an array"
            ),
        ]
    )
    func bad(_ value: String, _ expected: String) {
        #expect(refusal(of: "\(anyUpstream)headers = \(value)") == expected)
    }
}

extension Upstream {
    fileprivate func replacing(headers: [UpstreamHeader]) -> Upstream {
        var copy = self
        copy.headers = headers
        return copy
    }
}
