// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

@testable internal import BridgeCore

/// A server's output, cut into lines whatever the reads (R40).
func fuzzLines(_ bytes: UnsafeRawBufferPointer) {
    for limit in [8, 64, 1 << 16] {
        let expected = expectedLines(Array(bytes), limit: limit)
        for division in Divisions(of: bytes) {
            requireEqual(lines(bytes, division, limit: limit), expected, "R40: lines end at LF, cut \(division)")
        }
    }
}

private enum Line: Equatable {
    case line([UInt8])
    case tooLong
    case last([UInt8])
}

private func expectedLines(_ bytes: [UInt8], limit: Int) -> [Line] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    let last = lines.removeLast()
    let told = lines.map { $0.count > limit ? Line.tooLong : .line($0) }
    return told + (last.isEmpty ? [] : last.count > limit ? [.tooLong] : [.last(last)])
}

private func lines(_ bytes: UnsafeRawBufferPointer, _ division: [Range<Int>], limit: Int) -> [Line] {
    var reader = LineReader(limit: limit)
    var told: [Line] = []
    for range in division {
        var input = ByteBuffer(bytes: bytes[range])
        reading: while true {
            switch reader.next(from: &input) {
            case .needMoreData:
                require(input.readableBytes == 0, "all is read before more is asked for")
                break reading
            case .line(let count):
                told.append(.line(input.readBytes(length: count) ?? []))
                requireEqual(input.readInteger(as: UInt8.self), 0x0A, "LF is behind a line")
            case .assembled(let line): told.append(.line(Array(line.readableBytesView)))
            case .tooLong(let prefix):
                require(prefix.readableBytes >= limit, "of a long line at least as much is told as the limit")
                told.append(.tooLong)
            }
            require(reader.partial?.readableBytes ?? 0 <= limit, "no more is held than a line")
        }
    }
    if let last = reader.finish() { told.append(.last(Array(last.readableBytesView))) }
    return told
}

/// What a server says on stderr, on its way to the log: the same whatever the reads, cut to length, and without secrets.
func fuzzStandardError(_ bytes: UnsafeRawBufferPointer) {
    let secrets = ["hunter2", "hunter2hunter3", "s3cr3t", "xyxyxz"]
    var first: [String]?
    for division in Divisions(of: bytes) {
        var reader = StandardErrorLines(secrets: secrets + ["abc\r\nline of two"])
        var lines: [String] = []
        for range in division { lines += reader.receive(bytes.part(range), now: 0) }
        lines += reader.finish(now: 0)
        for line in lines + reader.tail {
            for secret in secrets + ["line of two"] {
                require(!contains(line, secret), "R41: no secret is told", line.debugDescription)
            }
            require(line.unicodeScalars.count <= StandardErrorLines.lineLimit * 3 + 1, "R41: a line is cut to length")
        }
        require(reader.tail.count <= StandardErrorLines.tailLines, "R38: few lines are kept")
        requireEqual(lines, first ?? lines, "R41: the log has the same lines, cut \(division)")
        first = first ?? lines
    }
}

private func contains(_ text: String, _ part: String) -> Bool {
    let text = Array(text.utf8)
    let part = Array(part.utf8)
    return text.count >= part.count && (0...text.count - part.count).contains { text[$0...].starts(with: part) }
}
