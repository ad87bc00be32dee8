// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// A client's request that waits for its answer.
package struct InFlightRequest: Sendable {
    /// The id token as the client wrote it, where it is not what ``RequestID/spelling`` gives.
    package var spelling: [UInt8]?
    /// The progress token that the request carries.
    package var progressToken: RequestID?
    /// Position in arrival order, for answering in order at the end.
    package var order: UInt64
    /// What it is counted as.
    package var label = RequestLabel(.other)
    /// When it came, in nanoseconds of the session's clock.
    package var time: Int64 = 0
    /// What the request asks for, as far as the bridge cares.
    package var role = Role.other
    /// The client has sent `notifications/cancelled`: an answer may come, none is owed (R35).
    package var isCancelled = false
    /// The request is task-augmented: progress may go on after its response.
    package var concernsTask = false

    /// The methods that the bridge treats differently.
    package enum Role: UInt8, Sendable {
        case initialize
        /// `subscriptions/listen`: open for hours, so it does not keep a drain waiting (R44).
        case listen
        /// These where a policy takes something out of the list that comes back.
        case listTools, listPrompts, listResources, listTemplates
        case other
    }
}

/// The requests of one client that are not answered yet: at most one answer each, by id (R26–R28, R35).
///
/// A value without I/O. Bounded in entries and in the bytes of ids and progress tokens (R74).
package struct InFlightTable: Sendable {
    /// More requests than this at once are refused.
    package static let maxRequests = 65_536
    /// Bytes of long ids and progress tokens held at once, beyond which requests are refused; as many again for tasks.
    package static let maxIDBytes = 1 << 20
    /// Cancelled requests whose answer may still come, kept at the most.
    package static let maxCancelled = 1_024

    /// Those with an integer id and nothing else to remember.
    private var plain = PlainRequests()
    /// All others.
    private var requests: [RequestID: InFlightRequest] = [:]
    /// The progress tokens of requests in flight, with how many requests share each: a client that breaks the rule of
    /// unique tokens still gets all its progress.
    private var progressTokens: [RequestID: Int] = [:]
    /// The progress tokens of tasks, which outlive the response that created them; oldest first.
    private var taskTokens: [RequestID] = []
    private var taskTokenBytes = 0
    private var nextOrder: UInt64 = 0
    private var cancelledCount = 0
    private var listenCount = 0
    private var idBytes = 0

    package init() {}

    /// Requests that are owed an answer.
    package var owed: Int { self.plain.count + self.requests.count - self.cancelledCount }
    /// Requests that are owed an answer and end by themselves, that is all but open listens.
    package var busy: Int { self.owed - self.listenCount }

    /// What becomes of a new request.
    package enum OnRequest: Sendable {
        case accepted
        /// Its id is in flight already (R27).
        case duplicate
        /// ``maxRequests`` or ``maxIDBytes`` is reached.
        case full
    }

    /// Notes a request that is about to be forwarded.
    package mutating func insert(
        _ id: RequestID,
        spelling: [UInt8]?,
        progressToken: RequestID?,
        label: RequestLabel,
        time: Int64,
        role: InFlightRequest.Role,
        concernsTask: Bool
    ) -> OnRequest {
        if !self.requests.isEmpty, let held = self.requests[id] {
            guard held.isCancelled else { return .duplicate }
            self.remove(id, held)
        }
        let integer: Int64? = if case .integer(let number) = id { number } else { nil }
        if let integer, self.plain.contains(integer) { return .duplicate }
        guard self.plain.count + self.requests.count < Self.maxRequests else { return .full }
        if let integer, role == .other, spelling == nil, progressToken == nil, !concernsTask,
            self.plain.insert(integer, order: self.nextOrder << 24 | label.bits, time: time)
        {
            self.nextOrder += 1
            return .accepted
        }
        let bytes = Self.heldBytes(id, spelling, progressToken)
        guard self.idBytes + bytes <= Self.maxIDBytes else { return .full }
        self.idBytes += bytes
        self.requests[id] = InFlightRequest(
            spelling: spelling,
            progressToken: progressToken,
            order: self.nextOrder << 24,
            label: label,
            time: time,
            role: role,
            concernsTask: concernsTask
        )
        self.nextOrder += 1
        if role == .listen { self.listenCount += 1 }
        if let progressToken { self.progressTokens[progressToken, default: 0] += 1 }
        return .accepted
    }

    /// Takes out the request that a response answers; nil for an unknown, late or second response (R28).
    ///
    /// - Parameter createsTask: the response names a task, so that its progress token lives on.
    package mutating func answer(_ id: RequestID, createsTask: Bool) -> InFlightRequest? {
        if let request = self.removePlain(id) { return request }
        guard !self.requests.isEmpty, let request = self.requests.removeValue(forKey: id) else { return nil }
        self.account(removed: request, id)
        // Most clients send nothing after it that is not plain.
        if request.role == .initialize, self.requests.isEmpty { self.requests = [:] }
        if let token = request.progressToken, createsTask || request.concernsTask {
            self.rememberTask(token)
        }
        return request
    }

    /// Notes that the client cancelled a request; what it asked for, or nil if it is not in flight.
    @discardableResult
    package mutating func cancel(_ id: RequestID) -> RequestLabel? {
        guard var request = self.removePlain(id) ?? self.requests[id], !request.isCancelled else { return nil }
        if self.cancelledCount == Self.maxCancelled { self.forgetCancelled() }
        request.isCancelled = true
        self.requests[id] = request
        self.cancelledCount += 1
        if request.role == .listen { self.listenCount -= 1 }
        if let token = request.progressToken { self.release(token) }
        return request.label
    }

    /// Whether progress for `token` belongs to a request that still runs, or to a task.
    package func expectsProgress(_ token: RequestID) -> Bool {
        self.progressTokens[token] != nil || self.taskTokens.contains(token)
    }

    /// Takes out all requests that are owed an answer, in arrival order.
    package mutating func removeAll() -> [(id: RequestID, request: InFlightRequest)] {
        let plain = self.plain.all.map { (id: RequestID.integer($0.id), request: InFlightRequest($0.order, $0.time)) }
        let others = self.requests.filter { !$0.value.isCancelled }.map { (id: $0.key, request: $0.value) }
        let all = (plain + others).sorted { $0.request.order < $1.request.order }
        self = InFlightTable()
        return all
    }

    @inline(__always)
    private mutating func removePlain(_ id: RequestID) -> InFlightRequest? {
        guard case .integer(let number) = id, let (order, time) = self.plain.remove(number) else { return nil }
        return InFlightRequest(order, time)
    }

    private mutating func remove(_ id: RequestID, _ request: InFlightRequest) {
        self.requests[id] = nil
        self.account(removed: request, id)
    }

    private mutating func account(removed request: InFlightRequest, _ id: RequestID) {
        self.idBytes -= Self.heldBytes(id, request.spelling, request.progressToken)
        if request.isCancelled {
            self.cancelledCount -= 1
            return
        }
        if request.role == .listen { self.listenCount -= 1 }
        if let token = request.progressToken { self.release(token) }
    }

    private mutating func release(_ token: RequestID) {
        guard let count = self.progressTokens[token] else { return }
        self.progressTokens[token] = count > 1 ? count - 1 : nil
    }

    private mutating func rememberTask(_ token: RequestID) {
        let bytes = Self.heldBytes(token)
        while let oldest = self.taskTokens.first,
            self.taskTokens.count == Self.maxCancelled || self.taskTokenBytes + bytes > Self.maxIDBytes
        {
            self.taskTokenBytes -= Self.heldBytes(oldest)
            self.taskTokens.removeFirst()
        }
        self.taskTokenBytes += bytes
        self.taskTokens.append(token)
    }

    private mutating func forgetCancelled() {
        for (id, request) in self.requests where request.isCancelled { self.remove(id, request) }
    }

    /// What a request holds beyond its entry.
    private static func heldBytes(_ id: RequestID, _ spelling: [UInt8]?, _ token: RequestID?) -> Int {
        Self.heldBytes(id) + (spelling?.count ?? 0) + (token.map { Self.heldBytes($0) } ?? 0)
    }

    private static func heldBytes(_ id: RequestID) -> Int {
        switch id {
        case .integer: 0
        case .bigInteger(let text), .string(let text): text.string.utf8.count > 64 ? text.string.utf8.count : 0
        }
    }
}

extension InFlightRequest {
    /// One of which nothing was noted but its order, with its label in the last 24 bits, and its time.
    @inline(__always)
    fileprivate init(_ order: UInt64, _ time: Int64) {
        self.init(order: order, label: RequestLabel(bits: order), time: time)
    }
}

extension RequestLabel {
    fileprivate var bits: UInt64 { UInt64(self.tool) << 8 | UInt64(self.method.rawValue) }

    @inline(__always)
    fileprivate init(bits: UInt64) {
        self.init(
            RequestMethod(rawValue: UInt8(truncatingIfNeeded: bits)) ?? .other,
            tool: UInt16(truncatingIfNeeded: bits >> 8)
        )
    }
}

extension RequestID {
    /// The id as a JSON token, the way most write it: digits, or the text with nothing escaped but what must be.
    package var spelling: [UInt8] {
        var token: [UInt8] = []
        switch self {
        case .integer(let value): token.append(contentsOf: String(value).utf8)
        case .bigInteger(let digits): token.append(contentsOf: digits.string.utf8)
        case .string(let text): JSONString.append(text.string.utf8, to: &token)
        }
        return token
    }
}
