// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a scraper reads: families of samples, as Prometheus' text format 0.0.4 or as OpenMetrics 1.0 has them.
package struct MetricsText: Sendable {
    package enum Format: Sendable {
        case prometheus
        case openMetrics

        /// By the `Accept` of a request: OpenMetrics where that is asked for.
        package init(accept: String) {
            self = accept.contains("application/openmetrics-text") ? .openMetrics : .prometheus
        }

        package var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    package enum Kind: String, Sendable {
        case counter, gauge, histogram
        /// A gauge of 1 whose labels say something.
        case info
    }

    /// In the order in which they are written.
    package typealias Labels = [(name: String, value: String)]

    private let format: Format
    private var text = ""
    /// The family whose samples follow.
    private var family = ""
    private var kind = Kind.gauge

    package init(_ format: Format) {
        self.format = format
    }

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: without `_total` and `_info`, which samples get by their kind.
    ///   - help: one line.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.family = name
        self.kind = kind
        // The older format knows no info, and calls a counter by the name of its samples.
        let (called, type) =
            switch (self.format, kind) {
            case (.prometheus, .counter): (name + "_total", "counter")
            case (.prometheus, .info): (name + "_info", "gauge")
            default: (name, kind.rawValue)
            }
        self.text +=
            "# HELP \(called) \(Self.escaped(help, quotes: self.format == .openMetrics))\n# TYPE \(called) \(type)\n"
    }

    package mutating func sample(_ labels: Labels = [], _ value: Int64) {
        self.write(self.suffix, labels, "\(value)")
    }

    package mutating func sample(_ labels: Labels = [], number: Double) {
        self.write(self.suffix, labels, "\(number)")
    }

    /// The samples of a histogram: buckets, sum and count.
    package mutating func sample(_ labels: Labels, _ histogram: DurationHistogram) {
        var total: Int64 = 0
        for (bound, count) in zip(RequestMeter.bounds, histogram.counts) {
            total += count
            self.write("_bucket", labels + [("le", Self.seconds(bound))], "\(total)")
        }
        self.write("_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
        self.write("_sum", labels, Self.seconds(histogram.nanoseconds))
        self.write("_count", labels, "\(histogram.count)")
    }

    private var suffix: String {
        switch self.kind {
        case .counter: "_total"
        case .info: "_info"
        case .gauge, .histogram: ""
        }
    }

    private static func seconds(_ nanoseconds: Int64) -> String { "\(Double(nanoseconds) / 1e9)" }

    private mutating func write(_ suffix: String, _ labels: Labels, _ value: String) {
        self.text += self.family + suffix
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            self.text += "{\(pairs.joined(separator: ","))}"
        }
        self.text += " \(value)\n"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The whole, once all is written.
    package var finished: String { self.format == .openMetrics ? self.text + "# EOF\n" : self.text }
}
