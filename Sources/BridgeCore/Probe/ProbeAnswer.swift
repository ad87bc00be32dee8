// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the few values that a probe wants out of results and errors, which EnvelopeScanner has validated.
enum ProbeAnswer {
    /// What the member says; nil if there is none, or it is no string.
    static func string(_ name: StaticString, in object: UnsafeRawBufferPointer) -> String? {
        JSONText.string(ObjectMembers.text(of: name, in: object)).map { String(decoding: $0, as: UTF8.self) }
    }

    static func integer(_ name: StaticString, in object: UnsafeRawBufferPointer) -> Int? {
        ObjectMembers.text(of: name, in: object).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    /// The strings of an array; nil if the member is no array.
    static func strings(_ name: StaticString, in object: UnsafeRawBufferPointer) -> [String]? {
        self.elements(name, in: object)?.compactMap { element in
            JSONText.string(element).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Names of the tools in a result of `tools/list`; nil if it holds no list.
    static func toolNames(_ result: UnsafeRawBufferPointer) -> [String]? {
        self.elements("tools", in: result)?.compactMap { self.string("name", in: $0) }
    }

    /// The JSON string token of `nextCursor`; nil on the last page. Some servers end the list with null or an empty
    /// cursor.
    static func nextCursor(_ result: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let cursor = ObjectMembers.text(of: "nextCursor", in: result), cursor.first == UInt8(ascii: "\""),
            cursor.count > 2
        else { return nil }
        // It goes back inside one line, as it came.
        return Array(cursor)
    }

    /// `serverInfo` of a result of `initialize`.
    static func serverInfo(_ result: UnsafeRawBufferPointer) -> (name: String?, version: String?) {
        self.implementation(ObjectMembers.text(of: "serverInfo", in: result))
    }

    /// `serverInfo` of a modern result, which stands in `_meta`.
    static func modernServerInfo(_ result: UnsafeRawBufferPointer) -> (name: String?, version: String?) {
        let metadata = ObjectMembers.text(of: "_meta", in: result)
        return self.implementation(
            metadata.flatMap { ObjectMembers.text(of: "io.modelcontextprotocol/serverInfo", in: $0) }
        )
    }

    /// Whether the server says that it has tools.
    static func hasTools(_ result: UnsafeRawBufferPointer) -> Bool {
        guard let capabilities = ObjectMembers.text(of: "capabilities", in: result),
            let tools = ObjectMembers.text(of: "tools", in: capabilities)
        else { return false }
        return tools.first == UInt8(ascii: "{")
    }

    private static func implementation(_ info: UnsafeRawBufferPointer?) -> (name: String?, version: String?) {
        guard let info else { return (nil, nil) }
        return (self.string("name", in: info), self.string("version", in: info))
    }

    private static func elements(
        _ name: StaticString,
        in object: UnsafeRawBufferPointer
    ) -> [UnsafeRawBufferPointer]? {
        guard let list = ObjectMembers.text(of: name, in: object), list.first == UInt8(ascii: "[") else { return nil }
        return ArrayElements(list).map { element in
            let end = JSONText.skipValue(list, element.lowerBound)
            return UnsafeRawBufferPointer(rebasing: list[element.lowerBound..<end])
        }
    }
}
