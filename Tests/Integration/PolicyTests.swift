// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `tools`, `prompts` and `resources`, through the real binary and with every kind of server.
@Suite struct PolicyTests {
    private static let rule = #"tools = { allow = ["c*", "echo", "pid", "git_*"], deny = ["pid", "git_push"] }"#

    private static func tools(_ names: [String]) -> String {
        "[" + names.map { #"{"name":"\#($0)","inputSchema":{"type":"object"}}"# }.joined(separator: ",") + "]"
    }

    private static func names(_ message: Message, _ list: String = "tools", _ key: String = "name") -> [String]? {
        (message.result?[list] as? [[String: Any]])?.compactMap { $0[key] as? String }
    }

    private static func expectDenied(_ message: Message) {
        #expect(message.errorCode == 403, "\(message.text)")
        #expect(message.errorData?["origin"] as? String == "mcp-wsbridge")
        #expect(message.errorData?["cause"] as? String == "denied")
    }

    @Test("R31: a child sees no denied call, whatever it is dressed in, and its list comes without what is denied")
    func child() throws {
        let folder = try TemporaryFolder()
        let bridge = try BridgeProcess.fixture("record=\(folder.path)/seen", server: Self.rule, folder: folder)
        let socket = try bridge.connect()
        try socket.initialize("2025-03-26")
        #expect(Self.names(try socket.request("tools/list")) == ["echo", "cwd", "cancelled", "count"])
        Self.expectDenied(try socket.call("pid"))
        Self.expectDenied(try socket.call("big"))
        Self.expectDenied(try socket.call(#"p\u0069d"#))
        Self.expectDenied(try socket.request("tools/call", #"["pid"]"#))
        Self.expectDenied(try socket.request("tools/call", #"{"name":"pid","task":{"ttl":1000}}"#))
        try socket.send(#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"pid"}}"#)
        #expect(try socket.request("tools/call", #"{"name":"echo","name":"pid"}"#).errorCode == -32_600)
        #expect(try socket.request("tools/call", #"{"name":"echo","Name":"pid"}"#).errorCode == -32_600)
        try socket.send(#"[{"jsonrpc":"2.0","id":"b","method":"tools/call","params":{"name":"pid"}}]"#)
        Self.expectDenied(try socket.receiveMessage())
        let modern = RawWebSocket.modernText("tools/call", id: "\"m\"", #""name":"pid""#)
        try socket.send(modern)
        Self.expectDenied(try socket.receiveMessage())
        // initialize, initialized, tools/list, and this.
        #expect(try socket.call("count").contentText == "4")
        #expect(folder.read("seen")?.contains("pid") == false)
        try socket.close()
        let record = try bridge.waitConnectionEnded()
        #expect(record.number("denied") == 8 && record.number("refused") == 10, "\(record.fields)")
    }

    @Test("Tool policy: each denied thing is told in the log, its name escaped and cut")
    func log() throws {
        let bridge = try BridgeProcess.fixture(server: #"resources = { allow = [] }"#)
        let socket = try bridge.connect()
        let long = String(repeating: "x", count: 500)
        Self.expectDenied(
            try socket.request("resources/read", #"{"uri":"https://u:s3cret@h/\u001b\u202e\#(long)?t=s3cret"}"#)
        )
        let record = try bridge.waitLog("a denial") { $0.message == "denied" }
        #expect(record["kind"] == "resource" && record["method"] == "resources/read" && record["server"] == "fixture")
        #expect(record["connection"] != nil)
        let name = try #require(record["name"])
        #expect(
            name.hasPrefix(#"https://…@h/\u{1b}\u{202e}xxx"#) && name.hasSuffix("x…") && name.utf8.count < 200,
            "\(name)"
        )
    }

    @Test("R31, R58: a server behind a URL is asked nothing that is denied, in either era", arguments: [true, false])
    func dialled(isModern: Bool) throws {
        for answers in [ScriptedMCPServer.Answers.json, .events] {
            let server = try ScriptedMCPServer(
                isModern ? .modern(answers) : .legacy(session: true, answers: answers, priming: false)
            )
            server.setTools(Self.tools(["git_push", "git_log", "x", "git_push"]))
            let bridge = try server.bridge(Self.rule)
            let socket = isModern ? try bridge.connectDocs() : try bridge.connectLegacy()
            func ask(_ method: String, _ id: Int, _ fields: String = "") throws -> Message {
                if isModern { return try socket.modern(method, id: id, fields) }
                try socket.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(fields)}}"#)
                return try socket.receive(id: id)
            }
            let list = try ask("tools/list", 101)
            #expect(list.text.contains("\"tools\":\(Self.tools(["git_log"]))"), "\(list.text)")
            Self.expectDenied(try ask("tools/call", 102, #""name":"git_push""#))
            #expect(try ask("tools/call", 103, #""name":"git_log""#).result != nil)
            #expect(server.messages("tools/call").count == 1)
        }
    }

    @Test("R35: a list that is none is answered with an error by the bridge")
    func unreadable() throws {
        let server = try ScriptedMCPServer()
        server.setTools(#"{"git_push":{}}"#)
        let bridge = try server.bridge(Self.rule)
        let socket = try bridge.connectLegacy()
        let answer = try socket.request("tools/list")
        #expect(answer.errorCode == -32_603 && answer.errorData?["cause"] as? String == "list_unreadable")
        #expect(!answer.text.contains("git_push"))
    }

    @Test("R31: prompts, resources and their templates of the demo server")
    func demo() throws {
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [servers.open]
                command = ["\(BridgeProcess.executable)", "demo-server"]
                prompts = { deny = ["x*"] }
                resources = { allow = ["demo://*"] }
                [servers.closed]
                command = ["\(BridgeProcess.executable)", "demo-server"]
                prompts = { deny = ["greet"] }
                resources = { deny = ["demo://greeting"] }
                """
        )
        for isOpen in [true, false] {
            let socket = try bridge.connect(isOpen ? "/open" : "/closed")
            try socket.initialize()
            #expect(Self.names(try socket.request("tools/list"))?.contains("echo") == true)
            #expect(Self.names(try socket.request("prompts/list"), "prompts") == (isOpen ? ["greet"] : []))
            #expect(
                Self.names(try socket.request("resources/list"), "resources", "uri")
                    == (isOpen ? ["demo://greeting"] : [])
            )
            #expect(Self.names(try socket.request("resources/templates/list"), "resourceTemplates") == [])
            let prompt = try socket.request("prompts/get", #"{"name":"greet","arguments":{"name":"you"}}"#)
            let resource = try socket.request("resources/read", #"{"uri":"demo:\/\/greeting"}"#)
            for answer in [prompt, resource] {
                if isOpen { #expect(answer.result != nil, "\(answer.text)") } else { Self.expectDenied(answer) }
            }
            try socket.sendModern(
                "subscriptions/listen",
                id: "9",
                #""notifications":{"resourceSubscriptions":["demo://greeting"]}"#
            )
            let first = try socket.receiveMessage()
            if isOpen { #expect(first.errorData?["origin"] == nil, "\(first.text)") } else { Self.expectDenied(first) }
        }
    }

    @Test("The server inside the bridge has a policy like others")
    func builtin() throws {
        let bridge = try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [servers.echo]
                builtin = "echo"
                tools.deny = ["big"]
                """
        )
        let socket = try bridge.connect("/echo")
        #expect(Self.names(try socket.request("tools/list")) == ["echo"])
        Self.expectDenied(try socket.call("big", #"{"bytes":1}"#))
        #expect(try socket.call("echo", #"{"text":"a"}"#).contentText == "a")
    }
}
