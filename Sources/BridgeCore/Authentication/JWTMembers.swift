// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// The members of one JSON object of a token or of a key set, none of them twice.
struct JWTMembers {
    /// More members are refused: no issuer needs so many, and each is looked at.
    static let maxCount = 256

    private let text: [UInt8]
    private var values: [[UInt8]: Range<Int>] = [:]

    /// Reads an object and nothing behind it. Names compare after unescaping, byte for byte.
    ///
    /// - Parameter text: any bytes.
    init(_ text: [UInt8]) throws(JWTFault) {
        self.text = text
        guard let values = try Self.members(of: text) else { throw .malformed }
        self.values = values
    }

    private static func members(of text: [UInt8]) throws(JWTFault) -> [[UInt8]: Range<Int>]? {
        var isDuplicate = false
        let values = text.withUnsafeBytes { bytes -> [[UInt8]: Range<Int>]? in
            guard UTF8Check(bytes) == .valid, let envelope = try? EnvelopeScanner.scan(bytes), envelope.isObject else {
                return nil
            }
            var values: [[UInt8]: Range<Int>] = [:]
            for member in ObjectMembers(bytes) {
                let key = UnsafeRawBufferPointer(rebasing: bytes[member.key])
                guard let name = JSONString.decode(key), values.count < Self.maxCount else { return nil }
                if values.updateValue(member.value, forKey: name) != nil { isDuplicate = true }
            }
            return values
        }
        if isDuplicate { throw .duplicateMember }
        return values
    }

    func has(_ name: String) -> Bool { self.values[Array(name.utf8)] != nil }

    /// Gives `body` the JSON text of a member, without white space round it.
    private func with<Result>(_ name: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let range = self.values[Array(name.utf8)] else { return nil }
        return self.text.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// The text of a string; nil where there is none, or something else.
    func string(_ name: String) -> [UInt8]? {
        self.with(name) { JSONText.string($0) } ?? nil
    }

    /// The strings of an array of nothing else; nil where there is none, or something else.
    func strings(_ name: String) -> [[UInt8]]? {
        let strings = self.with(name) { value -> [[UInt8]]? in
            guard value.first == UInt8(ascii: "[") else { return nil }
            var strings: [[UInt8]] = []
            for range in ArrayElements(value) {
                let element = UnsafeRawBufferPointer(rebasing: value[range])
                let end = JSONText.skipValue(element, 0)
                guard let text = JSONText.string(UnsafeRawBufferPointer(rebasing: element[..<end])) else { return nil }
                strings.append(text)
            }
            return strings
        }
        return strings ?? nil
    }

    /// The objects of an array as texts; what else is in it is left out. Nil where there is no array.
    func objects(_ name: String) -> [[UInt8]]? {
        let objects = self.with(name) { value -> [[UInt8]]? in
            guard value.first == UInt8(ascii: "[") else { return nil }
            return ArrayElements(value).lazy
                .filter { value[$0.lowerBound] == UInt8(ascii: "{") }
                .map { Array(value[$0]) }
        }
        return objects ?? nil
    }

    /// A string's text, or the spelling of a number or boolean: what can be written into a header or a variable.
    func scalar(_ name: String) -> [UInt8]? {
        let scalar = self.with(name) { value -> [UInt8]? in
            switch value.first {
            case UInt8(ascii: "\""): JSONText.string(value)
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "n"), nil: nil
            default: Array(value)
            }
        }
        return scalar ?? nil
    }

    /// A `NumericDate` (RFC 7519 §2) in seconds since 1970, a fraction cut off.
    ///
    /// - Throws: if it is something else than a plain number, or beyond the year 9999: milliseconds are a common mistake.
    func date(_ name: String) throws(JWTFault) -> Int64? {
        guard let text = self.with(name, { Array($0) }) else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let digits: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let whole = parts.first, let sign = whole.first, sign == UInt8(ascii: "-") || digits(sign),
            whole.dropFirst().allSatisfy(digits), parts.dropFirst().allSatisfy({ $0.allSatisfy(digits) }),
            let seconds = Int64(String(decoding: whole, as: UTF8.self)),
            (-253_402_300_799...253_402_300_799).contains(seconds)
        else { throw .malformedClaim(name) }
        return seconds
    }
}
