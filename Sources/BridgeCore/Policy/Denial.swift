// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Something that a policy kept from a server: what the log and the audit record tell of it.
package struct Denial: Sendable, Equatable {
    /// The most of a name that is shown, in bytes.
    package static let nameLimit = 128

    package let kind: AccessPolicy.Kind
    /// One of MCP's methods.
    package let method: String
    /// ``shown(_:_:)``; empty where the message has none that can be read.
    package let name: String
    /// What the message's `_meta` says it belongs to.
    package private(set) var trace: TraceParent?

    init(_ kind: AccessPolicy.Kind, method: String, name: [UInt8]?) {
        self.kind = kind
        self.method = method
        self.name = name.map { Self.shown($0, kind) } ?? ""
    }

    func within(_ trace: TraceParent?) -> Denial {
        var denial = self
        denial.trace = trace
        return denial
    }

    /// A name as a log may have it: its beginning, with `\u{…}` for all but letters, digits and ASCII's marks. Of a URI
    /// neither the user nor the query, which may be secrets (R73).
    static func shown(_ name: [UInt8], _ kind: AccessPolicy.Kind) -> String {
        var bytes = name[...]
        var isCut = false
        if kind == .resource, let end = bytes.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") })
        {
            bytes = bytes[...end]
            isCut = true
        }
        var start = ""
        if kind == .resource, let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[colon...].starts(with: "://".utf8)
        {
            let authority = colon + 3
            let end = bytes[authority...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
            if let at = bytes[authority..<end].lastIndex(of: UInt8(ascii: "@")) {
                start = String(decoding: bytes[..<authority], as: UTF8.self) + "…"
                bytes = bytes[at...]
            }
        }
        if bytes.count > Self.nameLimit {
            var end = bytes.startIndex + Self.nameLimit
            while bytes[end] & 0xC0 == 0x80 { end -= 1 }
            bytes = bytes[..<end]
            isCut = true
        }
        var shown = ""
        for scalar in (start + String(decoding: bytes, as: UTF8.self)).unicodeScalars {
            let isPlain = scalar.isASCII ? scalar.value >= 0x20 && scalar.value != 0x7F && scalar != "\\" : false
            if isPlain || scalar == "…" || !scalar.isASCII && scalar.properties.isAlphabetic {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return isCut ? shown + "…" : shown
    }
}

/// The denials of one connection on their way to the log: a client that tries on and on must not fill it.
///
/// A value without clock. Keeps what one wake-up brings until it is taken.
package struct DenialLog: Sendable {
    /// Denials that go to the log in one second.
    package static let perSecond = 50

    /// The text that answers the message denied last, until it is sent; empty for a notification.
    var answer: [UInt8] = []
    private var pending: [Denial] = []
    /// Denials that the rate limit kept from the log since it was last told.
    private var suppressed = 0
    private var windowStart: Int64 = .min
    private var inWindow = 0

    mutating func note(_ denial: Denial) {
        guard self.pending.count < Self.perSecond else {
            self.suppressed += 1
            return
        }
        self.pending.append(denial)
    }

    /// Takes what may be logged now, and how many were not before; those are told of once a second and at the end.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of a monotonic clock.
    ///   - isEnd: nothing comes after this.
    package mutating func take(now: Int64, isEnd: Bool = false) -> (denials: [Denial], suppressed: Int) {
        var told = 0
        if self.windowStart == .min || now - self.windowStart >= 1_000_000_000 {
            self.windowStart = now
            self.inWindow = 0
            swap(&told, &self.suppressed)
        }
        let count = min(self.pending.count, Self.perSecond - self.inWindow)
        let denials = Array(self.pending.prefix(count))
        self.suppressed += self.pending.count - count
        self.inWindow += count
        self.pending = []
        if isEnd {
            told += self.suppressed
            self.suppressed = 0
        }
        return (denials, told)
    }
}
