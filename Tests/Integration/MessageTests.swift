// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Section C of the contract, through the real binary: what arrives at the server, and what at the client.
@Suite struct MessageTests {
    static let payloads = [
        #"{"jsonrpc":"2.0","id":1,"method":"x/unknown","params":{"z":1,"a":[1.50,1E+2,-0,0.1e-7],"big":123456789012345678901234567890}}"#,
        #"{ "id" : "a\u00e9\/\ud83d\ude00" , "params" : {"é":"\u2028","_meta":{"x":{}}} , "extra":[ ],"method":"x","jsonrpc":"2.0"}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"method\":\"x\",\"params\":{\"t\":\"\u{2028}\u{2029}\u{7F}\u{FEFF}\"}}",
        #"{"jsonrpc":"2.0","id":"","method":"x","params":{"a":1,"unread":2,"unread":3}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/whatever","params":{"n":1e400}}"#,
        #"{"jsonrpc":"2.0","id":-7,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","traceparent":"00-x"}}}"#,
    ]

    @Test("R22: a client's bytes reach the server as they were sent", arguments: payloads)
    func transparentUp(payload: String) throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture("record=\(folder.path)/seen", folder: folder)
        let socket = try bridge.connect()
        try socket.send(payload)
        #expect(try socket.call("echo").result != nil)
        #expect(folder.read("seen")?.split(separator: "\n").first.map(String.init) == payload)
    }

    @Test("R22: a server's bytes reach the client as they were written")
    func transparentDown() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        let arguments = #"{"z":1,"a":[1.50,1E+2,-0],"big":123456789012345678901234567890,"é":"\u2028\ud83d","a":0}"#
        try socket.sendCall("echo", id: #""\u00e9""#, arguments)
        #expect(
            try socket.receiveText()
                == #"{"jsonrpc":"2.0","id":"\u00e9","result":{"content":[],"echo":\#(arguments)}}"#
        )
    }

    @Test("R23: pretty-printed JSON becomes one line; U+2028 and escaped newlines stay")
    func prettyPrinted() throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture("record=\(folder.path)/seen", folder: folder)
        let socket = try bridge.connect()
        let pretty =
            "\r\n{\r\n  \"jsonrpc\": \"2.0\",\n  \"id\": 1,\r\"method\": \"tools/call\",\n \"params\": {\"name\": \"echo\", \"arguments\": {\"t\": \"a\\nb\u{2028}c\"\n}\n}\n}\n"
        try socket.send(pretty)
        #expect(try socket.receiveMessage().id as? Int == 1)
        let seen = try #require(folder.read("seen"))
        #expect(seen.utf8.count { $0 == 10 } == 1)
        #expect(!seen.utf8.contains(13))
        #expect(seen.contains("a\\nb\u{2028}c"))
    }

    @Test(
        "R24: what is no message is answered by the bridge and never reaches the server",
        arguments: [
            ("", -32700, "null"), ("junk", -32700, "null"), ("{", -32700, "null"), (#"{"a":1}x"#, -32700, "null"),
            ("\u{FEFF}{}", -32700, "null"), ("1", -32600, "null"), ("\"text\"", -32600, "null"),
            ("null", -32600, "null"),
            ("{}", -32600, "null"), ("[]", -32600, "null"),
            (#"[{"jsonrpc":"2.0","id":1,"method":"x"}]"#, -32600, "null"),
            (#"{"jsonrpc":"1.0","id":7,"method":"x"}"#, -32600, "7"), (#"{"id":7,"method":"x"}"#, -32600, "7"),
            (#"{"jsonrpc":2.0,"id":7,"method":"x"}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","id":null,"method":"x"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":true,"method":"x"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":"s","method":1}"#, -32600, "\"s\""),
            (#"{"jsonrpc":"2.0","id":"s"}"#, -32600, "\"s\""),
            (#"{"jsonrpc":"2.0","id":"s","result":1,"error":{"code":1,"message":"m"}}"#, -32600, "\"s\""),
            (#"{"jsonrpc":"2.0","id":"s","method":"x","result":1}"#, -32600, "\"s\""),
            (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}"#, -32600, "null"),
            (#"{"jsonrpc":"2.0","id":7,"method":"x","method":"y"}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","id":7,"method":"x","m\u0065thod":"y"}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","name":"b"}}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","id":7,"method":"x","params":{"deep":[{"_meta":1,"_meta":2}]}}"#, -32600, "7"),
        ] as [(String, Int, String)]
    )
    func invalid(text: String, code: Int, id: String) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.send(text)
        let answer = try socket.receiveMessage()
        #expect(answer.errorCode == code, "\(answer.text)")
        #expect(answer.text.contains("\"id\":\(id)"), "\(answer.text)")
        // The connection stays open, and the server has seen nothing but this.
        #expect(try socket.call("count").contentText == "1")
    }

    @Test("R24: more than max_invalid in a row end the connection with 1008; a good message starts anew")
    func flood() throws {
        let bridge = try BridgeProcess.fixture(limits: "max_invalid = 5")
        let socket = try bridge.connect()
        for _ in 0..<5 { try socket.send("junk") }
        for _ in 0..<5 { #expect(try socket.receiveMessage().errorCode == -32700) }
        try socket.sendCall("hold", id: "1")
        #expect(try socket.call("count").contentText == "2")
        for _ in 0..<6 { try socket.send("junk") }
        for _ in 0..<5 { #expect(try socket.receiveMessage().errorCode == -32700) }
        // R21: what is in flight is answered before the close.
        var held: Message?
        while held?.id as? Int != 1 { held = try socket.receiveMessage() }
        #expect(held?.isBridgeError == true)
        #expect(try socket.receiveClose()?.code == 1008)
    }

    @Test("R25: in 2025-03-26 a batch is split, each element judged and answered singly")
    func batch() throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture("record=\(folder.path)/seen", folder: folder)
        let socket = try bridge.connect()
        try socket.initialize("2025-03-26")
        let call = RawWebSocket.callText("count", id: "\"a\"")
        try socket.send(
            #"[ \#(call), {"jsonrpc":"2.0","method":"notifications/x"}, 5, {"jsonrpc":"2.0","id":"i","method":"initialize"},"#
                + #"{"jsonrpc":"2.0","id":"a","method":"ping"}, {"jsonrpc":"2.0","id":"b","method":"ping"}]"#
        )
        var answers: [String: Int?] = [:]
        for _ in 0..<5 {
            let answer = try socket.receiveMessage()
            let id = answer.id as? String ?? "none"
            answers[answers[id] == nil ? id : id + "2"] = answer.errorCode
        }
        #expect(answers.count == 5)
        #expect(answers["b"] == .some(nil))
        #expect(answers["i"] == -32600)
        #expect(answers["none"] == -32600)
        #expect(Set([answers["a"], answers["a2"]]) == [.some(nil), .some(-32600)], "R27: \(answers)")
        #expect(folder.read("seen")?.contains("[") == false)
        try socket.send("[]")
        #expect(try socket.receiveMessage().errorCode == -32600)
    }

    @Test("R25: no batches in any other revision", arguments: ["2024-11-05", "2025-06-18", "2025-11-25"])
    func noBatch(version: String) throws {
        let bridge = try BridgeProcess.fixture("batch-hater")
        let socket = try bridge.connect()
        try socket.initialize(version)
        try socket.send(#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#)
        #expect(try socket.receiveMessage().errorCode == -32600)
    }

    static let ids = [
        "0", "1", "-1", "\"1\"", "\"\"", "9007199254740991", "-9007199254740991", "\"é😀\"", #""\u00e9""#, #""a\"b\\c""#,
        #""\/\b""#, "123456789012345678901234567890",
    ]

    @Test("R26: type and spelling of an id survive", arguments: ids)
    func idSpelling(id: String) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("count", id: id)
        #expect(try socket.receiveText()?.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"#) == true)
        // R27: free for use again.
        try socket.sendCall("count", id: id)
        #expect(try socket.receiveText()?.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"#) == true)
    }

    @Test(
        "R26: the client's spelling comes back though the server re-spells it",
        arguments: ["0", "-0", "1", "\"abc\"", "\"é😀\"", "\"\""],
        ["respells-ids", "respells-ids=fraction"]
    )
    func respelled(id: String, behaviour: String) throws {
        let bridge = try BridgeProcess.fixture(behaviour)
        let socket = try bridge.connect()
        // -0.0 is beyond what any server does.
        if id == "-0", behaviour.hasSuffix("fraction") { return }
        try socket.sendCall("count", id: id)
        #expect(
            try socket.receiveText()
                == #"{"jsonrpc":"2.0","id":\#(id),"result":{"content":[{"type":"text","text":"1"}]}}"#
        )
    }

    @Test(
        "R27: an id in flight is refused, however it is spelled; the first goes on",
        arguments: [("1", "1"), ("\"a\"", #""\u0061""#), ("0", "-0"), (#""\u00e9""#, "\"é\"")]
    )
    func duplicateID(first: String, second: String) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: first)
        try socket.sendCall("count", id: second)
        let refusal = try socket.receiveMessage()
        #expect(refusal.errorCode == -32600)
        #expect(refusal.text.contains("\"id\":\(second)"))
        #expect(try socket.call("count").contentText == "2")
        try socket.sendCall("release", id: "77")
        #expect(try socket.receiveText()?.contains("\"id\":\(first),\"result\"") == true)
    }

    @Test("R26: 1 and \"1\" are two ids")
    func distinctTypes() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: "1")
        try socket.sendCall("hold", id: "\"1\"")
        try socket.sendCall("release", id: "2")
        #expect(try socket.receiveMessage().id as? Int == 1)
        #expect(try socket.receiveMessage().id as? String == "1")
        #expect(try socket.receiveMessage().contentText == "2")
    }

    @Test(
        "R28: responses that nobody waits for and late progress are dropped and counted",
        arguments: ["answers-twice", "answers-unknown-id", "progress-after-response"]
    )
    func strayAnswers(behaviour: String) throws {
        let bridge = try BridgeProcess.fixture(behaviour)
        let socket = try bridge.connect()
        for id in 1...3 {
            let params = #"{"name":"count","_meta":{"progressToken":"t\#(id)"}}"#
            try socket.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":\#(params)}"#)
            #expect(try socket.receiveMessage().id as? Int == id)
        }
        // The connection ends with nothing more on it.
        try socket.sendClose()
        #expect(try socket.receiveText() == nil)
        let record = try bridge.waitConnectionEnded()
        // Those of the last answer may come too late to be read at all.
        let dropped = try #require(record.number("dropped"))
        #expect((2...3).contains(dropped), "\(record.fields)")
    }

    @Test("R29: order is kept in both directions, progress precedes its response")
    func order() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        var burst: [UInt8] = []
        for id in 1...500 { burst += RawWebSocket.frame(Array(RawWebSocket.callText("count", id: "\(id)").utf8)) }
        try socket.socket.send(burst)
        for id in 1...500 {
            let answer = try socket.receiveMessage()
            #expect(answer.id as? Int == id)
            #expect(answer.contentText == "\(id)")
        }
        try socket.send(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"progress","arguments":{"n":200},"_meta":{"progressToken":"é"}}}"#
        )
        for index in 0..<200 { #expect(try socket.receiveMessage().params?["progress"] as? Int == index) }
        #expect(try socket.receiveMessage().contentText == "progressed")
    }

    @Test("R30: a cancel, a ping and another request pass a running request")
    func nothingBlocks() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("hold", id: "\"slow\"")
        #expect(try socket.request("ping").result != nil)
        try socket.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"slow"}}"#)
        #expect(try socket.call("cancelled").result?["cancelled"] as? [String] == ["slow"])
    }

    @Test("R31, R32: a server's error and an MCP ping go end to end untouched")
    func serverErrors() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        let error = try socket.request("no/such")
        #expect(error.errorCode == -32601)
        #expect(error.errorData == nil)
        try socket.send(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#)
        #expect(try socket.receiveText() == #"{"jsonrpc":"2.0","id":"p","result":{}}"#)
    }

    @Test(
        "R32: a server's request reaches the client, and the client's answer the server",
        arguments: ["\"q\"", "0", "-5"]
    )
    func serverRequests(id: String) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        try socket.sendCall("ask", id: "1", #"{"id":\#(id)}"#)
        #expect(try socket.receiveText() == #"{"jsonrpc":"2.0","id":\#(id),"method":"roots/list"}"#)
        let answer = #"{"jsonrpc":"2.0","id":\#(id),"result":{"roots":[],"n":1.0}}"#
        try socket.send(answer)
        #expect(try socket.receiveMessage().result?["answer"] as? String == answer)
        // A second answer belongs to nobody and does not reach the server.
        try socket.send(answer)
        #expect(try socket.call("count").contentText == "3")
    }

    @Test("R32: a server's request that comes before the client says anything is delivered")
    func asksAtStart() throws {
        let bridge = try BridgeProcess.fixture("asks-at-start")
        let socket = try bridge.connect()
        let question = try socket.receiveMessage()
        #expect(question.method == "roots/list")
        // The server's id 1 is none of the client's.
        try socket.sendCall("count", id: "1")
        #expect(try socket.receiveMessage().contentText == "1")
    }

    @Test("R33: discover answered by an error, then initialize, reach the same server")
    func probeThenInitialize() throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        let pid = try socket.serverPid()
        #expect(try socket.request("server/discover").errorCode == -32601)
        #expect(try socket.initialize("2024-11-05").result?["protocolVersion"] as? String == "2024-11-05")
        #expect(try socket.serverPid() == pid)
    }

    @Test("R33: every legacy revision works", arguments: ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
    func revisions(version: String) throws {
        let bridge = try BridgeProcess.fixture()
        let socket = try bridge.connect()
        #expect(try socket.initialize(version).result?["protocolVersion"] as? String == version)
        #expect(try socket.request("tools/list").result?["tools"] != nil)
        #expect(try socket.call("echo", #"{"text":"x"}"#).result?["echo"] != nil)
    }

    @Test("R33: a modern client is served without initialize, by the built-in demo server")
    func modern() throws {
        let bridge = try BridgeProcess(arguments: [
            "--listen", "127.0.0.1:0", "--", BridgeProcess.executable, "demo-server",
        ])
        let socket = try bridge.connect("/mcp")
        let meta =
            #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}"#
        let discovered = try socket.request("server/discover", meta)
        #expect(discovered.result?["supportedVersions"] as? [String] == ["2026-07-28"])
        #expect(try socket.request("tools/list", meta).result?["resultType"] as? String == "complete")
    }

    @Test("a server of protocol lines gets and gives any line of text unchecked")
    func lines() throws {
        let bridge = try BridgeProcess.fixture(
            more: """
                [servers.cat]
                command = ["cat"]
                protocol = "lines"
                """
        )
        let socket = try bridge.connect("/cat")
        for text in ["hello", "{not json", "[]", "é😀\u{2028}", "  spaces  "] {
            try socket.send(text)
            #expect(try socket.receiveText() == text)
        }
    }
}
