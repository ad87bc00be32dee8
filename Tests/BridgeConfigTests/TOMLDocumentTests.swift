// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("TOML through the C interface")
struct TOMLDocumentTests {
    @Test("Tables keep the order of their file, dotted and reopened ones included")
    func order() throws {
        let entries = try TOMLDocument.parse(
            """
            [servers.zeta.limits]
            queue = 1
            [servers.alpha]
            z = 1
            b.c = 2
            a = 3
            [servers.zeta]
            x = 1
            """
        )
        let servers = try #require(entries["servers"])
        #expect(servers.entries.map(\.key) == ["zeta", "alpha"])
        #expect(servers.entries["alpha"]?.entries.map(\.key) == ["z", "b", "a"])
        #expect(servers.entries["zeta"]?.entries.map(\.key) == ["limits", "x"])
    }

    @Test("Keys and values have places, counted in code points from 1")
    func positions() throws {
        let entries = try TOMLDocument.parse("[t]\n  \"ä𝄞\" = [ 1,\n\ttrue ]\n")
        let entry = try #require(entries["t"]?.entries.first)
        #expect(entry.keyPosition == TOMLPosition(line: 2, column: 3))
        #expect(entry.node.position == TOMLPosition(line: 2, column: 10))
        guard case .array(let elements) = entry.node.value else {
            Issue.record("not an array")
            return
        }
        #expect(elements.map(\.position) == [TOMLPosition(line: 2, column: 12), TOMLPosition(line: 3, column: 2)])
        #expect(entries["t"]?.keyPosition == TOMLPosition(line: 1, column: 2))
    }

    @Test("Every kind of value arrives")
    func kinds() throws {
        let entries = try TOMLDocument.parse(
            """
            s = "a\\u0000b"
            i = -9223372036854775808
            f = 1.5
            b = true
            d = 2026-11-22T10:00:00Z
            t = {}
            a = []
            e = ""
            """
        )
        #expect(
            entries.map(\.node.value) == [
                .string("a\0b"), .integer(.min), .float(1.5), .boolean(true), .dateOrTime, .table([]), .array([]),
                .string(""),
            ]
        )
    }

    @Test("A NUL in a key does not cut it")
    func nulInKey() throws {
        #expect(try TOMLDocument.parse("\"a\\u0000b\" = 1").map(\.key) == ["a\0b"])
    }

    @Test(
        "An empty document and one with only a byte order mark are empty tables",
        arguments: ["", "\u{FEFF}", "# c\n"]
    )
    func empty(_ text: String) throws {
        #expect(try TOMLDocument.parse(text).isEmpty)
    }

    @Test(
        "Text that is no TOML is refused with its place",
        arguments: [
            ("a = ", 1, 5), ("a = \"abc", 1, 9), ("a = 1\n\na = 2", 3, 5), ("a b = 1", 1, 3), ("[a", 1, 3),
            ("a = 30s", 1, 7),
            ("a = \u{1}", 1, 5), ("[a]\n[a]", 2, 1),
        ]
    )
    func syntaxErrors(_ text: String, _ line: Int, _ column: Int) {
        let error = #expect(throws: TOMLSyntaxError.self) { try TOMLDocument.parse(text) }
        #expect(error?.position == TOMLPosition(line: line, column: column))
        #expect(error?.message.isEmpty == false)
    }

    @Test(
        "What is wrong with a text is said on one line, whatever character it is about",
        arguments: [
            "a\n", "a\r\n= 1", "a\u{B}= 1", "a = \u{1}", "a = \u{7F}", "[a\n]", "a = 1\u{7}", "a\u{85}= 1", "a\u{2028}",
        ]
    )
    func messages(_ text: String) {
        let error = #expect(throws: TOMLSyntaxError.self) { try TOMLDocument.parse(text) }
        let isShown = error?.message.unicodeScalars.allSatisfy { $0.properties.isPatternWhitespace == ($0 == " ") }
        let hasControls = error?.message.unicodeScalars.contains { $0.properties.generalCategory == .control }
        #expect(isShown == true && hasControls == false, "\(error?.message.debugDescription ?? "")")
    }

    @Test("Nesting without end is an error, not a stack overflow", arguments: ["[", "{a="])
    func nesting(_ opening: String) {
        let text = "a = " + String(repeating: opening, count: 100_000)
        #expect(throws: TOMLSyntaxError.self) { try TOMLDocument.parse(text) }
    }

    @Test(
        "Dotted keys without end are an error, not a stack overflow, also where the text goes wrong behind them",
        arguments: [
            ("", " = 1"), ("[", "]"), ("a = {", " = 1}"), ("", " !"), ("\"x\" = 1\n", " = 1"), ("\"\\\"\".", " = 1"),
            // Where the last line of a long string has a quote of the other kind.
            ("x = [\"\"\"\n'\"\"\", {", " = 1}]"), ("x = ['''\n\"'''', {", " = 1}]"),
        ]
    )
    func deepDottedKey(_ before: String, _ after: String) {
        for parts in [100, 2000, 300_000] {
            let text = before + Array(repeating: "a", count: parts).joined(separator: ".") + after
            #expect(throws: TOMLSyntaxError.self, "\(parts)") { try TOMLDocument.parse(text) }
        }
    }

    @Test("Dots in quotes and comments are only dots")
    func quotedDots() throws {
        let dots = String(repeating: ".", count: 5000)
        #expect(try TOMLDocument.parse("a = \"\(dots)\" # \(dots)\nb = '\(dots)'").count == 2)
        let long = "\"\"\"\"\n\\\"\"\\\n\(dots)\"\"\"\"\""
        #expect(try TOMLDocument.parse("a = \(long)\nb = '''\n\"\(dots)'''").count == 2)
    }

    // Found by fuzzing: toml++ takes for granted that a key begins behind the bracket, and ends the process if not.
    @Test(
        "A table's name that does not begin like one is an error on its line, not the end of the process",
        arguments: [("[.a]", 1), ("[[[a]]]", 1), ("# c\n[=", 2), ("[a]\n\n[[.]]\n[b]", 3), ("x = 1\r\n[\r\na]\r\n", 2)]
    )
    func namelessTables(_ text: String, _ line: Int) {
        let error = #expect(throws: TOMLSyntaxError.self) { try TOMLDocument.parse(text) }
        #expect(error?.position.line == line)
        #expect(error?.message.isEmpty == false)
    }

    @Test("Every proper prefix of the shipped file is read or refused, never a crash")
    func prefixes() throws {
        let bytes = try FileContents.read(path: shippedFile("bridge.toml"), atMost: 1 << 20)
        // The part with the densest syntax; every split of the whole file would take minutes in debug builds.
        let tail = Array(bytes.suffix(2500))
        for length in 0..<tail.count {
            _ = try? Configuration.parse(Array(tail[..<length]), file: "b.toml")
        }
    }
}
