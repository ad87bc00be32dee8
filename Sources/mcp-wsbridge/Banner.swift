// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig

/// What the daemon prints on its standard output once it can be connected to.
enum Banner {
    /// Where each server is reachable, a line each, and a client to paste.
    ///
    /// - Parameter port: the port in use, where the configured one is 0.
    static func text(for configuration: Configuration, port: Int?) -> String {
        let address = configuration.listen.address
        let width = configuration.servers.map(\.name.count).max() ?? 0
        var lines = ["mcp-wsbridge \(Version.number) is serving", ""]
        for server in configuration.servers {
            let padding = String(repeating: " ", count: width - server.name.count)
            lines.append(
                "  \(server.name)\(padding)  \(configuration.listen.webSocketURL(path: server.path, port: port))"
            )
        }
        // That client cannot show a certificate.
        if case .tcp = address, let first = configuration.servers.first, !configuration.listen.authenticatesClients {
            var url = configuration.listen.webSocketURL(path: first.path, port: port)
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
