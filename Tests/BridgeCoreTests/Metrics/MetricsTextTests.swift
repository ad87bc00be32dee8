// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("What a scraper reads")
struct MetricsTextTests {
    private func page(_ format: MetricsText.Format) -> String {
        var text = MetricsText(format)
        text.family("a", .counter, "Some \"a\",\nor \\.")
        text.sample([("server", "x\"\\\ny"), ("code", "1")], 3)
        text.family("b", .gauge, "B.")
        text.sample([], number: 0.5)
        text.family("c", .info, "C.")
        text.sample([("version", "1")], 1)
        return text.finished
    }

    @Test("Metrics: text format 0.0.4 names counters and infos by their samples")
    func prometheus() {
        #expect(
            page(.prometheus) == #"""
                # HELP a_total Some "a",\nor \\.
                # TYPE a_total counter
                a_total{server="x\"\\\ny",code="1"} 3
                # HELP b B.
                # TYPE b gauge
                b 0.5
                # HELP c_info C.
                # TYPE c_info gauge
                c_info{version="1"} 1

                """#
        )
    }

    @Test("Metrics: OpenMetrics names families without a suffix, and says where it ends")
    func openMetrics() {
        #expect(
            page(.openMetrics) == #"""
                # HELP a Some \"a\",\nor \\.
                # TYPE a counter
                a_total{server="x\"\\\ny",code="1"} 3
                # HELP b B.
                # TYPE b gauge
                b 0.5
                # HELP c C.
                # TYPE c info
                c_info{version="1"} 1
                # EOF

                """#
        )
    }

    @Test("Metrics: buckets count all that is not longer, in seconds")
    func histogram() {
        var text = MetricsText(.prometheus)
        var durations = DurationHistogram()
        for nanoseconds in [200_000, 300_000, 90_000_000_000] as [Int64] { durations.add(nanoseconds: nanoseconds) }
        text.family("d", .histogram, "D.")
        text.sample([("m", "x")], durations)
        let lines = text.finished.split(separator: "\n").map(String.init)
        #expect(lines[2] == #"d_bucket{m="x",le="0.00025"} 1"#)
        #expect(lines[3] == #"d_bucket{m="x",le="0.0005"} 2"#)
        #expect(
            lines.suffix(4) == [
                #"d_bucket{m="x",le="60.0"} 2"#, #"d_bucket{m="x",le="+Inf"} 3"#, #"d_sum{m="x"} 90.0005"#,
                #"d_count{m="x"} 3"#,
            ]
        )
    }

    @Test("Metrics: the format is that which is asked for")
    func format() {
        let asked = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"
        #expect(MetricsText.Format(accept: asked).contentType.hasPrefix("application/openmetrics-text; version=1.0.0"))
        #expect(MetricsText.Format(accept: "*/*").contentType == "text/plain; version=0.0.4; charset=utf-8")
    }
}
