// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Streams that are taken up again: those of requests (R51), and the general one (R50).
@Suite struct ConversationStreamTests {
    private static let eventStream = "text/event-stream"

    private func resume(_ rig: ConversationRig) { rig.fire { if case .resumption = $0 { true } else { false } } }
    private func reopen(_ rig: ConversationRig) { rig.fire { if case .stream = $0 { true } else { false } } }

    /// A request whose stream (exchange 3) has been primed and closed.
    private func paused(retry: Int? = nil) throws -> ConversationRig {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.head(3, 200, Self.eventStream)
        rig.event(3, "", id: "e1", retry: retry)
        rig.finish(3)
        return rig
    }

    @Test(
        "R51: the server says when the stream is asked for again",
        arguments: [(nil, 1_000), (500, 500), (0, 50), (60_000, 60_000)] as [(Int?, Int64)]
    )
    func retry(_ retry: Int?, _ expected: Int64) throws {
        let rig = try paused(retry: retry)
        #expect(rig.timers.last?.after == expected * 1_000_000 && rig.failed.isEmpty)
        resume(rig)
        let get = rig.exchanges[4]
        #expect(get.request.method == .get && get.field("Last-Event-ID") == ["e1"])
        #expect(get.field("Mcp-Session-Id") == ["s-1"] && get.field("Accept") == [Self.eventStream])
    }

    @Test("R51: a replayed event is not passed on twice, and the answer ends it")
    func replayed() throws {
        let rig = try paused()
        resume(rig)
        rig.head(4, 200, Self.eventStream)
        rig.event(4, #"{"jsonrpc":"2.0","method":"old"}"#, id: "e1")
        rig.event(4, #"{"jsonrpc":"2.0","method":"new"}"#, id: "e2")
        rig.event(4, #"{"jsonrpc":"2.0","id":1,"result":{}}"#, id: "e3")
        #expect(rig.takeDelivered().count == 2)
        rig.finish(4)
        rig.checkIsIdle()
    }

    @Test("R51: attempts that bring nothing are bounded and wait longer; one that brings something begins anew")
    func bounded() throws {
        let rig = try paused()
        var waits: [Int64] = []
        for attempt in 0..<5 {
            waits.append(rig.timers.last?.after ?? 0)
            resume(rig)
            switch attempt {
            case 0: rig.finish(4, .unreachable(""))
            case 1: rig.status(5, 503)
            case 2: rig.status(6, 429)
            default:
                rig.head(4 + attempt, 200, Self.eventStream)
                rig.finish(4 + attempt)
            }
        }
        #expect(rig.failed.map(\.fault) == [.streamEnded] && rig.exchanges.count == 9)
        #expect(waits == waits.sorted() && Set(waits).count == 5)
        rig.checkIsIdle()
        let other = try paused()
        for attempt in 0..<12 {
            resume(other)
            other.head(4 + attempt, 200, Self.eventStream)
            other.event(4 + attempt, "", id: "n\(attempt)")
            other.finish(4 + attempt)
        }
        #expect(other.failed.isEmpty && other.timers.last?.after == 1_000_000_000)
    }

    @Test(
        "R51: a resumption that is refused is the end of the request",
        arguments: [
            (404, .sessionLost), (405, .streamEnded), (400, .streamEnded), (401, .streamEnded), (200, .streamEnded),
        ]
            as [(Int, UpstreamFault)]
    )
    func refused(_ status: Int, _ fault: UpstreamFault) throws {
        let rig = try paused()
        resume(rig)
        rig.status(4, status)
        #expect(rig.failed.map(\.fault) == [fault])
        rig.checkIsIdle()
    }

    @Test(
        "R51: a stream without an id, or with one that no header can hold, cannot be taken up",
        arguments: [nil, "a\u{7}", ""]
    )
    func withoutID(_ id: String?) throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.head(3, 200, Self.eventStream)
        rig.event(3, #"{"jsonrpc":"2.0","method":"a"}"#, id: id)
        rig.finish(3)
        #expect(rig.failed.map(\.fault) == [.streamEnded])
        rig.checkIsIdle()
    }

    @Test("R51: a stream that breaks is taken up as one that ends; an event that is too long is not")
    func broken() throws {
        for fault in [UpstreamFault.broken(""), .tooLarge(limit: 1)] {
            let rig = try ConversationRig()
            rig.handshake()
            rig.request("1")
            rig.head(3, 200, Self.eventStream)
            rig.event(3, "", id: "e1")
            rig.finish(3, fault)
            #expect(rig.failed.isEmpty == (fault == .broken("")))
        }
        let rig = try paused()
        resume(rig)
        rig.head(4, 200, Self.eventStream)
        rig.finish(4, .tooLarge(limit: 1))
        #expect(rig.failed.map(\.fault) == [.tooLarge(limit: 1)])
    }

    @Test(
        "R50: the general stream is asked for once initialized is accepted; no is an answer",
        arguments: [405, 400, 404, 401, 200, 302]
    )
    func refusedStream(_ status: Int) throws {
        let rig = try ConversationRig()
        rig.request("0", "initialize")
        rig.answer(0, ConversationRig.initializeResult(), session: "s")
        rig.notify("notifications/initialized")
        #expect(rig.exchanges.count == 2)
        rig.status(1, 202)
        #expect(rig.exchanges.count == 3 && rig.last.request.method == .get)
        rig.status(2, status)
        reopen(rig)
        #expect(rig.exchanges.count == 3 && rig.failed.isEmpty)
    }

    @Test("R50: the general stream is opened again with back-off, and with the last event's id")
    func reopens() throws {
        let rig = try ConversationRig()
        rig.handshake(hasStream: true)
        rig.event(2, #"{"jsonrpc":"2.0","method":"a"}"#, id: "e1", retry: 200)
        #expect(rig.takeDelivered().count == 1)
        rig.finish(2)
        #expect(rig.timers.last?.after == 200_000_000)
        reopen(rig)
        #expect(rig.last.field("Last-Event-ID") == ["e1"])
        rig.head(3, 200, Self.eventStream)
        rig.event(3, #"{"jsonrpc":"2.0","method":"a"}"#, id: "e1")
        #expect(rig.takeDelivered().isEmpty, "it was asked to go on behind that")
        rig.event(3, #"{"jsonrpc":"2.0","method":"b"}"#)
        rig.finish(3, .broken(""))
        #expect(rig.timers.last?.after == 200_000_000, "it brought something: the back-off begins anew")
        reopen(rig)
        #expect(rig.last.field("Last-Event-ID") == ["e1"], "an event without an id changes nothing")
        rig.head(4, 200, Self.eventStream)
        rig.event(4, #"{"jsonrpc":"2.0","method":"b"}"#)
        rig.finish(4)
        reopen(rig)
        #expect(rig.last.field("Last-Event-ID") == ["e1"], "nor does it on a stream of its own")
        for index in 5..<12 {
            rig.status(index, 503)
            reopen(rig)
        }
        let waits = rig.timers.map(\.after)
        #expect(rig.exchanges.count == 13 && waits.allSatisfy { $0 <= 30_000_000_000 })
    }

    @Test("R50, R51: a server that asks for no time at all does not get a tight loop")
    func backOff() {
        #expect(HTTPConversation.backOff(0, attempts: 0) == 50_000_000)
        #expect(HTTPConversation.backOff(nil, attempts: 0) == 1_000_000_000)
        #expect(HTTPConversation.backOff(nil, attempts: 100) == 30_000_000_000)
        #expect(HTTPConversation.backOff(3_600_000, attempts: 9) == 3_600_000_000_000)
    }
}
