// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("Users and groups from their files")
struct AccountFilesTests {
    private static let passwd = """
        root:x:0:0:root:/root:/bin/bash
        # comment:x:1:1::/:/bin/sh
        +nis:x:5:5::/:/bin/sh
        short:x:9:9:/home
        mcp:x:1001:1002:MCP, servers:/var/lib/mcp:/usr/sbin/nologin
        mcp:x:7:7::/second:/bin/sh
        negative:x:-1:0::/:/bin/sh
        minus:x:4294967295:0::/:/bin/sh
        largest:x:4294967294:3::/:
        """
    private static let group = """
        root:x:0:
        mcp:x:1002:
        git:x:20:alice,mcp
        audio:x:29:mcpx,alice
        twice:x:20:mcp
        video:x:44:mcp,bob
        wrong:x:many:mcp
        """
    private let files = AccountFiles(passwd: Self.passwd, group: Self.group)

    @Test("R42: an account is found by its name, the first entry of it")
    func account() {
        #expect(
            self.files.account(named: "mcp")
                == Account(name: "mcp", user: 1001, group: 1002, home: "/var/lib/mcp", shell: "/usr/sbin/nologin")
        )
        #expect(self.files.account(named: "root")?.user == 0)
        #expect(self.files.account(named: "largest")?.user == 4_294_967_294)
        #expect(self.files.group(named: "git") == 20)
    }

    @Test(
        "R42: what is not an entry gives nobody an id, least of all that of root",
        arguments: ["", "nobody", "# comment", "+nis", "nis", "short", "negative", "minus", "MCP", "1001", "mcp:x"]
    )
    func unknown(_ name: String) {
        #expect(self.files.account(named: name) == nil)
        #expect(self.files.group(named: name) == nil)
    }

    @Test("R42: a user has the groups that name him, each once, and no one else's")
    func groups() {
        #expect(self.files.groups(of: "mcp", primary: 1002) == [1002, 20, 44])
        #expect(self.files.groups(of: "mcp", primary: 44) == [44, 20])
        #expect(self.files.groups(of: "carol", primary: 7) == [7])
        #expect(AccountFiles(passwd: "", group: "").groups(of: "mcp", primary: 1) == [1])
    }
}
