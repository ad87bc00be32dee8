// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

/// `mode`, `owner` and `group` of a Unix socket as the kernel takes them.
package struct ResolvedAccess: Sendable, Equatable {
    package let mode: SocketAccess.Mode
    /// Nil: stays as it is.
    package let owner: UInt32?
    package let group: UInt32?

    package init(mode: SocketAccess.Mode, owner: UInt32?, group: UInt32?) {
        self.mode = mode
        self.owner = owner
        self.group = group
    }
}

extension SocketAccess {
    /// More than /etc/passwd has of any machine that does not keep its users elsewhere.
    private static let largestFile = 16 << 20

    /// Looks names up in /etc/passwd and /etc/group.
    ///
    /// Not by getpwnam(3), which loads shared libraries: the static executable has none.
    ///
    /// - Parameter reading: gives the contents of a file, at most so many bytes; in production
    ///   ``FileContents/read(path:atMost:)``, which blocks.
    /// - Throws: every account that is not there.
    package func resolve(
        reading: (_ path: String, _ limit: Int) throws(FileError) -> [UInt8]
    ) throws(ConfigurationError) -> ResolvedAccess {
        var problems: [ConfigurationError.Problem] = []
        func id(_ account: Account?, _ key: String, in path: String) -> UInt32? {
            guard let account else { return nil }
            let problem: String
            switch account.value {
            case .id(let id): return id
            case .name(let name):
                do throws(FileError) {
                    let contents = try reading(path, Self.largestFile)
                    if let id = AccountFile.id(of: name, in: contents) { return id }
                    problem = "is not in \(path); one of a directory service goes by its number"
                } catch {
                    problem = "cannot be looked up in \(path): \(error.reason)"
                }
                problems.append(.init(place: account.place, message: "`\(key)` \(quoted(name)) \(problem)"))
                return nil
            }
        }
        let owner = id(self.owner, "owner", in: "/etc/passwd")
        let group = id(self.group, "group", in: "/etc/group")
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return ResolvedAccess(mode: self.mode, owner: owner, group: group)
    }
}

/// What /etc/passwd and /etc/group have in common, passwd(5) and group(5): a name, a password, a number.
enum AccountFile {
    /// The number of a user or group; nil where there is none of that name.
    static func id(of name: String, in contents: [UInt8]) -> UInt32? {
        for line in contents.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count >= 3, fields[0].elementsEqual(name.utf8) else { continue }
            if let id = UInt32(String(decoding: fields[2], as: UTF8.self)), id < .max { return id }
        }
        return nil
    }
}
