// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

@testable internal import BridgeCore

/// A client's bytes, read by the server side: as the reference reads them, whatever the reads; then the client side's
/// writer, whose frames must come back as they went.
func fuzzFrames(_ bytes: UnsafeRawBufferPointer) {
    let everyday = MessageReader.Limits(maxMessage: 1 << 16, maxFragments: 64)
    let narrow = MessageReader.Limits(maxMessage: 16, maxFragments: 3, acceptBinary: true)
    for limits in [everyday, narrow] {
        let expected = ReferenceFrames.fromClient(
            Array(bytes),
            maxMessage: limits.maxMessage,
            maxFragments: limits.maxFragments,
            acceptBinary: limits.acceptBinary
        )
        for division in Divisions(of: bytes) {
            requireEqual(
                read(bytes, division, limits),
                expected,
                "R14: frames read as RFC 6455 has it, cut \(division)"
            )
        }
    }
    roundTrip(bytes)
}

private func read(
    _ bytes: UnsafeRawBufferPointer,
    _ division: [Range<Int>],
    _ limits: MessageReader.Limits
) -> [FrameEvent] {
    var reader = MessageReader(limits: limits)
    var events: [FrameEvent] = []
    var outbox = ByteBuffer(string: "before")
    for range in division {
        var input = ByteBuffer(bytes: bytes[range])
        reading: while true {
            let before = outbox.writerIndex
            let event = reader.next(from: &input, into: &outbox)
            if case .text = event {} else { require(outbox.writerIndex == before, "only a text touches the outbox") }
            switch event {
            case .needMoreData:
                require(input.readableBytes == 0, "all is read before more is asked for")
                break reading
            case .text(let start):
                require(start == before, "a text begins where the outbox ended")
                events.append(.message(outbox.getBytes(at: start, length: outbox.writerIndex - start) ?? []))
            case .assembled(let message): events.append(.message(Array(message.readableBytesView)))
            case .ping(let payload): events.append(.ping(Array(payload.readableBytesView)))
            case .pong: events.append(.pong)
            case .close(let code, let reason): events.append(.close(code?.rawValue, Array(reason.utf8)))
            case .failure(let failure):
                require(failure.reason.utf8.count <= 123, "a reason fits into a close frame")
                events.append(.failure(failure.reason))
            }
            require(reader.assembly.readableBytes <= limits.maxMessage, "no more is held than one message")
            require(reader.control.readableBytes <= 125, "no more is held than one control frame")
        }
    }
    return events
}

/// A server's bytes, read by the client side from memory that grows: as the reference reads them.
func fuzzServerFrames(_ bytes: UnsafeRawBufferPointer) {
    for maxMessage in [1 << 16, 16] {
        let expected = ReferenceFrames.fromServer(Array(bytes), maxMessage: maxMessage)
        for division in Divisions(of: bytes) {
            let events = readServer(bytes, division, maxMessage)
            requireEqual(events, expected, "frames of a server read as RFC 6455 has it, cut \(division)")
        }
    }
}

private func readServer(_ bytes: UnsafeRawBufferPointer, _ division: [Range<Int>], _ maxMessage: Int) -> [FrameEvent] {
    var frames = ServerFrames(maxMessage: maxMessage)
    var events: [FrameEvent] = []
    var offset = 0
    // No event can come before so many bytes have been shown.
    var needed = 0
    for range in division {
        let shown = bytes.part(0..<range.upperBound)
        reading: while true {
            let before = offset
            let event = frames.next(in: shown, from: &offset)
            if case .needMoreData(let missing) = event {
                require(missing > 0 && offset == before, "who asks for more has used nothing")
                needed = shown.count + missing
                break reading
            }
            require(shown.count >= needed, "the missing bytes are really missing")
            switch event {
            case .needMoreData: break
            case .text(let range): events.append(.message(Array(shown[range])))
            case .fragment(let range, let isFinal): events.append(.fragment(Array(shown[range]), isFinal: isFinal))
            case .ping(let range): events.append(.ping(Array(shown[range])))
            case .pong: events.append(.pong)
            case .close(let code, let reason):
                events.append(.close(code?.rawValue, Array(shown[reason])))
                return events
            case .failed:
                events.append(.failure(frames.failure?.reason ?? "no reason"))
                return events
            }
        }
    }
    return events
}

/// What either side writes, the other reads.
private func roundTrip(_ payload: UnsafeRawBufferPointer) {
    var outbox = ByteBuffer()
    FrameWriter.writeText(payload, to: &outbox)
    outbox.withUnsafeReadableBytes { frame in
        let event = readServer(frame, [0..<frame.count], .max)
        requireEqual(event, [.message(Array(payload))], "a client reads what the server wrote")
    }
    let mask = UInt32(truncatingIfNeeded: hash(payload))
    let size = MaskedFrameWriter.size(payload: payload.count)
    let frame = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
    defer { frame.deallocate() }
    if let base = frame.baseAddress { MaskedFrameWriter.writeText(payload, mask: mask, to: base) }
    let limits = MessageReader.Limits(maxMessage: .max)
    let events = read(UnsafeRawBufferPointer(frame), [0..<size], limits)
    let isText = isUTF8(Array(payload)[...])
    requireEqual(
        events,
        [isText ? .message(Array(payload)) : .failure("text message is not UTF-8")],
        "the server reads what a client wrote"
    )
    var close = ByteBuffer()
    let reason = String(decoding: payload, as: UTF8.self)
    FrameWriter.writeClose(.normal, reason: reason, to: &close)
    close.withUnsafeReadableBytes { frame in
        require(frame.count <= 127, "a close frame is a control frame")
        guard case .close(1000, let told)? = readServer(frame, [0..<frame.count], .max).first else {
            return require(false, "a close frame is read as one")
        }
        require(isUTF8(told[...]) && Array(reason.utf8).starts(with: told), "a reason is cut between two scalars")
    }
}
