// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("Entries of the journal")
struct JournalEntryTests {
    @Test("R41: an entry has a text, how bad it is, who says so, what kind of event it is, and each value by itself")
    func fields() {
        let entry = JournalEntry(
            .warning,
            message: "connection ended",
            text: "connection ended close_code=1001",
            values: [("close_code", "1001"), ("reason", "a\nb=c")]
        )
        #expect(
            entry.fields.map { String(decoding: $0, as: UTF8.self) } == [
                "MESSAGE=connection ended close_code=1001", "PRIORITY=4", "SYSLOG_IDENTIFIER=mcp-wsbridge",
                "MESSAGE_ID=\(JournalEntry.messageIDs["connection ended"] ?? "")", "MCP_CLOSE_CODE=1001",
                "MCP_REASON=a\nb=c",
            ]
        )
        #expect(entry.bytes == entry.fields.reduce(0) { $0 + $1.count })
    }

    @Test("R41: an event of no special kind has no id")
    func unknown() {
        let entry = JournalEntry(.debug, message: "x", text: "x", values: [])
        #expect(!entry.fields.contains { $0.starts(with: "MESSAGE_ID".utf8) })
        #expect(entry.fields.contains(Array("PRIORITY=7".utf8)))
    }

    @Test("R41: names are such as the journal takes")
    func names() {
        #expect(JournalEntry.fieldName("duration_ms") == "MCP_DURATION_MS")
        #expect(JournalEntry.fieldName("a-b.é=1") == "MCP_A_B___1")
        #expect(JournalEntry.fieldName(String(repeating: "x", count: 100)).utf8.count == 64)
    }

    @Test("R41: ids are 128 bits, and no two kinds of events have the same")
    func ids() {
        let ids = JournalEntry.messageIDs.values
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    }
}
