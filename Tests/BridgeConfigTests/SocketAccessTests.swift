// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BridgeConfig

@Suite("Mode, owner and group of a Unix socket")
struct SocketAccessTests {
    private func listen(_ lines: String, address: String = "unix:/s") -> String {
        "[listen]\naddress = \"\(address)\"\n\(lines)\n\(anyServer)"
    }

    @Test(
        "R6: modes are octal digits in quotes, and written back with four",
        arguments: [("0600", 0o600, "0600"), ("660", 0o660, "0660"), ("0770", 0o770, "0770"), ("020", 0o020, "0020")]
    )
    func modes(_ text: String, _ bits: UInt32, _ written: String) throws {
        let access = try parse(listen("mode = \"\(text)\"")).listeners[0].access
        #expect(access.mode.bits == bits)
        #expect(access.mode.description == written)
        #expect(try parse(listen("")).listeners[0].access == SocketAccess())
    }

    @Test(
        "R6: what could mean something else than it looks like is refused at its place",
        arguments: [
            ("mode = 660", "b.toml:3:8: `mode` must be a string of octal digits such as \"0660\", not an integer"),
            ("mode = 0o660", "b.toml:3:8: `mode` must be a string of octal digits such as \"0660\", not an integer"),
            (
                "mode = \"0680\"",
                "b.toml:3:8: `mode` must be octal digits up to \"0777\", such as \"0660\", not \"0680\""
            ),
            ("mode = \"1777\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"4660\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"00660\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"66\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"+660\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"0o660\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"rw-rw----\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"\"", "b.toml:3:8: `mode` must be octal digits up to \"0777\""),
            ("mode = \"0554\"", "b.toml:3:8: `mode` lets nobody connect: that takes the right to write"),
            ("mode = \"0000\"", "b.toml:3:8: `mode` lets nobody connect"),
            ("owner = \"\"", "b.toml:3:9: `owner` must be a name such as \"mcp\", or a number, not \"\""),
            ("owner = -1", "b.toml:3:9: `owner` must be a name such as \"mcp\", or a number, not \"-1\""),
            (
                "owner = 4294967295",
                "b.toml:3:9: `owner` must be a name such as \"mcp\", or a number, not \"4294967295\""
            ),
            ("owner = \"4294967295\"", "b.toml:3:9: `owner` must be a name"),
            ("group = \"a:b\"", "b.toml:3:9: `group` must be a name such as \"agents\", or a number, not \"a:b\""),
            ("group = \"a\\nb\"", "b.toml:3:9: `group` must be a name such as \"agents\", or a number, not \"a\\nb\""),
            ("group = \"-1\"", "b.toml:3:9: `group` must be a name such as \"agents\", or a number, not \"-1\""),
            ("group = \"+5\"", "b.toml:3:9: `group` must be a name such as \"agents\", or a number, not \"+5\""),
            ("group = [\"a\"]", "b.toml:3:9: `group` must be a name such as \"agents\", or a number, not an array"),
            ("group = \"{{header:X}}\"", "b.toml:3:9: `group` holds `{{`"),
            ("mod = \"0660\"", "b.toml:3:1: unknown key `mod` in [listen]; did you mean `mode`?"),
        ]
    )
    func refused(_ line: String, _ message: String) {
        let report = refusal(of: listen(line))
        #expect(report.hasPrefix(message), "\(report)")
    }

    @Test(
        "R6: an address that is no Unix socket has none of them",
        arguments: ["mode = \"0600\"", "owner = 0", "group = 0"]
    )
    func otherAddresses(_ line: String) {
        let key = line.prefix { $0 != " " }
        let report = refusal(of: listen(line, address: "127.0.0.1:1"))
        #expect(
            report
                == "b.toml:3:1: `\(key)` is for Unix sockets: 127.0.0.1:1 is no file; write address = \"unix:/path\", or take "
                + "it out"
        )
        #expect(
            refusal(of: "[listen]\n\(line)\n\(anyServer)").hasPrefix("b.toml:2:1: `\(key)` is for Unix sockets: 127.")
        )
        // An address with a fault of its own may have been meant to be one.
        #expect(!refusal(of: listen(line, address: "unix:s")).contains("is for Unix sockets"))
        #expect(
            refusal(of: "[[listen]]\naddress = \"unix:/s\"\n[[listen]]\n\(line)\n\(anyServer)").hasPrefix(
                "b.toml:4:1: `\(key)`"
            )
        )
    }

    @Test("R6: a socket for everybody needs authentication, or somebody's word")
    func everybody() {
        for mode in ["0666", "0777", "0602", "0002"] {
            let line = "mode = \"\(mode)\""
            #expect(
                refusal(of: listen(line))
                    == "b.toml:3:8: `mode` \"\(mode)\" lets every user of this machine connect, and without authentication each "
                    + "could use every configured server: write \"0660\" and a `group`, or add [auth], or write "
                    + "insecure_public = true in [listen] if that is meant"
            )
            #expect(refusal(of: listen("\(line)\ninsecure_public = true")) == "")
            #expect(refusal(of: listen("\(line)\n[auth.unix]\nallow_uids = [1]")) == "")
            let tls = "[listen.tls]\ncertificate = \"/c\"\nkey = \"/k\""
            #expect(refusal(of: listen("\(line)\n\(tls)\nclient_ca = \"/ca\"")) == "")
            #expect(refusal(of: listen("\(line)\n\(tls)")).hasPrefix("b.toml:3:8: `mode`"))
        }
        // Another listener's word is none for this one.
        let other = "[[listen]]\naddress = \"127.0.0.1:1\"\ninsecure_public = true\n"
        let report = refusal(of: "\(other)[[listen]]\naddress = \"unix:/s\"\nmode = \"0666\"\n\(anyServer)")
        #expect(report.hasPrefix("b.toml:6:8: `mode`"))
        for mode in ["0664", "0775", "0620"] { #expect(refusal(of: listen("mode = \"\(mode)\"")) == "") }
    }

    // MARK: Accounts

    private func resolve(_ lines: String, passwd: String = "", group: String = "") -> String {
        do {
            let access = try parse(listen(lines)).listeners[0].access
            let resolved = try access.resolve { path, _ throws(FileError) in
                guard path == "/etc/passwd" || path == "/etc/group" else { throw FileError(reason: "another file") }
                let text = path == "/etc/passwd" ? passwd : group
                guard text != "none" else { throw FileError(reason: "no such file") }
                return Array(text.utf8)
            }
            return [resolved.mode.description, "\(resolved.owner ?? 7777)", "\(resolved.group ?? 7777)"]
                .joined(separator: " ")
        } catch {
            return "\(error)"
        }
    }

    private let passwd = "root:x:0:0:root:/root:/bin/sh\nmcp:x:990:989::/:/bin/false\nmcp2:x:5:6::/:\n"
    private let group = "root:x:0:\nagents:x:1001:a,b\nmcp:x:989:"

    @Test("R6: names are those of /etc/passwd and /etc/group, numbers stay what they are")
    func accounts() {
        #expect(resolve("", passwd: "none", group: "none") == "0600 7777 7777")
        #expect(resolve("owner = 5\ngroup = \"6\"", passwd: "none", group: "none") == "0600 5 6")
        #expect(resolve("owner = \"mcp\"\ngroup = \"mcp\"", passwd: passwd, group: group) == "0600 990 989")
        #expect(resolve("mode = \"660\"\ngroup = \"agents\"", passwd: passwd, group: group) == "0660 7777 1001")
        #expect(resolve("owner = \"mcp2\"", passwd: passwd) == "0600 5 7777")
    }

    @Test(
        "R6: an account that is not there is a mistake of the configuration, with its place",
        arguments: [
            "", "mcpx:x:1:1", "mc:x:1:1", "mcp", "mcp:x", "mcp:x:", "mcp:x:-1:1", "mcp:x:4294967295:1", "x:mcp:1:1",
            "mcp:x:1x:1", "MCP:x:1:1",
        ]
    )
    func unknown(_ line: String) {
        #expect(
            resolve("owner = \"mcp\"\ngroup = \"mcp\"", passwd: line, group: line)
                == "b.toml:3:9: `owner` \"mcp\" is not in /etc/passwd; one of a directory service goes by its number\n"
                + "b.toml:4:9: `group` \"mcp\" is not in /etc/group; one of a directory service goes by its number"
        )
    }

    @Test("R6: so is one that cannot be looked up")
    func unreadable() {
        #expect(
            resolve("group = \"mcp\"", group: "none")
                == "b.toml:3:9: `group` \"mcp\" cannot be looked up in /etc/group: no such file"
        )
    }
}
