// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore
internal import Glibc

extension ProcessUse {
    /// What a process of this machine uses; nil where there is none of that number, or it may not be looked at. Blocks.
    package static func now(of pid: Int32) -> ProcessUse? {
        guard let stat = Self.fields(of: "/proc/\(pid)/stat", behind: ")"), stat.count > 21,
            let user = Int64(stat[11]), let system = Int64(stat[12]), let pages = Int64(stat[21])
        else { return nil }
        let ticks = Int64(sysconf(CInt(_SC_CLK_TCK)))
        return ProcessUse(
            bytes: pages * Int64(sysconf(CInt(_SC_PAGESIZE))),
            cpu: (user + system) * (1_000_000_000 / max(1, ticks))
        )
    }

    /// The fields of a line of /proc, from the last of a character on: a program's name may hold anything.
    private static func fields(of path: String, behind mark: Character) -> [Substring]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1_024)
        guard fgets(&line, CInt(line.count), file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let end = text.lastIndex(of: mark) else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
