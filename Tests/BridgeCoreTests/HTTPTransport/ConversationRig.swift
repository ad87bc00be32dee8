// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

/// A conversation with its client and its server played by the test, and with books of who is owed what.
///
/// Exchanges have the numbers 0, 1, … in the order in which they were sent. After every step all actions are taken and
/// the invariants are checked (``ConversationRig/check(_:)``).
final class ConversationRig {
    /// One exchange as the network sees it.
    struct Exchange {
        var id: HTTPExchangeID
        var request: UpstreamRequest
        /// The server's head has come, and what is to be done with the body.
        var verdict: OnUpstreamHead?
        var isOpen = true
        var isAborted = false
        /// As an ``EventStreamParser`` has it.
        var lastEventID: String?
        var reconnectionTime: Int?

        var body: String { self.request.body.map { String(buffer: $0) } ?? "" }
        func field(_ name: String) -> [String] {
            self.request.fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }
    }

    /// A client's request.
    struct Asked {
        var token: String
        var isInitialize: Bool
        var isCancelled = false
        var answers = 0
    }

    var conversation: HTTPConversation
    var exchanges: [Exchange] = []
    private(set) var asked: [Asked] = []
    /// The request that an id stands for now: neither answered nor cancelled.
    private(set) var owed: [RequestID: Int] = [:]
    private(set) var delivered: [String] = []
    private(set) var failed: [(id: String, fault: UpstreamFault)] = []
    private(set) var timers: [(timer: HTTPConversation.Timer, after: Int64)] = []
    private(set) var notes: [HTTPConversation.Note] = []
    private(set) var ends: [SessionEnd] = []
    /// Responses that were delivered to nobody: the session drops them (R28).
    private(set) var strays: [String] = []
    private(set) var isEnding = false
    private(set) var overs = 0
    private var numbers: [HTTPExchangeID: Int] = [:]

    init(
        _ transport: HTTPConversation.Transport = .streamableHTTP,
        reinitializes: Bool = true,
        maxParallel: Int = 8,
        queue: Int = 4_096,
        requestTimeout: Int64 = 0
    ) throws {
        let url = try #require(HTTPURL("http://server.test/mcp"))
        conversation = HTTPConversation(
            .init(
                url: url,
                transport: transport,
                reinitializes: reinitializes,
                maxParallel: maxParallel,
                queue: queue,
                maxEvent: 1 << 16,
                requestTimeout: requestTimeout,
                endpointTimeout: 5_000_000_000
            )
        )
    }

    // MARK: Client

    func client(_ text: String) {
        note(text)
        conversation.receivedFromClient(ByteBuffer(string: text))
        settle("client: \(text)")
    }

    private func note(_ text: String) {
        guard let (envelope, id) = scan(text) else { return }
        if let method = envelope.method, let idValue = envelope.id, let id {
            let isInitialize = text[bytes: method.range] == "\"initialize\""
            asked.append(Asked(token: text[bytes: idValue.range], isInitialize: isInitialize))
            owed[id] = asked.count - 1
        } else if let cancelled = envelope.cancelledID {
            let id = Array(text.utf8).withUnsafeBytes { RequestID(cancelled, in: $0) }
            guard let id, let index = owed[id], !asked[index].isInitialize else { return }
            owed[id] = nil
            asked[index].isCancelled = true
        }
    }

    /// A request of the legacy revisions, with this id token.
    func request(_ id: String, _ method: String = "tools/list", _ params: String = "{}") {
        client(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    }

    /// A request of 2026-07-28; `params` are members, with a comma behind them.
    func modern(_ id: String, _ method: String = "server/discover", _ params: String = "") {
        client(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)\#(Self.metadata)}}"#)
    }

    static let metadata =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
        + #""io.modelcontextprotocol/clientCapabilities":{}}"#

    func notify(_ method: String, _ params: String = "{}") {
        client(#"{"jsonrpc":"2.0","method":"\#(method)","params":\#(params)}"#)
    }

    func cancel(_ id: String) { client(Self.cancellation(of: id)) }

    static func cancellation(of id: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
    }

    func respond(_ id: String) { client(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#) }

    /// A handshake of a legacy revision: exchanges 0 (initialize), 1 (initialized) and 2 (GET, which stays open if
    /// there is a stream).
    func handshake(_ version: String = "2025-11-25", session: String? = "s-1", hasStream: Bool = false) {
        request("\"init\"", "initialize", #"{"protocolVersion":"\#(version)"}"#)
        answer(0, Self.initializeResult(version), session: session)
        notify("notifications/initialized")
        status(1, 202)
        if hasStream { head(2, 200, "text/event-stream") } else { status(2, 405) }
        delivered = []
    }

    static func initializeResult(_ version: String = "2025-11-25", _ capabilities: String = "{}") -> String {
        #"{"protocolVersion":"\#(version)","capabilities":\#(capabilities)}"#
    }

    /// The client is gone: what a session says then (R53).
    func end() {
        let cancellations = owed.values.sorted().filter { !asked[$0].isInitialize }
            .map { Self.cancellation(of: asked[$0].token) + "\n" }
        isEnding = true
        conversation.end(farewell: ByteBuffer(string: cancellations.joined()))
        settle("end")
    }

    // MARK: Server

    /// The request of an exchange is on its way.
    func sent(_ index: Int) {
        guard exchanges[index].isOpen else { return }
        conversation.sent(exchanges[index].id)
        settle("sent \(index)")
    }

    @discardableResult
    func head(
        _ index: Int,
        _ status: Int = 200,
        _ type: String? = "application/json",
        session: String? = nil,
        location: String? = nil
    ) -> OnUpstreamHead {
        guard exchanges[index].isOpen else { return .discard }
        let response = UpstreamResponse(status: status, contentType: type, sessionID: session, location: location)
        let verdict = conversation.receivedHead(response, of: exchanges[index].id)
        exchanges[index].verdict = verdict
        settle("head \(index): \(status) \(type ?? "")")
        return verdict
    }

    func body(_ index: Int, _ text: String) {
        guard exchanges[index].isOpen, case .collect? = exchanges[index].verdict else { return }
        conversation.receivedBody(ByteBuffer(string: text), of: exchanges[index].id)
        settle("body \(index): \(text)")
    }

    func event(_ index: Int, _ data: String, id: String? = nil, name: String = "message", retry: Int? = nil) {
        guard exchanges[index].isOpen, exchanges[index].verdict == .events else { return }
        if let id { exchanges[index].lastEventID = id.isEmpty ? nil : id }
        if let retry { exchanges[index].reconnectionTime = retry }
        conversation.received(
            .init(name: name, data: ByteBuffer(string: data), hasID: id != nil),
            lastEventID: exchanges[index].lastEventID,
            reconnectionTime: exchanges[index].reconnectionTime,
            of: exchanges[index].id
        )
        settle("event \(index): \(data) \(id ?? "")")
    }

    func finish(_ index: Int, _ fault: UpstreamFault? = nil) {
        guard exchanges[index].isOpen else { return }
        exchanges[index].isOpen = false
        conversation.finished(exchanges[index].id, fault)
        settle("finish \(index): \(fault?.cause ?? "")")
    }

    /// A whole response: head, body, end.
    func reply(_ index: Int, _ text: String, _ status: Int = 200, session: String? = nil) {
        head(index, status, session: session)
        body(index, text)
        finish(index)
    }

    /// A response without a body.
    func status(_ index: Int, _ status: Int, session: String? = nil) {
        if case .collect = head(index, status, nil, session: session) { body(index, "") }
        finish(index)
    }

    /// The answer to the request of an exchange, as JSON.
    func answer(_ index: Int, _ result: String = "{}", session: String? = nil) {
        reply(index, response(index, result), session: session)
    }

    func response(_ index: Int, _ result: String = "{}") -> String {
        let text = exchanges[index].body
        let token = scan(text).flatMap { $0.0.id }.map { text[bytes: $0.range] } ?? "null"
        return #"{"jsonrpc":"2.0","id":\#(token),"result":\#(result)}"#
    }

    /// Fires the oldest timer that is such; false if there is none.
    @discardableResult
    func fire(_ isSuch: (HTTPConversation.Timer) -> Bool) -> Bool {
        guard let index = timers.firstIndex(where: { isSuch($0.timer) }) else { return false }
        let timer = timers.remove(at: index).timer
        conversation.fired(timer)
        settle("timer \(timer)")
        return true
    }

    // MARK: What came of it

    /// The exchanges that are under way.
    var open: [Int] { exchanges.indices.filter { exchanges[$0].isOpen } }
    var last: Exchange { exchanges[exchanges.count - 1] }
    /// Of each exchange so far, from one on: the JSON-RPC method, else the HTTP method.
    func sentMethods(from index: Int = 0) -> [String] {
        exchanges[index...].map { exchange in
            let text = exchange.body
            guard let method = scan(text)?.0.method else { return exchange.request.method.rawValue }
            return text[bytes: method.contents]
        }
    }

    func takeDelivered() -> [String] {
        defer { delivered = [] }
        return delivered
    }

    private func settle(_ step: String) {
        while let action = conversation.nextAction() { perform(action, step) }
        check(step)
    }

    private func perform(_ action: HTTPConversation.Action, _ step: String) {
        #expect(overs == 0, "\(step): something after the end: \(action)")
        switch action {
        case .send(let id, let request):
            #expect(numbers[id] == nil, "\(step): an exchange number stands for two")
            numbers[id] = exchanges.count
            exchanges.append(Exchange(id: id, request: request))
        case .abort(let id):
            guard let index = numbers[id], exchanges[index].isOpen else {
                Issue.record("\(step): aborted what is not under way")
                return
            }
            exchanges[index].isOpen = false
            exchanges[index].isAborted = true
        case .deliver(let message): deliver(String(buffer: message))
        case .fail(let id, let fault):
            failed.append((String(decoding: id.spelling, as: UTF8.self), fault))
            guard let index = owed.removeValue(forKey: id) else {
                Issue.record("\(step): \(id) failed with nothing owed")
                return
            }
            asked[index].answers += 1
        case .schedule(let timer, let after):
            #expect(after >= 0)
            timers.append((timer, after))
        case .end(let end): ends.append(end)
        case .note(let note): notes.append(note)
        case .over:
            #expect(isEnding, "\(step): over before the end")
            overs += 1
        }
    }

    private func deliver(_ text: String) {
        delivered.append(text)
        guard scan(text)?.0.isArray == true else { return count(text) }
        let elements = Array(text.utf8).withUnsafeBytes { bytes in
            ArrayElements(bytes).map { String(decoding: UnsafeRawBufferPointer(rebasing: bytes[$0]), as: UTF8.self) }
        }
        for element in elements { count(element) }
    }

    private func count(_ text: String) {
        guard let (envelope, id) = scan(text), envelope.method == nil else { return }
        guard let id, let index = owed.removeValue(forKey: id) else {
            strays.append(text)
            return
        }
        asked[index].answers += 1
    }

    private func scan(_ text: String) -> (Envelope, RequestID?)? {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard let envelope = try? EnvelopeScanner.scan(bytes) else { return nil }
            return (envelope, envelope.id.flatMap { RequestID(respelled: $0, in: bytes) })
        }
    }
}
