// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import BridgeConfig
internal import Glibc

/// The open file of the audit record: appended to, never truncated, and only its owner's where it is made (R77).
///
/// Closed with the last reference.
final class AuditFile: Sendable {
    private static let mode: mode_t = 0o600
    // A link at the end of the path is not followed: who may write to the directory must not choose what is appended to.
    // Not blocking, until it is known that it is no pipe without a reader; and no terminal becomes the daemon's own.
    private static let flags = O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

    private let descriptor: CInt
    /// What is in it does not end with a line: a disk was full, say, when somebody wrote there before.
    let isTorn: Bool

    /// Opens the file, or makes it. Blocks; not for an event loop.
    init(path: String) throws(FileError) {
        var descriptor = open(path, O_RDWR | O_CREAT | Self.flags, Self.mode)
        // One that may be written but not read.
        if descriptor < 0, errno == EACCES { descriptor = open(path, O_WRONLY | O_CREAT | Self.flags, Self.mode) }
        guard descriptor >= 0 else { throw Self.reason(errno) }
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        guard kind == S_IFREG || kind == S_IFCHR else {
            close(descriptor)
            throw Self.notAFile
        }
        _ = fcntl(descriptor, F_SETFL, O_APPEND)
        self.descriptor = descriptor
        var last = UInt8(ascii: "\n")
        if kind == S_IFREG, status.st_size > 0 { pread(descriptor, &last, 1, status.st_size - 1) }
        self.isTorn = last != UInt8(ascii: "\n")
    }

    deinit {
        close(self.descriptor)
    }

    /// Appends bytes, as many as it takes. Blocks for as long as the disk does.
    ///
    /// - Returns: how many are written, and the error where it is not all.
    func append(_ bytes: [UInt8]) -> (written: Int, error: CInt?) {
        bytes.withUnsafeBytes { buffer in
            var at = 0
            while at < buffer.count {
                let count = write(self.descriptor, buffer.baseAddress.map { $0 + at }, buffer.count - at)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return (at, count < 0 ? errno : EIO) }
                at += count
            }
            return (at, nil)
        }
    }

    /// Why the file could not be opened now, as far as can be told without making it; nil where it could. Blocks.
    static func problem(path: String) -> FileError? {
        var status = stat()
        if lstat(path, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFLNK: return Self.reason(ELOOP)
            case S_IFDIR: return Self.reason(EISDIR)
            case S_IFREG, S_IFCHR: return access(path, W_OK) == 0 ? nil : Self.reason(errno)
            default: return Self.notAFile
            }
        }
        guard errno == ENOENT else { return Self.reason(errno) }
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        let folder = end == path.startIndex ? "/" : String(path[..<end])
        return access(folder, W_OK | X_OK) == 0 ? nil : Self.reason(errno)
    }

    private static let notAFile = FileError(reason: "it is neither a file nor a device")

    private static func reason(_ code: CInt) -> FileError {
        switch code {
        case ELOOP: FileError(reason: "it is a symbolic link, and none is followed there")
        case ENOENT: FileError(reason: "its directory does not exist")
        case EACCES: FileError(reason: "permission denied")
        case EISDIR: FileError(reason: "it is a directory")
        case ENOTDIR: FileError(reason: "a part of the path is not a directory")
        // A pipe that nobody reads, or a socket.
        case ENXIO: Self.notAFile
        default: FileError(reason: String(cString: strerror(code)).lowercased())
        }
    }
}
