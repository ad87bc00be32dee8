// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Which arguments of which tools an HTTP request has to repeat as `Mcp-Param-*` headers (2026-07-28, Streamable HTTP,
/// "Custom Headers from Tool Parameters"; R58).
///
/// Learned from the answers to `tools/list`. Of a tool without marks only the name is kept. What lies beyond
/// ``maxTools`` and ``maxBytes`` is not kept: calls of such tools find the tool unknown.
package struct ToolParameters: Sendable {
    /// The most tools whose names are kept.
    package static let maxTools = 10_000
    /// The most bytes of names and marks that are kept.
    package static let maxBytes = 1 << 20

    /// What an answer to `tools/list` has to become, and where the list goes on.
    package struct Page: Sendable {
        /// Byte ranges to cut out of the message so that invalid tools are gone, ascending.
        package var removed: [Range<Int>] = []
        /// The tools that were cut out, for the log; a tool without a name has an empty one.
        package var invalid: [(tool: String, reason: String)] = []
        /// The JSON string token of `result.nextCursor`, quotes included; nil if this is the last page.
        package var nextCursor: [UInt8]?
    }

    private var tools: [RequestID.Text: MarkedProperties] = [:]
    private var bytes = 0
    private var hasFirstPage = false
    /// All pages have been seen since the first page or the last ``forget()``, whichever came later.
    package private(set) var isComplete = false

    package init() {}

    /// The list has changed, or the server found headers that do not match (-32020): what was learned may be wrong.
    package mutating func forget() {
        self = ToolParameters()
    }

    /// Takes one answer to `tools/list`.
    ///
    /// An error, or a result without a list of tools, teaches nothing and leaves all as it was.
    /// - Parameters:
    ///   - message: a whole response that ``EnvelopeScanner`` has validated.
    ///   - isFirstPage: the request had no cursor: what was learned before is forgotten.
    package mutating func learn(_ message: UnsafeRawBufferPointer, isFirstPage: Bool) -> Page {
        var page = Page()
        guard let result = ObjectMembers.text(of: "result", in: message) else { return page }
        let (tools, cursor) = ObjectMembers.texts(of: "tools", "nextCursor", in: result)
        guard let list = tools, list.first == UInt8(ascii: "[") else { return page }
        if isFirstPage {
            self.forget()
            self.hasFirstPage = true
        }
        var elements: [(range: Range<Int>, isCut: Bool)] = []
        for element in ArrayElements(list) {
            let range = element.lowerBound..<JSONText.skipValue(list, element.lowerBound)
            let tool = UnsafeRawBufferPointer(rebasing: list[range])
            let (nameToken, schema) = ObjectMembers.texts(of: "name", "inputSchema", in: tool)
            let name = JSONText.string(nameToken)
            var isCut = false
            do throws(InvalidMark) {
                var properties = MarkedProperties()
                if let schema { properties = try MarkedProperties(schema: schema) }
                if let name { self.add(RequestID.Text(name), properties) }
            } catch {
                page.invalid.append((String(decoding: name ?? [], as: UTF8.self), error.reason))
                if let name { self.drop(RequestID.Text(name)) }
                isCut = true
            }
            elements.append((range, isCut))
        }
        if let base = message.baseAddress, let start = list.baseAddress {
            let offset = start - base
            page.removed = JSONText.cuts(elements).map { $0.lowerBound + offset..<$0.upperBound + offset }
        }
        // Some servers end the list with null or an empty cursor.
        if let cursor, cursor.first == UInt8(ascii: "\""), cursor.count > 2 {
            page.nextCursor = Array(cursor)
        } else {
            self.isComplete = self.hasFirstPage
        }
        return page
    }

    private mutating func add(_ name: RequestID.Text, _ properties: MarkedProperties) {
        self.drop(name)
        let size = name.string.utf8.count + properties.size
        guard self.tools.count < Self.maxTools, self.bytes + size <= Self.maxBytes else { return }
        self.bytes += size
        self.tools[name] = properties
    }

    private mutating func drop(_ name: RequestID.Text) {
        guard let properties = self.tools.removeValue(forKey: name) else { return }
        self.bytes -= name.string.utf8.count + properties.size
    }

    /// The headers of a `tools/call`, ascending by name; none for a tool without marks, nil if the tool is unknown.
    ///
    /// - Parameter message: validated by ``EnvelopeScanner``.
    package func fields(forCall message: UnsafeRawBufferPointer) -> [(name: String, value: String)]? {
        guard let params = ObjectMembers.text(of: "params", in: message) else { return nil }
        let (name, arguments) = ObjectMembers.texts(of: "name", "arguments", in: params)
        guard let name = JSONText.string(name), let properties = self.tools[RequestID.Text(name)] else { return nil }
        guard let arguments, !properties.isEmpty else { return [] }
        var fields: [(name: String, value: String)] = []
        properties.collect(arguments, into: &fields)
        return fields.sorted { $0.name < $1.name }
    }
}
