// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("What is counted of requests")
struct RequestMeterTests {
    private let meter = RequestMeter()

    private func session(policy: AccessPolicy? = nil, oversizeResponse: Int = 0) -> SessionRig {
        SessionRig(oversizeResponse: oversizeResponse, policy: policy, meter: meter)
    }

    private func counts(_ method: RequestMethod = .callTool) -> [RequestOutcome: Int64] {
        let counts = meter.counts
        let pairs = RequestOutcome.allCases.map { ($0, counts.count(method, $0)) }.filter { $0.1 > 0 }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test("Metrics: every method is found by its name, and no other name is one", arguments: RequestMethod.allCases)
    func methods(method: RequestMethod) {
        let rig = session()
        rig.session.now = 5
        #expect(rig.request("1", method: method.name) == .forwarded)
        rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        #expect(counts(method) == [.ok: 1])
        for other in [method.name + "x", "x" + method.name.dropFirst(), String(method.name.dropLast()), ""] {
            #expect(rig.request("2", method: other) == .forwarded)
            rig.server(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        }
        #expect(counts(.other)[.ok] == (method == .other ? 5 : 4))
        // However it is spelled.
        let escaped = #"\u00"# + String(method.name.utf8.first!, radix: 16) + method.name.dropFirst()
        #expect(rig.request("3", method: escaped) == .forwarded)
        rig.server(#"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        #expect(counts(method)[.ok] == (method == .other ? 6 : 2))
    }

    @Test("Metrics: how a request ended")
    func outcomes() {
        let rig = session(oversizeResponse: 100)
        for id in 1...6 { rig.request("\(id)") }
        rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        rig.server(#"{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":""}}"#)
        rig.server(#"{"jsonrpc":"2.0","id":3,"result":{"text":"\#(String(repeating: "x", count: 100))"}}"#)
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}"#)
        #expect(counts() == [.ok: 1, .error: 1, .failed: 1, .cancelled: 1])
        // A late answer to what was cancelled is no second end of it.
        rig.server(#"{"jsonrpc":"2.0","id":4,"result":{}}"#)
        rig.server(#"{"jsonrpc":"2.0","id":5,"result":{}} x"#)
        #expect(counts() == [.ok: 1, .error: 1, .failed: 2, .cancelled: 1])
        _ = rig.finish(nil)
        #expect(counts() == [.ok: 1, .error: 1, .failed: 2, .cancelled: 1, .abandoned: 1])
        rig.request("7")
        _ = rig.finish(SessionEnd.draining.reply(stderr: []))
        #expect(counts()[.failed] == 3)
    }

    @Test("Metrics: what a policy forbids is counted by the method, a notification is no request")
    func denied() {
        let rig = session(policy: AccessPolicy(tools: .init(deny: [NamePattern("x")].compactMap(\.self))))
        rig.request("1", params: #"{"name":"x"}"#)
        rig.client(#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}"#)
        #expect(counts() == [.denied: 1])
    }

    @Test("Metrics: the time from a request to its answer is in the bucket that it fits, its ends included")
    func durations() {
        let rig = session()
        let cases: [(Int64, Int)] = [
            (0, 0), (250_000, 0), (250_001, 1), (1_000_000, 2), (60_000_000_000, 16), (60_000_000_001, 17), (-5, 0),
        ]
        var expected = DurationHistogram()
        for (nanoseconds, bucket) in cases {
            rig.session.now = 1_000
            // One with nothing but its id, and one of which more is kept.
            rig.request("1")
            rig.request("\"a\"")
            rig.session.now += nanoseconds
            rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
            rig.server(#"{"jsonrpc":"2.0","id":"a","result":{}}"#)
            for _ in 0..<2 { expected.add(nanoseconds: nanoseconds) }
            let counted = meter.counts.durations(.callTool)
            #expect(counted == expected)
            #expect(counted.counts[bucket] >= 2)
        }
        #expect(expected.count == Int64(2 * cases.count))
    }

    @Test("Metrics: a tool is counted by its name once the server has answered for it with a result")
    func tools() {
        let rig = session()
        func call(_ name: String, _ answer: String = #""result":{}"#, id: Int = 1) {
            rig.request("\(id)", params: #"{"name":\#(name)}"#)
            rig.server(#"{"jsonrpc":"2.0","id":\#(id),\#(answer)}"#)
        }
        call(#""made up""#)
        call(#""missing""#, #""error":{"code":-32602,"message":"no such tool"}"#)
        #expect(Set(meter.counts.tools.keys) == [""])
        #expect(meter.counts.tools[""]?.count(.ok) == 1 && meter.counts.tools[""]?.count(.error) == 1)
        for _ in 0..<3 { call(#""git_status""#) }
        call(#""git_status""#, #""error":{"code":1,"message":""}"#)
        call(#""git_log""#)
        #expect(Set(meter.counts.tools.keys) == ["", "git_status", "git_log"])
        let status = meter.counts.tools["git_status"]
        #expect(status?.count(.ok) == 3 && status?.count(.error) == 1 && status?.durations.count == 4)
        // No call of a tool, no text, none at all, an escape, too long a name.
        rig.request("2", method: "prompts/get", params: #"{"name":"git_status"}"#)
        rig.server(#"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        for name in ["7", "null", #""""#, #""\u0061""#, "\"\(String(repeating: "x", count: 129))\""] { call(name) }
        rig.request("3")
        rig.server(#"{"jsonrpc":"2.0","id":3,"result":{}}"#)
        #expect(meter.counts.tools.count == 3 && meter.counts.tools["git_status"]?.count(.ok) == 3)
        #expect(meter.counts.tools[""]?.count(.ok) == 7)
        // One that is never answered.
        rig.request("4", params: #"{"name":"git_log"}"#)
        rig.request("5", params: #"{"name":"new"}"#)
        rig.client(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}"#)
        _ = rig.finish(nil)
        #expect(meter.counts.tools["git_log"]?.count(.cancelled) == 1 && meter.counts.tools[""]?.count(.abandoned) == 1)
    }

    @Test("Metrics: a server with ever new tools has 64 series and one for the rest")
    func manyTools() {
        let rig = session()
        for round in 1...2 {
            for tool in 0..<300 {
                rig.request("1", params: #"{"name":"tool_\#(tool)"}"#)
                rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
            }
            let tools = meter.counts.tools
            #expect(tools.count == 65 && tools["tool_0"]?.count(.ok) == Int64(round))
            #expect(tools["tool_63"]?.count(.ok) == Int64(round) && tools["tool_64"] == nil)
            #expect(tools[""]?.count(.ok) == Int64(round * 236))
        }
        #expect(counts()[.ok] == 600)
    }

    @Test("Metrics: a tool that may have no series is asked about once")
    func refusedTools() {
        var asked: [String] = []
        let meter = RequestMeter(isAdmitted: { name in
            asked.append(name)
            return name == "a"
        })
        let rig = SessionRig(meter: meter)
        for name in ["a", "b", "a", "b", "b"] {
            rig.request("1", params: #"{"name":"\#(name)"}"#)
            rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        }
        #expect(asked == ["a", "b"])
        #expect(meter.counts.tools["a"]?.count(.ok) == 2 && meter.counts.tools[""]?.count(.ok) == 3)
    }

    @Test("Metrics: counts of several event loops add up")
    func sum() {
        let rig = session()
        rig.request("1", params: #"{"name":"a"}"#)
        rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        var sum = RequestCounts()
        sum += meter.counts
        sum += meter.counts
        #expect(sum.count(.callTool, .ok) == 2)
        #expect(sum.durations(.callTool).count == 2)
        #expect(sum.tools["a"]?.count(.ok) == 2)
    }
}
