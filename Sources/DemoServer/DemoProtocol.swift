// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The demo MCP server without a transport: messages and the passing of time go in, messages come out.
///
/// Speaks the legacy revisions 2024-11-05 to 2025-11-25 after `initialize`, and 2026-07-28 for every request whose
/// `_meta` says so; the era is judged per message, so both work on one connection. Reads no clock: the transport says
/// what time it is and calls `advance(to:)` at `nextDeadline`.
package struct DemoProtocol {
    /// Legacy revisions, the newest last.
    package static let legacyVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
    /// The stateless revision.
    package static let modernVersion = "2026-07-28"

    /// What carries the messages: over HTTP there is a little more to see.
    package enum Transport: Sendable {
        case stdio
        /// Adds ``DemoTools/route``, whose arguments are mirrored in headers, and `subscriptions/listen`.
        case http
    }

    static let versionKey = "io.modelcontextprotocol/protocolVersion"
    private static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
    private static let serverInfoKey = "io.modelcontextprotocol/serverInfo"
    private static let serverInfo: JSONValue = [
        "name": "mcp-wsbridge-demo", "title": "mcp-wsbridge demo server", "version": "1.0.0",
    ]
    private static let capabilities: JSONValue = ["tools": [:], "resources": [:], "prompts": [:]]
    private static let instructions: JSONValue =
        "A demonstration server: echo, add, current_time and slow show that the way there and back works."

    /// Calls of `slow` that are still running, in the order of their arrival.
    private var running: [SlowCall] = []
    /// Ids of the `subscriptions/listen` that are open.
    private var subscriptions: [JSONValue] = []
    private let transport: Transport
    private let wallClock: () -> Int

    /// - Parameter wallClock: seconds since 1970, UTC; asked once for each call of `current_time`.
    package init(over transport: Transport = .stdio, wallClock: @escaping () -> Int) {
        self.transport = transport
        self.wallClock = wallClock
    }

    /// Whether no answer is owed: nothing runs and nobody listens.
    var isIdle: Bool { running.isEmpty && subscriptions.isEmpty }

    /// When `advance(to:)` has something to do next, in milliseconds of the transport's clock; nil while nothing runs.
    package var nextDeadline: Int? { running.map(\.deadline).min() }

    /// Takes one message as it arrived, without its line end, and returns the messages to send, in order.
    ///
    /// - Parameter now: milliseconds of any monotonic clock, the same one that `advance(to:)` gets.
    package mutating func receive(_ bytes: [UInt8], now: Int) -> [JSONValue] {
        do {
            return receive(try JSONValue(parsing: bytes), now: now)
        } catch {
            return [Self.failure(id: .null, RPCError(code: -32700, message: "Not JSON, byte \(error.offset)"))]
        }
    }

    /// Takes one message that the transport has parsed; otherwise as `receive(_:now:)` of bytes.
    mutating func receive(_ message: JSONValue, now: Int) -> [JSONValue] {
        guard case .object = message, message["jsonrpc"] == "2.0" else {
            return [Self.failure(id: .null, RPCError(code: -32600, message: "Not a JSON-RPC 2.0 message"))]
        }
        guard let method = message["method"]?.text else {
            // A response: this server asks nothing, so none is expected.
            return message["result"] != nil || message["error"] != nil
                ? [] : [Self.failure(id: .null, RPCError(code: -32600, message: "Neither a request nor a response"))]
        }
        let params = message["params"] ?? [:]
        guard let id = message["id"] else {
            if method == "notifications/cancelled" { cancel(params["requestId"]) }
            return []
        }
        guard Self.isUsable(id: id) else {
            return [Self.failure(id: .null, RPCError(code: -32600, message: "The id is neither text nor integer"))]
        }
        do {
            let modern = try Self.isModern(params)
            if modern, transport == .http, method == "subscriptions/listen" {
                let acknowledgement = try DemoSubscription.acknowledgement(id: id, params)
                subscriptions.append(id)
                return [acknowledgement]
            }
            guard let result = try self.result(of: method, id: id, params: params, modern: modern, now: now) else {
                return []
            }
            return [Self.success(id: id, result, modern: modern)]
        } catch {
            return [Self.failure(id: id, error)]
        }
    }

    /// Lets time pass until `now`: progress and results of running calls that are due.
    package mutating func advance(to now: Int) -> [JSONValue] {
        var messages: [JSONValue] = []
        while let index = running.firstIndex(where: { $0.deadline <= now }) {
            running[index].step += 1
            running[index].deadline += running[index].delay
            let call = running[index]
            if let token = call.progressToken {
                messages.append([
                    "jsonrpc": "2.0", "method": "notifications/progress",
                    "params": [
                        "progressToken": token, "progress": .integer(call.step), "total": .integer(call.steps),
                    ],
                ])
            }
            if call.step >= call.steps {
                running.remove(at: index)
                let result = DemoTools.text("Finished \(call.steps) steps of \(call.delay) ms")
                messages.append(Self.success(id: call.id, result, modern: call.modern))
            }
        }
        return messages
    }

    /// Ends what would go on for ever: the results of the subscriptions that are open.
    mutating func endSubscriptions() -> [JSONValue] {
        let ended = subscriptions
        subscriptions = []
        return ended.map { Self.success(id: $0, DemoSubscription.end(id: $0), modern: true) }
    }

    /// Forgets the running call or subscription with this id; its answer is owed no more.
    mutating func cancel(_ id: JSONValue?) {
        running.removeAll { $0.id == id }
        subscriptions.removeAll { $0 == id }
    }

    /// The result of one request; nil if it will come later.
    private mutating func result(
        of method: String,
        id: JSONValue,
        params: JSONValue,
        modern: Bool,
        now: Int
    ) throws(RPCError) -> JSONValue? {
        switch method {
        case "initialize" where !modern:
            return try Self.initialized(params)
        case "ping" where !modern:
            return [:]
        case "server/discover" where modern:
            return Self.cacheable([
                "supportedVersions": [.string(Self.modernVersion)],
                "capabilities": transport == .http ? DemoSubscription.capabilities : Self.capabilities,
                "instructions": Self.instructions,
            ])
        case "tools/list":
            return Self.listing(["tools": DemoTools.list(over: transport)], modern: modern)
        case "tools/call":
            guard params["name"] == "slow" else {
                return try DemoTools.call(params, over: transport, wallClock: wallClock)
            }
            running.append(try SlowCall(id: id, params: params, modern: modern, now: now))
            return nil
        case "resources/list":
            return Self.listing(["resources": DemoContent.resources], modern: modern)
        case "resources/templates/list":
            return Self.listing(["resourceTemplates": []], modern: modern)
        case "resources/read":
            let result = try DemoContent.read(params, modern: modern)
            return modern ? Self.cacheable(result) : result
        case "prompts/list":
            return Self.listing(["prompts": DemoContent.prompts], modern: modern)
        case "prompts/get":
            return try DemoContent.prompt(params)
        default:
            throw RPCError(code: -32601, message: "Method not found", data: ["method": .string(method)])
        }
    }

    /// 2025-11-25 lifecycle: the client's version where it is known, otherwise the newest.
    private static func initialized(_ params: JSONValue) throws(RPCError) -> JSONValue {
        guard let asked = params["protocolVersion"]?.text else {
            throw RPCError(code: -32602, message: "initialize needs a protocolVersion")
        }
        let version = legacyVersions.contains(asked) ? asked : legacyVersions[legacyVersions.count - 1]
        return [
            "protocolVersion": .string(version), "capabilities": capabilities, "serverInfo": serverInfo,
            "instructions": instructions,
        ]
    }

    private static func listing(_ result: JSONValue, modern: Bool) -> JSONValue {
        modern ? cacheable(result) : result
    }

    /// 2026-07-28 caching: nothing here ever changes or depends on who asks.
    private static func cacheable(_ result: JSONValue) -> JSONValue {
        result.adding(["ttlMs": 3_600_000, "cacheScope": "public"])
    }

    /// Whether the request carries the envelope of 2026-07-28, which then must be complete and of that version.
    private static func isModern(_ params: JSONValue) throws(RPCError) -> Bool {
        guard let asked = params["_meta"]?[versionKey] else { return false }
        guard asked.text == modernVersion else { throw unsupported(asked) }
        guard case .object = params["_meta"]?[capabilitiesKey] else {
            throw RPCError(code: -32602, message: "_meta lacks \(capabilitiesKey)")
        }
        return true
    }

    /// The answer to a request of a revision without sessions that is not the known one.
    static func unsupported(_ version: JSONValue?) -> RPCError {
        RPCError(
            code: -32022,
            message: "Unsupported protocol version",
            data: ["supported": [.string(modernVersion)], "requested": version ?? .null]
        )
    }

    /// Ids are text or integers in every revision.
    static func isUsable(id: JSONValue) -> Bool {
        switch id {
        case .string: true
        case .number(let text): !text.contains { $0 == "." || $0 == "e" || $0 == "E" }
        default: false
        }
    }

    private static func success(id: JSONValue, _ result: JSONValue, modern: Bool) -> JSONValue {
        var result = result
        if modern {
            var meta = [JSONMember(serverInfoKey, serverInfo)]
            if case .object(let tags) = result["_meta"] { meta += tags }
            result = result.without("_meta").adding(["resultType": "complete", "_meta": .object(meta)])
        }
        return ["jsonrpc": "2.0", "id": id, "result": result]
    }

    /// A message that says why a request failed.
    static func failure(id: JSONValue, _ error: RPCError) -> JSONValue {
        var body: JSONValue = ["code": .integer(error.code), "message": .string(error.message)]
        if let data = error.data { body = body.adding(["data": data]) }
        return ["jsonrpc": "2.0", "id": id, "error": body]
    }
}

/// A JSON-RPC error that a request ends with.
struct RPCError: Error {
    var code: Int
    var message: String
    var data: JSONValue?
}

extension JSONValue {
    /// An object less one of its members.
    fileprivate func without(_ key: String) -> JSONValue {
        guard case .object(let own) = self else { return self }
        return .object(own.filter { $0.key != key })
    }

    /// An object with the members of another one after its own.
    fileprivate func adding(_ other: JSONValue) -> JSONValue {
        guard case .object(let own) = self, case .object(let more) = other else { return self }
        return .object(own + more)
    }
}
