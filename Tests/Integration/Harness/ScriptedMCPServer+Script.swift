// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a ``ScriptedMCPServer`` answers.
// SAFETY: `state` is touched under `lock` only.
final class MCPScript: @unchecked Sendable {
    struct State {
        var handlers: [String: HTTPHandler] = [:]
        var onces: [String: [HTTPHandler]] = [:]
        var session: String?
        var sessions = 0
        var events = 0
        var initializeResult: String?
        var tools = #"[{"name":"echo","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}]"#
        /// The open stream of HTTP+SSE.
        var stream: HTTPReply?
    }

    private let behaviour: ScriptedMCPServer.Behaviour
    private let lock = NSLock()
    private var state = State()

    init(_ behaviour: ScriptedMCPServer.Behaviour) { self.behaviour = behaviour }

    func locked<Value>(_ body: (inout State) -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return body(&state)
    }

    func answer(_ request: HTTPRequest, _ reply: HTTPReply) throws {
        let override: HTTPHandler? = locked { state in
            if var line = state.onces[request.kind], !line.isEmpty {
                defer { state.onces[request.kind] = line }
                return line.removeFirst()
            }
            return state.handlers[request.kind]
        }
        if let override { return try override(request, reply) }
        switch behaviour {
        case .legacy(let session, let answers, let priming):
            try legacy(request, reply, session: session, answers: answers, priming: priming)
        case .modern(let answers): try modern(request, reply, answers)
        case .sse: try sse(request, reply)
        }
    }

    // MARK: - Streamable HTTP, legacy

    private func legacy(
        _ request: HTTPRequest,
        _ reply: HTTPReply,
        session: Bool,
        answers: ScriptedMCPServer.Answers,
        priming: Bool
    ) throws {
        var headers: [(String, String)] = []
        if request.kind == "initialize" {
            if session {
                let name: String = locked { state in
                    state.sessions += 1
                    let name = "session-\(state.sessions)"
                    state.session = name
                    return name
                }
                headers = [("Mcp-Session-Id", name)]
            }
        } else if session {
            guard let given = request["mcp-session-id"] else {
                return try reply.json(request.error(-32600), status: 400)
            }
            guard given == locked({ $0.session }) else { return try reply.json(request.error(-32001), status: 404) }
        }
        switch request.kind {
        case "GET": try reply.send(405, headers: [("Allow", "POST, DELETE")])
        case "DELETE":
            locked { $0.session = nil }
            try reply.send(200)
        case "nonsense": try reply.json(request.error(-32700), status: 400)
        default:
            guard request.idText != nil, request.kind != "response" else { return try reply.accepted() }
            try send(legacyAnswer(request), to: reply, answers, priming: priming, headers: headers)
        }
    }

    /// The response to a request of a legacy revision.
    private func legacyAnswer(_ request: HTTPRequest) -> String {
        switch request.kind {
        case "initialize":
            let version = request.params?["protocolVersion"] as? String ?? "2025-11-25"
            return request.result(locked { $0.initializeResult } ?? Self.initializeResult(version))
        case "tools/list": return request.result(#"{"tools":\#(locked { $0.tools })}"#)
        case "tools/call": return request.result(request.echoed)
        case "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe": return request.result("{}")
        default: return request.error(-32601, "method not found")
        }
    }

    /// What `initialize` answers unless a test says otherwise.
    static func initializeResult(_ version: String) -> String {
        #"{"protocolVersion":"\#(version)","capabilities":{"tools":{},"logging":{},"resources":{"subscribe":true}},"#
            + #""serverInfo":{"name":"scripted","version":"1"}}"#
    }

    private func send(
        _ text: String,
        to reply: HTTPReply,
        _ answers: ScriptedMCPServer.Answers,
        priming: Bool = false,
        headers: [(String, String)] = []
    ) throws {
        switch answers {
        case .json: try reply.json(text, headers: headers)
        case .events:
            try reply.startEvents(headers: headers)
            if priming { try reply.event("", id: nextEvent()) }
            try reply.event(text, id: priming ? nextEvent() : nil, name: "message")
            try reply.finish()
        }
    }

    private func nextEvent() -> String {
        locked { state in
            state.events += 1
            return "event-\(state.events)"
        }
    }

    // MARK: - Streamable HTTP, 2026-07-28

    static let metaVersion = "io.modelcontextprotocol/protocolVersion"
    private static let uncached = #""ttlMs":0,"cacheScope":"private""#
    static let subscription = "io.modelcontextprotocol/subscriptionId"

    private func modern(_ request: HTTPRequest, _ reply: HTTPReply, _ answers: ScriptedMCPServer.Answers) throws {
        guard request.method == "POST" else { return try reply.send(405, headers: [("Allow", "POST")]) }
        guard let method = request.rpcMethod, request.idText != nil else {
            return request.kind == "nonsense"
                ? try reply.json(request.error(-32700), status: 400) : try reply.accepted()
        }
        let version = (request.params?["_meta"] as? [String: Any])?[Self.metaVersion] as? String
        guard let version else { return try reply.json(request.error(-32602, "no envelope"), status: 400) }
        guard request["mcp-protocol-version"] == version, request["mcp-method"] == method else {
            return try reply.json(request.error(-32020, "header mismatch"), status: 400)
        }
        guard version == "2026-07-28" else {
            let data = #"{"supported":["2026-07-28"],"requested":"\#(version)"}"#
            return try reply.json(request.error(-32022, "unsupported version", data: data), status: 400)
        }
        switch method {
        case "server/discover":
            let versions = #""supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}"#
            try send(request.result(#"{"resultType":"complete",\#(versions),\#(Self.uncached)}"#), to: reply, answers)
        case "tools/list":
            let tools = locked { $0.tools }
            try send(
                request.result(#"{"resultType":"complete","tools":\#(tools),\#(Self.uncached)}"#),
                to: reply,
                answers
            )
        case "tools/call", "prompts/get", "resources/read", "tasks/get", "tasks/cancel", "tasks/update":
            try send(request.result(#"{"resultType":"complete","# + request.echoed.dropFirst()), to: reply, answers)
        case "subscriptions/listen":
            try reply.startEvents(headers: [("X-Accel-Buffering", "no")])
            try reply.event(Self.acknowledged(request))
            try reply.never()
        default: try reply.json(request.error(-32601, "method not found"), status: 404)
        }
    }

    /// The first message of a subscription.
    static func acknowledged(_ request: HTTPRequest) -> String {
        tagged("notifications/subscriptions/acknowledged", request)
    }

    /// A notification that carries the tag of the subscription.
    static func tagged(_ method: String, _ request: HTTPRequest) -> String {
        notification(method, #"{"_meta":{"\#(subscription)":\#(request.idText ?? "null")}}"#)
    }

    // MARK: - HTTP+SSE

    private func sse(_ request: HTTPRequest, _ reply: HTTPReply) throws {
        switch (request.method, request.target.prefix { $0 != "?" }) {
        case ("GET", "/sse"):
            try reply.startEvents()
            // Before the client knows where to post: its first message may be there at once.
            locked { $0.stream = reply }
            try reply.event("/messages?session=1", name: "endpoint")
            try reply.never()
        case ("POST", "/messages"):
            try reply.accepted()
            guard request.idText != nil, request.kind != "response", let stream = locked({ $0.stream }) else { return }
            try stream.event(legacyAnswer(request), name: "message")
        default: try reply.send(request.target.hasPrefix("/sse") ? 405 : 404)
        }
    }
}
