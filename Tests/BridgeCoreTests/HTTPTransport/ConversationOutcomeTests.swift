// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// What an HTTP outcome means for its request: exactly one answer (R54, R55, R62).
@Suite struct ConversationOutcomeTests {
    private static let eventStream = "text/event-stream"

    /// One request in flight, as exchange 0.
    private func asked(isModern: Bool = false) throws -> ConversationRig {
        let rig = try ConversationRig()
        if isModern { rig.modern("1") } else { rig.request("1") }
        return rig
    }

    @Test(
        "R54: a status without a JSON-RPC error becomes an error of the bridge's",
        arguments: [400, 401, 403, 404, 405, 406, 409, 415, 429, 500, 502, 503],
        [false, true]
    )
    func statuses(_ status: Int, _ isModern: Bool) throws {
        for body in ["", "<html>", "{}", #"{"error":"no"}"#, #"{"jsonrpc":"2.0","id":1,"result":{}}"#] {
            let rig = try asked(isModern: isModern)
            rig.reply(0, body, status)
            #expect(rig.failed.map(\.fault) == [.status(status)] && rig.delivered.isEmpty)
            rig.checkIsIdle()
        }
    }

    @Test(
        "R54, R62: a JSON-RPC error behind a status is passed on with the request's id",
        arguments: [400, 404, 405, 429, 500],
        ["1", "null", "\"server-error\"", ""]
    )
    func errors(_ status: Int, _ id: String) throws {
        for isModern in [false, true] {
            let rig = try asked(isModern: isModern)
            let member = id.isEmpty ? "" : #""id":\#(id),"#
            rig.reply(0, #"{\#(member)"jsonrpc":"2.0","error":{"code":-32022,"message":"é","data":1e2}}"#, status)
            let expected = #"{"id":1,"jsonrpc":"2.0","error":{"code":-32022,"message":"é","data":1e2}}"#
            #expect(rig.delivered == [expected] && rig.failed.isEmpty)
            rig.checkIsIdle()
        }
    }

    @Test("R54, R73: credentials that are refused are not quoted", arguments: [401, 403])
    func unauthorized(_ status: Int) throws {
        let rig = try asked()
        #expect(rig.head(0, status) == .discard)
        rig.finish(0)
        #expect(rig.failed.map(\.fault.cause) == ["upstream_unauthorized"])
    }

    @Test(
        "R54: an answer that is none becomes an error",
        arguments: [
            (202, nil, nil, .noAnswer), (202, "application/json", nil, .noAnswer), (204, nil, nil, .noAnswer),
            (200, nil, nil, .contentType), (200, "text/html; charset=utf-8", nil, .contentType),
            (200, "application/json", "", .noAnswer), (200, "application/json", "<html>", .notJSON),
            (200, "application/json", #"{"error":"no"}"#, .notJSON), (200, "application/json", "5", .notJSON),
            (200, "application/json", #"{"jsonrpc":"2.0","method":"a"}"#, .noAnswer),
            (200, "application/json", #"{"jsonrpc":"2.0","id":2,"result":{}}"#, .noAnswer),
            (200, "application/json", "[]", .noAnswer),
        ] as [(Int, String?, String?, UpstreamFault)]
    )
    func noAnswer(_ status: Int, _ type: String?, _ body: String?, _ fault: UpstreamFault) throws {
        let rig = try asked()
        rig.head(0, status, type)
        if let body { rig.body(0, body) }
        rig.finish(0)
        #expect(rig.failed.map(\.fault) == [fault])
        rig.checkIsIdle()
    }

    @Test(
        "R54: JSON and event streams are passed on byte for byte",
        arguments: ["Application/JSON; charset=utf-8", nil]
    )
    func passes(_ type: String?) throws {
        let rig = try asked()
        let text = #"{ "result" : {"a":1e400} , "id":1,"jsonrpc":"2.0"}"#
        rig.head(0, 200, type ?? Self.eventStream)
        if type == nil {
            rig.event(0, #"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#)
            rig.event(0, "ignored", name: "other")
            rig.event(0, "")
            rig.event(0, text)
            #expect(rig.takeDelivered() == [#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#, text])
        } else {
            rig.body(0, text)
            #expect(rig.takeDelivered() == [text])
        }
        rig.checkIsIdle()
        rig.finish(0)
        #expect(rig.failed.isEmpty)
    }

    @Test(
        "R54, R59, R61: a modern stream that ends without the answer is lost, and never taken up",
        arguments: [false, true]
    )
    func modernStream(_ isListen: Bool) throws {
        let rig = try ConversationRig(requestTimeout: 1_000_000_000)
        rig.modern("1", isListen ? "subscriptions/listen" : "tools/list")
        #expect(rig.timers.isEmpty == isListen, "a listen has no timeout")
        rig.head(0, 200, Self.eventStream)
        rig.event(0, "", id: "e1")
        rig.event(0, #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"}"#)
        rig.finish(0)
        #expect(rig.failed.map(\.fault) == [.streamEnded] && rig.exchanges.count == 1)
        rig.checkIsIdle()
    }

    @Test("R54: what breaks, and when", arguments: [UpstreamFault.unreachable("a"), .broken("b"), .tooLarge(limit: 9)])
    func faults(_ fault: UpstreamFault) throws {
        for progress in 0..<3 {
            let rig = try asked()
            if progress == 1 { rig.head(0) }
            if progress == 2 { rig.head(0, 200, Self.eventStream) }
            rig.finish(0, fault)
            #expect(rig.failed.map(\.fault) == [fault] && rig.exchanges.count == 1, "no request is sent twice")
            rig.checkIsIdle()
        }
    }

    @Test("R28: the second answer of a stream is nobody's, and the stream is bounded")
    func duplicates() throws {
        let rig = try ConversationRig(maxParallel: 2)
        for id in 1...5 {
            rig.request("\(id)")
            rig.head(id - 1, 200, Self.eventStream)
            rig.event(id - 1, rig.response(id - 1))
        }
        #expect(rig.open == [3, 4] && rig.exchanges[0].isAborted)
        rig.event(4, rig.response(4))
        #expect(rig.strays.count == 1)
        rig.checkIsIdle()
    }

    @Test("R25: the elements of a batch answer their requests")
    func batch() throws {
        let rig = try ConversationRig()
        rig.request("0", "initialize")
        rig.head(0, 200, session: "s")
        rig.body(0, #"[ {"jsonrpc":"2.0","id":0,"result":\#(ConversationRig.initializeResult("2025-03-26"))} ]"#)
        rig.finish(0)
        rig.request("1", "resources/subscribe", #"{"uri":"a"}"#)
        rig.request("2")
        #expect(rig.last.field("Mcp-Session-Id") == ["s"], "an answer in a batch is an answer")
        rig.head(1, 200, Self.eventStream)
        rig.event(1, #"[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]"#)
        #expect(rig.conversation.legacy.subscriptions.count == 1)
        rig.checkIsIdle()
    }

    @Test(
        "R55: redirects are followed within the origin where the method stays",
        arguments: [
            (307, "/two", true), (308, "http://server.test/two", true), (307, "two?a#b", true),
            (301, "/two", false), (302, "/two", false), (303, "/two", false),
            (307, "http://evil.test/", false), (307, "https://server.test/", false),
            (307, "http://server.test:81/", false),
            (307, nil, false), (307, "http://u@server.test/", false),
        ] as [(Int, String?, Bool)]
    )
    func redirects(_ status: Int, _ location: String?, _ isFollowed: Bool) throws {
        let rig = try asked()
        #expect(rig.head(0, status, nil, location: location) == .discard)
        rig.finish(0)
        #expect((rig.exchanges.count == 2) == isFollowed)
        if isFollowed {
            #expect(rig.exchanges[1].body == rig.exchanges[0].body && rig.exchanges[1].request.url.target != "/mcp")
            rig.answer(1)
        } else {
            #expect(rig.failed.map(\.fault) == [.redirect])
        }
        rig.checkIsIdle()
    }

    @Test("R55: redirects end")
    func redirectLoop() throws {
        let rig = try asked()
        while let index = rig.open.first(where: { rig.exchanges[$0].verdict == nil }) {
            rig.head(index, 307, nil, location: "/mcp")
            rig.finish(index)
        }
        #expect(rig.exchanges.count == 6 && rig.failed.map(\.fault) == [.redirect])
    }

    @Test("R54: a notification that is refused is noted, and nothing else happens", arguments: [400, 404, 500, 307])
    func notifications(_ status: Int) throws {
        let rig = try ConversationRig()
        rig.notify("notifications/x")
        rig.respond("1")
        rig.status(0, status)
        rig.finish(1, .broken("b"))
        #expect(rig.notes.count == 2 && rig.exchanges.count == 2 && rig.delivered.isEmpty)
    }

    @Test("R35: request_timeout answers in every phase, once, and cuts what is under way", arguments: 0..<7)
    func timeouts(_ phase: Int) throws {
        let rig = try ConversationRig(phase > 4 ? .eventStream : .streamableHTTP, maxParallel: 1, requestTimeout: 1600)
        switch phase {
        case 0: rig.request("0")
        case 1: rig.request("0", "initialize")
        case 2: rig.modern("0", "tools/call", #""name":"x","#)
        case 3:
            rig.request("0")
            rig.head(0, 200, Self.eventStream)
            rig.event(0, "", id: "1")
            rig.finish(0)
        case 4: rig.request("0")
        case 5: rig.request("0")
        default:
            rig.request("0")
            rig.head(0, 200, Self.eventStream)
            rig.event(0, "/post", name: "endpoint")
        }
        rig.request("1")
        let isStep = { (timer: HTTPConversation.Timer) in timer == .requestTimeouts }
        for _ in 0..<16 { rig.fire(isStep) }
        #expect(rig.failed.isEmpty && rig.timers.allSatisfy { $0.timer != .requestTimeouts || $0.after == 100 })
        rig.fire(isStep)
        #expect(rig.failed.map(\.id).sorted() == ["0", "1"] && rig.failed.allSatisfy { $0.fault == .timedOut })
        rig.checkIsIdle()
        #expect(!rig.timers.contains { isStep($0.timer) })
    }

    @Test("R74: a thousand requests have one timer of timeouts")
    func oneTimer() throws {
        let rig = try ConversationRig(requestTimeout: 1_000_000_000)
        for id in 0..<50 {
            rig.request("\(id)")
            rig.answer(id)
        }
        #expect(rig.timers.count == 1)
        rig.fire { $0 == .requestTimeouts }
        #expect(rig.timers.isEmpty)
    }

    @Test("R74: a slow request does not keep what came after it from being forgotten")
    func forgottenTimeouts() throws {
        let rig = try ConversationRig(requestTimeout: 1_000_000_000)
        rig.request("\"slow\"")
        for id in 1...300 {
            rig.request("\(id)")
            rig.answer(id)
        }
        #expect(rig.conversation.timeouts.due.count < 80)
        for _ in 0..<17 { rig.fire { $0 == .requestTimeouts } }
        #expect(rig.failed.map(\.id) == ["\"slow\""])
        rig.checkIsIdle()
    }
}
