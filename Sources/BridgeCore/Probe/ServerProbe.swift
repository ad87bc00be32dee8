// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Asks one server who it is and what tools it has: decides the next message and judges the answers.
///
/// A value without I/O or clock. First `server/discover` of 2026-07-28; where that is not understood `initialize` of
/// 2025-11-25 (2026-07-28, versioning: any error that is not a modern one, and silence, mean a legacy server); then
/// `tools/list`, all pages. One request at a time.
package struct ServerProbe: Sendable {
    /// What is to be done, in order.
    package enum Action: Sendable, Equatable {
        /// Send a message.
        case send([UInt8])
        /// End this backend, make a new one and call ``begin()``: servers pin the era at the first request, and some
        /// end at one that they do not know.
        case restart
        case finished(ProbeFindings)
        /// Over, with the reason in one line. It may hold text of the server's.
        case failed(String)
    }

    static let modernVersion = "2026-07-28"
    /// The newest first.
    static let legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
    /// Pages and tools that are read at the most.
    static let maxPages = 100
    static let maxTools = 10_000

    private enum Phase {
        /// ``begin()`` will say the opening.
        case opening(Opening)
        /// `isPatient`: silence no longer means a legacy server.
        case discovering(isPatient: Bool)
        /// `isFresh`: it is the first that this backend heard.
        case initializing(isFresh: Bool)
        case listing
        case over
    }

    private enum Opening {
        case discover(isPatient: Bool)
        case initialize
    }

    private let clientVersion: String
    private var phase = Phase.opening(.discover(isPatient: false))
    /// Of the one request that may be answered.
    private var lastID: Int64 = 0
    private var legacyVersion = ServerProbe.legacyVersions[0]
    /// `server/discover` was met with silence.
    private var wasSilent = false
    private var isModern = true
    private var findings = ProbeFindings()
    private var pages = 0
    private var cursors: Set<[UInt8]> = []

    /// - Parameter clientVersion: the bridge's own, for `clientInfo`.
    package init(clientVersion: String) {
        self.clientVersion = clientVersion
    }

    // MARK: Events

    /// A new backend is there.
    package mutating func begin() -> [Action] {
        guard case .opening(let opening) = self.phase else { return [] }
        switch opening {
        case .discover(let isPatient): self.phase = .discovering(isPatient: isPatient)
        case .initialize: return [self.initialize(isFresh: true)]
        }
        return [.send(ProbeMessage.discover(id: self.nextID(), self.client))]
    }

    /// Whether ``silent()`` should be called when nothing comes for a short time.
    package var takesSilenceForLegacy: Bool {
        if case .discovering(isPatient: false) = self.phase { true } else { false }
    }

    /// A message of the server's.
    package mutating func received(_ text: UnsafeRawBufferPointer) -> [Action] {
        guard self.isWaiting, UTF8Check(text) == .valid, let envelope = try? EnvelopeScanner.scan(text) else {
            return []
        }
        if let method = envelope.method {
            guard let id = envelope.id, RequestID(id, in: text) != nil else { return [] }
            if method.isAsked(in: text) { return self.fail("it sends back what it is sent: that is no MCP server") }
            // A legacy server may ask before it answers.
            return [.send(ProbeMessage.reply(to: Array(text[id.range]), isPing: method.names("ping", in: text)))]
        }
        guard let id = envelope.id, RequestID(respelled: id, in: text) == .integer(self.lastID) else { return [] }
        if let error = envelope.error {
            return self.refused(Refusal(UnsafeRawBufferPointer(rebasing: text[error.range])))
        }
        guard let result = envelope.result else { return [] }
        return self.accepted(UnsafeRawBufferPointer(rebasing: text[result.range]))
    }

    /// The backend says that the server will not answer a request.
    ///
    /// - Parameter reply: what a client would be told.
    package mutating func failed(_ id: RequestID, _ reply: BridgeReply) -> [Action] {
        guard self.isWaiting, id == .integer(self.lastID) else { return [] }
        return self.refused(Refusal(reply))
    }

    /// The server has ended.
    package mutating func ended(_ reason: String) -> [Action] {
        switch self.phase {
        case .over: return []
        case .opening(.discover(isPatient: false)), .discovering(isPatient: false), .initializing(isFresh: false):
            return self.restart(.initialize)
        case .opening, .discovering, .initializing, .listing: return self.fail(reason)
        }
    }

    /// Nothing has come for a short time.
    package mutating func silent() -> [Action] {
        guard self.takesSilenceForLegacy else { return [] }
        self.wasSilent = true
        return self.restart(.initialize)
    }

    /// All the time that there was is over.
    ///
    /// - Parameter limit: how long that was, in words.
    package mutating func timedOut(_ limit: String) -> [Action] {
        let what =
            switch self.phase {
            case .opening: "it could not be started"
            case .discovering: "no answer to server/discover"
            case .initializing: "no answer to initialize"
            case .listing: "no answer to tools/list"
            case .over: ""
            }
        return self.isOver ? [] : self.fail("\(what) within \(limit)")
    }

    /// The cancellation of what was asked and not answered, to say at the end; nil where none is owed (R53).
    package var farewell: [UInt8]? {
        guard case .listing = self.phase else { return nil }
        return ProbeMessage.cancelled(id: self.lastID)
    }

    // MARK: Judging

    private mutating func accepted(_ result: UnsafeRawBufferPointer) -> [Action] {
        switch self.phase {
        case .discovering: self.discovered(result)
        case .initializing: self.initialized(result)
        case .listing: self.listed(result)
        case .opening, .over: []
        }
    }

    private mutating func discovered(_ result: UnsafeRawBufferPointer) -> [Action] {
        // Some servers answer whatever they are asked.
        guard let versions = ProbeAnswer.strings("supportedVersions", in: result) else {
            return [self.initialize(isFresh: false)]
        }
        guard versions.contains(Self.modernVersion) else {
            guard let version = Self.legacyVersions.first(where: versions.contains) else {
                return self.fail(Self.unknown(versions))
            }
            self.legacyVersion = version
            return self.restart(.initialize)
        }
        self.isModern = true
        self.findings.revision = Self.modernVersion
        self.findings.note(ProbeAnswer.modernServerInfo(result))
        return ProbeAnswer.hasTools(result) ? [self.list(cursor: nil)] : self.finish()
    }

    private mutating func initialized(_ result: UnsafeRawBufferPointer) -> [Action] {
        guard let version = ProbeAnswer.string("protocolVersion", in: result) else {
            return self.fail("its answer to initialize names no protocol version")
        }
        self.isModern = false
        self.findings.revision = version
        self.findings.note(ProbeAnswer.serverInfo(result))
        let accepted = Action.send(ProbeMessage.initialized)
        return ProbeAnswer.hasTools(result) ? [accepted, self.list(cursor: nil)] : [accepted] + self.finish()
    }

    private mutating func listed(_ result: UnsafeRawBufferPointer) -> [Action] {
        guard let names = ProbeAnswer.toolNames(result) else {
            return self.fail("its answer to tools/list holds no list of tools")
        }
        if self.isModern, self.findings.serverName == nil { self.findings.note(ProbeAnswer.modernServerInfo(result)) }
        var tools = self.findings.tools ?? []
        let room = Self.maxTools - tools.count
        tools += names.prefix(room)
        self.findings.tools = tools
        self.findings.hasMoreTools = names.count > room
        self.pages += 1
        guard let cursor = ProbeAnswer.nextCursor(result) else { return self.finish() }
        // A server that names a cursor twice would lead in a circle.
        guard tools.count < Self.maxTools, self.pages < Self.maxPages, self.cursors.insert(cursor).inserted else {
            self.findings.hasMoreTools = true
            return self.finish()
        }
        return [self.list(cursor: cursor)]
    }

    private mutating func refused(_ refusal: Refusal) -> [Action] {
        switch self.phase {
        case .discovering(let isPatient):
            if let versions = refusal.supportedVersions {
                guard let version = Self.legacyVersions.first(where: versions.contains) else {
                    return self.fail(Self.unknown(versions))
                }
                self.legacyVersion = version
                return [self.initialize(isFresh: false)]
            }
            if isPatient || refusal.isModern || refusal.isHopeless { return self.fail("server/discover", refusal) }
            return [self.initialize(isFresh: false)]
        case .initializing(let isFresh):
            if refusal.isHopeless { return self.fail("initialize", refusal) }
            if !isFresh { return self.restart(.initialize) }
            // A modern server that was slow to start.
            if self.wasSilent {
                self.wasSilent = false
                return self.restart(.discover(isPatient: true))
            }
            return self.fail("initialize", refusal)
        case .listing:
            // JSON-RPC 2.0 §5.1: no such method, so no tools.
            return refusal.code == -32_601 ? self.finish() : self.fail("tools/list", refusal)
        case .opening, .over: return []
        }
    }

    // MARK: Steps

    private var isOver: Bool {
        if case .over = self.phase { true } else { false }
    }

    private var isWaiting: Bool {
        switch self.phase {
        case .discovering, .initializing, .listing: true
        case .opening, .over: false
        }
    }

    private var client: ProbeMessage.Client {
        ProbeMessage.Client(version: self.clientVersion, modernVersion: Self.modernVersion)
    }

    private mutating func nextID() -> Int64 {
        self.lastID += 1
        return self.lastID
    }

    private mutating func restart(_ opening: Opening) -> [Action] {
        self.phase = .opening(opening)
        return [.restart]
    }

    private mutating func initialize(isFresh: Bool) -> Action {
        self.phase = .initializing(isFresh: isFresh)
        return .send(ProbeMessage.initialize(id: self.nextID(), version: self.legacyVersion, self.client))
    }

    private mutating func list(cursor: [UInt8]?) -> Action {
        self.phase = .listing
        return .send(ProbeMessage.listTools(id: self.nextID(), cursor: cursor, self.isModern ? self.client : nil))
    }

    private mutating func finish() -> [Action] {
        self.phase = .over
        return [.finished(self.findings)]
    }

    private mutating func fail(_ method: String, _ refusal: Refusal) -> [Action] {
        self.fail(refusal.code.map { "\(method) was answered with error \($0): \(refusal.words)" } ?? refusal.words)
    }

    private mutating func fail(_ reason: String) -> [Action] {
        self.phase = .over
        return [.failed(reason)]
    }

    private static func unknown(_ versions: [String]) -> String {
        "it speaks no revision that is known here, but \(versions.prefix(10).joined(separator: ", "))"
    }
}

extension Envelope.Value {
    /// Whether it is one of the methods that only clients ask for.
    fileprivate func isAsked(in text: UnsafeRawBufferPointer) -> Bool {
        self.names("server/discover", in: text) || self.names("initialize", in: text)
            || self.names("tools/list", in: text)
    }
}

/// Why a request was not answered with a result.
private struct Refusal {
    /// Of the server's JSON-RPC error; nil where there was none.
    var code: Int?
    var words: String
    /// Of an UnsupportedProtocolVersionError.
    var supportedVersions: [String]?
    /// Another request would fare no better.
    var isHopeless = false

    /// 2026-07-28, "Error Codes": -32020 … -32099 are the specification's own.
    var isModern: Bool { self.code.map { (-32_099 ... -32_020).contains($0) } ?? false }

    /// - Parameter error: the text of the member `error`.
    init(_ error: UnsafeRawBufferPointer) {
        self.code = ProbeAnswer.integer("code", in: error) ?? 0
        self.words = ProbeAnswer.string("message", in: error) ?? "no message"
        if self.code == -32_022, let data = ObjectMembers.text(of: "data", in: error) {
            self.supportedVersions = ProbeAnswer.strings("supported", in: data)
        }
    }

    init(_ reply: BridgeReply) {
        self.words = reply.message
        for case ("http_status", .integer(let status)) in reply.data where !self.words.contains("\(status)") {
            self.words += " (HTTP status \(status))"
        }
        self.isHopeless = [
            "upstream_unreachable", "upstream_unauthorized", "upstream_redirect", "upstream_unsendable",
        ].contains(reply.cause)
    }
}
