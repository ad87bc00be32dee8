// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("What the service manager is told")
struct ServiceNoticeTests {
    @Test(
        "The status says in a line how many there are of what",
        arguments: [
            (ServiceStatus(connections: 0, children: 0), "Serving 0 connections, 0 MCP servers running"),
            (ServiceStatus(connections: 1, children: 1), "Serving 1 connection, 1 MCP server running"),
            (
                ServiceStatus(isDraining: true, connections: 2, children: 3),
                "Draining: 2 connections left, 3 MCP servers running"
            ),
        ]
    )
    func status(_ status: ServiceStatus, _ text: String) {
        #expect(status.text == text)
    }

    @Test(
        "No text within a status begins an assignment of its own",
        arguments: ["\n", "\r\n", "\r", "\u{2028}", "\u{85}"]
    )
    func lineBreaks(_ separator: String) {
        let fault = "b.toml:1:1: a\(separator)MAINPID=1\(separator)\(separator)READY=1"
        let notice = ServiceNotice.ready(ServiceStatus(connections: 0, children: 0, reloadFault: fault))
        let lines = notice.text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0] == "READY=1")
        #expect(lines[1].hasSuffix("refused: b.toml:1:1: a; MAINPID=1; READY=1"))
    }

    @Test("The other notices are those of sd_notify(3)")
    func notices() {
        let status = ServiceStatus(connections: 0, children: 0)
        #expect(ServiceNotice.alive.text == "WATCHDOG=1")
        #expect(ServiceNotice.reloading(at: 1_234_567_890).text == "RELOADING=1\nMONOTONIC_USEC=1234567")
        #expect(ServiceNotice.stopping(status).text == "STOPPING=1\nSTATUS=\(status.text)")
        #expect(ServiceNotice.status(status).text == "STATUS=\(status.text)")
        #expect(
            ServiceNotice.draining(status, seconds: 10).text == "EXTEND_TIMEOUT_USEC=10000000\nSTATUS=\(status.text)"
        )
    }
}
