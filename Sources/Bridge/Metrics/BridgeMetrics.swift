// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import CoreMetrics
internal import Synchronization

/// The handles of what happens once a connection or less often. Each is made once.
final class BridgeMetrics: Sendable {
    /// Handles for the programs of one server.
    struct Starts: Sendable {
        let started: Counter
        let failed: Counter
        let again: Counter
        let gaveUp: Counter
        let time: Timer
    }

    /// Of each family that is counted here.
    static let help = [
        "mcp_wsbridge_handshakes_refused": "Handshakes that were answered with something else than a 101.",
        "mcp_wsbridge_reloads": "Times that the configuration was read again.",
        "mcp_wsbridge_children_started": "MCP servers that were started.",
        "mcp_wsbridge_child_start_failures": "MCP servers that could not be started.",
        "mcp_wsbridge_child_restarts": "MCP servers that were started in the place of one that had died.",
        "mcp_wsbridge_crash_loops": "Connections that ended because their server died again and again.",
        "mcp_wsbridge_child_start_duration_seconds": "Time from the order to start an MCP server to its process.",
    ]

    private let registry: MetricsRegistry
    private let refusals: [HandshakeRejection.Code: Counter]
    private let reloads: (used: Counter, refused: Counter)
    // Invariant: one entry for each server that a program was ever started for.
    private let starts = Mutex<[String: Starts]>([:])

    init(_ registry: MetricsRegistry) {
        func counter(_ label: String, _ dimensions: [(String, String)]) -> Counter {
            Counter(label: "mcp_wsbridge_\(label)", dimensions: dimensions, factory: registry)
        }
        self.registry = registry
        let refusals = HandshakeRejection.Code.allCases.map { code in
            (code, counter("handshakes_refused", [("reason", code.rawValue)]))
        }
        self.refusals = Dictionary(uniqueKeysWithValues: refusals)
        self.reloads = (counter("reloads", [("outcome", "used")]), counter("reloads", [("outcome", "refused")]))
    }

    func refused(_ code: HandshakeRejection.Code) { self.refusals[code]?.increment() }

    func reloaded(isUsed: Bool) { (isUsed ? self.reloads.used : self.reloads.refused).increment() }

    func started(_ server: String, nanoseconds: Int64) {
        let handles = self.handles(of: server)
        handles.started.increment()
        handles.time.recordNanoseconds(nanoseconds)
    }

    func startFailed(_ server: String) { self.handles(of: server).failed.increment() }

    func restarted(_ server: String) { self.handles(of: server).again.increment() }

    func gaveUp(_ server: String) { self.handles(of: server).gaveUp.increment() }

    private func handles(of server: String) -> Starts {
        self.starts.withLock { starts in
            if let handles = starts[server] { return handles }
            let labels = [("server", server)]
            func counter(_ label: String) -> Counter {
                Counter(label: "mcp_wsbridge_\(label)", dimensions: labels, factory: self.registry)
            }
            let made = Starts(
                started: counter("children_started"),
                failed: counter("child_start_failures"),
                again: counter("child_restarts"),
                gaveUp: counter("crash_loops"),
                time: Timer(
                    label: "mcp_wsbridge_child_start_duration_seconds",
                    dimensions: labels,
                    factory: self.registry
                )
            )
            starts[server] = made
            return made
        }
    }

    func write(to text: inout MetricsText) { self.registry.write(to: &text) }
}
