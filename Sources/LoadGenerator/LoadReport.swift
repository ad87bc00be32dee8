// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import Histogram

/// What a run showed. Times in nanoseconds, unless a name says otherwise.
package struct LoadReport: Sendable {
    package var mode = LoadOptions.Mode.load
    package var connections = 0
    package var inFlight = 0
    /// The size of a request in bytes.
    package var size = 0
    /// How long the measured part was.
    package var duration: UInt64 = 0
    /// Requests answered rightly; in mode churn, connections that were opened, initialized and closed.
    package var done = 0
    /// Bytes of messages in the measured part, without frame headers.
    package var bytesSent = 0
    package var bytesReceived = 0
    /// Connections set up, and how long that took altogether.
    package var setups = 0
    package var setupDuration: UInt64 = 0
    /// CPU time of the generator itself in the measured part, in seconds.
    package var cpuSeconds: Double = 0
    /// Slow consumers, those of them that were there at the end of the measured part, and those of these for which
    /// bytes waited unread then: they are slower than the server.
    package var slow = 0
    package var slowAlive = 0
    package var slowWaiting = 0
    /// What they read in the measured part, all together, frame headers included.
    package var slowBytes = 0
    package var failures = Failures()
    /// From the request's departure (in an open loop: from when it was due) to its answer; in mode churn, from the
    /// connect to the connection's end.
    package var latencies = Self.emptyHistogram()
    /// From the connect, or the start of the child, to the answer to `initialize`.
    package var setupLatencies = Self.emptyHistogram()

    package init() {}

    /// The longest time that is told apart: what lasts longer counts as this.
    static let longest: UInt64 = 3_600_000_000_000

    static func emptyHistogram() -> Histogram<UInt64> {
        Histogram<UInt64>(highestTrackableValue: Self.longest, numberOfSignificantValueDigits: .three)
    }

    /// One JSON object in one line.
    package var json: String {
        let seconds = Double(self.duration) / 1e9
        let setupSeconds = Double(self.setupDuration) / 1e9
        var members: [(String, String)] = [
            ("mode", Self.quoted(self.mode.rawValue)),
            ("connections", "\(self.connections)"),
            ("in_flight", "\(self.inFlight)"),
            ("size", "\(self.size)"),
            ("duration_s", Self.decimal(seconds, 6)),
            ("done", "\(self.done)"),
            ("rate", Self.decimal(Self.rate(self.done, seconds), 1)),
            ("bytes_per_s_each_way", Self.decimal(Self.rate(min(self.bytesSent, self.bytesReceived), seconds), 0)),
            ("setups", "\(self.setups)"),
            ("setup_rate", Self.decimal(Self.rate(self.setups, setupSeconds), 1)),
        ]
        for (name, percentile) in [("p50_us", 50.0), ("p90_us", 90), ("p99_us", 99), ("p999_us", 99.9)] {
            members.append((name, Self.microseconds(self.latencies, percentile)))
        }
        members.append(("max_us", Self.microseconds(self.latencies, 100)))
        members.append(("setup_p50_us", Self.microseconds(self.setupLatencies, 50)))
        members.append(("setup_p99_us", Self.microseconds(self.setupLatencies, 99)))
        members += [
            ("cpu_s", Self.decimal(self.cpuSeconds, 6)),
            ("mismatched", "\(self.failures.mismatched)"),
            ("lost", "\(self.failures.lost)"),
            ("errors", "\(self.failures.errors)"),
            ("refused", "\(self.failures.refused)"),
            ("closed_early", "\(self.failures.closedEarly)"),
            ("first_error", Self.quoted(self.failures.first)),
        ]
        if self.slow > 0 {
            members += [
                ("slow", "\(self.slow)"),
                ("slow_alive", "\(self.slowAlive)"),
                ("slow_waiting", "\(self.slowWaiting)"),
                ("slow_bytes", "\(self.slowBytes)"),
            ]
        }
        let buckets = self.latencies.recordedValues().map { "[\($0.value),\($0.count)]" }.joined(separator: ",")
        members.append(("histogram", "[\(buckets)]"))
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func rate(_ count: Int, _ seconds: Double) -> Double { seconds > 0 ? Double(count) / seconds : 0 }

    private static func microseconds(_ histogram: Histogram<UInt64>, _ percentile: Double) -> String {
        guard histogram.totalCount > 0 else { return "0" }
        // A bucket's upper edge may lie beyond what was seen.
        let value = min(histogram.valueAtPercentile(percentile), histogram.maxRecorded)
        return self.decimal(Double(value) / 1000, 1)
    }

    /// A number with at most so many digits behind the point, never in exponential notation.
    private static func decimal(_ value: Double, _ digits: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((max(0, value) * Double(scale)).rounded())
        guard digits > 0, scaled % scale != 0 else { return "\(scaled / scale)" }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.utf8.count) + fraction
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: quoted += "."
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
