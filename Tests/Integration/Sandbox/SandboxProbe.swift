// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the sandbox tests need of this machine, and ways to try what a sandbox forbids.
enum SandboxProbe {
    /// What the fixture needs to read beside what every program may: itself, and the libraries of Swift.
    static let fixturePaths: [String] = {
        // Wherever Swift is installed; in the default place it is below /usr anyway. Foundation stops reading such a file
        // at its first page.
        guard let file = fopen("/proc/self/maps", "r") else { return [BridgeProcess.products] }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 8192)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard let slash = text.firstIndex(of: "/"), text.hasSuffix("/libswiftCore.so\n") else { continue }
            let library = text[slash...].dropLast()
            return [BridgeProcess.products, (String(library) as NSString).deletingLastPathComponent]
        }
        return [BridgeProcess.products]
    }()

    static let isRoot = geteuid() == 0

    /// Whether another user gets as far as the fixture, as nobody does into a home directory of mode 0700.
    static let othersReachFixture: Bool = {
        var path = BridgeProcess.fixture as NSString
        while path.length > 1 {
            var status = stat()
            guard stat(path as String, &status) == 0, status.st_mode & 0o001 != 0 else { return false }
            path = path.deletingLastPathComponent as NSString
        }
        return true
    }()

    static let canChangeUser = isRoot && othersReachFixture
    static let changesUserOnly: String = "needs root, and a build folder that other users can enter"

    /// The version of the kernel's Landlock, as `check` says; 0 where it is too old.
    private static let landlockVersion: Int = {
        guard let folder = try? TemporaryFolder(),
            let file = try? folder.write(
                "[servers.a]\ncommand = [\"/bin/true\"]\nsandbox = { read_only = [] }\n",
                to: "c.toml"
            ),
            let run = try? BridgeProcess.run(["check", "--config", file])
        else { return 0 }
        guard run.status == 0, let name = run.output.range(of: "(Landlock ") else { return 0 }
        return Int(run.output[name.upperBound...].prefix { $0.isNumber }) ?? 0
    }()
    static let hasLandlock = landlockVersion > 0
    /// Whether signals and abstract sockets stay inside (Linux 6.12).
    static let hasScopes = landlockVersion >= 6
    static let landlockOnly: String = "needs a kernel with Landlock of version 3"

    /// An array of TOML.
    static func array(_ paths: [String]) -> String {
        "[" + paths.map { "'\($0)'" }.joined(separator: ", ") + "]"
    }

    /// A bridge with this sandbox for its fixture; nil for none.
    static func bridge(
        _ sandbox: String?,
        _ behaviours: String...,
        server: String = "",
        more: String = "",
        prefix: [String] = [],
        environment: [String: String]? = nil,
        folder: TemporaryFolder? = nil
    ) throws -> BridgeProcess {
        try BridgeProcess(
            configuration: """
                [listen]
                address = "127.0.0.1:0"
                [servers.fixture]
                command = \(BridgeProcess.command(behaviours))
                \(server)
                \(sandbox.map { "sandbox = { \($0) }" } ?? "")
                \(more)
                """,
            folder: folder,
            prefix: prefix,
            environment: environment
        )
    }

    /// What a server of a bridge of its own, with this sandbox, tells.
    static func ask<Answer>(
        _ sandbox: String?,
        folder: TemporaryFolder? = nil,
        _ body: (RawWebSocket) throws -> Answer
    ) throws -> Answer {
        let bridge = try bridge(sandbox, folder: folder)
        return try withExtendedLifetime(bridge) { try body(try bridge.connect()) }
    }

    /// The keys of a sandbox that lets the fixture read `readable` beside itself, and write `writable`.
    static func paths(readable: [String] = [], writable: [String] = []) -> String {
        "read_only = \(array(fixturePaths + readable)), read_write = \(array(writable))"
    }
}

extension RawWebSocket {
    /// What came of something that a sandbox may forbid: 0 or an error number, and what there is to tell.
    func attempt(
        _ operation: String,
        _ path: String = "",
        to target: String = "",
        n count: Int = 0
    ) throws -> (error: CInt, text: String) {
        let answer = try call("attempt", #"{"op":"\#(operation)","path":"\#(path)","to":"\#(target)","n":\#(count)}"#)
        guard let number = answer.result?["errno"] as? Int else { throw Surprise("this answer: \(answer.text)") }
        return (CInt(number), answer.result?["text"] as? String ?? "")
    }

    /// A line `NAME: VALUE` of the server's /proc/self/status.
    func status(_ name: String) throws -> [String] {
        let text = try attempt("read", "/proc/self/status").text
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init) ?? []
    }
}
