// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Which method, which headers and which body each message of each revision goes out with (R47, R48, R56, R57).
@Suite struct ConversationHeadersTests {
    private static let post = ["Content-Type: application/json", "Accept: application/json, text/event-stream"]

    private static func lines(_ exchange: ConversationRig.Exchange) -> [String] {
        exchange.request.fields.map { "\($0.name): \($0.value)" }
    }

    @Test(
        "R47, R48: each message of a legacy revision is a POST with the session and the version that it knows",
        arguments: [
            ("2025-03-26", "s-1", ["Mcp-Session-Id: s-1"]),
            ("2025-06-18", "s-1", ["Mcp-Session-Id: s-1", "MCP-Protocol-Version: 2025-06-18"]),
            ("2025-11-25", "s-1", ["Mcp-Session-Id: s-1", "MCP-Protocol-Version: 2025-11-25"]),
            ("2025-11-25", nil, ["MCP-Protocol-Version: 2025-11-25"]),
            ("2025-03-26", nil, []),
        ] as [(String, String?, [String])]
    )
    func legacy(_ version: String, _ session: String?, _ expected: [String]) throws {
        let rig = try ConversationRig()
        rig.handshake(version, session: session, hasStream: true)
        rig.request("1", "tools/call", #"{"name":"x"}"#)
        rig.notify("notifications/roots/list_changed")
        rig.respond("7")
        rig.cancel("99")
        rig.sent(3)
        rig.cancel("1")
        #expect(Self.lines(rig.exchanges[0]) == Self.post, "initialize belongs to no session")
        #expect(Self.lines(rig.exchanges[2]) == ["Accept: text/event-stream"] + expected)
        #expect(rig.exchanges.count == 8)
        for index in [1] + Array(3...7) {
            #expect(Self.lines(rig.exchanges[index]) == Self.post + expected)
            #expect(rig.exchanges[index].request.method == .post)
        }
        #expect(rig.exchanges[3].body.contains(#""id":1,"method":"tools/call","params":{"name":"x"}"#))
        rig.end()
        for index in rig.open { rig.status(index, 202) }
        let delete = rig.last
        #expect(delete.request.method == .delete || session == nil)
        if session != nil { #expect(Self.lines(delete) == expected && delete.request.body == nil) }
    }

    @Test(
        "R56, R57, R59: a modern message carries its routing, each header once, and no session",
        arguments: [
            ("server/discover", "", []),
            ("tools/list", "", []),
            ("prompts/get", #""name":"p","#, ["Mcp-Name: p"]),
            ("resources/read", #""uri":"file:///é","#, ["Mcp-Name: =?base64?ZmlsZTovLy/DqQ==?="]),
            ("tasks/get", #""taskId":"t 1","#, ["Mcp-Name: t 1"]),
            ("subscriptions/listen", "", []),
        ] as [(String, String, [String])]
    )
    func modern(_ method: String, _ params: String, _ expected: [String]) throws {
        let rig = try ConversationRig()
        rig.handshake(session: "s-1")
        rig.modern("1", method, params)
        let all = Self.post + ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: \(method)"] + expected
        #expect(Self.lines(rig.last) == all)
    }

    @Test("R56: a notification belongs to the era that it names, or to the only one that there was")
    func notifications() throws {
        let rig = try ConversationRig()
        rig.modern("1")
        rig.notify("notifications/x\\r\\ny")
        #expect(rig.last.field("MCP-Protocol-Version") == ["2026-07-28"])
        #expect(rig.last.field("Mcp-Method") == ["=?base64?bm90aWZpY2F0aW9ucy94DQp5?="])
        let legacy = try ConversationRig()
        legacy.handshake()
        legacy.modern("1")
        legacy.notify("notifications/x")
        #expect(legacy.last.field("Mcp-Session-Id") == ["s-1"] && legacy.last.field("Mcp-Method") == [])
        legacy.notify("notifications/x", "{\(ConversationRig.metadata)}")
        #expect(legacy.last.field("Mcp-Session-Id") == [])
        #expect(legacy.last.field("MCP-Protocol-Version") == ["2026-07-28"])
    }

    @Test(
        "R57: what no header can hold is encoded or left out, and fails nothing",
        arguments: [#"2026\r\nX-Evil: 1"#, #"2026 é"#]
    )
    func unsendable(_ version: String) throws {
        let rig = try ConversationRig()
        rig.client(
            #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":"#
                + #"{"io.modelcontextprotocol/protocolVersion":"\#(version)"}}}"#
        )
        rig.notify("notifications/x")
        rig.request("2", "initialize")
        rig.answer(2, ConversationRig.initializeResult(version), session: "s")
        rig.request("3")
        #expect(rig.last.field("Mcp-Session-Id") == ["s"] && rig.last.field("MCP-Protocol-Version") == [])
        for exchange in rig.exchanges {
            for field in exchange.request.fields {
                #expect(field.value.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "\(field)")
            }
        }
    }

    @Test("R48: a session id that is not visible ASCII is not sent back", arguments: ["a b", "é", "", "a\r\nb"])
    func sessionID(_ id: String) throws {
        let rig = try ConversationRig()
        rig.handshake(session: id)
        rig.request("1")
        #expect(rig.last.field("Mcp-Session-Id") == [])
    }
}
