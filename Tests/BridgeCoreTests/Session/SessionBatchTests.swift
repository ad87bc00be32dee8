// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Batches of the client")
struct SessionBatchTests {
    private func negotiated(maxInvalid: Int = 100) -> SessionRig {
        let rig = SessionRig(maxInvalid: maxInvalid)
        rig.negotiate("2025-03-26")
        return rig
    }

    @Test("R25: a batch is split into messages of their own, byte for byte")
    func split() throws {
        let rig = negotiated()
        let one = #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[1,"],{"]}}"#
        let two = #"{"jsonrpc":"2.0","method":"n\u002fm"}"#
        #expect(rig.client("[\(one),\(two)]") == .forwarded)
        #expect(rig.toServer == one + "\n" + two + "\n")
        #expect(rig.session.isBusy)
        #expect(rig.session.counters.messagesFromClient == 3)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test("R23: a pretty-printed batch becomes one line a message")
    func prettyPrinted() {
        let rig = negotiated()
        #expect(
            rig.client(
                "[\n {\n\"jsonrpc\":\"2.0\",\r\n\"id\":1,\"method\":\"m\"},\n{\"jsonrpc\":\"2.0\",\"method\":\"n\"\n}\n]\n"
            ) == .forwarded
        )
        let lines = rig.toServer.utf8.split(separator: 0x0A).map { String(Substring($0)) }
        #expect(lines.count == 2 && !rig.toServer.utf8.contains(0x0D))
        #expect(throws: Never.self) { for line in lines { _ = try scanned(line) } }
    }

    @Test(
        "R25: batches exist in 2025-03-26 alone",
        arguments: ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28", ""]
    )
    func otherRevisions(_ version: String) throws {
        let rig = SessionRig()
        rig.negotiate(version)
        #expect(rig.client(#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#) == .consumed)
        #expect(rig.toServer.isEmpty)
        #expect(try rig.takeReplies() == [.init(id: "null", code: -32600, cause: "batch")])
    }

    @Test("R25: what the client asked for is no negotiation, and neither is an answer to something else")
    func notNegotiated() throws {
        let rig = SessionRig()
        let batch = #"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#
        rig.request("5", method: "initialize", params: #"{"protocolVersion":"2025-03-26"}"#)
        #expect(rig.client(batch) == .consumed)
        rig.request("6", method: "other")
        rig.server(#"{"jsonrpc":"2.0","id":6,"result":{"protocolVersion":"2025-03-26"}}"#)
        rig.server(#"{"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2025-03-26"}}"#)
        #expect(rig.client(batch) == .consumed)
        rig.server(#"{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"no"}}"#)
        #expect(rig.client(batch) == .consumed)
        #expect(try rig.takeReplies().map(\.cause) == ["batch", "batch", "batch"])
        #expect(rig.session.negotiatedVersion == nil)
    }

    @Test("R25: each element is judged by itself")
    func mixed() throws {
        let rig = negotiated()
        rig.server(#"{"jsonrpc":"2.0","id":"s","method":"ping"}"#)
        let good = [
            #"{"jsonrpc":"2.0","id":1,"method":"m"}"#, #"{"jsonrpc":"2.0","method":"n"}"#,
            #"{"jsonrpc":"2.0","id":"s","result":{}}"#,
        ]
        let bad = [
            #"{"jsonrpc":"2.0","id":1,"method":"m"}"#, "1", "[]", #"[{"jsonrpc":"2.0","id":9,"method":"m"}]"#, "null",
            "{}",
            #"{"jsonrpc":"2.0","id":3,"method":"initialize"}"#,
            #"{"jsonrpc":"2.0","id":4,"method":"m","m\u0065thod":"m"}"#,
            #"{"jsonrpc":"2.0","id":"unknown","result":{}}"#, #"{"jsonrpc":"2.0","id":null,"method":"m"}"#,
        ]
        #expect(rig.client("[" + (good + bad).joined(separator: " , ") + "]") == .forwarded)
        let lines = rig.toServer.split(separator: "\n").map { $0.reversed().drop { $0 == " " }.reversed() }
        #expect(lines.map { String($0) } == good)
        #expect(
            try rig.takeReplies() == [
                .init(id: "1", code: -32600, cause: "id_in_flight"),
                .init(id: "null", code: -32600, cause: "not_jsonrpc"),
                .init(id: "null", code: -32600, cause: "not_jsonrpc"),
                .init(id: "null", code: -32600, cause: "not_jsonrpc"),
                .init(id: "null", code: -32600, cause: "not_jsonrpc"),
                .init(id: "null", code: -32600, cause: "not_jsonrpc"),
                .init(id: "3", code: -32600, cause: "batch"), .init(id: "4", code: -32600, cause: "duplicate_key"),
                .init(id: "null", code: -32600, cause: "bad_id"),
            ]
        )
        #expect(rig.session.counters.dropped == 1)
    }

    @Test("R25: a batch of which nothing passes leaves nothing for the server")
    func nothingPasses() throws {
        let rig = negotiated()
        #expect(rig.client(#"[1,{},{"jsonrpc":"2.0","id":"x","result":{}}]"#) == .consumed)
        #expect(rig.toServer.isEmpty)
        #expect(try rig.takeReplies().count == 2)
    }

    @Test("R25: the empty batch is refused", arguments: ["[]", "[ ]", " [\n] "])
    func empty(_ text: String) throws {
        let rig = negotiated()
        #expect(rig.client(text) == .consumed)
        #expect(try rig.takeReplies() == [.init(id: "null", code: -32600, cause: "batch")])
    }

    @Test("R24: the invalid elements of a batch count one by one")
    func flood() throws {
        let rig = negotiated(maxInvalid: 3)
        let good = #"{"jsonrpc":"2.0","method":"m"}"#
        #expect(rig.client("[1,1,1,\(good),1,1,1]") == .forwarded)
        #expect(rig.client("[\(good),1,1,1,1,1,1]") == .flood)
        #expect(rig.toServer == good + "\n" + good + "\n")
        #expect(try rig.takeReplies().count == 9)
    }
}
