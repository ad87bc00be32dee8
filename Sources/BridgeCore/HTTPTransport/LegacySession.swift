// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// What is known of a session of the revisions 2025-03-26 to 2025-11-25, and of how to replace it (R48–R50, R52).
struct LegacySession: Sendable {
    enum State: Sendable, Equatable {
        /// No handshake has been tried, or it failed.
        case none
        /// The request with this number is `initialize`.
        case initializing(Int)
        case established
        /// The session was forgotten and is being replaced.
        case replaying
    }

    /// What a new session must have in common with the one that the client knows.
    struct Agreement: Sendable {
        var version: [UInt8]
        var capabilities: [UInt8]
    }

    /// Messages that a new session has to be told, held at the most; beyond, the session cannot be replaced.
    static let maxReplayBytes = 1 << 20

    var state = State.none
    var sessionID: String?
    /// Came with the head of the answer to `initialize`.
    var offeredSessionID: String?
    /// The negotiated revision.
    var version: String?
    var agreement: Agreement?
    var initialize: ByteBuffer?
    var initialized: ByteBuffer?
    /// POST of `notifications/initialized` that is not accepted yet.
    var accepting: HTTPExchangeID?
    /// Counts these, so that a timer of an old one means nothing.
    var acceptGeneration = 0
    var setLevel: ByteBuffer?
    /// By the raw JSON text of their uri.
    var subscriptions: [[UInt8]: ByteBuffer] = [:]
    var subscriptionBytes = 0
    var isReplayable = true
    /// Calls that wait for a new session.
    var resending: [Int] = []
    /// What the new session is still to be told.
    var replaying: CircularBuffer<ByteBuffer> = CircularBuffer(initialCapacity: 1)
    /// It is gone and cannot be replaced: the end has been asked for.
    var isLost = false
    /// Counts replays, so that a timer of an old one means nothing.
    var replayGeneration = 0

    /// The general GET stream (R50).
    var stream: HTTPExchangeID?
    var streamGeneration = 0
    var streamLastEventID: String?
    var streamReconnectionTime: Int?
    /// Attempts since it last brought something.
    var streamAttempts = 0
    /// The server does not offer it.
    var isStreamOff = false
    /// It was open at least once.
    var hasHadStream = false

    /// Requests wait: for the session id, or for the server to know that the client is ready (R49).
    var isGating: Bool {
        switch self.state {
        case .initializing, .replaying: true
        case .none, .established: self.accepting != nil
        }
    }

    /// The headers of everything behind the handshake (R48).
    var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let sessionID = self.sessionID { fields.append(("Mcp-Session-Id", sessionID)) }
        if let version = self.version, version >= "2025-06-18" { fields.append(("MCP-Protocol-Version", version)) }
        return fields
    }

    mutating func subscribe(_ uri: [UInt8], _ message: ByteBuffer) {
        guard self.subscriptions[uri] == nil else { return }
        guard self.subscriptionBytes + message.readableBytes <= Self.maxReplayBytes else {
            self.isReplayable = false
            return
        }
        self.subscriptions[uri] = message
        self.subscriptionBytes += message.readableBytes
    }

    mutating func unsubscribe(_ uri: [UInt8]) {
        guard let message = self.subscriptions.removeValue(forKey: uri) else { return }
        self.subscriptionBytes -= message.readableBytes
    }
}

extension LegacySession.Agreement {
    /// Of the result of `initialize`; nil where it lacks one of the two.
    init?(_ envelope: Envelope, _ text: UnsafeRawBufferPointer) {
        guard let result = envelope.result, result.kind == .object else { return nil }
        let object = UnsafeRawBufferPointer(rebasing: text[result.range])
        guard let version = ObjectMembers.value(of: "protocolVersion", in: object),
            let capabilities = ObjectMembers.value(of: "capabilities", in: object)
        else { return nil }
        self.version = Array(object[version])
        self.capabilities = Array(object[capabilities])
    }

    /// Why a client of the one session cannot go on in the other; nil if it can (R52).
    func difference(from other: Self) -> String? {
        func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            left.withUnsafeBytes { left in right.withUnsafeBytes { JSONEquality.areEqual(left, $0) } }
        }
        if !areEqual(self.version, other.version) { return "the protocol version differs" }
        return areEqual(self.capabilities, other.capabilities) ? nil : "the capabilities differ"
    }
}
