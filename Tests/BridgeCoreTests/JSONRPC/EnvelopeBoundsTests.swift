// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

/// Every text here ends in front of a page that must not be touched.
@Suite("The scanner stays within its bytes")
struct EnvelopeBoundsTests {
    static let messages: [String] = [
        #"{"jsonrpc":"2.0","id":123,"method":"tools/call","params":{"name":"é\u00e9","_meta":{"progressToken":"p"}}}"#,
        #" [ {"id" : "\ud83d\ude00" , "result" : {"resultType":"task","x":[1.5e-3,-0,true,false,null]} } ] "#,
        #"{"jsonrpc":"2.0","result":{"content":"0123456789012345678901234567890123456789\\\"01234567"},"id":-12}"#,
        #"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-32603,"message":"a\tb","data":{"k":[{"deep":[[]]}]}}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x","io.modelcontextprotocol/protocolVersion":1}}"#,
    ]

    @Test("R35: a text that breaks off anywhere is refused and told of as far as it stands", arguments: messages)
    func everyCut(_ message: String) throws {
        let bytes = Array(message.utf8)
        let page = GuardedPage(atLeast: bytes.count)
        let whole = try EnvelopeScanner.scan(page.place(bytes))
        let last = bytes.lastIndex { $0 != 0x20 }!
        for cut in 0...bytes.count {
            let text = page.place(bytes[..<cut])
            if cut <= last {
                #expect(throws: JSONSyntaxError.self) { try EnvelopeScanner.scan(text) }
            }
            let envelope = EnvelopeScanner.scanPrefix(text)
            for (part, all) in zip(Self.scalars(envelope), Self.scalars(whole)) {
                guard let part else { continue }
                let all = try #require(all)
                #expect(part.start == all.start && part.kind == all.kind, "cut at \(cut)")
                let isContainer = part.kind == .object || part.kind == .array
                #expect(part.end == all.end || isContainer, "a value cut at \(cut) counts as whole")
                #expect(part.end <= cut)
            }
        }
    }

    /// The values of an envelope that have a text.
    private static func scalars(_ envelope: Envelope) -> [Envelope.Value?] {
        [
            envelope.id, envelope.method, envelope.params, envelope.result, envelope.error, envelope.cancelledID,
            envelope.progressOf, envelope.progressToken, envelope.negotiatedVersion,
        ]
    }

    @Test(
        "R35: a number at which the text breaks off or down is not taken for an id",
        arguments: [
            #"{"result":{},"id":12"#, #"{"result":{},"id":12x}"#, #"{"result":{},"id":12""#,
            #"{"result":{},"id":0123}"#,
            #"{"result":{},"id":-1"#,
        ]
    )
    func cutNumber(_ text: String) {
        Array(text.utf8).withUnsafeBytes { bytes in
            #expect(EnvelopeScanner.scanPrefix(bytes).id == nil)
        }
    }

    @Test("R31: nor is one taken for a method")
    func cutMethod() {
        Array(#"{"id":1,"method":9004"#.utf8).withUnsafeBytes { bytes in
            let envelope = EnvelopeScanner.scanPrefix(bytes)
            #expect(envelope.method == nil && envelope.id != nil)
        }
    }

    @Test(
        "R35: an id that stands whole in a broken text is found",
        arguments: [
            #"{"id":12,"result":{"#, #"{"id":12 ,"result":"\q"}"#, #"{"result":{},"id":12 "#,
            #"{"result":{},"id":12}}"#,
            #"{"result":{},"id":"12""#,
        ]
    )
    func wholeID(_ text: String) {
        Array(text.utf8).withUnsafeBytes { bytes in
            let id = EnvelopeScanner.scanPrefix(bytes).id
            #expect(id.map { text[bytes: $0.range] }?.contains("12") == true)
        }
    }

    @Test(
        "R24: a special byte is seen at every place of strings of every length to 150",
        arguments: [
            UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x00, 0x01, 0x1F, 0x0A, 0x0D, 0x09,
        ]
    )
    func specialBytes(_ special: UInt8) {
        let page = GuardedPage(atLeast: 256)
        // Neighbours of the special bytes' values must not be mistaken for them.
        let plain: [UInt8] = [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x61, 0xC3, 0xA9]
        for length in 1...150 {
            let filler = (0..<length).map { index in index % 9 < 7 ? plain[index % 9] : plain[6] }
            let whole = [UInt8(ascii: "\"")] + filler + [UInt8(ascii: "\"")]
            #expect((try? EnvelopeScanner.scan(page.place(whole))) != nil, "\(length) plain bytes")
            for at in 0..<length {
                var contents = filler
                contents[at] = special
                let text = [UInt8(ascii: "\"")] + contents + [UInt8(ascii: "\"")]
                let expected = Self.verdict(contents, special, at)
                do throws(JSONSyntaxError) {
                    _ = try EnvelopeScanner.scan(page.place(text))
                    #expect(expected == nil, "\(special) at \(at) of \(length) was overlooked")
                } catch {
                    #expect(error == expected, "\(special) at \(at) of \(length)")
                }
            }
        }
    }

    /// What must come of a string with one special byte; nil if it is a string all the same.
    private static func verdict(_ contents: [UInt8], _ special: UInt8, _ at: Int) -> JSONSyntaxError? {
        switch special {
        case UInt8(ascii: "\""):
            let spaces = contents[(at + 1)...].prefix { $0 == 0x20 }.count
            return JSONSyntaxError(reason: .trailingBytes, offset: at + 2 + spaces)
        case UInt8(ascii: "\\"):
            // At the end it escapes the closing quote; none of the plain bytes can be escaped.
            return at == contents.count - 1
                ? JSONSyntaxError(reason: .unexpectedEnd, offset: contents.count + 2)
                : JSONSyntaxError(reason: .badEscape, offset: at + 1)
        default: return JSONSyntaxError(reason: .controlCharacter, offset: at + 1)
        }
    }

    @Test("R22: bytes of UTF-8 of every value are plain, at every place of a word")
    func highBytes() throws {
        let page = GuardedPage(atLeast: 256)
        for byte in UInt8(0x20)...0xFF where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
            for length in [1, 7, 8, 9, 31, 32, 33, 40, 41, 72] {
                let text = [UInt8(ascii: "\"")] + [UInt8](repeating: byte, count: length) + [UInt8(ascii: "\"")]
                #expect((try? EnvelopeScanner.scan(page.place(text))) != nil, "\(byte) × \(length)")
            }
        }
    }

    @Test("R74: random bytes neither crash the scanner nor lead it astray", arguments: 1...4)
    func noise(_ seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let page = GuardedPage(atLeast: 4096)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let envelope = EnvelopeScanner.scanPrefix(page.place(bytes))
            #expect((envelope.id?.end ?? 0) <= bytes.count)
        }
        for message in Self.messages {
            for _ in 0..<400 {
                var bytes = Array(message.utf8)
                for _ in 0..<3 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                for value in Self.scalars(EnvelopeScanner.scanPrefix(page.place(bytes))) {
                    guard let value else { continue }
                    #expect(value.start <= value.end && value.end <= bytes.count)
                }
            }
        }
    }
}
