// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `subscriptions/listen` of 2026-07-28. Nothing of the demo server ever changes, so all that a client gets is the
/// acknowledgement and, when the server ends, the result.
enum DemoSubscription {
    /// What `server/discover` promises where listening is possible.
    static let capabilities: JSONValue = [
        "tools": ["listChanged": true], "resources": ["listChanged": true, "subscribe": true],
        "prompts": ["listChanged": true],
    ]

    private static let kinds = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"]
    private static let resources = "resourceSubscriptions"

    /// The first message of a subscription: which of the wishes are granted.
    ///
    /// - Parameter id: of the request; every message of the subscription is tagged with it, type included.
    static func acknowledgement(id: JSONValue, _ params: JSONValue) throws(RPCError) -> JSONValue {
        guard let filter = params["notifications"], case .object = filter else {
            throw RPCError(code: -32602, message: "subscriptions/listen needs an object, notifications")
        }
        var granted = kinds.filter { filter[$0] == true }.map { JSONMember($0, true) }
        if case .array(let uris) = filter[resources] {
            let known = uris.filter { $0 == DemoContent.uri }
            if !known.isEmpty { granted.append(JSONMember(resources, .array(known))) }
        }
        return [
            "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
            "params": ["_meta": tag(id), "notifications": .object(granted)],
        ]
    }

    /// The result of a subscription that the server ends.
    static func end(id: JSONValue) -> JSONValue { ["_meta": tag(id)] }

    private static func tag(_ id: JSONValue) -> JSONValue { ["io.modelcontextprotocol/subscriptionId": id] }
}
