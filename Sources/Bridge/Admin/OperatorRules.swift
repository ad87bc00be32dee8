// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Synchronization

/// Who is an operator, and what one does not get to see, as the configuration in use has it.
final class OperatorRules: Sendable {
    private struct State {
        var tokens: TokenStore?
        var redaction: TapRedaction
    }

    private let state: Mutex<State>

    /// - Parameter admin: nil without `[admin]`: nobody asks then.
    init(_ admin: ServedAdmin?) {
        self.state = Mutex(State(tokens: admin?.tokens, redaction: TapRedaction(admin?.configuration.tapRedact ?? [])))
    }

    /// From now on those of another configuration hold.
    func use(_ admin: ServedAdmin?) {
        let redaction = TapRedaction(admin?.configuration.tapRedact ?? [])
        self.state.withLock { $0 = State(tokens: admin?.tokens, redaction: redaction) }
    }

    /// Nil where no token makes anybody an operator.
    var tokens: TokenStore? { self.state.withLock { $0.tokens } }
    var redaction: TapRedaction { self.state.withLock { $0.redaction } }
}
