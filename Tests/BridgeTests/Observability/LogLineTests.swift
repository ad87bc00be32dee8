// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Foundation
import Logging
import Testing

@testable import Bridge

@Suite("Lines of the log")
struct LogLineTests {
    private static let time = Timestamp(seconds: 0)

    private static func line(
        _ format: DaemonLogHandler.Format,
        _ message: String,
        _ metadata: Logger.Metadata? = nil
    ) -> String {
        DaemonLogHandler(label: "test", format: format, level: .info)
            .line(.info, message, metadata, at: Self.time)
    }

    @Test("R41: words stay as they are, other texts are quoted; in JSON counts are numbers")
    func plain() {
        let metadata: Logger.Metadata = ["b": "a b", "a": "1", "c": "é", "d": "", "e": "01", "f": #"\"#]
        #expect(
            Self.line(.text, "a \"b\"", metadata)
                == #"1970-01-01T00:00:00.000Z info a "b" a=1 b="a b" c=é d="" e=01 f="\\""#
        )
        #expect(
            Self.line(.json, "a \"b\"", metadata)
                == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"a \"b\"","a":1,"b":"a b","c":"é","d":"","#
                + #""e":"01","f":"\\"}"#
        )
    }

    @Test(
        "R73: no value makes a second line, moves a cursor or hides a part of itself",
        arguments: [
            "a\nb", "a\r2026-01-01T00:00:00.000Z info x", "\u{1B}[2J", "\u{9B}2J", "\u{85}", "\u{2028}", "a\u{202E}b",
            "\u{0}", "\u{7F}", "\u{FEFF}", "\u{E000}",
        ]
    )
    func hostile(text: String) throws {
        for format in [DaemonLogHandler.Format.text, .json] {
            let line = Self.line(format, text, ["reason": "\(text)"])
            #expect(line.unicodeScalars.allSatisfy { JSONString.isVisible($0) }, "\(line.debugDescription)")
        }
        let json = Self.line(.json, text, ["reason": "\(text)"])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String])
        #expect(object["message"] == text && object["reason"] == text)
    }

    @Test("R41: the journal gets a line to read, and each value as a field of its own")
    func entry() {
        var handler = DaemonLogHandler(label: "test", format: .journal, level: .info)
        handler[metadataKey: "connection"] = "c1"
        let fields = handler.entry(.error, "a\u{1B}[2J", ["close_code": "1001", "stderr": "b\nc"]).fields
        #expect(
            fields.map { String(decoding: $0, as: UTF8.self) } == [
                #"MESSAGE="a\u001b[2J" close_code=1001 connection=c1 stderr="b\nc""#, "PRIORITY=3",
                "SYSLOG_IDENTIFIER=mcp-wsbridge", "MCP_CLOSE_CODE=1001", "MCP_CONNECTION=c1", #"MCP_STDERR="b\nc""#,
            ]
        )
    }

    @Test("R41: what kinds of events have an id is what is logged")
    func messageIDs() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/Bridge")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        let texts = try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .map { try String(contentsOf: $0, encoding: .utf8) }
        for message in JournalEntry.messageIDs.keys {
            #expect(texts.contains { $0.contains("\"\(message)\"") }, "\(message)")
        }
    }

    @Test("R74: no value is longer than a line may be, one that is a single character with a million accents neither")
    func bounded() {
        let long = "a" + String(repeating: "\u{301}", count: 1 << 20)
        for format in [DaemonLogHandler.Format.text, .json] {
            for text in [long, String(repeating: "x", count: 1 << 20), String(repeating: "\u{1}", count: 1 << 20)] {
                let line = Self.line(format, text, ["reason": "\(text)"])
                #expect(line.utf8.count < 2 * (6 * DaemonLogHandler.valueLimit + 100))
                #expect(line.contains("…"))
            }
        }
    }
}
