// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What the bridge reads of one JSON-RPC message: where its few named values stand in the text.
///
/// The payload itself is never decoded (R22). All ranges are offsets into the scanned bytes.
package struct Envelope: Sendable {
    /// The kind of a top-level or nested value that the bridge reads.
    package enum Kind: UInt8, Sendable {
        case string
        /// A number without fraction and exponent.
        case integer
        /// A number with fraction or exponent.
        case fraction
        case object
        case array
        case boolean
        case null
    }

    /// One value: its bytes (a string's with the quotes) and its kind.
    ///
    /// Offsets are kept in 32 bits, as ByteBuffer's are: envelopes are copied on the data path.
    package struct Value: Sendable {
        private var from: UInt32
        private var to: UInt32
        package var kind: Kind
        /// The string holds at least one backslash escape.
        package var isEscaped: Bool

        package init(start: Int, end: Int, kind: Kind, isEscaped: Bool = false) {
            self.from = UInt32(truncatingIfNeeded: start)
            self.to = UInt32(truncatingIfNeeded: end)
            self.kind = kind
            self.isEscaped = isEscaped
        }

        package var start: Int { Int(self.from) }
        package var end: Int {
            get { Int(self.to) }
            set { self.to = UInt32(truncatingIfNeeded: newValue) }
        }

        package var range: Range<Int> { self.start..<self.end }
        /// A string's bytes between its quotes.
        package var contents: Range<Int> { self.start + 1..<self.end - 1 }
    }

    // A value and its absence take ten bytes, with two left over until the next: the flags stand there, so that an envelope is
    // no larger than what is copied without a call, 128 bytes.

    package var id: Value?
    /// The value at the root is an array: a batch, if anything.
    package var isArray = false
    /// The value at the root is an object.
    package var isObject = false
    package var method: Value?
    /// A key that the bridge reads stands twice in one object, at whatever depth (R24).
    package var hasDuplicateKey = false
    /// The duplicate is the top-level `id`, so that no id is usable.
    package var hasDuplicateID = false
    package var params: Value?
    /// CR or LF stands between tokens and has to be neutralised before the message can be one line (R23).
    package var hasLineBreak = false
    /// `jsonrpc` is the string "2.0".
    package var isVersion2 = false
    package var result: Value?
    /// `params._meta["io.modelcontextprotocol/protocolVersion"]` is there: a request of a modern client.
    package var isModern = false
    /// The message is about a task, whose progress may outlive the response (`params.task`, `result.task`,
    /// `result.resultType` = "task").
    package var concernsTask = false
    package var error: Value?
    /// `params.requestId`, of a `notifications/cancelled`.
    package var cancelledID: Value?
    /// `params.progressToken`, of a `notifications/progress`.
    package var progressOf: Value?
    /// `params.name`: of a tool or prompt.
    package var name: Value?
    /// `params._meta.progressToken`, of a request.
    package var progressToken: Value?
    /// `result.protocolVersion`, of the answer to `initialize`.
    package var negotiatedVersion: Value?

    package init() {}
}

/// Why a text is not JSON (RFC 8259), or none that the bridge will take.
package struct JSONSyntaxError: Error, Equatable, Sendable {
    /// Closed set of reasons.
    package enum Reason: Sendable {
        case unexpectedByte
        case unexpectedEnd
        case trailingBytes
        case badNumber
        case badLiteral
        case badEscape
        case controlCharacter
        case tooDeep
    }
    package var reason: Reason
    /// Offset of the byte that gave it away.
    package var offset: Int
}

extension JSONSyntaxError {
    /// The reason in words.
    package var explanation: String {
        switch self.reason {
        case .unexpectedByte: "unexpected character"
        case .unexpectedEnd: "unexpected end"
        case .trailingBytes: "text behind the message"
        case .badNumber: "malformed number"
        case .badLiteral: "malformed literal"
        case .badEscape: "malformed escape"
        case .controlCharacter: "control character in a string"
        case .tooDeep: "nested too deep"
        }
    }
}
