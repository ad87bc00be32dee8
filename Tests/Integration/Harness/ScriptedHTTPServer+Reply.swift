// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The answer to one request, byte by byte if need be. Other threads may send events through it too.
// SAFETY: `state` is touched under `lock` only, which also keeps what one call writes together.
final class HTTPReply: @unchecked Sendable {
    /// How the end of a body is told.
    enum Framing {
        case chunked
        /// By the end of the connection.
        case close
    }

    private enum State {
        case nothing
        case streaming(Framing)
        case complete
    }

    private let connection: ScriptedConnection
    private let lock = NSLock()
    private var state = State.nothing
    private(set) var endsConnection = false

    init(connection: ScriptedConnection) { self.connection = connection }

    // MARK: - Whole answers

    /// Sends a whole answer.
    ///
    /// - Parameters:
    ///   - type: of the body; nil for no `Content-Type` at all.
    func send(
        _ status: Int,
        headers: [(String, String)] = [],
        type: String? = nil,
        body: String = ""
    ) throws {
        lock.lock()
        defer { lock.unlock() }
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        if let type { head += "Content-Type: \(type)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if status != 204 && status != 304 { head += "Content-Length: \(body.utf8.count)\r\n" }
        state = .complete
        try connection.write(Array((head + "\r\n" + body).utf8))
    }

    /// Sends JSON.
    func json(_ body: String, status: Int = 200, headers: [(String, String)] = []) throws {
        try send(status, headers: headers, type: "application/json", body: body)
    }

    /// 202 without a body, as for a notification.
    func accepted(headers: [(String, String)] = []) throws { try send(202, headers: headers) }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        default: "Status"
        }
    }

    // MARK: - Event streams

    /// Begins an event stream, or with another type any body of unknown length.
    func startEvents(
        status: Int = 200,
        headers: [(String, String)] = [],
        type: String = "text/event-stream",
        framing: Framing = .chunked
    ) throws {
        lock.lock()
        defer { lock.unlock() }
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nContent-Type: \(type)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        switch framing {
        case .chunked: head += "Transfer-Encoding: chunked\r\n\r\n"
        case .close:
            head += "Connection: close\r\n\r\n"
            endsConnection = true
        }
        state = .streaming(framing)
        try connection.write(Array(head.utf8))
    }

    /// The text of one event.
    static func eventText(_ data: String?, id: String? = nil, name: String? = nil, retry: Int? = nil) -> String {
        var text = ""
        if let name { text += "event: \(name)\n" }
        if let id { text += "id: \(id)\n" }
        if let retry { text += "retry: \(retry)\n" }
        for line in data?.split(separator: "\n", omittingEmptySubsequences: false) ?? [] { text += "data: \(line)\n" }
        return text + "\n"
    }

    /// Sends one event; `data` nil leaves the field out, empty sends it without a value.
    func event(_ data: String?, id: String? = nil, name: String? = nil, retry: Int? = nil) throws {
        try body(Array(Self.eventText(data, id: id, name: name, retry: retry).utf8))
    }

    func comment(_ text: String = "") throws { try body(Array(": \(text)\n\n".utf8)) }

    /// Sends a piece of the body, in the framing of the stream.
    func body(_ bytes: [UInt8]) throws {
        lock.lock()
        defer { lock.unlock() }
        try connection.write(try framed(bytes))
    }

    /// Sends a piece of the body a byte at a time, each in a packet of its own.
    func byteByByte(_ text: String) throws { for byte in text.utf8 { try body([byte]) } }

    private func framed(_ bytes: [UInt8]) throws -> [UInt8] {
        guard case .streaming(let framing) = state else { throw Surprise("a body without a head") }
        switch framing {
        case .chunked: return Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10]
        case .close: return bytes
        }
    }

    /// Sends pieces of the body for as long as the client takes them, at most `limit` bytes. What was begun when it stopped
    /// stays unsent, so nothing can follow.
    ///
    /// - Returns: bytes that were taken.
    func bodyUntilBlocked(_ piece: [UInt8], atMost limit: Int, seconds: Double = 0.7) throws -> Int {
        var sent = 0
        while sent < limit {
            let bytes = try framed(piece)
            let count = try connection.writeUntilBlocked(bytes, seconds: seconds)
            sent += count
            if count < bytes.count {
                unsent = Array(bytes[count...])
                break
            }
        }
        return sent
    }

    /// What ``bodyUntilBlocked(_:atMost:seconds:)`` left.
    private var unsent: [UInt8] = []

    /// Sends what was left, so that more can follow.
    func bodyRest() throws {
        try connection.write(unsent)
        unsent = []
    }

    /// Ends the stream the orderly way.
    func finish() throws {
        lock.lock()
        defer { lock.unlock() }
        guard case .streaming(let framing) = state else { return }
        state = .complete
        switch framing {
        case .chunked: try connection.write(Array("0\r\n\r\n".utf8))
        case .close: connection.finish()
        }
    }

    // MARK: - Faults

    /// Bytes onto the wire as they are.
    func wire(_ text: String) throws {
        state = .complete
        endsConnection = true
        try connection.write(Array(text.utf8))
    }

    /// Cuts the connection with FIN, wherever it stands.
    func cut() {
        state = .complete
        endsConnection = true
        connection.finish()
    }

    /// Cuts the connection with RST, wherever it stands. What the client has not read yet may be lost to it.
    func reset() {
        state = .complete
        endsConnection = true
        connection.reset()
    }

    /// Waits for the gate; throws when the client goes away meanwhile.
    func wait(_ gate: Gate) throws { try connection.wait { gate.isOpen($0) } }

    /// Never answers: waits for the client's leaving, then throws.
    func never() throws { try connection.wait { _ in false } }

    /// What is missing when the handler is through.
    func handlerReturned() throws {
        switch state {
        case .nothing: try send(500, body: "the handler gave no answer")
        case .streaming: try finish()
        case .complete: break
        }
    }
}
