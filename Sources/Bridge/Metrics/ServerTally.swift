// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore

/// How often each side of a connection was stopped because the other takes nothing (R46).
struct Pauses: Sendable, Equatable {
    var client = 0
    var server = 0

    static func += (left: inout Pauses, right: Pauses) {
        left.client += right.client
        left.server += right.server
    }
}

/// The frames of RFC 6455 that a connection has seen.
struct FrameCounts: Sendable, Equatable {
    var fromClient = 0
    var toClient = 0
    /// Pings of the bridge's, among ``toClient``.
    var pings = 0

    static func += (left: inout FrameCounts, right: FrameCounts) {
        left.fromClient += right.fromClient
        left.toClient += right.toClient
        left.pings += right.pings
    }
}

/// What one event loop has counted of the connections to one server. Confined to that loop.
final class ServerTally {
    let requests: RequestMeter
    var began: Int64 = 0
    private var ended = ServerTotals()

    /// - Parameter isAdmitted: ``ToolNames/admits(_:of:)``.
    init(isAdmitted: @escaping (_ tool: String) -> Bool = { _ in true }) {
        self.requests = RequestMeter(isAdmitted: isAdmitted)
    }

    /// A connection is over.
    func ended(_ connection: Connection, _ end: SessionEnd) {
        self.ended.counters += connection.session.counters
        self.ended.pauses += connection.pauses
        self.ended.frames += connection.frames
        self.ended.ends[end.cause, default: 0] += 1
        self.ended.closeCodes[connection.webSocket.closeCode.label, default: 0] += 1
    }

    /// Without what there is now.
    var totals: ServerTotals {
        var totals = self.ended
        totals.requests = self.requests.counts
        totals.began = self.began
        return totals
    }
}

@available(*, unavailable)
extension ServerTally: Sendable {}

/// What was counted of one server's connections, and what there is of them now.
struct ServerTotals: Sendable {
    var requests = RequestCounts()
    var began: Int64 = 0
    /// By cause.
    var ends: [String: Int64] = [:]
    /// By code.
    var closeCodes: [String: Int64] = [:]
    var counters = Session.Counters()
    var pauses = Pauses()
    var frames = FrameCounts()
    var open = 0
    /// Of ``open``, those that end as soon as they can.
    var draining = 0
    var inFlight = 0
    /// Bytes that wait for servers, and for clients.
    var queuedToServer = 0
    var queuedToClient = 0

    /// Adds what a connection has counted that is there now.
    mutating func count(_ connection: Connection) {
        self.counters += connection.session.counters
        self.pauses += connection.pauses
        self.frames += connection.frames
        self.open += 1
        if connection.drainEnd != nil { self.draining += 1 }
        self.inFlight += connection.session.inFlightCount
        self.queuedToServer += connection.toServer.bytes
        self.queuedToClient += connection.webSocket.outbound.bytes
    }

    /// Those of another event loop.
    static func += (left: inout ServerTotals, right: ServerTotals) {
        left.requests += right.requests
        left.began += right.began
        left.ends.merge(right.ends, uniquingKeysWith: +)
        left.closeCodes.merge(right.closeCodes, uniquingKeysWith: +)
        left.counters += right.counters
        left.pauses += right.pauses
        left.frames += right.frames
        left.open += right.open
        left.draining += right.draining
        left.inFlight += right.inFlight
        left.queuedToServer += right.queuedToServer
        left.queuedToClient += right.queuedToClient
    }
}

extension CloseCode {
    /// What it is counted as: what clients may make up themselves makes no series.
    fileprivate var label: String { (1_000...1_015).contains(self.rawValue) ? "\(self)" : "other" }
}
