// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a message of the modern era says of itself and its HTTP request has to repeat in headers (2026-07-28, Streamable
/// HTTP, "Request Metadata"; R56, R57).
package struct RoutingFields: Sendable, Equatable {
    /// `params._meta["io.modelcontextprotocol/protocolVersion"]`.
    package var version: String
    package var method: String
    /// What the method is about: the name of a tool or prompt, the URI of a resource, the id of a task. Nil if the method
    /// is about none of these, or if the message has no such string.
    package var name: String?

    /// Nil if the message carries no modern envelope or no method, each as a string that UTF-8 can say.
    ///
    /// - Parameter text: one request or notification that ``EnvelopeScanner`` has validated and in which no key that the
    ///   bridge reads stands twice (R24).
    package init?(_ text: UnsafeRawBufferPointer) {
        guard case (let methodText?, let params?) = ObjectMembers.texts(of: "method", "params", in: text),
            let method = JSONText.string(methodText).map({ String(decoding: $0, as: UTF8.self) })
        else { return nil }
        let key = Self.nameKey(method)
        let (metadata, name) = ObjectMembers.texts(of: "_meta", key ?? "name", in: params)
        guard let metadata,
            let version = JSONText.string(
                ObjectMembers.text(of: "io.modelcontextprotocol/protocolVersion", in: metadata)
            )
        else { return nil }
        self.version = String(decoding: version, as: UTF8.self)
        self.method = method
        self.name = key == nil ? nil : JSONText.string(name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The member of `params` that goes into `Mcp-Name`.
    private static func nameKey(_ method: String) -> StaticString? {
        switch method {
        case "tools/call", "prompts/get": "name"
        case "resources/read": "uri"
        // The tasks extension (SEP-2663) says so for each of its methods.
        case _ where method.utf8.starts(with: "tasks/".utf8): "taskId"
        default: nil
        }
    }

    /// Each header once. All values are such as a header can carry: a method with a line break in it, which no server has,
    /// goes encoded and is refused there.
    package var fields: [(name: String, value: String)] {
        var fields = [
            (name: "MCP-Protocol-Version", value: FieldValue.encode(self.version.utf8)),
            (name: "Mcp-Method", value: FieldValue.encode(self.method.utf8)),
        ]
        if let name { fields.append((name: "Mcp-Name", value: FieldValue.encode(name.utf8))) }
        return fields
    }
}
