// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Attempts to have a server do what its policy forbids, over the wire. The server notes all that reaches it.
@Suite struct PolicyAttackTests {
    /// A server that may only `echo` and `count`, and the client that tries more.
    private struct Guarded {
        let folder: TemporaryFolder
        let bridge: BridgeProcess
        let socket: RawWebSocket

        init(_ server: String = "", version: String = "2025-11-25") throws {
            folder = try TemporaryFolder()
            bridge = try BridgeProcess.fixture(
                "record=\(folder.path)/seen",
                server: "tools = { allow = [\"echo\", \"count\"] }\n" + server,
                folder: folder
            )
            socket = try bridge.connect()
            try socket.initialize(version)
        }

        /// Nothing but what was allowed has reached the server, whatever came before.
        func expectUnseen(_ words: [String] = ["pid", "big"]) throws {
            #expect(try socket.call("count").contentText != nil)
            let seen = folder.read("seen") ?? ""
            #expect(seen.contains(#""count""#))
            for word in words { #expect(!seen.contains(word), "\(word) in \(seen)") }
        }
    }

    private static func call(_ params: String, id: String = "1", method: String = "tools/call") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
    }

    @Test("R24: keys that stand twice, plain or escaped or in another case, are refused: no two readers disagree")
    func duplicateKeys() throws {
        let guarded = try Guarded()
        let echo = #""params":{"name":"echo"}"#
        for text in [
            Self.call(#"{"name":"echo","name":"pid"}"#), Self.call(#"{"name":"pid","name":"echo"}"#),
            Self.call(#"{"name":"echo","n\u0061me":"pid"}"#), Self.call(#"{"\u006eame":"echo","name":"pid"}"#),
            Self.call(#"{"name":"echo","Name":"pid"}"#), Self.call(#"{"name":"echo","NAME":"pid"}"#),
            Self.call(#"{"name":"echo","n\u0041ME":"pid"}"#),
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call",\#(echo),"params":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call",\#(echo),"p\u0061rams":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call",\#(echo),"Params":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/call","params":{"name":"pid"}}"#,
        ] {
            try guarded.socket.send(text)
            #expect(try guarded.socket.receiveMessage().errorCode == -32_600, "\(text)")
        }
        try guarded.expectUnseen()
    }

    @Test("R24, R31: a name is what it is after unescaping, to the letter, and must be a text")
    func escapes() throws {
        let guarded = try Guarded()
        for name in [
            #""pid""#, #""p\u0069d""#, #""\u0070\u0069\u0064""#, #""p\u0069\u0064""#, #""pid\u0000""#, #""echo\u0000""#,
            #""echo\u0000pid""#, #"" echo""#, #""echo ""#, #""Echo""#, #""ECHO""#, #""e\u0301cho""#, #""ech\u00f6""#,
            #""echo\n""#, #""\ud800""#, #""echo\u200b""#, #""\uff45cho""#, #""""#, "null", "1", "true", #"["echo"]"#,
            #"{"echo":1}"#,
            #"{"name":"echo"}"#,
        ] {
            try guarded.socket.send(Self.call(#"{"name":\#(name)}"#))
            #expect(try guarded.socket.receiveMessage().errorCode == 403, "\(name)")
        }
        for method in [#"tools\/call"#, #"\u0074ools/call"#, #"tools\u002fcall"#] {
            try guarded.socket.send(Self.call(#"{"name":"pid"}"#, method: method))
            #expect(try guarded.socket.receiveMessage().errorCode == 403, "\(method)")
        }
        try guarded.socket.send(Self.call(#"{"\u006eame":"\u0065cho","arguments":{}}"#))
        // An allowed one passes, however it is spelled; what the server makes of that is its own.
        #expect(try guarded.socket.receiveMessage().errorData?["origin"] == nil)
        try guarded.expectUnseen()
    }

    @Test("R31: nested params, params of another type, and names elsewhere name nothing that is allowed")
    func nested() throws {
        let guarded = try Guarded()
        for params in [
            #"{"params":{"name":"echo"}}"#, #"[{"name":"echo"}]"#, #"["echo"]"#, #""{\"name\":\"echo\"}""#, "null",
            "{}",
            #"{"arguments":{"name":"echo"}}"#, #"{"_meta":{"name":"echo"}}"#,
            #"{"name":"pid","params":{"name":"echo"}}"#,
            #"{"name":"pid","arguments":{"name":"echo"}}"#, #"{"name":"pid","_meta":{"name":"echo"},"task":{"ttl":1}}"#,
            #"{"__proto__":{"name":"echo"},"name":"pid"}"#, #"{"name":{"toString":"echo"}}"#,
        ] {
            try guarded.socket.send(Self.call(params))
            let code = try guarded.socket.receiveMessage().errorCode
            #expect(code == 403 || code == -32_600, "\(params)")
        }
        // A name that the server is given for something else is the client's own matter.
        try guarded.socket.send(Self.call(#"{"name":"echo","arguments":{"name":"other","method":"x","params":{}}}"#))
        #expect(try guarded.socket.receiveMessage().result != nil)
        try guarded.expectUnseen()
    }

    @Test("R24: what only some readers take for JSON is refused, and reaches no server")
    func otherSyntax() throws {
        let guarded = try Guarded()
        let good = Self.call(#"{"name":"pid"}"#)
        for text in [
            "\u{FEFF}" + good, good + good, good + "\n" + good, good + ",", "/**/" + good, good + "//x",
            "\u{A0}" + good, "\u{B}" + good,
            good + "\0", "\0" + good, good.replacingOccurrences(of: "\"", with: "'"),
            #"{"jsonrpc":"2.0","id":1,"method":"ping",/*"*/"method":"tools/call","params":{"name":"pid"}}"#,
            #"{jsonrpc:"2.0",id:1,method:"tools/call",params:{name:"pid"}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pid",}}"#,
            #"{"jsonrpc":"2.0","id":0x1,"method":"tools/call","params":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","id":NaN,"method":"tools/call","params":{"name":"pid"}}"#,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\n\",\"x\":\"pid\"}}",
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"p\x69d"}}"#, "[" + good, "{" + good + "}",
        ] {
            try guarded.socket.send(text)
            #expect(try guarded.socket.receiveMessage().errorCode == -32_700, "\(text)")
        }
        try guarded.expectUnseen()
        // UTF-8 that a reader might take for the letters of a name.
        for bytes in [[0xC1, 0xB0], [0xE0, 0x81, 0xB0], [0xED, 0xA0, 0x80], [0xFF]] as [[UInt8]] {
            let socket = try guarded.bridge.connect()
            let parts = Self.call(#"{"name":"@id"}"#).split(separator: "@")
            try socket.sendFrame(Array(parts[0].utf8) + bytes + Array(parts[1].utf8))
            #expect(try socket.receiveClose()?.code == 1007)
        }
    }

    @Test("R25, R31: a batch hides no call, whether batches are spoken or not")
    func batches() throws {
        let pid = Self.call(#"{"name":"pid"}"#)
        let echo = Self.call(#"{"name":"echo"}"#, id: "2")
        let silent = #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"pid"}}"#
        let modern = try Guarded()
        for batch in ["[\(pid)]", "[\(echo),\(pid)]", "[[\(pid)]]", "[]", "[\(silent)]"] {
            try modern.socket.send(batch)
            #expect(try modern.socket.receiveMessage().errorCode == -32_600, "\(batch)")
        }
        try modern.expectUnseen()

        let guarded = try Guarded(version: "2025-03-26")
        try guarded.socket.send("[\(silent),\(pid),\(echo),\(silent)]")
        let answers = try (0..<2).map { _ in try guarded.socket.receiveMessage() }
        #expect(answers.first { $0.id as? Int == 1 }?.errorCode == 403)
        #expect(answers.first { $0.id as? Int == 2 }?.result != nil)
        for batch in ["[[\(pid)]]", "[{\"jsonrpc\":\"2.0\",\"batch\":[\(pid)]}]", "[\"tools/call\"]"] {
            try guarded.socket.send(batch)
            #expect(try guarded.socket.receiveMessage().errorCode == -32_600, "\(batch)")
        }
        try guarded.expectUnseen()
    }

    @Test("R13, R14, R31: fragments, binary frames and notifications carry no call past the policy")
    func framing() throws {
        let guarded = try Guarded("accept_binary = true")
        let pid = Self.call(#"{"name":"pid"}"#)
        for size in [1, 7, 64] {
            try guarded.socket.send(pid, fragmentsOf: size)
            #expect(try guarded.socket.receiveMessage().errorCode == 403)
        }
        try guarded.socket.sendFrame(Array(pid.utf8), opcode: 2)
        #expect(try guarded.socket.receiveMessage().errorCode == 403)
        for text in [
            #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"pid"}}"#,
            #"{"jsonrpc":"2.0","method":"tools\/call","params":{"name":"p\u0069d"}}"#,
        ] {
            try guarded.socket.send(text)
        }
        // Of the request that the answer to a denied one might pass for nothing is left.
        try guarded.socket.send(#"{"jsonrpc":"2.0","id":1,"result":{"method":"tools/call","params":{"name":"pid"}}}"#)
        _ = try guarded.socket.call("count")
        try guarded.expectUnseen(["pid"])
    }
}
