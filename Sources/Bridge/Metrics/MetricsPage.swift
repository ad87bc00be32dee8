// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// Everything that a scraper is told, at one moment.
struct MetricsPage {
    var version: String
    var servers: [String: ServerTotals]
    /// Of the servers in the configuration.
    var health: [String: ServerHealth.State]
    /// Of each event loop, how long it took to turn, in nanoseconds.
    var lags: [Int64]
    var children: Int
    var isDraining: Bool
    /// The configuration that was read last is in use.
    var isCurrent: Bool
    var process: ProcessFigures
    var events: BridgeMetrics

    func text(_ format: MetricsText.Format) -> String {
        var text = MetricsText(format)
        self.writeBridge(&text)
        self.writeConnections(&text)
        self.writeRequests(&text)
        self.writeTools(&text)
        self.writeTraffic(&text)
        self.events.write(to: &text)
        self.writeProcess(&text)
        return text.finished
    }

    /// In the order of their names.
    private var sorted: [(name: String, totals: ServerTotals)] {
        self.servers.sorted { $0.key < $1.key }.map { (name: $0.key, totals: $0.value) }
    }

    private func writeBridge(_ text: inout MetricsText) {
        text.family("mcp_wsbridge_build", .info, "The version that runs.")
        text.sample([("version", self.version)], 1)
        text.family("mcp_wsbridge_draining", .gauge, "1 once the bridge lets nobody in any more.")
        text.sample([], self.isDraining ? 1 : 0)
        text.family(
            "mcp_wsbridge_configuration_current",
            .gauge,
            "0 if the configuration that was read last was refused."
        )
        text.sample([], self.isCurrent ? 1 : 0)
        text.family("mcp_wsbridge_children", .gauge, "MCP servers that run, those included that are still ending.")
        text.sample([], Int64(self.children))
        text.family(
            "mcp_wsbridge_server_up",
            .gauge,
            "1 if the last program started for a server, or the last time it was dialled, was well; 0 if not."
        )
        for (name, state) in self.health.sorted(by: { $0.key < $1.key }) where state != .unknown {
            text.sample([("server", name)], state == .well ? 1 : 0)
        }
        text.family(
            "mcp_wsbridge_event_loop_lag_seconds",
            .gauge,
            "Time until an event loop took up an order, at this scrape."
        )
        for (index, lag) in self.lags.enumerated() {
            text.sample([("loop", "\(index)")], number: Double(lag) / 1e9)
        }
    }

    private func writeConnections(_ text: inout MetricsText) {
        text.family("mcp_wsbridge_connections", .gauge, "Connections that are open.")
        for (name, totals) in self.sorted {
            text.sample([("server", name), ("state", "open")], Int64(totals.open - totals.draining))
            text.sample([("server", name), ("state", "draining")], Int64(totals.draining))
        }
        text.family("mcp_wsbridge_connections_begun", .counter, "Connections that began.")
        for (name, totals) in self.sorted { text.sample([("server", name)], totals.began) }
        text.family("mcp_wsbridge_connections_ended", .counter, "Connections that ended, by what ended them.")
        for (name, totals) in self.sorted {
            for (cause, count) in totals.ends.sorted(by: { $0.key < $1.key }) {
                text.sample([("server", name), ("cause", cause)], count)
            }
        }
        text.family("mcp_wsbridge_close_codes", .counter, "Connections that ended, by the close code of RFC 6455.")
        for (name, totals) in self.sorted {
            for (code, count) in totals.closeCodes.sorted(by: { $0.key < $1.key }) {
                text.sample([("server", name), ("code", code)], count)
            }
        }
        text.family(
            "mcp_wsbridge_requests_in_flight",
            .gauge,
            "Requests that wait for an answer, open listens among them."
        )
        for (name, totals) in self.sorted { text.sample([("server", name)], Int64(totals.inFlight)) }
        text.family("mcp_wsbridge_queue_bytes", .gauge, "Bytes that wait for a side that takes no more.")
        for (name, totals) in self.sorted {
            text.sample([("server", name), ("towards", "client")], Int64(totals.queuedToClient))
            text.sample([("server", name), ("towards", "server")], Int64(totals.queuedToServer))
        }
        text.family(
            "mcp_wsbridge_pauses",
            .counter,
            "Times that a side was not read from, because the other took no more."
        )
        for (name, totals) in self.sorted {
            text.sample([("server", name), ("of", "client")], Int64(totals.pauses.client))
            text.sample([("server", name), ("of", "server")], Int64(totals.pauses.server))
        }
    }

    /// Methods that nobody has called have no series.
    private func writeRequests(_ text: inout MetricsText) {
        text.family("mcp_wsbridge_requests", .counter, "Requests of clients that are over, by how they ended.")
        for (name, totals) in self.sorted {
            for method in RequestMethod.allCases {
                for outcome in RequestOutcome.allCases {
                    let count = totals.requests.count(method, outcome)
                    guard count > 0 else { continue }
                    text.sample([("server", name), ("method", method.name), ("outcome", outcome.name)], count)
                }
            }
        }
        text.family("mcp_wsbridge_request_duration_seconds", .histogram, "Time from a request to its answer.")
        for (name, totals) in self.sorted {
            for method in RequestMethod.allCases {
                let durations = totals.requests.durations(method)
                guard durations.count > 0 else { continue }
                text.sample([("server", name), ("method", method.name)], durations)
            }
        }
    }

    /// Tools that nobody has called have no series; all that are counted by no name of their own have one together.
    private func writeTools(_ text: inout MetricsText) {
        text.family("mcp_wsbridge_tool_calls", .counter, "Calls of tools that are over, by how they ended.")
        for (name, tool, counts) in self.tools {
            for outcome in RequestOutcome.allCases where counts.count(outcome) > 0 {
                text.sample([("server", name), ("tool", tool), ("outcome", outcome.name)], counts.count(outcome))
            }
        }
        text.family("mcp_wsbridge_tool_call_duration_seconds", .histogram, "Time from a tool's call to its answer.")
        for (name, tool, counts) in self.tools where counts.durations.count > 0 {
            text.sample([("server", name), ("tool", tool)], counts.durations)
        }
    }

    private var tools: [(server: String, tool: String, counts: ToolCounts)] {
        self.sorted.flatMap { name, totals in
            totals.requests.tools.sorted { $0.key < $1.key }.map { (name, $0.key, $0.value) }
        }
    }

    private func writeTraffic(_ text: inout MetricsText) {
        text.family("mcp_wsbridge_messages", .counter, "Messages that went on.")
        for (name, totals) in self.sorted {
            text.sample([("server", name), ("towards", "client")], Int64(totals.counters.messagesToClient))
            text.sample([("server", name), ("towards", "server")], Int64(totals.counters.messagesFromClient))
        }
        text.family("mcp_wsbridge_message_bytes", .counter, "Bytes of these messages.")
        for (name, totals) in self.sorted {
            text.sample([("server", name), ("towards", "client")], Int64(totals.counters.bytesToClient))
            text.sample([("server", name), ("towards", "server")], Int64(totals.counters.bytesFromClient))
        }
        text.family("mcp_wsbridge_frames", .counter, "Frames of WebSocket, those of pings, pongs and closes included.")
        for (name, totals) in self.sorted {
            text.sample([("server", name), ("towards", "client")], Int64(totals.frames.toClient))
            text.sample([("server", name), ("towards", "server")], Int64(totals.frames.fromClient))
        }
        text.family("mcp_wsbridge_pings", .counter, "Pings that clients were sent.")
        for (name, totals) in self.sorted { text.sample([("server", name)], Int64(totals.frames.pings)) }
        text.family(
            "mcp_wsbridge_pings_missed",
            .counter,
            "Pings that were not answered in time, each the end of its connection."
        )
        for (name, totals) in self.sorted {
            text.sample([("server", name)], totals.ends[SessionEnd.peerDead.cause] ?? 0)
        }
        let others: [(String, String, KeyPath<Session.Counters, Int>)] = [
            ("refused_messages", "Messages of clients that the bridge answered with an error of its own.", \.refused),
            ("denied_messages", "Of these, those that a policy denied.", \.denied),
            ("dropped_messages", "Answers and progress that nobody waited for.", \.dropped),
            ("skipped_lines", "Lines of servers that were no message.", \.skipped),
        ]
        for (family, help, path) in others {
            text.family("mcp_wsbridge_\(family)", .counter, help)
            for (name, totals) in self.sorted { text.sample([("server", name)], Int64(totals.counters[keyPath: path])) }
        }
    }

    private func writeProcess(_ text: inout MetricsText) {
        text.family("process_open_fds", .gauge, "Open file descriptors.")
        text.sample([], Int64(self.process.descriptors))
        text.family("process_max_fds", .gauge, "The most file descriptors that there may be.")
        text.sample([], Int64(self.process.maxDescriptors))
        text.family("process_resident_memory_bytes", .gauge, "Memory of the bridge alone.")
        text.sample([], Int64(self.process.residentBytes))
        text.family("process_cpu_seconds", .counter, "Time on a processor, of the bridge alone.")
        text.sample([], number: self.process.cpuSeconds)
    }
}
