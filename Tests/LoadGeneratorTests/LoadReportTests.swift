// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Histogram
import Testing

@testable import LoadGenerator

@Suite("The report of a run")
struct LoadReportTests {
    private static func object(_ report: LoadReport) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    }

    @Test("One JSON object in one line with all that the driver reads")
    func members() throws {
        var report = LoadReport()
        report.mode = .storm
        report.connections = 3
        report.duration = 500_000_000
        report.setupDuration = 2_000_000_000
        report.setups = 3
        report.done = 100
        report.bytesSent = 1000
        report.bytesReceived = 900
        report.cpuSeconds = 0.25
        for value in 1...100 { report.latencies.record(UInt64(value) * 1000) }
        report.setupLatencies.record(7_000_000)
        #expect(!report.json.contains("\n"))
        let object = try Self.object(report)
        #expect(object["mode"] as? String == "storm")
        let expected: [String: Double] = [
            "connections": 3, "in_flight": 0, "duration_s": 0.5, "done": 100, "rate": 200,
            "bytes_per_s_each_way": 1800, "setups": 3, "setup_rate": 1.5, "cpu_s": 0.25, "max_us": 100,
            "mismatched": 0, "lost": 0, "errors": 0, "refused": 0, "closed_early": 0,
        ]
        for (name, value) in expected { #expect(object[name] as? Double == value, "\(name)") }
        let about: [String: Double] = ["p50_us": 50, "p90_us": 90, "p99_us": 99, "p999_us": 100, "setup_p50_us": 7000]
        for (name, value) in about {
            let found = try #require(object[name] as? Double)
            #expect(abs(found - value) <= value / 500, "\(name)")
        }
        let histogram = try #require(object["histogram"] as? [[Int]])
        #expect(histogram.count == 100)
        #expect(histogram.map { $0[1] }.reduce(0, +) == 100)
    }

    @Test("Slow consumers have their numbers where there are some")
    func slow() throws {
        #expect(try Self.object(LoadReport())["slow"] == nil)
        var report = LoadReport()
        (report.slow, report.slowAlive, report.slowWaiting, report.slowBytes) = (4, 3, 2, 1000)
        let object = try Self.object(report)
        for (name, value) in ["slow": 4, "slow_alive": 3, "slow_waiting": 2, "slow_bytes": 1000] {
            #expect(object[name] as? Int == value, "\(name)")
        }
    }

    @Test("A run in which nothing happened has numbers too")
    func empty() throws {
        let object = try Self.object(LoadReport())
        #expect(object["rate"] as? Double == 0)
        #expect(object["p50_us"] as? Double == 0)
        #expect((object["histogram"] as? [[Int]])?.isEmpty == true)
    }

    @Test("Failures are counted by kind, and the words of the first stand in the report, whatever is in them")
    func failures() throws {
        var report = LoadReport()
        #expect(report.failures.areNone)
        report.failures.count(.mismatched, "a \"quoted\"\\\u{1}\n\u{1F600} end")
        report.failures.count(.lost, times: 4, "later")
        report.failures.count(.lost, times: 0, "never")
        report.failures.count(.refused, "later")
        report.failures.count(.closedEarly, "later")
        report.failures.count(.error, "later")
        #expect(!report.failures.areNone)
        let object = try Self.object(report)
        #expect(object["first_error"] as? String == "a \"quoted\"\\..\u{1F600} end")
        #expect(object["lost"] as? Int == 4)
        for name in ["mismatched", "refused", "closed_early", "errors"] { #expect(object[name] as? Int == 1) }
    }
}
