// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
package import CoreMetrics
internal import Synchronization

/// What is counted through swift-metrics, by the bridge and by its libraries, for whoever scrapes.
///
/// For what happens once a connection or less often: each handle is made once, and each count takes a lock. What happens for
/// every message is counted by ``RequestMeter`` and ``ServerTally`` instead, on the event loop and without a lock.
package final class MetricsRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        let labels: [Label]
    }

    private struct Label: Hashable, Comparable {
        let name: String
        let value: String

        static func < (left: Label, right: Label) -> Bool { (left.name, left.value) < (right.name, right.value) }
    }

    // Invariant: one series for each name and set of labels, whatever made handles for it.
    private let series = Mutex<[Key: MetricSeries]>([:])

    package init() {}

    private func series(_ name: String, _ dimensions: [(String, String)], _ kind: MetricsText.Kind) -> MetricSeries {
        let labels = dimensions.map { Label(name: Self.identifier($0.0), value: $0.1) }.sorted()
        let key = Key(name: Self.identifier(name), labels: labels)
        return self.series.withLock { series in
            if let found = series[key] { return found }
            let made = MetricSeries(kind)
            series[key] = made
            return made
        }
    }

    /// Libraries name their metrics with dots and dashes, which Prometheus does not take.
    private static func identifier(_ name: String) -> String {
        String(
            name.unicodeScalars.map {
                $0.isASCII && ($0.properties.isAlphabetic || "0"..."9" ~= $0) ? Character($0) : "_"
            }
        )
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.series(label, dimensions, .counter)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        self.series(label, dimensions, .gauge)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.series(label, dimensions, .histogram)
    }

    // A count never falls: what was made once stays.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// Appends everything, family by family.
    func write(to text: inout MetricsText) {
        let all = self.series.withLock { $0 }.sorted {
            ($0.key.name, $0.key.labels.description) < ($1.key.name, $1.key.labels.description)
        }
        var family = ""
        for (key, series) in all {
            if key.name != family {
                family = key.name
                text.family(
                    family,
                    series.kind,
                    BridgeMetrics.help[family] ?? "Of a library that the bridge is built with."
                )
            }
            series.write(key.labels.map { ($0.name, $0.value) }, to: &text)
        }
    }
}

/// One series of whatever kind.
private final class MetricSeries: CounterHandler, RecorderHandler, TimerHandler {
    private struct State {
        var count: Int64 = 0
        var value = 0.0
        var durations = DurationHistogram()
    }

    let kind: MetricsText.Kind
    private let state = Mutex(State())

    init(_ kind: MetricsText.Kind) { self.kind = kind }

    func increment(by amount: Int64) { self.state.withLock { $0.count &+= amount } }
    func reset() { self.state.withLock { $0.count = 0 } }
    func record(_ value: Int64) { self.state.withLock { $0.value = Double(value) } }
    func record(_ value: Double) { self.state.withLock { $0.value = value } }
    func recordNanoseconds(_ duration: Int64) { self.state.withLock { $0.durations.add(nanoseconds: duration) } }

    func write(_ labels: MetricsText.Labels, to text: inout MetricsText) {
        let state = self.state.withLock { $0 }
        switch self.kind {
        case .counter: text.sample(labels, state.count)
        case .histogram: text.sample(labels, state.durations)
        case .gauge, .info: text.sample(labels, number: state.value)
        }
    }
}
