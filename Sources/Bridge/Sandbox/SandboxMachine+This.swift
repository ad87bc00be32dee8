// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeConfig
internal import BridgeCore
internal import CSpawn
internal import Glibc

extension SandboxMachine {
    /// This machine, and who runs the bridge on it. Blocks; not for an event loop.
    package static var this: SandboxMachine {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var groupProblem: String?
        do throws(ControlGroups.Problem) {
            _ = try ControlGroups.find()
        } catch {
            groupProblem = error.description
        }
        return SandboxMachine(
            isRoot: geteuid() == 0,
            landlockABI: Int(cspawn_landlock_abi()),
            leastLandlockABI: Int(CSPAWN_LANDLOCK_LEAST),
            descriptors: Int(clamping: limit.rlim_max),
            accounts: AccountFiles(passwd: Self.text("/etc/passwd"), group: Self.text("/etc/group")),
            groupProblem: groupProblem
        )
    }

    private static func text(_ path: String) -> String {
        (try? FileContents.read(path: path, atMost: 16 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
