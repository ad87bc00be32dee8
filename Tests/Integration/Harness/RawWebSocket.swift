// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One frame of RFC 6455, as it came.
struct RawFrame {
    var fin: Bool
    var reserved: UInt8
    var opcode: UInt8
    var masked: Bool
    var payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
}

/// What a close frame said; nil where it was empty.
struct CloseFrame: Equatable {
    var code: UInt16?
    var reason: String
}

/// A WebSocket client that can do everything wrong.
final class RawWebSocket {
    let socket: RawSocket
    /// The 101.
    let answer: HTTPAnswer
    private var nextID = 1_000_000

    init(
        port: UInt16,
        path: String,
        headers: [String] = [],
        receiveBuffer: CInt? = nil
    ) throws {
        socket = try RawSocket(port: port, receiveBuffer: receiveBuffer)
        try socket.send(Handshake(path: path, port: port, headers: headers).bytes)
        answer = try socket.receiveAnswer()
        guard answer.status == 101 else { throw HandshakeRefused(answer: answer) }
    }

    /// Shakes hands over a socket that is connected already.
    convenience init(socket: RawSocket, path: String, headers: [String] = []) throws {
        try self.init(socket: socket, sending: Handshake(path: path, port: 0, headers: headers).bytes)
    }

    /// Likewise, with these bytes.
    init(socket: RawSocket, sending handshake: [UInt8]) throws {
        self.socket = socket
        try socket.send(handshake)
        answer = try socket.receiveAnswer()
        guard answer.status == 101 else { throw HandshakeRefused(answer: answer) }
    }

    // MARK: - Sending

    /// The bytes of one frame.
    static func frame(
        _ payload: [UInt8],
        opcode: UInt8 = 1,
        fin: Bool = true,
        reserved: UInt8 = 0,
        mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    ) -> [UInt8] {
        var bytes: [UInt8] = [(fin ? 0x80 : 0) | reserved << 4 | opcode]
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ..<126: bytes.append(maskBit | UInt8(payload.count))
        case ..<65_536: bytes += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(maskBit | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard let mask else { return bytes + payload }
        bytes += mask
        let start = bytes.count
        bytes += payload
        bytes.withUnsafeMutableBufferPointer { buffer in
            for index in 0..<payload.count { buffer[start + index] ^= mask[index & 3] }
        }
        return bytes
    }

    func sendFrame(_ payload: [UInt8], opcode: UInt8 = 1, fin: Bool = true, reserved: UInt8 = 0) throws {
        try socket.send(Self.frame(payload, opcode: opcode, fin: fin, reserved: reserved))
    }

    func send(_ text: String) throws { try sendFrame(Array(text.utf8)) }

    /// Sends `text` in frames of `size` bytes.
    func send(_ text: String, fragmentsOf size: Int) throws {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let end = min(start + size, bytes.count)
            out += Self.frame(Array(bytes[start..<end]), opcode: start == 0 ? 1 : 0, fin: end == bytes.count)
        }
        try socket.send(out)
    }

    func sendClose(_ code: UInt16? = 1000, reason: String = "") throws {
        let payload = code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + Array(reason.utf8) } ?? []
        try sendFrame(payload, opcode: 8)
    }

    // MARK: - Receiving

    /// The next frame; nil at the end of the stream.
    func receiveFrame(within seconds: Double = Deadline.patience) throws -> RawFrame? {
        try receiveFrame(by: Deadline(seconds: seconds))
    }

    private func receiveFrame(by deadline: Deadline) throws -> RawFrame? {
        func need(_ count: Int) throws -> Bool {
            while socket.available < count {
                guard try socket.fill(deadline, "a frame") else { return false }
            }
            return true
        }
        guard try need(2) else { return nil }
        let first = socket.peek(0)
        let second = socket.peek(1)
        var header = 2
        var length = Int(second & 0x7F)
        if length == 126 {
            header = 4
            guard try need(header) else { return nil }
            length = Int(socket.peek(2)) << 8 | Int(socket.peek(3))
        } else if length == 127 {
            header = 10
            guard try need(header) else { return nil }
            length = (2..<10).reduce(0) { $0 << 8 | Int(socket.peek($1)) }
        }
        guard try need(header + length) else { return nil }
        _ = socket.take(header)
        return RawFrame(
            fin: first & 0x80 != 0,
            reserved: first >> 4 & 7,
            opcode: first & 0x0F,
            masked: second & 0x80 != 0,
            payload: socket.take(length)
        )
    }

    /// The next text message, whole; pings are answered, pongs passed over. nil at a close or the end of the stream.
    func receiveText(within seconds: Double = Deadline.patience) throws -> String? {
        // The bridge's pings must not prolong the wait for a message that never comes.
        let deadline = Deadline(seconds: seconds)
        var payload: [UInt8] = []
        while let frame = try receiveFrame(by: deadline) {
            switch frame.opcode {
            case 0, 1:
                payload += frame.payload
                if frame.fin { return String(decoding: payload, as: UTF8.self) }
            case 9: try sendFrame(frame.payload, opcode: 10)
            case 10: break
            case 8:
                closeSeen = Self.close(frame)
                return nil
            default: throw Surprise("opcode \(frame.opcode)")
            }
        }
        return nil
    }

    /// What `receiveText` met instead of a message.
    private(set) var closeSeen: CloseFrame?

    /// Passes over everything up to the close frame; nil if the stream ends without one.
    func receiveClose(within seconds: Double = Deadline.patience) throws -> CloseFrame? {
        while closeSeen == nil, try receiveText(within: seconds) != nil {}
        return closeSeen
    }

    private static func close(_ frame: RawFrame) -> CloseFrame {
        guard frame.payload.count >= 2 else { return CloseFrame(code: nil, reason: "") }
        return CloseFrame(
            code: UInt16(frame.payload[0]) << 8 | UInt16(frame.payload[1]),
            reason: String(decoding: frame.payload[2...], as: UTF8.self)
        )
    }

    /// Answers the close frame that was seen, and waits for the end of the stream.
    func finishClose() throws {
        try sendClose(closeSeen?.code)
        _ = try socket.receiveToEnd()
    }

    /// Closes the orderly way: close frame, the answer to it, the end of the stream. Returns what the answer said.
    @discardableResult
    func close(_ code: UInt16? = 1000) throws -> CloseFrame? {
        try sendClose(code)
        let answer = try receiveClose()
        _ = try socket.receiveToEnd()
        return answer
    }

    // MARK: - JSON-RPC

    /// The next message as JSON.
    func receiveMessage(within seconds: Double = Deadline.patience) throws -> Message {
        guard let text = try receiveText(within: seconds) else {
            throw Surprise("the end of the connection, \(closeSeen.map { "\($0)" } ?? "no close frame")")
        }
        return try Message(text)
    }

    /// Sends a request and returns the response to it; messages that come before are passed over.
    func request(_ method: String, _ params: String = "{}") throws -> Message {
        nextID += 1
        let id = nextID
        try send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
        while true {
            let message = try receiveMessage()
            if message.method == nil, message.id as? Int == id { return message }
        }
    }

    /// Calls a tool of FixtureServer.
    func call(_ tool: String, _ arguments: String = "{}") throws -> Message {
        try request("tools/call", #"{"name":"\#(tool)","arguments":\#(arguments)}"#)
    }

    /// Sends a call of a tool without waiting.
    func sendCall(_ tool: String, id: String, _ arguments: String = "{}") throws {
        try send(Self.callText(tool, id: id, arguments))
    }

    static func callText(_ tool: String, id: String, _ arguments: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
    }

    /// `initialize` and `notifications/initialized`.
    @discardableResult
    func initialize(_ version: String = "2025-11-25") throws -> Message {
        let answer = try request(
            "initialize",
            #"{"protocolVersion":"\#(version)","capabilities":{},"clientInfo":{"name":"t","version":"1"}}"#
        )
        try send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        return answer
    }

    /// The pid of the server behind this connection.
    func serverPid() throws -> pid_t {
        guard let pid = try call("pid").result?["pid"] as? Int else { throw Surprise("no pid") }
        return pid_t(pid)
    }
}

struct HandshakeRefused: Error, CustomStringConvertible {
    let answer: HTTPAnswer

    var description: String { "refused with \(answer.status): \(answer.body)" }
}

/// Something came that must not come.
struct Surprise: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) { description = "did not expect " + what }
}

/// A JSON-RPC message that arrived.
struct Message {
    /// As it came.
    let text: String
    let object: [String: Any]

    init(_ text: String) throws {
        self.text = text
        guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw Surprise("a message that is no object: \(text)")
        }
        self.object = object
    }

    var id: Any? { object["id"] }
    var method: String? { object["method"] as? String }
    var params: [String: Any]? { object["params"] as? [String: Any] }
    var result: [String: Any]? { object["result"] as? [String: Any] }
    var error: [String: Any]? { object["error"] as? [String: Any] }
    var errorCode: Int? { error?["code"] as? Int }
    var errorData: [String: Any]? { error?["data"] as? [String: Any] }
    /// Whether the bridge made this error, and says so (R31).
    var isBridgeError: Bool { errorCode == -32603 && errorData?["origin"] as? String == "mcp-wsbridge" }
    /// What the bridge tells of a failed server's standard error (R38); empty if nothing.
    var stderr: String { errorData?["stderr"] as? String ?? "" }
    var cause: String? { errorData?["cause"] as? String }
    /// The text of the first content of a tool's result.
    var contentText: String? { (result?["content"] as? [[String: Any]])?.first?["text"] as? String }
}
