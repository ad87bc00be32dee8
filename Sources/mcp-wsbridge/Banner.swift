// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig

/// What the daemon prints on its standard output once it can be connected to.
enum Banner {
    /// Where each server is reachable, a line each, and a client to paste.
    ///
    /// - Parameter ports: those in use, where the configured one is 0, in the order of the listeners.
    static func text(for configuration: Configuration, ports: [Int?]) -> String {
        let listeners = Array(zip(configuration.listeners, ports))
        let width = configuration.servers.map(\.name.count).max() ?? 0
        var lines = ["mcp-wsbridge \(Version.number) is serving", ""]
        for server in configuration.servers {
            for (index, (listen, port)) in listeners.enumerated() {
                let name = index == 0 ? server.name : ""
                let padding = String(repeating: " ", count: width - name.count)
                lines.append("  \(name)\(padding)  \(listen.webSocketURL(path: server.path, port: port))")
            }
        }
        // That client cannot show a certificate, and knows no Unix sockets.
        let usable = listeners.first { !$0.0.address.isUnixSocket && !$0.0.authenticatesClients }
        if let (listen, port) = usable, let first = configuration.servers.first {
            var url = listen.webSocketURL(path: first.path, port: port)
            // All that this client can send is what stands in the URL.
            if configuration.auth != nil, first.authentication == .required {
                url.replace("://", with: "://me:TOKEN@", maxReplacements: 1)
            }
            lines += [
                "",
                "Try it (Python, pip install 'mcp[ws]<2'):",
                "",
                "import asyncio",
                "from mcp import ClientSession",
                "from mcp.client.websocket import websocket_client",
                "async def main():",
                "    async with websocket_client(\"\(url)\") as streams, ClientSession(*streams) as session:",
                "        await session.initialize()",
                "        print([tool.name for tool in (await session.list_tools()).tools])",
                "",
                "asyncio.run(main())",
            ]
        }
        return lines.joined(separator: "\n") + "\n\n"
    }
}
