// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DemoServer

/// What is decided about a request alone: who may come in, what is understood, the rules of 2026-07-28.
@Suite struct DemoHTTPTests {
    private var bench = DemoHTTPBench()
    private static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

    @Test(
        "only this machine and its own pages come in",
        arguments: [
            ("Host", "", 400), ("Host", "evil.example", 421), ("Host", "127.0.0.1.evil.example", 421),
            ("Host", "localhost.", 421), ("Host", "localhost", 400), ("Host", "[::1]:80", 400),
            ("Origin", "https://evil.example", 403), ("Origin", "null", 403), ("Origin", "file://", 403),
            ("Origin", "http://localhost.evil.example", 403), ("Origin", "http://localhost:6274", 400),
            ("Origin", "https://127.0.0.1", 400),
        ] as [(String, String, Int)]
    )
    mutating func admission(name: String, value: String, status: Int) {
        // 400 is the answer to who came in: there is no session.
        #expect(bench.ask("POST", "/mcp", [(name, value)], body: Self.ping)?.status == status)
        #expect(bench.ask("DELETE", "/mcp", [(name, value)])?.status == status)
    }

    @Test(
        "paths, methods and media types",
        arguments: [
            ("POST", "/", "", "", 404), ("GET", "/mcp/", "", "", 404), ("PUT", "/mcp", "", "", 405),
            ("OPTIONS", "/mcp", "", "", 405), ("POST", "/sse", "", "", 405), ("GET", "/messages", "", "", 405),
            ("GET", "/mcp", "Accept", "application/json", 406), ("GET", "/sse", "Accept", "text/html", 406),
            ("POST", "/mcp", "Accept", "application/json", 406), ("POST", "/mcp", "Accept", "", 406),
            ("POST", "/mcp", "Accept", "*/*", 400), ("POST", "/mcp", "Accept", "text/*;q=0.5, application/*", 400),
            ("POST", "/mcp", "Content-Type", "text/plain", 415), ("POST", "/mcp", "Content-Type", "", 415),
            ("POST", "/mcp", "Content-Type", "Application/JSON; charset=utf-8", 400),
            ("POST", "/messages?session_id=1", "Content-Type", "text/plain", 415),
            ("GET", "/mcp", "MCP-Protocol-Version", "2026-07-28", 405),
            ("DELETE", "/mcp", "MCP-Protocol-Version", "2026-07-28", 405),
        ] as [(String, String, String, String, Int)]
    )
    mutating func routing(method: String, target: String, name: String, value: String, status: Int) {
        let response = bench.ask(method, target, name.isEmpty ? [] : [(name, value)], body: Self.ping)
        #expect(response?.status == status)
        #expect((response?.headers[only: "Allow"] != nil) == (status == 405))
    }

    @Test(
        "a body that is no message is refused with the error of JSON-RPC",
        arguments: [("{", -32700), ("", -32700), ("[]", -32600), ("1", -32600), ("{}", -32600)]
    )
    mutating func bodies(body: String, code: Int) {
        for headers in [bench.initialize(), [("MCP-Protocol-Version", "2026-07-28")]] {
            let response = bench.ask("POST", "/mcp", headers, body: body)
            #expect(response?.status == 400)
            #expect(response?.code == code)
        }
    }

    // MARK: - 2026-07-28

    private static func call(_ params: String, method: String = "tools/call") -> String {
        #"{"jsonrpc":"2.0","id":5,"method":"\#(method)","params":{\#(params)\#(DemoHTTPBench.meta)}}"#
    }

    private static func headers(_ method: String, _ more: (String, String)...) -> [(String, String)] {
        [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)] + more
    }

    @Test(
        "a request of 2026-07-28 is answered as JSON, a fault with its status",
        arguments: [
            (headers("tools/list"), call("", method: "tools/list"), 200, nil),
            (headers("server/discover"), call("", method: "server/discover"), 200, nil),
            (headers("no/such"), call("", method: "no/such"), 404, -32601),
            (headers("initialize"), call("", method: "initialize"), 404, -32601),
            (headers("ping"), ping, 400, -32602),
            ([("MCP-Protocol-Version", "2027-01-01")], ping, 400, -32022),
            (
                [("MCP-Protocol-Version", "2027-01-01"), ("Mcp-Method", "tools/list")],
                call("", method: "tools/list").replacing("2026-07-28", with: "2027-01-01"), 400, -32022
            ),
            // Session and cursor of the earlier revisions mean nothing.
            (
                headers("tools/list", ("Mcp-Session-Id", "x"), ("Last-Event-ID", "1-1")),
                call("", method: "tools/list"), 200, nil
            ),
            (headers("x"), #"{"jsonrpc":"2.0","id":5,"result":{}}"#, 400, -32600),
            (headers("notifications/x"), #"{"jsonrpc":"2.0","method":"notifications/x"}"#, 202, nil),
        ] as [([(String, String)], String, Int, Int?)]
    )
    mutating func modern(headers: [(String, String)], body: String, status: Int, code: Int?) {
        let response = bench.ask("POST", "/mcp", headers, body: body)
        #expect(response?.status == status)
        #expect(response?.code == code)
        #expect(response?.headers[all: "mcp-session-id"] == [])
        if status == 202 { #expect(response?.body == []) }
    }

    private static let echo = call(#""name":"echo","arguments":{"text":"x"},"#)
    private static let route = call(#""name":"route","arguments":{"region":"Zürich","replica":3},"#)
    private static let somewhere = call(#""name":"route","arguments":{"region":"eu","replica":null},"#)

    @Test(
        "headers of 2026-07-28 must say what the body says",
        arguments: [
            (headers("tools/call", ("Mcp-Name", "echo")), echo, 200),
            (headers("tools/call", ("Mcp-Name", "=?base64?ZWNobw==?=")), echo, 200),
            (headers("tools/call", ("Mcp-Name", "Echo")), echo, -32020),
            (headers("tools/call", ("Mcp-Name", "=?base64?ZWNobw?=")), echo, -32020),
            (headers("tools/call"), echo, -32020),
            (headers("Tools/Call", ("Mcp-Name", "echo")), echo, -32020),
            ([("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Name", "echo")], echo, -32020),
            ([("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")], echo, -32020),
            (
                [("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")], echo,
                -32020
            ),
            (
                headers("resources/read", ("Mcp-Name", "demo://greeting")),
                call(#""uri":"demo://greeting","#, method: "resources/read"), 200
            ),
            (
                headers("prompts/get", ("Mcp-Name", "other")),
                call(#""name":"greet","arguments":{"name":"Ann"},"#, method: "prompts/get"), -32020
            ),
            (
                headers(
                    "tools/call",
                    ("Mcp-Name", "route"),
                    ("Mcp-Param-Region", "=?base64?WsO8cmljaA==?="),
                    ("mcp-param-replica", "3")
                ), route, 200
            ),
            (
                headers(
                    "tools/call",
                    ("Mcp-Name", "route"),
                    ("Mcp-Param-Region", "=?base64?WsO8cmljaA==?="),
                    ("Mcp-Param-Replica", "3.0")
                ), route, 200
            ),
            (
                headers(
                    "tools/call",
                    ("Mcp-Name", "route"),
                    ("Mcp-Param-Region", "Zürich"),
                    ("Mcp-Param-Replica", "3")
                ), route, -32020
            ),
            (
                headers("tools/call", ("Mcp-Name", "route"), ("Mcp-Param-Region", "=?base64?WsO8cmljaA==?=")),
                route, -32020
            ),
            (headers("tools/call", ("Mcp-Name", "route"), ("Mcp-Param-Region", "eu")), somewhere, 200),
            (
                headers(
                    "tools/call",
                    ("Mcp-Name", "route"),
                    ("Mcp-Param-Region", "eu"),
                    ("Mcp-Param-Replica", "1")
                ), somewhere, -32020
            ),
        ] as [([(String, String)], String, Int)]
    )
    mutating func mirrored(headers: [(String, String)], body: String, expected: Int) {
        let response = bench.ask("POST", "/mcp", headers, body: body)
        if expected == 200 {
            #expect(response?.status == 200)
            #expect(response?.json?["result"]?["isError"] != true)
        } else {
            #expect(response?.status == 400)
            #expect(response?.code == expected)
            #expect(response?.json?["id"] == 5)
        }
    }

    @Test("a header that comes twice is taken for neither value")
    func duplicates() throws {
        let message = try JSONValue(parsing: Array(Self.echo.utf8))
        let headers = Self.headers("tools/call", ("Mcp-Name", "echo"))
        let tools = DemoTools.list(over: .http)
        try MirroredHeaders.check(message, headers: DemoHTTPHeaders(headers), tools: tools)
        for field in headers {
            #expect(throws: RPCError.self) {
                try MirroredHeaders.check(message, headers: DemoHTTPHeaders(headers + [field]), tools: tools)
            }
        }
    }

    @Test(
        "values of headers are decoded",
        arguments: [
            ("us-west1", "us-west1"), ("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
            ("=?base64?IHBhZGRlZCA=?=", " padded "), ("=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
            ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="), ("=?base64??=", ""),
            ("=?base64?=", "=?base64?="), ("=?BASE64?QQ==?=", "=?BASE64?QQ==?="), ("é", nil), ("a\u{1}", nil),
            ("=?base64?QQ?=", nil), ("=?base64?QR==?=", nil), ("=?base64?Q===?=", nil), ("=?base64?Q Q=?=", nil),
            ("=?base64?/w==?=", nil), ("=?base64?Q=Q=?=", nil),
        ] as [(String, String?)]
    )
    func decoding(value: String, text: String?) {
        #expect(MirroredHeaders.decoded(value) == text)
    }

    @Test("slow of 2026-07-28 answers by a stream without ids, and ends with it when the client goes")
    mutating func modernSlow() {
        let meta = DemoHTTPBench.meta.replacing("{\"io", with: "{\"progressToken\":1,\"io", maxReplacements: 1)
        let body = DemoHTTPBench.slow(id: "5", steps: 2, meta: meta)
        let headers = Self.headers("tools/call", ("Mcp-Name", "slow"))
        #expect(bench.send("POST", "/mcp", headers, body: body).map(\.text) == ["1: 200 stream "])
        let progress = bench.advance(by: 10).map(\.text)
        #expect(progress.count == 1)
        #expect(progress.first?.hasPrefix("1: event: message\ndata: {") == true)
        let rest = bench.advance(by: 10).map(\.text)
        #expect(rest.count == 2)
        #expect(rest.first?.contains(#""resultType":"complete""#) == true)
        #expect(rest.last == "1: end")
        #expect(bench.http.nextDeadline == nil)

        _ = bench.send("POST", "/mcp", headers, body: body)
        #expect(bench.http.nextDeadline != nil)
        bench.http.closed(2, now: bench.now)
        #expect(bench.http.nextDeadline == nil)
        #expect(bench.advance(by: 1_000) == [])
    }

    @Test("subscriptions/listen acknowledges first, keeps the line alive and gets its result at the end")
    mutating func listen() throws {
        let filter =
            #""notifications":{"toolsListChanged":true,"promptsListChanged":false,"resourceSubscriptions":["demo://greeting","x:y"]},"#
        let body = Self.call(filter, method: "subscriptions/listen").replacing("\"id\":5", with: "\"id\":\"5\"")
        let opened = bench.send("POST", "/mcp", Self.headers("subscriptions/listen"), body: body)
        #expect(
            opened.map(\.text) == [
                """
                1: 200 stream event: message
                data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":\
                {"io.modelcontextprotocol/subscriptionId":"5"},"notifications":{"toolsListChanged":true,\
                "resourceSubscriptions":["demo://greeting"]}}}


                """
            ]
        )
        #expect(bench.http.nextDeadline == 15_000)
        #expect(bench.advance(by: 15_000) == [.write(1, Array(": keep-alive\n\n".utf8))])
        #expect(bench.http.nextDeadline == 30_000)
        let ended = bench.http.stop()
        #expect(ended.count == 2)
        #expect(ended.first?.text.contains(#""io.modelcontextprotocol/subscriptionId":"5""#) == true)
        #expect(ended.first?.text.contains(#""id":"5","result""#) == true)
        #expect(ended.last == .end(1))
    }
}
