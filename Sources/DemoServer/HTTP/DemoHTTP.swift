// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The demo server over HTTP without sockets: requests and the passing of time go in, responses come out.
///
/// `/mcp` speaks Streamable HTTP of every revision: 2026-07-28 for requests whose `_meta` or `MCP-Protocol-Version` says
/// so, sessions of 2025-03-26 to 2025-11-25 for the rest. `/sse` and `/messages` are HTTP+SSE of 2024-11-05. Reads no
/// clock: whoever owns it says what time it is and calls `advance(to:)` at `nextDeadline`.
struct DemoHTTP {
    /// A request and its response. Whoever owns the value gives the numbers and uses none of them twice.
    typealias ExchangeID = Int

    /// What is to be done on the wire, in this order.
    enum Action: Equatable {
        /// The response to a request; if it is a stream, `write` and `end` follow.
        case respond(ExchangeID, DemoHTTPResponse)
        case write(ExchangeID, [UInt8])
        /// Ends a stream; nothing follows.
        case end(ExchangeID)
    }

    /// Bounds and times, the latter in milliseconds.
    struct Limits {
        /// Sessions of each of the two legacy transports.
        var sessions = 1_024
        /// How long a session without a stream may keep silent.
        var sessionIdle = 600_000
        /// Comments on open streams.
        var keepAlive = 15_000
        /// What clients are told to wait before they resume.
        var retry = 1_000
    }

    static let streamablePath = "/mcp"
    static let eventStreamPath = "/sse"
    static let messagesPath = "/messages"

    let limits: Limits
    /// A session's id: random, visible ASCII.
    let makeSessionID: () -> String
    let wallClock: () -> Int

    /// Sessions of Streamable HTTP by their id.
    var sessions: [String: LegacyHTTPSession] = [:]
    /// Connections of HTTP+SSE by the id that their endpoint has.
    var channels: [String: EventStreamChannel] = [:]
    /// Requests of 2026-07-28 that are being answered. The connection is all that they have.
    private var modern: [ExchangeID: DemoProtocol] = [:]
    /// Whose the other open streams are.
    var owners: [ExchangeID: Owner] = [:]
    private var nextKeepAlive: Int?

    /// What an open stream of the legacy revisions belongs to.
    enum Owner {
        case session(String)
        case channel(String)
    }

    init(limits: Limits = Limits(), makeSessionID: @escaping () -> String, wallClock: @escaping () -> Int) {
        self.limits = limits
        self.makeSessionID = makeSessionID
        self.wallClock = wallClock
    }

    /// When `advance(to:)` has something to do next; nil while nothing is open.
    var nextDeadline: Int? {
        let idle = sessions.values.filter(\.streams.isEmpty).map { $0.lastUse + limits.sessionIdle }
        let calls = sessions.values.compactMap(\.nextDeadline) + channels.values.compactMap(\.demo.nextDeadline)
        return (idle + calls + modern.values.compactMap(\.nextDeadline) + (nextKeepAlive.map { [$0] } ?? [])).min()
    }

    /// Takes a request.
    mutating func receive(_ request: DemoHTTPRequest, on exchange: ExchangeID, now: Int) -> [Action] {
        if let refusal = DemoHTTPAdmission.refusal(of: request) { return [.respond(exchange, refusal)] }
        let actions: [Action] =
            switch (String(request.path), request.method) {
            case (Self.streamablePath, "POST"): post(request, on: exchange, now: now)
            case (Self.streamablePath, "GET"), (Self.streamablePath, "DELETE"):
                isModern(request) ? notAllowed(exchange, "POST") : legacy(request, on: exchange, now: now)
            case (Self.eventStreamPath, "GET"): openChannel(request, on: exchange)
            case (Self.messagesPath, "POST"): postToChannel(request, on: exchange, now: now)
            case (Self.streamablePath, _): notAllowed(exchange, "GET, POST, DELETE")
            case (Self.eventStreamPath, _): notAllowed(exchange, "GET")
            case (Self.messagesPath, _): notAllowed(exchange, "POST")
            default: [.respond(exchange, .refusal(404, "MCP is at \(Self.streamablePath) and \(Self.eventStreamPath)"))]
            }
        scheduleKeepAlive(now: now)
        return actions
    }

    /// The connection of an open response is gone. In the legacy revisions that cancels nothing; in 2026-07-28 it is
    /// how a request is cancelled.
    mutating func closed(_ exchange: ExchangeID, now: Int) {
        modern[exchange] = nil
        switch owners.removeValue(forKey: exchange) {
        case .session(let id): sessions[id]?.closed(exchange, now: now)
        // HTTP+SSE has no way back to a session whose stream is lost.
        case .channel(let id): channels[id] = nil
        case nil: break
        }
        scheduleKeepAlive(now: now)
    }

    /// Lets time pass until `now`: progress and answers that are due, signs of life, sessions that nobody uses.
    mutating func advance(to now: Int) -> [Action] {
        var actions: [Action] = []
        for id in Array(sessions.keys) { actions += sessions[id]?.advance(to: now) ?? [] }
        for id in Array(channels.keys) { actions += channels[id]?.advance(to: now) ?? [] }
        for exchange in Array(modern.keys) {
            guard let messages = modern[exchange]?.advance(to: now), !messages.isEmpty else { continue }
            actions.append(.write(exchange, messages.flatMap { DemoEvent.message($0) }))
            if modern[exchange]?.isIdle == true { actions.append(.end(exchange)) }
        }
        for case .end(let exchange) in actions { closed(exchange, now: now) }
        sessions = sessions.filter { !$0.value.streams.isEmpty || $0.value.lastUse + limits.sessionIdle > now }
        if let due = nextKeepAlive, due <= now {
            nextKeepAlive = nil
            actions += openStreams.map { .write($0, DemoEvent.keepAlive) }
        }
        scheduleKeepAlive(now: now)
        return actions
    }

    /// The server stops: subscriptions get their result, every other stream just ends.
    mutating func stop() -> [Action] {
        var actions: [Action] = []
        for exchange in modern.keys.sorted() {
            let results = modern[exchange]?.endSubscriptions() ?? []
            if !results.isEmpty { actions.append(.write(exchange, results.flatMap { DemoEvent.message($0) })) }
        }
        actions += openStreams.map { .end($0) }
        (sessions, channels, modern, owners, nextKeepAlive) = ([:], [:], [:], [:], nil)
        return actions
    }

    private var openStreams: [ExchangeID] { (Array(owners.keys) + Array(modern.keys)).sorted() }

    private mutating func scheduleKeepAlive(now: Int) {
        if owners.isEmpty && modern.isEmpty {
            nextKeepAlive = nil
        } else if nextKeepAlive == nil {
            nextKeepAlive = now + limits.keepAlive
        }
    }

    func notAllowed(_ exchange: ExchangeID, _ methods: String) -> [Action] {
        [.respond(exchange, .refusal(405, "Allowed here: \(methods)", headers: ["allow": methods]))]
    }
}

// MARK: - POST to /mcp

extension DemoHTTP {
    private mutating func post(_ request: DemoHTTPRequest, on exchange: ExchangeID, now: Int) -> [Action] {
        let types = ["application/json", "text/event-stream"]
        if let refusal = DemoHTTPAdmission.refusalOfPost(request, accepting: types) {
            return [.respond(exchange, refusal)]
        }
        let message: JSONValue
        do {
            message = try JSONValue(parsing: request.body)
        } catch {
            let failure = RPCError(code: -32700, message: "Not JSON, byte \(error.offset)")
            return [.respond(exchange, .json(DemoProtocol.failure(id: .null, failure), status: 400))]
        }
        guard case .object = message else {
            return [.respond(exchange, .refusal(400, "The body must be one message"))]
        }
        return isModern(request) || message["params"]?["_meta"]?[DemoProtocol.versionKey] != nil
            ? postModern(message, request, on: exchange, now: now)
            : postLegacy(message, request, on: exchange, now: now)
    }

    /// Whether the headers are of a revision without sessions; a version that nobody knows is taken for a newer one.
    private func isModern(_ request: DemoHTTPRequest) -> Bool {
        let versions = request.headers[all: "mcp-protocol-version"]
        return versions.contains { !DemoProtocol.legacyVersions.contains($0) }
    }

    /// A message of 2026-07-28 (Streamable HTTP, Sending Messages).
    private mutating func postModern(
        _ message: JSONValue,
        _ request: DemoHTTPRequest,
        on exchange: ExchangeID,
        now: Int
    ) -> [Action] {
        guard message["method"]?.text != nil else {
            return [.respond(exchange, .refusal(400, "Clients send requests and notifications only"))]
        }
        guard let id = message["id"] else { return [.respond(exchange, acknowledgement(of: request))] }
        var demo = DemoProtocol(over: .http, wallClock: wallClock)
        do {
            try checkEnvelope(message, request)
            let tools = DemoTools.list(over: .http)
            try MirroredHeaders.check(message, headers: request.headers, tools: tools)
        } catch {
            let id = DemoProtocol.isUsable(id: id) ? id : .null
            return [.respond(exchange, .json(DemoProtocol.failure(id: id, error), status: 400))]
        }
        let messages = demo.receive(message, now: now)
        guard demo.isIdle else {
            modern[exchange] = demo
            return [.respond(exchange, .events(messages.flatMap { DemoEvent.message($0) }))]
        }
        return messages.map { .respond(exchange, .json($0, status: Self.modernStatus(of: $0))) }
    }

    /// The answer to a notification, of which this era has none that means anything here. Which headers it must
    /// have is not defined (Streamable HTTP, Sending Messages); only the version is judged.
    private func acknowledgement(of request: DemoHTTPRequest) -> DemoHTTPResponse {
        let versions = request.headers[all: "mcp-protocol-version"]
        guard let version = versions.first(where: { $0 != DemoProtocol.modernVersion }) else {
            return DemoHTTPResponse(status: 202)
        }
        return .json(DemoProtocol.failure(id: .null, DemoProtocol.unsupported(.string(version))), status: 400)
    }

    /// 2026-07-28, Per-request protocol fields: what a request must carry before its headers can be compared with it.
    private func checkEnvelope(_ message: JSONValue, _ request: DemoHTTPRequest) throws(RPCError) {
        guard message["params"]?["_meta"]?[DemoProtocol.versionKey] == nil else { return }
        let version = request.headers[only: "mcp-protocol-version"]
        guard version == DemoProtocol.modernVersion else { throw DemoProtocol.unsupported(version.map { .string($0) }) }
        throw RPCError(code: -32602, message: "_meta lacks \(DemoProtocol.versionKey)")
    }

    /// 2026-07-28, Protocol Version Header: an unknown method is 404, every other fault of a client 400.
    private static func modernStatus(of message: JSONValue) -> Int {
        switch message["error"]?["code"]?.integer {
        case nil: 200
        case -32601: 404
        default: 400
        }
    }
}
