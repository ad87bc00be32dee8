// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("What exec-child is told")
struct ChildSandboxTests {
    private func words(_ sandbox: ChildSandbox, group: String? = nil, hasDirectory: Bool = false) -> [String] {
        sandbox.words(program: "b", parent: 42, group: group, hasDirectory: hasDirectory)
    }

    @Test("R42: nothing that was not asked for is changed")
    func least() {
        #expect(self.words(ChildSandbox()) == ["b", "exec-child", "parent=42", "--"])
    }

    @Test("R42: every setting has its word; groups come with user and group")
    func all() {
        var sandbox = ChildSandbox()
        sandbox.memory = 1 << 29
        sandbox.files = 1024
        sandbox.umask = 0o077
        sandbox.noNewPrivileges = false
        sandbox.user = .init(id: 1001, group: 1002, groups: [1002, 20])
        #expect(
            self.words(sandbox, group: "/sys/fs/cgroup/x", hasDirectory: true) == [
                "b", "exec-child", "parent=42", "cgroup=/sys/fs/cgroup/x", "umask=63", "files=1024", "memory=536870912",
                "groups=1002,20", "gid=1002", "uid=1001", "privileges", "cwd", "--",
            ]
        )
    }

    @Test("R42: an empty list of paths is a restriction, no list is none")
    func paths() {
        var sandbox = ChildSandbox()
        sandbox.readOnly = []
        #expect(self.words(sandbox) == ["b", "exec-child", "parent=42", "paths", "--"])
        sandbox.readOnly = nil
        sandbox.readWrite = ["/srv/a=b", "--"]
        #expect(
            self.words(sandbox) == [
                "b", "exec-child", "parent=42", "paths", "read-write=/srv/a=b", "read-write=--", "--",
            ]
        )
    }

    @Test("R39: a word is shown as the operator wrote it")
    func settings() {
        #expect(ChildSandbox.setting(of: "read-only=/srv/a-b=c") == "read_only /srv/a-b=c")
        #expect(ChildSandbox.setting(of: "--") == "--")
    }
}
