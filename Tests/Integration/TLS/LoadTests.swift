// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The load generator over TLS: many connections at once, each answer checked.
@Suite struct LoadTests {
    @Test(
        "R76, R35: under load in TLS every request has its own answer",
        arguments: [
            ["--connections", "8", "--in-flight", "32", "--messages", "4000"],
            ["--size", "300000", "--in-flight", "3", "--messages", "40"], ["--mode", "storm", "--connections", "100"],
            ["--mode", "churn", "--connections", "4", "--messages", "40"],
        ]
    )
    func answers(options: [String]) throws {
        let bridge = try BridgeProcess.tls(server: "[servers.echo]\nbuiltin = \"echo\"")
        let load = try RunningProgram(
            [BridgeProcess.products + "/mcp-wsload", "wss://127.0.0.1:\(bridge.port)/echo"] + options
        )
        #expect(try load.wait() == 0)
        try load.output.waitEnd()
        let text = load.output.lines.joined()
        let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        for fault in ["mismatched", "lost", "errors", "refused", "closed_early"] {
            #expect(report[fault] as? Int == 0, "\(fault): \(report["first_error"] ?? "")")
        }
        #expect((report["setups"] as? Int ?? 0) > 0)
    }
}
