// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a stream of frames says, however it is read.
enum FrameEvent: Equatable, CustomStringConvertible {
    case message([UInt8])
    /// A frame of a message in several, where frames are told one by one.
    case fragment([UInt8], isFinal: Bool)
    case ping([UInt8])
    case pong
    case close(UInt16?, [UInt8])
    case failure(String)

    var description: String {
        switch self {
        case .message(let bytes): "message \(bytes.shown)"
        case .fragment(let bytes, let isFinal): "\(isFinal ? "last fragment" : "fragment") \(bytes.shown)"
        case .ping(let bytes): "ping \(bytes.shown)"
        case .pong: "pong"
        case .close(let code, let reason): "close \(code.map { String($0) } ?? "-") \(reason.shown)"
        case .failure(let reason): "failure: \(reason)"
        }
    }
}

/// RFC 6455 §5 as it reads, over a stream that lies in one piece: slow, and without state between frames but what the
/// standard has.
struct ReferenceFrames {
    /// A frame whose header is whole; its payload may be cut off.
    private struct Frame {
        var isFinal: Bool
        var opcode: UInt8
        var length: UInt64
        var payload: [UInt8]

        var isWhole: Bool { UInt64(self.payload.count) == self.length }
        var isControl: Bool { self.opcode >= 8 }
    }

    private struct Fault: Error {
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    private var bytes: ArraySlice<UInt8>

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
    }

    /// The next frame, its payload unmasked; nil where the stream ends before its header does.
    private mutating func next(isMasked: Bool) throws(Fault) -> Frame? {
        guard self.bytes.count >= 2 else { return nil }
        let (first, second) = (self.bytes[self.bytes.startIndex], self.bytes[self.bytes.startIndex + 1])
        self.bytes = self.bytes.dropFirst(2)
        if first & 0b0111_0000 != 0 { throw Fault("reserved bit is set, but no extension was agreed on") }
        let opcode = first & 15
        if ![0, 1, 2, 8, 9, 10].contains(opcode) { throw Fault("reserved opcode") }
        if isMasked, second < 128 { throw Fault("frame is not masked") }
        if !isMasked, second >= 128 { throw Fault("frame from a server is masked") }
        let isFinal = first >= 128
        var length = UInt64(second & 127)
        if opcode >= 8 {
            if !isFinal { throw Fault("control frame is fragmented") }
            if length > 125 { throw Fault("control frame is longer than 125 bytes") }
        }
        if length >= 126 {
            let size = length == 126 ? 2 : 8
            guard self.bytes.count >= size else { return nil }
            length = self.bytes.prefix(size).reduce(0) { $0 << 8 | UInt64($1) }
            self.bytes = self.bytes.dropFirst(size)
            if length <= (size == 2 ? 125 : 65_535) { throw Fault("payload length is not in its shortest form") }
            if length >= 1 << 63 { throw Fault("payload length has its top bit set") }
        }
        var mask: [UInt8] = [0, 0, 0, 0]
        if isMasked {
            guard self.bytes.count >= 4 else { return nil }
            mask = Array(self.bytes.prefix(4))
            self.bytes = self.bytes.dropFirst(4)
        }
        let count = Int(min(length, UInt64(self.bytes.count)))
        let payload = self.bytes.prefix(count).enumerated().map { $1 ^ mask[$0 % 4] }
        self.bytes = self.bytes.dropFirst(count)
        return Frame(isFinal: isFinal, opcode: opcode, length: length, payload: payload)
    }

    private static func close(_ payload: [UInt8], checksReason: Bool) throws(Fault) -> FrameEvent {
        if payload.isEmpty { return .close(nil, []) }
        if payload.count == 1 { throw Fault("close frame with a payload of one byte") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        let isAllowed = (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
        if !isAllowed { throw Fault("close code is reserved or invalid") }
        let reason = Array(payload.dropFirst(2))
        if checksReason, !isUTF8(reason[...]) { throw Fault("close reason is not UTF-8") }
        return .close(code, reason)
    }

    /// What a server has to make of a client's bytes.
    static func fromClient(
        _ bytes: [UInt8],
        maxMessage: Int,
        maxFragments: Int,
        acceptBinary: Bool
    ) -> [FrameEvent] {
        var stream = ReferenceFrames(bytes)
        var events: [FrameEvent] = []
        var message: [UInt8] = []
        var fragments = 0
        do throws(Fault) {
            while let frame = try stream.next(isMasked: true) {
                if frame.isControl {
                    guard frame.isWhole else { return events }
                    switch frame.opcode {
                    case 8:
                        events.append(try Self.close(frame.payload, checksReason: true))
                        return events
                    case 9: events.append(.ping(frame.payload))
                    default: events.append(.pong)
                    }
                    continue
                }
                switch frame.opcode {
                case 0 where fragments == 0: throw Fault("continuation frame without a message to continue")
                case 1 where fragments > 0, 2 where fragments > 0: throw Fault("new message inside a fragmented one")
                case 2 where !acceptBinary: throw Fault("binary messages are not accepted")
                default: break
                }
                if frame.length > UInt64(maxMessage - message.count) {
                    throw Fault("message is larger than \(maxMessage) bytes")
                }
                if fragments >= maxFragments { throw Fault("message has more than \(maxFragments) fragments") }
                fragments += 1
                message += frame.payload
                if !mayBecomeUTF8(message) { throw Fault("text message is not UTF-8") }
                guard frame.isWhole else { return events }
                guard frame.isFinal else { continue }
                if !isUTF8(message[...]) { throw Fault("text message is not UTF-8") }
                events.append(.message(message))
                message = []
                fragments = 0
            }
        } catch {
            events.append(.failure(error.reason))
        }
        return events
    }

    /// What a client has to make of a server's bytes; text is not checked.
    static func fromServer(_ bytes: [UInt8], maxMessage: Int) -> [FrameEvent] {
        var stream = ReferenceFrames(bytes)
        var events: [FrameEvent] = []
        var assembled: Int?
        do throws(Fault) {
            while let frame = try stream.next(isMasked: false) {
                if !frame.isControl, frame.length > UInt64(maxMessage - (assembled ?? 0)) {
                    throw Fault("message is larger than \(maxMessage) bytes")
                }
                guard frame.isWhole else { return events }
                switch frame.opcode {
                case 8:
                    events.append(try Self.close(frame.payload, checksReason: false))
                    return events
                case 9: events.append(.ping(frame.payload))
                case 10: events.append(.pong)
                case 2: throw Fault("binary messages are not accepted")
                case 1 where assembled != nil: throw Fault("new message inside a fragmented one")
                case 1 where frame.isFinal: events.append(.message(frame.payload))
                case 1:
                    assembled = frame.payload.count
                    events.append(.fragment(frame.payload, isFinal: false))
                default:
                    guard let before = assembled else {
                        throw Fault("continuation frame without a message to continue")
                    }
                    assembled = frame.isFinal ? nil : before + frame.payload.count
                    events.append(.fragment(frame.payload, isFinal: frame.isFinal))
                }
            }
        } catch {
            events.append(.failure(error.reason))
        }
        return events
    }
}

// MARK: UTF-8

/// RFC 3629 §4, by its table: the bounds of the second byte, and how many follow; nil if no scalar begins so.
private func followers(of first: UInt8) -> (second: ClosedRange<UInt8>, count: Int)? {
    switch first {
    case 0x00...0x7F: (0...0, 0)
    case 0xC2...0xDF: (0x80...0xBF, 1)
    case 0xE0: (0xA0...0xBF, 2)
    case 0xE1...0xEC, 0xEE...0xEF: (0x80...0xBF, 2)
    case 0xED: (0x80...0x9F, 2)
    case 0xF0: (0x90...0xBF, 3)
    case 0xF1...0xF3: (0x80...0xBF, 3)
    case 0xF4: (0x80...0x8F, 3)
    default: nil
    }
}

/// How many bytes stand before the first scalar that is not whole; nil if that one is not merely cut off.
private func wholeScalars(_ bytes: [UInt8]) -> Int? {
    var at = 0
    while at < bytes.count {
        guard let (second, count) = followers(of: bytes[at]) else { return nil }
        let rest = bytes[(at + 1)...].prefix(count)
        for (index, byte) in rest.enumerated() where !(index == 0 ? second : 0x80...0xBF).contains(byte) { return nil }
        if rest.count < count { return at }
        at += 1 + count
    }
    return at
}

func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool { wholeScalars(Array(bytes)) == bytes.count }

func mayBecomeUTF8(_ bytes: [UInt8]) -> Bool { wholeScalars(bytes) != nil }
