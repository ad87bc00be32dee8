// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DemoServer

/// Sessions and streams of the legacy revisions.
@Suite struct DemoHTTPSessionTests {
    private var bench = DemoHTTPBench()
    private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#

    @Test("initialize gives a session of its own, a failed one gives none")
    mutating func initialize() {
        #expect(bench.initialize("2025-03-26").first?.1 == "session-1")
        #expect(bench.initialize("2025-11-25").first?.1 == "session-2")
        let failed = bench.ask(body: #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#)
        #expect(failed?.code == -32602)
        #expect(failed?.headers[all: "mcp-session-id"] == [])
        #expect(bench.http.sessions.count == 2)
    }

    @Test(
        "what a session's request must carry",
        arguments: [
            ("session-1", "2025-06-18", 200), ("session-1", "", 200), ("session-1", "2025-11-25", 400),
            ("session-1", "1999-01-01", 400), ("", "2025-06-18", 400), ("session-2", "2025-06-18", 404),
        ]
    )
    mutating func headers(session: String, version: String, status: Int) {
        _ = bench.initialize("2025-06-18")
        let headers = [("Mcp-Session-Id", session), ("MCP-Protocol-Version", version)]
        #expect(bench.ask("POST", "/mcp", headers, body: Self.list)?.status == status)
        let wantsNone = status == 200 ? 202 : status
        let initialized = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
        #expect(bench.ask("POST", "/mcp", headers, body: initialized)?.status == wantsNone)
        #expect(bench.ask("POST", "/mcp", headers, body: #"{"jsonrpc":"2.0","id":1,"result":{}}"#)?.status == wantsNone)
    }

    @Test("quick answers are JSON, errors of the protocol too")
    mutating func answers() {
        let session = bench.initialize()
        let answer = bench.ask("POST", "/mcp", session, body: Self.list)
        #expect(answer?.headers[only: "content-type"] == "application/json")
        #expect(answer?.json?["result"]?["tools"] != nil)
        let unknown = bench.ask("POST", "/mcp", session, body: #"{"jsonrpc":"2.0","id":1,"method":"no/such"}"#)
        #expect(unknown?.status == 200)
        #expect(unknown?.code == -32601)
        let fraction = bench.ask("POST", "/mcp", session, body: #"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#)
        #expect(fraction?.status == 400)
    }

    @Test("a stream of 2025-11-25 begins with a priming event and has ids, earlier ones only ids")
    mutating func stream() {
        let session = bench.initialize("2025-11-25")
        #expect(bench.slow(session).map(\.text) == ["2: 200 stream id: 1-0\nretry: 1000\ndata:\n\n"])
        let progress = bench.advance(by: 10).map(\.text)
        #expect(progress.count == 1)
        #expect(progress.first?.hasPrefix("2: event: message\nid: 1-1\ndata: {\"jsonrpc\"") == true)
        let rest = bench.advance(by: 10).map(\.text)
        #expect(rest.last == "2: end")
        #expect(rest.first?.contains("id: 1-3\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\"") == true)

        let earlier = bench.initialize("2025-06-18")
        #expect(bench.slow(earlier).map(\.text) == ["4: 200 stream "])
        #expect(bench.advance(by: 10).first?.text.contains("id: 1-1\n") == true)
    }

    @Test("a lost stream goes on, and is resumed after each of its events", arguments: 0...3)
    mutating func resumption(last: Int) {
        let session = bench.initialize()
        _ = bench.slow(session)
        _ = bench.advance(by: 10)
        bench.http.closed(2, now: bench.now)
        #expect(bench.advance(by: 10) == [])
        let resumed = bench.send("GET", "/mcp", session + [("Last-Event-ID", "1-\(last)")])
        #expect(resumed.count == 2)
        let ids = (1...3).filter { resumed.first?.text.contains("id: 1-\($0)\n") == true }
        #expect(ids == Array((last + 1)..<4))
        #expect(resumed.last == .end(3))
    }

    @Test("a stream that is resumed while it runs moves to the new connection")
    mutating func takeover() {
        let session = bench.initialize()
        _ = bench.slow(session)
        let resumed = bench.send("GET", "/mcp", session + [("Last-Event-ID", "1-0")])
        #expect(resumed.map(\.text) == ["2: end", "3: 200 stream "])
        // The old connection goes later and takes nothing along.
        bench.http.closed(2, now: bench.now)
        let rest = bench.advance(by: 100)
        #expect(rest.count == 2)
        #expect(rest.last == .end(3))
    }

    @Test("an event that is not known cannot be resumed after", arguments: ["1-1", "2-0", "x", "1", "-1-0", "1-0-0"])
    mutating func unknownEvent(id: String) {
        let session = bench.initialize()
        _ = bench.slow(session)
        #expect(bench.ask("GET", "/mcp", session + [("Last-Event-ID", id)])?.status == 400)
    }

    @Test("a cancel ends the call and its stream, that of another id or session does not")
    mutating func cancel() {
        let session = bench.initialize()
        let other = bench.initialize()
        _ = bench.slow(session, id: "\"7\"")
        func cancel(_ id: String) -> String {
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
        }
        #expect(bench.send("POST", "/mcp", session, body: cancel("7")).map(\.text) == ["4: 202 "])
        #expect(bench.send("POST", "/mcp", other, body: cancel("\"7\"")).map(\.text) == ["5: 202 "])
        #expect(bench.send("POST", "/mcp", session, body: cancel("\"7\"")).map(\.text) == ["6: 202 ", "3: end"])
        #expect(bench.advance(by: 1_000) == [])
    }

    @Test("the general stream stays open; DELETE ends it, the calls and the session")
    mutating func delete() {
        let session = bench.initialize()
        #expect(bench.send("GET", "/mcp", session).map(\.text) == ["2: 200 stream id: 0-0\nretry: 1000\ndata:\n\n"])
        _ = bench.slow(session)
        #expect(bench.send("GET", "/mcp", session + [("Last-Event-ID", "0-0")]).count == 1)
        #expect(bench.send("DELETE", "/mcp", session).map(\.text) == ["5: 204 ", "2: end", "3: end", "4: end"])
        #expect(bench.ask("POST", "/mcp", session, body: Self.list)?.status == 404)
        #expect(bench.ask("DELETE", "/mcp", session)?.status == 404)
        #expect(bench.http.nextDeadline == nil)
    }

    @Test("sessions are bounded in number, and forgotten when nobody uses them")
    mutating func bounds() {
        bench = DemoHTTPBench(limits: DemoHTTP.Limits(sessions: 2, sessionIdle: 100, keepAlive: 60))
        let idle = bench.initialize()
        let open = bench.initialize()
        _ = bench.send("GET", "/mcp", open)
        let refused = bench.ask(
            body: #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#
        )
        #expect(refused?.status == 503)
        #expect(refused?.headers[only: "Retry-After"] != nil)
        bench.now = 90
        #expect(bench.ask("POST", "/mcp", idle, body: Self.list)?.status == 200)
        _ = bench.advance(by: 90)
        #expect(bench.ask("POST", "/mcp", idle, body: Self.list)?.status == 200)
        _ = bench.advance(by: 100)
        #expect(bench.ask("POST", "/mcp", idle, body: Self.list)?.status == 404)
        #expect(bench.ask("POST", "/mcp", open, body: Self.list)?.status == 200)
        bench.http.closed(3, now: bench.now)
        #expect(bench.http.nextDeadline == bench.now + 100)
        _ = bench.advance(by: 100)
        #expect(bench.http.sessions.isEmpty)
        #expect(bench.http.nextDeadline == nil)
    }

    @Test("calls of a session are bounded, those that run and those that are kept")
    mutating func calls() {
        let session = bench.initialize()
        for id in 1...64 { #expect(bench.slow(session, id: "\(id)", steps: 1).first?.text.contains("stream") == true) }
        #expect(bench.slow(session, id: "65").first?.text.contains(": 503 ") == true)
        _ = bench.advance(by: 10)
        #expect(bench.http.sessions["session-1"]?.calls.count == 8)
        #expect(bench.slow(session, id: "66").first?.text.contains("stream") == true)
    }

    // MARK: - HTTP+SSE

    @Test("HTTP+SSE: the endpoint first, answers and progress on the stream, the end with the connection")
    mutating func eventStream() {
        #expect(
            bench.send("GET", "/sse").map(\.text)
                == ["1: 200 stream event: endpoint\ndata: /messages?session_id=session-1\n\n"]
        )
        let endpoint = "/messages?session_id=session-1"
        #expect(
            bench.send("POST", endpoint, body: #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).map(\.text)
                == ["2: 202 ", "1: event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n"]
        )
        let slow = DemoHTTPBench.slow(id: "7", steps: 1, meta: #""_meta":{"progressToken":"p"}"#)
        #expect(bench.send("POST", endpoint, body: slow).map(\.text) == ["3: 202 "])
        let finished = bench.advance(by: 10)
        #expect(finished.count == 1)
        #expect(finished.first?.text.contains("\"id\":7,\"result\"") == true)
        #expect(bench.ask("POST", endpoint, body: "{")?.status == 400)
        #expect(bench.ask("POST", "/messages", body: slow)?.status == 400)
        #expect(bench.ask("POST", "/messages?session_id=session-2", body: slow)?.status == 404)
        bench.http.closed(1, now: bench.now)
        #expect(bench.ask("POST", endpoint, body: slow)?.status == 404)
        #expect(bench.http.nextDeadline == nil)
    }
}
