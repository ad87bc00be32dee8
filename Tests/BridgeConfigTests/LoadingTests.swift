// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import BridgeConfig

/// A fresh directory, gone when its owner is.
private final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/bridge-config-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(reason: "mkdtemp failed") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    func write(_ name: String, _ text: String) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        return file
    }

    deinit {
        for name in ["a.toml", "large.toml"] {
            unlink("\(path)/\(name)")
        }
        rmdir(path)
    }
}

@Suite("Reading files")
struct LoadingTests {
    private func refusal(_ path: String) -> String {
        do throws(ConfigurationError) {
            _ = try Configuration.load(path: path)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("A file is read, and its path is in every problem")
    func reads() throws {
        let directory = try TemporaryDirectory()
        let file = directory.write("a.toml", anyServer)
        #expect(try Configuration.load(path: file).servers.first?.place.file == file)
        #expect(
            refusal(directory.write("a.toml", "x = 1\n" + anyServer)) == "\(file):1:1: unknown key `x` at the top level"
        )
    }

    @Test("A file that cannot be read is named with the reason")
    func unreadable() throws {
        let directory = try TemporaryDirectory()
        #expect(refusal("\(directory.path)/none.toml") == "\(directory.path)/none.toml: cannot be read: no such file")
        #expect(refusal(directory.path) == "\(directory.path): cannot be read: it is a directory")
        let file = directory.write("a.toml", anyServer)
        #expect(refusal("\(file)/x") == "\(file)/x: cannot be read: a part of the path is not a directory")
        #expect(refusal("") == ": cannot be read: the path is empty or holds NUL")
        chmod(file, 0)
        // Root may read everything.
        #expect(refusal(file) == (geteuid() == 0 ? "" : "\(file): cannot be read: permission denied"))
    }

    @Test("More bytes than allowed are an error, not a full memory")
    func tooLarge() throws {
        let directory = try TemporaryDirectory()
        let file = directory.write("large.toml", String(repeating: "#", count: 100_000))
        #expect(try FileContents.read(path: file, atMost: 100_000).count == 100_000)
        let error = #expect(throws: FileError.self) { try FileContents.read(path: file, atMost: 99_999) }
        #expect(error?.reason == "larger than 99999B")
        #expect(refusal("/dev/zero") == "/dev/zero: cannot be read: larger than 1MiB")
    }

    @Test("Whether a file can be read is told with the reason")
    func problems() throws {
        let directory = try TemporaryDirectory()
        #expect(FileContents.problem(path: directory.write("a.toml", "x")) == nil)
        #expect(FileContents.problem(path: directory.path)?.reason == "it is a directory")
        #expect(FileContents.problem(path: "\(directory.path)/none")?.reason == "no such file")
    }
}
