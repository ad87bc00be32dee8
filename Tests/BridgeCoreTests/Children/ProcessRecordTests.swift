// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("R37: what /proc says about a descendant")
struct ProcessRecordTests {
    private static let rest = "0 -1 4194560 101 202 0 0 3 4 0 0 20 0 1 0 98765 2457600 200 18446744073709551615 1 1 0\n"

    @Test(
        "R37: names with blanks and parentheses do not shift the fields",
        arguments: ["sleep", "a b", ") S 1 1 1 (", "))", "(", "", "x) Z 9 9 9 0"]
    )
    func names(_ name: String) throws {
        let line = "4321 (\(name)) S 17 4300 4299 \(Self.rest)"
        let stat = try #require(Array(line.utf8).withUnsafeBytes { ProcessStat(parsing: $0) })
        #expect(stat.pid == 4321)
        #expect(stat.parent == 17)
        #expect(stat.group == 4300)
        #expect(stat.session == 4299)
        #expect(stat.startTime == 98765)
        #expect(!stat.isDead)
    }

    @Test("R37: zombies are told from the living", arguments: ["R", "S", "D", "T", "t", "I", "Z", "X"])
    func states(_ state: String) throws {
        let line = "1 (x) \(state) 0 1 1 \(Self.rest)"
        let stat = try #require(Array(line.utf8).withUnsafeBytes { ProcessStat(parsing: $0) })
        #expect(stat.isDead == ["Z", "X"].contains(state))
    }

    @Test("R37: every cut of a line is refused or read, never misread")
    func cuts() throws {
        let line = Array("4321 (a (b) c) S 17 4300 4299 \(Self.rest)".utf8)
        let whole = try #require(line.withUnsafeBytes { ProcessStat(parsing: $0) })
        for length in 0..<line.count {
            let stat = line[..<length].withUnsafeBytes { ProcessStat(parsing: $0) }
            guard let stat else { continue }
            // Only a cut within or after the last field that is read may pass.
            #expect(stat.session == whole.session && stat.group == whole.group && stat.parent == whole.parent)
        }
    }

    @Test("R37: junk is refused", arguments: ["", ")", "a (b) c", "1 (x)", "1 (x) ", "99999999999 (x) S 1 1 1 0", "-"])
    func junk(_ line: String) {
        #expect(Array(line.utf8).withUnsafeBytes { ProcessStat(parsing: $0) } == nil)
    }

    @Test(
        "R37: the mark is found wherever it stands, and only as a whole variable",
        arguments: [
            ("MCP_WSBRIDGE_CONNECTION=c1\0PATH=/bin\0", "c1"),
            ("PATH=/bin\0MCP_WSBRIDGE_CONNECTION=c2\0", "c2"),
            ("PATH=/bin\0MCP_WSBRIDGE_CONNECTION=c3", "c3"),
            ("MCP_WSBRIDGE_CONNECTION=a\0MCP_WSBRIDGE_CONNECTION=b\0", "a"),
            ("MCP_WSBRIDGE_CONNECTION=\0", ""),
            ("\0\0MCP_WSBRIDGE_CONNECTION=x=y\0", "x=y"),
            ("XMCP_WSBRIDGE_CONNECTION=c\0", nil),
            ("MCP_WSBRIDGE_CONNECTIONS=c\0", nil),
            ("A=MCP_WSBRIDGE_CONNECTION=c\0", nil),
            ("MCP_WSBRIDGE_CONNECTION", nil),
            ("MCP_WSBRIDGE", nil),
            ("", nil),
        ] as [(String, String?)]
    )
    func mark(_ block: String, _ expected: String?) {
        #expect(Array(block.utf8).withUnsafeBytes { ConnectionMark.find(in: $0) } == expected)
    }

    @Test(
        "R38: how a child ended, in words",
        arguments: [
            (.exited(0), "exit status 0"),
            (.exited(-1), "exit status unknown"),
            (.signaled(9, coreDumped: false), "signal 9 (SIGKILL)"),
            (.signaled(11, coreDumped: true), "signal 11 (SIGSEGV), core dumped"),
            (.signaled(40, coreDumped: false), "signal 40"),
        ] as [(ChildExit, String)]
    )
    func words(_ exit: ChildExit, _ expected: String) {
        #expect(exit.description == expected)
    }
}
