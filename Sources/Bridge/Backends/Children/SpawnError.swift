// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Why a child could not be started (R39).
package struct SpawnError: Error, Sendable, Hashable {
    package enum Code: Sendable, Hashable {
        /// As the command names it.
        case programNotFound(String)
        /// There, but without permission, or in no format that this machine runs.
        case notExecutable(String)
        /// The program is there; what its first line or its ELF header asks for is not.
        case interpreterMissing(String)
        case workingDirectory(String, errno: Int32)
        /// A step of the child's sandbox, as the configuration calls it: `user`, `read_only /srv/git`.
        case sandbox(String, errno: Int32)
        /// No process, memory or descriptor left: EAGAIN, ENOMEM, EMFILE, ENFILE and their like.
        case resources(errno: Int32)
        /// The supervisor is ending its children and starts no more.
        case stopping
        case other(stage: String, errno: Int32)
    }

    package let code: Code
    /// For humans; names the program or the directory.
    package let message: String

    /// Whether the same command may well succeed a little later.
    package var isTransient: Bool {
        switch self.code {
        case .resources: true
        case .programNotFound, .notExecutable, .interpreterMissing, .workingDirectory, .stopping: false
        case .sandbox(_, let error): [EAGAIN, ENOMEM, EMFILE, ENFILE].contains(error)
        case .other(_, let error): error == ETXTBSY || error == EINTR
        }
    }

    /// Whether it is the server as it is configured that cannot be started, whatever a client brings for it.
    var isOfServer: Bool {
        switch self.code {
        case .programNotFound, .notExecutable, .interpreterMissing, .workingDirectory: true
        case .sandbox: !self.isTransient
        case .resources, .stopping, .other: false
        }
    }

    init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    static func resources(_ what: String, errno error: Int32) -> SpawnError {
        SpawnError(code: .resources(errno: error), message: "\(what): \(Self.text(error))")
    }

    static let stopping = SpawnError(code: .stopping, message: "no more children are started: the daemon is stopping")

    static func text(_ error: Int32) -> String {
        String(cString: strerror(error))
    }
}

extension SpawnError: CustomStringConvertible {
    package var description: String { self.message }
}
