// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// HTTP+SSE of 2024-11-05 (R63, R64), and finding out which transport a server speaks (R65).
@Suite struct ConversationEventStreamTests {
    private static let eventStream = "text/event-stream"
    private static let error = #"{"jsonrpc":"2.0","id":"x","error":{"code":-32600,"message":"no"}}"#

    /// What servers of the legacy revisions say to a request that they miss a session in.
    private static let legacyError = #"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no"}}"#

    private func overdue(_ rig: ConversationRig) { rig.fire { if case .endpoint = $0 { true } else { false } } }

    /// HTTP+SSE with its endpoint known, exchange 0.
    private func connected() throws -> ConversationRig {
        let rig = try ConversationRig(.eventStream)
        rig.request("1", "initialize")
        #expect(rig.exchanges[0].request.fields.map(\.name) == ["Accept"] && rig.exchanges[0].request.method == .get)
        rig.head(0, 200, Self.eventStream)
        rig.event(0, "post?session=1", name: "endpoint")
        return rig
    }

    @Test("R29, R63: messages wait for the endpoint and go there one after the other, in order of arrival")
    func order() throws {
        let rig = try ConversationRig(.eventStream)
        rig.request("1", "a")
        rig.notify("b")
        rig.request("2", "c")
        rig.respond("9")
        rig.head(0, 200, Self.eventStream)
        rig.event(0, #"{"jsonrpc":"2.0","method":"too early"}"#)
        #expect(rig.exchanges.count == 1 && rig.delivered.isEmpty)
        rig.event(0, "/post", name: "endpoint")
        rig.event(0, "http://evil.test/", name: "endpoint")
        for index in 1...4 {
            #expect(
                rig.open == [0, index] && rig.exchanges[index].request.url.description == "http://server.test/post"
            )
            rig.status(index, index == 3 ? 200 : 202)
        }
        #expect(rig.sentMethods(from: 1) == ["a", "b", "c", "POST"] && rig.open == [0])
        rig.event(0, #"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        rig.event(0, #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        rig.event(0, #"{"jsonrpc":"2.0","id":5,"method":"ping"}"#)
        #expect(rig.takeDelivered().count == 3)
        rig.checkIsIdle()
        overdue(rig)
        #expect(rig.open == [0])
    }

    @Test("R63: the POSTs carry neither session nor version, and go to the endpoint as it is resolved")
    func headers() throws {
        let rig = try connected()
        #expect(rig.exchanges[1].request.url.description == "http://server.test/post?session=1")
        #expect(rig.exchanges[1].request.fields.map(\.name) == ["Content-Type", "Accept"])
        rig.event(0, #"{"jsonrpc":"2.0","id":1,"result":\#(ConversationRig.initializeResult())}"#)
        rig.status(1, 202, session: "s")
        rig.notify("notifications/initialized")
        #expect(rig.exchanges[2].request.fields.map(\.name) == ["Content-Type", "Accept"])
        rig.status(2, 202)
        rig.modern("2")
        rig.status(3, 400)
        #expect(rig.failed.map(\.fault) == [.status(400)] && rig.open == [0])
        rig.checkIsIdle()
    }

    @Test(
        "R63: an endpoint that is not the server's own is not used",
        arguments: [
            "http://evil.test/", "https://server.test/", "//evil.test/", "http://server.test:81/", "ftp://x", "a b",
        ]
    )
    func hostile(_ endpoint: String) throws {
        let rig = try ConversationRig(.eventStream)
        rig.request("1")
        rig.notify("a")
        rig.head(0, 200, Self.eventStream)
        rig.event(0, endpoint, name: "endpoint")
        #expect(rig.failed.map(\.fault) == [.badEndpoint] && rig.exchanges[0].isAborted && rig.exchanges.count == 1)
        rig.checkIsIdle()
        #expect(rig.conversation.gatedBytes == 0)
    }

    @Test("R63: without an endpoint what waits is answered, and the next message tries again", arguments: 0..<6)
    func noEndpoint(_ how: Int) throws {
        let rig = try ConversationRig(.eventStream)
        rig.request("1")
        rig.request("2")
        switch how {
        case 0: rig.status(0, 404)
        case 1: rig.finish(0, .unreachable("x"))
        case 2: overdue(rig)
        case 3: rig.status(0, 200)
        case 4: rig.status(0, 302)
        default:
            rig.head(0, 200, Self.eventStream)
            rig.finish(0)
        }
        let faults: [UpstreamFault] = [
            .status(404), .unreachable("x"), .noEndpoint, .noEndpoint, .redirect, .noEndpoint,
        ]
        #expect(rig.failed.map(\.fault) == [faults[how], faults[how]] && rig.open.isEmpty)
        rig.request("3")
        // The timer of the first attempt is not the second's.
        if how != 2 { overdue(rig) }
        #expect(rig.open == [1] && rig.failed.count == 2)
    }

    @Test("R64: a stream that is lost ends the connection", arguments: [nil, UpstreamFault.broken("")])
    func lost(_ fault: UpstreamFault?) throws {
        let rig = try connected()
        rig.finish(0, fault)
        #expect(rig.ends == [.streamLost])
    }

    @Test("R64: a POST that fails is an error for its request alone, and the next goes on")
    func failedPost() throws {
        let rig = try connected()
        for id in 2...4 { rig.request("\(id)") }
        rig.notify("a")
        rig.finish(1, .broken("x"))
        rig.status(2, 500)
        rig.status(3, 302)
        rig.finish(4)
        rig.status(5, 500)
        #expect(rig.failed.map(\.fault) == [.broken("x"), .status(500), .redirect, .noAnswer] && rig.ends.isEmpty)
        #expect(rig.notes == [.refused(status: 500)])
        rig.checkIsIdle()
    }

    @Test("R55, R63: a redirected POST keeps its turn")
    func redirectedPost() throws {
        let rig = try connected()
        rig.request("2")
        rig.head(1, 307, nil, location: "/moved")
        rig.finish(1)
        #expect(rig.open == [0, 2] && rig.exchanges[2].request.url.target == "/moved")
        rig.status(2, 202)
        #expect(rig.open == [0, 3])
    }

    @Test("R30: a server that does not answer a POST in time does not hold up what comes behind")
    func hangingPost() throws {
        let rig = try ConversationRig(.eventStream, requestTimeout: 16)
        rig.request("1", "a")
        rig.head(0, 200, Self.eventStream)
        rig.event(0, "/post", name: "endpoint")
        rig.notify("b")
        for _ in 0..<17 { rig.fire { $0 == .requestTimeouts } }
        #expect(
            rig.failed.map(\.fault) == [.timedOut] && rig.exchanges[1].isAborted && rig.sentMethods(from: 2) == ["b"]
        )
    }

    // MARK: auto (R65)

    @Test(
        "R65: an answer that Streamable HTTP has is the end of the search",
        arguments: [
            (200, #"{"jsonrpc":"2.0","id":1,"result":{}}"#), (500, ""), (401, ""), (400, #"{"code":-32020}"#),
            (400, #"{"code":-32022}"#), (404, #"{"code":-32601}"#), (202, ""),
        ]
    )
    func streamable(_ status: Int, _ body: String) throws {
        let rig = try ConversationRig(.auto)
        rig.modern("1")
        rig.modern("2")
        rig.notify("a")
        #expect(rig.exchanges.count == 1, "all else waits for what becomes of the first")
        let error = #"{"jsonrpc":"2.0","id":null,"error":\#(body)}"#
        rig.reply(0, body.contains("code") ? error : body, status)
        #expect(rig.notes == [.transport("Streamable HTTP")] && rig.exchanges.count == 3)
        rig.answer(1)
        rig.checkIsIdle()
    }

    @Test(
        "R65: 400, 404 and 405 without a modern error lead to HTTP+SSE",
        arguments: [400, 404, 405],
        ["", error, legacyError]
    )
    func fallsBack(_ status: Int, _ body: String) throws {
        let rig = try ConversationRig(.auto)
        rig.request("1", "initialize")
        rig.request("2", "a")
        rig.notify("b")
        rig.reply(0, body, status)
        #expect(rig.sentMethods() == ["initialize", "GET"] && rig.delivered.isEmpty)
        rig.head(1, 200, Self.eventStream)
        rig.event(1, "/post", name: "endpoint")
        for index in 2...4 { rig.status(index, 202) }
        #expect(rig.sentMethods(from: 2) == ["initialize", "a", "b"] && rig.notes == [.transport("HTTP+SSE")])
        rig.event(1, #"{"jsonrpc":"2.0","id":1,"result":\#(ConversationRig.initializeResult())}"#)
        rig.event(1, #"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        rig.checkIsIdle()
        #expect(rig.strays.isEmpty)
    }

    @Test(
        "R65: no event stream either: the client gets the server's own error, or the status",
        arguments: 0..<5,
        ["", error]
    )
    func neither(_ how: Int, _ body: String) throws {
        let rig = try ConversationRig(.auto)
        rig.request("1", "initialize")
        rig.request("2", "a")
        rig.reply(0, body, 404)
        switch how {
        case 0: rig.status(1, 405)
        case 1: rig.finish(1, .unreachable(""))
        case 2: overdue(rig)
        case 3:
            rig.head(1, 200, Self.eventStream)
            rig.event(1, "http://evil.test/", name: "endpoint")
        default: rig.reply(1, "{}", 200)
        }
        if body.isEmpty {
            #expect(rig.failed.map(\.fault) == [.status(404)] && rig.notes.isEmpty)
        } else {
            #expect(rig.takeDelivered() == [Self.error.replacing("\"x\"", with: "1")] && rig.failed.isEmpty)
            #expect(rig.notes == [.transport("Streamable HTTP")], "it spoke JSON-RPC")
        }
        #expect(rig.sentMethods(from: 2) == ["a"] && rig.last.field("Mcp-Session-Id") == [])
        rig.answer(2)
        rig.checkIsIdle()
    }

    @Test("R65: a first message that comes to nothing leaves the next to find out", arguments: 0..<5)
    func nothingFound(_ how: Int) throws {
        let rig = try ConversationRig(.auto, requestTimeout: 16)
        rig.modern("1", "a")
        rig.modern("2", "b")
        switch how {
        case 0: rig.finish(0, .unreachable(""))
        case 1: rig.cancel("1")
        case 2:
            rig.reply(0, "", 405)
            rig.cancel("1")
            #expect(rig.exchanges[1].isAborted)
        case 3: rig.status(0, 301)
        default:
            rig.head(0, 404)
            rig.finish(0, .broken(""))
        }
        #expect(rig.last.field("Mcp-Method") == ["b"] && rig.notes.isEmpty)
        rig.reply(rig.exchanges.count - 1, "", 405)
        rig.head(rig.exchanges.count - 1, 200, Self.eventStream)
        rig.event(rig.exchanges.count - 1, "/post", name: "endpoint")
        #expect(rig.notes == [.transport("HTTP+SSE")] && rig.last.field("Mcp-Method") == [])
    }

    @Test("R65: a legacy first message that is cancelled is not sent again to an endpoint")
    func cancelledProbe() throws {
        let rig = try ConversationRig(.auto)
        rig.request("1", "a")
        rig.sent(0)
        rig.cancel("1")
        rig.reply(0, "", 405)
        #expect(!rig.exchanges.contains { $0.request.method == .get })
        rig.checkIsIdle()
    }

    @Test("R35, R65: a call of a tool that nobody knows yet is the first message, and the next waits for it")
    func learningProbe() throws {
        let rig = try ConversationRig(.auto)
        rig.modern("1", "tools/call", #""name":"x","#)
        rig.modern("2", "b")
        #expect(rig.sentMethods() == ["tools/list"])
        rig.status(0, 404)
        rig.reply(1, "", 404)
        #expect(rig.sentMethods() == ["tools/list", "tools/call", "GET"])
        rig.status(2, 405)
        #expect(rig.failed.map(\.fault) == [.status(404)] && rig.sentMethods(from: 3) == ["b"])
        rig.answer(3)
        rig.checkIsIdle()
    }
}
