// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Turns the bytes of a client into messages and control frames (RFC 6455 §5, §6.2, §8.1), server side.
///
/// The reader never keeps the input: a header that is cut off lies in fourteen bytes of its own, a payload that is cut
/// off or fragmented in a buffer that exists only until its message is whole and that grows with what really arrived,
/// whatever length the header claims. Payload bytes are touched once, while they are unmasked into their place.
package struct MessageReader: Sendable {
    /// What one client may send.
    package struct Limits: Sendable {
        /// The largest message in bytes, over all its fragments.
        package var maxMessage: Int
        /// The largest number of frames that one message may come in; empty ones count.
        package var maxFragments: Int
        /// Whether a binary message is taken as if it were text; it must be UTF-8 then.
        package var acceptBinary: Bool

        package init(maxMessage: Int = 4 << 20, maxFragments: Int = 65_536, acceptBinary: Bool = false) {
            self.maxMessage = maxMessage
            self.maxFragments = maxFragments
            self.acceptBinary = acceptBinary
        }
    }

    /// What the input held next.
    package enum Event: Sendable {
        /// The input is used up.
        case needMoreData
        /// A message that came in one piece: its payload now stands in the outbox, from the absolute index `start` to
        /// the writer index.
        case text(start: Int)
        /// A message that came in fragments or over several reads. The receiver holds the only reference.
        case assembled(ByteBuffer)
        /// A ping and its payload of at most 125 bytes, to be sent back in a pong.
        case ping(ByteBuffer)
        case pong
        /// A valid close frame; without a code it was empty. The last event: what follows is discarded.
        case close(code: CloseCode?, reason: String)
        /// The connection is to be failed. The last event: what follows is discarded.
        case failure(ProtocolFailure)
    }

    private enum Phase {
        case header
        case payload
        case ended
    }

    private let limits: Limits
    private var phase = Phase.header
    /// Frames whose headers have come.
    package private(set) var frames = 0

    /// The beginning of a header that the input did not hold whole.
    private var partialHeader = InlineArray<14, UInt8>(repeating: 0)
    private(set) var partialHeaderCount = 0

    /// The frame whose payload is being read.
    private var frame = PartialFrame(header: FrameHeader(isFinal: true, opcode: .text, length: 0, mask: 0))

    /// The frames so far of the message in progress; 0 when there is none.
    private var fragments = 0
    private(set) var assembly = ByteBuffer()
    /// How far `assembly` is known to be UTF-8.
    private var validated = 0
    /// The payload so far of a control frame, which may come amid a message.
    private(set) var control = ByteBuffer()

    /// A reader for one connection.
    package init(limits: Limits) {
        self.limits = limits
    }

    /// Takes the next event out of `input`; to be called until it answers ``Event/needMoreData``.
    ///
    /// - Parameters:
    ///   - input: What was read from the peer. Its reader index moves over what was used.
    ///   - outbox: Where a message that lies whole in `input` is appended. It should be referenced from nowhere else
    ///     meanwhile, or its contents are copied first. Untouched by every event but ``Event/text(start:)``.
    package mutating func next(from input: inout ByteBuffer, into outbox: inout ByteBuffer) -> Event {
        while true {
            switch phase {
            case .header:
                switch readHeader(from: &input) {
                case .incomplete:
                    return .needMoreData
                case .failure(let failure):
                    return fail(failure, &input)
                case .header(let header, _):
                    frames &+= 1
                    if let failure = judge(header) { return fail(failure, &input) }
                    if fragments == 0, header.isFinal, !header.opcode.isControl,
                        header.length <= input.readableBytes
                    {
                        return readWhole(header, from: &input, into: &outbox)
                    }
                    if !header.opcode.isControl { fragments += 1 }
                    frame = PartialFrame(header: header)
                    phase = .payload
                }
            case .payload:
                if frame.header.opcode.isControl {
                    _ = frame.movePayload(from: &input, to: &control)
                    guard frame.isComplete else { return .needMoreData }
                    phase = .header
                    return finishControl(&input)
                }
                guard appendText(from: &input) else { return fail(.invalidText, &input) }
                guard frame.isComplete else { return .needMoreData }
                phase = .header
                if frame.header.isFinal { return finishMessage(&input) }
            case .ended:
                input.moveReaderIndex(to: input.writerIndex)
                return .needMoreData
            }
        }
    }
}

// MARK: - Headers

extension MessageReader {
    @inline(__always)
    private mutating func readHeader(from input: inout ByteBuffer) -> FrameHeader.Parsed {
        guard partialHeaderCount == 0 else { return continueHeader(from: &input) }
        let parsed = input.withUnsafeReadableBytes { FrameHeader.parse($0) }
        switch parsed {
        case .header(_, let size):
            input.moveReaderIndex(forwardBy: size)
        case .incomplete:
            while let byte = input.readInteger(as: UInt8.self) { keep(byte) }
        case .failure:
            break
        }
        return parsed
    }

    private mutating func continueHeader(from input: inout ByteBuffer) -> FrameHeader.Parsed {
        while let byte = input.readInteger(as: UInt8.self) {
            keep(byte)
            let count = partialHeaderCount
            let parsed = withUnsafeBytes(of: &partialHeader) { FrameHeader.parse(.init(rebasing: $0.prefix(count))) }
            if case .incomplete = parsed { continue }
            partialHeaderCount = 0
            return parsed
        }
        return .incomplete
    }

    private mutating func keep(_ byte: UInt8) {
        partialHeader[partialHeaderCount] = byte
        partialHeaderCount += 1
    }

    /// Judges a header by the frames before it and by the limits, before any of its payload is taken.
    @inline(__always)
    private func judge(_ header: FrameHeader) -> ProtocolFailure? {
        switch header.opcode {
        case .close, .ping, .pong:
            return nil
        case .text:
            guard fragments == 0 else { return .interruptedMessage }
        case .binary:
            guard fragments == 0 else { return .interruptedMessage }
            guard limits.acceptBinary else { return .binary }
        case .continuation:
            guard fragments > 0 else { return .strayContinuation }
        }
        guard header.length <= limits.maxMessage - assembly.readableBytes else {
            return .messageTooBig(limit: limits.maxMessage)
        }
        guard fragments < limits.maxFragments else { return .tooManyFragments(limit: limits.maxFragments) }
        return nil
    }
}

// MARK: - Payloads

extension MessageReader {
    /// The common case: a message in one frame that lies whole in the input.
    @inline(__always)
    private mutating func readWhole(
        _ header: FrameHeader,
        from input: inout ByteBuffer,
        into outbox: inout ByteBuffer
    ) -> Event {
        let start = outbox.writerIndex
        let length = header.length
        var isValid = true
        input.readWithUnsafeReadableBytes { source in
            let payload = UnsafeRawBufferPointer(start: source.baseAddress, count: length)
            outbox.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { room in
                // No room at all, not even for nothing, has an outbox that was never written to.
                guard let destination = room.baseAddress else { return 0 }
                let isASCII = Unmasking.copy(payload, to: destination, mask: header.mask, offset: 0)
                isValid = isASCII || UTF8Check(UnsafeRawBufferPointer(start: destination, count: length)) == .valid
                return isValid ? length : 0
            }
            return length
        }
        return isValid ? .text(start: start) : fail(.invalidText, &input)
    }

    /// Moves what the input holds of the frame's payload to the assembly; false if it cannot become UTF-8 any more.
    private mutating func appendText(from input: inout ByteBuffer) -> Bool {
        let end = assembly.writerIndex
        let isASCII = frame.movePayload(from: &input, to: &assembly)
        if isASCII, validated == end {
            validated = assembly.writerIndex
            return true
        }
        let unchecked = validated
        let check = assembly.withUnsafeReadableBytes { UTF8Check(UnsafeRawBufferPointer(rebasing: $0[unchecked...])) }
        switch check {
        case .valid: validated = assembly.writerIndex
        case .incomplete(let offset): validated += offset
        case .invalid: return false
        }
        return true
    }

    private mutating func finishMessage(_ input: inout ByteBuffer) -> Event {
        guard validated == assembly.writerIndex else { return fail(.invalidText, &input) }
        var message = ByteBuffer()
        swap(&message, &assembly)
        fragments = 0
        validated = 0
        return .assembled(message)
    }

    private mutating func finishControl(_ input: inout ByteBuffer) -> Event {
        var payload = ByteBuffer()
        swap(&payload, &control)
        switch frame.header.opcode {
        case .ping: return .ping(payload)
        case .close: return finishClose(payload, &input)
        default: return .pong
        }
    }

    /// RFC 6455 §5.5.1: nothing, or a code and a reason in UTF-8.
    private mutating func finishClose(_ payload: ByteBuffer, _ input: inout ByteBuffer) -> Event {
        var payload = payload
        guard payload.readableBytes != 1 else { return fail(.truncatedClose, &input) }
        let code = payload.readInteger(as: UInt16.self).map(CloseCode.init(rawValue:))
        guard code?.mayBeSent != false else { return fail(.invalidCloseCode, &input) }
        guard payload.withUnsafeReadableBytes({ UTF8Check($0) }) == .valid else {
            return fail(.invalidCloseReason, &input)
        }
        end(&input)
        return .close(code: code, reason: String(buffer: payload))
    }

    private mutating func fail(_ failure: ProtocolFailure, _ input: inout ByteBuffer) -> Event {
        end(&input)
        return .failure(failure)
    }

    /// Nothing is taken from here on, and nothing is held.
    private mutating func end(_ input: inout ByteBuffer) {
        phase = .ended
        assembly = ByteBuffer()
        control = ByteBuffer()
        fragments = 0
        partialHeaderCount = 0
        input.moveReaderIndex(to: input.writerIndex)
    }
}
