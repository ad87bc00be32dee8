// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import Glibc
internal import NIOCore

/// The file of a Unix socket: born for the daemon's user alone, then given to whom the configuration says (R6).
struct UnixSocketFile: Sendable {
    /// What cannot be done with it, and why.
    struct Fault: Error {
        /// As in "cannot …".
        let what: String
        let code: CInt
        var advice = ""
    }

    // Linux's numbers; the C library names them for GNU sources only.
    private static let bare: CInt = 0o10_000_000  // O_PATH
    private static let itself: CInt = 0x1000  // AT_EMPTY_PATH
    /// Mode of a socket until it is given away.
    private static let born: mode_t = 0o600
    private static let permissions: mode_t = 0o7777

    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Makes a socket and binds it to the path. Nobody can connect before it listens, which is the caller's to say.
    ///
    /// - Returns: the file, and the socket's descriptor, which is the caller's to close.
    /// - Throws: `IOError` or ``Fault``; nothing is left then.
    static func bind(_ path: String, _ access: ResolvedAccess) throws -> (file: UnixSocketFile, descriptor: CInt) {
        try self.removeStale(path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        do {
            try self.bind(descriptor, to: path)
        } catch {
            close(descriptor)
            throw error
        }
        do {
            return (try self.give(path, access), descriptor)
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
    }

    private static func bind(_ descriptor: CInt, to path: String) throws {
        let address = try SocketAddress(unixDomainSocketPath: path)
        // Born with no more than it may have in the end. No other thread makes files that need more at this moment.
        let mask = umask(0o777 & ~Self.born)
        let outcome = address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) }
        let code = errno
        umask(mask)
        guard outcome == 0 else { throw IOError(errnoCode: code, reason: "bind") }
    }

    /// Sets group, mode and owner, in this order: at no moment can more connect than the configuration says, and a daemon
    /// that may give files away (CAP_CHOWN) need not have the right to change those of others.
    ///
    /// All is done to the file that was found to be the socket, not to its path: in a directory of other users' that could
    /// lead elsewhere by then.
    static func give(_ path: String, _ access: ResolvedAccess) throws -> UnixSocketFile {
        let file = open(path, Self.bare | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw Fault(what: "open its socket", code: errno) }
        defer { close(file) }
        let status = try self.status(of: file)
        let socket = UnixSocketFile(path: path, device: status.st_dev, inode: status.st_ino)
        guard access != .asBorn else { return socket }
        guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid(), status.st_nlink == 1 else {
            throw Fault(what: "find its socket again", code: EEXIST, advice: "; make it in a directory of its own")
        }
        guard status.st_mode & Self.permissions & ~Self.born == 0 else { throw Self.modesAreNotKept }
        // Where it has the group already, no right to change it is needed.
        if let group = access.group, group != status.st_gid, fchownat(file, "", .max, group, Self.itself) != 0 {
            throw Fault(
                what: "give its socket to group \(group)",
                code: errno,
                advice: "; a user who is not root can give files to the groups that it is in"
            )
        }
        let mode = mode_t(access.mode.bits)
        // chmod(2) of a descriptor that was not opened for anything; fchmod(2) refuses it.
        if mode != Self.born, chmod("/proc/self/fd/\(file)", mode) != 0 {
            throw Fault(what: "set the mode of its socket to \(access.mode)", code: errno)
        }
        if let owner = access.owner, fchownat(file, "", owner, .max, Self.itself) != 0 {
            throw Fault(
                what: "give its socket to user \(owner)",
                code: errno,
                advice: "; only root can give files away, or who has the capability CAP_CHOWN"
            )
        }
        guard try self.status(of: file).st_mode & Self.permissions == mode else {
            throw Self.modesAreNotKept
        }
        return socket
    }

    private static let modesAreNotKept =
        Fault(what: "set the mode of its socket", code: EOPNOTSUPP, advice: "; its file system keeps no modes")

    private static func status(of file: CInt) throws -> stat {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Fault(what: "see the mode of its socket", code: errno) }
        return status
    }

    /// Takes away a socket that a dead daemon left behind; a live one, or a file of another kind, stays and is an error.
    private static func removeStale(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw IOError(errnoCode: EEXIST, reason: "a file that is no socket is in the way")
        }
        let address = try SocketAddress(unixDomainSocketPath: path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        defer { Glibc.close(descriptor) }
        let outcome = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard outcome != 0, errno == ECONNREFUSED else { throw IOError(errnoCode: EADDRINUSE, reason: "bind") }
        guard unlink(path) == 0 else { throw Fault(what: "remove the socket that is left there", code: errno) }
    }

    /// Takes the daemon's own socket away when it stops listening. What has taken its place meanwhile stays.
    func remove() {
        var status = stat()
        guard lstat(self.path, &status) == 0, status.st_dev == self.device, status.st_ino == self.inode else { return }
        unlink(self.path)
    }
}

extension ResolvedAccess {
    /// What a socket has already when it is made.
    fileprivate static let asBorn = ResolvedAccess(mode: SocketAccess().mode, owner: nil, group: nil)
}
