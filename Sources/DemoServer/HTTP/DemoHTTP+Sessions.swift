// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// Streamable HTTP of 2025-03-26 to 2025-11-25: sessions, streams that can be resumed, DELETE.

extension DemoHTTP {
    static let sessionHeader = "mcp-session-id"

    /// A message of the legacy revisions.
    mutating func postLegacy(
        _ message: JSONValue,
        _ request: DemoHTTPRequest,
        on exchange: ExchangeID,
        now: Int
    ) -> [Action] {
        let requestID = message["method"]?.text == nil ? nil : message["id"]
        let isFirst = message["method"] == "initialize" && request.headers[all: Self.sessionHeader].isEmpty
        if isFirst, requestID != nil { return [.respond(exchange, initialize(message, now: now))] }
        let session: String
        switch sessionID(of: request, id: requestID ?? .null, now: now) {
        case .success(let id): session = id
        case .failure(let refusal): return [.respond(exchange, refusal.response)]
        }
        var demo = DemoProtocol(over: .http, wallClock: wallClock)
        guard let requestID else {
            // The calls of a session are values of their own, so that a cancel is for the session to see.
            var ended: [ExchangeID] = []
            if message["method"] == "notifications/cancelled", let id = message["params"]?["requestId"] {
                ended = sessions[session]?.cancel(id) ?? []
            }
            let faults = demo.receive(message, now: now)
            for exchange in ended { closed(exchange, now: now) }
            let answer = faults.first.map { .json($0, status: 400) } ?? DemoHTTPResponse(status: 202)
            return [.respond(exchange, answer)] + ended.map { .end($0) }
        }
        let messages = demo.receive(message, now: now)
        if let answer = messages.first {
            return [.respond(exchange, .json(answer, status: answer["id"] == .null ? 400 : 200))]
        }
        guard let call = sessions[session]?.start(requestID, demo, on: exchange) else {
            return [.respond(exchange, .refusal(503, "Too many calls at a time", id: requestID))]
        }
        attach(exchange, to: session)
        return [.respond(exchange, .events(priming(DemoEventID(stream: call.stream, number: 0), of: session)))]
    }

    /// GET and DELETE of a session.
    mutating func legacy(_ request: DemoHTTPRequest, on exchange: ExchangeID, now: Int) -> [Action] {
        let isGet = request.method == "GET"
        if isGet, let refusal = DemoHTTPAdmission.refusal(of: request, accepting: ["text/event-stream"]) {
            return [.respond(exchange, refusal)]
        }
        switch sessionID(of: request, id: .null, now: now) {
        case .failure(let refusal): return [.respond(exchange, refusal.response)]
        case .success(let session):
            return isGet ? listen(request, to: session, on: exchange, now: now) : delete(session, on: exchange)
        }
    }

    /// `initialize`: a new session, unless it fails.
    private mutating func initialize(_ message: JSONValue, now: Int) -> DemoHTTPResponse {
        let version = message["params"]?["protocolVersion"]
        var demo = DemoProtocol(over: .http, wallClock: wallClock)
        guard let answer = demo.receive(message, now: now).first else { return .refusal(400, "No request") }
        guard let agreed = answer["result"]?["protocolVersion"]?.text else {
            return .json(answer, status: version == nil || answer["id"] == .null ? 400 : 200)
        }
        guard sessions.count < limits.sessions else {
            return .refusal(503, "Too many sessions", id: message["id"] ?? .null, headers: ["retry-after": "60"])
        }
        let id = makeSessionID()
        sessions[id] = LegacyHTTPSession(version: agreed, now: now)
        var response = DemoHTTPResponse.json(answer)
        response.headers.set(Self.sessionHeader, id)
        return response
    }

    /// The stream on which a server may speak unasked, or the rest of one that broke off.
    private mutating func listen(
        _ request: DemoHTTPRequest,
        to session: String,
        on exchange: ExchangeID,
        now: Int
    ) -> [Action] {
        let last = request.headers[all: "last-event-id"]
        guard let last = last.last, last != DemoEventID.general.text else {
            attach(exchange, to: session)
            return [.respond(exchange, .events(priming(.general, of: session)))]
        }
        guard let event = DemoEventID(last), let resumed = sessions[session]?.resume(after: event, on: exchange) else {
            return [.respond(exchange, .refusal(400, "Last-Event-ID names no event that is kept"))]
        }
        var actions: [Action] = []
        if let replaced = resumed.replaced {
            // Its connection is dead, or the client would not be back; each message goes to one stream only.
            owners[replaced] = nil
            sessions[session]?.streams.remove(replaced)
            actions.append(.end(replaced))
        }
        actions.append(.respond(exchange, .events(resumed.missed)))
        if resumed.isComplete {
            actions.append(.end(exchange))
        } else {
            attach(exchange, to: session)
        }
        return actions
    }

    private mutating func delete(_ id: String, on exchange: ExchangeID) -> [Action] {
        let ended = (sessions.removeValue(forKey: id)?.streams ?? []).sorted()
        for stream in ended { owners[stream] = nil }
        return [.respond(exchange, DemoHTTPResponse(status: 204))] + ended.map { .end($0) }
    }

    /// The first event of a stream; nothing in the revisions whose clients take each event for a message.
    private func priming(_ event: DemoEventID, of session: String) -> [UInt8] {
        sessions[session]?.primes == true ? DemoEvent.priming(id: event.text, retry: limits.retry) : []
    }

    private mutating func attach(_ exchange: ExchangeID, to session: String) {
        owners[exchange] = .session(session)
        sessions[session]?.streams.insert(exchange)
    }

    private struct Refusal: Error {
        let response: DemoHTTPResponse
    }

    /// The session that a request belongs to, once its headers have been judged (2025-11-25 transports, Session
    /// Management and Protocol Version Header). A missing version stands for the one agreed on.
    private mutating func sessionID(of request: DemoHTTPRequest, id: JSONValue, now: Int) -> Result<String, Refusal> {
        let id = DemoProtocol.isUsable(id: id) ? id : .null
        guard let session = request.headers[only: Self.sessionHeader] else {
            return .failure(Refusal(response: .refusal(400, "The request needs one Mcp-Session-Id", id: id)))
        }
        guard let version = sessions[session]?.version else {
            return .failure(Refusal(response: .refusal(404, "No such session", id: id)))
        }
        let versions = request.headers[all: "mcp-protocol-version"]
        guard versions.allSatisfy({ $0 == version }), versions.count <= 1 else {
            let message = "MCP-Protocol-Version differs from \(version), which initialize agreed on"
            return .failure(Refusal(response: .refusal(400, message, id: id)))
        }
        sessions[session]?.lastUse = now
        return .success(session)
    }
}
