// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Cuts what a server sent into messages and control frames where they lie (RFC 6455 §5), client side.
///
/// Nothing is copied and nothing is held: the caller keeps what is not whole yet and shows it again with more behind it,
/// and puts fragments together. That text is UTF-8 is not checked: the caller compares it with what it expects.
package struct ServerFrames: Sendable {
    /// What the bytes held next. Payloads are ranges of the bytes shown.
    package enum Event: Sendable, Equatable {
        /// What is left is no whole frame. It will be one with `missing` bytes more, or with still more: where the header
        /// is cut off only the next byte is asked for.
        case needMoreData(missing: Int)
        /// A message in one frame.
        case text(Range<Int>)
        /// A piece of a message in several frames; with `isFinal` the last.
        case fragment(Range<Int>, isFinal: Bool)
        /// A ping, to be answered with its payload of at most 125 bytes.
        case ping(Range<Int>)
        case pong
        /// A close frame; without a code it was empty. The last event. The reason is not checked.
        case close(code: CloseCode?, reason: Range<Int>)
        /// The connection is to be failed; ``failure`` says why. The last event.
        case failed
    }

    /// Why the last event was ``Event/failed``.
    package private(set) var failure: ProtocolFailure?
    private let maxMessage: Int
    /// Bytes of the message in progress; nil when there is none.
    private var assembled: Int?

    /// - Parameter maxMessage: the largest message in bytes, over all its fragments.
    package init(maxMessage: Int) {
        self.maxMessage = maxMessage
    }

    /// Takes the next event out of `bytes` behind `offset`; to be called until it asks for more, fails or closes.
    ///
    /// - Parameter offset: moves over what was used.
    @inline(__always)
    package mutating func next(in bytes: UnsafeRawBufferPointer, from offset: inout Int) -> Event {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        let header: FrameHeader
        let size: Int
        switch FrameHeader.parse(rest, from: .server) {
        case .incomplete: return .needMoreData(missing: 1)
        case .failure(let failure): return self.fail(failure)
        case .header(let parsed, let parsedSize):
            header = parsed
            size = parsedSize
        }
        // No payload of a reasonable size can overflow this; what is over the limit is refused at its header.
        if !header.opcode.isControl, header.length > self.maxMessage - (self.assembled ?? 0) {
            return self.fail(.messageTooBig(limit: self.maxMessage))
        }
        let missing = size + header.length - rest.count
        guard missing <= 0 else { return .needMoreData(missing: missing) }
        let payload = (offset + size)..<(offset + size + header.length)
        offset = payload.upperBound
        if header.opcode == .text, header.isFinal, self.assembled == nil { return .text(payload) }
        return self.special(header, payload, in: bytes)
    }

    /// Everything but a message in one frame.
    private mutating func special(
        _ header: FrameHeader,
        _ payload: Range<Int>,
        in bytes: UnsafeRawBufferPointer
    ) -> Event {
        switch header.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong
        case .binary: return self.fail(.binary)
        case .text:
            guard self.assembled == nil else { return self.fail(.interruptedMessage) }
            self.assembled = payload.count
            return .fragment(payload, isFinal: false)
        case .continuation:
            guard let assembled = self.assembled else { return self.fail(.strayContinuation) }
            self.assembled = header.isFinal ? nil : assembled + payload.count
            return .fragment(payload, isFinal: header.isFinal)
        case .close:
            guard payload.count != 1 else { return self.fail(.truncatedClose) }
            guard payload.count >= 2 else { return .close(code: nil, reason: payload) }
            let number = bytes.loadUnaligned(fromByteOffset: payload.lowerBound, as: UInt16.self)
            let code = CloseCode(rawValue: UInt16(bigEndian: number))
            guard code.mayBeSent else { return self.fail(.invalidCloseCode) }
            return .close(code: code, reason: (payload.lowerBound + 2)..<payload.upperBound)
        }
    }

    private mutating func fail(_ failure: ProtocolFailure) -> Event {
        self.failure = failure
        return .failed
    }
}
