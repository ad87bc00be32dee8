// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Configuration {
    /// Reads and checks a configuration file. Blocks; not for an event loop.
    ///
    /// - Parameter sockets: those that the service manager passed; nil where the configuration is not to be served.
    /// - Throws: what is wrong with the file or with its text.
    package static func load(
        path: String,
        sockets: [PassedSocket]? = nil
    ) throws(ConfigurationError) -> Configuration {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileContents.read(path: path, atMost: 1 << 20)
        } catch {
            throw ConfigurationError("cannot be read: \(error.reason)", at: Place(file: path))
        }
        return try parse(bytes, file: path, sockets: sockets)
    }
}

/// Why a file cannot be read. Names no contents.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Plain English, such as "no such file".
    package let reason: String

    package init(reason: String) {
        self.reason = reason
    }

    package var description: String { reason }
}

/// Whole files, for configurations and secrets.
package enum FileContents {
    /// Why a file cannot be read; nil when it can. Blocks; not for an event loop.
    package static func problem(path: String) -> FileError? {
        do throws(FileError) {
            _ = try read(path: path, atMost: 16 << 20)
            return nil
        } catch {
            return error
        }
    }

    /// Reads a file or pipe to its end. Blocks; not for an event loop.
    ///
    /// - Parameter limit: more bytes than this are an error.
    package static func read(path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw FileError(reason: "the path is empty or holds NUL") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(code: errno) }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                throw FileError(code: code)
            }
            if count == 0 { return contents }
            contents.append(contentsOf: chunk[..<count])
            guard contents.count <= limit else { throw FileError(reason: "larger than \(Size.text(limit))") }
        }
    }
}

extension FileError {
    fileprivate init(code: Int32) {
        switch code {
        case ENOENT: self.init(reason: "no such file")
        case EACCES: self.init(reason: "permission denied")
        case EISDIR: self.init(reason: "it is a directory")
        case ENOTDIR: self.init(reason: "a part of the path is not a directory")
        default: self.init(reason: String(cString: strerror(code)))
        }
    }
}
