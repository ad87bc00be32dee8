// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The resource and the prompt of the demo server.
enum DemoContent {
    static let uri: JSONValue = "demo://greeting"

    static let resources: JSONValue = [
        [
            "uri": uri, "name": "greeting", "description": "A greeting to read.", "mimeType": "text/plain",
        ]
    ]

    static let prompts: JSONValue = [
        [
            "name": "greet", "description": "Asks for a greeting.",
            "arguments": [["name": "name", "description": "Whom to greet.", "required": true]],
        ]
    ]

    /// `resources/read`. An unknown resource is -32002 in the legacy revisions, a wrong parameter in 2026-07-28.
    static func read(_ params: JSONValue, modern: Bool) throws(RPCError) -> JSONValue {
        guard params["uri"] == uri else {
            throw RPCError(
                code: modern ? -32602 : -32002,
                message: "Resource not found",
                data: params["uri"].map { ["uri": $0] }
            )
        }
        return [
            "contents": [["uri": uri, "mimeType": "text/plain", "text": "Hello from behind the bridge."]]
        ]
    }

    /// `prompts/get`.
    static func prompt(_ params: JSONValue) throws(RPCError) -> JSONValue {
        guard params["name"] == "greet", let name = params["arguments"]?["name"]?.text else {
            throw RPCError(code: -32602, message: "The prompt is greet, with an argument name")
        }
        return [
            "description": "Asks for a greeting.",
            "messages": [
                ["role": "user", "content": ["type": "text", "text": .string("Please greet \(name) warmly.")]]
            ],
        ]
    }
}
