// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable import DemoServer

/// ``DemoHTTP`` with session ids that count and requests that are right unless a test says otherwise.
struct DemoHTTPBench {
    static let meta =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

    var http: DemoHTTP
    var now = 0
    private var last = 0

    init(limits: DemoHTTP.Limits = DemoHTTP.Limits()) {
        let ids = Counter()
        http = DemoHTTP(limits: limits, makeSessionID: { ids.next() }, wallClock: { 0 })
    }

    private final class Counter {
        private var count = 0

        func next() -> String {
            count += 1
            return "session-\(count)"
        }
    }

    /// Sends a request; an empty value takes a header away. Its exchange has the number 1 if it is the first.
    mutating func send(
        _ method: String = "POST",
        _ target: String = "/mcp",
        _ headers: [(String, String)] = [],
        body: String = ""
    ) -> [DemoHTTP.Action] {
        var all: DemoHTTPHeaders = [
            "host": "127.0.0.1:9000", "accept": "application/json, text/event-stream",
            "content-type": "application/json",
        ]
        for (name, value) in headers { all.set(name, value.isEmpty ? nil : value) }
        last += 1
        let request = DemoHTTPRequest(method: method, target: target, headers: all, body: Array(body.utf8))
        return http.receive(request, on: last, now: now)
    }

    /// Sends a request that is answered at once and by nothing else.
    mutating func ask(
        _ method: String = "POST",
        _ target: String = "/mcp",
        _ headers: [(String, String)] = [],
        body: String = ""
    ) -> DemoHTTPResponse? {
        let actions = send(method, target, headers, body: body)
        guard actions.count == 1, case .respond(last, let response) = actions[0] else { return nil }
        return response
    }

    /// A session of a legacy revision; its headers.
    mutating func initialize(_ version: String = "2025-11-25") -> [(String, String)] {
        let body = #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)"}}"#
        let id = ask(body: body)?.headers[only: "Mcp-Session-Id"] ?? "none"
        return [("Mcp-Session-Id", id), ("MCP-Protocol-Version", version)]
    }

    /// A call of `slow` in a session, with progress.
    mutating func slow(_ session: [(String, String)], id: String = "7", steps: Int = 2) -> [DemoHTTP.Action] {
        send("POST", "/mcp", session, body: Self.slow(id: id, steps: steps, meta: #""_meta":{"progressToken":"p"}"#))
    }

    static func slow(id: String, steps: Int, meta: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"slow","#
            + #""arguments":{"steps":\#(steps),"delay_ms":10},\#(meta)}}"#
    }

    /// Lets time pass.
    mutating func advance(by milliseconds: Int) -> [DemoHTTP.Action] {
        now += milliseconds
        return http.advance(to: now)
    }
}

extension DemoHTTPResponse {
    var json: JSONValue? { try? JSONValue(parsing: body) }
    var code: Int? { json?["error"]?["code"]?.integer }
}

extension DemoHTTP.Action {
    /// Number of the exchange and what goes onto the wire, heads as `200`, `200 stream`.
    var text: String {
        switch self {
        case .respond(let exchange, let response):
            "\(exchange): \(response.status)\(response.isStream ? " stream" : "") "
                + String(decoding: response.body, as: UTF8.self)
        case .write(let exchange, let bytes): "\(exchange): " + String(decoding: bytes, as: UTF8.self)
        case .end(let exchange): "\(exchange): end"
        }
    }
}
