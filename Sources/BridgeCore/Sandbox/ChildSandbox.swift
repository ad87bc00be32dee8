// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// What a child is confined to, everything looked up; and the words by which `exec-child` is told.
package struct ChildSandbox: Sendable, Hashable {
    package struct User: Sendable, Hashable {
        package var id: UInt32
        package var group: UInt32
        /// The supplementary ones.
        package var groups: [UInt32]

        package init(id: UInt32, group: UInt32, groups: [UInt32]) {
            self.id = id
            self.group = group
            self.groups = groups
        }
    }

    /// Limits of a control group of the child's own.
    package struct GroupLimits: Sendable, Hashable {
        /// Bytes of the whole family.
        package var memory: Int?
        package var processes: Int?

        package init(memory: Int? = nil, processes: Int? = nil) {
            self.memory = memory
            self.processes = processes
        }

        package var isEmpty: Bool { self.memory == nil && self.processes == nil }
    }

    /// RLIMIT_DATA, bytes of each process: where there can be no control group.
    package var memory: Int?
    package var groupLimits = GroupLimits()
    /// RLIMIT_NOFILE.
    package var files: Int?
    package var noNewPrivileges = true
    package var user: User?
    package var umask: Int?
    /// What may be read and executed, beside what everybody may; nil together with `readWrite`: the whole file system.
    package var readOnly: [String]?
    package var readWrite: [String]?

    package init() {}

    package var restrictsPaths: Bool { self.readOnly != nil || self.readWrite != nil }

    /// The first words of the command by which the bridge starts itself in the child's place; behind them come the path
    /// of the program and its argv.
    ///
    /// - Parameters:
    ///   - program: argv[0] of the bridge.
    ///   - parent: the daemon, by its number.
    ///   - group: the directory of the child's control group.
    ///   - hasDirectory: whether the working directory was asked for, so that it has to be of use.
    package func words(program: String, parent: Int32, group: String?, hasDirectory: Bool) -> [String] {
        var words = [program, "exec-child", "parent=\(parent)"]
        if let group { words.append("cgroup=\(group)") }
        if let umask { words.append("umask=\(umask)") }
        if let files { words.append("files=\(files)") }
        if let memory { words.append("memory=\(memory)") }
        if let user {
            let groups = user.groups.map(String.init).joined(separator: ",")
            words += ["groups=\(groups)", "gid=\(user.group)", "uid=\(user.id)"]
        }
        if !self.noNewPrivileges { words.append("privileges") }
        if self.restrictsPaths {
            words.append("paths")
            words += (self.readOnly ?? []).map { "read-only=\($0)" }
            words += (self.readWrite ?? []).map { "read-write=\($0)" }
        }
        if hasDirectory { words.append("cwd") }
        return words + ["--"]
    }

    /// What one of these words says, as the operator wrote it: `read_only /srv/git`.
    package static func setting(of word: String) -> String {
        let parts = word.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return word }
        return "\(parts[0].replacing("-", with: "_")) \(parts[1])"
    }
}
