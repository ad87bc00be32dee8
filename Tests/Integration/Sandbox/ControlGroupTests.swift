// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Limits of all processes of a server together, where the bridge has a control group of its own.
///
/// The test makes that group itself, which takes root and a version 2 hierarchy that has both controllers.
@Suite(.serialized, .enabled(if: canMakeGroups, "needs root, and a cgroup v2 with the controllers memory and pids"))
struct ControlGroupTests {
    private static let hierarchy = "/sys/fs/cgroup"

    /// A group that goes with whoever holds this; a bridge is started in it.
    private final class Group {
        let path = ControlGroupTests.hierarchy + "/wsbridge-test-" + UUID().uuidString.prefix(8)

        init() throws {
            guard mkdir(path, 0o755) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        }

        deinit {
            for name in folders { rmdir(path + "/" + name) }
            rmdir(path)
        }

        /// The groups below it.
        var folders: [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return names.filter { name in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
                    && isFolder.boolValue
            }
        }

        var children: [String] { folders.filter { $0.hasPrefix("connection-") } }

        /// Runs a command in this group.
        var prefix: [String] { ["sh", "-c", #"echo $$ > "$0/cgroup.procs" && exec "$@""#, path] }

        func read(_ name: String) -> String {
            guard let file = fopen(path + "/" + name, "r") else { return "" }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = fread(&bytes, 1, bytes.count, file)
            return String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    @Test("R42: `processes` and `memory` limit a server with all its descendants, each connection by itself")
    func limits() throws {
        let group = try Group()
        let bridge = try SandboxProbe.bridge("processes = 20, memory = '200MiB'", prefix: group.prefix)
        let socket = try bridge.connect()
        let child = try #require(group.children.first)
        #expect(group.read(child + "/pids.max") == "20")
        #expect(group.read(child + "/memory.max") == "\(200 << 20)")
        #expect(try group.read(child + "/cgroup.procs") == "\(socket.serverPid())")
        #expect(group.read("bridge/cgroup.procs") == "\(bridge.pid)")
        // The server itself is one of the 20.
        let (error, started) = try socket.attempt("start", n: 30)
        #expect(error == EAGAIN && started == "19")
        let other = try bridge.connect()
        #expect(try other.attempt("start", n: 10).error == 0)
        #expect(try other.attempt("allocate", n: 50).error == 0)
        try other.sendCall("attempt", id: "1", #"{"op":"allocate","n":400}"#)
        #expect(try other.receiveMessage().text.contains("signal 9"))
        #expect(try socket.call("count").contentText != nil)
        try socket.close()
        try eventually("no groups, there are \(group.children)") { group.children.isEmpty }
        #expect(try bridge.stop() == 0)
    }

    @Test("R37: the group of a child goes with its family, of which nobody is left")
    func family() throws {
        let group = try Group()
        let folder = try TemporaryFolder()
        let bridge = try SandboxProbe.bridge(
            "processes = 20",
            "ignores-eof-and-term",
            "daemonises-grandchild=@FOLDER@/apart",
            server: BridgeProcess.stopsSoon,
            prefix: group.prefix,
            folder: folder
        )
        let socket = try bridge.connect()
        let family = try folder.waitPids("apart") + [socket.serverPid()]
        #expect(group.children.count == 1)
        try socket.close()
        for member in family { try ProcessTable.waitGone(member) }
        try eventually("no groups, there are \(group.children)") { group.children.isEmpty }
        #expect(try bridge.stop() == 0)
    }

    @Test("R39: a server that cannot be started leaves no group")
    func failedStart() throws {
        let group = try Group()
        let bridge = try SandboxProbe.bridge(
            "processes = 20",
            more: """
                [servers.broken]
                command = ['/nonexistent/program']
                sandbox = { processes = 5, umask = '0077' }
                """,
            prefix: group.prefix
        )
        #expect(try bridge.handshake("/broken").status == 503)
        #expect(group.children.isEmpty)
        #expect(try bridge.connect().call("count").contentText == "1")
        #expect(try bridge.stop() == 0)
    }
}

private let canMakeGroups: Bool = {
    guard geteuid() == 0, let file = fopen("/sys/fs/cgroup/cgroup.subtree_control", "r") else { return false }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    let controllers = String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return controllers.contains("memory") && controllers.contains("pids")
}()
