// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// HTTP+SSE of 2024-11-05: one stream for all answers, messages by POST beside it.

/// A client of HTTP+SSE; it lives as long as its stream.
struct EventStreamChannel {
    let exchange: DemoHTTP.ExchangeID
    var demo: DemoProtocol

    mutating func advance(to now: Int) -> [DemoHTTP.Action] {
        let messages = demo.advance(to: now)
        return messages.isEmpty ? [] : [.write(exchange, messages.flatMap { DemoEvent.message($0) })]
    }
}

extension DemoHTTP {
    private static let sessionParameter = "session_id"

    mutating func openChannel(_ request: DemoHTTPRequest, on exchange: ExchangeID) -> [Action] {
        if let refusal = DemoHTTPAdmission.refusal(of: request, accepting: ["text/event-stream"]) {
            return [.respond(exchange, refusal)]
        }
        guard channels.count < limits.sessions else {
            return [.respond(exchange, .refusal(503, "Too many sessions", headers: ["retry-after": "60"]))]
        }
        let id = makeSessionID()
        channels[id] = EventStreamChannel(exchange: exchange, demo: DemoProtocol(over: .http, wallClock: wallClock))
        owners[exchange] = .channel(id)
        let endpoint = DemoEvent.endpoint("\(Self.messagesPath)?\(Self.sessionParameter)=\(id)")
        return [.respond(exchange, .events(endpoint))]
    }

    mutating func postToChannel(_ request: DemoHTTPRequest, on exchange: ExchangeID, now: Int) -> [Action] {
        if let refusal = DemoHTTPAdmission.refusalOfPost(request, accepting: []) {
            return [.respond(exchange, refusal)]
        }
        guard let id = request.query(Self.sessionParameter).map(String.init) else {
            return [.respond(exchange, .refusal(400, "The endpoint needs its \(Self.sessionParameter)"))]
        }
        guard var channel = channels[id] else { return [.respond(exchange, .refusal(404, "No such session"))] }
        guard let message = try? JSONValue(parsing: request.body) else {
            return [.respond(exchange, .refusal(400, "The body must be one message"))]
        }
        let messages = channel.demo.receive(message, now: now)
        channels[id] = channel
        let accepted = Action.respond(exchange, DemoHTTPResponse(status: 202))
        guard !messages.isEmpty else { return [accepted] }
        return [accepted, .write(channel.exchange, messages.flatMap { DemoEvent.message($0) })]
    }
}
