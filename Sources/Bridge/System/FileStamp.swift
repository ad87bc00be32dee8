// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Which file it is, since secrets are replaced by renaming, and when it or who may read it changed last.
///
/// Links are followed: Kubernetes replaces a secret by pointing a link elsewhere.
struct FileStamp: Equatable, Sendable {
    private var device: UInt64 = 0
    private var inode: UInt64 = 0
    private var size = 0
    private var seconds = 0
    private var nanoseconds = 0
    /// A pipe, say: it gives what it holds once, and reading it may take for ever.
    private(set) var isStream = false

    /// Blocks for as long as the file system takes. A file that is not there has a stamp too.
    init(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR else {
            self.isStream = true
            return
        }
        self.device = UInt64(status.st_dev)
        self.inode = UInt64(status.st_ino)
        self.size = Int(status.st_size)
        self.seconds = status.st_ctim.tv_sec
        self.nanoseconds = status.st_ctim.tv_nsec
    }
}
