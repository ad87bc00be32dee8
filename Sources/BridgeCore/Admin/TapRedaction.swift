// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Which parts of messages an operator who looks at a connection does not get to see.
///
/// The value of a member whose name says that it is a secret is replaced, at whatever depth, but for the members of JSON-RPC
/// itself (`id`, `method`, …), and so are known secrets within texts, however they are spelled. Long texts are cut. Takes time in
/// proportion to the message.
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

    /// Longer messages are not shown: to look through one takes an event loop's time.
    package static let messageLimit = 1 << 20
    /// The members of a message whose values are never hidden (JSON-RPC 2.0, sections 4 and 5).
    private static let envelope = ["jsonrpc", "id", "method", "params", "result", "error"].map { Array($0.utf8) }

    private let names: [NamePattern]
    /// The longest first, lest a shorter one leave the end of it behind.
    private var secrets: [[UInt8]] = []

    /// - Parameter more: names beside ``always``.
    package init(_ more: [NamePattern]) {
        self.names = (Self.always + more.map(\.text)).map { name in
            NamePattern(String(decoding: Self.plain(Array(name.utf8)), as: UTF8.self))
        }
    }

    /// The same, with what must not be shown wherever it stands.
    package func hiding(_ secrets: [String]) -> TapRedaction {
        var redaction = self
        redaction.secrets = secrets.flatMap { $0.utf8.split { $0 == 0x0A || $0 == 0x0D } }.map { Array($0) }
            .filter { $0.count >= 4 }.sorted { $0.count > $1.count }
        return redaction
    }

    /// Appends a message on one line, without what must not be seen; false, and nothing, if it is no JSON.
    package func append(_ text: UnsafeRawBufferPointer, to output: inout [UInt8]) -> Bool {
        guard (try? EnvelopeScanner.scan(text)) != nil else { return false }
        var walk = Walk(text: text)
        while let token = walk.next() {
            switch token {
            case .mark(let byte): output.append(byte)
            case .scalar(let range): output.append(contentsOf: text[range])
            case .string(let range): self.append(text, range, to: &output)
            case .name(let range):
                self.append(text, range, to: &output)
                let name = UnsafeRawBufferPointer(rebasing: text[range].dropFirst().dropLast())
                guard self.hides(name, isOutermost: walk.depth == 1) else { continue }
                walk.skipValue()
                output.append(contentsOf: ":\"[redacted]\"".utf8)
            }
        }
        return true
    }

    private func hides(_ name: UnsafeRawBufferPointer, isOutermost: Bool) -> Bool {
        guard let text = JSONString.decode(name) else { return true }
        if isOutermost, Self.envelope.contains(text) { return false }
        let plain = Self.plain(text)
        return self.names.contains { $0.matches(plain) }
    }

    /// A name as names are compared.
    private static func plain(_ name: [UInt8]) -> [UInt8] {
        name.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
            .map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    private func append(_ text: UnsafeRawBufferPointer, _ range: Range<Int>, to output: inout [UInt8]) {
        guard range.count > Self.textLimit || !self.secrets.isEmpty else {
            return output.append(contentsOf: text[range])
        }
        guard let whole = JSONString.decode(UnsafeRawBufferPointer(rebasing: text[range].dropFirst().dropLast())) else {
            return output.append(contentsOf: "\"[unreadable]\"".utf8)
        }
        let shown = String(decoding: self.redacted(whole), as: UTF8.self)
        let beginning = String(String.UnicodeScalarView(shown.unicodeScalars.prefix(Self.textLimit)))
        if beginning.utf8.count < shown.utf8.count {
            JSONString.append("\(beginning)… (\(whole.count) bytes)".utf8, to: &output)
        } else if shown.utf8.elementsEqual(whole) {
            output.append(contentsOf: text[range])
        } else {
            JSONString.append(shown.utf8, to: &output)
        }
    }

    private func redacted(_ text: [UInt8]) -> [UInt8] {
        guard !self.secrets.isEmpty else { return text }
        var shown: [UInt8] = []
        shown.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            if let secret = self.secrets.first(where: { text[at...].starts(with: $0) }) {
                shown.append(contentsOf: "[redacted]".utf8)
                at += secret.count
            } else {
                shown.append(text[at])
                at += 1
            }
        }
        return shown
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
