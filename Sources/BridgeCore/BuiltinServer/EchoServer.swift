// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The MCP server inside the bridge, `builtin = "echo"`: one message goes in, at most one answer comes out.
///
/// Speaks the legacy revisions and remembers nothing between two messages. It costs as little as a server can, so that
/// what is measured in front of it is the bridge: ids and texts are copied as the bytes that they are, and `ping` and
/// calls of `echo` allocate nothing beyond the room for the answer.
package enum EchoServer {
    /// The longest text that `big` gives, in bytes: as long as the longest line that the bridge takes from other servers
    /// by default.
    package static let longestText = 16 << 20
    /// The newest first.
    private static let versions = ServerProbe.legacyVersions
    /// What an answer has besides its id and its text is shorter than this.
    private static let frame = 128

    /// Appends the answer to `message` to `output`; nothing where none is owed, as for notifications and responses.
    ///
    /// - Parameter message: as ``Session`` lets it pass: one object of JSON-RPC 2.0, whose id is a string or an integer.
    package static func answer(_ message: UnsafeRawBufferPointer, to output: inout ByteBuffer) {
        guard let envelope = try? EnvelopeScanner.scan(message), let method = envelope.method, let idValue = envelope.id
        else { return }
        let id = UnsafeRawBufferPointer(rebasing: message[idValue.range])
        let params = UnsafeRawBufferPointer(rebasing: message[envelope.params?.range ?? 0..<0])
        if method.names("tools/call", in: message) {
            self.call(id, params, &output)
        } else if method.names("ping", in: message) {
            self.write(id, result: "{}", &output)
        } else if method.names("tools/list", in: message) {
            self.write(id, result: self.tools, &output)
        } else if method.names("initialize", in: message) {
            self.initialize(id, params, &output)
        } else {
            self.write(id, error: #"{"code":-32601,"message":"Method not found"}"#, &output)
        }
    }

    /// 2025-11-25, lifecycle: the version that the client asks for where it is known, else the newest.
    private static func initialize(
        _ id: UnsafeRawBufferPointer,
        _ params: UnsafeRawBufferPointer,
        _ output: inout ByteBuffer
    ) {
        let asked = JSONText.string(ObjectMembers.text(of: "protocolVersion", in: params)) ?? []
        let version = self.versions.first { $0.utf8.elementsEqual(asked) } ?? self.versions[0]
        self.begin(id, &output)
        output.writeStaticString(#","result":{"protocolVersion":""#)
        output.writeString(version)
        output.writeStaticString(#"","capabilities":{"tools":{}},"serverInfo":{"name":"mcp-wsbridge-echo","#)
        output.writeStaticString(#""title":"Echo server inside mcp-wsbridge","version":"1.0.0"}}}"#)
    }

    // MARK: Tools

    private static let tools: StaticString = #"""
        {"tools":[\#
        {"name":"echo","description":"Gives a text back.","inputSchema":\#
        {"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}},\#
        {"name":"big","description":"Gives a text of so many bytes.","inputSchema":\#
        {"type":"object","properties":{"bytes":{"type":"integer","minimum":0,"maximum":16777216}},"required":["bytes"]}}\#
        ]}
        """#

    /// Wrong arguments are a result with `isError`, so that a model can correct itself; an unknown tool is an error of
    /// the protocol (2025-11-25, tools, error handling).
    private static func call(
        _ id: UnsafeRawBufferPointer,
        _ params: UnsafeRawBufferPointer,
        _ output: inout ByteBuffer
    ) {
        let (name, given) = ObjectMembers.texts(of: "name", "arguments", in: params)
        let arguments = given ?? UnsafeRawBufferPointer(start: nil, count: 0)
        if self.isString(name, "echo") {
            // The token goes back as it came, with its quotes and whatever escapes the client chose (R22).
            guard let text = ObjectMembers.text(of: "text", in: arguments), text.first == UInt8(ascii: "\"") else {
                return self.write(id, refusal: "echo needs a text", &output)
            }
            output.reserveCapacity(minimumWritableBytes: id.count + text.count + self.frame)
            self.begin(id, &output)
            output.writeStaticString(#","result":{"content":[{"type":"text","text":"#)
            output.writeBytes(text)
            output.writeStaticString(#"}],"isError":false}}"#)
        } else if self.isString(name, "big") {
            guard let count = ProbeAnswer.integer("bytes", in: arguments), (0...self.longestText).contains(count) else {
                return self.write(id, refusal: "big needs a number of bytes from 0 to 16777216", &output)
            }
            output.reserveCapacity(minimumWritableBytes: id.count + count + self.frame)
            self.begin(id, &output)
            output.writeStaticString(#","result":{"content":[{"type":"text","text":""#)
            output.writeRepeatingByte(UInt8(ascii: "x"), count: count)
            output.writeStaticString(#""}],"isError":false}}"#)
        } else {
            self.write(id, error: #"{"code":-32602,"message":"Unknown tool"}"#, &output)
        }
    }

    private static func isString(_ token: UnsafeRawBufferPointer?, _ literal: StaticString) -> Bool {
        guard let token, token.count >= 2, token.first == UInt8(ascii: "\"") else { return false }
        let contents = UnsafeRawBufferPointer(rebasing: token[1..<token.count - 1])
        return JSONString.equals(contents, isEscaped: contents.contains(UInt8(ascii: "\\")), literal)
    }

    // MARK: Answers

    private static func begin(_ id: UnsafeRawBufferPointer, _ output: inout ByteBuffer) {
        output.writeStaticString(#"{"jsonrpc":"2.0","id":"#)
        output.writeBytes(id)
    }

    private static func write(_ id: UnsafeRawBufferPointer, result: StaticString, _ output: inout ByteBuffer) {
        self.begin(id, &output)
        output.writeStaticString(#","result":"#)
        output.writeStaticString(result)
        output.writeStaticString("}")
    }

    private static func write(_ id: UnsafeRawBufferPointer, error: StaticString, _ output: inout ByteBuffer) {
        self.begin(id, &output)
        output.writeStaticString(#","error":"#)
        output.writeStaticString(error)
        output.writeStaticString("}")
    }

    /// - Parameter refusal: why, without anything that JSON would escape.
    private static func write(_ id: UnsafeRawBufferPointer, refusal: StaticString, _ output: inout ByteBuffer) {
        self.begin(id, &output)
        output.writeStaticString(#","result":{"content":[{"type":"text","text":""#)
        output.writeStaticString(refusal)
        output.writeStaticString(#""}],"isError":true}}"#)
    }
}
