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

    @Test("Metrics: counts of several event loops add up")
    func sum() {
        let rig = session()
        rig.request("1")
        rig.server(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        var sum = RequestCounts()
        sum += meter.counts
        sum += meter.counts
        #expect(sum.count(.callTool, .ok) == 2)
        #expect(sum.durations(.callTool).count == 2)
    }
}
