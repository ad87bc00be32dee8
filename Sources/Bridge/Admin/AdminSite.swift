// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeCore
internal import NIOCore

/// What the admin address asks of the daemon, and has it do.
struct AdminSite: Sendable {
    let serving: Serving
    /// Reads the configuration again; nil where there is no file.
    let load: Daemon.Load?
    /// Has the daemon drain as SIGTERM does, which may come on top of it.
    let drain: @Sendable () -> Void

    /// An answer: its status, the type of its body, and that.
    struct Answer: Sendable {
        var status = 200
        var type = "application/json"
        var body: String
        /// The value of `Allow`.
        var allow: String?
    }

    /// Who asks, as the log and the audit record call them, and where the answer goes.
    struct Asker: Sendable {
        let name: String
        let accept: String
        let channel: any Channel
    }

    /// - Returns: nil where somebody else answers.
    func answer(_ route: AdminRoute, to asker: Asker) async -> Answer? {
        switch route {
        case .health:
            let isWell = await self.serving.turns()
            return Self.answer(isWell ? 200 : 503, [("status", isWell ? "ok" : "an event loop does not turn")])
        case .readiness:
            let reasons = await self.serving.reasonsAgainstReadiness()
            var body: [UInt8] = Array("{\"status\":\"\(reasons.isEmpty ? "ready" : "not ready")\",\"reasons\":[".utf8)
            for (index, reason) in reasons.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                JSONString.append(reason.utf8, to: &body)
            }
            return Answer(status: reasons.isEmpty ? 200 : 503, body: String(decoding: body, as: UTF8.self) + "]}\n")
        case .metrics:
            let format = MetricsText.Format(accept: asker.accept)
            return Answer(type: format.contentType, body: await self.serving.metrics(format))
        case .connections:
            return Answer(body: await self.serving.connectionList())
        case .drain:
            self.drain()
            return Self.answer(202, [("status", "draining")])
        case .reload:
            guard let load else {
                return Self.answer(409, [("error", "there is no configuration file that could be read again")])
            }
            if let fault = await self.serving.reload(load) { return Self.answer(422, [("error", fault)]) }
            return Self.answer(200, [("status", "reloaded")])
        case .close(let connection):
            guard await self.serving.close(connection) else { return Self.noSuchConnection }
            return Self.answer(200, [("status", "closed")])
        case .tap(let connection):
            let redaction = self.serving.operatorRules.redaction
            let order = Tap.Order(redaction: redaction, channel: asker.channel, operatorName: asker.name)
            return switch await self.serving.tap(connection, order) {
            case .attached: nil
            case .taken: Self.answer(409, [("error", "another operator reads the messages of this connection")])
            case .noSuchConnection: Self.noSuchConnection
            }
        }
    }

    private static var noSuchConnection: Answer {
        Self.answer(404, [("error", "there is no connection of this id")])
    }

    static func answer(_ status: Int, _ members: [(String, String)], allow: String? = nil) -> Answer {
        var body: [UInt8] = []
        for (key, value) in members {
            body.append(contentsOf: (body.isEmpty ? "{\"" : ",\"").utf8)
            body.append(contentsOf: (key + "\":").utf8)
            JSONString.append(value.utf8, to: &body)
        }
        return Answer(status: status, body: String(decoding: body, as: UTF8.self) + "}\n", allow: allow)
    }
}
