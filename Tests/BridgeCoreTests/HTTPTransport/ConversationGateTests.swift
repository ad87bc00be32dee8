// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

/// Whose turn it is: the handshake, `max_parallel` and the queue behind it (R29, R30, R49).
@Suite struct ConversationGateTests {
    @Test("R29, R49: requests wait for the answer to initialize, then for initialized to be accepted, in order")
    func handshake() throws {
        let rig = try ConversationRig()
        rig.request("0", "initialize")
        rig.request("1", "a")
        rig.notify("notifications/initialized")
        rig.request("2", "b")
        rig.notify("c")
        rig.request("3", "d")
        #expect(rig.sentMethods() == ["initialize"])
        rig.answer(0, ConversationRig.initializeResult(), session: "s")
        #expect(rig.sentMethods() == ["initialize", "a", "notifications/initialized"])
        #expect(rig.exchanges[1].field("Mcp-Session-Id") == ["s"])
        rig.head(2, 202, nil)
        #expect(rig.sentMethods(from: 3) == ["GET", "b", "c", "d"])
    }

    @Test(
        "R49: a handshake that comes to nothing lets all pass",
        arguments: [
            #"{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":""}}"#, #"{"jsonrpc":"2.0","id":0,"result":{}}"#,
        ]
    )
    func failedHandshake(_ answer: String) throws {
        let rig = try ConversationRig()
        rig.request("0", "initialize")
        rig.request("1", "a")
        rig.reply(0, answer)
        #expect(rig.sentMethods() == ["initialize", "a"])
        rig.finish(1, .unreachable(""))
        rig.request("2", "initialize")
        rig.request("3", "b")
        rig.finish(2, .unreachable(""))
        #expect(rig.sentMethods() == ["initialize", "a", "initialize", "b"])
        rig.answer(3)
        rig.checkIsIdle()
    }

    @Test("R46, R74: what waits does not keep the read alive that it came in", arguments: 0..<4)
    func waitingMemory(_ place: Int) throws {
        let rig = try ConversationRig(place == 2 ? .eventStream : place == 3 ? .auto : .streamableHTTP, maxParallel: 1)
        rig.request("0", place == 0 ? "initialize" : "a")
        for text in [#"{"jsonrpc":"2.0","id":1,"method":"b"}"#, #"{"jsonrpc":"2.0","method":"c"}"#] {
            var read = ByteBuffer(string: text)
            read.writeRepeatingByte(0x20, count: 1 << 16)
            let message = read.readSlice(length: text.utf8.count)
            rig.conversation.receivedFromClient(try #require(message))
        }
        let conversation = rig.conversation
        let waiting = Array(conversation.gated) + Array(conversation.eventStream.waiting)
        let request = try #require(conversation.numbers[.integer(1)].flatMap { conversation.calls[$0] })
        #expect([.gated, .queued, .inLine].contains(request.phase))
        #expect(request.message.storageCapacity < 1_024 && String(buffer: request.message).hasSuffix(#""b"}"#))
        #expect(waiting.compactMap(\.message).allSatisfy { $0.storageCapacity < 1_024 })
        #expect(waiting.compactMap(\.message).count == (place == 1 ? 0 : 1))
    }

    @Test("R49: initialized that is refused, lost or never acknowledged keeps nobody waiting", arguments: 0..<5)
    func initialized(_ how: Int) throws {
        let rig = try ConversationRig()
        rig.request("0", "initialize")
        rig.answer(0, ConversationRig.initializeResult())
        rig.notify("notifications/initialized")
        rig.request("1", "a")
        #expect(rig.sentMethods(from: 1) == ["notifications/initialized"])
        switch how {
        case 0: rig.status(1, 400)
        case 1: rig.finish(1, .broken(""))
        case 2: rig.status(1, 302)
        case 3: rig.fire { if case .acceptance = $0 { true } else { false } }
        default: rig.finish(1)
        }
        #expect(rig.sentMethods(from: 2).contains("a") && rig.notes.count == 1)
    }

    @Test("R30: beyond max_parallel requests wait for a place; cancels, responses and listens do not")
    func places() throws {
        let rig = try ConversationRig(maxParallel: 2)
        rig.handshake()
        for id in 1...4 { rig.request("\(id)", "m\(id)") }
        rig.respond("9")
        rig.modern("5", "subscriptions/listen")
        #expect(rig.sentMethods(from: 3) == ["m1", "m2", "POST", "subscriptions/listen"])
        rig.sent(3)
        rig.cancel("1")
        #expect(rig.sentMethods(from: 7) == ["notifications/cancelled"])
        rig.cancel("3")
        rig.answer(4)
        #expect(rig.sentMethods(from: 8) == ["m4"])
        rig.status(3, 202)
        rig.answer(8)
        rig.finish(6, .broken(""))
        #expect(rig.failed.map(\.fault) == [.broken("")])
        rig.checkIsIdle()
    }

    @Test("R30: what waits is bounded in bytes, and listens in number")
    func bounds() throws {
        let rig = try ConversationRig(maxParallel: 1, queue: 100)
        rig.request("1")
        rig.request("2")
        rig.request("3")
        #expect(rig.failed.map(\.id) == ["3"] && rig.failed.map(\.fault) == [.queueFull])
        rig.cancel("2")
        rig.request("4")
        #expect(rig.failed.count == 1, "a cancelled request gives its bytes back")
        rig.modern("5", "subscriptions/listen")
        rig.modern("6", "subscriptions/listen")
        #expect(rig.failed.map(\.id) == ["3", "6"])
    }

    @Test("R46: bytes on their way, bytes that wait, and notifications without an answer pause the client")
    func isWritable() throws {
        let rig = try ConversationRig(queue: 100)
        rig.request("0", "initialize")
        #expect(rig.conversation.isWritable)
        rig.request("1")
        rig.request("2")
        #expect(!rig.conversation.isWritable)
        rig.sent(0)
        rig.cancel("1")
        #expect(rig.conversation.isWritable)
        let chatty = try ConversationRig(queue: 1 << 20)
        for _ in 0...HTTPConversation.maxTelling { chatty.notify("a") }
        for index in chatty.open { chatty.sent(index) }
        #expect(!chatty.conversation.isWritable)
        chatty.head(0, 202, nil)
        #expect(chatty.conversation.isWritable)
    }

    @Test("R49: requests that wait for a place go out behind a handshake that began meanwhile")
    func queueBehindGate() throws {
        let rig = try ConversationRig(maxParallel: 1)
        rig.request("1", "a")
        rig.request("2", "initialize")
        rig.request("3", "b")
        rig.answer(0)
        rig.request("4", "c")
        #expect(rig.sentMethods() == ["a", "initialize"])
        rig.answer(1, ConversationRig.initializeResult(), session: "s")
        #expect(rig.sentMethods(from: 2) == ["b"] && rig.last.field("Mcp-Session-Id") == ["s"])
        rig.answer(2)
        #expect(rig.sentMethods(from: 3) == ["c"])
    }

    @Test("R49: a place that falls free in the middle of a handshake is given to nobody who has to wait for it")
    func placeInHandshake() throws {
        let rig = try ConversationRig(maxParallel: 2)
        for (id, method) in ["a", "b", "initialize", "c"].enumerated() { rig.request("\(id)", method) }
        rig.answer(0)
        rig.answer(1)
        #expect(rig.sentMethods() == ["a", "b", "initialize"])
        rig.answer(2, ConversationRig.initializeResult(), session: "s")
        #expect(rig.last.body.contains("\"c\"") && rig.last.field("Mcp-Session-Id") == ["s"])
        rig.answer(3)
        rig.checkIsIdle()
    }

    @Test("R30, R74: thousands that are cancelled while they wait leave nothing behind")
    func cancelledWhileWaiting() throws {
        let rig = try ConversationRig(maxParallel: 1, queue: 1 << 20)
        rig.request("0")
        for id in 1...200 {
            rig.request("\(id)")
            rig.cancel("\(id)")
        }
        #expect(rig.conversation.queued.count < 70 && rig.conversation.calls.count == 1)
        rig.answer(0)
        rig.checkIsIdle()
    }
}
