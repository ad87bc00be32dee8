// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A WebSocket server on loopback that answers as a test wants: a naive one, frame by frame, a thread per connection.
final class ScriptedEcho: Sendable {
    /// What the server does about one request.
    enum Act: Sendable {
        /// These bytes on the wire, in one write each.
        case send([[UInt8]])
        /// The connection is closed without a word.
        case hangUp
    }

    let port: UInt16
    private let listener: CInt
    private let accepted = Mutex(0)
    private let ended: DispatchSemaphore?
    /// Whether clients came as they ought to: masked frames, orderly ends.
    private let complaints = Mutex<[String]>([])

    /// - Parameters:
    ///   - head: the response to the opening handshake.
    ///   - ended: signalled for each connection that is over, when the server has closed it.
    ///   - answer: what is done about each request, given its id and its text (empty in a ping).
    init(
        head: String = ScriptedEcho.head,
        ended: DispatchSemaphore? = nil,
        answer: @escaping @Sendable (_ id: String, _ text: String) -> Act
    ) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 1024) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        self.listener = listener
        self.ended = ended
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                accepted.withLock { $0 += 1 }
                Thread.detachNewThread { self.serve(client, head, answer) }
            }
        }
    }

    deinit {
        close(listener)
    }

    static let head = """
        HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: mcp\r\n\r\n
        """

    var url: String { "ws://127.0.0.1:\(port)/" }
    var acceptedCount: Int { accepted.withLock { $0 } }
    var whatWasOdd: [String] { complaints.withLock { $0 } }

    /// Ends accepting; connections go on until their clients end.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    // MARK: - Frames

    static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        switch payload.count {
        case ...125: [first, UInt8(payload.count)] + payload
        case ...0xFFFF: [first, 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
        default:
            [first, 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) } + payload
        }
    }

    static func frame(_ message: String) -> [UInt8] { frame(0x81, Array(message.utf8)) }

    static func result(_ id: String, _ text: String) -> String {
        """
        {"jsonrpc":"2.0","id":\(id),"result":{"content":[{"type":"text","text":"\(text)"}],"isError":false}}
        """
    }

    // MARK: - One connection

    private func serve(
        _ client: CInt,
        _ head: String,
        _ answer: @Sendable (_ id: String, _ text: String) -> Act
    ) {
        defer {
            close(client)
            ended?.signal()
        }
        var one: CInt = 1
        setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        var input = Input(client)
        guard input.line(upTo: "\r\n\r\n") != nil else { return }
        write(client, Array(head.utf8))
        while let (first, payload) = input.frame(complain) {
            switch first {
            case 0x81: break
            case 0x88:
                write(client, Self.frame(0x88, payload))
                return
            case 0x8A: continue
            default:
                complain("frame \(first)")
                return
            }
            guard let message = try? JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any] else {
                complain("not JSON")
                return
            }
            guard let id = message["id"] as? Int, let method = message["method"] as? String else { continue }
            if method == "initialize" {
                write(client, Self.frame("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{\"capabilities\":{}}}"))
                continue
            }
            let params = message["params"] as? [String: Any]
            let text = (params?["arguments"] as? [String: Any])?["text"] as? String ?? ""
            guard case .send(let pieces) = answer("\(id)", text) else { return }
            for piece in pieces { write(client, piece) }
        }
    }

    private func complain(_ words: String) { complaints.withLock { $0.append(words) } }

    private func write(_ client: CInt, _ bytes: [UInt8]) {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                send(client, all.baseAddress! + at, bytes.count - at, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            at += count
        }
    }

    private struct Input {
        private let client: CInt
        private var bytes: [UInt8] = []

        init(_ client: CInt) { self.client = client }

        private mutating func more() -> Bool {
            let room = 65_536
            let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                count = max(0, read(client, buffer.baseAddress, room))
            }
            bytes += chunk
            return !chunk.isEmpty
        }

        private mutating func take(_ count: Int) -> [UInt8]? {
            while bytes.count < count { guard more() else { return nil } }
            defer { bytes.removeFirst(count) }
            return Array(bytes.prefix(count))
        }

        mutating func line(upTo end: String) -> [UInt8]? {
            while true {
                if let range = bytes.firstRange(of: Array(end.utf8)) { return take(range.upperBound) }
                guard more() else { return nil }
            }
        }

        mutating func frame(_ complain: (String) -> Void) -> (first: UInt8, payload: [UInt8])? {
            guard let start = take(2) else { return nil }
            if start[1] & 0x80 == 0 { complain("a frame without a mask") }
            var length = Int(start[1] & 0x7F)
            if length > 125 {
                guard let extended = take(length == 126 ? 2 : 8) else { return nil }
                length = extended.reduce(0) { $0 << 8 | Int($1) }
            }
            guard let mask = take(4), let masked = take(length) else { return nil }
            return (start[0], masked.enumerated().map { $1 ^ mask[$0 % 4] })
        }
    }
}
