// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A request as the demo server judges it: complete, its body within the limit.
struct DemoHTTPRequest: Equatable {
    var method: String
    /// Path and query as they stood in the request line.
    var target: String
    var headers: DemoHTTPHeaders
    var body: [UInt8] = []

    /// The target up to its query.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The first value of a query parameter, not decoded; nil if there is none.
    func query(_ name: String) -> Substring? {
        let pairs = target.drop { $0 != "?" }.dropFirst().split(separator: "&")
        return pairs.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.utf8.count + 1)
    }
}

/// Header fields in the order in which they came; names compare without regard to case (RFC 9110 §5.1).
struct DemoHTTPHeaders: Equatable, ExpressibleByDictionaryLiteral {
    private struct Field: Equatable {
        /// In lower case.
        var name: String
        var value: String
    }

    private var fields: [Field] = []

    init(_ fields: some Sequence<(String, String)> = []) {
        self.fields = fields.map { Field(name: $0.0.lowercased(), value: $0.1) }
    }

    init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }

    /// Every value that came under a name.
    subscript(all name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name == name }.map(\.value)
    }

    /// The only value of a header; nil if it is missing or came more than once, so that no two readers of a request
    /// take it for different things.
    subscript(only name: String) -> String? {
        let values = self[all: name]
        return values.count == 1 ? values[0] : nil
    }

    /// Replaces what came under a name; nil removes it.
    mutating func set(_ name: String, _ value: String?) {
        let name = name.lowercased()
        fields.removeAll { $0.name == name }
        if let value { fields.append(Field(name: name, value: value)) }
    }

    /// Names in lower case, and values.
    var all: [(String, String)] { fields.map { ($0.name, $0.value) } }
}

/// What a request is answered with.
struct DemoHTTPResponse: Equatable {
    var status: Int
    var headers: DemoHTTPHeaders = [:]
    var body: [UInt8] = []
    /// Whether more of the body follows.
    var isStream = false

    /// A JSON-RPC message as the whole answer.
    static func json(_ message: JSONValue, status: Int = 200) -> DemoHTTPResponse {
        DemoHTTPResponse(status: status, headers: ["content-type": "application/json"], body: message.bytes)
    }

    /// The beginning of an event stream. The header keeps proxies from holding events back (2026-07-28, Receiving
    /// Messages).
    static func events(_ first: [UInt8] = []) -> DemoHTTPResponse {
        DemoHTTPResponse(
            status: 200,
            headers: ["content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no"],
            body: first,
            isStream: true
        )
    }

    /// A request that was not understood or not allowed. The body is a JSON-RPC error (2025-11-25 transports, Sending
    /// Messages 4); its code is none by which clients recognise the era.
    static func refusal(
        _ status: Int,
        _ message: String,
        id: JSONValue = .null,
        headers: DemoHTTPHeaders = [:]
    ) -> DemoHTTPResponse {
        var response = json(
            DemoProtocol.failure(id: id, RPCError(code: -32600, message: message)),
            status: status
        )
        for (name, value) in headers.all { response.headers.set(name, value) }
        return response
    }
}

/// Events of a stream as bytes (HTML standard, Server-sent events §9.2.5).
enum DemoEvent {
    /// A JSON-RPC message; it has no line end within.
    static func message(_ message: JSONValue, id: String? = nil) -> [UInt8] {
        Array("event: message\n".utf8) + (id.map { Array("id: \($0)\n".utf8) } ?? [])
            + Array("data: ".utf8) + message.bytes + Array("\n\n".utf8)
    }

    /// An event without data, so that a client knows where to resume (2025-11-25 transports, Sending Messages 6).
    ///
    /// - Parameter retry: milliseconds to wait before that.
    static func priming(id: String, retry: Int) -> [UInt8] {
        Array("id: \(id)\nretry: \(retry)\ndata:\n\n".utf8)
    }

    /// The first event of HTTP+SSE: where to send messages to (2024-11-05 transports).
    static func endpoint(_ target: String) -> [UInt8] {
        Array("event: endpoint\ndata: \(target)\n\n".utf8)
    }

    /// Nothing but a sign of life.
    static let keepAlive = Array(": keep-alive\n\n".utf8)
}
