// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// One session of the legacy revisions: what was agreed, and the calls whose answers come as a stream.
///
/// A call goes on while nobody reads its stream, and its last events are kept for who comes back (2025-11-25
/// transports, Resumability and Redelivery).
struct LegacyHTTPSession {
    /// What may be kept for one session.
    static let maximumRunning = 64
    static let maximumFinished = 8

    /// The revision that `initialize` agreed on.
    let version: String
    /// When the client was last heard, or a stream of it last ended.
    var lastUse: Int
    /// Requests of this session whose response is a stream that is open.
    var streams: Set<DemoHTTP.ExchangeID> = []
    private(set) var calls: [LegacyHTTPCall] = []
    private var nextStream = 1

    init(version: String, now: Int) {
        self.version = version
        self.lastUse = now
    }

    /// 2025-11-25 and later clients know events without data.
    var primes: Bool { version >= "2025-11-25" }

    /// When a running call has something to say next.
    var nextDeadline: Int? { calls.compactMap(\.nextDeadline).min() }

    /// Takes a request whose answer will come later; nil if too many are running.
    mutating func start(_ id: JSONValue, _ demo: DemoProtocol, on exchange: DemoHTTP.ExchangeID) -> LegacyHTTPCall? {
        guard calls.count(where: { !$0.isFinished }) < Self.maximumRunning else { return nil }
        let call = LegacyHTTPCall(stream: nextStream, id: id, demo: demo, exchange: exchange)
        nextStream += 1
        calls.append(call)
        return call
    }

    /// `notifications/cancelled`: forgets the calls with this id.
    ///
    /// - Returns: the responses that now end.
    mutating func cancel(_ id: JSONValue) -> [DemoHTTP.ExchangeID] {
        let cancelled = calls.filter { $0.id == id && !$0.isFinished }
        calls.removeAll { $0.id == id && !$0.isFinished }
        return cancelled.compactMap(\.exchange)
    }

    /// Lets time pass; what running calls have to say.
    mutating func advance(to now: Int) -> [DemoHTTP.Action] {
        var actions: [DemoHTTP.Action] = []
        for index in calls.indices {
            actions += calls[index].advance(to: now)
        }
        // The oldest of those that are kept only for who might come back.
        let surplus = calls.count(where: \.isFinished) - Self.maximumFinished
        for _ in 0..<max(0, surplus) {
            if let oldest = calls.firstIndex(where: \.isFinished) { calls.remove(at: oldest) }
        }
        return actions
    }

    /// A response is no longer read: its call goes on.
    mutating func closed(_ exchange: DemoHTTP.ExchangeID, now: Int) {
        streams.remove(exchange)
        lastUse = now
        for index in calls.indices where calls[index].exchange == exchange { calls[index].exchange = nil }
    }

    /// Goes on with a stream after one of its events.
    ///
    /// - Returns: what the client missed and whether that is all, and the response that the stream had until now; nil
    ///   for an event that is not known.
    mutating func resume(
        after event: DemoEventID,
        on exchange: DemoHTTP.ExchangeID
    ) -> (missed: [UInt8], isComplete: Bool, replaced: DemoHTTP.ExchangeID?)? {
        guard let index = calls.firstIndex(where: { $0.stream == event.stream }),
            event.number <= calls[index].lastEvent
        else { return nil }
        let replaced = calls[index].exchange
        calls[index].exchange = calls[index].isFinished ? nil : exchange
        return (calls[index].events(after: event.number), calls[index].isFinished, replaced)
    }
}

/// A request that is answered by a stream, and the last events of that.
struct LegacyHTTPCall {
    /// How many events are kept; earlier ones, which only tell of progress, are gone for who resumes too late.
    private static let maximumKept = 64

    let stream: Int
    let id: JSONValue
    /// Who reads the stream; nil while nobody does.
    var exchange: DemoHTTP.ExchangeID?
    private var demo: DemoProtocol
    private var kept: [(number: Int, bytes: [UInt8])] = []
    /// Number of the last event; 0 is the priming one.
    private(set) var lastEvent = 0

    init(stream: Int, id: JSONValue, demo: DemoProtocol, exchange: DemoHTTP.ExchangeID) {
        self.stream = stream
        self.id = id
        self.demo = demo
        self.exchange = exchange
    }

    /// Whether the response is among the events.
    var isFinished: Bool { demo.isIdle }
    var nextDeadline: Int? { demo.nextDeadline }

    func events(after number: Int) -> [UInt8] {
        kept.filter { $0.number > number }.flatMap(\.bytes)
    }

    fileprivate mutating func advance(to now: Int) -> [DemoHTTP.Action] {
        let messages = demo.advance(to: now)
        guard !messages.isEmpty else { return [] }
        var new: [UInt8] = []
        for message in messages {
            lastEvent += 1
            let bytes = DemoEvent.message(message, id: DemoEventID(stream: stream, number: lastEvent).text)
            kept.append((lastEvent, bytes))
            new += bytes
        }
        kept.removeFirst(max(0, kept.count - Self.maximumKept))
        guard let reader = exchange else { return [] }
        guard isFinished else { return [.write(reader, new)] }
        exchange = nil
        return [.write(reader, new), .end(reader)]
    }
}

/// The id of an event: its stream within the session, and its place in that.
struct DemoEventID: Equatable {
    /// The stream that a GET opens and on which this server has nothing to say.
    static let general = DemoEventID(stream: 0, number: 0)

    let stream: Int
    let number: Int

    init(stream: Int, number: Int) {
        self.stream = stream
        self.number = number
    }

    /// Reads what `text` wrote.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let stream = Int(parts[0]), let number = Int(parts[1]), stream >= 0, number >= 0
        else { return nil }
        self.init(stream: stream, number: number)
    }

    var text: String { "\(stream)-\(number)" }
}
