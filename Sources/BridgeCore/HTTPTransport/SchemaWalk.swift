// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One pass over a JSON Schema that ``EnvelopeScanner`` has validated: finds the schemas that bear `x-mcp-header` (R58).
///
/// Each byte is looked at once, however deep the schema: whoever wrote it is not trusted. References are not followed, and
/// values that are no schemas (`default`, `enum`, `const`, unknown keywords) are stepped over: in data it is no mark.
struct SchemaWalk {
    /// A mark: its JSON value, the value of `type` beside it, and the keys, with quotes, of the properties that lead there;
    /// nil if anything but `properties` is on the way.
    typealias Mark = (
        value: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer?, path: ArraySlice<UnsafeRawBufferPointer>?
    )

    /// What an open object or array is to the schema.
    private enum Place {
        case schema, schemas, properties, schemasByName
    }

    private struct Container {
        var place: Place
        /// How many properties lead here; nil if something else is on the way.
        var depth: Int?
        var mark: UnsafeRawBufferPointer?
        var type: UnsafeRawBufferPointer?
    }

    private let text: UnsafeRawBufferPointer
    private var at = 0
    private var open: [Container] = []
    /// The keys that lead to the innermost chain of properties.
    private var path: [UnsafeRawBufferPointer] = []

    /// - Parameter schema: must outlive the walk.
    init(_ schema: UnsafeRawBufferPointer) {
        self.text = schema
        self.at = JSONText.skipSpace(schema, 0)
        self.enter(.schema, depth: 0)
    }

    /// The next mark, at the end of the schema that bears it.
    mutating func next() -> Mark? {
        while let container = self.open.last {
            self.at = JSONText.skipSpace(self.text, self.at)
            guard self.at < self.text.count else { return nil }
            switch self.text[self.at] {
            case UInt8(ascii: ","): self.at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                self.at += 1
                self.open.removeLast()
                guard let mark = container.mark else { continue }
                return (mark, container.type, container.depth.map { self.path[..<$0] })
            case UInt8(ascii: "\"") where container.place != .schemas: self.readMember(of: container)
            case _ where container.place == .schemas: self.enter(.schema, depth: nil)
            default: return nil
            }
        }
        return nil
    }

    private mutating func readMember(of container: Container) {
        let start = self.at
        let (end, isEscaped) = JSONText.skipString(self.text, start)
        let key = UnsafeRawBufferPointer(rebasing: self.text[start..<end])
        self.at = JSONText.skipSpace(self.text, JSONText.skipSpace(self.text, end) + 1)
        switch container.place {
        case .schema, .schemas: self.readKeyword(key, isEscaped: isEscaped, depth: container.depth)
        case .schemasByName: self.enter(.schema, depth: nil)
        case .properties:
            if let depth = container.depth {
                self.path.removeSubrange(depth...)
                self.path.append(key)
            }
            self.enter(.schema, depth: container.depth.map { $0 + 1 })
        }
    }

    /// The keywords whose values are schemas are those of 2020-12 and of the drafts before.
    private mutating func readKeyword(_ key: UnsafeRawBufferPointer, isEscaped: Bool, depth: Int?) {
        let contents = UnsafeRawBufferPointer(rebasing: key.dropFirst().dropLast())
        let name = isEscaped ? JSONString.decode(contents).map { String(decoding: $0, as: UTF8.self) } : nil
        switch name ?? String(decoding: contents, as: UTF8.self) {
        case "x-mcp-header": self.open[self.open.count - 1].mark = self.readValue()
        case "type": self.open[self.open.count - 1].type = self.readValue()
        case "properties": self.enter(.properties, depth: depth)
        case "allOf", "anyOf", "oneOf", "prefixItems", "items": self.enter(.schemas, depth: nil)
        case "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties", "not",
            "if", "then", "else", "contentSchema", "additionalItems":
            self.enter(.schema, depth: nil)
        case "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions":
            self.enter(.schemasByName, depth: nil)
        default: _ = self.readValue()
        }
    }

    private mutating func readValue() -> UnsafeRawBufferPointer {
        let start = Swift.min(self.at, self.text.count)
        self.at = JSONText.skipValue(self.text, start)
        return UnsafeRawBufferPointer(rebasing: self.text[start..<self.at])
    }

    /// Goes into the value at `at` if it can be what the place wants, else past it.
    private mutating func enter(_ place: Place, depth: Int?) {
        let first = self.at < self.text.count ? self.text[self.at] : 0
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") && place == .schemas else {
            let start = self.at
            _ = self.readValue()
            // Nothing stood there: a text that is no JSON must not hold the walk up.
            if self.at == start { self.at = self.text.count }
            return
        }
        // `items` is one schema or, in older drafts, a list.
        let isOne = place == .schemas && first == UInt8(ascii: "{")
        self.open.append(Container(place: isOne ? .schema : place, depth: depth))
        self.at += 1
    }
}
