// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("Event streams")
struct EventStreamParserTests {
    private typealias Told = ReferenceEventStream.Told

    /// Feeds the pieces as reads until the stream ends or cannot be read any further.
    private static func told(_ pieces: [some Collection<UInt8>], limit: Int) -> ([Told], EventStreamParser) {
        var parser = EventStreamParser(limit: limit)
        var told: [Told] = []
        for piece in pieces {
            var input = ByteBuffer(bytes: piece)
            loop: while true {
                #expect(parser.heldBytes <= limit)
                switch parser.next(from: &input) {
                case .needMoreData:
                    #expect(input.readableBytes == 0)
                    break loop
                case .event(let event):
                    let data = Array(event.data.readableBytesView)
                    told.append(
                        .event(name: event.name, data: data, hasID: event.hasID, lastEventID: parser.lastEventID)
                    )
                case .tooLong:
                    told.append(.tooLong)
                    #expect(parser.heldBytes == 0)
                    return (told, parser)
                }
            }
        }
        return (told, parser)
    }

    private static func told(_ stream: String, limit: Int = 1000) -> [Told] {
        Self.told([Array(stream.utf8)], limit: limit).0
    }

    private static func event(_ name: String, _ data: String, _ hasID: Bool = false, _ id: String? = nil) -> Told {
        .event(name: name, data: Array(data.utf8), hasID: hasID, lastEventID: id)
    }

    static let corpus = [
        "", "\n", "\r", "\r\n\r\n\n", "data: x\n\n", "data: x\r\r", "data: x\r\n\r\n", "data: x\n\r\n",
        "data: x\r\n\r", "data:x\n\ndata:  y\n\n", "data\n\n", "data\ndata\n\n", "data:\ndata: \n\n",
        "data: a\ndata: b\r\ndata: c\rdata: d\n\n", "event: endpoint\ndata: /m?s=1\n\n", "event\ndata: x\n\n",
        "id: 1\ndata: a\n\nid\ndata: b\n\n", "id: 7\ndata:\n\n", "id: 7\n\ndata: x\n\n", "id: a\nid: b\ndata: x\n\n",
        "id: a\u{0}b\ndata: x\n\n", "id: a\u{0}b\n\n", "id: x\n", "id: 1\ndata: a\n\nid: 2\ndata: cut off",
        "retry: 500\n\n", "retry: 500\nretry: x\nretry: -1\nretry: \nretry: 7 \n\n",
        "retry: 99999999999999999999\n\n", "retry: 3600001\n", "retry:12\ndata: x\n\n", "retry: ٣\n\n",
        ": comment\n\n:\n\n: data: x\n", ":\r\n:\r\n:\r\ndata: x\r\n\r\n", ":longer than any limit\ndata: x\n\n",
        "\u{FEFF}data: x\n\n", "\u{FEFF}\u{FEFF}data: x\n\ndata: y\n\n", "data: \u{FEFF}x\n\n", "\u{FEFF}",
        "\n\u{FEFF}data: x\n\n", "\u{FFEF}data: x\n\ndata: y\n\n", "é: x\ndata: é😀\u{2028}\u{85}\u{B}\u{C}z\n\n",
        "Data: x\ndatas: x\n data: x\ndat: x\nidx: 1\nevents: y\nretry500\n\n", "data : x\n\nfoo\n\ndata: x:y: z\n\n",
        "event: x\n\nevent:\n\n", "data: 0123456789\n\ndata: 012345678901234567890123456789012345678901\n\n",
        "data: abcdef\ndata: abcdef\n\ndata: x\n\n", "data: {\"a\":1}\n\n\n\n\ndata: {\"b\":2}\n\nid: 3\n\n",
        "event: message\nid: 42\nretry: 1000\ndata: {}\n\nevent: ping\n\n: bye\n",
    ]

    @Test("R66: however reads divide the stream, the events are those of the standard", arguments: Self.corpus)
    func divisions(_ stream: String) {
        let bytes = Array(stream.utf8)
        for limit in [10, 16, 30, 1000] {
            let expected = ReferenceEventStream(bytes, limit: limit)
            for cut in 0...bytes.count {
                let (told, parser) = Self.told([bytes[..<cut], bytes[cut...]], limit: limit)
                #expect(told == expected.told, "cut at \(cut), limit \(limit)")
                #expect(parser.lastEventID == expected.lastEventID, "cut at \(cut), limit \(limit)")
                #expect(parser.reconnectionTime == expected.reconnectionTime, "cut at \(cut), limit \(limit)")
            }
            let (told, parser) = Self.told(bytes.map { [$0] }, limit: limit)
            #expect(told == expected.told, "byte by byte, limit \(limit)")
            #expect(parser.lastEventID == expected.lastEventID)
            #expect(parser.reconnectionTime == expected.reconnectionTime)
        }
    }

    @Test("R66: generated streams in generated reads give the events of the standard", arguments: 71...78)
    func generated(_ seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let parts = [
            "\n", "\n", "\r", "\r\n", "data", "data:", "data: ", "id: ", "event: ", "retry: ", ": ", ":", " ", "x", "é",
            "7", "\u{0}", "\u{FEFF}", "0123456789abcdef0123456789abcdef0123456789abcdef",
        ]
        for _ in 0..<400 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                bytes += Array(parts[Int.random(in: 0..<parts.count, using: &random)].utf8)
            }
            var pieces: [ArraySlice<UInt8>] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                pieces.append(rest.prefix(Int.random(in: 1...60, using: &random)))
                rest = rest.dropFirst(pieces.last?.count ?? 0)
            }
            let limit = Int.random(in: 20...200, using: &random)
            let expected = ReferenceEventStream(bytes, limit: limit)
            let (told, parser) = Self.told(pieces, limit: limit)
            #expect(told == expected.told, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            #expect(parser.lastEventID == expected.lastEventID)
            #expect(parser.reconnectionTime == expected.reconnectionTime)
        }
    }

    @Test(
        "R66: fields become events as the standard says",
        arguments: [
            ("data: x\n\n", [event("message", "x")]),
            ("data:x\ndata:  y\ndata\n\n", [event("message", "x\n y\n")]),
            ("event: endpoint\r\ndata: /m\r\n\r\n", [event("endpoint", "/m")]),
            ("id: 1\ndata:\n\ndata: x\n\n", [event("message", "", true, "1"), event("message", "x", false, "1")]),
            ("id: 1\n\nid:\n\n", [event("message", "", true, "1"), event("message", "", true)]),
            ("id: \u{0}\n\n: c\n\nother: x\n\n", []),
            ("\u{FEFF}data: x\n\n\u{FEFF}data: y\n\n", [event("message", "x")]),
            ("data: lost", []), ("data: lost\n", []),
        ] as [(String, [ReferenceEventStream.Told])]
    )
    fileprivate func fields(_ stream: String, _ expected: [ReferenceEventStream.Told]) {
        #expect(Self.told(stream) == expected)
    }

    @Test("R66: bytes that are not UTF-8 spoil nothing but the text they stand in")
    func notUTF8() {
        var stream = Array("event: a".utf8) + [0xFF]
        stream += Array("\nid: ".utf8) + [0xC3]
        stream += Array("\ndata: ".utf8) + [0x80, 0xFF, 0x0A, 0x0A]
        let (told, _) = Self.told([stream], limit: 100)
        #expect(told == [.event(name: "a\u{FFFD}", data: [0x80, 0xFF], hasID: true, lastEventID: "\u{FFFD}")])
    }

    @Test("R66: a line that ends with CR ends there, before the next read tells what follows")
    func carriageReturn() {
        var parser = EventStreamParser(limit: 100)
        var input = ByteBuffer(string: "data: x\r\n\r")
        guard case .event(let event) = parser.next(from: &input) else {
            Issue.record("no event")
            return
        }
        #expect(String(buffer: event.data) == "x")
        input = ByteBuffer(string: "\ndata: y\r\r")
        guard case .event(let second) = parser.next(from: &input) else {
            Issue.record("no second event")
            return
        }
        #expect(String(buffer: second.data) == "y")
    }

    @Test("R66: an event of the limit passes, one byte more does not, in whatever fields, and that is final")
    func limit() {
        for (prefix, fill) in [("data: ", "x"), ("id: ", "1"), ("event: ", "e"), ("other: ", "o")] {
            for more in 0...1 {
                let line = prefix + String(repeating: fill, count: 50 - prefix.utf8.count - 7 + more)
                let (told, parser) = Self.told([Array("\(line)\ndata: x\n\ndata: y\n\n".utf8)], limit: 50)
                #expect((told.count == 2) == (more == 0), "\(prefix)")
                #expect((told == [.tooLong]) == (more == 1), "\(prefix)")
                var copy = parser
                var input = ByteBuffer(string: "data: z\n\n")
                #expect((copy.next(from: &input) == .tooLong) == (more == 1))
                #expect(input.readableBytes == 0)
            }
        }
        // A line without end is not waited for.
        #expect(Self.told("data: 0123456789", limit: 10) == [.tooLong])
        // Keep-alive comments are no part of an event and are not held.
        let comments = String(repeating: ": keep-alive\n", count: 100) + ":" + String(repeating: "c", count: 999)
        #expect(Self.told("data: x\n\(comments)\n\n", limit: 10) == [Self.event("message", "x")])
    }

    @Test("R66: an id that no header would take back leaves no cursor")
    func longID() {
        let id = String(repeating: "i", count: EventStreamParser.maxIDLength)
        let (_, kept) = Self.told([Array("id: \(id)\ndata: x\n\n".utf8)], limit: 10_000)
        #expect(kept.lastEventID == id)
        let (told, dropped) = Self.told([Array("id: 1\n\nid: \(id)i\ndata: x\n\n".utf8)], limit: 10_000)
        #expect(dropped.lastEventID == nil)
        #expect(told.last == Self.event("message", "x", true))
    }

    @Test("R66: an id counts from the end of its event on, a retry line at once")
    func moment() {
        var parser = EventStreamParser(limit: 100)
        var input = ByteBuffer(string: "id: 1\nretry: 50\n")
        #expect(parser.next(from: &input) == .needMoreData)
        #expect(parser.lastEventID == nil)
        #expect(parser.reconnectionTime == 50)
        input = ByteBuffer(string: "\n")
        #expect(parser.next(from: &input) == .event(.init(name: "message", data: ByteBuffer(), hasID: true)))
        #expect(parser.lastEventID == "1")
    }

    @Test("R66: an idle stream keeps nothing, and a waiting one no more than its event")
    func idle() {
        var parser = EventStreamParser(limit: 1 << 21)
        var input = ByteBuffer(string: "data: " + String(repeating: "x", count: 1 << 20) + "\n\n: still here\n")
        guard case .event(let event) = parser.next(from: &input) else {
            Issue.record("no event")
            return
        }
        #expect(event.data.readableBytes == 1 << 20)
        #expect(parser.next(from: &input) == .needMoreData)
        #expect(parser.heldBytes == 0)
        input = ByteBuffer(string: "data: x\ndata: yz\ndat")
        #expect(parser.next(from: &input) == .needMoreData)
        #expect(parser.heldBytes == 4 + 3)
    }

    @Test("R66: data of one line in one read is a slice of the read")
    func slice() {
        var parser = EventStreamParser(limit: 1 << 21)
        var input = ByteBuffer(string: "data: " + String(repeating: "x", count: 1000) + "\n\n")
        let base = input.withUnsafeReadableBytes { $0.baseAddress.map { UInt(bitPattern: $0) } }
        guard case .event(let event) = parser.next(from: &input) else {
            Issue.record("no event")
            return
        }
        let place = event.data.withUnsafeReadableBytes { $0.baseAddress.map { UInt(bitPattern: $0) } }
        #expect(place == base.map { $0 + 6 })
    }
}
