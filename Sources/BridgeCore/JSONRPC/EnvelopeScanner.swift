// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import CBytes

/// One pass over a message: validates it as JSON (RFC 8259) and finds the values of ``Envelope`` on the way.
///
/// The caller has validated UTF-8. Nothing is allocated for a message of ordinary depth: its stack of open containers
/// lives in stack memory. What a message without surprises needs is inlined into one loop, for certain: the mere hint is
/// not followed for the larger parts. A request and a response of 200 bytes take 3,300 instructions together; with a call
/// per token, and without vector instructions, 7,300.
package enum EnvelopeScanner {
    /// Containers nested deeper than this are refused, so that a hostile text costs nobody's stack.
    package static let maxDepth = 1024
    /// Swift takes 1,024 bytes of temporary memory from the stack, more from the heap, at 100 ns a message. What is
    /// nested deeper is scanned anew with room for all.
    private static let ordinaryDepth = 1024 / MemoryLayout<Container>.stride - 1

    package static func scan(_ text: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> Envelope {
        var envelope = Envelope()
        if let error = Self.run(text, &envelope) { throw error }
        return envelope
    }

    /// What can be told of a text that may break off or break down at any point: all that stands before.
    package static func scanPrefix(_ text: UnsafeRawBufferPointer) -> Envelope {
        var envelope = Envelope()
        _ = Self.run(text, &envelope)
        return envelope
    }

    private static func run(_ text: UnsafeRawBufferPointer, _ envelope: inout Envelope) -> JSONSyntaxError? {
        let error = Self.run(text, depth: Self.ordinaryDepth, &envelope)
        guard error?.reason == .tooDeep else { return error }
        envelope = Envelope()
        return Self.run(text, depth: Self.maxDepth, &envelope)
    }

    @inline(__always)
    private static func run(
        _ text: UnsafeRawBufferPointer,
        depth: Int,
        _ envelope: inout Envelope
    ) -> JSONSyntaxError? {
        guard let base = text.baseAddress else { return JSONSyntaxError(reason: .unexpectedEnd, offset: 0) }
        return withUnsafeTemporaryAllocation(of: Container.self, capacity: depth + 1) { stack in
            var pass = ScanPass(
                bytes: base.assumingMemoryBound(to: UInt8.self),
                end: text.count,
                stack: stack.baseAddress.unsafelyUnwrapped,
                maxDepth: depth
            )
            do throws(JSONSyntaxError) {
                try pass.run(&envelope)
                return nil
            } catch {
                // A number that runs into the fault may have been the beginning of a longer one.
                if let id = envelope.id, id.isNumber, id.end == error.offset { envelope.id = nil }
                if let method = envelope.method, method.isNumber, method.end == error.offset { envelope.method = nil }
                return error
            }
        }
    }
}

/// What an object is to the bridge; decides which of its keys name values to remember.
private enum Role: UInt8 {
    case other
    case root
    case params
    case meta
    case result
}

/// An open array or object.
private struct Container {
    /// Bit per ``KnownKey`` already seen in this object.
    var seen: UInt32 = 0
    /// The bracket that ends it.
    var closer: UInt8
    var role: Role
    /// The key whose value it is.
    var key: KnownKey?

    @inline(__always)
    var isObject: Bool { self.closer == UInt8(ascii: "}") }
}

/// The state of one pass, apart from what it finds. `at` is the offset of the next byte to look at.
private struct ScanPass {
    let bytes: UnsafePointer<UInt8>
    let end: Int
    /// The lowest stands for what is outside of all containers.
    let stack: UnsafeMutablePointer<Container>
    let maxDepth: Int
    var at = 0
    var depth = 0
    /// CR or LF stands between two tokens.
    var hasLineBreak = false

    init(bytes: UnsafePointer<UInt8>, end: Int, stack: UnsafeMutablePointer<Container>, maxDepth: Int) {
        self.bytes = bytes
        self.end = end
        self.stack = stack
        self.maxDepth = maxDepth
    }

    @inline(__always)
    mutating func run(_ envelope: inout Envelope) throws(JSONSyntaxError) {
        defer { envelope.hasLineBreak = self.hasLineBreak }
        self.stack.initialize(to: Container(closer: 0, role: .other, key: nil))
        try self.skipSpace()
        // In an object a key comes first.
        var isMember = false
        // Each turn reads one value that begins at `at`, then closes whatever ends behind it.
        value: while true {
            let top = self.stack + self.depth
            var key: KnownKey?
            if isMember { key = try self.readKey(top, &envelope) }
            let start = self.at
            let first = self.bytes[start]
            if first == UInt8(ascii: "\"") {
                let isEscaped = try self.readString()
                if let key {
                    let value = Envelope.Value(start: start, end: self.at, kind: .string, isEscaped: isEscaped)
                    envelope.note(key, in: top.pointee.role, value, UnsafeRawPointer(self.bytes))
                }
            } else if first | 0x20 == UInt8(ascii: "{") {
                let isObject = first == UInt8(ascii: "{")
                if let key {
                    let value = Envelope.Value(start: start, end: start, kind: isObject ? .object : .array)
                    envelope.note(key, in: top.pointee.role, value, UnsafeRawPointer(self.bytes))
                }
                try self.push(isObject: isObject, key, top, &envelope)
                try self.skipSpace()
                // The brackets of a pair are two apart.
                if self.bytes[self.at] != first &+ 2 {
                    isMember = isObject
                    continue value
                }
            } else {
                let kind = try self.readScalar(first)
                if let key {
                    let value = Envelope.Value(start: start, end: self.at, kind: kind)
                    envelope.note(key, in: top.pointee.role, value, UnsafeRawPointer(self.bytes))
                }
            }
            // Behind a value, or at the bracket that closes an empty container.
            while self.depth > 0 {
                try self.skipSpace()
                let byte = self.bytes[self.at]
                let top = self.stack + self.depth
                if byte == UInt8(ascii: ",") {
                    self.at &+= 1
                    try self.skipSpace()
                    isMember = top.pointee.isObject
                    continue value
                }
                guard byte == top.pointee.closer else { throw self.failure(.unexpectedByte) }
                self.at &+= 1
                self.depth &-= 1
                if self.depth == 1, let key = top.pointee.key { self.closed(key, &envelope) }
            }
            break
        }
        self.skipTrailingSpace()
        guard self.at == self.end else { throw self.failure(.trailingBytes) }
    }

    // MARK: Containers and keys

    @inline(__always)
    private mutating func push(
        isObject: Bool,
        _ key: KnownKey?,
        _ top: UnsafeMutablePointer<Container>,
        _ envelope: inout Envelope
    ) throws(JSONSyntaxError) {
        var role = Role.other
        if self.depth == 0 {
            envelope.isObject = isObject
            envelope.isArray = !isObject
            role = isObject ? .root : .other
        } else if isObject, let key {
            switch (top.pointee.role, key) {
            case (.root, .params): role = .params
            case (.root, .result): role = .result
            case (.params, .meta): role = .meta
            default: break
            }
        }
        guard self.depth < self.maxDepth else { throw self.failure(.tooDeep) }
        let closer = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        (top + 1).initialize(to: Container(closer: closer, role: role, key: key))
        self.depth &+= 1
        self.at &+= 1
    }

    /// A container directly under the root has ended: its end is known now.
    @inline(__always)
    private func closed(_ key: KnownKey, _ envelope: inout Envelope) {
        switch key {
        case .params: envelope.params?.end = self.at
        case .result: envelope.result?.end = self.at
        case .error: envelope.error?.end = self.at
        case .id: envelope.id?.end = self.at
        default: break
        }
    }

    /// Reads `"key" :` and the space behind; marks a duplicate of a known key.
    @inline(always)
    private mutating func readKey(
        _ top: UnsafeMutablePointer<Container>,
        _ envelope: inout Envelope
    ) throws(JSONSyntaxError) -> KnownKey? {
        guard self.bytes[self.at] == UInt8(ascii: "\"") else { throw self.failure(.unexpectedByte) }
        let start = self.at &+ 1
        let isEscaped = try self.readString()
        let count = self.at &- 1 &- start
        let key = isEscaped ? self.findEscaped(start, count) : KnownKey.find(self.bytes + start, count)
        if let key {
            if top.pointee.seen & key.bit != 0 {
                envelope.hasDuplicateKey = true
                if key == .id, top.pointee.role == .root { envelope.hasDuplicateID = true }
            }
            top.pointee.seen |= key.bit
        }
        try self.skipSpace()
        guard self.bytes[self.at] == UInt8(ascii: ":") else { throw self.failure(.unexpectedByte) }
        self.at &+= 1
        try self.skipSpace()
        return key
    }

    /// Names compare after unescaping. Every escape makes a key longer than its text, at most six times.
    private func findEscaped(_ start: Int, _ count: Int) -> KnownKey? {
        guard count <= 39 * 6 else { return nil }
        let raw = UnsafeRawBufferPointer(start: self.bytes + start, count: count)
        guard let text = JSONString.decode(raw) else { return nil }
        return text.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { KnownKey.find($0, buffer.count) }
        }
    }

    // MARK: Tokens

    private func failure(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: self.at)
    }

    /// Skips white space; there must be a byte behind it.
    @inline(__always)
    private mutating func skipSpace() throws(JSONSyntaxError) {
        guard self.at == self.end || self.bytes[self.at] <= 0x20 else { return }
        self.skipTrailingSpace()
        guard self.at < self.end else { throw self.failure(.unexpectedEnd) }
        guard self.bytes[self.at] > 0x20 else { throw self.failure(.unexpectedByte) }
    }

    @inline(__always)
    private mutating func skipTrailingSpace() {
        let (at, hasLineBreak) = Self.endOfSpace(self.bytes, self.at, self.end)
        self.at = at
        if hasLineBreak { self.hasLineBreak = true }
    }

    /// The offset of the first byte at or behind `at` that is no white space, and whether CR or LF was skipped.
    @inline(never)
    private static func endOfSpace(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ end: Int) -> (Int, Bool) {
        var at = at
        var hasLineBreak = false
        while at < end {
            switch bytes[at] {
            case 0x20, 0x09: break
            case 0x0A, 0x0D: hasLineBreak = true
            default: return (at, hasLineBreak)
            }
            at &+= 1
        }
        return (at, hasLineBreak)
    }

    /// Reads a string from its opening quote; returns whether it holds an escape.
    @inline(__always)
    private mutating func readString() throws(JSONSyntaxError) -> Bool {
        var isEscaped = false
        self.at &+= 1
        while true {
            self.at = cbytes_skip_plain(self.bytes, self.at, self.end)
            guard self.at < self.end else { throw self.failure(.unexpectedEnd) }
            let byte = self.bytes[self.at]
            if byte == UInt8(ascii: "\"") {
                self.at &+= 1
                return isEscaped
            }
            guard byte == UInt8(ascii: "\\") else { throw self.failure(.controlCharacter) }
            isEscaped = true
            self.at = try self.endOfEscape(self.at)
        }
    }

    /// The offset behind the escape that begins at `at`.
    private func endOfEscape(_ at: Int) throws(JSONSyntaxError) -> Int {
        func failure(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
            JSONSyntaxError(reason: reason, offset: at)
        }
        guard at + 1 < self.end else { throw failure(.unexpectedEnd) }
        switch self.bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return at + 2
        case UInt8(ascii: "u"):
            guard at + 6 <= self.end else { throw failure(.unexpectedEnd) }
            for index in at + 2..<at + 6 where JSONString.hexDigit(self.bytes[index]) == nil {
                throw failure(.badEscape)
            }
            return at + 6
        default:
            throw failure(.badEscape)
        }
    }

    /// Reads a number or a literal, which begins with `first`.
    @inline(always)
    private mutating func readScalar(_ first: UInt8) throws(JSONSyntaxError) -> Envelope.Kind {
        switch first {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.readNumber()
        case UInt8(ascii: "t"):
            try self.readLiteral("true")
            return .boolean
        case UInt8(ascii: "f"):
            try self.readLiteral("false")
            return .boolean
        case UInt8(ascii: "n"):
            try self.readLiteral("null")
            return .null
        default:
            throw self.failure(.unexpectedByte)
        }
    }

    @inline(__always)
    private mutating func readNumber() throws(JSONSyntaxError) -> Envelope.Kind {
        var kind = Envelope.Kind.integer
        if self.bytes[self.at] == UInt8(ascii: "-") { self.at &+= 1 }
        guard self.at < self.end else { throw self.failure(.unexpectedEnd) }
        if self.bytes[self.at] == UInt8(ascii: "0") {
            self.at &+= 1
        } else {
            try self.readDigits()
        }
        if self.at < self.end, self.bytes[self.at] == UInt8(ascii: ".") {
            kind = .fraction
            self.at &+= 1
            try self.readDigits()
        }
        if self.at < self.end, self.bytes[self.at] | 0x20 == UInt8(ascii: "e") {
            kind = .fraction
            self.at &+= 1
            if self.at < self.end, self.bytes[self.at] == UInt8(ascii: "+") || self.bytes[self.at] == UInt8(ascii: "-")
            {
                self.at &+= 1
            }
            try self.readDigits()
        }
        return kind
    }

    @inline(__always)
    private mutating func readDigits() throws(JSONSyntaxError) {
        let start = self.at
        while self.at < self.end, self.bytes[self.at] &- UInt8(ascii: "0") <= 9 { self.at &+= 1 }
        guard self.at > start else { throw self.failure(.badNumber) }
    }

    @inline(__always)
    private mutating func readLiteral(_ literal: StaticString) throws(JSONSyntaxError) {
        let count = literal.utf8CodeUnitCount
        guard self.end - self.at >= count, cbytes_equal(self.bytes + self.at, literal.utf8Start, count) else {
            throw self.failure(.badLiteral)
        }
        self.at &+= count
    }
}

extension Envelope {
    /// Keeps the value of `key` of an object with a part in the message.
    fileprivate mutating func note(_ key: KnownKey, in role: Role, _ value: Value, _ text: UnsafeRawPointer) {
        switch (role, key) {
        case (.root, .id): self.id = value
        case (.root, .method): self.method = value
        case (.root, .params): self.params = value
        case (.root, .result): self.result = value
        case (.root, .error): self.error = value
        case (.root, .jsonrpc): self.isVersion2 = Self.isString(value, "2.0", text)
        case (.params, .requestID): self.cancelledID = value
        case (.params, .name): self.name = value
        case (.params, .progressToken): self.progressOf = value
        case (.meta, .progressToken): self.progressToken = value
        case (.meta, .modernVersion): self.isModern = true
        case (.result, .protocolVersion): self.negotiatedVersion = value
        case (.params, .task), (.result, .task): self.concernsTask = true
        case (.result, .resultType):
            if Self.isString(value, "task", text) { self.concernsTask = true }
        default: break
        }
    }

    @inline(__always)
    private static func isString(_ value: Value, _ literal: StaticString, _ text: UnsafeRawPointer) -> Bool {
        guard value.kind == .string else { return false }
        let contents = UnsafeRawBufferPointer(start: text + value.start + 1, count: value.end - value.start - 2)
        return JSONString.equals(contents, isEscaped: value.isEscaped, literal)
    }
}

extension Envelope.Value {
    fileprivate var isNumber: Bool { self.kind == .integer || self.kind == .fraction }
}
