// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// Where the kernel shows the control group of a process (cgroups(7), version 2).
package enum ControlGroupPath {
    /// Its directory; nil where no version 2 hierarchy is mounted, or not with this group in it.
    ///
    /// - Parameters:
    ///   - membership: `/proc/PID/cgroup`.
    ///   - mounts: `/proc/PID/mountinfo` (proc(5)).
    package static func find(membership: String, mounts: String) -> String? {
        guard let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let path = line.dropFirst("0::".count)
        // Outside the namespace's root, or removed behind our back.
        guard !path.hasPrefix("/.."), !path.hasSuffix(" (deleted)") else { return nil }
        for mount in mounts.split(separator: "\n") {
            let fields = mount.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 1,
                fields[dash + 1] == "cgroup2"
            else { continue }
            let (root, point) = (unescaped(fields[3]), unescaped(fields[4]))
            guard let rest = path.below(root) else { continue }
            return rest.isEmpty ? point : point + "/" + rest
        }
        return nil
    }

    /// Blanks and the like stand as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    /// What follows the directory `root`, without a slash in front; nil where this is not in it.
    fileprivate func below(_ root: String) -> Substring? {
        if root == "/" { return self.dropFirst() }
        guard self.hasPrefix(root) else { return nil }
        let rest = self.dropFirst(root.count)
        guard let first = rest.first else { return rest }
        return first == "/" ? rest.dropFirst() : nil
    }
}
