// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What templates may take of a handshake. Descriptions show none of it (R73).
package struct HandshakeValues: Sendable {
    private let headers: [(name: String, value: String)]
    private let principal: Principal
    private let claims: Claims
    private let peer: String

    /// - Parameters:
    ///   - headers: in the order of the wire, one element a line.
    ///   - peer: the address of the client, as the log has it.
    package init(
        headers: [(name: String, value: String)],
        principal: Principal,
        claims: Claims,
        peer: String
    ) {
        self.headers = headers
        self.principal = principal
        self.claims = claims
        self.peer = peer
    }

    /// All values of a source; none where there is none.
    func values(of source: ValueTemplate.Source) -> [String] {
        switch source {
        case .header(let name):
            self.headers.filter { equalIgnoringCase($0.name, name) }.map { String(trimmed($0.value[...])) }
        case .claim(let name): self.claims.values[name].map { [$0] } ?? []
        // Whoever is nobody in particular has no name.
        case .principal: self.principal.kind == .anonymous ? [] : [self.principal.name]
        case .peer: [self.peer]
        }
    }
}

extension HandshakeValues: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "handshake of \(self.principal)" }

    package var debugDescription: String { self.description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the headers.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
