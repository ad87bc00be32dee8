// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// The client is gone, in whatever phase: what the server is still told, in bounded time (R53, R60).
@Suite struct ConversationEndTests {
    private static let cancelled = "notifications/cancelled"
    private static let eventStream = "text/event-stream"

    private func fire(_ rig: ConversationRig, _ timer: HTTPConversation.Timer) {
        #expect(rig.fire { $0 == timer }, "no such timer")
    }

    @Test("R53: requests in flight are cancelled, then the session is deleted, whatever the server says of it")
    func farewell() throws {
        for status in [204, 404, 405, 500] {
            let rig = try ConversationRig()
            rig.handshake(hasStream: true)
            rig.request("1")
            rig.request("2")
            for index in 3...4 { rig.sent(index) }
            rig.head(4, 200, Self.eventStream)
            rig.end()
            #expect(rig.sentMethods(from: 5) == [Self.cancelled, Self.cancelled] && rig.exchanges[2].isAborted)
            #expect(rig.exchanges[5].body.contains("\"requestId\":1") && rig.overs == 0)
            #expect(rig.open == [3, 4, 5, 6], "a disconnect is no cancellation")
            for index in 5...6 { rig.status(index, 202) }
            #expect(rig.sentMethods(from: 7) == ["DELETE"] && rig.open == [7])
            rig.status(7, status)
            rig.checkIsOver()
        }
    }

    @Test("R53: both the farewells and the DELETE are bounded")
    func bounded() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.sent(3)
        rig.notify("a")
        rig.end()
        fire(rig, .farewell)
        #expect(rig.open == [6] && rig.last.request.method == .delete)
        fire(rig, .delete)
        rig.checkIsOver()
        while rig.fire({ _ in true }) {}
    }

    @Test("R53: a request that is still on its way out is cancelled when it is out", arguments: [false, true])
    func uploading(_ isCancelledBefore: Bool) throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        if isCancelledBefore { rig.cancel("1") }
        rig.end()
        #expect(rig.open == [3])
        rig.sent(3)
        #expect(rig.sentMethods(from: 4) == [Self.cancelled])
        rig.status(4, 202)
        #expect(rig.sentMethods(from: 5) == ["DELETE"])
        rig.status(5, 204)
        rig.checkIsOver()
    }

    @Test("R53: initialize is not cancelled, and its answer names the session to delete", arguments: [false, true])
    func initialize(_ isHead: Bool) throws {
        let rig = try ConversationRig()
        rig.request("1", "initialize")
        rig.sent(0)
        rig.request("2")
        rig.end()
        #expect(rig.exchanges.count == 1)
        if isHead {
            rig.head(0, 200, Self.eventStream, session: "s-9")
            fire(rig, .farewell)
        } else {
            rig.answer(0, ConversationRig.initializeResult(), session: "s-9")
        }
        #expect(rig.sentMethods(from: 1) == ["DELETE"] && rig.last.field("Mcp-Session-Id") == ["s-9"])
        rig.status(1, 204)
        rig.checkIsOver()
    }

    @Test("R53: what the client said before it went is still delivered")
    func lastWords() throws {
        let rig = try ConversationRig()
        rig.handshake(session: nil)
        rig.notify("a")
        rig.respond("1")
        rig.end()
        #expect(rig.open == [3, 4])
        rig.head(3, 202, nil)
        #expect(rig.overs == 0)
        rig.head(4, 202, nil)
        rig.checkIsOver()
    }

    @Test("R60: modern requests are cut, and nobody is told anything")
    func modern() throws {
        let rig = try ConversationRig()
        rig.modern("1")
        rig.modern("2", "subscriptions/listen")
        rig.sent(0)
        rig.head(1, 200, Self.eventStream)
        rig.modern("3", "tools/call", #""name":"x","#)
        rig.end()
        #expect(rig.exchanges.allSatisfy(\.isAborted) && rig.exchanges.count == 3)
        rig.checkIsOver()
    }

    @Test("R53: the end in every other phase", arguments: 0..<7)
    func phases(_ phase: Int) throws {
        let transport: HTTPConversation.Transport = phase == 4 ? .auto : .streamableHTTP
        let rig = try ConversationRig(transport, maxParallel: 1)
        switch phase {
        case 0: break
        case 1:
            rig.handshake()
            rig.request("1")
            rig.sent(3)
            rig.request("2")
        case 2:
            rig.handshake()
            rig.request("1")
            rig.head(3, 200, Self.eventStream)
            rig.event(3, "", id: "e")
            rig.finish(3)
        case 3:
            rig.handshake()
            rig.request("1")
            rig.status(3, 404)
            rig.head(4, 200, session: "s-2")
        case 4:
            rig.request("1")
            rig.request("2")
            rig.status(0, 405)
        case 5:
            rig.handshake(hasStream: true)
            rig.finish(2)
        default:
            rig.request("1", "initialize")
            rig.answer(0, ConversationRig.initializeResult(), session: "s")
            rig.notify("notifications/initialized")
            rig.request("2")
        }
        let count = rig.exchanges.count
        rig.end()
        let cancels = rig.sentMethods(from: count).filter { $0 == Self.cancelled }
        #expect(cancels.count == (phase == 1 || phase == 2 ? 1 : 0))
        if phase == 3 { #expect(rig.last.field("Mcp-Session-Id") == ["s-2"], "the session that was just begun") }
        for _ in 0..<3 { for index in rig.open { rig.status(index, 202) } }
        rig.checkIsOver()
        let sent = rig.exchanges.count
        while rig.fire({ _ in true }) {}
        rig.request("9")
        rig.end()
        #expect(rig.exchanges.count == sent && rig.sentMethods(from: count).count { $0 == "DELETE" } <= 1)
    }

    @Test("R53: over HTTP+SSE the stream stays until the cancellations are through", arguments: [false, true])
    func eventStream(_ hasEndpoint: Bool) throws {
        let rig = try ConversationRig(.eventStream)
        rig.request("1")
        rig.head(0, 200, Self.eventStream)
        if hasEndpoint {
            rig.event(0, "/post", name: "endpoint")
            rig.status(1, 202)
            rig.request("2")
            rig.request("3")
        }
        rig.end()
        if hasEndpoint {
            #expect(rig.sentMethods(from: 3) == [Self.cancelled] && rig.open == [0, 2, 3])
            rig.status(2, 202)
            #expect(rig.sentMethods(from: 4) == [Self.cancelled])
            for index in [3, 4] { rig.status(index, 202) }
        }
        #expect(rig.exchanges[0].isAborted)
        rig.checkIsOver()
    }
}
