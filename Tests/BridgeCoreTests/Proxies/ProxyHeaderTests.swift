// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import BridgeCore

@Suite("The PROXY protocol, version 2")
struct ProxyHeaderTests {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    static func bytes(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return Self.signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
    }

    private static let ipv4: [UInt8] = [203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 0x01, 0xBB]
    private static let source6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [9]
    private static let ipv6 = source6 + Array(repeating: 1, count: 16) + [0x12, 0x67, 0x01, 0xBB]
    private static let tlv: [UInt8] = [0x03, 0, 4, 1, 2, 3, 4, 0x04, 0, 1, 0]

    private static let client = ProxyHeader.client(ClientAddress(bytes: [203, 0, 113, 9], port: 4711))

    /// Reads pieces one after the other; gives the outcome and what is left of the stream behind it.
    private static func read(_ pieces: [[UInt8]]) throws -> (ProxyHeader?, [UInt8]) {
        var reader = ProxyHeaderReader()
        var header: ProxyHeader?
        var rest: [UInt8] = []
        for piece in pieces {
            guard header == nil else {
                rest += piece
                continue
            }
            var input = ByteBuffer(bytes: piece)
            header = try reader.read(from: &input)
            if header == nil { #expect(input.readableBytes == 0) }
            rest += Array(input.readableBytesView)
        }
        return (header, rest)
    }

    private static let good: [([UInt8], ProxyHeader)] = [
        (bytes(0x21, 0x11, ipv4), client), (bytes(0x21, 0x12, ipv4), client), (bytes(0x21, 0x11, ipv4 + tlv), client),
        (bytes(0x21, 0x21, ipv6), .client(ClientAddress(bytes: source6, port: 4711))),
        (bytes(0x21, 0x22, ipv6 + tlv), .client(ClientAddress(bytes: source6, port: 4711))),
        (
            bytes(0x21, 0x21, Array(repeating: 0, count: 10) + [0xFF, 0xFF] + ipv4[..<4] + ipv6[16...]), client
        ),
        (bytes(0x20, 0x00, []), .local), (bytes(0x20, 0x11, ipv4), .local), (bytes(0x20, 0xFF, tlv), .local),
        (bytes(0x20, 0x21, []), .local), (bytes(0x21, 0x00, []), .undisclosed), (bytes(0x21, 0x00, tlv), .undisclosed),
        (bytes(0x21, 0x31, Array(repeating: 0x2F, count: 216)), .undisclosed),
        (bytes(0x21, 0x11, ipv4 + Array(repeating: 0, count: ProxyHeaderReader.longest - 12)), client),
    ]

    @Test("R78: a header says the same whole, byte by byte, and cut at each place", arguments: good)
    func divisions(_ bytes: [UInt8], _ expected: ProxyHeader) throws {
        // A TLS record, a second signature: what follows is not looked at.
        for next in [[], [0x16, 3, 1], Self.signature, Array("GET /".utf8)] as [[UInt8]] {
            let all = bytes + next
            var divisions = [[all], all.map { [$0] }]
            if all.count < 300 {
                divisions += (0...all.count).map { [Array(all[..<$0]), Array(all[$0...])] }
            }
            for pieces in divisions {
                let (header, rest) = try Self.read(pieces)
                #expect(header == expected)
                #expect(rest == next)
            }
        }
    }

    @Test("R78: what is not there yet is waited for", arguments: good)
    func truncated(_ bytes: [UInt8], _ expected: ProxyHeader) throws {
        for count in 0..<bytes.count { #expect(try Self.read([Array(bytes[..<count])]).0 == nil) }
    }

    private static let bad: [([UInt8], ProxyHeaderFault, Int)] = [
        (Array("PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n".utf8), .textVersion, 6),
        (Array("PROXY UNKNOWN\r\n".utf8), .textVersion, 6), (Array("POST / HTTP/1.1\r\n".utf8), .missing, 2),
        (Array("GET / HTTP/1.1\r\n".utf8), .missing, 1), (Array("\r\n\r\nGET / HTTP/1.1\r\n".utf8), .missing, 5),
        ([0x16, 3, 1, 0, 5], .missing, 1), ([0], .missing, 1), (signature.dropLast() + [0x0D], .missing, 12),
        (bytes(0x11, 0x11, ipv4), .version(1), 13), (bytes(0x31, 0x11, ipv4), .version(3), 13),
        (bytes(0x01, 0x11, ipv4), .version(0), 13), (bytes(0x22, 0x11, ipv4), .command(2), 13),
        (bytes(0x2F, 0x11, ipv4), .command(15), 13), (bytes(0x21, 0x10, ipv4), .family(0x10), 14),
        (bytes(0x21, 0x13, ipv4), .family(0x13), 14), (bytes(0x21, 0x41, ipv4), .family(0x41), 14),
        (bytes(0x21, 0x01, ipv4), .family(0x01), 14), (bytes(0x21, 0x11, ipv4, length: 11), .short, 16),
        (bytes(0x21, 0x11, [], length: 0), .short, 16), (bytes(0x21, 0x21, ipv6, length: 35), .short, 16),
        (bytes(0x21, 0x31, ipv6, length: 215), .short, 16), (bytes(0x21, 0x11, ipv4, length: 4_097), .long(4_097), 16),
        (bytes(0x20, 0x00, [], length: 65_535), .long(65_535), 16),
    ]

    @Test("R74, R78: what is no such header is refused with its first byte that is wrong", arguments: bad)
    func refused(_ bytes: [UInt8], _ fault: ProxyHeaderFault, _ count: Int) throws {
        #expect(throws: fault) { try Self.read([bytes]) }
        #expect(throws: fault) { try Self.read(bytes.map { [$0] }) }
        #expect(throws: fault) { try Self.read([Array(bytes[..<count])]) }
        #expect(try Self.read([Array(bytes[..<(count - 1)])]).0 == nil)
        #expect("\(fault)".contains("PROXY header"))
    }

    @Test("R74: no more is held of a header than its addresses, however long it is")
    func bounded() throws {
        var reader = ProxyHeaderReader()
        var input = ByteBuffer(bytes: Self.bytes(0x21, 0x21, Self.ipv6, length: ProxyHeaderReader.longest))
        #expect(!reader.hasBegun)
        #expect(try reader.read(from: &input) == nil)
        #expect(reader.hasBegun)
        let held = Mirror(reflecting: reader).children.compactMap { ($0.value as? [UInt8])?.count }
        #expect(held == [52])
        var rest = ByteBuffer(repeating: 0xAA, count: ProxyHeaderReader.longest)
        #expect(try reader.read(from: &rest) != nil)
        #expect(rest.readableBytes == 36)
        #expect(Mirror(reflecting: reader).children.compactMap { ($0.value as? [UInt8])?.count } == [52])
    }
}
