// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// `notifications/cancelled` in every phase of a request of either era (R30, R56, R60).
@Suite struct ConversationCancelTests {
    private static let cancelled = "notifications/cancelled"

    @Test("R56: a request that the server never saw is cancelled without it", arguments: ["gated", "queued", "inLine"])
    func neverSent(_ phase: String) throws {
        let rig = try ConversationRig(phase == "inLine" ? .eventStream : .streamableHTTP, maxParallel: 1)
        if phase != "inLine" { rig.request("0", phase == "gated" ? "initialize" : "a") }
        rig.request("1")
        let count = rig.exchanges.count
        rig.cancel("1")
        #expect(rig.exchanges.count == count && rig.conversation.numbers.count == (phase == "inLine" ? 0 : 1))
        #expect(rig.conversation.gatedBytes == 0 && rig.conversation.queuedBytes == 0)
    }

    @Test("R60: the cancel of a modern request cuts its exchange and is not forwarded", arguments: [false, true])
    func modern(_ isSent: Bool) throws {
        let rig = try ConversationRig()
        rig.modern("1")
        if isSent {
            rig.sent(0)
            rig.head(0, 200, "text/event-stream")
        }
        rig.cancel("1")
        #expect(rig.exchanges.count == 1 && rig.exchanges[0].isAborted && rig.failed.isEmpty)
        rig.checkIsIdle()
        rig.modern("1")
        rig.answer(1)
        #expect(rig.strays.isEmpty, "the id may be used again")
    }

    @Test("R60: a modern call is cancelled while its tool's headers are learned")
    func learning() throws {
        let rig = try ConversationRig()
        rig.modern("1", "tools/call", #""name":"x","#)
        #expect(rig.sentMethods() == ["tools/list"])
        rig.cancel("1")
        rig.answer(0, #"{"tools":[]}"#)
        #expect(rig.sentMethods() == ["tools/list"])
        rig.checkIsIdle()
    }

    @Test("R56: the cancel of a legacy request is POSTed, behind the request; nothing of it is answered")
    func legacy() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.cancel("1")
        #expect(rig.sentMethods(from: 3) == ["tools/list"], "not before the request itself")
        rig.sent(3)
        #expect(rig.sentMethods(from: 4) == [Self.cancelled])
        rig.answer(3)
        #expect(rig.takeDelivered().isEmpty && rig.strays.isEmpty)
        rig.checkIsIdle()
    }

    @Test("R32: the stream of a cancelled request still says what is no response")
    func stillTalking() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.request("2")
        rig.head(3, 200, "text/event-stream")
        rig.cancel("1")
        rig.event(3, #"{"jsonrpc":"2.0","id":"p","method":"ping"}"#)
        #expect(rig.takeDelivered().count == 1)
        // An answer to both, of which one is nobody's, does not answer the other unseen.
        rig.event(3, #"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]"#)
        #expect(rig.takeDelivered().isEmpty)
        rig.answer(4)
        rig.checkIsIdle()
    }

    @Test("R56: a cancelled legacy request whose server goes on is cut in the end, and its id is free at once")
    func abandoned() throws {
        let rig = try ConversationRig(maxParallel: 1)
        rig.handshake()
        rig.request("1")
        rig.sent(3)
        rig.cancel("1")
        rig.request("1")
        #expect(rig.conversation.queued.count == 1)
        rig.fire { if case .abandonment = $0 { true } else { false } }
        #expect(rig.exchanges[3].isAborted && rig.failed.isEmpty)
        rig.answer(5)
        #expect(rig.strays.isEmpty)
        rig.checkIsIdle()
    }

    @Test("R56: a request whose stream is paused is cancelled by POST, and not taken up again")
    func paused() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1")
        rig.head(3, 200, "text/event-stream")
        rig.event(3, "", id: "e1")
        rig.finish(3)
        rig.cancel("1")
        #expect(rig.sentMethods(from: 4) == [Self.cancelled])
        rig.fire { if case .resumption = $0 { true } else { false } }
        #expect(rig.exchanges.count == 5)
        rig.checkIsIdle()
    }

    @Test("R52, R56: a request that waits for a new session is cancelled without the server")
    func resending() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1", "a")
        rig.status(3, 404)
        rig.cancel("1")
        rig.answer(4, ConversationRig.initializeResult(), session: "s-2")
        rig.status(5, 202)
        #expect(!rig.sentMethods(from: 4).contains("a"))
        rig.checkIsIdle()
    }

    @Test("R29, R56: over HTTP+SSE the cancel follows its request", arguments: [false, true])
    func eventStream(_ isPosted: Bool) throws {
        let rig = try ConversationRig(.eventStream)
        rig.request("1")
        rig.head(0, 200, "text/event-stream")
        rig.event(0, "/post", name: "endpoint")
        if isPosted { rig.status(1, 202) }
        rig.cancel("1")
        if !isPosted {
            #expect(rig.sentMethods() == ["GET", "tools/list"])
            rig.status(1, 202)
        }
        #expect(rig.sentMethods() == ["GET", "tools/list", Self.cancelled])
        rig.status(2, 202)
        rig.checkIsIdle()
    }

    @Test("R53: initialize is never cancelled")
    func initialize() throws {
        let rig = try ConversationRig()
        rig.request("1", "initialize")
        rig.sent(0)
        rig.cancel("1")
        rig.answer(0, ConversationRig.initializeResult())
        #expect(rig.exchanges.count == 1 && rig.takeDelivered().count == 1)
    }

    @Test("R56: the cancel of nothing in flight goes to a legacy server and to no other")
    func unknown() throws {
        let rig = try ConversationRig()
        rig.modern("1")
        rig.cancel("9")
        #expect(rig.exchanges.count == 1)
        rig.request("2", "initialize")
        rig.answer(1, ConversationRig.initializeResult())
        rig.cancel("9")
        #expect(rig.sentMethods(from: 2) == [Self.cancelled])
    }

    @Test("R55: a redirected request that is cancelled is not sent again")
    func redirected() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1", "a")
        rig.cancel("1")
        rig.head(3, 307, nil, location: "/two")
        rig.finish(3)
        #expect(rig.sentMethods(from: 4) == [Self.cancelled])
        rig.checkIsIdle()
    }
}
