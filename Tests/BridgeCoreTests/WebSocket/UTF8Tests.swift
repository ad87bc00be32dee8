// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("Text is UTF-8, over fragments too")
struct UTF8Tests {
    static let valid: [[UInt8]] = [
        [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
        [0xEF, 0xBF, 0xBF], [0xEF, 0xBF, 0xBE], [0xEF, 0xBB, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5], [0xE2, 0x80, 0xA8], [0xE2, 0x80, 0xA9],
    ]

    static let invalid: [[UInt8]] = [
        [0x80], [0xBF], [0xC2], [0xC2, 0x41], [0xC2, 0xC2, 0x80], [0xE1, 0x80], [0xE1, 0x80, 0x41], [0xF1, 0x80, 0x80],
        [0xF1, 0x80, 0x80, 0x41], [0xFE], [0xFF],
        // Overlong forms.
        [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0xAF],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80],
        // Surrogates, alone and in pairs.
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
        // Over U+10FFFF.
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF7, 0xBF, 0xBF, 0xBF],
        // Autobahn 6.3.1.
        [
            0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5, 0xED, 0xA0, 0x80, 0x65, 0x64, 0x69, 0x74,
            0x65, 0x64,
        ],
    ]

    /// Contexts that put the bytes at the start, at the end, and behind a run that the ASCII path takes.
    static let contexts: [(before: Int, after: Int)] = [(0, 0), (1, 0), (0, 1), (63, 0), (64, 2), (200, 0), (7, 200)]

    private static func wrapped(_ bytes: [UInt8], _ context: (before: Int, after: Int)) -> [UInt8] {
        [UInt8](repeating: 0x61, count: context.before) + bytes + [UInt8](repeating: 0x62, count: context.after)
    }

    @Test("R14: well-formed text passes whole and cut into fragments at each place", arguments: valid)
    func validText(_ bytes: [UInt8]) {
        for context in Self.contexts {
            let payload = Self.wrapped(bytes, context)
            #expect(ReaderRig.told(by: [.textBytes(payload)]) == [.message(payload)])
            for cut in 0...payload.count {
                let frames: [ClientFrame] = [
                    .textBytes(Array(payload[..<cut]), final: false), .ping(), .continuation(Array(payload[cut...])),
                ]
                #expect(ReaderRig.told(by: frames) == [.ping([]), .message(payload)], "cut at \(cut)")
            }
            var rig = ReaderRig()
            for byte in ClientFrame.textBytes(payload).bytes { rig.read([byte]) }
            #expect(rig.told == [.message(payload)])
        }
    }

    @Test("R14: ill-formed text is 1007, whole and cut into fragments at each place", arguments: invalid)
    func invalidText(_ bytes: [UInt8]) {
        for context in Self.contexts {
            let payload = Self.wrapped(bytes, context)
            #expect(ReaderRig.told(by: [.textBytes(payload)]) == [.failure(1007)])
            for cut in 0...payload.count {
                let frames: [ClientFrame] = [
                    .textBytes(Array(payload[..<cut]), final: false), .continuation(Array(payload[cut...])),
                ]
                #expect(ReaderRig.told(by: frames) == [.failure(1007)], "cut at \(cut)")
            }
            var rig = ReaderRig()
            for byte in ClientFrame.textBytes(payload).bytes { rig.read([byte]) }
            #expect(rig.told == [.failure(1007)])
        }
    }

    @Test("R14: a scalar value that is cut off at the end of a message is not made whole by the next message")
    func cutOffAtTheEnd() {
        #expect(ReaderRig.told(by: [.textBytes([0x61, 0xC3]), .textBytes([0xA9])]) == [.failure(1007)])
        let frames: [ClientFrame] = [.text("a", final: false), .continuation([0xC3]), .textBytes([0xA9])]
        #expect(ReaderRig.told(by: frames) == [.failure(1007)])
    }

    @Test(
        "R14: text that nothing can save fails at once, not at the end of the message",
        arguments: [
            [0xFF], [0xC0], [0xED, 0xA0], [0xF4, 0x90], [0xE0, 0x80], [0xF0, 0x8F], [0xF5], [0x80], [0xC3, 0x28],
        ]
    )
    func failsFast(_ bytes: [UInt8]) {
        #expect(ReaderRig.told(by: [.textBytes([0x61] + bytes, final: false)]) == [.failure(1007)])
        let unfinished = ClientFrame.textBytes([0x61] + bytes + [UInt8](repeating: 0x61, count: 50)).bytes.dropLast(50)
        #expect(ReaderRig.told(by: Array(unfinished)) == [.failure(1007)])
    }

    @Test("R14: each scalar value is well-formed, each surrogate is not")
    func allScalars() {
        for value in stride(from: UInt32(0), through: 0x10FFFF, by: 61) {
            if let scalar = Unicode.Scalar(value) {
                #expect(Array(String(scalar).utf8).withUnsafeBytes { UTF8Check($0) } == .valid)
            } else {
                let units = [0xE0 | value >> 12, 0x80 | value >> 6 & 0x3F, 0x80 | value & 0x3F].map { UInt8($0) }
                #expect(units.withUnsafeBytes { UTF8Check($0) } == .invalid)
            }
        }
    }
}
