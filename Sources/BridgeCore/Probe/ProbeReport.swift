// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a probe of one server of the configuration came to, and how it is printed.
package struct ProbeReport: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// - Parameter transport: `stdio`, `Streamable HTTP` or `HTTP+SSE`.
        case answered(ProbeFindings, transport: String)
        /// In one line, without secrets.
        case failed(String)
        /// Nothing was asked, and why.
        case skipped(String)
    }

    /// Its name in the configuration.
    package var server: String
    package var outcome: Outcome
    /// From the start to the last answer, nanoseconds.
    package var nanoseconds: Int64

    package init(server: String, outcome: Outcome, nanoseconds: Int64 = 0) {
        self.server = server
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }

    /// Whether the server did not answer.
    package var isFailure: Bool {
        if case .failed = self.outcome { true } else { false }
    }

    private var milliseconds: Int64 { (self.nanoseconds + 500_000) / 1_000_000 }
}

extension ProbeReport {
    /// Characters of a server's that a cell shows at the most, and of a reason.
    private static let cellLimit = 60
    private static let reasonLimit = 500

    /// A table with a line for each server. What servers say is shown without control characters.
    package static func table(_ reports: [ProbeReport]) -> String {
        let rows = [["NAME", "SERVER", "REVISION", "TRANSPORT", "TOOLS", "TIME"]] + reports.map(\.cells)
        // The last cell of a row is as wide as it likes.
        let widths = (0..<5).map { column in
            rows.map { $0.count > column + 1 ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            row.dropLast().enumerated().map { column, cell in
                cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined() + (row.last ?? "") + "\n"
        }.joined()
    }

    private var cells: [String] {
        let name = self.server.printable(Self.cellLimit)
        switch self.outcome {
        case .answered(let findings, let transport):
            let server = [findings.serverName, findings.serverVersion].compactMap(\.self).joined(separator: " ")
            let tools = findings.tools.map { "\($0.count)\(findings.hasMoreTools ? "+" : "")" } ?? "none"
            return [
                name, server.isEmpty ? "(unnamed)" : server.printable(Self.cellLimit),
                findings.revision.printable(Self.cellLimit), transport, tools, self.time,
            ]
        case .failed(let reason): return [name, "failed: \(reason.printable(Self.reasonLimit)) (\(self.time))"]
        case .skipped(let reason): return [name, "not probed: \(reason)"]
        }
    }

    private var time: String {
        guard self.milliseconds >= 10_000 else { return "\(self.milliseconds) ms" }
        return "\(self.milliseconds / 1000).\(self.milliseconds / 100 % 10) s"
    }
}

extension ProbeReport {
    /// One JSON document: `{"servers": […]}`, a member a line.
    package static func json(_ reports: [ProbeReport]) -> String {
        let servers = reports.map { report in
            let members = report.members.map { "      \(JSONString.token($0)): \($1)" }
            return "    {\n\(members.joined(separator: ",\n"))\n    }"
        }
        return servers.isEmpty
            ? "{\n  \"servers\": []\n}\n" : "{\n  \"servers\": [\n\(servers.joined(separator: ",\n"))\n  ]\n}\n"
    }

    /// Names, and values as JSON.
    private var members: [(String, String)] {
        func status(_ word: String) -> (String, String) { ("status", JSONString.token(word)) }
        let name = ("name", JSONString.token(self.server))
        let time = ("time_ms", "\(self.milliseconds)")
        switch self.outcome {
        case .failed(let reason): return [name, status("failed"), ("error", JSONString.token(reason)), time]
        case .skipped(let reason): return [name, status("skipped"), ("reason", JSONString.token(reason))]
        case .answered(let findings, let transport):
            let server = [("name", findings.serverName), ("version", findings.serverVersion)]
                .map { "\(JSONString.token($0)): \($1.map(JSONString.token) ?? "null")" }
            let tools = findings.tools ?? []
            return [
                name, status("ok"), ("server", "{\(server.joined(separator: ", "))}"),
                ("revision", JSONString.token(findings.revision)), ("transport", JSONString.token(transport)),
                ("tool_count", "\(tools.count)"), ("tools", "[\(tools.map(JSONString.token).joined(separator: ", "))]"),
                ("has_more_tools", "\(findings.hasMoreTools)"), time,
            ]
        }
    }
}

extension String {
    /// The text as a terminal may have it: on one line, nothing that moves the cursor or turns the direction, cut where
    /// it is longer than `limit`.
    func printable(_ limit: Int) -> String {
        let scalars = self.unicodeScalars.prefix(limit).map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: "\u{FFFD}"
            default: Character(scalar)
            }
        }
        return String(scalars) + (self.unicodeScalars.count > limit ? "…" : "")
    }
}
