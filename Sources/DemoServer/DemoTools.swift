// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The tools of the demo server; `slow` takes its time and therefore is a `SlowCall` of the protocol.
enum DemoTools {
    /// The tools that a transport offers: ``route`` would show nothing where there are no headers.
    static func list(over transport: DemoProtocol.Transport) -> JSONValue {
        .array(transport == .http ? everywhere + [route] : everywhere)
    }

    /// The tool whose arguments a client mirrors in `Mcp-Param-Region` and `Mcp-Param-Replica` (2026-07-28).
    static let route = tool(
        "route",
        "Says where a request goes. Its arguments also travel as HTTP headers, for a proxy to decide by.",
        [
            "region": ["type": "string", "description": "Such as eu-west1.", "x-mcp-header": "Region"],
            "replica": ["type": "integer", "description": "Which of several.", "x-mcp-header": "Replica"],
        ],
        required: ["region"]
    )

    private static let everywhere: [JSONValue] = [
        tool("echo", "Gives a text back.", ["text": ["type": "string"]], required: ["text"]),
        tool("add", "Adds two numbers.", ["a": ["type": "number"], "b": ["type": "number"]], required: ["a", "b"]),
        tool(
            "current_time",
            "The time of day, ISO 8601.",
            [
                "timezone": [
                    "type": "string", "description": "UTC or an offset such as +02:00", "default": "UTC",
                ]
            ],
            required: []
        ),
        tool(
            "slow",
            "Takes its time, with progress on the way; can be cancelled.",
            [
                "steps": ["type": "integer", "minimum": 1, "maximum": .integer(SlowCall.maximumSteps), "default": 5],
                "delay_ms": [
                    "type": "integer", "minimum": 1, "maximum": .integer(SlowCall.maximumDelay), "default": 200,
                ],
            ],
            required: []
        ),
    ]

    /// Runs a tool that answers at once. Wrong arguments are a result with `isError`, as the specification wants, so
    /// that a model can correct itself; an unknown tool is an error of the protocol.
    static func call(
        _ params: JSONValue,
        over transport: DemoProtocol.Transport,
        wallClock: () -> Int
    ) throws(RPCError) -> JSONValue {
        let arguments = params["arguments"] ?? [:]
        switch params["name"]?.text {
        case "echo":
            guard let text = arguments["text"]?.text else { return refusal("echo needs a text") }
            return Self.text(text)
        case "add":
            guard let first = arguments["a"], let second = arguments["b"], let sum = sum(first, second) else {
                return refusal("add needs two numbers, a and b, and a finite sum")
            }
            return Self.text(sum)
        case "current_time":
            let zone = arguments["timezone"] ?? "UTC"
            guard let offset = zone.text.flatMap(UTCOffset.init(parsing:)) else {
                return refusal("timezone is neither UTC nor an offset such as +02:00")
            }
            return Self.text(offset.format(secondsSince1970: wallClock()))
        case "route" where transport == .http:
            guard let region = arguments["region"]?.text else { return refusal("route needs a region") }
            guard let replica = arguments["replica"], replica != .null else { return Self.text(region) }
            guard let number = replica.integer else { return refusal("the replica is an integer") }
            return Self.text("\(region), replica \(number)")
        default:
            throw RPCError(code: -32602, message: "Unknown tool", data: params["name"].map { ["name": $0] })
        }
    }

    /// A result of one text.
    static func text(_ text: String) -> JSONValue {
        ["content": [["type": "text", "text": .string(text)]], "isError": false]
    }

    private static func refusal(_ text: String) -> JSONValue {
        ["content": [["type": "text", "text": .string(text)]], "isError": true]
    }

    /// The sum as text: exact for integers, `Double` otherwise; nil for what is no finite number.
    private static func sum(_ first: JSONValue, _ second: JSONValue) -> String? {
        if let first = first.integer, let second = second.integer {
            let (sum, overflow) = first.addingReportingOverflow(second)
            if !overflow { return String(sum) }
        }
        guard let first = first.double, let second = second.double, (first + second).isFinite else { return nil }
        return String(first + second)
    }

    private static func tool(
        _ name: String,
        _ description: String,
        _ properties: JSONValue,
        required: [String]
    ) -> JSONValue {
        [
            "name": .string(name), "description": .string(description),
            "inputSchema": [
                "type": "object", "properties": properties, "required": .array(required.map(JSONValue.string)),
            ],
        ]
    }
}

/// A call of `slow` on its way: `steps` pauses of `delay` milliseconds, progress after each if it was asked for.
struct SlowCall {
    static let maximumSteps = 10_000
    static let maximumDelay = 60_000

    let id: JSONValue
    let progressToken: JSONValue?
    let steps: Int
    /// Milliseconds.
    let delay: Int
    let modern: Bool
    /// Steps done.
    var step = 0
    /// When the next step is done, on the transport's clock.
    var deadline: Int

    init(id: JSONValue, params: JSONValue, modern: Bool, now: Int) throws(RPCError) {
        let arguments = params["arguments"] ?? [:]
        guard let steps = (arguments["steps"] ?? 5).integer, (1...Self.maximumSteps).contains(steps),
            let delay = (arguments["delay_ms"] ?? 200).integer, (1...Self.maximumDelay).contains(delay)
        else {
            throw RPCError(code: -32602, message: "slow needs 1 to 10000 steps and a delay of 1 to 60000 ms")
        }
        self.id = id
        self.progressToken = params["_meta"]?["progressToken"]
        self.steps = steps
        self.delay = delay
        self.modern = modern
        self.deadline = now + delay
    }
}
