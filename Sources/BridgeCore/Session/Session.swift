// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One client's conversation with one server: what may pass, what is answered by the bridge, what is dropped.
///
/// A value without I/O or clock. Messages stay where they are: the session looks at their bytes, and says what to do.
package struct Session {
    /// How the bytes between client and server are understood.
    package enum Framing: String, Sendable {
        /// MCP: JSON-RPC messages, one a line.
        case mcp
        /// Any text, a line each; nothing is looked at.
        case lines
    }

    /// Which revisions a client's requests are of (SEP-2575): those of 2026-07-28 and later name theirs in `_meta`.
    enum Era: UInt8, Sendable {
        case unknown
        case modern
        /// At least one that belongs to a session.
        case legacy
    }

    /// What the configuration says of this session.
    package struct Settings: Sendable {
        package var framing: Framing
        /// Invalid messages in a row that are answered; one more ends the session (R24).
        package var maxInvalid: Int
        /// Responses longer than this many bytes become an error (R17); 0 = never.
        package var oversizeResponse: Int
        /// The connection's id, in every answer that the bridge makes.
        package var connection: String
        /// What the client may use of the server; nil = everything. Holds for ``Framing/mcp`` only.
        package var policy: AccessPolicy?

        package init(
            framing: Framing,
            maxInvalid: Int,
            oversizeResponse: Int,
            connection: String,
            policy: AccessPolicy? = nil
        ) {
            self.framing = framing
            self.maxInvalid = maxInvalid
            self.oversizeResponse = oversizeResponse
            self.connection = connection
            self.policy = policy
        }
    }

    /// What the log line of the connection's end tells.
    package struct Counters: Sendable, Equatable {
        /// Messages and payload bytes that went on to the server.
        package var messagesFromClient = 0
        package var bytesFromClient = 0
        /// Messages and payload bytes that went to the client, the bridge's own answers included.
        package var messagesToClient = 0
        package var bytesToClient = 0
        /// Client messages that the bridge answered with `-32700` or `-32600`, and those that a policy denied.
        package var refused = 0
        /// Those that a policy denied.
        package var denied = 0
        /// Responses and progress that nobody waited for (R28), from either side.
        package var dropped = 0
        /// Lines of the server that were no message (R40).
        package var skipped = 0

        package init() {}

        package static func += (left: inout Counters, right: Counters) {
            left.messagesFromClient += right.messagesFromClient
            left.bytesFromClient += right.bytesFromClient
            left.messagesToClient += right.messagesToClient
            left.bytesToClient += right.bytesToClient
            left.refused += right.refused
            left.denied += right.denied
            left.dropped += right.dropped
            left.skipped += right.skipped
        }
    }

    /// The server requests that the client has not answered, kept at the most; beyond, answers are not matched.
    static let maxServerRequests = 4_096

    let settings: Settings
    /// Where requests are counted, which outlives the session; nil where nobody wants to know.
    let meter: RequestMeter?
    /// What time it is, in nanoseconds of a monotonic clock: set at the beginning of each wake-up.
    package var now: Int64 = 0
    package internal(set) var counters = Counters()
    var inFlight = InFlightTable()
    /// Ids of the server's own requests (sampling, elicitation, roots, ping) that the client has not answered.
    var serverRequests: Set<RequestID> = []
    var matchesServerRequests = true
    var invalidInARow = 0
    /// On their way to the log.
    var denials = DenialLog()
    /// The log tells of each request.
    package let logsRequests: Bool
    var loggedRequests: [LoggedRequest] = []
    /// The protocol revision that the answer to `initialize` named.
    package internal(set) var negotiatedVersion: String?
    /// Of the requests so far.
    private(set) var era = Era.unknown

    package init(_ settings: Settings, meter: RequestMeter? = nil, logsRequests: Bool = false) {
        self.settings = settings
        self.meter = meter
        self.logsRequests = logsRequests
    }

    /// A client's request is in flight that will end by itself: the connection is busy for a drain (R44).
    package var isBusy: Bool { self.inFlight.busy > 0 }
    /// Requests that wait for an answer, open listens among them.
    package var inFlightCount: Int { self.inFlight.owed }
    /// A request is in flight or a listen is open: the connection is not idle (R43).
    package var isWaiting: Bool { self.inFlight.owed > 0 }

    /// The client has asked something, and all that it has asked stands for itself: another process can answer what comes next.
    package var isModernOnly: Bool { self.era == .modern }

    /// Notes a request that goes to the server.
    @inline(__always)
    mutating func note(isModern: Bool) {
        if !isModern { self.era = .legacy } else if self.era == .unknown { self.era = .modern }
    }

    /// The server is over, and another process takes its place: every request in flight is answered with `reply`, and nothing
    /// that the old one began goes on (R35, R38).
    package mutating func serverReplaced(_ reply: BridgeReply?, into frames: inout ByteBuffer) {
        _ = self.finish(reply, into: &frames)
        self.serverRequests = []
        self.matchesServerRequests = true
    }

    /// The session is over: answers every request in flight with `reply`, as frames, in the order in which they arrived
    /// (R21, R35), or with nothing where nobody is left to read.
    ///
    /// - Returns: `notifications/cancelled` for each of them, one a line, for a server that lives on for a moment (R37).
    ///   `initialize` must not be cancelled (lifecycle, all legacy revisions).
    package mutating func finish(_ reply: BridgeReply?, into frames: inout ByteBuffer) -> ByteBuffer {
        var cancellations = ByteBuffer()
        for (id, request) in self.inFlight.removeAll() {
            let spelling = request.spelling ?? id.spelling
            self.note(request, reply == nil ? .abandoned : .failed)
            if let reply { self.send(reply, id: spelling, into: &frames) }
            guard request.role != .initialize else { continue }
            cancellations.writeString(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"#)
            cancellations.writeBytes(spelling)
            cancellations.writeString(",\"reason\":\"the client's connection ended\"}}\n")
        }
        return cancellations
    }

    /// Answers a request that the server will not answer; nothing if it is not in flight (R28, R35).
    package mutating func answer(_ id: RequestID, with reply: BridgeReply, into frames: inout ByteBuffer) {
        guard let request = self.inFlight.answer(id, createsTask: false), !request.isCancelled else { return }
        self.note(request, .failed)
        self.send(reply, id: request.spelling ?? id.spelling, into: &frames)
    }

    /// Counts a request that is over. Mutating, so that nothing is copied for it.
    @inline(__always)
    mutating func note(_ request: InFlightRequest, _ outcome: RequestOutcome) {
        guard let meter = self.meter, !request.isCancelled else { return }
        var label = request.label
        // Only what the server has a result for is counted by its name.
        if label.tool >= ToolTable.firstCandidate {
            label.tool = outcome == .ok ? meter.learn(label.tool) : ToolTable.other
        }
        if outcome == .abandoned { return meter.ended(label, outcome) }
        meter.answered(label, outcome, nanoseconds: self.now - request.time)
    }

    /// Appends an answer of the bridge's own as a text frame.
    mutating func send(_ reply: BridgeReply, id: [UInt8]?, into frames: inout ByteBuffer) {
        let text = reply.encoded(id: id, connection: self.settings.connection)
        text.withUnsafeBytes { FrameWriter.writeText($0, to: &frames) }
        self.counters.messagesToClient += 1
        self.counters.bytesToClient += text.count
    }
}
