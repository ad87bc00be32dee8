// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

package import BridgeCore

/// What sandboxes ask of a machine and of who runs the bridge; injected, so that looking it up is a pure function.
package struct SandboxMachine: Sendable {
    package var isRoot: Bool
    /// The version of the kernel's; 0 where it has none.
    package var landlockABI: Int
    /// The oldest version that keeps what is promised.
    package var leastLandlockABI: Int
    /// RLIMIT_NOFILE, hard.
    package var descriptors: Int
    package var accounts: AccountFiles
    /// Why children cannot have control groups of their own; nil where they can.
    package var groupProblem: String?

    package init(
        isRoot: Bool,
        landlockABI: Int,
        leastLandlockABI: Int,
        descriptors: Int,
        accounts: AccountFiles,
        groupProblem: String?
    ) {
        self.isRoot = isRoot
        self.landlockABI = landlockABI
        self.leastLandlockABI = leastLandlockABI
        self.descriptors = descriptors
        self.accounts = accounts
        self.groupProblem = groupProblem
    }
}

/// A sandbox with everything looked up.
package struct ResolvedSandbox: Sendable, Equatable {
    package let child: ChildSandbox
    /// Whom the child runs as; nil for the daemon's own user.
    package let account: Account?
    /// What stands in the way for whoever asks now, such as that only root may: the daemon does not start with any, and
    /// `check`, which may have been called by somebody else, warns.
    package let hindrances: [String]
    /// What `check` says about it, a few words each.
    package let summary: [String]
    /// What is weaker than it may seem.
    package let remarks: [String]
}

extension Sandbox {
    /// Looks up names, and what this machine can do.
    ///
    /// - Throws: what no way of starting the bridge would change: unknown names, a kernel that lacks what is asked for.
    package func resolve(server: String, on machine: SandboxMachine) throws(ConfigurationError) -> ResolvedSandbox {
        var problems: [ConfigurationError.Problem] = []
        func report(_ message: String, suggestion: String? = nil) {
            problems.append(
                .init(place: place, message: "server `\(server)`: sandbox: \(message)", suggestion: suggestion)
            )
        }
        var child = ChildSandbox()
        child.files = files
        child.noNewPrivileges = noNewPrivileges
        child.umask = umask
        child.readOnly = readOnly
        child.readWrite = readWrite

        var account: Account?
        if let user {
            account = machine.accounts.account(named: user)
            if account == nil {
                report(
                    "no user \(quoted(user)) in /etc/passwd",
                    suggestion: Spelling.nearest(to: user, among: machine.accounts.accountNames)
                )
            }
        }
        if let group, var known = account {
            if let id = machine.accounts.group(named: group) {
                known.group = id
                account = known
            } else {
                report(
                    "no group \(quoted(group)) in /etc/group",
                    suggestion: Spelling.nearest(to: group, among: machine.accounts.groupNames)
                )
            }
        }
        if let account {
            child.user = .init(
                id: account.user,
                group: account.group,
                groups: machine.accounts.groups(of: account.name, primary: account.group)
            )
        }
        if restrictsPaths, machine.landlockABI < machine.leastLandlockABI {
            let found =
                machine.landlockABI == 0 ? "this kernel has none" : "this kernel's is version \(machine.landlockABI)"
            report(
                "`read_only` and `read_write` need Landlock of version \(machine.leastLandlockABI) (Linux 6.2), and "
                    + "\(found): boot a newer kernel, or one with `landlock` in its list of security modules (lsm=)"
            )
        }
        // Where there can be groups, they count the whole family; RLIMIT_DATA is of each process.
        if machine.groupProblem == nil {
            child.groupLimits = .init(memory: memory, processes: processes)
        } else {
            child.memory = memory
            child.groupLimits = .init(processes: processes)
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return ResolvedSandbox(
            child: child,
            account: account,
            hindrances: hindrances(on: machine),
            summary: summary(child, account, machine),
            remarks: remarks(machine)
        )
    }

    private func hindrances(on machine: SandboxMachine) -> [String] {
        var found: [String] = []
        if let problem = machine.groupProblem, processes != nil {
            found.append(
                "`processes` needs a control group of the bridge's own (cgroup v2 with the controllers memory and pids; "
                    + "Delegate=yes in its systemd unit): \(problem)"
            )
        }
        if user != nil, !machine.isRoot {
            found.append("`user` needs the bridge to run as root: nobody else may change users")
        }
        if let files, files > machine.descriptors, !machine.isRoot {
            found.append(
                "`files` = \(files) is more than the bridge itself may open (\(machine.descriptors)): raise LimitNOFILE "
                    + "or lower it"
            )
        }
        return found
    }

    private func summary(_ child: ChildSandbox, _ account: Account?, _ machine: SandboxMachine) -> [String] {
        var parts: [String] = []
        if let memory {
            parts.append(
                "memory \(Size.text(memory)) (\(child.memory == nil ? "of all its processes" : "of each process"))"
            )
        }
        if let processes { parts.append("processes \(processes)") }
        if let files { parts.append("files \(files)") }
        parts.append(noNewPrivileges ? "no new privileges" : "setuid programs work")
        if let account, let user = child.user {
            parts.append("user \(account.name) (\(user.id):\(user.group))")
        }
        if let umask { parts.append("umask 0\(String(umask, radix: 8))") }
        if restrictsPaths {
            parts += (readOnly ?? []).map { "reads \($0)" } + (readWrite ?? []).map { "writes \($0)" }
            parts.append("no other files (Landlock \(machine.landlockABI))")
        }
        return parts
    }

    private func remarks(_ machine: SandboxMachine) -> [String] {
        var found: [String] = []
        if let problem = machine.groupProblem, memory != nil {
            found.append("`memory` holds for each process by itself, not for all together: \(problem)")
        }
        if restrictsPaths, machine.landlockABI < 6 {
            found.append(
                "it can send signals to other processes of its user, and reach their abstract sockets: Landlock keeps it "
                    + "from that only since version 6 (Linux 6.12)"
            )
        }
        if restrictsPaths, machine.isRoot, user == nil {
            found.append("it runs as root, which may undo much of a sandbox: give it a `user`")
        }
        return found
    }
}

extension ResolvedEnvironment {
    /// The same for another user: HOME, LOGNAME, SHELL and USER are those of the account, where the configuration does
    /// not say otherwise.
    package func belonging(to account: Account, of server: Server) -> ResolvedEnvironment {
        let own = [
            ("HOME", account.home), ("LOGNAME", account.name), ("SHELL", account.shell), ("USER", account.name),
        ]
        let said = Set(server.env.map(\.name) + server.inheritEnv)
        var variables = self.variables
        for (name, value) in own where !said.contains(name) {
            variables.removeAll { $0.name == name }
            if !value.isEmpty { variables.append((name, value)) }
        }
        return ResolvedEnvironment(variables: variables, secrets: secrets)
    }
}
