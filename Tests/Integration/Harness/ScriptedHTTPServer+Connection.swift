// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The client of a scripted server went away, or the server was told to end.
struct ConnectionGone: Error {}

/// One request as it came.
struct HTTPRequest: Sendable {
    /// Of all requests to this server, from 0.
    let number: Int
    /// Which of the server's connections brought it, from 0.
    let connection: Int
    /// When its last byte had come, on the monotonic clock, in nanoseconds.
    let arrival: UInt64
    let method: String
    let target: String
    /// In the order of arrival, duplicates included; values without the white space around them.
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of all fields of this name, its case ignored.
    func values(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of a field that must stand there once; nil if it stands there never or twice.
    subscript(name: String) -> String? {
        let all = values(name)
        return all.count == 1 ? all[0] : nil
    }

    /// The body as JSON.
    var json: [String: Any]? { try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] }
    /// The method of the JSON-RPC message in the body.
    var rpcMethod: String? { json?["method"] as? String }
    var params: [String: Any]? { json?["params"] as? [String: Any] }
    /// The id of the JSON-RPC message as JSON text; nil if it has none.
    var idText: String? { json?["id"].map(jsonText) }

    /// Seconds from `earlier` to this one.
    func seconds(since earlier: HTTPRequest) -> Double { (Double(arrival) - Double(earlier.arrival)) / 1e9 }

    var summary: String { "\(method) \(target) \(rpcMethod ?? (body.isEmpty ? "" : "body"))" }
}

/// One connection of a scripted server.
// SAFETY: what is mutable is touched under the core's lock, but `input`, which only the reading thread has.
final class ScriptedConnection: @unchecked Sendable {
    let number: Int
    let core: ScriptedHTTPCore
    private let descriptor: CInt
    private var input: [UInt8] = []

    /// Requests that wait for their answer.
    private var waiting: [HTTPRequest] = []
    /// The client sends nothing more, or has gone.
    private(set) var peerGone = false
    private var readerEnded = false
    private var descriptorClosed = false

    init(core: ScriptedHTTPCore, descriptor: CInt, number: Int) {
        self.core = core
        self.descriptor = descriptor
        self.number = number
    }

    // MARK: - Reading

    func readAll() {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        reading: while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            input.append(contentsOf: chunk[..<count])
            while let request = parse() {
                core.locked { state in
                    let request = request(state.requests.count)
                    state.requests.append(request)
                    waiting.append(request)
                }
            }
        }
        core.locked { _ in
            peerGone = true
            readerEnded = true
        }
    }

    /// Takes one whole request from the input; what is missing is its number.
    private func parse() -> ((Int) -> HTTPRequest)? {
        guard let end = input.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: input[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
        func value(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        var position = end.upperBound
        var body: [UInt8] = []
        if value("transfer-encoding")?.lowercased() == "chunked" {
            while true {
                guard let line = input[position...].firstRange(of: [13, 10]),
                    let size = Int(String(decoding: input[position..<line.lowerBound], as: UTF8.self), radix: 16),
                    input.count >= line.upperBound + size + 2
                else { return nil }
                body += input[line.upperBound..<(line.upperBound + size)]
                position = line.upperBound + size + 2
                if size == 0 { break }
            }
        } else {
            let length = value("content-length").flatMap { Int($0) } ?? 0
            guard input.count >= position + length else { return nil }
            body = Array(input[position..<(position + length)])
            position += length
        }
        input.removeSubrange(..<position)
        let words = lines[0].split(separator: " ").map(String.init)
        let arrival = DispatchTime.now().uptimeNanoseconds
        return { [number] in
            HTTPRequest(
                number: $0,
                connection: number,
                arrival: arrival,
                method: words.first ?? "",
                target: words.count > 1 ? words[1] : "",
                headers: headers,
                body: body
            )
        }
    }

    // MARK: - Answering

    func answerAll() {
        while let next = nextRequest() {
            let reply = HTTPReply(connection: self)
            do {
                try next.handler(next.request, reply)
                try reply.handlerReturned()
            } catch is ConnectionGone {
                // A client that goes away is no fault of the handler's.
            } catch {
                core.locked { $0.failures.append("handler of \(next.request.summary): \(error)") }
                reset()
            }
            if reply.endsConnection { break }
        }
        // After FIN in one direction the client has the word: its own FIN ends the reading.
        shutdown(descriptor, CInt(SHUT_WR))
        try? core.wait(nil) { [self] in readerEnded || $0.stopped ? () : nil }
        shutdown(descriptor, CInt(SHUT_RD))
        closeDescriptor()
    }

    private func nextRequest() -> (request: HTTPRequest, handler: HTTPHandler)? {
        try? core.wait(nil) { [self] state in
            if state.stopped || descriptorClosed { throw ConnectionGone() }
            if !waiting.isEmpty { return (waiting.removeFirst(), state.handler) }
            if peerGone { throw ConnectionGone() }
            return nil
        }
    }

    /// Waits until `condition` holds; throws when the client goes or the server ends.
    func wait(until condition: (ScriptedHTTPCore.State) -> Bool) throws {
        try core.wait(nil) { [self] state in
            if state.stopped || peerGone || descriptorClosed { throw ConnectionGone() }
            return condition(state) ? () : nil
        }
    }

    /// Sends all of it, blocking.
    func write(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw ConnectionGone() }
            sent += count
        }
    }

    /// Sends as much as is taken until nothing has been taken for `seconds`, and says how much that was.
    func writeUntilBlocked(_ bytes: [UInt8], seconds: Double) throws -> Int {
        var sent = 0
        while sent < bytes.count {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&entry, 1, CInt(seconds * 1000)) > 0 else { break }
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { throw ConnectionGone() }
            sent += count
        }
        return sent
    }

    /// Ends the connection with RST.
    func reset() {
        // The socket lives on in a read(2) under way, so that has to end before close(2) sends anything.
        shutdown(descriptor, CInt(SHUT_RD))
        try? core.wait(10) { [self] _ in readerEnded ? () : nil }
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        closeDescriptor()
    }

    /// Ends the server's direction with FIN.
    func finish() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Wakes whatever thread of this connection sits in a system call.
    func shutdownBoth() {
        core.locked { _ in
            if !descriptorClosed { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    private func closeDescriptor() {
        core.locked { _ in
            if !descriptorClosed { close(descriptor) }
            descriptorClosed = true
        }
    }
}
