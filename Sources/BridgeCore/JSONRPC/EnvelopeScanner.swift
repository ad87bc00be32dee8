// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One pass over a message: validates it as JSON (RFC 8259) and finds the values of ``Envelope`` on the way.
///
/// The caller has validated UTF-8. Nothing is allocated for a message of ordinary depth: its stack of open containers
/// lives in stack memory.
package enum EnvelopeScanner {
    /// Containers nested deeper than this are refused, so that a hostile text costs nobody's stack.
    package static let maxDepth = 1024
    /// Swift takes 1,024 bytes of temporary memory from the stack, more from the heap, at 100 ns a message. What is
    /// nested deeper is scanned anew with room for all.
    private static let ordinaryDepth = 1024 / MemoryLayout<Container>.stride

    package static func scan(_ text: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> Envelope {
        let (envelope, error) = Self.run(text)
        if let error { throw error }
        return envelope
    }

    /// What can be told of a text that may break off or break down at any point: all that stands before.
    package static func scanPrefix(_ text: UnsafeRawBufferPointer) -> Envelope {
        Self.run(text).0
    }

    private static func run(_ text: UnsafeRawBufferPointer) -> (Envelope, JSONSyntaxError?) {
        let outcome = Self.run(text, depth: Self.ordinaryDepth)
        guard outcome.1?.reason == .tooDeep else { return outcome }
        return Self.run(text, depth: Self.maxDepth)
    }

    @inline(__always)
    private static func run(_ text: UnsafeRawBufferPointer, depth: Int) -> (Envelope, JSONSyntaxError?) {
        guard let base = text.baseAddress else {
            return (Envelope(), JSONSyntaxError(reason: .unexpectedEnd, offset: 0))
        }
        return withUnsafeTemporaryAllocation(of: Container.self, capacity: depth) { stack in
            var pass = ScanPass(
                bytes: base.assumingMemoryBound(to: UInt8.self),
                end: text.count,
                stack: stack.baseAddress.unsafelyUnwrapped,
                maxDepth: depth
            )
            do throws(JSONSyntaxError) {
                try pass.run()
                return (pass.envelope, nil)
            } catch {
                // A number that runs into the fault may have been the beginning of a longer one.
                if let id = pass.envelope.id, id.kind == .integer || id.kind == .fraction, id.end == error.offset {
                    pass.envelope.id = nil
                }
                return (pass.envelope, error)
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
    var seen: UInt32
    var isObject: Bool
    var role: Role
    /// Offset of its opening bracket.
    var start: Int
}

/// The state of one pass. `at` is the offset of the next byte to look at.
private struct ScanPass {
    let bytes: UnsafePointer<UInt8>
    let end: Int
    let stack: UnsafeMutablePointer<Container>
    let maxDepth: Int
    var at = 0
    var depth = 0
    var envelope = Envelope()

    init(bytes: UnsafePointer<UInt8>, end: Int, stack: UnsafeMutablePointer<Container>, maxDepth: Int) {
        self.bytes = bytes
        self.end = end
        self.stack = stack
        self.maxDepth = maxDepth
    }

    mutating func run() throws(JSONSyntaxError) {
        try self.skipSpace()
        var key: KnownKey? = nil
        // Each turn reads one value that begins at `at`, then closes whatever ends behind it.
        value: while true {
            let start = self.at
            let role = self.roleOfChild(key)
            switch self.bytes[start] {
            case UInt8(ascii: "{"):
                self.note(key, Envelope.Value(start: start, end: start, kind: .object))
                try self.push(isObject: true, role: self.depth == 0 ? .root : role)
                try self.skipSpace()
                if self.bytes[self.at] != UInt8(ascii: "}") {
                    key = try self.readKey()
                    continue value
                }
            case UInt8(ascii: "["):
                self.note(key, Envelope.Value(start: start, end: start, kind: .array))
                try self.push(isObject: false, role: .other)
                try self.skipSpace()
                if self.bytes[self.at] != UInt8(ascii: "]") {
                    key = nil
                    continue value
                }
            case UInt8(ascii: "\""):
                let isEscaped = try self.readString()
                self.note(key, Envelope.Value(start: start, end: self.at, kind: .string, isEscaped: isEscaped))
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let kind = try self.readNumber()
                self.note(key, Envelope.Value(start: start, end: self.at, kind: kind))
            case UInt8(ascii: "t"):
                try self.readLiteral("true")
                self.note(key, Envelope.Value(start: start, end: self.at, kind: .boolean))
            case UInt8(ascii: "f"):
                try self.readLiteral("false")
                self.note(key, Envelope.Value(start: start, end: self.at, kind: .boolean))
            case UInt8(ascii: "n"):
                try self.readLiteral("null")
                self.note(key, Envelope.Value(start: start, end: self.at, kind: .null))
            default:
                throw self.failure(.unexpectedByte)
            }
            // Behind a value, or at the bracket that closes an empty container.
            while self.depth > 0 {
                try self.skipSpace()
                let byte = self.bytes[self.at]
                let top = self.stack[self.depth - 1]
                if byte == UInt8(ascii: ",") {
                    self.at += 1
                    try self.skipSpace()
                    key = top.isObject ? try self.readKey() : nil
                    continue value
                }
                guard byte == (top.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw self.failure(.unexpectedByte)
                }
                self.at += 1
                self.depth -= 1
                if self.depth <= 1 { self.closed(top) }
            }
            break
        }
        self.skipTrailingSpace()
        guard self.at == self.end else { throw self.failure(.trailingBytes) }
    }

    // MARK: Containers and keys

    private func roleOfChild(_ key: KnownKey?) -> Role {
        guard let key, self.depth > 0 else { return .other }
        switch (self.stack[self.depth - 1].role, key) {
        case (.root, .params): return .params
        case (.root, .result): return .result
        case (.params, .meta): return .meta
        default: return .other
        }
    }

    private mutating func push(isObject: Bool, role: Role) throws(JSONSyntaxError) {
        guard self.depth < self.maxDepth else { throw self.failure(.tooDeep) }
        if self.depth == 0 {
            self.envelope.isObject = isObject
            self.envelope.isArray = !isObject
        }
        self.stack[self.depth] = Container(seen: 0, isObject: isObject, role: role, start: self.at)
        self.depth += 1
        self.at += 1
    }

    /// A container directly under the root has ended: its end is known now.
    private mutating func closed(_ container: Container) {
        guard self.depth == 1, self.stack[0].role == .root else { return }
        if self.envelope.params?.start == container.start {
            self.envelope.params?.end = self.at
        } else if self.envelope.result?.start == container.start {
            self.envelope.result?.end = self.at
        } else if self.envelope.error?.start == container.start {
            self.envelope.error?.end = self.at
        } else if self.envelope.id?.start == container.start {
            self.envelope.id?.end = self.at
        }
    }

    /// Reads `"key" :` and the space behind; marks a duplicate of a known key.
    private mutating func readKey() throws(JSONSyntaxError) -> KnownKey? {
        guard self.bytes[self.at] == UInt8(ascii: "\"") else { throw self.failure(.unexpectedByte) }
        let start = self.at + 1
        let isEscaped = try self.readString()
        let count = self.at - 1 - start
        let key = isEscaped ? self.findEscaped(start, count) : KnownKey.find(self.bytes + start, count)
        if let key {
            let top = self.depth - 1
            if self.stack[top].seen & key.bit != 0 {
                self.envelope.hasDuplicateKey = true
                if key == .id, self.stack[top].role == .root { self.envelope.hasDuplicateID = true }
            }
            self.stack[top].seen |= key.bit
        }
        try self.skipSpace()
        guard self.bytes[self.at] == UInt8(ascii: ":") else { throw self.failure(.unexpectedByte) }
        self.at += 1
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

    /// Remembers a value that the bridge reads. `value.end` of a container is filled in when it closes.
    @inline(__always)
    private mutating func note(_ key: KnownKey?, _ value: Envelope.Value) {
        guard let key, self.depth <= 3, self.depth > 0 else { return }
        self.noteKnown(key, value)
    }

    private mutating func noteKnown(_ key: KnownKey, _ value: Envelope.Value) {
        switch (self.stack[self.depth - 1].role, key) {
        case (.root, .id): self.envelope.id = value
        case (.root, .method): self.envelope.method = value
        case (.root, .params): self.envelope.params = value
        case (.root, .result): self.envelope.result = value
        case (.root, .error): self.envelope.error = value
        case (.root, .jsonrpc): self.envelope.isVersion2 = self.isString(value, "2.0")
        case (.params, .requestID): self.envelope.cancelledID = value
        case (.params, .progressToken): self.envelope.progressOf = value
        case (.meta, .progressToken): self.envelope.progressToken = value
        case (.meta, .modernVersion): self.envelope.isModern = true
        case (.result, .protocolVersion): self.envelope.negotiatedVersion = value
        case (.params, .task), (.result, .task): self.envelope.concernsTask = true
        case (.result, .resultType):
            if self.isString(value, "task") { self.envelope.concernsTask = true }
        default: break
        }
    }

    private func isString(_ value: Envelope.Value, _ literal: StaticString) -> Bool {
        guard value.kind == .string else { return false }
        let contents = UnsafeRawBufferPointer(start: self.bytes + value.start + 1, count: value.end - value.start - 2)
        return JSONString.equals(contents, isEscaped: value.isEscaped, literal)
    }

    // MARK: Tokens

    private func failure(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
        JSONSyntaxError(reason: reason, offset: self.at)
    }

    /// Skips white space; there must be a byte behind it.
    @inline(__always)
    private mutating func skipSpace() throws(JSONSyntaxError) {
        while self.at < self.end {
            let byte = self.bytes[self.at]
            if byte > 0x20 { return }
            switch byte {
            case 0x20, 0x09: break
            case 0x0A, 0x0D: self.envelope.hasLineBreak = true
            default: throw self.failure(.unexpectedByte)
            }
            self.at += 1
        }
        throw self.failure(.unexpectedEnd)
    }

    private mutating func skipTrailingSpace() {
        while self.at < self.end {
            switch self.bytes[self.at] {
            case 0x20, 0x09: break
            case 0x0A, 0x0D: self.envelope.hasLineBreak = true
            default: return
            }
            self.at += 1
        }
    }

    /// Reads a string from its opening quote; returns whether it holds an escape.
    private mutating func readString() throws(JSONSyntaxError) -> Bool {
        var isEscaped = false
        self.at += 1
        while true {
            self.at = skipPlain(self.bytes, self.at, self.end)
            guard self.at < self.end else { throw self.failure(.unexpectedEnd) }
            switch self.bytes[self.at] {
            case UInt8(ascii: "\""):
                self.at += 1
                return isEscaped
            case UInt8(ascii: "\\"):
                isEscaped = true
                try self.readEscape()
            default:
                throw self.failure(.controlCharacter)
            }
        }
    }

    private mutating func readEscape() throws(JSONSyntaxError) {
        guard self.at + 1 < self.end else { throw self.failure(.unexpectedEnd) }
        switch self.bytes[self.at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.at += 2
        case UInt8(ascii: "u"):
            guard self.at + 6 <= self.end else { throw self.failure(.unexpectedEnd) }
            for index in self.at + 2..<self.at + 6 where JSONString.hexDigit(self.bytes[index]) == nil {
                throw self.failure(.badEscape)
            }
            self.at += 6
        default:
            throw self.failure(.badEscape)
        }
    }

    private mutating func readNumber() throws(JSONSyntaxError) -> Envelope.Kind {
        var kind = Envelope.Kind.integer
        if self.bytes[self.at] == UInt8(ascii: "-") { self.at += 1 }
        guard self.at < self.end else { throw self.failure(.unexpectedEnd) }
        if self.bytes[self.at] == UInt8(ascii: "0") {
            self.at += 1
        } else {
            try self.readDigits()
        }
        if self.at < self.end, self.bytes[self.at] == UInt8(ascii: ".") {
            kind = .fraction
            self.at += 1
            try self.readDigits()
        }
        if self.at < self.end, self.bytes[self.at] | 0x20 == UInt8(ascii: "e") {
            kind = .fraction
            self.at += 1
            if self.at < self.end, self.bytes[self.at] == UInt8(ascii: "+") || self.bytes[self.at] == UInt8(ascii: "-")
            {
                self.at += 1
            }
            try self.readDigits()
        }
        return kind
    }

    private mutating func readDigits() throws(JSONSyntaxError) {
        let start = self.at
        while self.at < self.end, self.bytes[self.at] &- UInt8(ascii: "0") <= 9 { self.at += 1 }
        guard self.at > start else { throw self.failure(.badNumber) }
    }

    private mutating func readLiteral(_ literal: StaticString) throws(JSONSyntaxError) {
        let count = literal.utf8CodeUnitCount
        guard self.at + count <= self.end else { throw self.failure(.badLiteral) }
        for index in 0..<count where self.bytes[self.at + index] != literal.utf8Start[index] {
            throw self.failure(.badLiteral)
        }
        self.at += count
    }
}
