// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A text of the operator's with places for what a client brings: `Bearer {{header:X-Token}}` (R72).
///
/// Parsed once, when the configuration is read; expanded once per handshake. What is put in is never looked at again, so
/// that nothing a client sends can name another value. Descriptions show the places only: the text between them may be a
/// secret (R73).
package struct ValueTemplate: Sendable, Equatable {
    /// What stands between the braces.
    package enum Source: Sendable, Hashable {
        /// The field of the handshake of this name; its case does not count.
        case header(String)
        /// A claim of the client's token.
        case claim(String)
        /// The name of the principal.
        case principal
        /// The address of the client.
        case peer
    }

    /// Why a text is no template.
    package struct Malformed: Error, Equatable {
        /// A predicate that follows the name of the key.
        package let reason: String
        /// Where the braces open, in bytes from the beginning of the text.
        package let offset: Int
    }

    private enum Part: Sendable, Equatable {
        case text(String)
        case value(Source)
    }

    private let parts: [Part]

    /// Whether a text has to be read as a template.
    package static func isTemplate(_ text: String) -> Bool {
        // By bytes, as below: a combining mark behind a brace would make one Character of the two.
        Self.pair(UInt8(ascii: "{"), in: Substring(text).utf8[...]) != nil
    }

    /// Reads `{{header:NAME}}`, `{{claim:NAME}}`, `{{principal}}` and `{{peer}}`; `{{"{{"}}` and `{{'{{'}}` stand for two
    /// braces, all else for itself.
    package init(parsing text: String) throws(Malformed) {
        var parts: [Part] = []
        var rest = Substring(text).utf8[...]
        func add(_ text: String) {
            if case .text(let before)? = parts.last {
                parts[parts.count - 1] = .text(before + text)
            } else {
                parts.append(.text(text))
            }
        }
        func take(_ end: Substring.UTF8View.Index) {
            if end > rest.startIndex { add(String(Substring(rest[..<end]))) }
        }
        while let open = Self.pair(UInt8(ascii: "{"), in: rest) {
            take(open)
            let offset = text.utf8.distance(from: text.startIndex, to: open)
            rest = rest[rest.index(open, offsetBy: 2)...]
            guard let close = Self.pair(UInt8(ascii: "}"), in: rest) else {
                throw Malformed(reason: "holds `{{` without `}}` behind it", offset: offset)
            }
            let inside = String(Substring(rest[..<close]))
            if inside == "\"{{\"" || inside == "'{{'" {
                add("{{")
            } else {
                parts.append(.value(try Self.source(inside, offset)))
            }
            rest = rest[rest.index(close, offsetBy: 2)...]
        }
        take(rest.endIndex)
        self.parts = parts
    }

    private static func pair(_ byte: UInt8, in text: Substring.UTF8View) -> Substring.UTF8View.Index? {
        text.indices.first { text[$0] == byte && text[text.index(after: $0)...].first == byte }
    }

    private static func source(_ text: String, _ offset: Int) throws(Malformed) -> Source {
        let words = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let kind = String(Substring(words[0]))
        let name = words.count > 1 ? String(Substring(words[1])) : nil
        switch (kind, name) {
        case ("header", let name?):
            guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else {
                throw Malformed(reason: "names a header that none can be: write {{header:X-Name}}", offset: offset)
            }
            return .header(name)
        case ("claim", let name?):
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "{") }) else {
                throw Malformed(reason: "names no claim: write {{claim:name}}", offset: offset)
            }
            return .claim(name)
        case ("principal", nil): return .principal
        case ("peer", nil): return .peer
        case ("header", nil), ("claim", nil):
            throw Malformed(reason: "must say which \(kind): write {{\(kind):NAME}}", offset: offset)
        default:
            throw Malformed(
                reason: "may hold {{header:NAME}}, {{claim:NAME}}, {{principal}} and {{peer}}, and no other template",
                offset: offset
            )
        }
    }

    /// All that the template asks for, in its order.
    package var sources: [Source] {
        self.parts.compactMap { if case .value(let source) = $0 { source } else { nil } }
    }

    /// The text that this is where it asks for nothing; nil where it does.
    package var plainText: String? {
        switch (self.parts.first, self.parts.count) {
        case (nil, _): ""
        case (.text(let text)?, 1): text
        default: nil
        }
    }

    /// The value at the very beginning, where there is one: it decides how the expanded text begins.
    var leadingSource: Source? {
        if case .value(let source)? = self.parts.first { source } else { nil }
    }

    /// The text with every value in its place.
    ///
    /// - Parameter values: all values of a source; exactly one is wanted.
    package func expanded(
        _ values: (Source) throws(TemplateFailure) -> [String]
    ) throws(TemplateFailure) -> String {
        var text = ""
        for part in self.parts {
            switch part {
            case .text(let literal): text += literal
            case .value(let source):
                let found = try values(source)
                guard let value = found.first else { throw TemplateFailure(source, .missing) }
                guard found.count == 1 else { throw TemplateFailure(source, .repeated) }
                // NUL ends a variable, CR and LF a field; nobody needs the other control characters.
                guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
                    throw TemplateFailure(source, .controlCharacter)
                }
                text += value
            }
        }
        return text
    }
}

extension ValueTemplate.Source: CustomStringConvertible {
    package var description: String {
        switch self {
        case .header(let name): "the header \(name)"
        case .claim(let name): "the claim \(name) of the token"
        case .principal: "a principal"
        case .peer: "an address of the client"
        }
    }
}

extension ValueTemplate: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        self.parts.map { part in
            switch part {
            case .text: "…"
            case .value(.header(let name)): "{{header:\(name)}}"
            case .value(.claim(let name)): "{{claim:\(name)}}"
            case .value(.principal): "{{principal}}"
            case .value(.peer): "{{peer}}"
            }
        }.joined()
    }

    package var debugDescription: String { self.description }

    /// Keeps `dump` and the reflection of enclosing values from walking into the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
