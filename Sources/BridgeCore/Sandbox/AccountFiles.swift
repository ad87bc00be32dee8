// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// An entry of `/etc/passwd`.
package struct Account: Sendable, Hashable {
    package var name: String
    package var user: UInt32
    /// The primary group.
    package var group: UInt32
    package var home: String
    package var shell: String

    package init(name: String, user: UInt32, group: UInt32, home: String, shell: String) {
        self.name = name
        self.user = user
        self.group = group
        self.home = home
        self.shell = shell
    }
}

/// Users and groups by name, from the text of `/etc/passwd` and `/etc/group` (passwd(5), group(5)).
///
/// getpwnam(3) would load libraries, which a static executable has not. So accounts that only a directory service knows
/// are not found. A line that is not as it should be is passed over.
package struct AccountFiles: Sendable {
    private let accounts: [Account]
    private let groups: [(name: String, id: UInt32, members: [Substring])]

    package init(passwd: String, group: String) {
        self.accounts = Self.rows(passwd, count: 7).compactMap { fields in
            guard let user = Self.id(fields[2]), let group = Self.id(fields[3]) else { return nil }
            return Account(
                name: String(fields[0]),
                user: user,
                group: group,
                home: String(fields[5]),
                shell: String(fields[6])
            )
        }
        self.groups = Self.rows(group, count: 4).compactMap { fields in
            Self.id(fields[2]).map { (String(fields[0]), $0, fields[3].split(separator: ",")) }
        }
    }

    /// The first entry counts where a name stands twice, as for getpwnam(3).
    package func account(named name: String) -> Account? {
        self.accounts.first { $0.name == name }
    }

    package func group(named name: String) -> UInt32? {
        self.groups.first { $0.name == name }?.id
    }

    /// The groups of a process of that user, the primary one first (initgroups(3)).
    package func groups(of name: String, primary: UInt32) -> [UInt32] {
        var found = [primary]
        for group in self.groups where group.members.contains(name[...]) && !found.contains(group.id) {
            found.append(group.id)
        }
        return found
    }

    package var accountNames: [String] { self.accounts.map(\.name) }

    package var groupNames: [String] { self.groups.map(\.name) }

    private static func rows(_ text: String, count: Int) -> [[Substring]] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            // Lines with a sign before the name ask for a directory service.
            guard fields.count == count, let first = fields[0].first, !"#+-".contains(first) else { return nil }
            return fields
        }
    }

    /// (uid_t)-1 means "no change" to the system calls.
    private static func id(_ text: Substring) -> UInt32? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(text).flatMap { $0 == .max ? nil : $0 }
    }
}
