// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON text as RFC 8259 has it, read into a tree with the place of everything: the oracle of what never builds one.
struct ReferenceJSON {
    enum Value {
        case object([Member])
        case array([ReferenceJSON])
        /// The text is nil if an escape names half of a surrogate pair.
        case string([UInt8]?, isEscaped: Bool)
        case number(isInteger: Bool)
        case boolean
        case null
    }

    struct Member {
        /// The key's contents, between its quotes.
        var key: Range<Int>
        /// The key unescaped; nil as in ``Value/string(_:isEscaped:)``.
        var name: [UInt8]?
        var isEscaped: Bool
        var value: ReferenceJSON
    }

    var range: Range<Int>
    var value: Value

    /// Nil if the text is no JSON, or has more than `maxDepth` containers in each other.
    init?(_ bytes: [UInt8], maxDepth: Int = 1024) {
        var reader = Reader(bytes: bytes, maxDepth: maxDepth)
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        guard reader.at == bytes.count else { return nil }
        self = value
    }

    fileprivate init(_ range: Range<Int>, _ value: Value) {
        self.range = range
        self.value = value
    }

    var members: [Member] {
        if case .object(let members) = self.value { members } else { [] }
    }

    var elements: [ReferenceJSON] {
        if case .array(let elements) = self.value { elements } else { [] }
    }

    var isObject: Bool {
        if case .object = self.value { true } else { false }
    }

    var isArray: Bool {
        if case .array = self.value { true } else { false }
    }

    /// What a string says.
    var text: [UInt8]? {
        if case .string(let text, _) = self.value { text } else { nil }
    }

    /// The value of a member; of several the last.
    subscript(name: String) -> ReferenceJSON? {
        self.members.last { $0.name == Array(name.utf8) }?.value
    }

    /// How many containers are in each other, this one included.
    var depth: Int {
        switch self.value {
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        default: 0
        }
    }

    /// Whether an object, at whatever depth, has two members of one name.
    var hasTwins: Bool {
        let names = self.members.map { $0.name ?? [] }
        return Set(names).count < names.count || self.members.contains { $0.value.hasTwins }
            || self.elements.contains(where: \.hasTwins)
    }

    /// Whether a string, at whatever depth, has half of a surrogate pair.
    var hasHalfPairs: Bool {
        if case .string(nil, _) = self.value { return true }
        return self.members.contains { $0.name == nil || $0.value.hasHalfPairs }
            || self.elements.contains(where: \.hasHalfPairs)
    }
}

private struct Reader {
    let bytes: [UInt8]
    let maxDepth: Int
    var at = 0

    var next: UInt8? { self.at < self.bytes.count ? self.bytes[self.at] : nil }

    mutating func skipSpace() {
        while let byte = self.next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { self.at += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        self.skipSpace()
        guard self.next == UInt8(ascii: character) else { return false }
        self.at += 1
        return true
    }

    mutating func value(depth: Int) -> ReferenceJSON? {
        self.skipSpace()
        let start = self.at
        switch self.next {
        case UInt8(ascii: "{"):
            guard depth < self.maxDepth, let members = self.members(depth: depth + 1) else { return nil }
            return ReferenceJSON(start..<self.at, .object(members))
        case UInt8(ascii: "["):
            guard depth < self.maxDepth, let elements = self.elements(depth: depth + 1) else { return nil }
            return ReferenceJSON(start..<self.at, .array(elements))
        case UInt8(ascii: "\""):
            guard let (text, isEscaped) = self.string() else { return nil }
            return ReferenceJSON(start..<self.at, .string(text, isEscaped: isEscaped))
        default: break
        }
        for (word, value) in [("true", ReferenceJSON.Value.boolean), ("false", .boolean), ("null", .null)] {
            guard self.bytes[start...].starts(with: word.utf8) else { continue }
            self.at += word.utf8.count
            return ReferenceJSON(start..<self.at, value)
        }
        guard let isInteger = self.number() else { return nil }
        return ReferenceJSON(start..<self.at, .number(isInteger: isInteger))
    }

    private mutating func members(depth: Int) -> [ReferenceJSON.Member]? {
        self.at += 1
        var members: [ReferenceJSON.Member] = []
        if self.take("}") { return members }
        repeat {
            self.skipSpace()
            let start = self.at + 1
            guard self.next == UInt8(ascii: "\""), let (name, isEscaped) = self.string() else { return nil }
            let key = start..<self.at - 1
            guard self.take(":"), let value = self.value(depth: depth) else { return nil }
            members.append(ReferenceJSON.Member(key: key, name: name, isEscaped: isEscaped, value: value))
        } while self.take(",")
        return self.take("}") ? members : nil
    }

    private mutating func elements(depth: Int) -> [ReferenceJSON]? {
        self.at += 1
        var elements: [ReferenceJSON] = []
        if self.take("]") { return elements }
        repeat {
            guard let value = self.value(depth: depth) else { return nil }
            elements.append(value)
        } while self.take(",")
        return self.take("]") ? elements : nil
    }

    /// Whether a number is an integer; nil if none stands here.
    private mutating func number() -> Bool? {
        if self.next == UInt8(ascii: "-") { self.at += 1 }
        let start = self.at
        guard self.digits() else { return nil }
        if self.bytes[start] == UInt8(ascii: "0"), self.at > start + 1 { return nil }
        var isInteger = true
        if self.next == UInt8(ascii: ".") {
            isInteger = false
            self.at += 1
            guard self.digits() else { return nil }
        }
        if self.next == UInt8(ascii: "e") || self.next == UInt8(ascii: "E") {
            isInteger = false
            self.at += 1
            if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { self.at += 1 }
            guard self.digits() else { return nil }
        }
        return isInteger
    }

    private mutating func digits() -> Bool {
        let start = self.at
        while let byte = self.next, (0x30...0x39).contains(byte) { self.at += 1 }
        return self.at > start
    }

    /// A string's text, nil for half of a pair, and whether it had escapes; nil if it is none.
    private mutating func string() -> (text: [UInt8]?, isEscaped: Bool)? {
        self.at += 1
        // UTF-16 for what is escaped, so that halves meet only those of the same kind.
        var text: [UInt8] = []
        var isEscaped = false
        var isHalf = false
        var high: UInt32?
        while let byte = self.next {
            self.at += 1
            if byte == UInt8(ascii: "\\"), self.next == UInt8(ascii: "u") {
                isEscaped = true
                self.at += 1
                let digits = self.bytes[self.at...].prefix(4)
                guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
                    let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return nil }
                self.at += 4
                switch (high, unit) {
                case (let first?, 0xDC00...0xDFFF):
                    let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) * 0x400 + (unit - 0xDC00))
                    if let scalar { text += Array(String(Character(scalar)).utf8) }
                    high = nil
                case (nil, 0xD800...0xDBFF): high = unit
                default:
                    guard high == nil, let scalar = Unicode.Scalar(unit) else {
                        isHalf = true
                        high = (0xD800...0xDBFF).contains(unit) ? unit : nil
                        continue
                    }
                    text += Array(String(Character(scalar)).utf8)
                }
                continue
            }
            if high != nil { isHalf = true }
            high = nil
            switch byte {
            case UInt8(ascii: "\""): return (isHalf ? nil : text, isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                let plain: [Unicode.Scalar: UInt8] = [
                    "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 0x08, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09,
                ]
                guard let letter = self.next, let byte = plain[Unicode.Scalar(letter)] else { return nil }
                text.append(byte)
                self.at += 1
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }
}
