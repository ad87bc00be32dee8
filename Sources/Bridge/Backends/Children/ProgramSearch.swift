// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Finds a program as a shell would, without one.
enum ProgramSearch {
    static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    /// The path for execve(2).
    ///
    /// Looks in the child's `PATH`, not in the daemon's. Empty and relative entries of it are passed over: they would
    /// let whoever can write to the working directory choose the program.
    static func resolve(
        _ program: String,
        environment: [(name: String, value: String)]
    ) throws(SpawnError) -> String {
        guard !program.isEmpty else {
            throw SpawnError(code: .programNotFound(""), message: "the command is empty")
        }
        guard !program.utf8.contains(UInt8(ascii: "/")) else { return program }
        let path = environment.first { $0.name == "PATH" }?.value ?? Self.defaultPath
        var forbidden: String?
        for directory in path.utf8.split(separator: UInt8(ascii: ":")) where directory.first == UInt8(ascii: "/") {
            let candidate = "\(Substring(directory))/\(program)"
            var status = stat()
            guard stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            if faccessat(AT_FDCWD, candidate, X_OK, AT_EACCESS) == 0 { return candidate }
            if forbidden == nil { forbidden = candidate }
        }
        if let forbidden {
            throw SpawnError(
                code: .notExecutable(forbidden),
                message: "\(forbidden) is not executable: \(SpawnError.text(EACCES))"
            )
        }
        throw SpawnError(
            code: .programNotFound(program),
            message: "no program named \(program) in the child's PATH (\(path))"
        )
    }
}
