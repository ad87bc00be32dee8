// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

@testable internal import BridgeCore

/// R58: the first line is an answer to `tools/list`, the second a `tools/call`. Which tools stay, and which headers the
/// call gets, is as a reading of the whole tree has it.
func fuzzTools(_ bytes: UnsafeRawBufferPointer) {
    let lines = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
    guard lines.count == 2, let list = ReferenceJSON(lines[0]), let call = ReferenceJSON(lines[1]), bytes.text != nil
    else { return }
    var parameters = ToolParameters()
    let page = lines[0].withUnsafeBytes { parameters.learn($0, isFirstPage: true) }
    let tools = list["result"]?["tools"]
    let judged = (tools?.elements ?? []).map { (tool: $0, marks: Marks(of: $0)) }
    compare(page, judged.map { ($0.tool, $0.marks != nil) }, lines[0], hasTools: tools?.isArray == true)
    if tools?.isArray == true {
        let cursor = list["result"]?["nextCursor"]
        var isNonEmpty = false
        if let cursor, case .string = cursor.value { isNonEmpty = cursor.range.count > 2 }
        requireEqual(page.nextCursor, isNonEmpty ? cursor.map { Array(lines[0][$0.range]) } : nil, "R58: the next page")
        requireEqual(parameters.isComplete, !isNonEmpty, "R58: a list without a next page is complete")
    }
    var known: [[UInt8]: Marks] = [:]
    for (tool, marks) in judged {
        if let name = tool["name"]?.text { known[name] = marks }
    }
    let fields = lines[1].withUnsafeBytes { parameters.fields(forCall: $0) }
    let marks = call["params"]?["name"]?.text.flatMap { known[$0] }
    requireEqual(fields != nil, marks != nil, "R58: the tools that stayed are known")
    guard let fields, let marks else { return }
    let expected = marks.fields(of: call["params"]?["arguments"], in: lines[1])
    requireEqual(fields.map { "\($0.name): \($0.value)" }, expected, "R58: the headers of a call")
    for field in fields { requireFieldValue(field.value) }
}

private func compare(
    _ page: ToolParameters.Page,
    _ judged: [(tool: ReferenceJSON, isKept: Bool)],
    _ text: [UInt8],
    hasTools: Bool
) {
    guard hasTools else { return require(page.removed.isEmpty && page.invalid.isEmpty, "no list, nothing to cut") }
    requireEqual(page.invalid.count, judged.filter { !$0.isKept }.count, "R58: tools with invalid marks are told")
    var kept: [UInt8] = []
    var at = 0
    for cut in page.removed {
        require(cut.lowerBound >= at && cut.upperBound <= text.count, "cuts ascend inside the text", "\(page.removed)")
        kept += text[at..<cut.lowerBound]
        at = cut.upperBound
    }
    kept += text[at...]
    guard let rest = ReferenceJSON(kept) else { return require(false, "R58: what is left is JSON", kept.shown) }
    requireEqual(
        rest["result"]?["tools"]?.elements.map { Array(kept[$0.range]) },
        judged.filter(\.isKept).map { Array(text[$0.tool.range]) },
        "R58: the valid tools are left as they were"
    )
}

/// The headers of a tool by the properties that they repeat, read from the tree of its schema.
private struct Marks {
    private struct Invalid: Error {}

    private var headers: [[[UInt8]]: String] = [:]

    /// Nil for a tool whose marks are not valid.
    init?(of tool: ReferenceJSON) {
        guard let schema = tool["inputSchema"] else { return }
        do throws(Invalid) {
            var names: Set<String> = []
            try self.read(schema, path: [], &names)
        } catch {
            return nil
        }
    }

    private mutating func read(_ schema: ReferenceJSON, path: [[UInt8]?]?, _ names: inout Set<String>) throws(Invalid) {
        let one: Set = [
            "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties", "not",
            "if",
            "then", "else", "contentSchema", "additionalItems",
        ]
        for member in schema.members {
            switch member.name.map({ String(decoding: $0, as: UTF8.self) }) {
            case "properties":
                for property in member.value.members {
                    try self.read(property.value, path: path.map { $0 + [property.name] }, &names)
                }
            case "allOf", "anyOf", "oneOf", "prefixItems", "items":
                for schema in member.value.elements + [member.value] { try self.read(schema, path: nil, &names) }
            case "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions":
                for schema in member.value.members { try self.read(schema.value, path: nil, &names) }
            case let name? where one.contains(name): try self.read(member.value, path: nil, &names)
            default: break
            }
        }
        guard let mark = schema["x-mcp-header"] else { return }
        let plain = path?.compactMap(\.self)
        guard let plain, plain.count == path?.count, (1...64).contains(plain.count) else { throw Invalid() }
        let types = ["string", "integer", "boolean"].map { Array($0.utf8) }
        guard let token = mark.text, !token.isEmpty, token.allSatisfy(isToken), let type = schema["type"]?.text,
            types.contains(type)
        else { throw Invalid() }
        let header = "Mcp-Param-" + String(decoding: token, as: UTF8.self)
        guard names.insert(header.lowercased()).inserted else { throw Invalid() }
        self.headers[plain] = header
    }

    func fields(of arguments: ReferenceJSON?, in text: [UInt8]) -> [String] {
        let found: [(name: String, value: String)] = self.headers.compactMap { path, header in
            var value = arguments
            for name in path { value = value?.members.last { $0.name == name }?.value }
            return value.flatMap { headerText($0, in: text) }.map { (header, $0) }
        }
        return found.sorted { $0.name < $1.name }.map { "\($0.name): \($0.value)" }
    }
}

/// RFC 9110 §5.6.2.
func isToken(_ byte: UInt8) -> Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    return (0x30...0x39).contains(byte) || letters.contains(byte | 0x20) && byte >= 0x41
        || Array("!#$%&'*+-.^_`|~".utf8).contains(byte)
}

private func headerText(_ value: ReferenceJSON, in text: [UInt8]) -> String? {
    let spelling = String(decoding: text[value.range], as: UTF8.self)
    switch value.value {
    case .string(let said, _): return said.map { FieldValue.encode($0) }
    case .boolean: return spelling
    case .number(let isInteger):
        if isInteger, spelling != "-0" { return spelling }
        guard let number = Double(spelling), abs(number) < 9_007_199_254_740_992, number == number.rounded() else {
            return spelling
        }
        return String(Int(number))
    default: return nil
    }
}
