// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An MCP server over HTTP that behaves, but for what a test overrides.
final class ScriptedMCPServer: Sendable {
    enum Answers: Sendable {
        case json
        case events
    }

    enum Behaviour: Sendable {
        /// Streamable HTTP of 2025-03-26 to 2025-11-25. With `session` it demands `Mcp-Session-Id`: 400 without, 404 for one
        /// that it does not know. With `priming` each event stream begins with an id and empty data.
        case legacy(session: Bool, answers: Answers, priming: Bool)
        /// 2026-07-28: POST only; what the headers say must be what the body says, or it answers 400 and `-32020`.
        case modern(Answers)
        /// HTTP+SSE of 2024-11-05 at `/sse`, messages at `/messages`.
        case sse

        static let legacy = Behaviour.legacy(session: true, answers: .json, priming: false)
    }

    let http: ScriptedHTTPServer
    private let script: MCPScript
    private let path: String

    /// What the bridge is told to dial.
    var url: String { http.origin + path }

    init(_ behaviour: Behaviour = .legacy, sendBuffer: CInt? = nil) throws {
        let script = MCPScript(behaviour)
        self.script = script
        path = if case .sse = behaviour { "/sse" } else { "/mcp" }
        http = try ScriptedHTTPServer(sendBuffer: sendBuffer) { try script.answer($0, $1) }
    }

    /// Overrides what it does with one kind of request from now on.
    ///
    /// - Parameter kind: a method of JSON-RPC, `response`, or of HTTP: `GET`, `DELETE`.
    func on(_ kind: String, _ handler: @escaping HTTPHandler) { script.locked { $0.handlers[kind] = handler } }

    /// Overrides it for the next request of this kind only; several calls line up.
    func once(_ kind: String, _ handler: @escaping HTTPHandler) {
        script.locked { $0.onces[kind, default: []].append(handler) }
    }

    /// What `initialize` answers as its result, as JSON text; nil for the usual.
    func setInitializeResult(_ result: String?) { script.locked { $0.initializeResult = result } }

    /// What `tools/list` answers as `tools`.
    func setTools(_ tools: String) { script.locked { $0.tools = tools } }

    /// Forgets the session, as a server that was started anew.
    func expireSession() { script.locked { $0.session = nil } }

    /// The session that it gave out last, while it is valid.
    var session: String? { script.locked { $0.session } }

    /// The open stream of HTTP+SSE.
    func sseStream() throws -> HTTPReply {
        var found: HTTPReply?
        try eventually("an open stream of HTTP+SSE") {
            found = script.locked { $0.stream }
            return found != nil
        }
        guard let found else { throw Surprise("no stream") }
        return found
    }

    // MARK: - What was seen

    func gate() -> Gate { http.gate() }

    /// The requests so far whose body is a message with this method.
    func messages(_ method: String) -> [HTTPRequest] { http.requests { $0.rpcMethod == method } }

    func posts() -> [HTTPRequest] { http.requests { $0.method == "POST" } }

    /// Waits for the `count`-th message with this method.
    @discardableResult
    func wait(_ method: String, count: Int = 1, within seconds: Double = Deadline.patience) throws -> HTTPRequest {
        try http.wait(for: method, count: count, within: seconds) { $0.rpcMethod == method }
    }

    /// Waits for the `count`-th request with this method of HTTP.
    @discardableResult
    func wait(http method: String, count: Int = 1, within seconds: Double = Deadline.patience) throws -> HTTPRequest {
        try http.wait(for: method, count: count, within: seconds) { $0.method == method }
    }
}

/// What a request asks of a server.
extension HTTPRequest {
    var kind: String {
        guard method == "POST" else { return method }
        guard let json else { return "nonsense" }
        return json["method"] as? String ?? "response"
    }

    /// A response with this request's id.
    func result(_ result: String) -> String { #"{"jsonrpc":"2.0","id":\#(idText ?? "null"),"result":\#(result)}"# }

    func error(_ code: Int, _ message: String = "no", data: String = "null") -> String {
        #"{"jsonrpc":"2.0","id":\#(idText ?? "null"),"error":{"code":\#(code),"message":"\#(message)","data":\#(data)}}"#
    }

    /// What a tool of the scripted servers answers: its own arguments as text.
    var echoed: String {
        let arguments = params?["arguments"] ?? [String: Any]()
        return #"{"content":[{"type":"text","text":\#(jsonText(jsonText(arguments)))}]}"#
    }
}

/// A value as JSON text, its keys sorted.
func jsonText(_ value: Any) -> String {
    let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .withoutEscapingSlashes, .sortedKeys]
    return String(
        decoding: (try? JSONSerialization.data(withJSONObject: value, options: options)) ?? Data(),
        as: UTF8.self
    )
}

/// A notification as text.
func notification(_ method: String, _ params: String = "{}") -> String {
    #"{"jsonrpc":"2.0","method":"\#(method)","params":\#(params)}"#
}
