// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Which parts of messages an operator who looks at a connection does not get to see.
///
/// The value of a member whose name says that it is a secret is replaced, at whatever depth, but for the members of the message
/// itself (`id`, `method`, …). Long texts are cut.
package struct TapRedaction: Sendable {
    /// What is never shown. Names compare without regard to case, `-` and `_`; `*` stands for any characters.
    package static let always = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "*password*", "passwd", "passphrase",
        "*secret*",
        "*api_key*", "*access_key*", "*private_key*", "token", "*access_token*", "*refresh_token*", "*id_token*",
        "*auth_token*", "*bearer*", "*session_token*", "credential", "credentials",
    ]
    /// The most of a text that is shown, in characters.
    package static let textLimit = 1_024

    private let names: [NamePattern]

    /// - Parameter more: names beside ``always``.
    package init(_ more: [NamePattern]) {
        self.names = (Self.always + more.map(\.text)).map { name in
            NamePattern(String(decoding: Self.plain(Array(name.utf8)), as: UTF8.self))
        }
    }

    /// Appends a message on one line, without what must not be seen; false, and nothing, if it is no JSON.
    package func append(_ text: UnsafeRawBufferPointer, to output: inout [UInt8]) -> Bool {
        guard (try? EnvelopeScanner.scan(text)) != nil else { return false }
        var walk = Walk(text: text)
        while let token = walk.next() {
            switch token {
            case .mark(let byte): output.append(byte)
            case .scalar(let range): output.append(contentsOf: text[range])
            case .string(let range): Self.append(text, range, to: &output)
            case .name(let range):
                output.append(contentsOf: text[range])
                guard walk.depth > 1, self.hides(UnsafeRawBufferPointer(rebasing: text[range].dropFirst().dropLast()))
                else { continue }
                walk.skipValue()
                output.append(contentsOf: ":\"[redacted]\"".utf8)
            }
        }
        return true
    }

    private func hides(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let text = JSONString.decode(name) else { return true }
        let plain = Self.plain(text)
        return self.names.contains { $0.matches(plain) }
    }

    /// A name as names are compared.
    private static func plain(_ name: [UInt8]) -> [UInt8] {
        name.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
            .map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    private static func append(_ text: UnsafeRawBufferPointer, _ range: Range<Int>, to output: inout [UInt8]) {
        guard range.count > Self.textLimit,
            let whole = JSONString.decode(UnsafeRawBufferPointer(rebasing: text[range].dropFirst().dropLast()))
        else { return output.append(contentsOf: text[range]) }
        let scalars = String(decoding: whole, as: UTF8.self).unicodeScalars
        let beginning = String(String.UnicodeScalarView(scalars.prefix(Self.textLimit)))
        guard beginning.utf8.count < whole.count else { return output.append(contentsOf: text[range]) }
        JSONString.append("\(beginning)… (\(whole.count) bytes)".utf8, to: &output)
    }
}

/// The tokens of a text that is known to be JSON, without the white space between them.
private struct Walk {
    enum Token {
        /// A bracket, a comma, a colon.
        case mark(UInt8)
        /// A member's, with its quotes.
        case name(Range<Int>)
        case string(Range<Int>)
        case scalar(Range<Int>)
    }

    let text: UnsafeRawBufferPointer
    private var at = 0
    /// Of each open bracket, whether it is that of an object.
    private var objects: [Bool] = []
    /// A name comes next, if a string does.
    private var isBeforeName = false

    init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    /// Open brackets.
    var depth: Int { self.objects.count }

    mutating func next() -> Token? {
        self.skipSpace()
        guard self.at < self.text.count else { return nil }
        let start = self.at
        let byte = self.text[start]
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            self.objects.append(byte == UInt8(ascii: "{"))
            self.isBeforeName = byte == UInt8(ascii: "{")
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            _ = self.objects.popLast()
            self.isBeforeName = false
        case UInt8(ascii: ","): self.isBeforeName = self.objects.last ?? false
        case UInt8(ascii: ":"): self.isBeforeName = false
        case UInt8(ascii: "\""):
            self.skipString()
            return self.isBeforeName ? .name(start..<self.at) : .string(start..<self.at)
        default:
            while self.at < self.text.count, !Self.endsScalar(self.text[self.at]) { self.at += 1 }
            return .scalar(start..<self.at)
        }
        self.at += 1
        return .mark(byte)
    }

    /// Behind a name: passes over the colon and the value.
    mutating func skipValue() {
        let depth = self.depth
        // The colon.
        _ = self.next()
        repeat { guard self.next() != nil else { return } } while self.depth > depth
    }

    private mutating func skipSpace() {
        while self.at < self.text.count, self.text[self.at] <= 0x20 { self.at += 1 }
    }

    private mutating func skipString() {
        self.at += 1
        while self.at < self.text.count, self.text[self.at] != UInt8(ascii: "\"") {
            self.at += self.text[self.at] == UInt8(ascii: "\\") ? 2 : 1
        }
        self.at += 1
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}
