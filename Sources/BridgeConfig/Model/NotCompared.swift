// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A property that is no part of what its owner asks for: where something stands in a file. A line more at the top of a
/// configuration changes none of its settings.
@propertyWrapper
package struct NotCompared<Value: Sendable>: Sendable, Equatable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }

    package static func == (_: Self, _: Self) -> Bool { true }
}
