// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOHTTP1

extension ServedServer {
    /// What a client brings for the templates of the server (R72); nil where there are none.
    ///
    /// - Parameter head: of the handshake, of which nothing else goes on.
    func values(from client: Client, _ head: HTTPRequestHead) throws(TemplateFailure) -> ExpandedValues? {
        guard !self.templates.isEmpty else { return nil }
        let handshake = HandshakeValues(
            headers: head.headers.map { (name: $0.name, value: $0.value) },
            principal: client.principal,
            claims: client.claims,
            peer: "\(client.address)"
        )
        return try self.templates.expanded(with: handshake)
    }
}
