// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Connections as operators see them")
struct ConnectionTableTests {
    private static func body(_ connections: String...) -> [UInt8] {
        Array("{\"connections\":[\n\(connections.joined(separator: ",\n"))\n]}\n".utf8)
    }

    private static let first =
        #"{"connection":"aa","server":"git","principal":"token:ci","peer":"127.0.0.1:5","transport":"stdio","pid":7,"#
        + #""state":"open","age_ms":61000,"in_flight":2,"messages_in":10,"messages_out":12,"bytes_in":100,"bytes_out":2048}"#
    private static let second =
        #"{"connection":"bb","server":"echo","principal":"anonymous","peer":"unix","state":"draining","age_ms":500,"#
        + #""in_flight":0,"messages_in":1,"messages_out":1,"bytes_in":1,"bytes_out":1}"#

    private func connections(_ body: [UInt8]) throws -> [ListedConnection] {
        try #require(ListedConnection.all(in: body))
    }

    @Test("Admin: the list is read as it is written; what is none is no list")
    func reading() throws {
        let listed = try connections(Self.body(Self.first, Self.second))
        #expect(listed.map(\.id) == ["aa", "bb"])
        #expect(listed[0].pid == 7 && listed[1].pid == nil)
        #expect(listed[0].bytesOut == 2_048 && listed[0].inFlight == 2)
        #expect(try connections(Self.body()).isEmpty)
        for text in ["", "[]", "{}", "{\"connections\":7}", "<html>"] {
            #expect(ListedConnection.all(in: Array(text.utf8)) == nil)
        }
    }

    @Test("Admin: a table with a line for each connection")
    func table() throws {
        let text = ConnectionTable(try connections(Self.body(Self.first, Self.second))).text
        #expect(
            text == """
                CONNECTION  SERVER  PRINCIPAL  PEER         AGE            PID  IN FLIGHT  MESSAGES  BYTES
                aa          git     token:ci   127.0.0.1:5  1m1s           7    2          10/12     100 B/2.0 KiB
                bb          echo    anonymous  unix         0s (draining)  -    0          1/1       1 B/1 B

                """
        )
    }

    @Test("Admin: live, what there was a second, the busiest first, with the processes")
    func live() throws {
        let before = try connections(Self.body(Self.first, Self.second))
        var now = before
        now[1].messagesIn += 30
        now[1].bytesOut += 4_096
        now[0].messagesOut += 4
        let text = ConnectionTable(now).text(since: before, nanoseconds: 2_000_000_000) { pid in
            #expect(pid == 7)
            return (ProcessUse(bytes: 3 << 20, cpu: 1_500_000_000), ProcessUse(bytes: 0, cpu: 500_000_000))
        }
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(lines[0].suffix(4).joined(separator: " ") == "MESSAGES/S BYTES/S MEMORY CPU")
        #expect(lines[1].first == "bb" && lines[1].suffix(5).joined(separator: " ") == "15 2.0 KiB - -")
        #expect(lines[2].first == "aa" && lines[2].suffix(7).joined(separator: " ") == "2.0 0 B 3.0 MiB 50 %")
    }

    @Test("R73: nothing that a client chose moves the cursor or makes a second line")
    func hostile() throws {
        let name = #"\u001b[2J\n\u202e"# + String(repeating: "x", count: 100)
        let text = ConnectionTable(try connections(Self.body(Self.first.replacing("token:ci", with: name)))).text
        #expect(text.split(separator: "\n").count == 2)
        #expect(text.unicodeScalars.allSatisfy { JSONString.isVisible($0) || $0 == "\n" || $0 == "\u{FFFD}" })
        #expect(!text.contains(String(repeating: "x", count: 33)))
    }

    @Test("Admin: sizes and ages are short", arguments: [(0, "0 B", "0s"), (1_023, "1023 B", "1s")])
    func small(number: Int64, size: String, age: String) {
        #expect(ConnectionTable.size(number) == size && ConnectionTable.age(number) == age)
    }

    @Test("Admin: days and gibibytes")
    func large() {
        #expect(ConnectionTable.size(5 << 30) == "5.0 GiB" && ConnectionTable.size(20 << 20) == "20 MiB")
        #expect(ConnectionTable.age(3_700_000) == "1h1m" && ConnectionTable.age(90_000_000) == "1d1h")
    }
}
