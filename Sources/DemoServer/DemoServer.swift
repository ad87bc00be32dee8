// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// `mcp-wsbridge demo-server`: `DemoProtocol` on standard input and output, one message a line.
package enum DemoServer {
    private static let input: CInt = 0
    private static let output: CInt = 1
    private static let newline = UInt8(ascii: "\n")

    /// Serves until standard input ends or nobody reads standard output any more.
    ///
    /// One thread: poll(2) waits for input no longer than until the next step of a slow call, so a cancel is read
    /// while it runs. Running calls are dropped at the end of input.
    ///
    /// - Returns: the exit status of the process.
    package static func run() -> CInt {
        // Writing to a pipe that nobody reads shall be an error of write(2) and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        var demo = DemoProtocol(wallClock: { time(nil) })
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var entry = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            let wait = demo.nextDeadline.map { max(0, $0 - milliseconds()) } ?? -1
            let ready = poll(&entry, 1, CInt(clamping: wait))
            if ready < 0 && errno != EINTR { return 1 }
            guard send(demo.advance(to: milliseconds())) else { return 0 }
            guard ready > 0 else { continue }
            let count = chunk.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { return count == 0 ? 0 : 1 }
            guard consume(chunk[..<count], after: &pending, with: &demo) else { return 0 }
        }
    }

    /// Handles the lines that `chunk` completes; blank ones and the carriage return of CRLF are passed over.
    ///
    /// - Parameter pending: the line that has begun and not ended; only new bytes are searched for its end.
    private static func consume(
        _ chunk: ArraySlice<UInt8>,
        after pending: inout [UInt8],
        with demo: inout DemoProtocol
    ) -> Bool {
        var rest = chunk
        while let end = rest.firstIndex(of: newline) {
            pending.append(contentsOf: rest[..<end])
            rest = rest[(end + 1)...]
            let line = pending
            pending = []
            guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            guard send(demo.receive(line, now: milliseconds())) else { return false }
        }
        pending.append(contentsOf: rest)
        return true
    }

    /// Writes whole messages; false once nobody reads them.
    private static func send(_ messages: [JSONValue]) -> Bool {
        let bytes = messages.flatMap { $0.bytes + [newline] }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
            if count < 0 {
                guard errno == EINTR || errno == EAGAIN else { return false }
                var entry = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
                continue
            }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func milliseconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }
}
