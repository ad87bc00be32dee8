// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Where a client is by the headers of its request, through the real binary.
@Suite struct ForwardedTests {
    private static let trusting = #"trusted_proxies = ["127.0.0.0/8"]"#

    private func bridge(_ listen: String, address: String = "127.0.0.1:0", more: String = "") throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "\(address)"
                \(listen)
                \(more)
                [servers.a]
                builtin = "echo"
                """
        )
    }

    /// The log of a connection with these headers: where the client is, and who said so.
    private func connect(
        _ bridge: BridgeProcess,
        _ headers: [String]
    ) throws -> (peer: String?, proxy: String?, own: String) {
        let socket = try RawSocket(port: bridge.port)
        let own = "127.0.0.1:\(try socket.localPort())"
        let connection = try RawWebSocket(socket: socket, path: "/a", headers: headers)
        #expect(try connection.request("ping").result != nil)
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        try connection.close()
        return (began["peer"], began["proxy"], own)
    }

    @Test("R78: without any, and from anybody else, headers are ignored")
    func ignored() throws {
        for listen in ["", #"trusted_proxies = ["127.0.0.2", "10.0.0.0/8", "::1"]"#] {
            let bridge = try bridge(listen)
            let headers = ["X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1"]
            let seen = try connect(bridge, headers)
            #expect(seen.peer == seen.own)
            #expect(seen.proxy == nil)
        }
    }

    @Test(
        "R78: a client that writes the header itself is not where it says",
        arguments: [
            (["X-Forwarded-For: 198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            (["X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 203.0.113.9"], "203.0.113.9"),
            (["x-forwarded-for: 198.51.100.7,[2001:db8::9]:4711 , 127.0.0.9"], "[2001:db8::9]:4711"),
            (["X-Forwarded-For: ::ffff:203.0.113.9"], "203.0.113.9"),
            (["X-Forwarded-For: 203.0.113.9", "Forwarded: for=198.51.100.7", "X-Real-IP: 1.2.3.4"], "203.0.113.9"),
            (["X-Forwarded-For: " + String(repeating: "127.0.0.1, ", count: 5_900) + "203.0.113.9"], "203.0.113.9"),
        ]
    )
    func spoofed(headers: [String], expected: String) throws {
        let seen = try connect(bridge(Self.trusting), headers)
        #expect(seen.peer == expected)
        #expect(seen.proxy == seen.own)
    }

    @Test(
        "R78: what cannot be read leaves the proxy the client",
        arguments: ["unknown", "", "x", "1.2.3.4 5"]
    )
    func unreadable(value: String) throws {
        let seen = try connect(bridge(Self.trusting), ["X-Forwarded-For: 203.0.113.9, \(value)"])
        #expect(seen.peer == seen.own)
        #expect(seen.proxy == nil)
    }

    @Test("R78: of the two headers one is read")
    func oneHeader() throws {
        let headers = ["X-Forwarded-For: 198.51.100.7", #"Forwarded: for=_a, for="[2001:db8::9]:4711";proto=https"#]
        #expect(try connect(bridge(Self.trusting), headers).peer == "198.51.100.7")
        let seen = try connect(bridge(Self.trusting + "\nforwarded_header = \"forwarded\""), headers)
        #expect(seen.peer == "[2001:db8::9]:4711")
        #expect(seen.proxy == seen.own)
    }

    @Test("R78: a refusal is logged under the client's address")
    func refusals() throws {
        let bridge = try bridge(Self.trusting)
        for (path, without) in [("/nowhere", []), ("/a", ["Upgrade"])] {
            let socket = try RawSocket(port: bridge.port)
            let own = "127.0.0.1:\(try socket.localPort())"
            let bytes = Handshake(
                path: path,
                port: bridge.port,
                headers: ["X-Forwarded-For: 203.0.113.9"],
                without: without
            ).bytes
            try socket.send(bytes)
            #expect(try socket.receiveAnswer().status >= 400)
            let refused = try bridge.waitLog("the refusal") { $0.message == "handshake refused" && $0["proxy"] == own }
            #expect(refused["peer"] == "203.0.113.9")
        }
    }

    @Test("R5: X-Forwarded-Host and X-Forwarded-Proto are nobody's business")
    func otherHeaders() throws {
        let bridge = try bridge(Self.trusting)
        let evil = ["X-Forwarded-Host: localhost", "Forwarded: host=localhost", "Host: evil.example"]
        #expect(try bridge.handshake("/a", headers: evil).status == 421)
        let good = ["X-Forwarded-Host: evil.example", "X-Forwarded-Proto: gopher"]
        #expect(try bridge.handshake("/a", headers: good).status == 101)
    }

    @Test("R78: on a socket for IPv4 and IPv6 an IPv4 proxy is one")
    func dualStack() throws {
        let bridge = try bridge(Self.trusting + "\ninsecure_public = true", address: "[::]:0")
        let seen = try connect(bridge, ["X-Forwarded-For: 203.0.113.9"])
        #expect(seen.peer == "203.0.113.9")
        #expect(seen.proxy == seen.own)
    }

    @Test("R78: behind a Unix socket the kernel sees the proxy, and the header the client")
    func unixSocket() throws {
        let auth = "[auth.unix]\nallow_uids = [\(getuid())]"
        let bridge = try bridge(#"trusted_proxies = ["unix"]"#, address: "unix:@FOLDER@/s", more: auth)
        let connection = try RawWebSocket(
            socket: RawSocket(path: bridge.folder.path + "/s"),
            path: "/a",
            headers: ["X-Forwarded-For: 203.0.113.9"]
        )
        #expect(try connection.request("ping").result != nil)
        let began = try bridge.waitLog("the beginning") { $0.message == "connection began" }
        #expect(began["peer"] == "203.0.113.9")
        #expect(began["proxy"] == "unix")
        #expect(began["principal"] == "unix:\(getuid())")
        // The start says what that means.
        #expect(bridge.everythingWritten.contains("as that proxy's user by [auth.unix]"))
    }
}
