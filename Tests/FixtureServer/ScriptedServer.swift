// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The server: one thread, poll(2) with the deadlines of sleeping calls, blocking writes.
struct ScriptedServer {
    let behaviours: [Behaviour: String]
    let arguments: [String]

    /// Lines read, blank ones included.
    var lines = 0
    /// Calls of `sleep` on their way.
    var sleeping: [(deadline: Int, request: Request)] = []
    /// Calls of `hold`, answered by `release`.
    var held: [Request] = []
    /// Calls of `ask` that wait for the client's answer, by the id (as spelled) of the question.
    var asking: [(id: String, request: Request)] = []
    /// `requestId` of every cancel that came, as spelled.
    var cancelled: [String] = []
    var outputIsOpen = true

    init(behaviours: [Behaviour: String], arguments: [String]) {
        self.behaviours = behaviours
        self.arguments = arguments
    }

    func has(_ behaviour: Behaviour) -> Bool { behaviours[behaviour] != nil }

    /// The argument as a number, or `otherwise`.
    func number(_ behaviour: Behaviour, otherwise: Int) -> Int {
        behaviours[behaviour].flatMap { Int($0) } ?? otherwise
    }

    mutating func run() -> Never {
        begin()
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            var entry = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            let wait = sleeping.map(\.deadline).min().map { max(0, $0 - Self.now()) } ?? -1
            let ready = poll(&entry, 1, CInt(clamping: wait))
            wake()
            guard ready > 0 else { continue }
            let count = chunk.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
            guard count > 0 else { endOfInput() }
            record(chunk[..<count])
            var rest = chunk[..<count]
            while let end = Self.newline(in: rest) {
                pending.append(contentsOf: rest[..<end])
                rest = rest[(end + 1)...]
                let line = pending
                pending = []
                received(line[...])
            }
            pending.append(contentsOf: rest)
        }
    }

    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    private static func newline(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { buffer -> Int? in
            guard let start = buffer.baseAddress, let found = memchr(start, 10, buffer.count) else { return nil }
            return bytes.startIndex + (UnsafeRawPointer(found) - start)
        }
    }

    // MARK: - Its life

    /// What happens before anything is read.
    private mutating func begin() {
        signal(SIGPIPE, SIG_IGN)
        if ignoresTerm { signal(SIGTERM, SIG_IGN) }
        if let path = behaviours[.pidfile] { Output.append("\(getpid())\n".utf8, to: path) }
        if let path = behaviours[.record] { Output.append([], to: path) }
        if let path = behaviours[.leavesGrandchild] {
            Grandchild.start([ignoresTerm ? "wait-hard" : "wait", path], newSession: false)
        }
        if let path = behaviours[.daemonisesGrandchild] { Grandchild.start(["fork", path], newSession: true) }
        if let path = behaviours[.daemonisesHoldingPipes] { Grandchild.start(["fork-pipes", path], newSession: true) }
        if let text = behaviours[.stderr] { Output.writeError(text + "\n") }
        if let name = behaviours[.leaksEnvironment], let value = getenv(name) {
            Output.writeError("value: \(String(cString: value))\n")
        }
        if has(.floodsStderr) {
            let line = String(repeating: "e", count: 99) + "\n"
            for _ in 0..<(number(.floodsStderr, otherwise: 2 << 20) / 100) { Output.writeError(line) }
        }
        if has(.endlessStderrLine) {
            let piece = [UInt8](repeating: UInt8(ascii: "E"), count: 65_536)
            for _ in 0..<(number(.endlessStderrLine, otherwise: 2 << 20) / 65_536) { Output.write(piece, to: 2) }
        }
        if has(.exitsAtOnce) {
            Output.writeError("FixtureServer: cannot start, the widget is missing\n")
            exit(CInt(number(.exitsAtOnce, otherwise: 44)))
        }
        if has(.printsJunk) {
            Output.write(Array("\u{FEFF}Starting up...\r\n\n\r\n{not json}\n  \t \n[unclosed\n\u{1B}[31mred\r\n".utf8))
        }
        if has(.asksAtStart) { send(#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#) }
        if has(.neverReads) { while true { pause() } }
        if has(.slowStart) { Output.pause(milliseconds: number(.slowStart, otherwise: 200)) }
    }

    private var ignoresTerm: Bool { has(.ignoresTerm) || has(.ignoresEOFAndTerm) }

    private func endOfInput() -> Never {
        if has(.ignoresEOF) || has(.ignoresEOFAndTerm) { while true { pause() } }
        exit(0)
    }

    private func record(_ bytes: ArraySlice<UInt8>) {
        if let path = behaviours[.record] { Output.append(bytes, to: path) }
    }

    /// Answers the calls of `sleep` that are due.
    private mutating func wake() {
        let now = Self.now()
        let due = sleeping.filter { $0.deadline <= now }
        sleeping.removeAll { $0.deadline <= now }
        for call in due { answer(call.request, #"{"content":[{"type":"text","text":"slept"}]}"#) }
    }

    /// Notifications without end; looks at standard input only for its end.
    private func chatter() -> Never {
        let text = String(repeating: "c", count: 900)
        var count = 0
        while true {
            count += 1
            let line =
                #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"\#(count) \#(text)"}}"#
            guard Output.write((line + "\n").utf8) else { exit(0) }
            var entry = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 0) > 0, entry.revents & Int16(POLLHUP) != 0 { endOfInput() }
        }
    }

    // MARK: - Messages

    private mutating func received(_ line: ArraySlice<UInt8>) {
        lines += 1
        if has(.diesBeforeFirstAnswer) { exit(43) }
        let message = JSONText(line)
        guard let method = message["method"] else {
            answered(message)
            return
        }
        guard let id = message["id"] else {
            if method.unquoted == "notifications/cancelled" {
                cancelled.append(message["params"]?["requestId"]?.text ?? "none")
            }
            return
        }
        let request = Request(id: id, token: message["params"]?["_meta"]?["progressToken"], line: line)
        if has(.echoesRaw) {
            answer(request, #"{"raw":\#(JSONText.quote(line))}"#)
            return
        }
        switch method.unquoted {
        case "initialize":
            let version = message["params"]?["protocolVersion"]?.text ?? #""2025-11-25""#
            answer(
                request,
                #"{"protocolVersion":\#(version),"capabilities":{"tools":{}},"serverInfo":{"name":"fixture","version":"1"}}"#
            )
        case "ping": answer(request, "{}")
        case "tools/list": answer(request, #"{"tools":[\#(Self.tools)]}"#)
        case "tools/call": call(request, message["params"] ?? JSONText("{}"))
        default:
            send(#"{"jsonrpc":"2.0","id":\#(spell(request.id)),"error":{"code":-32601,"message":"Method not found"}}"#)
        }
        if has(.chatters) { chatter() }
    }

    /// A response from the client: the call of `ask` that waits for it is answered with it.
    private mutating func answered(_ message: JSONText) {
        guard let id = message["id"]?.text, let index = asking.firstIndex(where: { $0.id == id }) else { return }
        let request = asking.remove(at: index).request
        answer(request, #"{"content":[],"answer":\#(JSONText.quote(message.bytes))}"#)
    }

    /// The id as this server spells it.
    func spell(_ id: JSONText) -> String {
        guard has(.respellsIDs) else { return id.text }
        guard id.bytes.first == UInt8(ascii: "\"") else {
            if behaviours[.respellsIDs] == "fraction" { return id.text + ".0" }
            return id.text == "0" ? "-0" : id.text
        }
        // Ids with escapes would have to be decoded first; those stay as they are.
        guard !id.bytes.contains(UInt8(ascii: "\\")) else { return id.text }
        let escaped = id.unquoted.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"" + escaped.joined() + "\""
    }

    /// Sends a result in the manner that the behaviours want.
    mutating func answer(_ request: Request, _ result: String) {
        var result = result
        if has(.countsLines) { result = #"{"lines":\#(lines),"# + result.dropFirst() }
        if has(.answersUnknownID) { send(#"{"jsonrpc":"2.0","id":987654321,"result":{}}"#) }
        let line = #"{"jsonrpc":"2.0","id":\#(spell(request.id)),"result":\#(result)}"#
        send(line)
        if has(.answersTwice) { send(line) }
        if has(.progressAfterResponse), let token = request.token {
            send(
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(token.text),"progress":1}}"#
            )
        }
    }

    /// Writes one line.
    func send(_ line: String, newline: Bool = true) {
        guard outputIsOpen else { return }
        let bytes = Array(line.utf8) + (newline ? Array(has(.printsJunk) ? "\r\n".utf8 : "\n".utf8) : [])
        guard has(.splitUTF8) else {
            Output.write(bytes)
            return
        }
        var start = 0
        for (index, byte) in bytes.enumerated() where byte >= 0x80 {
            Output.write(bytes[start...index])
            start = index + 1
            Output.pause(milliseconds: 5)
        }
        Output.write(bytes[start...])
    }
}

/// A request that is to be answered.
struct Request {
    let id: JSONText
    let token: JSONText?
    /// The whole message.
    let line: ArraySlice<UInt8>
}
