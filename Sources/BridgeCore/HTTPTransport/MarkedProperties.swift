// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The properties of a tool's `inputSchema` that bear `x-mcp-header`, as a tree of property names (R58).
struct MarkedProperties: Sendable {
    /// The header for this property's value.
    private var header: String?
    private var children: [RequestID.Text: MarkedProperties] = [:]

    init() {}

    /// No property is marked.
    var isEmpty: Bool { self.children.isEmpty }

    /// Bytes of names and headers.
    var size: Int {
        self.children.reduce(self.header?.utf8.count ?? 0) { $0 + $1.key.string.utf8.count + $1.value.size }
    }

    // MARK: Learning

    /// Finds the marks of a schema, without following references.
    init(schema: UnsafeRawBufferPointer) throws(InvalidMark) {
        guard Self.mayHaveMarks(schema) else { return }
        var headers: Set<String> = []
        var walk = SchemaWalk(schema)
        while let (mark, type, path) = walk.next() {
            guard let path, !path.isEmpty else { throw .unreachable }
            guard path.count <= Self.maxDepth else { throw .tooDeep }
            let header = try Self.header(mark, type)
            guard headers.insert(header.lowercased()).inserted else { throw .duplicate }
            var names: [RequestID.Text] = []
            for name in path {
                guard let text = JSONText.string(name) else { throw .unreachable }
                names.append(RequestID.Text(text))
            }
            self.insert(header, at: names[...])
        }
    }

    /// Marks deeper than this would make a tree that is too deep for the stack.
    private static let maxDepth = 64

    /// Spares nearly all tools the search. A key may be spelled with escapes.
    private static func mayHaveMarks(_ schema: UnsafeRawBufferPointer) -> Bool {
        schema.contains("x-mcp-header") || schema.contains("\\u")
    }

    private static func header(
        _ mark: UnsafeRawBufferPointer,
        _ type: UnsafeRawBufferPointer?
    ) throws(InvalidMark) -> String {
        guard let token = JSONText.string(mark), !token.isEmpty, token.allSatisfy(\.isTokenCharacter) else {
            throw .noToken
        }
        switch JSONText.string(type).map({ String(decoding: $0, as: UTF8.self) }) {
        case "string", "integer", "boolean": return "Mcp-Param-" + String(decoding: token, as: UTF8.self)
        default: throw .type
        }
    }

    private mutating func insert(_ header: String, at path: ArraySlice<RequestID.Text>) {
        guard let name = path.first else {
            self.header = header
            return
        }
        self.children[name, default: MarkedProperties()].insert(header, at: path.dropFirst())
    }

    // MARK: Reading

    /// Appends the headers for what stands in `object` at the marked properties; `null` and what is absent have none.
    func collect(_ object: UnsafeRawBufferPointer, into fields: inout [(name: String, value: String)]) {
        // Of several members of one name the last counts, as in the server's parser.
        var values: [RequestID.Text: Range<Int>] = [:]
        for member in ObjectMembers(object) {
            let key = UnsafeRawBufferPointer(rebasing: object[member.key])
            let name = member.isKeyEscaped ? JSONString.decode(key).map { RequestID.Text($0) } : RequestID.Text(key)
            if let name, self.children[name] != nil { values[name] = member.value }
        }
        for (name, range) in values {
            guard let property = self.children[name] else { continue }
            let value = UnsafeRawBufferPointer(rebasing: object[range])
            if let header = property.header, let text = Self.text(value) { fields.append((header, text)) }
            if !property.isEmpty { property.collect(value, into: &fields) }
        }
    }

    /// The header value for an argument, by what it is rather than by what the schema wants: the server judges that.
    private static func text(_ value: UnsafeRawBufferPointer) -> String? {
        guard let first = value.first else { return nil }
        switch first {
        case UInt8(ascii: "\""): return JSONText.string(value).map { FieldValue.encode($0) }
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return String(decoding: value, as: UTF8.self)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return Self.decimal(value)
        default: return nil
        }
    }

    /// A number in decimal. Integers with a fraction or exponent lose it where that is exact (`1e2` becomes `100`); all
    /// else, also beyond ±(2^53−1), stays as it is spelled, so that it is what the body says.
    private static func decimal(_ number: UnsafeRawBufferPointer) -> String {
        let spelling = String(decoding: number, as: UTF8.self)
        let isInteger = number.allSatisfy { $0.isDigit || $0 == UInt8(ascii: "-") }
        guard !isInteger || spelling == "-0", let double = Double(spelling), let integer = Int64(exactly: double),
            integer.magnitude < 1 << 53
        else { return spelling }
        return String(integer)
    }
}

/// Why a tool is taken out of the list, in words for the log.
enum InvalidMark: Error {
    case noToken, type, duplicate, unreachable, tooDeep

    var reason: String {
        switch self {
        case .noToken: "x-mcp-header is not a header name token"
        case .type: "x-mcp-header on a property whose type is not string, integer or boolean"
        case .duplicate: "two x-mcp-header of the same name"
        case .unreachable: "x-mcp-header where not only properties lead"
        case .tooDeep: "x-mcp-header below too many properties"
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes of `literal` stand anywhere in these.
    fileprivate func contains(_ literal: StaticString) -> Bool {
        guard let base = self.baseAddress else { return false }
        let other = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        var at = 0
        while at + other.count <= self.count, let hit = memchr(base + at, Int32(other[0]), self.count - at) {
            at = UnsafeRawPointer(hit) - base
            if self[at...].starts(with: other) { return true }
            at += 1
        }
        return false
    }
}
