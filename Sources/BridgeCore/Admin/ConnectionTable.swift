// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One connection of those that the admin address lists.
package struct ListedConnection: Sendable, Equatable {
    package var id: String
    package var server: String
    package var principal: String
    package var peer: String
    package var state: String
    /// Nil where there is no process of its own.
    package var pid: Int32?
    package var ageMilliseconds: Int64
    package var inFlight: Int64
    /// Messages towards the server and towards the client, and their bytes.
    package var messagesIn: Int64
    package var messagesOut: Int64
    package var bytesIn: Int64
    package var bytesOut: Int64

    /// Those of the body of `GET /connections`; nil for anything else.
    package static func all(in body: [UInt8]) -> [ListedConnection]? {
        body.withUnsafeBytes { bytes in
            guard (try? EnvelopeScanner.scan(bytes)) != nil,
                let list = ObjectMembers.text(of: "connections", in: bytes), list.first == UInt8(ascii: "[")
            else { return nil }
            return ArrayElements(list).map { ListedConnection(UnsafeRawBufferPointer(rebasing: list[$0])) }
        }
    }

    private init(_ object: UnsafeRawBufferPointer) {
        func text(_ name: StaticString) -> String {
            ObjectMembers.string(of: name, in: object) ?? ""
        }
        func number(_ name: StaticString) -> Int64 {
            ObjectMembers.text(of: name, in: object).flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0
        }
        self.id = text("connection")
        self.server = text("server")
        self.principal = text("principal")
        self.peer = text("peer")
        self.state = text("state")
        let pid = number("pid")
        self.pid = pid > 0 ? Int32(clamping: pid) : nil
        self.ageMilliseconds = number("age_ms")
        self.inFlight = number("in_flight")
        self.messagesIn = number("messages_in")
        self.messagesOut = number("messages_out")
        self.bytesIn = number("bytes_in")
        self.bytesOut = number("bytes_out")
    }
}

/// What an MCP server's process uses, as far as this machine tells.
package struct ProcessUse: Sendable, Equatable {
    /// Resident.
    package var bytes: Int64
    /// Nanoseconds on a processor since it began.
    package var cpu: Int64

    package init(bytes: Int64, cpu: Int64) {
        self.bytes = bytes
        self.cpu = cpu
    }
}

/// The connections of a bridge as a table for people.
package struct ConnectionTable: Sendable {
    private static let cellLimit = 32

    private let connections: [ListedConnection]

    package init(_ connections: [ListedConnection]) {
        self.connections = connections
    }

    /// Once: what there has been since each connection began.
    package var text: String {
        let rows = self.connections.map { connection in
            Self.cells(connection) + [
                "\(connection.messagesIn)/\(connection.messagesOut)",
                "\(Self.size(connection.bytesIn))/\(Self.size(connection.bytesOut))",
            ]
        }
        return Self.columns([Self.titles + ["MESSAGES", "BYTES"]] + rows)
    }

    /// Again and again: what there is a second, the busiest first.
    ///
    /// - Parameters:
    ///   - before: the last look.
    ///   - nanoseconds: since then.
    ///   - use: of a process, and of the same at the last look; nil where it cannot be told.
    package func text(
        since before: [ListedConnection],
        nanoseconds: Int64,
        use: (_ pid: Int32) -> (now: ProcessUse, before: ProcessUse?)?
    ) -> String {
        let old = Dictionary(before.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        func perSecond(_ count: Int64) -> Double { Double(count) * 1e9 / Double(max(1, nanoseconds)) }
        let measured = self.connections.map { connection -> (rate: Double, cells: [String]) in
            let last = old[connection.id]
            let messages =
                connection.messagesIn + connection.messagesOut - (last.map { $0.messagesIn + $0.messagesOut } ?? 0)
            let bytes = connection.bytesIn + connection.bytesOut - (last.map { $0.bytesIn + $0.bytesOut } ?? 0)
            let process = connection.pid.flatMap(use)
            let memory = process.map { Self.size($0.now.bytes) } ?? "-"
            let cpu = process.flatMap { process in
                process.before.map { perSecond(process.now.cpu - $0.cpu) / 1e7 }
            }
            let cells =
                Self.cells(connection) + [
                    Self.rounded(perSecond(messages)), Self.size(Int64(perSecond(bytes))), memory,
                    cpu.map { "\(Self.rounded($0)) %" } ?? "-",
                ]
            return (perSecond(messages), cells)
        }
        let rows = measured.sorted { $0.rate > $1.rate }.map(\.cells)
        return Self.columns([Self.titles + ["MESSAGES/S", "BYTES/S", "MEMORY", "CPU"]] + rows)
    }

    private static let titles = ["CONNECTION", "SERVER", "PRINCIPAL", "PEER", "AGE", "PID", "IN FLIGHT"]

    private static func cells(_ connection: ListedConnection) -> [String] {
        let isDraining = connection.state == "draining"
        return [
            connection.id.printable(Self.cellLimit), connection.server.printable(Self.cellLimit),
            connection.principal.printable(Self.cellLimit), connection.peer.printable(Self.cellLimit),
            Self.age(connection.ageMilliseconds) + (isDraining ? " (draining)" : ""),
            connection.pid.map { "\($0)" } ?? "-", "\(connection.inFlight)",
        ]
    }

    private static func columns(_ rows: [[String]]) -> String {
        let widths = rows.reduce([Int]()) { widths, row in
            row.enumerated().map { max($0.element.count, widths.indices.contains($0.offset) ? widths[$0.offset] : 0) }
        }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            let line = cells.joined(separator: "  ")
            return line.prefix(line.count - line.reversed().prefix { $0 == " " }.count) + "\n"
        }.joined()
    }

    private static func rounded(_ number: Double) -> String {
        number >= 10 ? "\(Int64(number.rounded()))" : "\((number * 10).rounded() / 10)"
    }

    static func size(_ bytes: Int64) -> String {
        var (number, unit) = (Double(bytes), 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while number >= 1_024, unit < units.count - 1 { (number, unit) = (number / 1_024, unit + 1) }
        return unit == 0 ? "\(bytes) B" : "\(Self.rounded(number)) \(units[unit])"
    }

    static func age(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1_000
        return switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3_600: "\(seconds / 60)m\(seconds % 60)s"
        case ..<86_400: "\(seconds / 3_600)h\(seconds / 60 % 60)m"
        default: "\(seconds / 86_400)d\(seconds / 3_600 % 24)h"
        }
    }
}
