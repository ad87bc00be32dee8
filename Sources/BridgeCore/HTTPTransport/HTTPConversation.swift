// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One client's conversation with a server over HTTP: which request goes out when and with which headers, what each
/// outcome means, and that every request is answered (R35, R47–R65).
///
/// A value without I/O or clock. What happens is told by calling it; what is to be done is taken with ``nextAction()``
/// until there is nothing left. Covers Streamable HTTP of all revisions and HTTP+SSE of 2024-11-05.
package struct HTTPConversation: Sendable {
    /// How the server is spoken to.
    package enum Transport: Sendable {
        /// Streamable HTTP, unless the first answer says that the server does not know it (R65).
        case auto
        case streamableHTTP
        case eventStream
    }

    /// What the configuration says. Times are nanoseconds.
    package struct Settings: Sendable {
        package var url: HTTPURL
        package var transport: Transport
        /// A forgotten session is replaced; otherwise the connection ends (R52).
        package var reinitializes: Bool
        /// Requests in flight at once; more wait (R30).
        package var maxParallel: Int
        /// Bytes that may wait for a place, and bytes on their way out beyond which the client is paused (R46).
        package var queue: Int
        /// Largest JSON body.
        package var maxEvent: Int
        /// 0 = none.
        package var requestTimeout: Int64
        /// How long the `endpoint` event of HTTP+SSE may take.
        package var endpointTimeout: Int64

        package init(
            url: HTTPURL,
            transport: Transport,
            reinitializes: Bool,
            maxParallel: Int,
            queue: Int,
            maxEvent: Int,
            requestTimeout: Int64,
            endpointTimeout: Int64
        ) {
            self.url = url
            self.transport = transport
            self.reinitializes = reinitializes
            self.maxParallel = maxParallel
            self.queue = queue
            self.maxEvent = maxEvent
            self.requestTimeout = requestTimeout
            self.endpointTimeout = endpointTimeout
        }
    }

    /// What is to be done.
    package enum Action: Sendable {
        /// Start an exchange. Its course is told by sent(_:), receivedHead(_:of:) and so on, its end by finished(_:_:).
        case send(HTTPExchangeID, UpstreamRequest)
        /// End an exchange at once; nothing of it is told any more.
        case abort(HTTPExchangeID)
        /// Pass a message on to the client.
        case deliver(ByteBuffer)
        /// The request will not be answered by the server.
        case fail(RequestID, UpstreamFault)
        /// Call fired(_:) after so many nanoseconds.
        case schedule(Timer, after: Int64)
        /// The conversation cannot go on.
        case end(SessionEnd)
        /// Something for the log; no secrets.
        case note(Note)
        /// After end(_:): nothing is under way any more.
        case over
    }

    /// What the log is told.
    package enum Note: Sendable, Equatable {
        /// The server speaks this transport.
        case transport(String)
        /// The session was gone and has been replaced.
        case reinitialized
        /// The session is gone and cannot be replaced, and why.
        case sessionLost(String)
        /// The tool was taken out of tools/list: its `x-mcp-header` marks break the rules (R58).
        case toolRemoved(String, reason: String)
        /// The server refused a message that is no request.
        case refused(status: Int)
        /// A message that is no request could not be sent.
        case unsent(String)
    }

    /// A time to be woken at. One that means nothing any more is ignored when it fires.
    package enum Timer: Sendable, Equatable {
        /// One at a time, whatever the number of requests.
        case requestTimeouts
        case resumption(Int)
        case abandonment(Int)
        case stream(generation: Int)
        case replay(generation: Int)
        case list(generation: Int)
        case acceptance(generation: Int)
        case endpoint(generation: Int)
        case farewell
        case delete
    }

    /// Attempts to take up the stream of one request again without anything new coming of it (R51).
    static let maxResumptions = 5
    /// What a client waits before it takes a stream up again, unless the server says otherwise.
    static let defaultReconnection = 1_000
    static let longestReconnection = 30_000
    /// A server that asks for none at all gets this much all the same.
    static let shortestReconnection = 50
    static let maxHops = 5
    /// Notifications and responses on their way, beyond which the client is paused: each has a connection of its own.
    static let maxTelling = 128
    /// JSON bodies of statuses that say no.
    static let maxErrorBody = 1 << 20
    /// How long a server may take to end a request that was cancelled before its exchange is cut.
    static let abandonment: Int64 = 10_000_000_000
    /// How long a replay may take, the bridge's own tools/list, and the acceptance of `notifications/initialized`: clients
    /// wait for them.
    static let replayTime: Int64 = 30_000_000_000
    /// How long the farewells may take, and then the DELETE (R53).
    static let farewell: Int64 = 2_000_000_000

    let settings: Settings
    var actions: CircularBuffer<Action> = CircularBuffer(initialCapacity: 2)
    var nextNumber = 0
    var exchanges: [HTTPExchangeID: HTTPExchange] = [:]
    /// Requests that are not answered, by their number.
    var calls: [Int: UpstreamCall] = [:]
    /// The same by their id.
    var numbers: [RequestID: Int] = [:]
    /// Places of ``Settings/maxParallel`` that are taken, and those of open listens, of which there may be as many.
    var placesTaken = 0
    var listens = 0
    /// Messages that wait for the handshake, or for the transport to be found.
    var gated: CircularBuffer<Outgoing> = CircularBuffer(initialCapacity: 1)
    var gatedBytes = 0
    /// Calls by the step of ``RequestTimeouts`` at which they are overdue.
    var timeouts = RequestTimeouts()
    /// Requests that wait for a place.
    var queued: CircularBuffer<Int> = CircularBuffer(initialCapacity: 1)
    var queuedBytes = 0
    /// Numbers in these queues, about, whose calls are gone.
    var withdrawn = 0
    var uploadingBytes = 0
    /// POSTs of notifications and responses that the server has not acknowledged.
    var telling = 0
    /// Exchanges whose request is answered while their stream is still open, oldest first.
    var lingering: CircularBuffer<HTTPExchangeID> = CircularBuffer(initialCapacity: 1)
    var transport: FoundTransport
    /// The request that finds the transport out.
    var probe: Int?
    var legacy = LegacySession()
    /// The version of the last modern request.
    var modernVersion: String?
    var tools = ToolParameters()
    /// Calls of tools that wait for the bridge's own tools/list.
    var awaitingTools: [Int] = []
    /// The bridge's own tools/list, with what is borrowed for it from the call that needs it.
    var listing: HTTPExchangeID?
    var listingMetadata: [UInt8] = []
    var listingVersion = ""
    var listedPages = 0
    /// Counts readings of the list, so that a timer of an old one means nothing.
    var listGeneration = 0
    var eventStream = EventStreamSession()
    /// Counts attempts to open it, so that a timer of an old one means nothing.
    var eventStreamGeneration = 0
    var ending: Ending?

    package init(_ settings: Settings) {
        self.settings = settings
        switch settings.transport {
        case .auto: self.transport = .unknown
        case .streamableHTTP: self.transport = .streamableHTTP
        case .eventStream: self.transport = .eventStream
        }
    }

    /// The next thing to do, in order.
    package mutating func nextAction() -> Action? {
        self.actions.popFirst()
    }

    /// Whether more of the client's messages may come, or enough wait to be sent (R46).
    package var isWritable: Bool {
        self.gatedBytes + self.uploadingBytes <= self.settings.queue && self.telling <= Self.maxTelling
    }

    /// What the server speaks, in words; nil while that is not known (R65).
    package var transportName: String? { self.transport.name }
}

/// What `transport = "auto"` has found out (R65).
enum FoundTransport: Sendable {
    case unknown
    /// The first message is on its way over Streamable HTTP; all else waits for what becomes of it.
    case probing
    case streamableHTTP
    case eventStream

    /// In words; nil while it is not found.
    var name: String? {
        switch self {
        case .unknown, .probing: nil
        case .streamableHTTP: "Streamable HTTP"
        case .eventStream: "HTTP+SSE"
        }
    }
}

/// A message of the client's that waits.
struct Outgoing: Sendable {
    enum Kind: Sendable {
        case call(Int)
        /// With the headers of 2026-07-28, or without.
        case notification(modern: [(name: String, value: String)]?)
        case initialized
        case response
    }
    var kind: Kind
    /// Nil for a call, which holds its own.
    var message: ByteBuffer?
}

extension HTTPConversation {
    /// Starts an exchange.
    @discardableResult
    mutating func start(
        _ purpose: HTTPExchange.Purpose,
        _ request: UpstreamRequest,
        sessionID: String? = nil,
        hops: Int = 0
    ) -> HTTPExchangeID {
        let id = HTTPExchangeID(number: self.takeNumber())
        let exchange = HTTPExchange(
            purpose: purpose,
            request: request,
            sessionID: sessionID,
            hops: hops,
            isUploading: request.body != nil
        )
        if exchange.isUploading { self.uploadingBytes += exchange.bodyBytes }
        if purpose.isTelling { self.telling += 1 }
        self.exchanges[id] = exchange
        self.actions.append(.send(id, request))
        return id
    }

    /// Cuts an exchange.
    mutating func abort(_ id: HTTPExchangeID) {
        guard self.takeOut(id) != nil else { return }
        self.actions.append(.abort(id))
    }

    /// Takes an exchange out of the books.
    mutating func takeOut(_ id: HTTPExchangeID) -> HTTPExchange? {
        guard let exchange = self.exchanges.removeValue(forKey: id) else { return nil }
        if exchange.isUploading { self.uploadingBytes -= exchange.bodyBytes }
        if exchange.purpose.isTelling { self.telling -= 1 }
        if exchange.purpose == .answered, let index = self.lingering.firstIndex(of: id) {
            self.lingering.remove(at: index)
        }
        return exchange
    }

    /// Nothing is expected of an exchange any more but its end. A server that never ends its responses does not get to
    /// keep all of them.
    mutating func linger(_ id: HTTPExchangeID) {
        guard let exchange = self.exchanges[id], exchange.purpose != .answered else { return }
        if exchange.purpose.isTelling { self.telling -= 1 }
        self.exchanges[id]?.purpose = .answered
        self.lingering.append(id)
        if self.lingering.count > self.settings.maxParallel, let oldest = self.lingering.first { self.abort(oldest) }
    }

    mutating func takeNumber() -> Int {
        self.nextNumber += 1
        return self.nextNumber
    }

    mutating func note(_ note: Note) {
        self.actions.append(.note(note))
    }
}
