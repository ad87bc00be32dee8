// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Random clients, random servers, random timers, and an end at a random time: the invariants of ``ConversationRig``
/// hold at every step, and in the end everything is answered and gone.
@Suite struct ConversationRandomTests {
    @Test("R28, R35, R53: whatever happens, each request is answered once, and the end is told once", arguments: 0..<50)
    func random(_ block: Int) throws {
        for seed in block * 60..<(block + 1) * 60 {
            var player = try RandomPlayer(seed: UInt64(seed))
            player.play()
        }
    }
}

/// Plays client, server and clock by dice.
private struct RandomPlayer {
    let rig: ConversationRig
    var dice: SeededGenerator
    var nextID = 1
    let usesLegacy: Bool
    let usesModern: Bool
    /// The server never says what no server may say.
    let isHonest: Bool

    init(seed: UInt64) throws {
        dice = SeededGenerator(state: seed &* 0x1234_5678_9ABC_DEF1)
        rig = try ConversationRig(
            [.auto, .streamableHTTP, .streamableHTTP, .eventStream].randomElement(using: &dice) ?? .auto,
            reinitializes: Int.random(in: 0..<8, using: &dice) > 0,
            maxParallel: Int.random(in: 1...4, using: &dice),
            queue: [200, 1_000, 100_000].randomElement(using: &dice) ?? 200,
            requestTimeout: Bool.random(using: &dice) ? 0 : 1_000_000_000
        )
        let eras = Int.random(in: 0..<4, using: &dice)
        usesLegacy = eras != 1
        usesModern = eras != 0
        isHonest = Bool.random(using: &dice)
    }

    mutating func roll(_ count: Int) -> Int { Int.random(in: 0..<count, using: &dice) }

    mutating func play() {
        for _ in 0..<Int.random(in: 5...60, using: &dice) {
            step()
            if !rig.ends.isEmpty { break }
        }
        if rig.ends.isEmpty, roll(2) == 0 {
            settleAll()
            if rig.ends.isEmpty { rig.checkIsIdle() }
        }
        rig.end()
        for _ in 0..<100 where rig.overs == 0 {
            if roll(3) > 0, let index = rig.open.randomElement(using: &dice) { network(index) } else { clock() }
            if roll(4) == 0 { rig.respond("7") }
        }
        while rig.overs == 0, clock() {}
        rig.checkIsOver()
        while clock() {}
    }

    private mutating func step() {
        switch roll(10) {
        case 0..<4: client()
        case 4..<9:
            if let index = rig.open.randomElement(using: &dice) { network(index) } else { client() }
        default: clock()
        }
    }

    @discardableResult
    private mutating func clock() -> Bool {
        guard !rig.timers.isEmpty else { return false }
        let timer = rig.timers[roll(rig.timers.count)].timer
        return rig.fire { $0 == timer }
    }

    /// All that is open comes to an end, so that nothing can be waiting but what was forgotten.
    private mutating func settleAll() {
        for _ in 0..<2_000 where rig.ends.isEmpty && !(rig.owed.isEmpty && rig.conversation.calls.isEmpty) {
            let calls = rig.open.filter { isAwaited($0) }
            if let index = calls.first {
                rig.head(index, 500, nil)
                rig.body(index, "")
                rig.finish(index)
            } else if !clock(), let index = rig.open.first {
                rig.finish(index)
            }
        }
    }

    private func isAwaited(_ index: Int) -> Bool {
        rig.conversation.exchanges[rig.exchanges[index].id]?.purpose != .answered
    }

    // MARK: Client

    private mutating func client() {
        switch roll(12) {
        case 0: cancel()
        case 1: rig.notify("notifications/roots/list_changed")
        case 2: rig.respond("\(roll(3))")
        case 3 where usesLegacy: rig.notify("notifications/initialized")
        case 4...6 where usesLegacy:
            if rig.asked.isEmpty || roll(8) == 0 { initialize() } else { legacy() }
        default: if usesModern { modern() } else { legacy() }
        }
    }

    private mutating func id() -> String {
        // An id may be used again when its request is answered.
        let free = rig.asked.map(\.token).filter { token in
            !rig.asked.indices.contains { index in rig.asked[index].token == token && rig.owed.values.contains(index) }
        }
        if roll(4) == 0, let token = free.randomElement(using: &dice) { return token }
        nextID += 1
        return roll(2) == 0 ? "\(nextID)" : "\"\(nextID)\""
    }

    private mutating func initialize() {
        rig.request(id(), "initialize", #"{"protocolVersion":"2025-11-25","capabilities":{}}"#)
    }

    private mutating func legacy() {
        switch roll(5) {
        case 0: rig.request(id(), "resources/subscribe", #"{"uri":"a:\#(roll(3))"}"#)
        case 1: rig.request(id(), "logging/setLevel", #"{"level":"info"}"#)
        case 2: rig.request(id(), "resources/unsubscribe", #"{"uri":"a:\#(roll(3))"}"#)
        default: rig.request(id(), "tools/call", #"{"name":"x","arguments":{}}"#)
        }
    }

    private mutating func modern() {
        switch roll(5) {
        case 0: rig.modern(id(), "subscriptions/listen")
        case 1: rig.modern(id(), "tools/list")
        case 2, 3: rig.modern(id(), "tools/call", #""name":"t\#(roll(3))","arguments":{"a":1},"#)
        default: rig.modern(id())
        }
    }

    private mutating func cancel() {
        let tokens = rig.owed.values.sorted().map { rig.asked[$0].token }
        if let token = tokens.randomElement(using: &dice) { rig.cancel(token) } else { rig.cancel("99") }
    }

    // MARK: Server

    private mutating func network(_ index: Int) {
        let exchange = rig.exchanges[index]
        guard let verdict = exchange.verdict else {
            if roll(8) == 0 { return rig.finish(index, .broken("reset")) }
            if roll(3) == 0 { return rig.sent(index) }
            return head(index)
        }
        switch verdict {
        case .discard: rig.finish(index, roll(6) == 0 ? .broken("reset") : nil)
        case .collect:
            if roll(8) == 0 { return rig.finish(index, .tooLarge(limit: 10)) }
            rig.body(index, message(index))
            rig.finish(index)
        case .events: event(index)
        }
    }

    private mutating func head(_ index: Int) {
        let isGet = rig.exchanges[index].request.method == .get
        let session = roll(2) == 0 ? "s\(roll(3))" : nil
        switch roll(10) {
        case 0: rig.head(index, [400, 404, 405, 401, 500, 429].randomElement(using: &dice) ?? 400, "application/json")
        case 1: rig.head(index, 404, nil)
        case 2: rig.head(index, [202, 204, 200].randomElement(using: &dice) ?? 202, nil)
        case 3: rig.head(index, roll(2) == 0 ? 307 : 302, nil, location: roll(3) == 0 ? "http://evil.test/" : "/two")
        case 4: rig.head(index, 200, "text/html")
        case 5, 6: rig.head(index, 200, isGet ? "text/event-stream" : "application/json", session: session)
        default: rig.head(index, 200, "text/event-stream", session: session)
        }
    }

    private mutating func event(_ index: Int) {
        switch roll(8) {
        case 0: rig.finish(index)
        case 1: rig.finish(index, .broken("reset"))
        case 2: rig.event(index, "", id: "e\(roll(3))", retry: roll(2) == 0 ? roll(3) * 100 : nil)
        case 3: rig.event(index, roll(4) == 0 ? "http://evil.test/" : "/post", name: "endpoint")
        default: rig.event(index, message(index), id: roll(2) == 0 ? "e\(roll(5))" : nil)
        }
    }

    private mutating func message(_ index: Int) -> String {
        let capabilities = roll(12) == 0 ? "{\"x\":1}" : "{}"
        let tools = #"{"tools":[{"name":"t1","inputSchema":{}}]\#(roll(2) == 0 ? #","nextCursor":"n""# : "")}"#
        let results = [#"{"protocolVersion":"2025-11-25","capabilities":\#(capabilities)}"#, tools, "{}"]
        let token = rig.exchanges[index].request.method == .get ? someToken() : nil
        let response = token.map { #"{"jsonrpc":"2.0","id":\#($0),"result":{}}"# }
        let wanted = response ?? rig.response(index, results.randomElement(using: &dice) ?? "{}")
        switch roll(isHonest ? 8 : 14) {
        case 0: return #"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#
        case 1: return #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
        case 2: return #"{"jsonrpc":"2.0","id":\#(roll(3)),"method":"ping"}"#
        case 8: return #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#
        case 9: return #"{"jsonrpc":"2.0","error":{"code":-32020,"message":"headers"}}"#
        case 10: return "<html>"
        case 11: return "[\(wanted),{\"jsonrpc\":\"2.0\",\"method\":\"a\"}]"
        case 12: return someToken().map { #"[{"jsonrpc":"2.0","id":\#($0),"result":{}},\#(wanted)]"# } ?? "[]"
        case 13: return #"{"error":"no"}"#
        default: return wanted
        }
    }

    private mutating func someToken() -> String? {
        rig.owed.values.sorted().map { rig.asked[$0].token }.randomElement(using: &dice)
    }
}
