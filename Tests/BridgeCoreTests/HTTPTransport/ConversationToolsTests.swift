// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// `Mcp-Param-*`: what is learned of the list of tools, and how (R58).
@Suite struct ConversationToolsTests {
    private static func tool(_ name: String, _ header: String) -> String {
        #"{"name":"\#(name)","inputSchema":{"type":"object","properties":"#
            + #"{"a":{"type":"string","x-mcp-header":"\#(header)"}}}}"#
    }

    private static func page(_ tools: [String], next: String? = nil) -> String {
        #"{"tools":[\#(tools.joined(separator: ","))]\#(next.map { #","nextCursor":"\#($0)""# } ?? "")}"#
    }

    private func call(_ rig: ConversationRig, _ id: String, _ tool: String) {
        rig.modern(id, "tools/call", #""name":"\#(tool)","arguments":{"a":"v"},"#)
    }

    @Test("R58: headers are learned from the client's own tools/list, all pages, without asking")
    func learned() throws {
        let rig = try ConversationRig()
        rig.modern("1", "tools/list")
        rig.answer(0, Self.page([Self.tool("x", "One")], next: "n"))
        rig.modern("2", "tools/list", #""cursor":"n","#)
        rig.answer(1, Self.page([Self.tool("y", "Two")]))
        call(rig, "3", "x")
        #expect(rig.last.field("Mcp-Param-One") == ["v"] && rig.last.field("Mcp-Name") == ["x"])
        call(rig, "4", "y")
        #expect(rig.last.field("Mcp-Param-Two") == ["v"])
        call(rig, "5", "unknown")
        #expect(rig.exchanges.count == 5, "the list is complete: such a tool does not exist")
    }

    @Test("R58: the list is fetched for a call of an unknown tool, all pages, once for all calls; others pass")
    func fetched() throws {
        let rig = try ConversationRig()
        call(rig, "1", "x")
        call(rig, "2", "y")
        rig.modern("3", "prompts/list")
        #expect(rig.sentMethods() == ["tools/list", "prompts/list"])
        let list = rig.exchanges[0]
        #expect(list.body.contains(ConversationRig.metadata) && list.field("MCP-Protocol-Version") == ["2026-07-28"])
        #expect(list.field("Mcp-Method") == ["tools/list"])
        rig.answer(0, Self.page([Self.tool("x", "One")], next: "n\\u00e9"))
        #expect(rig.exchanges[2].body.contains(#""cursor":"n\u00e9""#))
        rig.head(2, 200, "text/event-stream")
        rig.event(2, #"{"jsonrpc":"2.0","method":"notifications/message"}"#)
        rig.event(2, rig.response(2, Self.page([Self.tool("y", "Two")])))
        #expect(rig.sentMethods(from: 3) == ["tools/call", "tools/call"] && rig.delivered.isEmpty)
        #expect(rig.exchanges[3].field("Mcp-Param-One") == ["v"] && rig.exchanges[4].field("Mcp-Param-Two") == ["v"])
    }

    @Test("R58: a list that cannot be read does not keep the call back", arguments: 0..<7)
    func noList(_ how: Int) throws {
        let rig = try ConversationRig()
        call(rig, "1", "x")
        switch how {
        case 0: rig.status(0, 404)
        case 1: rig.finish(0, .broken(""))
        case 2: rig.reply(0, #"{"jsonrpc":"2.0","id":"mcp-wsbridge-tools","error":{"code":1,"message":""}}"#)
        case 3: rig.reply(0, "<html>")
        case 4: rig.fire { if case .list = $0 { true } else { false } }
        case 5: rig.head(0, 307, nil, location: "http://evil.test/")
        default:
            rig.head(0, 307, nil, location: "/two")
            rig.status(1, 500)
        }
        if how == 5 { rig.finish(0) }
        #expect(rig.last.field("Mcp-Method") == ["tools/call"])
        rig.answer(rig.exchanges.count - 1)
        rig.checkIsIdle()
        while rig.fire({ _ in true }) {}
    }

    @Test("R58: an endless list is read up to a bound")
    func endless() throws {
        let rig = try ConversationRig()
        call(rig, "1", "x")
        while rig.last.field("Mcp-Method") == ["tools/list"] {
            rig.answer(rig.exchanges.count - 1, Self.page([], next: "n"))
        }
        #expect(rig.exchanges.count == HTTPConversation.maxToolPages + 1)
    }

    @Test("R58: -32020 has the list read again and the call tried once more; the second is the client's")
    func mismatch() throws {
        let mismatch = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":""}}"#
        let rig = try ConversationRig()
        call(rig, "1", "x")
        rig.answer(0, Self.page([Self.tool("x", "Old")]))
        rig.reply(1, mismatch, 400)
        #expect(rig.sentMethods(from: 2) == ["tools/list"])
        rig.answer(2, Self.page([Self.tool("x", "New")]))
        #expect(rig.last.field("Mcp-Param-New") == ["v"] && rig.last.field("Mcp-Param-Old") == [])
        rig.reply(3, mismatch, 400)
        #expect(rig.delivered == [mismatch] && rig.exchanges.count == 4)
        rig.checkIsIdle()
    }

    @Test("R58: -32020 to anything else is the client's")
    func otherMismatch() throws {
        let rig = try ConversationRig()
        rig.modern("1", "prompts/get", #""name":"x","#)
        rig.reply(0, #"{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":""}}"#, 400)
        #expect(rig.delivered.count == 1 && rig.exchanges.count == 1)
    }

    @Test("R58: tools with invalid marks are taken out of a modern tools/list, byte for byte, and out of no other")
    func invalid() throws {
        let good = Self.tool("x", "One")
        let bad = Self.tool("y", "not a token")
        let rig = try ConversationRig()
        rig.modern("1", "tools/list")
        rig.answer(0, Self.page([good, bad]))
        #expect(rig.takeDelivered() == [#"{"jsonrpc":"2.0","id":1,"result":\#(Self.page([good]))}"#])
        guard case .toolRemoved("y", _)? = rig.notes.first else { return #expect(Bool(false), "\(rig.notes)") }
        let legacy = try ConversationRig()
        legacy.request("1", "tools/list")
        legacy.answer(0, Self.page([good, bad]))
        #expect(legacy.takeDelivered() == [#"{"jsonrpc":"2.0","id":1,"result":\#(Self.page([good, bad]))}"#])
    }

    @Test("R58: a list that has changed is learned anew")
    func changed() throws {
        let rig = try ConversationRig()
        rig.modern("1", "subscriptions/listen")
        rig.head(0, 200, "text/event-stream")
        rig.modern("2", "tools/list")
        rig.answer(1, Self.page([Self.tool("x", "One")]))
        rig.event(0, #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        call(rig, "3", "x")
        #expect(rig.sentMethods(from: 2) == ["tools/list"] && rig.takeDelivered().count == 2)
    }

    @Test("R58: the legacy revisions know no such headers")
    func legacy() throws {
        let rig = try ConversationRig()
        rig.handshake()
        rig.request("1", "tools/call", #"{"name":"x","arguments":{"a":1}}"#)
        #expect(rig.sentMethods(from: 3) == ["tools/call"])
    }
}
