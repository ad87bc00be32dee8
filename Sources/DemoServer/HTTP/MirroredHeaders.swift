// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The rules of 2026-07-28 for headers that mirror parts of the body (Streamable HTTP, Request Metadata): each once,
/// equal to the body after decoding.
enum MirroredHeaders {
    /// What `Mcp-Name` mirrors, by method.
    private static let named = [
        "tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId",
        "tasks/update": "taskId", "tasks/cancel": "taskId",
    ]

    /// Checks a request of this era; its `_meta` names a version.
    ///
    /// - Parameter tools: what `tools/list` tells, for the marks of their arguments.
    /// - Throws: -32020 with what differs. The version itself is not judged.
    static func check(_ message: JSONValue, headers: DemoHTTPHeaders, tools: JSONValue) throws(RPCError) {
        let params = message["params"] ?? [:]
        try match("MCP-Protocol-Version", headers, plain: params["_meta"]?[DemoProtocol.versionKey]?.text)
        let method = message["method"]?.text
        try match("Mcp-Method", headers, plain: method)
        if let key = method.flatMap({ named[$0] }) {
            try match("Mcp-Name", headers, value: params[key])
        }
        guard method == "tools/call", case .array(let tools) = tools,
            let tool = tools.first(where: { $0["name"] == params["name"] }),
            case .object(let properties) = tool["inputSchema"]?["properties"]
        else { return }
        for property in properties {
            guard let mark = property.value["x-mcp-header"]?.text else { continue }
            try match("Mcp-Param-\(mark)", headers, value: params["arguments"]?[property.key])
        }
    }

    /// The text that a header stands for; nil where it is none: not ASCII, or broken Base64.
    static func decoded(_ value: String) -> String? {
        guard value.utf8.allSatisfy({ 0x20..<0x7F ~= $0 || $0 == 0x09 }) else { return nil }
        let prefix = "=?base64?"
        let suffix = "?="
        guard value.hasPrefix(prefix), value.hasSuffix(suffix), value.utf8.count >= prefix.count + suffix.count
        else { return value }
        return Base64.decoded(value.utf8.dropFirst(prefix.count).dropLast(suffix.count)).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    /// A header that is always there and never encoded.
    private static func match(_ name: String, _ headers: DemoHTTPHeaders, plain: String?) throws(RPCError) {
        guard let value = headers[only: name] else { throw mismatch(name, "is missing or came twice") }
        guard value == plain else { throw mismatch(name, "differs from the body") }
    }

    /// A header that is there exactly if the body has a value that is not null.
    private static func match(_ name: String, _ headers: DemoHTTPHeaders, value: JSONValue?) throws(RPCError) {
        let raw = headers[all: name]
        guard raw.count <= 1 else { throw mismatch(name, "came twice") }
        switch (raw.first, value) {
        case (nil, nil), (nil, .null): return
        case (.some, nil), (.some, .null): throw mismatch(name, "has no value in the body")
        case (nil, .some): throw mismatch(name, "is missing")
        case (let raw?, let value?):
            guard let text = decoded(raw) else { throw mismatch(name, "is not to be decoded") }
            guard isEqual(text, value) else { throw mismatch(name, "differs from the body") }
        }
    }

    /// Whether a decoded header stands for a value; numbers are compared as numbers.
    private static func isEqual(_ text: String, _ value: JSONValue) -> Bool {
        switch value {
        case .string(let string): return text.utf8.elementsEqual(string.utf8)
        case .bool(let bool): return text == (bool ? "true" : "false")
        case .number(let number):
            guard case .number? = try? JSONValue(parsing: Array(text.utf8)) else { return false }
            return text == number || Double(text) == Double(number)
        default: return false
        }
    }

    private static func mismatch(_ name: String, _ what: String) -> RPCError {
        RPCError(code: -32020, message: "Header mismatch: \(name) \(what)")
    }
}

/// RFC 4648 §4, with its padding.
enum Base64 {
    /// The bytes that a text stands for; nil for anything that an encoder would not write.
    static func decoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
        let text = Array(text)
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard text.count.isMultiple(of: 4), padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.dropLast(padding) {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // What is left over of the last digit is zero.
        return bits & (1 << UInt32(count) - 1) == 0 ? bytes : nil
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
