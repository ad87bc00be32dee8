// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `{ allow = […], deny = […] }`: which names of one kind clients may use.
package struct AccessRule: Sendable, Equatable {
    /// Nil allows every name, an empty list none.
    package var allow: [NamePattern]?
    /// Wins over ``allow``.
    package var deny: [NamePattern]

    package init(allow: [NamePattern]? = nil, deny: [NamePattern] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// Nothing is forbidden, so that nothing need be looked at.
    package var isOpen: Bool { self.allow == nil && self.deny.isEmpty }

    func allows(_ name: [UInt8]) -> Bool {
        guard !self.deny.contains(where: { $0.matches(name) }) else { return false }
        return self.allow?.contains { $0.matches(name) } ?? true
    }
}

/// What clients may use of one server: its tools, its prompts, its resources.
///
/// Whatever cannot be read for certain is denied: a name that is no string, or that a server might read otherwise than
/// the bridge. A class, made once a server: a session keeps a reference, which is nil where there is no policy.
package final class AccessPolicy: Sendable {
    /// What a name belongs to.
    package enum Kind: String, Sendable {
        case tool
        case prompt
        /// Named by its URI.
        case resource
    }

    /// Nil where all is allowed.
    private let tools: AccessRule?
    private let prompts: AccessRule?
    private let resources: AccessRule?

    /// Nil if no rule forbids anything.
    package init?(tools: AccessRule = .init(), prompts: AccessRule = .init(), resources: AccessRule = .init()) {
        guard !(tools.isOpen && prompts.isOpen && resources.isOpen) else { return nil }
        self.tools = tools.isOpen ? nil : tools
        self.prompts = prompts.isOpen ? nil : prompts
        self.resources = resources.isOpen ? nil : resources
    }

    /// Whether names of this kind are judged at all.
    func judges(_ kind: Kind) -> Bool { self.rule(kind) != nil }

    /// Whether clients may use, and see, the thing of this name.
    ///
    /// - Parameter name: UTF-8, after unescaping.
    func allows(_ kind: Kind, _ name: [UInt8]) -> Bool {
        guard let rule = self.rule(kind) else { return true }
        // No name holds a control character, and programs in C read none past a NUL.
        guard !name.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return false }
        // `file:///public/../secret` would match a pattern that it does not stay in.
        if kind == .resource, DotSegments.stand(in: name) { return false }
        return rule.allows(name)
    }

    private func rule(_ kind: Kind) -> AccessRule? {
        switch kind {
        case .tool: self.tools
        case .prompt: self.prompts
        case .resource: self.resources
        }
    }
}

/// `.` and `..` as steps of a URI's path (RFC 3986 §5.2.4), plain or percent-encoded.
enum DotSegments {
    static func stand(in uri: [UInt8]) -> Bool {
        var dots = 0
        var isSegment = true
        var at = 0
        while at < uri.count {
            let byte = Self.next(uri, &at)
            switch byte {
            case UInt8(ascii: "."): dots += 1
            // The backslash is a slash to some; the others stand before a path, or behind a segment.
            case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "?"),
                UInt8(ascii: "#"):
                if isSegment, dots == 1 || dots == 2 { return true }
                dots = 0
                isSegment = true
            default: isSegment = false
            }
        }
        return isSegment && (dots == 1 || dots == 2)
    }

    /// The byte at `at`, or the one that is escaped there.
    private static func next(_ uri: [UInt8], _ at: inout Int) -> UInt8 {
        let byte = uri[at]
        at += 1
        guard byte == UInt8(ascii: "%"), at + 2 <= uri.count, let high = JSONString.hexDigit(uri[at]),
            let low = JSONString.hexDigit(uri[at + 1])
        else { return byte }
        at += 2
        return high << 4 | low
    }
}
