// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import Logging

/// What the log and the audit record are told of a connection.
extension Connection {
    /// Each thing that the policy denied, up to a rate.
    func logDenials(isEnd: Bool = false) {
        let (denials, suppressed) = self.session.takeDenials(now: Self.now(), isEnd: isEnd)
        for denial in denials {
            var metadata: Logger.Metadata = [
                LogKey.kind: "\(denial.kind)", LogKey.method: "\(denial.method)", LogKey.name: "\(denial.name)",
            ]
            metadata.add(denial.trace)
            self.logger.notice("denied", metadata: metadata)
        }
        self.worker.site.audit?.denied(denials, more: suppressed, self.id, self.server, self.client)
        guard suppressed > 0 else { return }
        self.logger.notice("denied more than is logged", metadata: [LogKey.count: "\(suppressed)"])
    }

    /// Each request that the last wake-up brought, for who wants to know that much.
    func logRequests() {
        for request in self.session.takeRequests() {
            var metadata: Logger.Metadata = [LogKey.id: "\(request.id)", LogKey.method: "\(request.method)"]
            if let name = request.name { metadata[LogKey.name] = "\(name)" }
            metadata.add(request.trace)
            self.logger.debug("request", metadata: metadata)
        }
    }

    /// An operator begins to read the messages.
    func recordTap(_ operatorName: String) {
        self.logger.notice("an operator reads the messages", metadata: [LogKey.operatorName: "\(operatorName)"])
        self.worker.site.audit?.tapped(by: operatorName, self.id, self.server, self.client)
    }

    func tell(_ end: SessionEnd) {
        if self.session.counters.denied > 0 { self.logDenials(isEnd: true) }
        let counters = self.session.counters
        let level: Logger.Level = if case .bridgeFault = end { .error } else { .info }
        self.logger.log(
            level: level,
            "connection ended",
            metadata: [
                LogKey.cause: "\(end.cause)",
                LogKey.reason: "\(end.reason)",
                LogKey.closeCode: "\(self.webSocket.closeCode.rawValue)",
                LogKey.durationMilliseconds: "\((Self.now() - self.began) / 1_000_000)",
                LogKey.messagesIn: "\(counters.messagesFromClient)",
                LogKey.messagesOut: "\(counters.messagesToClient)",
                LogKey.bytesIn: "\(counters.bytesFromClient)",
                LogKey.bytesOut: "\(counters.bytesToClient)",
                LogKey.refused: "\(counters.refused)",
                LogKey.denied: "\(counters.denied)",
                LogKey.dropped: "\(counters.dropped)",
                LogKey.skipped: "\(counters.skipped)",
            ]
        )
    }
}
