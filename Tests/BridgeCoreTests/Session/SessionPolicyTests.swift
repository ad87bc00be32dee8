// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("A session under a policy")
struct SessionPolicyTests {
    private static func names(_ names: String...) -> [NamePattern] { names.map(NamePattern.init) }

    private static let tools = AccessPolicy(tools: .init(allow: names("git_*"), deny: names("git_push")))
    private static let prompts = AccessPolicy(prompts: .init(deny: names("secret*")))
    private static let resources = AccessPolicy(
        resources: .init(allow: names("file:///public/*", "x:{id}"), deny: names("*.key"))
    )
    private static let all = AccessPolicy(
        tools: .init(allow: names("git_*"), deny: names("git_push")),
        prompts: .init(deny: names("secret*")),
        resources: .init(allow: names("file:///public/*", "x:{id}"), deny: names("*.key"))
    )

    private static let forbidden = SessionRig.Reply(id: "7", code: 403, cause: "denied")
    private static let ambiguous = SessionRig.Reply(id: "7", code: -32_600, cause: "ambiguous_key")
    private static let modern = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#

    /// A request of each era with these `params`, as a request and as a notification.
    private static func call(_ method: String, _ params: String) -> String {
        #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":\#(params)}"#
    }

    @Test(
        "R31, R32: what the policy allows, or is not about, passes byte for byte",
        arguments: [
            call("tools/call", #"{"name":"git_log"}"#),
            call("tools/call", #"{"n\u0061me":"g\u0069t_log","arguments":{"Name":"git_push","name":1}}"#),
            call("tools/call", #"{"params":{"name":"git_push"},"name":"git_","_meta":{"name":"git_push"},"task":{}}"#),
            call("prompts/get", #"{"name":"git_push"}"#), call("prompts/get", #"{"name":"Secret"}"#),
            call("resources/read", #"{"uri":"file:\/\/\/public/a.b"}"#), call("resources/read", #"{"uri":"x:{id}"}"#),
            call("resources/subscribe", #"{"uri":"file:///public/a?x=..."}"#),
            call("resources/unsubscribe", #"{"uri":"file:///public/..a/.../b"}"#),
            call(
                "completion/complete",
                #"{"ref":{"type":"ref/prompt","name":"a"},"argument":{"name":"secret","value":""}}"#
            ),
            call("completion/complete", #"{"ref":{"type":"ref/resource","uri":"x:{id}"}}"#),
            call("subscriptions/listen", #"{"notifications":{"toolsListChanged":true}}"#),
            call(
                "subscriptions/listen",
                #"{"notifications":{"resourceSubscriptions":["file:///public/a" , "x:{id}"]}}"#
            ),
            call("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":null}}"#),
            call("Tools/Call", #"{"name":"git_push"}"#), call("tools/call ", #"{"name":"git_push"}"#),
            call("x", #"["git_push"]"#),
            call("x", #"{"Name":1,"URI":2,"deep":{"Method":1,"METHOD":2,"Params":{}}}"#), call("tools/list", "{}"),
            #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"git_log"}}"#,
            #"{"jsonrpc":"2.0","id":7,"method":"ping"}"#,
        ]
    )
    func passes(_ message: String) throws {
        let rig = SessionRig(policy: Self.all)
        #expect(rig.client(message) == .forwarded)
        #expect(rig.toServer == message + "\n")
        #expect(try rig.takeReplies().isEmpty)
        #expect(rig.session.counters.denied == 0)
    }

    private static let denied: [(String, String)] = [
        // What the policy names.
        ("tools/call", #"{"name":"git_push"}"#), ("tools/call", #"{"name":"other"}"#),
        ("tools/call", #"{"name":"GIT_log"}"#),
        ("prompts/get", #"{"name":"secret"}"#), ("prompts/get", #"{"name":"secrets","arguments":{}}"#),
        ("resources/read", #"{"uri":"file:///x"}"#), ("resources/read", #"{"uri":"file:///public/a.key"}"#),
        ("resources/subscribe", #"{"uri":"file:///x"}"#), ("resources/unsubscribe", #"{"uri":"file:///x"}"#),
        // Escapes, in names, keys and the method.
        ("tools/call", #"{"name":"g\u0069t_push"}"#), ("tools/call", #"{"n\u0061me":"git_push"}"#),
        ("tools\\/call", #"{"name":"\u0067\u0069\u0074_push"}"#),
        ("t\\u006fols/call", #"{"\u006e\u0061\u006d\u0065":"git_push"}"#),
        ("resources/read", #"{"uri":"file:\/\/\/public\/a.\u006bey"}"#),
        // Tasks, other members, nested params.
        ("tools/call", #"{"name":"git_push","task":{"ttl":60000}}"#),
        ("tools/call", #"{"arguments":{"name":"git_log"},"name":"git_push"}"#),
        ("tools/call", #"{"params":{"name":"git_log"}}"#),
        ("tools/call", #"{"params":{"name":"git_log"},"name":"git_push"}"#),
        // No name that can be read.
        ("tools/call", "{}"), ("tools/call", "[]"), ("tools/call", #"["git_log"]"#), ("tools/call", "null"),
        ("tools/call", #"[{"name":"git_log"}]"#),
        ("tools/call", #"{"name":1}"#), ("tools/call", #"{"name":null}"#), ("tools/call", #"{"name":["git_log"]}"#),
        ("tools/call", #"{"name":{"name":"git_log"}}"#), ("tools/call", #"{"name":"git_\ud800"}"#),
        ("tools/call", #"{"uri":"git_log"}"#),
        ("tools/call", #"{"name":"git_log\u0000"}"#), ("tools/call", #"{"name":"git_push\u0000"}"#),
        ("tools/call", #"{"name":"git_\nlog"}"#),
        ("tools/call", #"{"name":""}"#), ("resources/read", #"{"name":"file:///public/a"}"#),
        // Steps out of a pattern's folder.
        ("resources/read", #"{"uri":"file:///public/../x"}"#),
        ("resources/read", #"{"uri":"file:///public/%2e%2E/x"}"#),
        ("resources/read", #"{"uri":"file:///public/a/..%2fx"}"#),
        ("resources/read", #"{"uri":"file:///public/..\\x"}"#),
        ("resources/read", #"{"uri":"file:///public/.."}"#), ("resources/read", #"{"uri":"file:///public/./x"}"#),
        ("resources/read", #"{"uri":"file:///public/..?a"}"#), ("resources/read", #"{"uri":"file:///public/..;/x"}"#),
        // References.
        ("completion/complete", #"{"ref":{"type":"ref/prompt","name":"secret"}}"#),
        ("completion/complete", #"{"ref":{"type":"ref/resource","uri":"file:///x"}}"#),
        ("completion/complete", #"{"ref":{"type":"ref/resource","uri":"x:{id}","name":"secret"}}"#),
        ("completion/complete", #"{"ref":{"type":"ref/prompt","uri":"file:///x","name":"a"}}"#),
        ("completion/complete", #"{"ref":{"type":"ref/resource","type":"ref/prompt","name":"a"}}"#),
        (
            "completion/complete",
            #"{"ref":{"type":"ref/prompt","name":"a"},"ref":{"type":"ref/prompt","name":"secret"}}"#
        ),
        ("completion/complete", #"{"ref":{"type":"ref/prompt","name":"a"},"r\u0065f":{}}"#),
        ("completion/complete", #"{"ref":{"type":"ref/tool","name":"a"}}"#),
        ("completion/complete", #"{"ref":{"name":"a"}}"#),
        ("completion/complete", #"{"ref":{"type":"ref/prompt"}}"#), ("completion/complete", #"{"ref":[]}"#),
        ("completion/complete", "{}"),
        ("completion/complete", "[]"),
        // Subscriptions of the modern era.
        ("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":["file:///public/a","file:///x"]}}"#),
        ("subscriptions/listen", #"{"notifications":{"resource\u0053ubscriptions":["file:///x"]}}"#),
        ("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":[1]}}"#),
        ("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":"file:///x"}}"#),
        ("subscriptions/listen", #"{"notifications":{},"notifications":{"resourceSubscriptions":["file:///x"]}}"#),
        ("subscriptions/listen", #"{"resourceSubscriptions":["file:///x"]}"#),
        ("subscriptions/listen", #"[["file:///x"]]"#),
        // The list of a task is nobody's answer to filter.
        ("tools/list", #"{"task":{}}"#), ("resources/templates/list", #"{"task":{"ttl":1}}"#),
    ]

    @Test("R31: what the policy denies is answered by the bridge and never reaches the server", arguments: denied)
    func denies(_ method: String, _ params: String) throws {
        let rig = SessionRig(policy: Self.all)
        for params in [params, params.hasPrefix("{\"") ? "{\(Self.modern),\(params.dropFirst())" : params] {
            #expect(rig.client(Self.call(method, params)) == .consumed, "\(params)")
            #expect(rig.toServer.isEmpty)
            #expect(try rig.takeReplies() == [Self.forbidden])
            // Without an id it is a notification, which gets no answer, and does not pass either.
            #expect(rig.client(#"{"jsonrpc":"2.0","method":"\#(method)","params":\#(params)}"#) == .consumed)
            #expect(rig.toServer.isEmpty)
            #expect(try rig.takeReplies().isEmpty)
        }
        #expect(rig.session.counters.denied == 4 && rig.session.counters.refused == 4)
        #expect(!rig.session.isWaiting)
        // Its id is free, and the session goes on.
        #expect(rig.request("7", params: #"{"name":"git_log"}"#) == .forwarded)
    }

    @Test("Tool policy: without params nothing is named, so that nothing is allowed")
    func noParams() throws {
        let rig = SessionRig(policy: Self.all)
        for method in ["tools/call", "prompts/get", "resources/read", "completion/complete"] {
            #expect(rig.client(#"{"jsonrpc":"2.0","id":7,"method":"\#(method)"}"#) == .consumed)
            #expect(try rig.takeReplies() == [Self.forbidden])
        }
    }

    @Test(
        "R24: a key that some readers take for another one is refused: two parsers must never disagree about a policy",
        arguments: [
            ##"{"jsonrpc":"2.0","id":7,"method":"ping","Method":"tools/call","params":{"name":"git_push"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"git_log"},"Params":{"name":"git_push"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","param\u017f":{"name":"git_push"},"params":{"name":"git_log"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","paramſ":{"name":"git_push"},"params":{"name":"git_log"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"result":{},"METHOD":"tools/call"}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"git_log","Name":"git_push"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"NAME":"git_push","name":"git_log"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"git_log","n\u0041me":"git_push"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"git_log","n\ud800ame":"git_push"}}"##,
            // Programs in C read nothing past a NUL.
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name\u0000":"git_push","name":"git_log"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"NAME\u0000x":"git_push","name":"git_log"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method\u0000":"tools/call","method":"ping","params":{"name":"git_push"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/call\u0000","params":{"name":"git_push"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"tools/list\u0000x"}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"x:{id}","URI":"file:///x"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"x:{id}","urı":"file:///x"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"x:{id}","ur\u0130":"file:///x"}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a"},"Ref":{}}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","Type":"x","name":"a"}}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"notifications":{"resourcesubscriptions":[]}}}"##,
            ##"{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"Notifications":{}}}"##,
        ]
    )
    func likeKeys(_ message: String) throws {
        let rig = SessionRig(policy: Self.all)
        // Were it the answer to a request of the server's, it would pass.
        _ = rig.server(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#)
        #expect(rig.client(message) == .consumed)
        #expect(rig.toServer.isEmpty)
        #expect(try rig.takeReplies() == [Self.ambiguous])
        // Where there is no policy, nobody can disagree about it.
        let open = SessionRig()
        _ = open.server(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#)
        #expect(open.client(message) == .forwarded)
    }

    @Test("R24: a duplicate of what a policy reads is refused before the policy is asked")
    func duplicates() throws {
        for params in [#"{"name":"git_log","name":"git_push"}"#, #"{"name":"git_log","n\u0061me":"git_push"}"#] {
            let rig = SessionRig(policy: Self.all)
            #expect(rig.request("7", params: params) == .consumed)
            #expect(try rig.takeReplies().map(\.cause) == ["duplicate_key"])
            #expect(rig.toServer.isEmpty && rig.session.counters.denied == 0)
        }
    }

    @Test("Tool policy: each kind has its own rule, and without one all of it passes")
    func kinds() {
        let calls = [("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri")]
        for (index, policy) in [Self.tools, Self.prompts, Self.resources].enumerated() {
            for (other, (method, key)) in calls.enumerated() {
                let rig = SessionRig(policy: policy)
                let outcome = rig.request("1", method: method, params: #"{"\#(key)":"secret"}"#)
                #expect(outcome == (index == other ? .consumed : .forwarded), "\(method)")
            }
        }
        for policy in [Self.tools, Self.prompts] {
            let rig = SessionRig(policy: policy)
            #expect(
                rig.request("1", method: "subscriptions/listen", params: #"{"resourceSubscriptions":[1]}"#)
                    == .forwarded
            )
        }
        let rig = SessionRig(policy: Self.tools)
        #expect(rig.request("1", method: "completion/complete") == .forwarded)
        #expect(rig.request("2", method: "prompts/list", params: #"{"task":{}}"#) == .forwarded)
        #expect(AccessPolicy() == nil && AccessPolicy(tools: .init(allow: [])) != nil)
    }

    @Test("R25: each element of a batch is judged")
    func batch() throws {
        let rig = SessionRig(policy: Self.all)
        rig.negotiate("2025-03-26")
        let good = Self.call("tools/call", #"{"name":"git_log"}"#)
        let bad = #"{"jsonrpc":"2.0","id":"b","method":"tools/call","params":{"name":"git_push"}}"#
        let silent = #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"git_push"}}"#
        #expect(rig.client("[\(bad), \(good),\(silent)]") == .forwarded)
        #expect(rig.toServer == good + "\n")
        #expect(try rig.takeReplies() == [.init(id: #""b""#, code: 403, cause: "denied")])
        #expect(rig.session.counters.denied == 2)
    }

    @Test("R24: denied calls are no invalid messages, however many there are")
    func noFlood() throws {
        let rig = SessionRig(maxInvalid: 2, policy: Self.tools)
        for _ in 0..<10 { #expect(rig.request("7") == .consumed) }
        #expect(try rig.takeReplies() == Array(repeating: Self.forbidden, count: 10))
        let taken = rig.session.takeDenials(now: 0)
        #expect(taken.denials == Array(repeating: Denial(.tool, method: "tools/call", name: nil), count: 10))
    }

    @Test("R26, R27: an answer to a denied request bears the id as it was spelled, and touches no other")
    func ids() throws {
        let rig = SessionRig(policy: Self.tools)
        #expect(rig.request(#""\u00e9""#) == .consumed)
        #expect(try rig.takeReplies().map(\.id) == [#""\u00e9""#])
        #expect(rig.request("null") == .consumed)
        #expect(try rig.takeReplies().map(\.cause) == ["bad_id"])
        #expect(rig.request("1", params: #"{"name":"git_log"}"#) == .forwarded)
        #expect(rig.request("1") == .consumed)
        #expect(
            rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) == .forward(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        )
    }

    @Test("Raw lines are nothing to a policy")
    func lines() {
        #expect(SessionRig(framing: .lines, policy: Self.all).request("1") == .forwarded)
    }

    // MARK: Lists

    private static let list =
        #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"git_log"},{"name":"git_push"}],"nextCursor":"n"}}"#
    private static let filtered = #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"git_log"}],"nextCursor":"n"}}"#

    @Test("R22: a list comes without what is denied, and is otherwise as the server wrote it", arguments: [1, 2])
    func lists(_ pages: Int) throws {
        let rig = SessionRig(policy: Self.tools)
        for _ in 0..<pages {
            #expect(rig.request("1", method: "tools\\/list", params: #"{"cursor":"n"}"#) == .forwarded)
            let before = rig.session.counters
            #expect(rig.server(Self.list) == .rewritten)
            #expect(try rig.takeFrames() == [Self.filtered])
            #expect(rig.session.counters.messagesToClient == before.messagesToClient + 1)
            #expect(rig.session.counters.bytesToClient == before.bytesToClient + Self.filtered.utf8.count)
            #expect(rig.server(Self.list) == .dropped)
        }
        #expect(!rig.session.isWaiting)
    }

    @Test("R22: a list without anything denied, an error, and lists that nobody asked for as such, pass as they are")
    func untouched() throws {
        let rig = SessionRig(policy: Self.tools)
        let texts = [
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"git_log"}]}}"#,
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}"#,
        ]
        for text in texts {
            rig.request("1", method: "tools/list")
            #expect(rig.server(text) == .forward(text))
        }
        rig.request("1", method: "prompts/list")
        #expect(rig.server(Self.list) == .forward(Self.list))
        rig.request("1", params: #"{"name":"git_log"}"#)
        #expect(rig.server(Self.list) == .forward(Self.list))
        let open = SessionRig()
        open.request("1", method: "tools/list")
        #expect(open.server(Self.list) == .forward(Self.list))
    }

    @Test("R26: a list that is filtered keeps the client's spelling of the id, wherever it stands")
    func spelling() throws {
        for isInFront in [true, false] {
            func answer(_ id: String, _ tools: String) -> String {
                isInFront
                    ? #"{"jsonrpc":"2.0", "id" : \#(id),"result":{"tools":[\#(tools)]}}"#
                    : #"{"result":{"tools":[\#(tools)]},"jsonrpc":"2.0", "id" : \#(id) }"#
            }
            let rig = SessionRig(policy: Self.tools)
            rig.request(#""\u00e9""#, method: "tools/list")
            #expect(rig.server("\u{FEFF} " + answer(#""é""#, #"{"name":"no"},{"name":"git_a"}"#) + "\r") == .rewritten)
            #expect(try rig.takeFrames() == [answer(#""\u00e9""#, #"{"name":"git_a"}"#)])
        }
    }

    @Test("R12: a filtered list is one line")
    func breaks() throws {
        let rig = SessionRig(policy: Self.tools)
        rig.request("1", method: "tools/list")
        #expect(
            rig.server("{\"jsonrpc\":\"2.0\",\"id\":1,\r\"result\":{\"tools\":[\r{\"name\":\"no\"}\r]}}") == .rewritten
        )
        #expect(try rig.takeFrames() == [#"{"jsonrpc":"2.0","id":1, "result":{"tools":[  ]}}"#])
    }

    @Test(
        "R35: a list that cannot be filtered is answered with an error, never passed on",
        arguments: [
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":{"git_push":{}}}}"#, #"{"jsonrpc":"2.0","id":1,"result":[]}"#,
            #"{"jsonrpc":"2.0","id":1,"result":null}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"t"}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"git_log","name":"git_push"}]}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"git_push"}]},"result":{"tools":[]}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[]},"Result":{"tools":[{"name":"git_push"}]}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":5}]},"error":{"code":1,"message":""}}"#,
        ]
    )
    func failsClosed(_ answer: String) throws {
        let rig = SessionRig(policy: Self.tools)
        rig.request("1", method: "tools/list")
        #expect(rig.server(answer) == .replaced)
        #expect(try rig.takeReplies() == [.init(id: "1", code: -32_603, cause: "list_unreadable")])
        #expect(!rig.session.isWaiting)
    }

    @Test("R17: what counts is the size of the list as the client gets it")
    func oversize() throws {
        for (limit, isWhole) in [(Self.filtered.utf8.count, true), (Self.filtered.utf8.count - 1, false)] {
            let rig = SessionRig(oversizeResponse: limit, policy: Self.tools)
            rig.request("1", method: "tools/list")
            #expect(rig.server(Self.list) == (isWhole ? .rewritten : .replaced))
            if isWhole {
                #expect(try rig.takeFrames() == [Self.filtered])
            } else {
                #expect(try rig.takeReplies() == [.init(id: "1", code: -32_603, cause: "response_too_large")])
            }
        }
    }

    @Test("R28, R35: lists in flight are cancelled, answered at the end, and told from each other like other requests")
    func inFlight() throws {
        let rig = SessionRig(policy: Self.all)
        for (index, method) in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"].enumerated()
        {
            rig.request("\(index)", method: method)
        }
        _ = rig.takeToServer()
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}"#)
        #expect(rig.server(#"{"id":0,"result":{"tools":[{"name":"no"}]}}"#) == .rewritten)
        #expect(rig.server(#"{"id":3,"result":{"resourceTemplates":[{"uriTemplate":"y"}]}}"#) == .rewritten)
        #expect(rig.server(#"{"id":2,"result":{"resources":[{"uri":"y"}]}}"#) == .rewritten)
        #expect(
            try rig.takeFrames() == [
                #"{"id":0,"result":{"tools":[]}}"#, #"{"id":3,"result":{"resourceTemplates":[]}}"#,
                #"{"id":2,"result":{"resources":[]}}"#,
            ]
        )
        let farewell = rig.finish(BridgeReply(.internalError, "over", cause: "over"))
        #expect(farewell.contains(#""requestId":1,"#))
        #expect(try rig.takeReplies() == [.init(id: "1", code: -32_603, cause: "over")])
    }
}
