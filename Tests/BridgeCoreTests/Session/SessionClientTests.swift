// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("From the client to the server")
struct SessionClientTests {
    @Test(
        "R22: valid messages of any look pass byte for byte",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            #"{"method":"x/unknown","id":"é","jsonrpc":"2.0"}"#,
            #"  {"id" : -0 ,\#t"jsonrpc":"2\u002e0","method":"a\/b","z":[1E400,-0.0,9007199254740993,1.10]}  "#,
            #"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"m","params":{"_meta":{"x":1,"X":2},"":null}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            #"{"jsonrpc":"2.0","method":"","params":[]}"#,
            #"{"jsonrpc":"2.0","id":"","method":"m","params":null,"extra":{"a":1,"a":2,"\ud800":"\udfff"}}"#,
            "{\"jsonrpc\":\"2.0\",\"id\":\"\u{2028}\u{2029}\u{85}\u{FEFF}\",\"method\":\"\u{1F600}\u{0301}\u{7F}\"}",
            #"{"jsonrpc":"2.0","id":"\u0000\n\r","method":"m\u0000","params":{"text":"\r\n\u000a"}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12345}}"#,
            #"{"\u006asonrpc":"2.0","\u0069d":7,"\u006dethod":"m"}"#,
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1.5}}"#,
        ]
    )
    func transparent(_ text: String) throws {
        let rig = SessionRig()
        #expect(rig.client(text) == .forwarded)
        #expect(Array(rig.toServer.utf8) == Array(text.utf8) + [0x0A])
        #expect(rig.session.counters.messagesFromClient == 1)
        #expect(rig.session.counters.bytesFromClient == text.utf8.count)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test("R22: generated payloads pass byte for byte, but for line breaks between tokens", arguments: 41...44)
    func generated(_ seed: UInt64) throws {
        var json = RandomJSON(seed: seed)
        let rig = SessionRig()
        for index in 0..<100 {
            let text = #"{"jsonrpc":"2.0","id":\#(index),"method":"m","x":\#(json.value())}"# + json.space()
            #expect(rig.client(text) == .forwarded)
            let expected = text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A]
            #expect(rig.takeToServer() == expected)
        }
    }

    @Test("R23: a pretty-printed message becomes one line, and nothing else changes")
    func prettyPrinted() {
        let text =
            "{\r\n  \"jsonrpc\": \"2.0\",\n\t\"id\": 1,\r  \"method\": \"m\",\n  \"params\": {\n    \"t\": \"a\\nb\u{2028}\u{2029}\u{85}\"\n  }\n}\n"
        let rig = SessionRig()
        #expect(rig.client(text) == .forwarded)
        #expect(Array(rig.toServer.utf8) == text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A])
    }

    @Test("R23: the lines before a pretty-printed message stay lines")
    func prettyPrintedBehind() {
        let rig = SessionRig()
        rig.request("1")
        rig.client("{\"jsonrpc\":\"2.0\",\n\"method\":\"m\"}")
        #expect(rig.toServer.utf8.count { $0 == 0x0A } == 2)
        #expect(rig.toServer.utf8.last == 0x0A)
    }

    /// An invalid message, and the answer to it.
    struct Invalid: Sendable, CustomTestStringConvertible {
        var text: String
        var reply: (id: String, code: Int, cause: String)
        init(_ text: String, _ code: Int, _ cause: String, id: String = "null") {
            self.text = text
            reply = (id, code, cause)
        }
        var testDescription: String { text }
    }

    static let invalid: [Invalid] = [
        // Not JSON.
        .init("", -32700, "not_json"), .init(" ", -32700, "not_json"), .init("hello", -32700, "not_json"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m""#, -32700, "not_json"), .init("\u{FEFF}{}", -32700, "not_json"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m"}x"#, -32700, "not_json"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m"}{"jsonrpc":"2.0","id":2,"method":"m"}"#, -32700, "not_json"),
        .init("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\nb\"}", -32700, "not_json"),
        .init(String(repeating: "[", count: 1025), -32700, "not_json"),
        // No message.
        .init("1", -32600, "not_jsonrpc"), .init("null", -32600, "not_jsonrpc"),
        .init(#""text""#, -32600, "not_jsonrpc"),
        .init("true", -32600, "not_jsonrpc"), .init("{}", -32600, "not_jsonrpc"),
        // The wrong jsonrpc; the id is usable.
        .init(#"{"id":1,"method":"m"}"#, -32600, "not_jsonrpc", id: "1"),
        .init(#"{"jsonrpc":"1.0","id":"a\/b","method":"m"}"#, -32600, "not_jsonrpc", id: #""a\/b""#),
        .init(#"{"jsonrpc":2.0,"id":-0,"method":"m"}"#, -32600, "not_jsonrpc", id: "-0"),
        .init(#"{"jsonrpc":null,"method":"m"}"#, -32600, "not_jsonrpc"),
        // The wrong id.
        .init(#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":1.0,"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":1e2,"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":"\ud800","method":"m"}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#, -32600, "bad_id"),
        .init(#"{"jsonrpc":"2.0","result":{}}"#, -32600, "bad_id"),
        // The wrong method or params.
        .init(#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600, "bad_method", id: "1"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":null}"#, -32600, "bad_method", id: "1"),
        .init(#"{"jsonrpc":"2.0","method":{}}"#, -32600, "bad_method"),
        .init(#"{"jsonrpc":"2.0","id":"x","method":"m","params":1}"#, -32600, "bad_params", id: #""x""#),
        .init(#"{"jsonrpc":"2.0","id":"x","method":"m","params":"p"}"#, -32600, "bad_params", id: #""x""#),
        // Both or neither.
        .init(#"{"jsonrpc":"2.0","id":1}"#, -32600, "not_jsonrpc", id: "1"),
        .init(#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, -32600, "not_jsonrpc", id: "1"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#, -32600, "not_jsonrpc", id: "1"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m","error":{}}"#, -32600, "not_jsonrpc", id: "1"),
        .init(#"{"jsonrpc":"2.0","method":"m","result":null}"#, -32600, "not_jsonrpc"),
        // Keys twice.
        .init(#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, -32600, "duplicate_key"),
        .init(#"{"jsonrpc":"2.0","id":1,"\u0069d":1,"method":"m"}"#, -32600, "duplicate_key"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}"#, -32600, "duplicate_key", id: "1"),
        .init(#"{"jsonrpc":"2.0","id":1,"method":"m","\u006dethod":"n"}"#, -32600, "duplicate_key", id: "1"),
        .init(#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"m"}"#, -32600, "duplicate_key", id: "1"),
        .init(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\u0061me":"b"}}"#,
            -32600,
            "duplicate_key",
            id: "1"
        ),
        .init(
            #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[{"uri":1,"uri":2}]}}"#,
            -32600,
            "duplicate_key",
            id: "1"
        ),
        .init(
            #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":[{"id":1,"id":2}]}}"#,
            -32600,
            "duplicate_key",
            id: "1"
        ),
        .init(
            #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{},"_meta":{}}}"#,
            -32600,
            "duplicate_key",
            id: "1"
        ),
        // Batches where none was negotiated.
        .init("[]", -32600, "batch"), .init(#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, -32600, "batch"),
    ]

    @Test(
        "R24: an invalid message is answered with its id where usable, and does not reach the server",
        arguments: invalid
    )
    func refused(_ message: Invalid) throws {
        let rig = SessionRig()
        #expect(rig.client(message.text) == .consumed)
        #expect(rig.toServer.isEmpty)
        let expected = SessionRig.Reply(id: message.reply.id, code: message.reply.code, cause: message.reply.cause)
        #expect(try rig.takeReplies() == [expected])
        #expect(rig.session.counters.refused == 1 && rig.session.counters.messagesFromClient == 0)
        #expect(!rig.session.isWaiting, "a refused message is in flight")
        // The connection stays open, and the id free.
        #expect(rig.request("1") == .forwarded)
        #expect(rig.session.isWaiting && rig.session.isBusy)
    }

    @Test(
        "R24: the invalid messages in a row that are answered are counted; one more ends the session",
        arguments: [100, 1, 0]
    )
    func flood(_ limit: Int) throws {
        let rig = SessionRig(maxInvalid: limit)
        for _ in 0..<limit { #expect(rig.client("junk") == .consumed) }
        if limit > 0 {
            #expect(rig.client(#"{"jsonrpc":"2.0","method":"m"}"#) == .forwarded)
            for _ in 0..<limit { #expect(rig.client("{}") == .consumed) }
        }
        #expect(try rig.takeReplies().count == 2 * limit)
        #expect(rig.client("{}") == .flood)
        #expect(try rig.takeReplies().isEmpty)
        #expect(rig.session.counters.refused == 2 * limit + 1)
    }

    @Test("R27: an id in flight is refused without touching the first request")
    func duplicateID() throws {
        let rig = SessionRig()
        for (one, other) in [
            ("1", "1"), (#""é""#, #""\u00e9""#), ("0", "-0"), ("99999999999999999999", "99999999999999999999"),
        ] {
            #expect(rig.request(one) == .forwarded)
            _ = rig.takeToServer()
            #expect(rig.request(other) == .consumed)
            #expect(rig.toServer.isEmpty)
            #expect(try rig.takeReplies() == [.init(id: other, code: -32600, cause: "id_in_flight")])
            #expect(
                rig.server(#"{"jsonrpc":"2.0","id":\#(one),"result":{}}"#)
                    == .forward(#"{"jsonrpc":"2.0","id":\#(one),"result":{}}"#)
            )
            #expect(rig.request(other) == .forwarded)
        }
    }

    @Test("R26: ids of different type or text are in flight side by side")
    func differentIDs() throws {
        let rig = SessionRig()
        for id in ["1", #""1""#, "-1", #""""#, #""\u00e9""#, #""e\u0301""#, "9007199254740992", "9007199254740993"] {
            #expect(rig.request(id) == .forwarded, "\(id)")
        }
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test(
        "R35: a cancelled request is owed nothing, and the cancel goes on to the server",
        arguments: [
            (#""é""#, #""\u00e9""#), ("0", "-0"), ("5", "5"),
        ]
    )
    func cancelled(_ id: String, _ spelled: String) throws {
        let rig = SessionRig()
        rig.request(id)
        #expect(rig.session.isWaiting)
        _ = rig.takeToServer()
        let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(spelled)}}"#
        #expect(rig.client(cancel) == .forwarded)
        #expect(rig.toServer == cancel + "\n")
        #expect(!rig.session.isWaiting)
        #expect(rig.finish(BridgeReply(.internalError, "m", cause: "c")).isEmpty)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test("R43, R44: an open listen is no reason to wait for a drain, but the connection is not idle")
    func listen() {
        let rig = SessionRig()
        #expect(rig.request("1", method: #"subscriptions\/listen"#) == .forwarded)
        #expect(rig.session.isWaiting && !rig.session.isBusy)
        rig.request("2")
        #expect(rig.session.isBusy)
    }

    @Test("R28: the client's answers pass once each; unknown ones are dropped")
    func answersOfClient() throws {
        let rig = SessionRig()
        #expect(rig.server(#"{"jsonrpc":"2.0","id":"\u0061","method":"sampling/createMessage"}"#) != .dropped)
        #expect(rig.server(#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#) != .dropped)
        let answer = #"{"jsonrpc":"2.0","id":"a","result":{}}"#
        #expect(rig.client(answer) == .forwarded)
        #expect(rig.toServer == answer + "\n")
        _ = rig.takeToServer()
        #expect(rig.client(answer) == .consumed)
        #expect(rig.client(#"{"jsonrpc":"2.0","id":"0","error":{"code":1,"message":"m"}}"#) == .consumed)
        #expect(rig.client(#"{"jsonrpc":"2.0","id":7,"result":null}"#) == .consumed)
        #expect(rig.toServer.isEmpty)
        #expect(rig.client(#"{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"m"}}"#) == .forwarded)
        #expect(rig.session.counters.dropped == 3 && rig.session.counters.refused == 0)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test("R28: an answer to a request that the server has cancelled is dropped")
    func cancelledByServer() {
        let rig = SessionRig()
        rig.server(#"{"jsonrpc":"2.0","id":4,"method":"elicitation/create"}"#)
        rig.server(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}"#)
        #expect(rig.client(#"{"jsonrpc":"2.0","id":4,"result":{}}"#) == .consumed)
    }

    @Test("R35: where the server asked too much to remember, the client's answers pass unmatched")
    func manyServerRequests() {
        let rig = SessionRig()
        for id in 0...Session.maxServerRequests { rig.server(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#) }
        for id in [0, Session.maxServerRequests, 123_456_789] {
            #expect(rig.client(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#) == .forwarded)
        }
    }

    @Test("R74: too many requests in flight are refused, the session goes on")
    func full() {
        let rig = SessionRig()
        let long = String(repeating: "x", count: InFlightTable.maxIDBytes + 1)
        #expect(rig.request("\"\(long)\"") == .consumed)
        #expect(rig.session.counters.refused == 1)
        #expect(rig.toServer.isEmpty && !rig.session.isWaiting)
        #expect(rig.request("1") == .forwarded)
    }

    @Test(
        "R22: with lines framing nothing is looked at",
        arguments: ["junk", "", "[]", "{", #"{"id":1,"id":1}"#, "é\u{2028}"]
    )
    func linesFraming(_ text: String) throws {
        let rig = SessionRig(framing: .lines, maxInvalid: 0)
        for _ in 0..<3 { #expect(rig.client(text) == .forwarded) }
        #expect(rig.toServer == text + "\n" + text + "\n" + text + "\n")
        #expect(!rig.session.isWaiting)
        #expect(rig.finish(BridgeReply(.internalError, "m", cause: "c")).isEmpty)
        #expect(try rig.takeReplies().isEmpty)
    }
}
