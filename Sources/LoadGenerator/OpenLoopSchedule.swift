// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// When each request of an open loop is due, whatever became of those before it.
///
/// Latency counts from here, so that a server that stalls does not hide the requests that waited meanwhile
/// ("coordinated omission").
package struct OpenLoopSchedule: Sendable {
    private let interval: Double
    private let connections: Int

    /// - Parameters:
    ///   - rate: requests a second over all connections.
    ///   - connections: how many take turns.
    package init(rate: Double, connections: Int) {
        self.interval = 1e9 / rate
        self.connections = connections
    }

    /// When request `number`, from 0 on, is due: nanoseconds after the start.
    @inline(__always)
    package func due(_ number: Int) -> UInt64 { UInt64(Double(number) * self.interval) }

    /// The connection whose turn request `number` is.
    @inline(__always)
    package func connection(of number: Int) -> Int { number % self.connections }

    /// When request `turn` of one connection, from 0 on, is due.
    @inline(__always)
    package func due(turn: Int, of connection: Int) -> UInt64 { self.due(turn * self.connections + connection) }

    /// How many requests are due within so many nanoseconds.
    package func count(within span: Double) -> Int { Int((span / self.interval).rounded(.up)) }
}
