// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Hands values from a handler's thread to the test, in order.
// SAFETY: `values` is touched under `condition` only.
final class Mailbox<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var values: [Value] = []

    func put(_ value: Value) {
        condition.lock()
        values.append(value)
        condition.broadcast()
        condition.unlock()
    }

    /// The next value, as soon as it is there.
    func take(within seconds: Double = Deadline.patience) throws -> Value {
        let deadline = Deadline(seconds: seconds).date
        condition.lock()
        defer { condition.unlock() }
        while values.isEmpty {
            guard condition.wait(until: deadline) else { throw DeadlineExceeded("a value from a handler") }
        }
        return values.removeFirst()
    }
}
