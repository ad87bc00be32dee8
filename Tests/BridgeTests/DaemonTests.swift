// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Bridge
import BridgeConfig
import Logging
import Testing

@Suite("The daemon as a service")
struct DaemonTests {
    /// A group of services makes text of each when it gets it, long before anything is logged.
    @Test("R73: as text the daemon is a name, without anything of its configuration")
    func name() throws {
        let configuration = try Configuration.oneLiner(
            listen: "127.0.0.1:0",
            command: ["canary"],
            insecurePublic: false
        )
        let served = ServedConfiguration(configuration, listeners: [], servers: [], authentication: nil)
        let daemon = Daemon(served, logger: Logger(label: "test")) { _ in }
        #expect("\(daemon)" == "Daemon")
    }
}
