// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import BridgeCore
import Testing

@Suite("Where a process's control group is")
struct ControlGroupPathTests {
    private static let service = "1:name=systemd:/x\n0::/system.slice/bridge.service\n"
    private static func mount(_ root: String, _ point: String, _ type: String = "cgroup2") -> String {
        "25 30 0:26 \(root) \(point) rw,nosuid shared:9 - \(type) cgroup2 rw,nsdelegate\n"
    }

    @Test(
        "R42: the group is found where version 2 is mounted",
        arguments: [
            (service, mount("/", "/sys/fs/cgroup"), "/sys/fs/cgroup/system.slice/bridge.service"),
            (service, mount("/", "/x", "cgroup") + mount("/", "/y"), "/y/system.slice/bridge.service"),
            (service, mount("/system.slice", "/c\\040d"), "/c d/bridge.service"),
            (service, mount("/system.slice/bridge.service", "/c"), "/c"),
            (service, mount("/system", "/no") + mount("/", "/c"), "/c/system.slice/bridge.service"),
            ("0::/\n", mount("/", "/sys/fs/cgroup"), "/sys/fs/cgroup"),
        ]
    )
    func found(_ membership: String, _ mounts: String, _ path: String) {
        #expect(ControlGroupPath.find(membership: membership, mounts: mounts) == path)
    }

    @Test(
        "R42: no group is better than a wrong one",
        arguments: [
            ("", mount("/", "/c")), ("1:memory:/x\n", mount("/", "/c")), (service, ""),
            (service, mount("/", "/c", "cgroup")), (service, mount("/other", "/c")),
            (service, "25 30 0:26\n - cgroup2\n"),
            ("0::/../outside\n", mount("/", "/c")), ("0::/gone (deleted)\n", mount("/", "/c")),
        ]
    )
    func none(_ membership: String, _ mounts: String) {
        #expect(ControlGroupPath.find(membership: membership, mounts: mounts) == nil)
    }
}
