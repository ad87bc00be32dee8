// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import BridgeCore
internal import Glibc

/// The control group (cgroups(7), version 2) that the daemon was given for itself, and below it one for each child that
/// has limits of its own.
///
/// Holds no state: what there is stands in the kernel's file system. A group may not have processes and hand out
/// controllers at once, so the daemon itself moves into a group `bridge` below its own.
package struct ControlGroups: Sendable {
    /// Why children cannot have groups of their own. Plain English.
    package struct Problem: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    private static let controllers = ["memory", "pids"]
    private static let prefix = "connection-"

    private let root: String

    private init(root: String) {
        self.root = root
    }

    /// The group that this process is in, if it may make others below it. Changes nothing.
    package static func find() throws(Problem) -> ControlGroups {
        guard let membership = Self.read("/proc/self/cgroup"), let mounts = Self.read("/proc/self/mountinfo"),
            let path = ControlGroupPath.find(membership: membership, mounts: mounts)
        else { throw Problem(description: "no cgroup v2 with the bridge in it is mounted") }
        let groups = ControlGroups(root: path)
        let offered = Self.read("\(path)/cgroup.controllers")?.split(whereSeparator: \.isWhitespace) ?? []
        let missing = Self.controllers.filter { !offered.contains($0[...]) }
        guard missing.isEmpty else {
            throw Problem(description: "\(path) has no controller \(missing.joined(separator: " and "))")
        }
        for file in ["", "/cgroup.procs", "/cgroup.subtree_control"] where access(path + file, W_OK) != 0 {
            throw Problem(description: "the bridge may not write to \(path)\(file)")
        }
        let members = Self.read("\(path)/cgroup.procs")?.split(separator: "\n") ?? []
        guard members == [Substring(String(getpid()))] else {
            throw Problem(description: "other processes are in \(path) too")
        }
        return groups
    }

    /// Makes this process's group ready for children, where one of the servers needs that. Once, before the first child.
    package static func prepare(for servers: [ServedServer]) throws(Problem) -> ControlGroups? {
        guard servers.contains(where: \.needsControlGroup) else { return nil }
        let groups = try Self.find()
        let own = "\(groups.root)/bridge"
        guard mkdir(own, 0o755) == 0 || errno == EEXIST else { throw Self.failure("make", own) }
        try Self.write(String(getpid()), to: "\(own)/cgroup.procs")
        let wanted = Self.controllers.map { "+\($0)" }.joined(separator: " ")
        try Self.write(wanted, to: "\(groups.root)/cgroup.subtree_control")
        return groups
    }

    /// Makes the group of a child and returns its directory.
    ///
    /// - Parameter mark: the connection's id.
    func make(_ mark: String, _ limits: ChildSandbox.GroupLimits) throws(Problem) -> String {
        let path = "\(self.root)/\(Self.prefix)\(mark)"
        guard mkdir(path, 0o755) == 0 else { throw Self.failure("make", path) }
        do throws(Problem) {
            if let memory = limits.memory {
                try Self.write("\(memory)", to: "\(path)/memory.max")
                // Or else a child of 512 MiB takes what it likes of the swap. Where there is none, there is no file.
                if access("\(path)/memory.swap.max", F_OK) == 0 { try Self.write("0", to: "\(path)/memory.swap.max") }
                // Half a server answers nobody: all of it goes.
                try? Self.write("1", to: "\(path)/memory.oom.group")
            }
            if let processes = limits.processes { try Self.write("\(processes)", to: "\(path)/pids.max") }
        } catch {
            rmdir(path)
            throw error
        }
        return path
    }

    /// Whether the kernel has killed in the group of a child because of its memory limit.
    static func wasOutOfMemory(_ path: String) -> Bool {
        ControlGroupEvents.oomKills(in: Self.read("\(path)/memory.events") ?? "") > 0
    }

    /// SIGKILL to all that are in the group of a child (Linux 5.14).
    static func kill(_ path: String) {
        try? Self.write("1", to: "\(path)/cgroup.kill")
    }

    /// Removes the group of a child. False while something is left in it, which is killed.
    static func remove(_ path: String) -> Bool {
        if rmdir(path) == 0 || errno == ENOENT { return true }
        Self.kill(path)
        return false
    }

    private static func failure(_ verb: String, _ path: String) -> Problem {
        Problem(description: "cannot \(verb) \(path): \(SpawnError.text(errno))")
    }

    private static func read(_ path: String) -> String? {
        (try? FileContents.read(path: path, atMost: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func write(_ text: String, to path: String) throws(Problem) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.failure("open", path) }
        defer { close(file) }
        var text = text
        let count = text.withUTF8 { Glibc.write(file, $0.baseAddress, $0.count) }
        guard count == text.utf8.count else { throw Self.failure("write to", path) }
    }
}
