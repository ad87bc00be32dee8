// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// What the admin address asks for.
extension Serving {
    /// How long an event loop may be busy with something before it counts as one that hangs.
    private static let patience = Duration.seconds(2)

    /// Whether every event loop takes up an order soon.
    func turns() async -> Bool {
        let waiting = Tally()
        self.workers.post({ _ in waiting.remove() }, before: { waiting.add() })
        return await Daemon.wait(atMost: Self.patience, until: waiting.onEmpty)
    }

    func metrics(_ format: MetricsText.Format) async -> String {
        var servers: [String: ServerTotals] = [:]
        var lags: [Int64] = []
        for worker in self.workers.all {
            let begin = Connection.now()
            let future = worker.eventLoop.submit { (worker.value.totals, Connection.now() - begin) }
            guard let (totals, lag) = try? await future.get() else { continue }
            servers.merge(totals) { left, right in
                var sum = left
                sum += right
                return sum
            }
            lags.append(lag)
        }
        return MetricsPage(
            version: self.version,
            servers: servers,
            health: Dictionary(
                self.servers.map { ($0.name, self.site.conditions.of($0.name).state) },
                uniquingKeysWith: { first, _ in first }
            ),
            lags: lags,
            children: self.site.supervisor.liveCount,
            isDraining: self.isDraining,
            isCurrent: self.reloadFault == nil,
            process: .now(),
            events: self.site.metrics
        ).text(format)
    }

    /// JSON, a connection a line, the oldest first.
    func connectionList() async -> String {
        var all: [ConnectionSummary] = []
        for worker in self.workers.all {
            let future = worker.eventLoop.submit { worker.value.summaries }
            all += (try? await future.get()) ?? []
        }
        let lines = all.sorted { $0.ageMilliseconds > $1.ageMilliseconds }.map(\.json)
        return "{\"connections\":[\n\(lines.joined(separator: ",\n"))\n]}\n"
    }

    /// Shows an operator the messages of a connection.
    func tap(_ connection: String, _ order: Tap.Order) async -> Tap.Outcome {
        for worker in self.workers.all {
            let future = worker.eventLoop.submit { worker.value.tap(connection, order) }
            switch try? await future.get() {
            case .attached: return .attached
            case .taken: return .taken
            case .noSuchConnection, nil: break
            }
        }
        return .noSuchConnection
    }

    /// Ends a connection, its requests in flight answered with errors; false where there is none of this id.
    func close(_ connection: String) async -> Bool {
        for worker in self.workers.all {
            let future = worker.eventLoop.submit { worker.value.close(connection) }
            if (try? await future.get()) == true { return true }
        }
        return false
    }
}
