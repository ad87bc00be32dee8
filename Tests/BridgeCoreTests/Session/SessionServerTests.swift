// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("From the server to the client")
struct SessionServerTests {
    @Test(
        "R22: whatever the server says passes byte for byte",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"result":{"a":[1E400,-0.0,9007199254740993],"é":"\u00e9\/","a":1}}"#,
            #"{"result":null,"id":1,"jsonrpc":"2.0"}"#, #"{"id":1,"error":{"code":-32000,"message":"m"}}"#,
            #"{"id":1.0,"result":{},"id":1}"#, #"{"jsonrpc":"2.0","id":1,"result":1,"error":2}"#,
            #"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}"#, #"{"method":5}"#,
            #"{"jsonrpc":"2.0","id":"s\u0031","method":"sampling/createMessage","params":{"x":{"name":1,"name":2}}}"#,
            #"{"jsonrpc":"2.0","id":null,"method":"m"}"#,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\u{2028}\u{FEFF}\u{7F}\"}",
        ]
    )
    func transparent(_ text: String) throws {
        let rig = SessionRig()
        rig.request("1")
        #expect(rig.server(text) == .forward(text))
        #expect(rig.session.counters.messagesToClient == 1)
        #expect(rig.session.counters.bytesToClient == text.utf8.count)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test(
        "R26: the client's own spelling of its id comes back, and nothing else is touched",
        arguments: [
            (#""\u00e9""#, #""é""#), (#""é""#, #""\u00e9""#), (#""\u00e9""#, #""\u00E9""#), ("0", "-0"), ("-0", "0"),
            ("-0", "-0"),
            ("7", "7"), ("-7", "-7"), ("7", "7.0"), ("100", "1e2"), ("-0", "0.0"), (#""a\/b""#, #""a/b""#),
            (#""a/b""#, #""a\/b""#),
            (#""""#, #""""#), (#""\ud83d\ude00""#, #""😀""#), (#""😀""#, #""\uD83D\uDE00""#), (#""\n""#, #""\u000a""#),
            (#""1""#, #""1""#), ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("-123456789012345678901234567890", "-123456789012345678901234567890"), (#""\u0061""#, #""\u0061""#),
        ]
    )
    func spelling(_ clients: String, _ servers: String) throws {
        for isInFront in [true, false] {
            func answer(_ id: String) -> String {
                let rest = #""result" : {"id":\#(servers),"t":"\u00e9\/"}"#
                return isInFront ? #"{"jsonrpc":"2.0","id" : \#(id) ,\#(rest)}"# : #"{\#(rest), "id":\#(id)}"#
            }
            for (before, after) in [("", ""), ("\u{FEFF} ", "\t \r")] {
                let rig = SessionRig()
                #expect(rig.request(clients) == .forwarded)
                #expect(rig.server(before + answer(servers) + after) == .forward(answer(clients)))
                #expect(!rig.session.isWaiting)
                #expect(rig.server(answer(clients)) == .dropped)
            }
        }
    }

    @Test("R28: a second, late or unknown answer is dropped and counted")
    func unknown() throws {
        let rig = SessionRig()
        rig.request("1")
        rig.request(#""x""#)
        let answer = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
        #expect(rig.server(answer) == .forward(answer))
        let strangers = [
            answer, #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
            #"{"jsonrpc":"2.0","id":"1","result":{}}"#,
            #"{"jsonrpc":"2.0","id":2,"result":{}}"#,
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}"#,
            #"{"jsonrpc":"2.0","result":{}}"#, #"{"jsonrpc":"2.0","id":{"x":1},"result":{}}"#,
            #"{"id":1.5,"result":{}}"#,
        ]
        for stranger in strangers { #expect(rig.server(stranger) == .dropped, "\(stranger)") }
        #expect(rig.session.counters.dropped == strangers.count && rig.session.counters.messagesToClient == 1)
        #expect(rig.session.isWaiting)
        #expect(rig.server(#"{"id":"x","result":{}}"#) == .forward(#"{"id":"x","result":{}}"#))
    }

    @Test("R28: progress passes while its request runs, and not behind its response")
    func progress() {
        let rig = SessionRig()
        func progress(_ token: String) -> String {
            #"{"jsonrpc":"2.0","method":"notifications\/progress","params":{"progressToken":\#(token),"progress":1}}"#
        }
        rig.request("1", params: #"{"_meta":{"progressToken":"\u00e9"}}"#)
        rig.request("2", params: #"{"_meta":{"progressToken":7}}"#)
        for token in [#""é""#, #""\u00e9""#, "7", "7.0"] {
            #expect(rig.server(progress(token)) == .forward(progress(token)))
        }
        for token in [#""7""#, "1", "null", #""e\u0301""#] {
            #expect(rig.server(progress(token)) == .dropped, "\(token)")
        }
        #expect(rig.server(#"{"jsonrpc":"2.0","method":"notifications/progress"}"#) == .dropped)
        rig.server(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(rig.server(progress("7")) == .dropped)
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        #expect(rig.server(progress(#""é""#)) == .dropped)
        #expect(rig.session.counters.dropped == 7)
    }

    @Test(
        "R28: a task's progress passes behind the response that created it",
        arguments: [
            (#"{"task":{"ttl":1},"_meta":{"progressToken":7}}"#, "{}"),
            (#"{"_meta":{"progressToken":7}}"#, #"{"resultType":"task"}"#),
            (#"{"_meta":{"progressToken":7}}"#, #"{"task":{"taskId":"t"}}"#),
        ]
    )
    func taskProgress(_ params: String, _ result: String) {
        let rig = SessionRig()
        rig.request("1", params: params)
        rig.server(#"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#)
        let progress = #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}"#
        #expect(rig.server(progress) == .forward(progress))
    }

    @Test(
        "R40: CRLF, white space and a byte order mark around a line are taken off",
        arguments: [
            ("", "\r"), (" \t", " \t\r"), ("\u{FEFF}", ""), ("\u{FEFF} ", "\r"), ("\r", "\r\r"),
        ]
    )
    func trimmed(_ before: String, _ after: String) {
        let rig = SessionRig()
        rig.request("1")
        let answer = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
        #expect(rig.server(before + answer + after) == .forward(answer))
        #expect(rig.session.counters.bytesToClient == answer.utf8.count)
    }

    @Test(
        "R40: lines that are no message are skipped and counted",
        arguments: [
            "", "\r", "  \t", "\u{FEFF}", "Starting server on stdio", "{", #"{"a"#, "1", "null", "true", #""text""#,
            "{}", #"{"id":1}"#,
            #"{"jsonrpc":"2.0"}"#, "[INFO] ready", "Traceback (most recent call last):", "{} {}", #"{'id': 1}"#,
            "\u{1B}[32mok\u{1B}[0m",
        ]
    )
    func junk(_ line: String) throws {
        let rig = SessionRig()
        rig.request("1")
        #expect(rig.server(line) == .skipped)
        #expect(rig.session.counters.skipped == 1 && rig.session.counters.messagesToClient == 0)
        #expect(rig.session.isWaiting)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test(
        "R40: a line that is not UTF-8 is skipped",
        arguments: [
            [0xFF], [0xC3], Array("log: caf".utf8) + [0xE9], [0xED, 0xA0, 0x80],
            Array(#"{"method":""#.utf8) + [0xC0, 0x80] + Array(#""}"#.utf8),
        ] as [[UInt8]]
    )
    func notUTF8(_ line: [UInt8]) {
        let rig = SessionRig()
        #expect(rig.server(line) == .skipped)
        #expect(rig.session.counters.skipped == 1)
        let raw = SessionRig(framing: .lines)
        #expect(raw.server(line) == .skipped)
    }

    @Test(
        "R35: a broken answer whose id can be told is answered in its stead, with the client's spelling",
        arguments: [
            (
                Array(#"{"jsonrpc":"2.0","id":"é","result":{"text":"caf"#.utf8) + [0xE9] + Array(#""}}"#.utf8),
                "response_not_utf8"
            ),
            (Array(#"{"jsonrpc":"2.0","id":"é","result":{"n":NaN}}"#.utf8), "response_not_json"),
            (Array(#"{"jsonrpc":"2.0","id":"é","error":{"code":1,}}"#.utf8), "response_not_json"),
            (Array(#"{"jsonrpc":"2.0","id":"é","result":{"text":"cut o"#.utf8), "response_not_json"),
            (Array(#"{"jsonrpc":"2.0","id":"é","result":{}}, trailing"#.utf8), "response_not_json"),
            (Array(#"{"result":{},"id":"é"} {"method":"m"}"#.utf8), "response_not_json"),
        ] as [([UInt8], String)]
    )
    func salvaged(_ line: [UInt8], _ cause: String) throws {
        let rig = SessionRig()
        rig.request(#""\u00e9""#)
        rig.request("2")
        #expect(rig.server(line) == .replaced)
        #expect(try rig.takeReplies() == [.init(id: #""\u00e9""#, code: -32603, cause: cause)])
        #expect(rig.server(line) == .skipped, "answered twice")
        #expect(try rig.takeReplies().isEmpty)
        #expect(rig.session.inFlight.owed == 1)
    }

    @Test(
        "R28: a broken line that is no answer, or nobody's, is not answered for",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"n":NaN}}"#,
            #"{"jsonrpc":"2.0","id":2,"result":{"n":NaN}}"#,
            #"{"jsonrpc":"2.0","id":"1","result":{"n":NaN}}"#, #"{"jsonrpc":"2.0","id":1,"x":NaN}"#,
            #"{"jsonrpc":"2.0","result":{},"id":1"#,
            #"{"jsonrpc":"2.0","result":{},"id":1e"#, #"{"result":{"id":1,"x":NaN}}"#,
            #"{"id":1,"method":"m","result":{"x":NaN}}"#,
        ]
    )
    func notSalvaged(_ line: String) throws {
        let rig = SessionRig()
        rig.request("1")
        #expect(rig.server(line) == .skipped)
        #expect(try rig.takeReplies().isEmpty)
        #expect(rig.session.isWaiting)
    }

    @Test("R35: an id that is itself not UTF-8 answers for nobody")
    func idNotUTF8() throws {
        let rig = SessionRig()
        rig.request("\"\u{FFFD}\"")
        #expect(
            rig.server(Array(#"{"jsonrpc":"2.0","id":""#.utf8) + [0xE9] + Array(#"","result":{}}"#.utf8)) == .skipped
        )
        #expect(rig.session.isWaiting)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test("R40: an answer over max_line is answered in its stead if its beginning names the request")
    func tooLong() throws {
        let rig = SessionRig()
        rig.request(#""\u0061""#)
        #expect(!rig.serverTooLong(#"{"jsonrpc":"2.0","id":"b","result":{"content":["#))
        #expect(!rig.serverTooLong(#"{"jsonrpc":"2.0","id":"a","method":"sampling/createMessage","params":{"#))
        #expect(!rig.serverTooLong("log log log"))
        #expect(!rig.serverTooLong(""))
        #expect(try rig.takeReplies().isEmpty)
        #expect(rig.serverTooLong(#"{"jsonrpc":"2.0","id":"a","result":{"content":[{"text":"\"#))
        #expect(try rig.takeReplies() == [.init(id: #""\u0061""#, code: -32603, cause: "line_too_long")])
        #expect(!rig.serverTooLong(#"{"jsonrpc":"2.0","id":"a","result":{"content":["#))
        #expect(!rig.session.isWaiting)
    }

    @Test("R25: a server's array is taken apart")
    func arrays() {
        let rig = SessionRig()
        let elements = [#"{"jsonrpc":"2.0","id":1,"result":{"a":"],["}}"#, #"{"jsonrpc":"2.0","method":"m"}"#, "[1]"]
        #expect(rig.server("\u{FEFF} [" + elements.joined(separator: ",") + "]\r") == .elements(elements))
        #expect(rig.server("[]") == .elements([]))
        #expect(rig.session.counters.messagesToClient == 0)
    }

    @Test("R17: an answer over the limit becomes an error for its id, one of the limit passes")
    func oversize() throws {
        let small = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
        let rig = SessionRig(oversizeResponse: small.utf8.count)
        rig.request("1")
        #expect(rig.server(small + "\r") == .forward(small))
        rig.request("1")
        #expect(rig.server(#"{"jsonrpc":"2.0","id":1,"result":{ }}"#) == .replaced)
        #expect(try rig.takeReplies() == [.init(id: "1", code: -32603, cause: "response_too_large")])
        #expect(!rig.session.isWaiting)
        // Only answers: nothing could be said in the place of other messages.
        let long = #"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"a":[1,2,3,4]}}"#
        #expect(rig.server(long) == .forward(long))
        #expect(rig.server(#"{"jsonrpc":"2.0","id":"nobody","result":{"a":[1,2,3,4]}}"#) == .dropped)
    }

    @Test("R33: the revision is learned from the answer to initialize, also from a second one")
    func negotiation() {
        let rig = SessionRig()
        rig.request("0", method: "server/discover")
        rig.server(#"{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"m"}}"#)
        #expect(rig.session.negotiatedVersion == nil)
        rig.negotiate("2025-06-18")
        #expect(rig.session.negotiatedVersion == "2025-06-18")
        rig.negotiate("2025-03-26")
        #expect(rig.session.negotiatedVersion == "2025-03-26")
    }

    @Test(
        "R22: with lines framing every line of UTF-8 passes as it is",
        arguments: ["", "junk\r", " [1", "{}", "\u{FEFF}é", "[1,2]"]
    )
    func linesFraming(_ line: String) {
        let rig = SessionRig(framing: .lines, oversizeResponse: 1)
        #expect(rig.server(line) == .forward(line))
        #expect(rig.session.counters.messagesToClient == 1)
    }

    @Test("R35, R21: at the end every request is answered, once, in arrival order, as the client spells it")
    func finish() throws {
        let rig = SessionRig()
        let ids = ["5", #""\u00e9""#, "-0", #""""#, "123456789012345678901234567890", "1"]
        for id in ids { rig.request(id) }
        rig.request("99", method: "subscriptions/listen")
        rig.request("100", method: "initialize")
        rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        rig.finish(BridgeReply(.internalError, "gone", cause: "draining"))
        let expected = ids.dropLast() + ["99", "100"]
        #expect(try rig.takeReplies() == expected.map { .init(id: $0, code: -32603, cause: "draining") })
        rig.finish(BridgeReply(.internalError, "gone", cause: "draining"))
        #expect(try rig.takeReplies().isEmpty)
        // What the server still says of them is late.
        #expect(rig.server(#"{"jsonrpc":"2.0","id":5,"result":{}}"#) == .dropped)
    }

    @Test("R37: what runs is cancelled for a client that has gone, initialize is not")
    func cancelAll() throws {
        let rig = SessionRig()
        rig.request("0", method: "initialize")
        for id in [#""\u00e9""#, "-0", "7", "8", "9"] { _ = rig.request(id == "-0" ? "1" : id) }
        rig.request("10", method: "subscriptions/listen")
        rig.server(#"{"jsonrpc":"2.0","id":7,"result":{}}"#)
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":8}}"#)
        let cancelled = [#""\u00e9""#, "1", "9", "10"].map { id in
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id),"#
                + #""reason":"the client's connection ended"}}"# + "\n"
        }
        #expect(rig.finish(nil) == cancelled.joined())
        #expect(!rig.session.isWaiting)
        #expect(rig.finish(nil).isEmpty)
        #expect(try rig.takeReplies().isEmpty)
    }

    @Test(
        "R12: a line break between the tokens of the server's message becomes a space, its id the client's",
        arguments: [
            (#"{"jsonrpc":"2.0",\#r"id":"é",\#r "result":{"t":"\r\u000d"}}"#, true), ("{\"method\":\r\"m\"}", false),
        ]
    )
    func carriageReturn(_ line: String, _ isAnswer: Bool) throws {
        let rig = SessionRig()
        rig.request(#""\u00e9""#)
        #expect(rig.server("\u{FEFF}" + line + "\r") == .rewritten)
        let spaced = String(decoding: line.utf8.map { $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
        let expected = spaced.split(separator: "é", omittingEmptySubsequences: false).joined(separator: #"\u00e9"#)
        #expect(try rig.takeFrames() == [expected])
        #expect(rig.session.isWaiting == !isAnswer)
        #expect(rig.session.counters.messagesToClient == 1)
    }

    @Test("the counters tell each message once")
    func counters() throws {
        let rig = SessionRig()
        let request = #"{"jsonrpc":"2.0","id":1,"method":"m"}"#
        let answer = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
        rig.client(request)
        rig.client("junk")
        rig.client(#"{"jsonrpc":"2.0","id":8,"result":{}}"#)
        rig.server(answer)
        rig.server(answer)
        rig.server("junk")
        let replied = try rig.takeReplies().count
        let counters = rig.session.counters
        #expect(counters.messagesFromClient == 1 && counters.bytesFromClient == request.utf8.count)
        #expect(counters.messagesToClient == 1 + replied && counters.bytesToClient > answer.utf8.count)
        #expect(counters.refused == 1 && counters.dropped == 2 && counters.skipped == 1)
    }
}
