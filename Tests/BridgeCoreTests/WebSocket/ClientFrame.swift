// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

@testable import BridgeCore

/// A frame as a client writes it, encoded naively, byte by byte: the reference for the reader.
struct ClientFrame: Sendable, CustomStringConvertible {
    var first: UInt8
    var payload: [UInt8]
    var mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    /// A frame with any first byte: FIN, three reserved bits and opcode.
    init(first: UInt8, _ payload: [UInt8], mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]) {
        self.first = first
        self.payload = payload
        self.mask = mask
    }

    static func text(_ text: String, final: Bool = true) -> ClientFrame { textBytes(Array(text.utf8), final: final) }
    static func textBytes(_ bytes: [UInt8], final: Bool = true) -> ClientFrame {
        ClientFrame(first: (final ? 0x80 : 0) | 0x1, bytes)
    }
    static func binary(_ bytes: [UInt8], final: Bool = true) -> ClientFrame {
        ClientFrame(first: (final ? 0x80 : 0) | 0x2, bytes)
    }
    static func continuation(_ bytes: [UInt8], final: Bool = true) -> ClientFrame {
        ClientFrame(first: final ? 0x80 : 0, bytes)
    }
    static func close(_ payload: [UInt8]) -> ClientFrame { ClientFrame(first: 0x88, payload) }
    static func close(_ code: UInt16, _ reason: String = "") -> ClientFrame {
        close([UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }
    static func ping(_ text: String = "") -> ClientFrame { ClientFrame(first: 0x89, Array(text.utf8)) }
    static func pong(_ text: String = "") -> ClientFrame { ClientFrame(first: 0x8A, Array(text.utf8)) }

    var bytes: [UInt8] {
        var bytes = [first]
        switch payload.count {
        case ...125: bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF: bytes += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [0xFF] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        bytes += mask
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ mask[index % 4]) }
        return bytes
    }

    var description: String { "first \(String(first, radix: 16)), \(payload.count) bytes" }
}

/// What a reader told, in a form that can be compared: both kinds of message are one.
enum Told: Equatable, Sendable {
    case message([UInt8])
    case ping([UInt8])
    case pong
    case close(UInt16?, String)
    case failure(UInt16)

    static func message(_ text: String) -> Told { .message(Array(text.utf8)) }
}

extension MessageReader {
    /// Bytes held of what is not whole yet.
    var heldBytes: Int { assembly.readableBytes + control.readableBytes + partialHeaderCount }

    /// The memory reserved for that, in bytes.
    var heldCapacity: Int { assembly.capacity + control.capacity }
}

/// Drives a reader as a channel would: one buffer per read, drained until the reader wants more.
struct ReaderRig {
    var reader: MessageReader
    var outbox = ByteBuffer()
    private(set) var told: [Told] = []
    private(set) var assembledCount = 0
    private(set) var failure: ProtocolFailure?

    init(_ limits: MessageReader.Limits = .init()) {
        reader = MessageReader(limits: limits)
    }

    mutating func read(_ bytes: some Sequence<UInt8>) {
        var input = ByteBuffer(bytes: bytes)
        while true {
            let before = outbox
            switch reader.next(from: &input, into: &outbox) {
            case .needMoreData:
                precondition(input.readableBytes == 0 && outbox == before)
                return
            case .text(let start):
                precondition(start == before.writerIndex)
                told.append(.message(Array(outbox.getBytes(at: start, length: outbox.writerIndex - start)!)))
                continue
            case .assembled(let message):
                assembledCount += 1
                told.append(.message(Array(message.readableBytesView)))
            case .ping(let payload): told.append(.ping(Array(payload.readableBytesView)))
            case .pong: told.append(.pong)
            case .close(let code, let reason): told.append(.close(code?.rawValue, reason))
            case .failure(let failure):
                self.failure = failure
                told.append(.failure(failure.code.rawValue))
            }
            precondition(outbox == before, "only a whole message may touch the outbox")
        }
    }

    static func told(by frames: [ClientFrame], limits: MessageReader.Limits = .init()) -> [Told] {
        told(by: frames.flatMap(\.bytes), limits: limits)
    }

    static func told(by bytes: [UInt8], limits: MessageReader.Limits = .init()) -> [Told] {
        var rig = ReaderRig(limits)
        rig.read(bytes)
        return rig.told
    }
}

/// SplitMix64: the same numbers in each run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
