// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import BridgeCore

@Suite("IP networks")
struct IPNetworkTests {
    private static func address(_ text: String, port: Int? = nil) throws -> ClientAddress {
        ClientAddress(bytes: try #require(IPAddressText.bytes(Array(text.utf8)[...])), port: port)
    }

    @Test(
        "R78: a network holds its addresses and no others",
        arguments: [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:0", "2001:db8::10"]),
            ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
            ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0"]),
            ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]),
            ("172.16.0.0/12", ["172.16.0.1", "172.31.255.255"], ["172.32.0.0", "172.15.255.255"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1"]),
            ("fd00::/8", ["fd00::", "fdff:ffff::1"], ["fe00::", "fc00::", "253.0.0.0"]),
            ("2001:db8::1", ["2001:db8::1", "2001:0DB8:0::0:1"], ["2001:db8::2"]),
            ("2001:db8:8000::/33", ["2001:db8:8000::1", "2001:db8:ffff::"], ["2001:db8:7fff::"]),
            ("::/0", ["::", "ffff::"], ["0.0.0.0"]),
        ] as [(String, [String], [String])]
    )
    func contains(_ text: String, _ inside: [String], _ outside: [String]) throws {
        let network = try IPNetwork(text)
        for name in inside { #expect(network.contains(try Self.address(name, port: 7)), "\(name)") }
        for name in outside { #expect(!network.contains(try Self.address(name)), "\(name)") }
        #expect(!network.contains(.local))
    }

    @Test("R78: an IPv4 address in the clothes of IPv6 is an IPv4 address, in networks, too")
    func mapped() throws {
        let client = try Self.address("::ffff:10.1.2.3", port: 9)
        #expect(client == ClientAddress(bytes: [10, 1, 2, 3], port: 9))
        #expect("\(client)" == "10.1.2.3:9")
        #expect(try IPNetwork("10.0.0.0/8").contains(client))
        #expect(try !IPNetwork("::/0").contains(client))
        #expect(try IPNetwork("::ffff:10.0.0.0/104") == IPNetwork("10.0.0.0/8"))
        #expect(try IPNetwork("::ffff:a00:1") == IPNetwork("10.0.0.1"))
        #expect(try "\(IPNetwork("::ffff:0:0/96"))" == "0.0.0.0/0")
    }

    @Test(
        "R78: a network is written as it is read",
        arguments: ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "2001:db8::1", "0.0.0.0/0", "::/0"]
    )
    func description(_ text: String) throws {
        #expect(try "\(IPNetwork(text))" == text)
    }

    @Test("R78: bits behind the prefix are a mistake, and the network that is meant is named")
    func hostBits() throws {
        for (text, meant) in [
            ("10.1.2.3/8", "10.0.0.0/8"), ("10.0.0.1/31", "10.0.0.0/31"), ("fd00::1/8", "fd00::/8"),
            ("::ffff:10.0.0.1/104", "10.0.0.0/8"), ("1.2.3.4/0", "0.0.0.0/0"),
        ] {
            #expect(throws: IPNetwork.Fault.hostBits(try IPNetwork(meant)), "\(text)") { try IPNetwork(text) }
        }
    }

    @Test(
        "R78: what is no network is refused",
        arguments: [
            "", "/", "/8", "10.0.0/8", "10.0.0.0.0/8", "010.0.0.0/8", "10.0.0.256", "10.0.0.0 /8", " 10.0.0.0",
            "10.0.0.0:80",
            "localhost", "proxy.example", "*", "[::1]", "fe80::1%lo", ":::", "1::2::3", "::12345", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "0x7f.0.0.1", "10.0.0.\u{661}", "unix",
        ]
    )
    func form(_ text: String) {
        #expect(throws: IPNetwork.Fault.form) { try IPNetwork(text) }
    }

    @Test(
        "R78: a prefix is a number within the address",
        arguments: ["/", "/33", "/-1", "/+8", "/08", "/00", "/8/8", "/255.0.0.0", "/ 8", "/999999999999999999999"]
    )
    func prefix(_ text: String) {
        #expect(throws: IPNetwork.Fault.prefix(longest: 32)) { try IPNetwork("10.0.0.0" + text) }
        #expect(throws: IPNetwork.Fault.prefix(longest: 128)) { try IPNetwork("::1/129") }
    }

    /// By the C library, for each text that a few pieces make.
    @Test("R78: addresses are read as inet_pton reads them")
    func oracle() {
        let pieces = ["", ":", "::", "0", "1", "ffff", "10000", ".", "255", "256", "01", "1.2.3.4", "g", "A:b"]
        var texts = [""]
        for _ in 0..<4 { texts += texts.flatMap { text in pieces.map { text + $0 } } }
        texts += (1...9).flatMap { count -> [String] in
            let groups = Array(repeating: "1", count: count).joined(separator: ":")
            return [groups, "::" + groups, groups + "::", groups + ":1.2.3.4", "1::" + groups]
        }
        var accepted = 0
        for text in Set(texts) {
            var four = [UInt8](repeating: 0, count: 4)
            var sixteen = [UInt8](repeating: 0, count: 16)
            let expected =
                inet_pton(AF_INET, text, &four) == 1 ? four : inet_pton(AF_INET6, text, &sixteen) == 1 ? sixteen : nil
            if expected != nil { accepted += 1 }
            #expect(IPAddressText.bytes(Array(text.utf8)[...]) == expected, "\(text)")
        }
        #expect(accepted > 100)
    }
}
