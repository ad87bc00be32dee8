// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Sessions that outlive their server, and requests that the log tells of")
struct SessionEraTests {
    private static let meta = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#

    @Test("R38: a connection is modern only when each of its requests was, and there was one")
    func era() {
        let rig = SessionRig()
        #expect(!rig.session.isModernOnly)
        // Neither a notification nor what is refused says anything.
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        rig.client("junk")
        #expect(!rig.session.isModernOnly)
        for id in 1...3 { rig.request("\(id)", params: "{\(Self.meta)}") }
        #expect(rig.session.isModernOnly)
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        rig.request("1", params: "{}")
        #expect(!rig.session.isModernOnly)
        rig.request("4", params: "{\(Self.meta)}")
        #expect(!rig.session.isModernOnly)
    }

    @Test("R33, R38: a probe with server/discover that is followed by initialize makes no modern connection")
    func probe() {
        let rig = SessionRig()
        rig.request("1", method: "server/discover", params: "{\(Self.meta)}")
        rig.server(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#)
        #expect(rig.session.isModernOnly)
        rig.negotiate("2025-11-25")
        #expect(!rig.session.isModernOnly)
    }

    @Test("R35, R38: with its server each request in flight is answered once, and its id is free for the next server")
    func replaced() throws {
        let rig = SessionRig()
        for id in ["1", #""a""#] { rig.request(id, params: "{\(Self.meta)}") }
        rig.server(#"{"jsonrpc":"2.0","id":"ask","method":"ping"}"#)
        let reply = SessionEnd.serverExited(.exited(3)).reply(stderr: [])
        rig.replaceServer(reply)
        let replies = try rig.takeReplies()
        #expect(replies.map(\.id) == ["1", #""a""#] && replies.allSatisfy { $0.cause == "server_exited" })
        #expect(rig.session.inFlightCount == 0 && rig.session.isModernOnly)
        // Late answers to nobody, from either side.
        #expect(rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) == .dropped)
        #expect(rig.client(#"{"jsonrpc":"2.0","id":"ask","result":{}}"#) == .consumed)
        #expect(rig.request("1", params: "{\(Self.meta)}") == .forwarded)
        #expect(
            rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) == .forward(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        )
    }

    @Test("Tracing: the log is told of each request that goes on, its name and its trace, but not of what it says")
    func logged() throws {
        let rig = SessionRig(logsRequests: true)
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
        let meta = #""_meta":{"traceparent":"00-\#(trace)-\#(span)-01"}"#
        rig.request("1", params: #"{"name":"git","arguments":{"secret":"x"},\#(meta)}"#)
        rig.request(#""a\n""#, method: "x/y", params: #"{"_meta":{"traceparent":7}}"#)
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        rig.request("1")
        let requests = rig.session.takeRequests()
        #expect(requests.map(\.id) == ["1", #""a\u{5c}n""#])
        #expect(requests.map(\.method) == ["tools/call", "x/y"] && requests.map(\.name) == ["git", nil])
        #expect(requests[0].trace == TraceParent("00-\(trace)-\(span)-01") && requests[1].trace == nil)
        #expect(rig.session.takeRequests().isEmpty)
        let quiet = SessionRig()
        quiet.request("1")
        #expect(quiet.session.takeRequests().isEmpty)
    }

    @Test("Tracing: what a policy denies is told with its trace")
    func denied() {
        let rig = SessionRig(policy: AccessPolicy(tools: .init(deny: [NamePattern("x")])))
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        rig.request("1", params: #"{"name":"x","_meta":{"traceparent":"\#(parent)"}}"#)
        rig.request("2", params: #"{"name":"x"}"#)
        let denials = rig.session.takeDenials(now: 0).denials
        #expect(denials.map(\.trace) == [TraceParent(parent), nil])
    }
}
