// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A connected stream socket whose every wait has a deadline.
class RawSocket {
    private(set) var descriptor: CInt
    private var received: [UInt8] = []
    private var position = 0

    /// Connects to 127.0.0.1.
    init(port: UInt16, receiveBuffer: CInt? = nil) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        if let receiveBuffer { setReceiveBuffer(receiveBuffer) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(&address, socklen_t(MemoryLayout<sockaddr_in>.size))
    }

    /// Connects to a socket file.
    init(path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        try connect(&address, socklen_t(MemoryLayout<sockaddr_un>.size))
    }

    deinit { close() }

    private func connect<Address>(_ address: inout Address, _ length: socklen_t) throws {
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ECONNREFUSED) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Sets how much the kernel takes in before it is read here.
    func setReceiveBuffer(_ bytes: CInt) {
        var size = bytes
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    }

    /// The port of this end.
    func localPort() throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw POSIXError(.EINVAL) }
        return UInt16(bigEndian: address.sin_port)
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Ends the connection with a reset instead of the orderly way.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Says that nothing more will be sent.
    func shutdownWrite() { shutdown(descriptor, CInt(SHUT_WR)) }

    final func wait(for events: CInt, _ deadline: Deadline, _ what: String) throws {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while poll(&entry, 1, deadline.milliseconds) <= 0 {
            if deadline.hasPassed { throw DeadlineExceeded(what) }
        }
    }

    func send(_ bytes: [UInt8], within seconds: Double = Deadline.patience) throws {
        guard try sendSome(bytes, within: seconds) == bytes.count else { throw DeadlineExceeded("room to send") }
    }

    /// Sends until the peer takes no more for `seconds`; returns how many bytes went.
    func sendSome(_ bytes: [UInt8], within seconds: Double) throws -> Int {
        var sent = 0
        var deadline = Deadline(seconds: seconds)
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, CInt(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
                deadline = Deadline(seconds: seconds)
            } else if errno == EAGAIN {
                do { try wait(for: CInt(POLLOUT), deadline, "room to send") } catch { return sent }
            } else if errno != EINTR {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPIPE)
            }
        }
        return sent
    }

    /// Reads more; false at the end of the stream, which a reset is too.
    func fill(_ deadline: Deadline, _ what: String) throws -> Bool {
        if position > 1 << 20 {
            received.removeFirst(position)
            position = 0
        }
        try wait(for: CInt(POLLIN), deadline, what)
        return try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { chunk in
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { return true }
                if errno == ECONNRESET { return false }
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            received.append(contentsOf: chunk[..<count])
            return count > 0
        }
    }

    /// Takes in what a subclass has read.
    final func append(_ bytes: some Collection<UInt8>) {
        if position > 1 << 20 {
            received.removeFirst(position)
            position = 0
        }
        received.append(contentsOf: bytes)
    }

    /// Bytes read and not yet taken.
    var available: Int { received.count - position }

    func peek(_ offset: Int) -> UInt8 { received[position + offset] }

    func take(_ count: Int) -> [UInt8] {
        defer { position += count }
        return Array(received[position..<(position + count)])
    }

    /// Reads until the end of the stream and returns what came.
    func receiveToEnd(within seconds: Double = Deadline.patience) throws -> [UInt8] {
        let deadline = Deadline(seconds: seconds)
        while try fill(deadline, "the end of the stream") {}
        return take(available)
    }

    /// Reads one HTTP answer, with the body that its Content-Length tells.
    func receiveAnswer(within seconds: Double = Deadline.patience) throws -> HTTPAnswer {
        let deadline = Deadline(seconds: seconds)
        var searched = 0
        while true {
            while searched + 3 < available {
                if peek(searched) == 13, peek(searched + 1) == 10, peek(searched + 2) == 13, peek(searched + 3) == 10 {
                    var answer = HTTPAnswer(String(decoding: take(searched + 4), as: UTF8.self))
                    let length = answer["content-length"].flatMap { Int($0) } ?? 0
                    while available < length, try fill(deadline, "an HTTP body") {}
                    answer.body = String(decoding: take(min(length, available)), as: UTF8.self)
                    return answer
                }
                searched += 1
            }
            guard try fill(deadline, "an HTTP answer") else {
                throw DeadlineExceeded("an HTTP answer; the stream ended after \(available) bytes")
            }
        }
    }
}

/// The answer to a handshake.
struct HTTPAnswer {
    let status: Int
    let head: String
    var body = ""

    init(_ head: String) {
        self.head = head
        status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
    }

    /// The value of a header field, its name in any case.
    subscript(name: String) -> String? {
        for line in head.components(separatedBy: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }

    /// The body as the JSON object that every refusal has.
    var json: [String: Any]? { try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] }
}

/// A WebSocket handshake as text.
struct Handshake {
    var bytes: [UInt8]

    /// - Parameters:
    ///   - headers: fields in addition, `Name: value`; one of the same name replaces the usual one.
    ///   - without: names of usual fields to leave out.
    init(path: String, port: UInt16, headers: [String] = [], without: [String] = [], method: String = "GET") {
        let given = Set(headers.map { $0.prefix { $0 != ":" }.lowercased() }).union(without.map { $0.lowercased() })
        let usual = [
            "Host: 127.0.0.1:\(port)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ].filter { !given.contains($0.prefix { $0 != ":" }.lowercased()) }
        bytes = Array((["\(method) \(path) HTTP/1.1"] + usual + headers + ["", ""]).joined(separator: "\r\n").utf8)
    }
}
