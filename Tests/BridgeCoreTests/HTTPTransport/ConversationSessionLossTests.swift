// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// A session that the server forgets, and the one that takes its place (R52).
@Suite struct ConversationSessionLossTests {
    private static let anew = ["initialize", "notifications/initialized"]

    /// Answers the replayed handshake, whose initialize is exchange `index`, with session s-2.
    private func replay(_ rig: ConversationRig, from index: Int) {
        rig.answer(index, ConversationRig.initializeResult(), session: "s-2")
        rig.status(index + 1, 202)
    }

    @Test("R52: a 404 replaces the session, once for all, and sends again what was not processed")
    func transparent() throws {
        let rig = try ConversationRig()
        rig.handshake(hasStream: true)
        rig.request("1", "a")
        rig.request("2", "b")
        rig.request("3", "c")
        rig.reply(3, #"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":""}}"#, 404)
        rig.status(4, 404)
        rig.request("4", "d")
        #expect(rig.sentMethods(from: 6) == ["initialize"] && rig.exchanges[2].isAborted)
        #expect(rig.exchanges[6].body == rig.exchanges[0].body && rig.exchanges[6].field("Mcp-Session-Id") == [])
        replay(rig, from: 6)
        #expect(rig.exchanges[7].body == rig.exchanges[1].body)
        #expect(rig.sentMethods(from: 6) == Self.anew + ["a", "b", "GET", "d"])
        for exchange in rig.exchanges[7...] { #expect(exchange.field("Mcp-Session-Id") == ["s-2"]) }
        // One that was under way in the old session finds out later.
        rig.status(5, 404)
        #expect(rig.sentMethods(from: 12) == ["c"])
        #expect(rig.notes == [.reinitialized] && rig.delivered.isEmpty)
        for index in [8, 9, 11, 12] { rig.answer(index) }
        rig.checkIsIdle()
    }

    @Test("R52: level and live subscriptions are replayed before anything else, one after the other")
    func state() throws {
        let rig = try ConversationRig()
        rig.handshake()
        for (id, uri) in ["a", "b", "c"].enumerated() {
            rig.request("\(id)", "resources/subscribe", #"{"uri":"\#(uri)"}"#)
            rig.answer(3 + id)
        }
        rig.request("3", "resources/unsubscribe", #"{"uri":"b"}"#)
        rig.answer(6)
        rig.request("4", "resources/subscribe", #"{"uri":"no"}"#)
        rig.reply(7, #"{"jsonrpc":"2.0","id":4,"error":{"code":1,"message":""}}"#)
        rig.request("5", "logging/setLevel", #"{"level":"debug"}"#)
        rig.answer(8)
        rig.request("6", "x")
        rig.status(9, 404)
        replay(rig, from: 10)
        var replayed: [String] = []
        for index in 12..<15 {
            #expect(rig.open == [index], "one at a time")
            replayed.append(rig.exchanges[index].body)
            #expect(rig.exchanges[index].field("Mcp-Session-Id") == ["s-2"])
            rig.status(index, index == 13 ? 500 : 200)
        }
        #expect(replayed.first == rig.exchanges[8].body)
        #expect(Set(replayed.dropFirst()) == [rig.exchanges[3].body, rig.exchanges[5].body])
        #expect(rig.sentMethods(from: 15) == ["x"])
    }

    @Test(
        "R52: a session that is not the same ends the connection",
        arguments: [
            (ConversationRig.initializeResult("2025-06-18"), "the protocol version differs"),
            (ConversationRig.initializeResult("2025-11-25", #"{"tools":{}}"#), "the capabilities differ"),
            ("{}", "the server refuses a new one"),
        ]
    )
    func differs(_ result: String, _ why: String) throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.status(3, 404)
        rig.answer(4, result, session: "s-2")
        #expect(rig.ends == [.sessionLost] && rig.notes == [.sessionLost(why)])
        rig.fire { if case .replay = $0 { true } else { false } }
        rig.end()
        #expect(rig.last.request.method == .delete && rig.last.field("Mcp-Session-Id") == ["s-2"])
        rig.status(rig.exchanges.count - 1, 204)
        rig.checkIsOver()
    }

    @Test("R52: a server that refuses a new session by an error ends the connection")
    func refuses() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.status(3, 404)
        rig.head(4, 200, "text/event-stream")
        rig.event(4, #"{"jsonrpc":"2.0","method":"notifications/message"}"#)
        rig.event(4, #"{"jsonrpc":"2.0","id":"init","error":{"code":1,"message":""}}"#)
        #expect(rig.ends == [.sessionLost])
    }

    @Test("R52: a server that cannot be asked now is asked again by the next message", arguments: 0..<6)
    func unreachable(_ how: Int) throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.status(3, 404)
        switch how {
        case 0: rig.finish(4, .unreachable(""))
        case 1: rig.status(4, 500)
        case 2: rig.fire { if case .replay = $0 { true } else { false } }
        case 3:
            rig.answer(4, ConversationRig.initializeResult(), session: "s-2")
            rig.status(5, 400)
        case 4:
            rig.answer(4, ConversationRig.initializeResult(), session: "s-2")
            rig.finish(5, .broken(""))
        default: rig.status(4, 200)
        }
        #expect(rig.failed.map(\.fault) == [.sessionLost] && rig.open.isEmpty && rig.ends.isEmpty)
        rig.checkIsIdle()
        rig.request("2", "again")
        let index = rig.exchanges.count - 1
        rig.status(index, 404)
        replay(rig, from: index + 1)
        #expect(rig.sentMethods(from: index + 1).starts(with: Self.anew + ["again"]) && rig.notes == [.reinitialized])
    }

    @Test("R52: a request is sent again once only")
    func once() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1", "a")
        rig.status(3, 404)
        replay(rig, from: 4)
        rig.status(6, 404)
        #expect(rig.failed.map(\.fault) == [.sessionLost])
    }

    @Test("R52: by configuration the connection ends")
    func close() throws {
        let rig = try ConversationRig(reinitializes: false)
        rig.handshake()
        rig.request("1")
        rig.request("2")
        rig.status(3, 404)
        rig.status(4, 404)
        #expect(rig.ends == [.sessionLost] && rig.open.isEmpty && rig.notes == [.sessionLost("by configuration")])
        rig.end()
    }

    @Test("R52: a notification, or the general stream, finds out as well", arguments: [false, true])
    func others(_ isStream: Bool) throws {
        let rig = try ConversationRig()
        rig.handshake(hasStream: true)
        if isStream {
            rig.event(2, "", id: "e1")
            rig.finish(2)
            rig.fire { if case .stream = $0 { true } else { false } }
        } else {
            rig.notify("notifications/x")
        }
        rig.status(3, 404)
        rig.request("1", "a")
        #expect(rig.sentMethods(from: 4) == ["initialize"])
        replay(rig, from: 4)
        #expect(rig.sentMethods(from: 4) == Self.anew + ["GET", "a"])
        #expect(rig.exchanges[6].field("Last-Event-ID") == [])
    }

    @Test("R52: without a session a 404 is the answer")
    func withoutSession() throws {
        let rig = try ConversationRig()
        rig.handshake(session: nil)
        rig.request("1")
        rig.status(3, 404)
        #expect(rig.failed.map(\.fault) == [.status(404)] && rig.ends.isEmpty)
    }

    @Test("R52, R74: what cannot be replayed because it is too much ends the connection")
    func tooMuch() throws {
        let rig = try ConversationRig()
        rig.handshake()
        let long = String(repeating: "x", count: LegacySession.maxReplayBytes)
        rig.request("1", "resources/subscribe", #"{"uri":"\#(long)"}"#)
        rig.answer(3)
        rig.notify("notifications/x")
        rig.status(4, 404)
        #expect(rig.ends == [.sessionLost] && rig.notes == [.sessionLost("there is too much to replay")])
    }

    @Test("R48: a second initialize begins a second session, and the first is deleted")
    func secondInitialize() throws {
        let rig = try ConversationRig()
        rig.handshake(hasStream: true)
        rig.request("1", "a")
        rig.request("2", "initialize")
        rig.request("3", "b")
        #expect(rig.sentMethods(from: 3) == ["a", "DELETE", "initialize"] && rig.exchanges[2].isAborted)
        #expect(rig.exchanges[4].field("Mcp-Session-Id") == ["s-1"])
        #expect(rig.exchanges[5].field("Mcp-Session-Id") == [])
        rig.answer(5, ConversationRig.initializeResult("2025-06-18"), session: "s-2")
        #expect(rig.last.field("Mcp-Session-Id") == ["s-2"])
        #expect(rig.last.field("MCP-Protocol-Version") == ["2025-06-18"])
        rig.status(4, 404)
        rig.answer(3)
        rig.answer(6)
        rig.checkIsIdle()
        #expect(rig.ends.isEmpty && rig.open.isEmpty)
    }
}
