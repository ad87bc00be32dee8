// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("[admin]")
struct AdminTests {
    private func admin(_ text: String) throws -> Admin? { try parse("\(anyServer)[admin]\n\(text)").admin }

    @Test("Admin: there is none without the section; with it, an address is needed")
    func address() throws {
        #expect(try parse(anyServer).admin == nil)
        let admin = try #require(try admin("address = \"unix:/run/a.sock\"\nmode = \"0660\"\ngroup = \"ops\""))
        #expect(admin.address == .unix(path: "/run/a.sock"))
        #expect(admin.access.mode == .init(bits: 0o660))
        #expect(refusal(of: "\(anyServer)[admin]\n").contains("b.toml:3:2: [admin] needs an `address`"))
        #expect(refusal(of: "\(anyServer)[admin]\nadress = \"x\"").contains("did you mean `address`?"))
    }

    @Test("R6: beyond loopback it takes tokens, or the operator's word")
    func exposure() throws {
        let digest = String(repeating: "0", count: 64)
        #expect(try admin("address = \"0.0.0.0:1\"\ninsecure_public = true")?.insecurePublic == true)
        let token = "[[admin.tokens]]\nname = \"ops\"\nsha256 = \"\(digest)\""
        #expect(try admin("address = \"0.0.0.0:1\"\n\(token)")?.auth.tokens.count == 1)
        #expect(try admin("address = \"127.0.0.1:1\"")?.auth.tokens.isEmpty == true)
    }

    @Test("Admin: tokens are written as those of clients")
    func tokens() throws {
        let digest = String(repeating: "0", count: 64)
        let text = "address = \"127.0.0.1:1\"\n[[admin.tokens]]\nname = \"ops\"\nsha256 = \"\(digest)\""
        #expect(try admin(text)?.auth.tokens.map(\.name) == ["ops"])
    }

    @Test(
        "Admin: what would let strangers in, or is for another kind of address, is refused",
        arguments: [
            ("address = \"unix:/a\"\nmode = \"0666\"", "b.toml:4:11: `mode` \"0666\" lets every user"),
            (
                "address = \"127.0.0.1:1\"\nmode = \"0660\"",
                "b.toml:4:11: `mode`, `owner` and `group` are for Unix sockets"
            ),
            (
                "address = \"0.0.0.0:9187\"",
                "b.toml:4:11: `address` \"0.0.0.0:9187\" of [admin] can be reached from other"
            ),
            ("address = \"systemd:x\"", "b.toml:4:11: `address` of [admin] is one that the bridge opens itself"),
        ]
    )
    func refused(text: String, message: String) {
        #expect(
            refusal(of: "\(anyServer)[admin]\n\(text)").contains(message),
            "\(refusal(of: "\(anyServer)[admin]\n\(text)"))"
        )
    }
}
