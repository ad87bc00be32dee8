// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeCore

@Suite("Names of clients' certificates")
struct ClientNameTests {
    private func dns(_ text: String) -> CertificateName? { .dns(bytes: Array(text.utf8)) }
    private func uri(_ text: String) -> CertificateName? { .uri(bytes: Array(text.utf8)) }

    @Test(
        "R76: a host name with a wildcard is one label more, neither none nor two, in any case",
        arguments: [
            ("x.a.example", true), ("X.A.EXAMPLE", true), ("x-1.a.example", true), ("_x.a.example", true),
            ("a.example", false), (".a.example", false), ("x.y.a.example", false), ("xa.example", false),
            ("x.a.example.evil.example", false), ("x.a.example.", false), ("*.a.example", false), ("x.a.exampl", false),
            ("-.a.example", false), ("x.b.example", false),
        ]
    )
    func wildcard(name: String, isMatch: Bool) throws {
        for pattern in ["*.a.example", "*.A.Example"] {
            let pattern = try ClientNamePattern(pattern)
            #expect(dns(name).map(pattern.matches) ?? false == isMatch)
        }
    }

    @Test(
        "R76: a host name without a wildcard is itself alone",
        arguments: [
            ("agent.example", true), ("AGENT.example", true), ("x.agent.example", false), ("agent.example.x", false),
            ("agentxexample", false), ("*.example", false), ("example", false),
        ]
    )
    func host(name: String, isMatch: Bool) throws {
        let pattern = try ClientNamePattern("Agent.Example")
        #expect(dns(name).map(pattern.matches) ?? false == isMatch)
    }

    @Test(
        "R76: a URI is compared letter by letter",
        arguments: [
            ("spiffe://t.example/ns/a", true), ("spiffe://t.example/ns/A", false), ("SPIFFE://t.example/ns/a", false),
            ("spiffe://t.example/ns/a/", false), ("spiffe://t.example/ns/a/b", false), ("spiffe://t.example/ns", false),
            ("spiffe://t.example/ns/%61", false), ("spiffe://t.example//ns/a", false),
        ]
    )
    func exactURI(name: String, isMatch: Bool) throws {
        let pattern = try ClientNamePattern("spiffe://t.example/ns/a")
        #expect(uri(name).map(pattern.matches) ?? false == isMatch)
    }

    @Test(
        "R76: a URI with a wildcard is everything below it, and nothing that leads out of it",
        arguments: [
            ("spiffe://t.example/ns/a", true), ("spiffe://t.example/ns/a/sa/b", true),
            ("spiffe://t.example/ns/..a", true),
            ("spiffe://t.example/ns/", false), ("spiffe://t.example/ns", false), ("spiffe://t.example/nsx/a", false),
            ("spiffe://t.example/NS/a", false), ("spiffe://t.example.evil/ns/a", false),
            ("spiffe://t.example/ns/../admin", false), ("spiffe://t.example/ns/./a", false),
            ("spiffe://t.example/ns//a", false), ("spiffe://t.example/ns/a/..", false),
            ("spiffe://t.example/ns/a/", false),
            ("spiffe://t.example/ns/%2e%2e/admin", false), ("spiffe://t.example/ns/a?b", false),
            ("spiffe://t.example/ns/a#b", false), ("spiffe://t.example/ns/a\\b", false),
        ]
    )
    func belowURI(name: String, isMatch: Bool) throws {
        let pattern = try ClientNamePattern("spiffe://t.example/ns/*")
        #expect(uri(name).map(pattern.matches) ?? false == isMatch)
    }

    @Test("R76: a name of one kind never matches a pattern of the other")
    func kinds() throws {
        #expect(try !ClientNamePattern("*.a.example").matches(.uri("x.a.example")))
        #expect(try !ClientNamePattern("a.example").matches(.uri("a.example")))
        #expect(try !ClientNamePattern("spiffe://t/*").matches(.dns("spiffe://t/a")))
    }

    @Test("R76, R74: names that no authority should have signed name nobody")
    func malformed() {
        let hosts = [
            "", ".", "a..example", "a.example.", "*", "*.example", "a b", "a\0.example", "a.example\0.evil.example",
            "ä.example", "-a.example", "a-.example", "a/b", "a:b", String(repeating: "a", count: 64),
            Array(repeating: "abcdefg", count: 32).joined(separator: "."),
        ]
        for host in hosts { #expect(dns(host) == nil, "\(host)") }
        let uris = [
            "", ":", "a:", "spiffe", "1a:b", "a b:c", "a:b c", "a:b\0c", "a:b\nc", "a:\u{7F}", "a:ä",
            "a:" + String(repeating: "b", count: 2047),
        ]
        for text in uris { #expect(uri(text) == nil, "\(text)") }
        #expect(dns("A.Example") == .dns("a.example"))
        #expect(uri("a:" + String(repeating: "b", count: 2046)) != nil)
    }

    @Test(
        "R76: what is no pattern is refused",
        arguments: [
            "", "*", "a.*", "*a.example", "a*.example", "*.*.example", "x.*.example", "*.", "a.example:443", "1.2.3.4",
            "agent@a.example", "spiffe://*", "spiffe://*/a", "spiffe:///*", "spiffe://t*", "spiffe://t/a*",
            "spiffe://t/*/b",
            "urn:*", "urn:a/*", "a example", "ä.example", "spiffe:// t/a", "-a.example",
        ]
    )
    func refused(text: String) {
        #expect(throws: ClientNamePattern.Fault.self) { try ClientNamePattern(text) }
    }

    @Test("R76: the first name that is allowed is the client's; without client_names the first of all")
    func judged() throws {
        let names: [CertificateName] = [.dns("x.other"), .uri("spiffe://t/a"), .dns("x.a.example")]
        let patterns = [try ClientNamePattern("*.a.example"), try ClientNamePattern("spiffe://t/*")]
        let allowed = ClientCertificateNames(names, notAfter: 7, allowed: patterns)
        #expect(allowed?.matched == .uri("spiffe://t/a"))
        #expect(allowed?.names == names)
        #expect(allowed?.notAfter == 7)
        #expect(ClientCertificateNames(names, notAfter: 7, allowed: [])?.matched == .dns("x.other"))
        #expect(ClientCertificateNames([.dns("x.other")], notAfter: 7, allowed: patterns) == nil)
        #expect(ClientCertificateNames([], notAfter: 7, allowed: patterns) == nil)
        #expect(ClientCertificateNames([], notAfter: 7, allowed: [])?.names == [])
    }

    @Test("R76: files that have changed are read once they keep still, and once for each change")
    func watch() {
        var watch = FileWatch(read: 1)
        #expect([1, 1, 2, 3, 3, 3].map { watch.look($0) } == [false, false, false, false, true, true])
        watch.wasRead(3)
        #expect([3, 3, 1, 3, 3].map { watch.look($0) } == [false, false, false, false, false])
        #expect([1, 1].map { watch.look($0) } == [false, true])
    }
}
